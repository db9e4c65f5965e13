"""What became of each fingerprint from baseline to canary, and how a difference is believed.

Deltas are decided pair by pair, then folded by fingerprint with the worst state winning. A candidate is believed only on fresh evidence:
the repeats alone are judged, since they are untouched by the selection that made it a candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import comb

from zeroweight.finding import Finding, Severity
from zeroweight.model.place import Place

BOUND = 1e-3
"""The chance, run-wide, of believing a difference that is not there; divided among the candidates."""
UNLIKELY = 0.01
"""An unsteady delta that the baseline shows, too, still troubles where both sides being alike is less probable than this."""
MOST_REPEATS = 12
"""No candidate is asked more often than this on either side at a time."""
EVIDENCE = 3
"""At most so many sentences of evidence are kept for a fingerprint."""


MOST_CANDIDATES = int(BOUND * comb(2 * MOST_REPEATS, MOST_REPEATS))
"""The bound is not divided any further: it would ask for more repeats than are ever made."""


class State(StrEnum):
    """What became of a fingerprint: SARIF's words plus `unsteady` (seen on the canary, but not each time)."""

    NEW = "new"
    UNSTEADY = "unsteady"
    UNCHANGED = "unchanged"
    ABSENT = "absent"

    @property
    def rank(self) -> int:
        """The order in which states win when looks, tests, workers and shards are merged."""
        return {State.NEW: 3, State.UNSTEADY: 2, State.UNCHANGED: 1, State.ABSENT: 0}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How the repeats went: the canary showed it `canary` times of `asked_canary`, the baseline `baseline` of `asked_baseline`."""

    canary: int = 0
    asked_canary: int = 0
    baseline: int = 0
    asked_baseline: int = 0

    def __add__(self, other: Repeats) -> Repeats:
        """Count both together."""
        return Repeats(
            canary=self.canary + other.canary,
            asked_canary=self.asked_canary + other.asked_canary,
            baseline=self.baseline + other.baseline,
            asked_baseline=self.asked_baseline + other.asked_baseline,
        )

    @property
    def share(self) -> float:
        """The share of the canary's repeats that showed it."""
        return self.canary / self.asked_canary if self.asked_canary else 0.0

    @property
    def excess(self) -> float:
        """By how much the canary's share exceeds the baseline's."""
        return self.share - (self.baseline / self.asked_baseline if self.asked_baseline else 0.0)

    @property
    def chance(self) -> float:
        """How probable so one-sided a result is if both sides were alike (Fisher's exact test, one-sided)."""
        return fisher(self.canary, self.asked_canary, self.baseline, self.asked_baseline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What became of one fingerprint, with counts of pairs. Plain data: it travels between processes."""

    rule: str
    title: str
    severity: Severity
    place: Place
    fingerprint: str
    state: State
    confirmed: bool = False
    tentative: bool = False
    pairs: int = 0
    """How many pairs showed it on either side."""
    seen_new: int = 0
    """How many pairs showed it on the canary only."""
    evidence: tuple[str, ...] = ()
    """Redacted sentences, the most telling first."""
    request: str = ""
    """The most telling request, redacted: `DELETE /orders/17`."""
    cause: str = ""
    repeats: Repeats = Repeats()
    cwe: int = 0
    owasp: str = ""
    remedy: str = ""
    suites: tuple[str, ...] = ()


def documented(finding: Finding) -> Delta:
    """Return the delta of a finding in the documents: they were compared whole, so it is new and needs no repeats."""
    rule = finding.rule
    return Delta(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        place=finding.place,
        fingerprint=finding.fingerprint,
        state=State.NEW,
        confirmed=True,
        pairs=1,
        seen_new=1,
        evidence=(finding.evidence.says,),
        cause=finding.evidence.cause,
        cwe=rule.cwe,
        owasp=rule.owasp,
        remedy=rule.remedy,
    )


def fisher(hits: int, asked: int, other_hits: int, other_asked: int) -> float:
    """Return the one-sided p of `hits` of `asked` against `other_hits` of `other_asked` (Fisher 1935): the hypergeometric upper tail."""
    if not asked or not other_asked:
        return 1.0
    total, marked = asked + other_asked, hits + other_hits
    ways = sum(comb(asked, k) * comb(other_asked, marked - k) for k in range(hits, min(asked, marked) + 1) if marked - k <= other_asked)
    return ways / comb(total, marked)


def repeats_needed(candidates: int) -> int:
    """Return how many repeats a side a perfectly steady difference needs when `candidates` share the bound; at most MOST_REPEATS."""
    for n in range(2, MOST_REPEATS):
        if 1 / comb(2 * n, n) <= BOUND / max(1, candidates):
            return n
    return MOST_REPEATS


def believed(results: Sequence[Repeats], *, before: int = 0) -> list[bool]:
    """Tell which candidates pass, by Holm's step-down over this family (Holm 1979); `before` candidates were judged earlier in the run.

    Earlier candidates go on counting in the divisor, so that a long run does not spend the bound anew in each test.
    """
    passed = [False] * len(results)
    order = sorted(range(len(results)), key=lambda index: results[index].chance)
    for rank, index in enumerate(order):
        # However many candidates there were, what MOST_REPEATS of a steady difference prove is believed.
        if results[index].chance > BOUND / min(before + len(results) - rank, MOST_CANDIDATES):
            break
        passed[index] = True
    return passed


def split(baseline: Iterable[Finding], canary: Iterable[Finding]) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Return the findings of one pair that are on the canary only, on both (the canary's), and on the baseline only."""
    old = {finding.fingerprint: finding for finding in baseline}
    new = {finding.fingerprint: finding for finding in canary}
    return (
        [finding for key, finding in new.items() if key not in old],
        [finding for key, finding in new.items() if key in old],
        [finding for key, finding in old.items() if key not in new],
    )


def merge(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    """Fold deltas by fingerprint, the worst state winning, counts added; ordered worst first."""
    groups: dict[str, list[Delta]] = {}
    for delta in deltas:
        groups.setdefault(delta.fingerprint, []).append(delta)
    return tuple(sorted(map(_fold, groups.values()), key=lambda d: (-d.state.rank, -d.severity, d.rule, d.place, d.fingerprint)))


def _fold(group: Sequence[Delta]) -> Delta:
    """Join the deltas of one fingerprint; which test or worker came first makes no difference."""
    group = sorted(group, key=worst_first)
    return replace(
        group[0],
        pairs=sum(delta.pairs for delta in group),
        seen_new=sum(delta.seen_new for delta in group),
        evidence=tuple(dict.fromkeys(says for delta in group for says in delta.evidence))[:EVIDENCE],
        suites=tuple(sorted({suite for delta in group for suite in delta.suites})),
    )


def worst_first(delta: Delta) -> tuple[object, ...]:
    """Order by what a verdict looks at (a baseline that never showed it, a canary that often did), then by anything that never varies."""
    repeats = delta.repeats
    alike = repeats.baseline > 0 and repeats.chance > UNLIKELY
    return (-delta.state.rank, not delta.confirmed, alike, -repeats.share, repeats.chance, -delta.seen_new, repr(delta))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Deltas that share one root (rule and leaf name, rule and signature): what a reader is told once."""

    rule: str
    title: str
    severity: Severity
    cause: str
    deltas: tuple[Delta, ...]


def causes(deltas: Iterable[Delta]) -> tuple[Cause, ...]:
    """Group deltas by cause, worst first; a group's severity is its worst delta's."""
    groups: dict[tuple[str, str], list[Delta]] = {}
    for delta in deltas:
        groups.setdefault((delta.rule, delta.cause), []).append(delta)
    made = [
        Cause(rule=rule, title=group[0].title, severity=max(d.severity for d in group), cause=cause, deltas=tuple(group))
        for (rule, cause), group in groups.items()
    ]
    return tuple(sorted(made, key=lambda each: (-each.severity, -len(each.deltas), each.rule)))
