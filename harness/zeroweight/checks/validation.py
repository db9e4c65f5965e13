"""What input is taken: validation that the canary weakened."""

from __future__ import annotations

from collections.abc import Iterator

from zeroweight.checks.check import check
from zeroweight.checks.transition import Move
from zeroweight.finding import Evidence, Rule, Severity
from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Probe

WEAKENED = Rule(
    id="validation.weakened",
    title="An input that was turned away is now taken",
    severity=Severity.MEDIUM,
    cwe=20,
    owasp="API8:2023",
    remedy="Put the validation of this input back (type, length, range, format, known fields), on the server, before it is used.",
)

_TURNED_AWAY = frozenset({Outcome.INVALID, Outcome.REFUSED})
"""Validators answer 400 or 422; filters in front of a service (a WAF, a guard on a field's value) answer 403."""


@check(WEAKENED, on=Move)
def weakened(move: Move) -> Iterator[Evidence]:
    """Odd input: invalid (or refused)→allowed, where the plain request is allowed on both sides (CWE-20)."""
    taken = move.old in _TURNED_AWAY and move.new is Outcome.ALLOWED
    if taken and move.odd and move.plain is Outcome.ALLOWED and _validated(move.probe):
        yield move.evidence()


def _validated(probe: Probe) -> bool:
    """Whether the oddity is in something that the operation takes in: its body, the body's type, a documented parameter.

    A method, an Accept field, a query parameter or a path that the document does not know is turned away by the framework or not at all:
    a release that ignores it takes nothing in.
    """
    if probe.verb != probe.operation.method:
        return False
    odd = probe.parameter
    if odd is None:
        return probe.payload is None and probe.body is not None
    return odd.place == "body" or _key(odd) == ("header", "content-type") or _key(odd) in map(_key, probe.operation.parameters)


def _key(parameter: Parameter) -> tuple[str, str]:
    """Return what two spellings of one parameter share: names of header fields are written either way (RFC 9110 section 5.1)."""
    return parameter.place, parameter.name.lower() if parameter.place == "header" else parameter.name
