"""All checks looking at one pair; a check that raises is kept as broken and asked no more."""

from __future__ import annotations

from collections.abc import Sequence

from zeroweight.checks.check import Check, CheckFailed, compare_halves, examine
from zeroweight.finding import Answer, Finding, Noise

_UNKNOWN = Noise()
"""What is known of the baseline's own range before it was asked."""


class Sight:
    """What a trial's checks see."""

    def __init__(self, checks: Sequence[Check]) -> None:
        """Take all checks."""
        self._checks = tuple(checks)
        self.broken: list[CheckFailed] = []

    def findings(self, baseline: Answer, canary: Answer, noise: Noise | None = None) -> tuple[list[Finding], list[Finding]]:
        """Return what all checks find on each half."""
        while True:
            try:
                old = examine(self._checks, baseline)
                new = examine(self._checks, canary) + compare_halves(self._checks, baseline, canary, noise or _UNKNOWN)
            except CheckFailed as failure:
                self.broken.append(failure)
                self._checks = tuple(each for each in self._checks if each is not failure.check)
            else:
                return old, new

    def shows(self, fingerprint: str, baseline: Answer, other: Answer, noise: Noise) -> bool:
        """Whether an answer, held against a baseline half, shows what made a candidate."""
        return any(each.fingerprint == fingerprint for each in self.findings(baseline, other, noise)[1])
