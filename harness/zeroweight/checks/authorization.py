"""Who may do what: guards that the canary lost, moved or changed.

A guard that is gone shows as refused→allowed. A guard that no longer runs first shows as refused→invalid: the canary judged the words of
a caller whom the baseline turned away unread. This is also how operations that write are looked at without writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from zeroweight.checks.check import check, contrast
from zeroweight.checks.envelope import fails_alike
from zeroweight.checks.transition import Move, judgeable
from zeroweight.finding import Answer, Confidence, Evidence, Noise, Rule, Severity
from zeroweight.model.outcome import Outcome
from zeroweight.model.target import Side

ANONYMOUS_ACCESS = Rule(
    id="authorization.anonymous-access",
    title="A caller without credentials is let in",
    severity=Severity.CRITICAL,
    cwe=306,
    owasp="API2:2023",
    remedy="Put the authentication guard back in front of this operation, for every method and content type it serves.",
)
OBJECT_LEVEL = Rule(
    id="authorization.object-level",
    title="A role reaches another role's object",
    severity=Severity.CRITICAL,
    cwe=639,
    owasp="API1:2023",
    remedy="Compare the object's owner (or tenant) with the caller before anything of it is read, changed or returned.",
)
FUNCTION_LEVEL = Rule(
    id="authorization.function-level",
    title="A role may call a function that was not its own",
    severity=Severity.CRITICAL,
    cwe=862,
    owasp="API5:2023",
    remedy="Put the role check of this operation back; deny by default, and name the roles that may call it.",
)
GUARD_LATE = Rule(
    id="authorization.guard-late",
    title="The request of a caller without credentials is processed before it is refused",
    severity=Severity.HIGH,
    cwe=696,
    owasp="API2:2023",
    remedy="Run authentication before parsing, validation and the operation itself; make sure that it runs at all.",
)
GUARD_LATE_MISSING = Rule(
    id="authorization.guard-late-missing",
    title="A caller without credentials is told that something does not exist",
    severity=Severity.MEDIUM,
    cwe=204,
    owasp="API2:2023",
    remedy="Run authentication before looking the object up: else anybody can tell which ids exist, and a valid one may be served.",
)
ROLE_GUARD_LATE = Rule(
    id="authorization.role-guard-late",
    title="A role's request is processed where it was refused",
    severity=Severity.MEDIUM,
    cwe=862,
    owasp="API5:2023",
    remedy="Run the role check before validation; then send a valid body as this role: if it is accepted, the check is gone.",
)
REFUSAL_CHANGED = Rule(
    id="authorization.refusal-changed",
    title="A refusal is worded another way",
    severity=Severity.NOTE,
    cwe=204,
    owasp="API5:2023",
    remedy="Nothing, if it was meant: clients that tell 401, 403 and 404 apart may need to know.",
)
ACCESS_LOST = Rule(
    id="authorization.access-lost",
    title="A role no longer gets what it was allowed",
    severity=Severity.MEDIUM,
    cwe=863,
    owasp="API5:2023",
    remedy="Look for a guard or a validator that became too strict; if the role was meant to lose this, waive the finding.",
)

_JUDGED_WORDS = frozenset({400, 409, 415, 422, 500})
"""Statuses that the operation behind the guard gives. The layers in front of it give the others (405, 413, 414, 431, 502, 504 …)."""
_OUTER_PARTS = frozenset({"path", "query", "header", "cookie", "method"})
"""Parts of a request that servers and routers judge before any guard can run."""
_BEFORE_ENTRY = frozenset({Outcome.REFUSED, Outcome.INVALID, Outcome.MISSING})
"""What a baseline says to an odd request of a caller who may not pass plainly: whatever its words, it did not let him in."""


def _let_in(move: Move) -> bool:
    """Whether a caller got in who was kept out; by an odd request only where the plain one is refused on both sides."""
    if move.new is not Outcome.ALLOWED:
        return False
    if move.odd:
        return move.plain is Outcome.REFUSED and move.old in _BEFORE_ENTRY
    return move.old is Outcome.REFUSED


@check(ANONYMOUS_ACCESS, on=Move)
def anonymous_access(move: Move) -> Iterator[Evidence]:
    """Refused→allowed without credentials (CWE-306)."""
    if _let_in(move) and move.anonymous:
        yield move.evidence()


@check(OBJECT_LEVEL, on=Move)
def object_level(move: Move) -> Iterator[Evidence]:
    """Refused→allowed on another role's object (CWE-639)."""
    if _let_in(move) and not move.anonymous and move.foreign:
        yield move.evidence()


@check(FUNCTION_LEVEL, on=Move)
def function_level(move: Move) -> Iterator[Evidence]:
    """Refused→allowed for a role, on what is nobody else's (CWE-862)."""
    if _let_in(move) and not move.anonymous and not move.foreign:
        yield move.evidence()


