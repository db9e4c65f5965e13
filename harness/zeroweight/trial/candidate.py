"""What is kept of pairs that showed a difference, until they are asked again, and what a process remembers from trial to trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from zeroweight.compare import Repeats
from zeroweight.finding import Answer, Finding, Noise
from zeroweight.model.request import Scenario

TELLING = 3
"""At most so many pairs of a candidate are asked again, of different inputs where there are any: one of thirty may be what works."""


@dataclass(slots=True, kw_only=True)
class Past:
    """What earlier trials of this process learnt, so that nothing is asked twice."""

    believed: set[str] = field(default_factory=set)
    """Fingerprints that were confirmed as new."""
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(rule, cause) → at how many places it was confirmed."""
    candidates: int = 0
    """How many candidates were judged so far, over all processes of the run (estimated: this one's times the workers)."""
    noise: dict[tuple[str, str, str, str], Noise] = field(default_factory=dict)


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
    known: bool = False
    """Confirmed by an earlier trial, or by law 2's three asks."""
    unasked: bool = False
    """It could not be asked again often enough (budget, deadline, silence), and was steady as far as it was."""
    short: bool = False
    """It could not be asked as often as belief needs, and what was asked leans against the canary."""


def cause_of(found: Candidate) -> tuple[str, str]:
    """Return what the candidate shares with its kin."""
    return found.finding.rule.id, found.finding.evidence.cause


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
