"""Whether the canary still answers: the rows of the table of transitions."""

from __future__ import annotations

from typing import Any

import pytest
from builders import noise
from transitions import BOB, ODD, A, B, I, L, M, R, S, check_row, half, judge, odd, row

from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

TABLE = [
    row(A, B, "availability.server-error", **BOB),
    row(I, B, "availability.server-error", **odd(A), **BOB),
    row(M, (B, 503), "availability.server-error"),
    row(A, B, "availability.server-error", **odd(A), **BOB),
    row(R, B, "availability.server-error", **odd(A), **BOB),
    row((R, 401), (B, 502), "availability.server-error"),
    row((R, 401), B, "availability.server-error", **odd(R), parameter=Parameter(place="path", name="id")),
    row(B, B, "", **BOB),
    row(L, B, "", **BOB),
    row(S, B, "", **BOB),
    row(I, B, "", **odd(B), **BOB),
    row(I, B, "", **odd(None), **BOB),
    row(A, B, "", intent=Intent.BURST),
    row(A, S, "availability.silent", **BOB),
    row(R, S, "availability.silent"),
    row(I, S, "availability.silent", **odd(A), **BOB),
    row(I, S, "", **odd(S), **BOB),
    row(B, S, "", **BOB),
    row(S, S, "", **BOB),
    row(A, S, "", failure="budget", **BOB),
]


@pytest.mark.parametrize(("old", "new", "more", "expected"), TABLE)
def test_a_transition_breaks_one_rule_or_none(
    old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str
) -> None:
    check_row(old, new, more, expected)


@pytest.mark.parametrize(
    ("old", "new", "seen", "expected"),
    [
        (False, True, [], True),
        (True, True, [], False),
        (False, False, [], False),
        (True, False, [], False),
        (False, True, [False, False], True),
        (False, True, [False, True], False),
    ],
)
def test_an_answer_without_end_is_one_that_only_the_canary_gives(*, old: bool, new: bool, seen: list[bool], expected: bool) -> None:
    repeats = noise(*(half(Side.BASELINE, A, truncated=each) for each in seen))
    findings = judge(half(Side.BASELINE, A, truncated=old), half(Side.CANARY, A, truncated=new), repeats)
    assert [finding.rule.id for finding in findings] == ["availability.unbounded-answer"] * expected


def test_an_answer_without_end_beside_another_outcome_is_not_judged_twice() -> None:
    findings = judge(half(Side.BASELINE, R), half(Side.CANARY, A, truncated=True))
    assert [finding.rule.id for finding in findings] == ["authorization.anonymous-access"]


def test_an_answer_without_end_to_an_odd_request_is_judged_like_every_other() -> None:
    old, new = (
        half(side, A, intent=ODD, plain=plain, truncated=side is Side.CANARY) for side, plain in ((Side.BASELINE, A), (Side.CANARY, B))
    )
    assert judge(old, new) == []
    old, new = (half(side, A, intent=ODD, plain=A, truncated=side is Side.CANARY) for side in Side)
    assert [finding.rule.id for finding in judge(old, new)] == ["availability.unbounded-answer"]
