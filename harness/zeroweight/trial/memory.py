"""Looks that this process took already: what one trial asked, and what left nothing behind, a later one need not ask again.

Suites overlap in their plain requests, and every check sees every look, whoever caused it. Only a plain request is remembered, only where
it changed nothing or was undone, and only where both sides answered alike: what differs is worth a fresh look each time. A trial that asks
the same twice wants two answers, and has them. Repeats that confirm a difference are never taken from here.

A target may change from one trial to the next. So a trial that recalls asks anew at both ends of each operation, whoever got furthest and
whoever got least far: where one of these answers is another than it was, nothing of the operation is recalled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Look
from zeroweight.model.operation import SAFE
from zeroweight.model.request import Intent, Probe, Scenario, Step
from zeroweight.model.target import Side

MOST: Final = 4 << 20
"""Bytes that are kept, of both sides together; the oldest looks go first."""
EACH: Final = 1 << 10
"""Bytes that an exchange is counted for beside its bodies and header fields."""
FIELD: Final = 1 << 7
"""Bytes that a header field is counted for beside its name and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A look, the operation that it was about, its bytes, and the trial that took it."""

    look: Look[Trace]
    label: str
    size: int
    trial: int


class Memory:
    """Keeps looks by what was asked; bounded."""

    def __init__(self, most: int = MOST) -> None:
        """Begin with none."""
        self._most = most
        self._size = 0
        self._trial = 0
        self._looks: dict[Hashable, Kept] = {}
        self._disturbed: set[str] = set()

    def __len__(self) -> int:
        """How many looks are kept."""
        return len(self._looks)

    def recall(self, scenarios: Sequence[Scenario]) -> dict[int, Look[Trace]]:
        """Return the looks of earlier trials that may stand for looks at these scenarios, by index.

        Of each operation some scenarios are left out although their looks are here, so that at least one is asked anew. What a batch asks
        beside odd requests to the same operation is asked with them, and what it asks twice is asked twice.
        """
        odd = {probe.operation.label for scenario in scenarios for probe in _odd(scenario)}
        plain = [(index, _key(scenario)) for index, scenario in enumerate(scenarios) if _leaves_nothing(scenario)]
        times = Counter(key for _, key in plain)
        found: dict[str, dict[int, Kept]] = {}
        for index, key in plain:
            kept = self._earlier(key)
            if kept is not None and kept.label not in odd and times[key] == 1:
                found.setdefault(kept.label, {})[index] = kept
        recalled: dict[int, Look[Trace]] = {}
        for several in found.values():
            ends = _ends(several)
            recalled |= {index: _lean(kept.look) for index, kept in several.items() if index not in ends}
        return recalled

    def holds(self, scenario: Scenario) -> bool:
        """Whether an earlier trial's look at the same scenario is here."""
        return _leaves_nothing(scenario) and self._earlier(_key(scenario)) is not None

    def keep(self, scenarios: Sequence[Scenario], looks: Sequence[Look[Trace]], left: Iterable[str] = ()) -> None:
        """Keep what a trial was answered for later ones, if it may stand for looks at the same scenarios.

        `left`: the operations whose scenarios left something behind, although they have an undo.
        """
        for scenario, look in zip(scenarios, looks, strict=True):
            if _leaves_nothing(scenario):
                self._keep(scenario, look)
        # Sent side by side, nothing tells whether the plain request came before the odd one.
        self._disturb({*left, *(probe.operation.label for scenario in scenarios for probe in _odd(scenario))})

    def next_trial(self) -> None:
        """Let what was kept since the last call be recalled from now on."""
        self._trial += 1
        self._disturbed.clear()

    def _earlier(self, key: Hashable) -> Kept | None:
        """Return what an earlier trial kept of the same scenario."""
        kept = self._looks.get(key)
        return kept if kept is not None and kept.trial < self._trial else None

    def _keep(self, scenario: Scenario, look: Look[Trace]) -> None:
        """Keep one look in the place of an older one; where the two differ, the target has changed, and the operation is forgotten."""
        key, label = _key(scenario), scenario.judged[0].operation.label
        before = self._forget(key)
        if before is not None and _statuses(before.look) != _statuses(look):
            self._forget_operations({label})
        if look.thrice or not _alike(look) or label in self._disturbed:
            return
        lean = _lean(look)
        self._looks[key] = Kept(look=lean, label=label, size=_bytes(lean), trial=self._trial)
        self._size += self._looks[key].size
        while self._size > self._most:
            self._forget(next(iter(self._looks)))

    def _disturb(self, labels: set[str]) -> None:
        """Forget operations, and keep nothing of them in this trial any more: what was sent to them may have changed how they answer."""
        self._disturbed |= labels
        self._forget_operations(labels)

    def _forget_operations(self, labels: set[str]) -> None:
        for key in [key for key, kept in self._looks.items() if kept.label in labels]:
            self._forget(key)

    def _forget(self, key: Hashable) -> Kept | None:
        """Let go of a look and return it, if it is there."""
        kept = self._looks.pop(key, None)
        self._size -= kept.size if kept else 0
        return kept


