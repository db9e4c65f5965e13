"""One table over authorization, validation, availability and inventory: from what the baseline meant to what the canary means."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from builders import answer, noise

from zeroweight.checks.check import catalogue, compare_halves
from zeroweight.finding import Answer, Confidence, Finding, Noise
from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

A, R, I, M, L, B, S = Outcome  # noqa: E741  # the table is read by letters: Allowed Refused Invalid Missing Limited Broken Silent
STATUS = {A: 200, R: 403, I: 422, M: 404, L: 429, B: 500, S: 0}
FAMILIES = {"authorization", "validation", "availability", "inventory"}
CHECKS = [check for check in catalogue() if check.rule.family in FAMILIES]

ODD = Intent.ATTACK
PROTECTED = tuple(Side)
BODY = Parameter(place="body", name="/sku")


def half(side: Side, meant: Outcome, status: int = 0, **more: Any) -> Answer:
    if meant is S:
        more = {"failure": "timeout", **more}
    return answer(meant, status or STATUS[meant], side=side, **more)


def judge(old: Answer, new: Answer, seen: Noise | None = None) -> list[Finding]:
    return compare_halves(CHECKS, old, new, seen or Noise())


def row(old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], expected: str, **more: Any) -> Any:
    return pytest.param(old, new, more, expected, id=f"{old}-{new} {expected} {more}")


BOB: dict[str, Any] = {"role": "bob"}
OWN: dict[str, Any] = {"role": "alice", "owner": "alice", "owner_got": A}
OTHERS: dict[str, Any] = {"role": "bob", "owner": "alice", "owner_got": A}
POST: dict[str, Any] = {"method": "POST", "path": "/orders"}


def odd(plain: Outcome | None, **more: Any) -> dict[str, Any]:
    return {"intent": ODD, "plain": plain, **more}


TABLE = [
    # a guard is gone
    row((R, 401), A, "authorization.anonymous-access"),
    row((R, 302), A, "authorization.anonymous-access"),
    row((R, 401), A, "authorization.anonymous-access", owner="alice"),
    row((R, 404), A, "authorization.anonymous-access", owner="alice", owner_got=A),
    row(R, A, "authorization.object-level", **OTHERS),
    row((R, 404), A, "authorization.object-level", **OTHERS),
    row(R, (A, 304), "authorization.object-level", **OTHERS),
    row(R, A, "authorization.function-level", **BOB),
    row(R, A, "authorization.function-level", **BOB, **POST),
    row(R, A, "authorization.function-level", **OWN),
    row((R, 401), (A, 303), "authorization.anonymous-access", fields={"location": "/orders/9"}),
    # … by an odd request
    row((R, 401), A, "authorization.anonymous-access", **odd(R)),
    row(I, A, "authorization.anonymous-access", **odd(R)),
    row(M, A, "authorization.function-level", **odd(R), **BOB),
    row(R, A, "authorization.object-level", **odd(R), **OTHERS),
    row(R, A, "", **odd(None)),
    row(B, A, "", **odd(R)),
    row(M, A, "", **odd(M)),
    row(R, A, "", **odd(B)),
    # … and what only looks so
    row((R, 401), (A, 308), "", fields={"location": "/orders/7/"}),
    row((R, 401), (A, 204), "", verb="OPTIONS"),
    row(I, (A, 204), "", **odd(R, verb="OPTIONS")),
    row(R, A, "", intent=Intent.BURST, **BOB),
    row(R, L, ""),
    row(L, A, "", **BOB),
    row(B, A, "", **BOB),
    row(S, A, "", **BOB),
    row(A, A, ""),
    row(R, R, "", **BOB),
    # a guard is late
    row((R, 401), I, "authorization.guard-late"),
    row((R, 401), (I, 400), "authorization.guard-late", **POST),
    row((R, 401), (I, 415), "authorization.guard-late"),
    row((R, 401), B, "authorization.guard-late"),
    row((R, 401), I, "authorization.guard-late", **odd(R), parameter=BODY),
    row((R, 401), I, "authorization.guard-late", **odd(R), payload=Payload(id="a", family="malformed", where="body", send=b"{")),
    row((R, 401), (I, 400), "", **odd(R), payload=Payload(id="a", family="malformed", where="path", send=b"%")),
    row((R, 401), (I, 400), "", **odd(R), parameter=Parameter(place="header", name="x")),
    row((R, 401), (I, 405), ""),
    row((R, 401), (I, 413), ""),
    row((R, 401), (I, 431), ""),
    row((R, 401), I, "", **odd(A), parameter=BODY),
    row((R, 401), I, "", **odd(None), parameter=BODY),
    row((R, 401), M, "authorization.guard-late-missing"),
    row((R, 401), (R, 404), "authorization.guard-late-missing", owner="alice", owner_got=A),
    row((R, 401), (M, 410), "authorization.guard-late-missing"),
    row((R, 401), M, "", **odd(R)),
    row(R, I, "authorization.role-guard-late", **BOB),
    row(R, (I, 400), "authorization.role-guard-late", **OTHERS),
    row(R, B, "authorization.role-guard-late", **BOB),
    row(R, I, "authorization.role-guard-late", **odd(R), **BOB, parameter=BODY),
    row(R, (I, 405), "", **BOB),
    # a refusal is worded another way
    row(R, M, "authorization.refusal-changed", **BOB),
    row((R, 403), (R, 404), "authorization.refusal-changed", **OTHERS),
    row((R, 401), (R, 403), "authorization.refusal-changed"),
    row((R, 403), (R, 401), "authorization.refusal-changed", **BOB),
    row((R, 302), (R, 401), "authorization.refusal-changed"),
    row((R, 403), (R, 401), "", **odd(R), **BOB),
    row((R, 404), (M, 404), "", **OTHERS),
    row((R, 403), (R, 403), "", **BOB),
    # access is lost
    row(A, R, "authorization.access-lost", **BOB),
    row(A, R, "authorization.access-lost", **OWN),
    row(A, (R, 401), "authorization.access-lost"),
    row(A, (R, 401), "", protected=PROTECTED),
    row(A, R, "", **OTHERS),
    row(A, R, "", **odd(A), **BOB),
    row(A, I, "", **BOB),
    row(A, M, "", **BOB),
    row(A, L, "", **BOB),
    # validation
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
    # availability
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
    # inventory
    row(M, A, "inventory.new-operation", **BOB),
    row(M, A, "inventory.new-operation", **BOB, protected=PROTECTED),
    row(M, A, "inventory.new-operation", **BOB, **POST),
    row(M, A, "inventory.public-read"),
    row(M, (A, 201), "inventory.public-write", **POST),
    row((I, 405), (A, 201), "inventory.public-write", **POST),
    row(M, A, "inventory.unguarded", protected=(Side.CANARY,)),
    row(M, A, "inventory.unguarded", protected=PROTECTED, **POST),
    row(M, A, "inventory.public-read", protected=(Side.BASELINE,)),
    row(M, A, "inventory.undocumented", documented=()),
    row(M, A, "inventory.undocumented", documented=(Side.BASELINE,), **BOB),
    row((I, 501), A, "inventory.undocumented", documented=(), method="DELETE", **BOB),
    row(M, R, "", documented=()),
    row(M, I, "", documented=()),
    row(M, (A, 204), "", documented=(), verb="OPTIONS"),
    row((I, 400), A, "", documented=()),
]


@pytest.mark.parametrize(("old", "new", "more", "expected"), TABLE)
def test_a_transition_breaks_one_rule_or_none(
    old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str
) -> None:
    (old_meant, old_status), (new_meant, new_status) = (each if isinstance(each, tuple) else (each, STATUS[each]) for each in (old, new))
    only_canary = {"fields": more.pop("fields", ()), "failure": more.pop("failure", "timeout" if new_meant is S else "")}
    findings = judge(half(Side.BASELINE, old_meant, old_status, **more), half(Side.CANARY, new_meant, new_status, **more, **only_canary))
    assert [finding.rule.id for finding in findings] == ([expected] if expected else [])
    assert all(finding.side is Side.CANARY for finding in findings)


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
        more = {"intent": intent, "plain": plain, **who, **where}
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
def test_what_the_baseline_itself_showed_is_noise(old: Outcome, new: Outcome, who: dict[str, Any]) -> None:
    seen = noise(half(Side.CANARY, old, **who), half(Side.CANARY, new, **who))
    assert judge(half(Side.BASELINE, old, **who), half(Side.CANARY, new, **who), seen) == []


@pytest.mark.parametrize("meant", list(Outcome))
@pytest.mark.parametrize("intent", list(Intent))
def test_the_same_answer_twice_is_no_difference(meant: Outcome, intent: Intent) -> None:
    assert judge(half(Side.BASELINE, meant, intent=intent, plain=A), half(Side.CANARY, meant, intent=intent, plain=A)) == []


def test_other_noise_excuses_nothing() -> None:
    seen = noise(half(Side.CANARY, R), half(Side.CANARY, L))
    (finding,) = judge(half(Side.BASELINE, R), half(Side.CANARY, A), seen)
    assert finding.rule.id == "authorization.anonymous-access"


def test_a_status_that_the_baseline_showed_is_no_reworded_refusal() -> None:
    seen = noise(half(Side.CANARY, R, 401), half(Side.CANARY, R, 403))
    assert judge(half(Side.BASELINE, R, 401), half(Side.CANARY, R, 403), seen) == []


def test_an_object_gone_for_its_owner_too_is_no_reworded_refusal() -> None:
    old = half(Side.BASELINE, R, role="bob", owner="alice", owner_got=A)
    assert judge(old, half(Side.CANARY, M, role="bob", owner="alice", owner_got=M)) == []


def test_evidence_says_both_answers_and_its_cause_is_the_move() -> None:
    (finding,) = judge(half(Side.BASELINE, R, **OTHERS), half(Side.CANARY, A, **OTHERS))
    assert finding.evidence.says == "the baseline answered 403 (refused), the canary 200 (allowed)"
    assert finding.evidence.cause == "refused→allowed"
    assert finding.evidence.confidence is Confidence.FIRM
    (finding,) = judge(half(Side.BASELINE, A), half(Side.CANARY, S))
    assert finding.evidence.says == "the baseline answered 200 (allowed), the canary nothing (timeout)"


def test_a_late_role_guard_is_tentative() -> None:
    (finding,) = judge(half(Side.BASELINE, R, **BOB), half(Side.CANARY, I, **BOB))
    assert finding.evidence.confidence is Confidence.TENTATIVE


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
def test_an_answer_without_end_is_one_that_only_the_canary_gives(old: bool, new: bool, seen: list[bool], expected: bool) -> None:
    repeats = noise(*(half(Side.BASELINE, A, truncated=each) for each in seen))
    findings = judge(half(Side.BASELINE, A, truncated=old), half(Side.CANARY, A, truncated=new), repeats)
    assert [finding.rule.id for finding in findings] == ["availability.unbounded-answer"] * expected


def test_an_answer_without_end_beside_another_outcome_is_not_judged_twice() -> None:
    findings = judge(half(Side.BASELINE, R), half(Side.CANARY, A, truncated=True))
    assert [finding.rule.id for finding in findings] == ["authorization.anonymous-access"]
