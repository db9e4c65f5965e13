"""Who may do what: the rows of the table of transitions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from transitions import BOB, BODY, OTHERS, OWN, POST, PROTECTED, A, B, I, L, M, R, S, check_row, half, judge, odd, row

from zeroweight.finding import Confidence
from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

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
    row((R, 401), (R, 403), "", intent=Intent.BURST),
    row((R, 404), (M, 404), "", **OTHERS),
    row((R, 403), (R, 403), "", **BOB),
    # access is lost
    row(A, R, "authorization.access-lost", **BOB),
    row(A, R, "authorization.access-lost", **OWN),
    row(A, (R, 401), "authorization.access-lost"),
    row(A, (R, 401), "", protected=PROTECTED),
    row(A, R, "authorization.access-lost", **BOB, protected=PROTECTED),
    row(A, R, "", **OTHERS),
    row(A, R, "", **odd(A), **BOB),
    row(A, I, "authorization.access-lost", **BOB),
    row(A, M, "authorization.access-lost", **BOB, path="/orders"),
    row(A, M, "authorization.access-lost", **OWN),
    row(A, M, "authorization.access-lost", path="/orders"),
    # … an example's id may be in the baseline's data only
    row(A, M, "", **BOB),
    row(A, M, ""),
    row(A, I, "", **OTHERS),
    row(A, I, "", **odd(A), **BOB),
    # … what the schema no longer has was taken away
    *(row(A, gone, "", **BOB, path="/orders", documented=(Side.BASELINE,)) for gone in (M, R, (I, 400), (I, 405), (I, 501))),
    *(row(A, gone, "authorization.access-lost", **BOB, documented=(Side.BASELINE,)) for gone in ((R, 401), (I, 409), I)),
    row(A, R, "authorization.access-lost", **BOB, documented=()),
    row(A, L, "", **BOB),
]


@pytest.mark.parametrize(("old", "new", "more", "expected"), TABLE)
def test_a_transition_breaks_one_rule_or_none(
    old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str
) -> None:
    check_row(old, new, more, expected)


FAILED = '{"ok": false, "message": "cannot"}'


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (FAILED, 400, []),
        (FAILED, 422, []),
        ('{"ok": false, "message": "sku is missing"}', 400, ["authorization.guard-late"]),
        ('{"ok": false, "message": "cannot", "sku": "is missing"}', 400, ["authorization.guard-late"]),
    ],
)
def test_a_failure_that_gets_an_honest_status_is_no_late_guard(body: str, status: int, expected: list[str]) -> None:
    fields = {"content-type": "application/json"}
    old = half(Side.BASELINE, R, 200, owner="alice", owner_got=A, fields=fields, body=FAILED)
    new = half(Side.CANARY, I, status, owner="alice", owner_got=A, fields=fields, body=body)
    assert [finding.rule.id for finding in judge(old, new)] == expected


def test_an_object_gone_for_its_owner_too_is_no_reworded_refusal() -> None:
    old = half(Side.BASELINE, R, role="bob", owner="alice", owner_got=A)
    assert judge(old, half(Side.CANARY, M, role="bob", owner="alice", owner_got=M)) == []


def test_a_late_role_guard_is_tentative() -> None:
    (finding,) = judge(half(Side.BASELINE, R, **BOB), half(Side.CANARY, I, **BOB))
    assert finding.evidence.confidence is Confidence.TENTATIVE


def test_staff_that_loses_customers_objects_is_told_of_and_a_peer_that_does_is_not() -> None:
    """A release that closes a hole between peers is never stopped; one that keeps staff from their work is."""
    old, new = half(Side.BASELINE, A, **OTHERS), half(Side.CANARY, R, **OTHERS)
    peers = judge(old, new)
    staff = judge(old, replace(new, other_group=True))
    assert peers == []
    assert [finding.rule.id for finding in staff] == ["authorization.access-lost"]
