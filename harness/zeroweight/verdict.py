"""The operator's policy, and the one function that says PASS, FAIL or INCONCLUSIVE."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from zeroweight.compare import UNLIKELY, Cause, Delta, State, causes
from zeroweight.finding import Severity
from zeroweight.model.look import Gap


class Word(StrEnum):
    """The three verdicts."""

    PASS = "PASS"  # noqa: S105  # a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> int:
        """0, 1, 10: 10 is no status of pytest's own."""
        return {Word.PASS: 0, Word.FAIL: 1, Word.INCONCLUSIVE: 10}[self]


class Action(StrEnum):
    """What a delta does to the verdict."""

    BLOCK = "block"
    WARN = "warn"
    IGNORE = "ignore"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One `[[policy.rule]]`: rule and place by shell patterns, and what they do; after `until` they block."""

    rule: str
    place: str = "*"
    action: Action = Action.BLOCK
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A fingerprint accepted by an owner, with a reason, until a date (that day included)."""

    fingerprint: str
    owner: str
    reason: str
    expires: dt.date
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """What a PASS needs."""

    identity: bool = True
    roles: tuple[str, ...] = ()
    """The roles that must have been allowed something at least once."""
    suites: tuple[str, ...] = ()
    operations_answered: float = 1.0
    operations_allowed: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator blocks on, requires and tolerates."""

    fail_on: Severity = Severity.MEDIUM
    unconfirmed: Severity = Severity.HIGH
    """An unconfirmed delta blocks only from this severity on."""
    unsteady: float = 0.4
    """A canary that shows an unsteady delta at least this often, and a baseline that never does, is not passed."""
    clauses: tuple[Clause, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    require: Require = field(default_factory=Require)
    today: dt.date
    """The day on which waivers and `until` are read: the run's first, so that a run over midnight does not contradict itself."""

    def weigh(self, delta: Delta) -> Action:
        """Tell what a delta does; pure, used when a test is settled and again by `judge`. Only `new` deltas can block."""
        if delta.state is not State.NEW:
            return Action.IGNORE
        if any(w.fingerprint == delta.fingerprint and w.expires >= self.today for w in self.waivers):
            return Action.WAIVED
        for clause in self.clauses:
            if fnmatchcase(delta.rule, clause.rule) and fnmatchcase(delta.place.operation, clause.place):
                late = clause.until is not None and clause.until < self.today
                return Action.BLOCK if late else clause.action
        if delta.severity < self.fail_on:
            return Action.WARN
        if not delta.confirmed and delta.severity < self.unconfirmed:
            return Action.WARN
        return Action.BLOCK

    def troubling(self, delta: Delta) -> bool:
        """Whether an unsteady delta forbids a PASS: a guard that is broken on one replica of two looks like this."""
        return (
            delta.state is State.UNSTEADY
            and delta.severity >= self.fail_on
            and delta.repeats.canary > 0
            and (delta.repeats.baseline == 0 or delta.repeats.chance <= UNLIKELY)
            and delta.repeats.share >= self.unsteady
            and self.weigh(_as_new(delta)) is Action.BLOCK
        )


def _as_new(delta: Delta) -> Delta:
    """Ask what the delta would do if it were steady: a waiver or a clause speaks for the unsteady one, too."""
    return replace(delta, state=State.NEW, confirmed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the verdict is what it is: a code for machines and one sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """PASS, FAIL or INCONCLUSIVE with every reason, the deciding ones first."""

    word: Word
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a verdict is made from."""

    untrue: tuple[Reason, ...] = ()
    """Why the comparison itself is untrue (identity, mixed arms, noise, a planted marker in the open)."""
    deltas: tuple[Delta, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """The required gaps."""
    failures: tuple[Reason, ...] = ()
    """What broke in the harness: a foreign test, a writer, a worker."""


def judge(policy: Policy, case: Case) -> Verdict:
    """Give the verdict, by the design's precedence: untrue comparison, then a blocking delta, then what is missing, then PASS."""
    blocking = [delta for delta in case.deltas if policy.weigh(delta) is Action.BLOCK]
    troubling = [delta for delta in case.deltas if policy.troubling(delta)]
    found = [_told_once(cause) for cause in causes(blocking)]
    missing = [*case.failures, *_missing(case.gaps)]
    missing += [_came_and_went(delta) for delta in troubling]
    if case.untrue:
        word = Word.INCONCLUSIVE
        notes = [Reason(code="not-to-be-relied-on", text=f"{len(found)} finding(s) stand on an untrue comparison")] if found else []
        return Verdict(word=word, reasons=(*case.untrue, *notes, *missing))
    if found:
        return Verdict(word=Word.FAIL, reasons=(*found, *missing))
    if missing:
        return Verdict(word=Word.INCONCLUSIVE, reasons=tuple(missing))
    return Verdict(
        word=Word.PASS, reasons=(Reason(code="no-regression", text="everything owed was asked on both sides; nothing new blocks"),)
    )


def _told_once(cause: Cause) -> Reason:
    """Tell a cause once, however many places show it."""
    more = len(cause.deltas) - 1
    places = f" and {more} more place{'s' if more > 1 else ''}" if more else ""
    return Reason(code=cause.rule, text=f"{cause.severity.word}: {cause.title} at {cause.deltas[0].place}{places}")


def _came_and_went(delta: Delta) -> Reason:
    told = delta.repeats
    seen = f"{told.canary} of {told.asked_canary} repeats on the canary, {told.baseline} of {told.asked_baseline} on the baseline"
    return Reason(code="unsteady", text=f"{delta.title} at {delta.place} came and went: {seen}; is one replica different?")


def _missing(gaps: Sequence[Gap]) -> list[Reason]:
    """Fold required gaps that share code and cause into one reason each."""
    groups: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        groups.setdefault((gap.code or "gap", gap.why), []).append(gap)
    reasons = []
    for (code, why), group in groups.items():
        more = f" and {len(group) - 1} more" if len(group) > 1 else ""
        fix = f"; {group[0].fix}" if group[0].fix else ""
        reasons.append(Reason(code=code, text=f"{group[0].what}{more}: {why}{fix}"))
    return reasons
