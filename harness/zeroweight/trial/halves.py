"""One scenario on one side: run with its objects journalled, and undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zeroweight.drivers.driver import Driver
from zeroweight.model.http import Trace
from zeroweight.model.request import Bindings, Scenario
from zeroweight.model.target import Side
from zeroweight.trial.objects import Making, Objects, is_gone, refused
from zeroweight.trial.spares import Spare, made_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a scenario on one side, before its undo."""

    side: Side
    trace: Trace
    bindings: Bindings
    making: Making
    made: Mapping[str, Any]


class Halves:
    """Runs scenarios on one side or the other, and undoes what they made."""

    def __init__(self, drivers: Mapping[Side, Driver], objects: Objects) -> None:
        """Take the two drivers and what is known of objects."""
        self._drivers = drivers
        self._objects = objects
        self.left: set[str] = set()
        """Labels of the operations that scenarios with an undo were about, where the undo left something."""

    async def half(self, side: Side, scenario: Scenario, words: Bindings, lane: int) -> Trace:
        """Run a scenario and undo it."""
        run = await self.run(side, scenario, words, lane)
        await self.undo(run, lane)
        return run.trace

    async def run(self, side: Side, scenario: Scenario, words: Bindings, lane: int) -> Run:
        """Run a scenario, its objects journalled; `words` are its values beside the shared objects."""
        bindings = {**self._objects.shared[side], **words}
        making = self._objects.opening(side, scenario)
        trace = await self._drivers[side].exchange(scenario, bindings, lane=lane)
        made = making.made(trace)
        return Run(side=side, trace=trace, bindings={**bindings, **made}, making=making, made=made)

    async def undo(self, run: Run, lane: int) -> None:
        """Undo what a run made."""
        scenario = run.trace.scenario
        if not scenario.undo:
            return
        undo = tuple(step for step in scenario.undo if all(slot.name in run.bindings for slot in step.probe.slots))
        gone: set[str] = set()
        if undo and run.made:
            back = Scenario(steps=undo, actors=scenario.actors)
            trace = await self._drivers[run.side].exchange(back, run.bindings, lane=lane)
            run.making.undone(trace)
            gone = {slot.name for exchange in trace.exchanges if is_gone(exchange) for slot in exchange.probe.slots}
        if any(name not in gone for name in self._standing(run)):
            self.left |= {probe.operation.label for probe in scenario.judged}

    def _standing(self, run: Run) -> Iterator[str]:
        """Yield the objects that a run made, and those whose create was neither declined nor told an id."""
        for name in (name for step in run.trace.scenario.steps for name in step.captures):
            if self._objects.knows(name.partition(":")[0]) and (name in run.made or not refused(run.trace, name)):
                yield name

    async def remove(self, spare: Spare, lane: int) -> None:
        """Remove objects that nobody needs any more; what cannot be removed is left to the end of the run, by the journal."""
        for side in Side:
            bindings = {**self._objects.shared[side], **spare.ids[side]}
            spare.makings[side].undone(await self._drivers[side].exchange(spare.removal, bindings, lane=lane))


def spare_of(runs: Sequence[Run]) -> Spare | None:
    """Return the objects of two runs that another odd request may take over; None where there are none, or not on both sides."""
    scenario = runs[0].trace.scenario
    names = made_for(scenario)
    if not names or any(set(run.made) != set(names) for run in runs):
        return None
    return Spare(
        names=names,
        ids={run.side: run.made for run in runs},
        makings={run.side: run.making for run in runs},
        undo=scenario.undo,
        actors=scenario.actors,
    )
