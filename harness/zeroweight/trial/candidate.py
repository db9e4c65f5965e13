"""What is kept of pairs that showed a difference, until they are asked again, and what a process remembers from trial to trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from zeroweight.compare import Repeats
from zeroweight.finding import Answer, Finding, Noise
from zeroweight.model.request import Scenario

TELLING = 3
"""At most so many pairs of a candidate are asked again, of different inputs where there are any: one of thirty may be what works."""
KIN = 3
"""A cause that was confirmed at so many places is believed at another place on KIN_REPEATS steady repeats: it decides nothing any more."""
KIN_REPEATS = 2


def always(_: Finding) -> bool:
    """Let every finding decide: what holds where no policy is known."""
    return True


@dataclass(slots=True, kw_only=True)
class Past:
    """What earlier trials of this process learnt, so that nothing is asked twice."""

    believed: set[str] = field(default_factory=set)
    """Fingerprints that were confirmed as new."""
    causes: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """(rule, cause, whether it decides) → at how many places it was confirmed."""
    candidates: int = 0
    """How many candidates were judged so far, over all processes of the run (estimated: this one's times the workers)."""
    noise: dict[tuple[str, str, str, str], Noise] = field(default_factory=dict)
    decides: Callable[[Finding], bool] = always
    """Whether a finding, once it is believed, blocks: what is waived or only warned of must not speed up what decides."""

    def believe(self, finding: Finding) -> None:
        """Remember a confirmed fingerprint, and its cause."""
        if finding.fingerprint not in self.believed:
            self.believed.add(finding.fingerprint)
            self.causes[(*cause_of(finding), self.decides(finding))] += 1

    def kin(self, finding: Finding) -> bool:
        """Whether the cause is known at so many places that one more decides nothing: each of them blocks, or this one does not."""
        blocking, harmless = (self.causes[(*cause_of(finding), decides)] for decides in (True, False))
        return blocking >= KIN or (blocking + harmless >= KIN and not self.decides(finding))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both halves of one judged exchange, and the scenario and step that they came from."""

    scenario: Scenario
    step: int
    baseline: Answer
    canary: Answer
    thrice: bool


@dataclass(slots=True, kw_only=True)
class Candidate:
    """What the pairs of one fingerprint showed."""

    finding: Finding
    pairs: int = 0
    seen_new: int = 0
    unchanged: int = 0
    """Pairs that showed it on both sides; where there are none either, only the baseline did."""
    telling: list[Pair] = field(default_factory=list)
    repeats: Repeats = field(default_factory=Repeats)
    noise: Repeats = field(default_factory=Repeats)
    """How often the baseline, asked K times, showed it by itself."""
    shown: Pair | None = None
    """The pair that the repeats are of."""
    tried: int = 1
    """How many pairs were tried for it."""
    ranged: bool = False
    """The contrast itself, shown what the baseline answered K times, takes the difference for part of that range."""
    habit: bool = False
    """The baseline, asked K times, does the same each time."""
    known: bool = False
    """Confirmed by an earlier trial, or by law 2's three asks."""
    unasked: bool = False
    """It could not be asked again often enough (budget, deadline, silence), and was steady as far as it was."""
    short: bool = False
    """It could not be asked as often as belief needs, and what was asked leans against the canary."""

    @property
    def fingerprint(self) -> str:
        """What is candidate."""
        return self.finding.fingerprint

    @property
    def exhibit(self) -> Pair | None:
        """The pair that tells it best; None where no pair showed it on the canary only."""
        return self.shown or next(iter(self.telling), None)

    def see(self, finding: Finding, pair: Pair, *, unchanged: bool) -> None:
        """Count one more pair that shows it on the canary."""
        self.pairs += 1
        if unchanged:
            self.unchanged += 1
            if not self.seen_new and self.unchanged == 1:
                self.finding = finding
            return
        self.seen_new += 1
        self.known = self.known or pair.thrice
        keep_telling(self.telling, pair)
        if self.seen_new == 1:
            self.finding = finding


def cause_of(finding: Finding) -> tuple[str, str]:
    """Return what a finding shares with its kin."""
    return finding.rule.id, finding.evidence.cause


def kind_of(pair: Pair) -> tuple[str, str, str, str]:
    """Return what shares one noise: operation, role, owner, and the kind of input."""
    probe = pair.canary.exchange.probe
    return probe.operation.label, probe.role, probe.owner, probe.label


def keep_telling(telling: list[Pair], pair: Pair) -> None:
    """Keep a pair among the telling ones: the first few, and then one of another input in place of one whose input is there twice."""
    if len(telling) < TELLING:
        telling.append(pair)
        return
    kinds = [kind_of(each) for each in telling]
    if kind_of(pair) in kinds:
        return
    for index in reversed(range(len(telling))):
        if kinds.count(kinds[index]) > 1:
            telling[index] = pair
            return
