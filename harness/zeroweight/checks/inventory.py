"""What is served at all: operations that only the canary has.

A new operation is no weakness. One that nobody wrote down is, and so is one that lets anybody write.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeroweight.checks.check import check
from zeroweight.checks.transition import Move
from zeroweight.finding import Evidence, Rule, Severity
from zeroweight.model.operation import SAFE
from zeroweight.model.outcome import Outcome
from zeroweight.model.target import Side

NEW_OPERATION = Rule(
    id="inventory.new-operation",
    title="The canary serves a new, documented operation",
    severity=Severity.NOTE,
    cwe=1059,
    owasp="API9:2023",
    remedy="Nothing, if the release was meant to bring it.",
)
PUBLIC_READ = Rule(
    id="inventory.public-read",
    title="The canary serves a new operation that anybody may read",
    severity=Severity.LOW,
    cwe=306,
    owasp="API9:2023",
    remedy="Make sure that what it returns is meant for everybody; else demand credentials, in the schema and in the service.",
)
PUBLIC_WRITE = Rule(
    id="inventory.public-write",
    title="The canary serves a new operation by which anybody may write",
    severity=Severity.HIGH,
    cwe=306,
    owasp="API9:2023",
    remedy="Demand credentials for it, in the schema and in the service; if it is meant, waive the finding and bound the rate.",
)
UNGUARDED = Rule(
    id="inventory.unguarded",
    title="A new operation lets anybody in although its schema demands credentials",
    severity=Severity.HIGH,
    cwe=306,
    owasp="API2:2023",
    remedy="Put the authentication guard that the schema promises in front of the operation.",
)
UNDOCUMENTED = Rule(
    id="inventory.undocumented",
    title="The canary serves an operation that its schema does not have",
    severity=Severity.HIGH,
    cwe=1059,
    owasp="API9:2023",
    remedy="Remove the operation from the deployment, or document it and guard it like the others.",
)

_NOT_SERVED = frozenset({405, 501})
"""The path is there, the method is not: for an operation, that is missing (RFC 9110 sections 15.5.6 and 15.6.2)."""


def _arrival(move: Move) -> bool:
    """Whether the move is missing→allowed by a plain request."""
    absent = move.old is Outcome.MISSING or move.baseline.exchange.status in _NOT_SERVED
    return absent and move.new is Outcome.ALLOWED and not move.odd


def _rule(move: Move) -> Rule:
    """Return which rule an arrival breaks. What an anonymous caller may do is known only where one asked."""
    operation = move.probe.operation
    if Side.CANARY not in operation.documented:
        return UNDOCUMENTED
    if not move.anonymous:
        return NEW_OPERATION
    if Side.CANARY in operation.protected:
        return UNGUARDED
    return PUBLIC_READ if move.probe.verb in SAFE else PUBLIC_WRITE


def _of(rule: Rule, move: Move) -> Iterator[Evidence]:
    """Yield the evidence of an arrival that breaks this rule."""
    if _arrival(move) and _rule(move) is rule:
        yield move.evidence()


@check(NEW_OPERATION, on=Move)
def new_operation(move: Move) -> Iterator[Evidence]:
    """Missing→allowed for a role, and the canary's schema has it."""
    return _of(NEW_OPERATION, move)


@check(PUBLIC_READ, on=Move)
def public_read(move: Move) -> Iterator[Evidence]:
    """Missing→allowed for anonymous by a safe method, as the canary's schema says."""
    return _of(PUBLIC_READ, move)


@check(PUBLIC_WRITE, on=Move)
def public_write(move: Move) -> Iterator[Evidence]:
    """Missing→allowed for anonymous by a method that writes, as the canary's schema says (CWE-306)."""
    return _of(PUBLIC_WRITE, move)


@check(UNGUARDED, on=Move)
def unguarded(move: Move) -> Iterator[Evidence]:
    """Missing→allowed for anonymous, though the canary's schema demands credentials (CWE-306)."""
    return _of(UNGUARDED, move)


@check(UNDOCUMENTED, on=Move)
def undocumented(move: Move) -> Iterator[Evidence]:
    """Missing→allowed for anybody, on what the canary's schema does not have (CWE-1059)."""
    return _of(UNDOCUMENTED, move)
