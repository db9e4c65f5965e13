"""What input is taken: the rows of the table of transitions."""

from __future__ import annotations

from typing import Any

import pytest
from transitions import BOB, POST, A, I, M, R, check_row, odd, row

from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent

TABLE = [
    row(I, A, "validation.weakened", **odd(A), **BOB),
    row((I, 400), (A, 201), "validation.weakened", intent=Intent.INVALID, plain=A, **BOB, **POST),
    row(R, A, "validation.weakened", **odd(A), **BOB),
    row(I, A, "validation.weakened", **odd(A)),
    row(I, A, "", **BOB),
    row(I, A, "", **odd(None), **BOB),
    row(I, A, "", **odd(I), **BOB),
    row(M, A, "", **odd(A), **BOB),
    row(A, I, "", **odd(A), **BOB),
    row(I, R, "", **odd(A), **BOB),
]


@pytest.mark.parametrize(("old", "new", "more", "expected"), TABLE)
def test_a_transition_breaks_one_rule_or_none(
    old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str
) -> None:
    check_row(old, new, more, expected)
