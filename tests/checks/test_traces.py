"""Stack traces: every sample is found and named, in every wrapping."""

from __future__ import annotations

from collections import Counter

import pytest
from builders import exchange
from samples import NAMES, WRAPPINGS, samples, table

from zeroweight.checks.disclosure import stack_trace
from zeroweight.checks.traces import TRACES


@pytest.mark.parametrize(("sample", "family", "text", "wrapping"), table("traces"))
def test_every_sample_is_found_and_named_in_every_wrapping(sample: str, family: str, text: str, wrapping: str) -> None:
    media_type, body = WRAPPINGS[wrapping](text)
    assert stack_trace.one is not None
    (evidence,) = stack_trace.one(exchange(500, {"content-type": media_type} if media_type else {}, body))
    assert f" {family}: " in evidence.says
    assert evidence.cause.startswith(f"{family}: ")
    assert "\n" not in evidence.says


def test_every_family_has_at_least_three_samples() -> None:
    counts = Counter(NAMES[name.rpartition("-")[0]] for name, _ in samples("traces"))
    assert counts.keys() == TRACES.keys()
    assert min(counts.values()) >= 3