def _odd(scenario: Scenario) -> Iterator[Probe]:
    """Yield the probes of a scenario that are not plain."""
    for step in scenario.steps:
        if step.probe.intent is not Intent.NORMAL or step.probe.payload is not None:
            yield step.probe


def _ends(several: dict[int, Kept]) -> set[int]:
    """Return whose looks are at the two ends, by the status: an operation that opened up, or shut itself, shows it at one of them."""
    return {chosen(several, key=lambda index: _statuses(several[index].look)[0][-1]) for chosen in (min, max)}


def _leaves_nothing(scenario: Scenario) -> bool:
    """Whether a scenario is one plain request after which all is as before: it is safe, or what it was about is made and removed with it.

    A request with a word of its own (`unique`), or about an object that a suite made by itself, is not the same the next time.
    """
    judged = scenario.judged
    if len(judged) != 1 or any(_odd(scenario)) or any(not slot.kind for slot in judged[0].slots):
        return False
    return (judged[0].verb in SAFE and len(scenario.steps) == 1) or bool(scenario.undo)


def _halves(look: Look[Trace]) -> list[Trace]:
    return [half for half in (look.baseline, look.canary) if half is not None]


def _statuses(look: Look[Trace]) -> list[list[int]]:
    """Return the statuses of each half."""
    return [[each.status for each in half.exchanges] for half in _halves(look)]


def _alike(look: Look[Trace]) -> bool:
    """Whether both halves are there, whole, and of the same statuses."""
    told = _statuses(look)
    whole = all(len(half.exchanges) == len(half.scenario.steps) for half in _halves(look))
    return whole and len(told) == len(Side) and told[0] == told[1] and all(told[0])


def _lean(look: Look[Trace]) -> Look[Trace]:
    """Return the look as it came: without the texts that checks made of it, and without resends, which the trial that sent them tells."""

    def lean(exchange: Exchange) -> Exchange:
        return replace(exchange, response=replace(exchange.response) if exchange.response else None, resent=False)

    halves = [replace(half, exchanges=tuple(map(lean, half.exchanges))) if half else None for half in (look.baseline, look.canary)]
    return replace(look, baseline=halves[0], canary=halves[1])


def _bytes(look: Look[Trace]) -> int:
    """Return what a look is counted for."""
    size = 0
    for exchange in (each for half in _halves(look) for each in half.exchanges):
        size += EACH
        for message in (exchange.request, exchange.response):
            if message is not None:
                size += len(message.body) + sum(FIELD + len(name) + len(value) for name, value in message.headers.raw)
    return size


def _key(scenario: Scenario) -> Hashable:
    """Return all that is asked: equal keys ask the same, and what they show has the same place."""
    return (tuple(map(_asked, scenario.steps)), tuple(map(_asked, scenario.undo)), tuple(sorted(scenario.actors.items())))


def _asked(step: Step) -> Hashable:
    """Return what one step asks, and of which parameter."""
    probe = step.probe
    captures = tuple(sorted((name, pointer.path) for name, pointer in step.captures.items()))
    place = (probe.operation.label, probe.role, str(probe.parameter) if probe.parameter else "")
    return (place, probe.verb, probe.target, probe.headers, probe.body, captures, step.judged)
