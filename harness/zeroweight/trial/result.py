"""What one trial came to: plain data that travels on the test's report, with and without workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zeroweight.compare import Delta
from zeroweight.finding import Exhibit, Tally
from zeroweight.ledger import Owed
from zeroweight.model.governed import Governed
from zeroweight.model.look import Exclusion, Gap
from zeroweight.trial.protection import Protection
from zeroweight.trial.yardstick import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """The deltas, gaps and crossed-off lines of one test, and what it learnt on the way."""

    suite: str
    test: str = ""
    deltas: tuple[Delta, ...] = ()
    gaps: tuple[Gap, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    crossed: tuple[Owed, ...] = ()
    allowed: tuple[tuple[str, str], ...] = ()
    """(operation, role) that the baseline allowed."""
    asked: tuple[str, ...] = ()
    """Operations that both sides answered."""
    pairs: int = 0
    noisy: int = 0
    """Pairs whose difference lay in the baseline's own range."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Side → requests sent since the last result of this process."""
    builds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Side → build → how many answers named it, since the last result of this process."""
    governed: Governed = field(default_factory=Governed)
    """What the governor of this process saw and did since its last result."""
    resent: int = 0
    tallies: tuple[Tally, ...] = ()
    exhibits: Mapping[str, Exhibit] = field(default_factory=dict)
    """Fingerprint → both answers, of the worst of what is new or unsteady."""
    cells: tuple[Cell, ...] = ()
    """How plain requests fared."""
    protections: tuple[Protection, ...] = ()
    """Which security headers came with plain answers."""
    began: float = 0.0
    """Instants on the machine's monotonic clock, which all processes of a run share."""
    ended: float = 0.0
    repeats: int = 0
    """Scenarios, each on one side, that were run again to believe or drop a difference."""
    noise_asks: int = 0
    """Scenarios that the baseline was asked again to learn its own range."""
    dropped: tuple[str, ...] = ()
    """Fingerprints of differences that the baseline, asked again, showed just as well."""
