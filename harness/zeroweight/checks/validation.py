"""What input is taken: validation that the canary weakened."""

from __future__ import annotations

from collections.abc import Iterator

from zeroweight.checks.check import contrast
from zeroweight.checks.transition import moves
from zeroweight.finding import Answer, Evidence, Noise, Rule, Severity
from zeroweight.model.outcome import Outcome

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


@contrast(WEAKENED, on=Answer)
def weakened(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Odd input: invalid (or refused)→allowed, where the plain request is allowed on both sides (CWE-20)."""
    for move in moves(baseline, canary, noise):
        if move.odd and move.plain is Outcome.ALLOWED and move.old in _TURNED_AWAY and move.new is Outcome.ALLOWED:
            yield move.evidence()
