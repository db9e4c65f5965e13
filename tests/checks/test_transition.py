"""From what the baseline meant to what the canary means: at most one rule, and none for noise and consequences."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from builders import noise
from transitions import BOB, BODY, CHECKS, ODD, OTHERS, OWN, PROTECTED, A, B, M, R, S, half, judge

from zeroweight.finding import Confidence
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

SPACE = list(
    itertools.product(
        Outcome,
        Outcome,
        [Intent.NORMAL, Intent.ATTACK, Intent.BURST],
        [None, *Outcome],
        [{}, BOB, OWN, OTHERS],
        [{}, {"documented": ()}, {"protected": PROTECTED}],
    )
)


def test_no_pair_breaks_two_rules() -> None:
    broken = set()
    for old, new, intent, plain, who, where in SPACE:
        more = {"intent": intent, "plain": plain, "parameter": BODY, **who, **where}
        findings = judge(half(Side.BASELINE, old, **more), half(Side.CANARY, new, **more))
        assert len(findings) <= 1, (old, new, more, findings)
        broken |= {finding.rule.id for finding in findings}
    assert broken >= {check.rule.id for check in CHECKS} - {
        *("authorization.guard-late-missing", "authorization.refusal-changed", "availability.unbounded-answer"),
        "inventory.public-write",
    }


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(Outcome, 2)))
@pytest.mark.parametrize("plains", [(A, R), (R, A), (A, B), (R, M), (None, A), (A, None)])
def test_an_odd_request_says_nothing_where_the_plain_one_already_differs(
    old: Outcome, new: Outcome, plains: tuple[Outcome | None, Outcome | None]
) -> None:
    old_half = half(Side.BASELINE, old, intent=ODD, plain=plains[0])
    assert judge(old_half, half(Side.CANARY, new, intent=ODD, plain=plains[1])) == []


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(Outcome, 2)))
@pytest.mark.parametrize("who", [{}, BOB, OTHERS])
def test_what_the_baseline_does_now_and_then_excuses_nothing(old: Outcome, new: Outcome, who: dict[str, Any]) -> None:
    """How often each side does it is counted when it is asked again; one chance error of the baseline's must not blind a rule."""
    seen = noise(half(Side.CANARY, old, **who), half(Side.CANARY, new, **who))
    pair = half(Side.BASELINE, old, **who), half(Side.CANARY, new, **who)
    assert judge(*pair, seen) == judge(*pair)


@pytest.mark.parametrize("meant", list(Outcome))
@pytest.mark.parametrize("intent", list(Intent))
def test_the_same_answer_twice_is_no_difference(meant: Outcome, intent: Intent) -> None:
    assert judge(half(Side.BASELINE, meant, intent=intent, plain=A), half(Side.CANARY, meant, intent=intent, plain=A)) == []


def test_evidence_says_both_answers_and_its_cause_is_the_move() -> None:
    (finding,) = judge(half(Side.BASELINE, R, **OTHERS), half(Side.CANARY, A, **OTHERS))
    assert finding.evidence.says == "the baseline answered 403 (refused), the canary 200 (allowed)"
    assert finding.evidence.cause == "refused→allowed"
    assert finding.evidence.confidence is Confidence.FIRM
    (finding,) = judge(half(Side.BASELINE, A), half(Side.CANARY, S))
    assert finding.evidence.says == "the baseline answered 200 (allowed), the canary nothing (timeout)"
