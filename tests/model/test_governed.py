"""What a governor did is told in words."""

from __future__ import annotations

import pytest

from zeroweight.model.governed import suffering


@pytest.mark.parametrize(
    ("times", "failed", "said"),
    [
        (5.14, 0.0, "the baseline's answers took 5.1 times as long"),
        (0.0, 0.4, "40% of the baseline's answers failed (5xx, 429 or none)"),
        (3.0, 1.0, "the baseline's answers took 3.0 times as long and 100% of the baseline's answers failed (5xx, 429 or none)"),
        (0.0, 0.0, ""),
    ],
)
def test_what_the_baseline_suffers_from_is_said_in_words(times: float, failed: float, said: str) -> None:
    assert suffering(times, failed) == said