def _processed(move: Move) -> bool:
    """Whether the operation answered where the guard did: by its words, about a part of the request that only it reads."""
    if move.old is not Outcome.REFUSED or move.new not in {Outcome.INVALID, Outcome.BROKEN}:
        return False
    if move.canary.exchange.status in range(400, 600) and move.canary.exchange.status not in _JUDGED_WORDS:
        return False
    if move.odd and (move.plain is not Outcome.REFUSED or _outer(move)):
        return False
    return not _only_more_honest(move)


def _only_more_honest(move: Move) -> bool:
    """Whether the canary tells the failure that the baseline told inside a 200, in the same words, by a status of its own."""
    old, new = move.baseline.exchange.response, move.canary.exchange.response
    return (
        move.new is Outcome.INVALID
        and old is not None
        and new is not None
        and old.status == HTTPStatus.OK
        and fails_alike(old.json, new.json)
    )


def _outer(move: Move) -> bool:
    """Whether what is odd about the request lies where layers in front of every guard look."""
    probe = move.probe
    place = probe.parameter.place if probe.parameter else probe.payload.where if probe.payload else ""
    return place in _OUTER_PARTS


def processed_unguarded(move: Move) -> bool:
    """Whether a late guard is what this move shows; then it is no matter of availability."""
    return _processed(move)


@check(GUARD_LATE, on=Move)
def guard_late(move: Move) -> Iterator[Evidence]:
    """Anonymous refused→invalid or broken (CWE-696: behaviour in the wrong order)."""
    if _processed(move) and move.anonymous:
        yield move.evidence()


@check(ROLE_GUARD_LATE, on=Move)
def role_guard_late(move: Move) -> Iterator[Evidence]:
    """403→400, 422 or 500 for a role: it passed the gate with a poor value. Tentative: the gate itself may have judged the value."""
    if _processed(move) and not move.anonymous:
        yield move.evidence(confidence=Confidence.TENTATIVE)


def _reworded(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Move]:
    """Yield a plain request's refusal that is said by another status, or as missing while the owner fares as before.

    It is no move among others, since the outcome may be the same. Where the owner fares otherwise too, the object itself is gone. Odd
    requests are refused in many words: only plain ones are compared.
    """
    old, new = baseline.outcome, canary.outcome
    if old is not Outcome.REFUSED or new not in {Outcome.REFUSED, Outcome.MISSING} or baseline.owner is not canary.owner:
        return
    del noise  # as in `moves`
    if baseline.exchange.status == canary.exchange.status:
        return
    move = Move(old=old, new=new, baseline=baseline, canary=canary)
    if judgeable(baseline, canary) and not move.odd:
        yield move


def _looked_up(move: Move) -> bool:
    """Whether a caller without credentials now learns that something is not there (or is told so)."""
    return move.anonymous and move.canary.exchange.status in {404, 410}


@contrast(GUARD_LATE_MISSING, on=Answer)
def guard_late_missing(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Anonymous refused→missing (CWE-204: an observable difference): the look-up ran before the guard."""
    return (move.evidence() for move in _reworded(baseline, canary, noise) if _looked_up(move))


@contrast(REFUSAL_CHANGED, on=Answer)
def refusal_changed(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """401↔403, and a role's 403→404: still a refusal, said another way."""
    return (move.evidence() for move in _reworded(baseline, canary, noise) if not _looked_up(move))


_DECLINED = frozenset({Outcome.REFUSED, Outcome.MISSING, Outcome.INVALID})
"""What a caller gets who does not get what he asked for, while the service works."""


_NOT_SERVED = frozenset({400, 403, 405, 501})
"""How gateways and frameworks decline an operation that is not there, beside 404 and 410."""


def _closed(move: Move) -> bool:
    """Whether what was lost is what a peer should never have had; a role of another group (staff) may well have needed it."""
    return move.foreign and not move.canary.other_group


def _taken_away(move: Move) -> bool:
    """Whether the operation is gone from the canary's schema, and the canary answers as services do to what they do not serve."""
    documented = move.probe.operation.documented
    if Side.CANARY in documented:
        return False
    return move.new is Outcome.MISSING or (Side.BASELINE in documented and move.canary.exchange.status in _NOT_SERVED)


def _unknown_there(move: Move) -> bool:
    """Whether the object may be one of the baseline's data alone: the path names it, and it was made by nobody on either side."""
    return (
        move.new is Outcome.MISSING and "{" in move.probe.operation.path and not any(slot.kind or slot.owner for slot in move.probe.slots)
    )


@check(ACCESS_LOST, on=Move)
def access_lost(move: Move) -> Iterator[Evidence]:
    """Allowed→refused, missing or invalid by a plain request: services refuse in these three ways. Closing a hole is not a loss.

    A hole: a peer's object, whose owner still gets in; an operation that the canary's schema protects, for anonymous. What the canary's
    schema no longer has was taken away on purpose, and an example's id that only one side knows says nothing of the role.
    """
    if move.old is Outcome.ALLOWED and move.new in _DECLINED and not move.odd and not _closed(move):
        protected = move.anonymous and Side.CANARY in move.probe.operation.protected
        if not (protected or _taken_away(move) or _unknown_there(move)):
            yield move.evidence()
