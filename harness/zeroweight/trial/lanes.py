"""The same look at both sides, or at neither: batches of scenarios over lanes, each lane with one connection a side.

A one-sided look (silence, 429, 503) proves nothing at first: it is asked twice more, with a control on both sides in between. Then either
both halves are there, or the canary alone was silent three times while the baseline and the control answered (which is evidence), or
there is a Gap.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from zeroweight.checks.outcome import backing_off
from zeroweight.compare import Repeats
from zeroweight.drivers.driver import Driver
from zeroweight.model.http import Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.request import Bindings, Intent, Probe, Scenario
from zeroweight.model.target import Side
from zeroweight.trial.halves import Halves, spare_of
from zeroweight.trial.objects import Objects
from zeroweight.trial.spares import Spares, untouched, without_making

T = TypeVar("T")

ASKS = 3
"""How often a one-sided look is asked before it is called one (law 2)."""
SILENT_IN_A_ROW = 6
"""After so many silences of one side in a row its control is asked at once: a target that hangs must not cost the whole run."""
SHORTEST_PAUSE = 0.2
"""Seconds between two asks of the same pair, where the target names no time of its own."""
FIXES: Final[Mapping[str, str]] = {"budget": "raise budget.requests", "deadline": "raise budget.seconds"}
"""What mends a gap that the run's own limits made, by its code."""

Half = tuple[Trace, Trace]


@dataclass(slots=True, kw_only=True)
class Asked:
    """One scenario's asks so far, with what the controls said after each."""

    scenario: Scenario
    halves: list[Half] = field(default_factory=list)
    controls: list[Mapping[Side, bool]] = field(default_factory=list)


class Lanes:
    """Sends scenarios to both sides at once (in turn where the store is shared), alternating which goes first."""

    def __init__(
        self,
        drivers: Mapping[Side, Driver],
        *,
        lanes: int,
        in_turn: bool,
        objects: Objects,
        control: Scenario,
        sleep: Callable[[float], object] = asyncio.sleep,
    ) -> None:
        """Take the two drivers; `control` is a request known to be good, the same for both sides."""
        self._halves = Halves(drivers, objects)
        self._lanes = lanes
        self._in_turn = in_turn
        self._control = control
        self._sleep = sleep
        self._turns = itertools.count()
        self._silences = dict.fromkeys(Side, 0)
        self._next_unique = itertools.count()
        self._mark = secrets.token_hex(4)
        self.dead: dict[Side, str] = {}
        """Why a side is not asked any more: its control stayed silent."""
        self._asks: Counter[tuple[str, Side]] = Counter()
        self._losses: Counter[tuple[str, Side]] = Counter()

    async def send(self, scenarios: Sequence[Scenario], *, thrifty: bool = False) -> list[Look[Trace]]:
        """Take the same look at both sides for each scenario; answers stand in the order of the scenarios.

        `thrifty`: an odd request may be about an object that another one did not get at.
        """
        asked = [Asked(scenario=scenario) for scenario in scenarios]
        spares = Spares() if thrifty else None
        await self._pass(asked, spares)
        for spare in spares.empty() if spares and not self.dead else ():
            await self._halves.remove(spare, 0)
        again = [each for each in asked if _one_sided(each)]
        for turn in range(ASKS - 1):
            if not again or self.dead:
                break
            await self._pause(again, turn)
            controls = await self._controls()
            for each in again:
                each.controls.append(controls)
            if self.dead:
                break
            await self._pass(again)
            again = [each for each in again if _one_sided(each)]
        if again and not self.dead:
            controls = await self._controls()
            for each in again:
                each.controls.append(controls)
        return [self._look(each) for each in asked]

    async def one(self, side: Side, scenario: Scenario, *, lane: int = 0) -> Trace:
        """Run a scenario on one side only: sentinels and controls, which are not judged."""
        return await self._halves.half(side, scenario, {"unique": self._unique()}, lane)

    async def several(self, side: Side, scenarios: Sequence[Scenario]) -> list[Trace]:
        """Ask one side alone (how the baseline's own noise is learnt), over all lanes; traces stand in the order of the scenarios."""
        waiting = iter(enumerate(scenarios))
        traces: dict[int, Trace] = {}

        async def lane(number: int) -> None:
            for index, scenario in waiting:
                traces[index] = await self._halves.half(side, scenario, {"unique": self._unique()}, number)

        await asyncio.gather(*(lane(number) for number in range(min(self._lanes, len(scenarios)))))
        return [traces[index] for index in range(len(scenarios))]

    async def _pass(self, asked: Sequence[Asked], spares: Spares | None = None) -> None:
        """Ask each scenario once, over all lanes."""
        waiting = iter(asked)

        async def lane(number: int) -> None:
            for each in waiting:
                if not self.dead:
                    half = await self._pair(each.scenario, number, spares)
                    if not each.halves:
                        self._count(each.scenario, half)
                    each.halves.append(half)

        await asyncio.gather(*(lane(number) for number in range(min(self._lanes, len(asked)))))

    async def _pair(self, scenario: Scenario, lane: int, spares: Spares | None) -> Half:
        """Run the scenario on both sides; the unique word is the same on both."""
        first = Side.BASELINE if next(self._turns) % 2 else Side.CANARY
        words: Bindings = {"unique": self._unique()}
        if self._in_turn:
            # What the one side made is removed before the other is asked: in their one store, its name would be taken.
            one = await self._halves.half(first, scenario, words, lane)
            two = await self._halves.half(first.other, scenario, words, lane)
        else:
            one, two = await self._at_once(first, scenario, words, lane, spares)
        await self._watch((first, one), (first.other, two))
        return (one, two) if first is Side.BASELINE else (two, one)

    async def _at_once(self, first: Side, scenario: Scenario, words: Bindings, lane: int, spares: Spares | None) -> Half:
        """Run the scenario on both sides at the same time, about objects that are there already where it may."""
        taken = spares.take(scenario) if spares else None
        told = without_making(scenario) if taken else scenario
        runs = await together(
            *(self._halves.run(side, told, {**words, **taken.ids[side]} if taken else words, lane) for side in (first, first.other))
        )
        spare = taken or (spare_of(runs) if spares else None)
        if spares and spare and untouched([run.trace for run in runs]):
            spares.put(spare)
        elif taken:
            await self._halves.remove(taken, lane)
        elif told.undo:
            await together(*(self._halves.undo(run, lane) for run in runs))
        return runs[0].trace, runs[1].trace

    def _count(self, scenario: Scenario, half: Half) -> None:
        """Count first asks and their losses by operation: what is asked again until it succeeds must not be forgotten."""
        label = _first(scenario).operation.label
        for side, trace in zip(Side, half, strict=True):
            self._asks[label, side] += 1
            self._losses[label, side] += _trouble(trace) in {"silent", "limited"}

    def take_losses(self) -> dict[str, Repeats]:
        """Return, by operation, how many asks each side left without a usable answer since the last call."""
        labels = {label for label, _ in self._losses}
        found = {
            label: Repeats(
                canary=self._losses[label, Side.CANARY],
                asked_canary=self._asks[label, Side.CANARY],
                baseline=self._losses[label, Side.BASELINE],
                asked_baseline=self._asks[label, Side.BASELINE],
            )
            for label in sorted(labels)
        }
        self._asks.clear()
        self._losses.clear()
        return found

    def take_left(self) -> frozenset[str]:
        """Return the operations whose scenarios left something behind, although they have an undo, since the last call."""
        left = frozenset(self._halves.left)
        self._halves.left.clear()
        return left

    async def _watch(self, *halves: tuple[Side, Trace]) -> None:
        """Count silences in a row; at the limit the control decides whether the side is dead."""
        for side, trace in halves:
            if not _silent(trace):
                self._silences[side] = 0
                continue
            self._silences[side] += 1
            if self._silences[side] == SILENT_IN_A_ROW and not self.dead:
                await self._controls()

    async def _controls(self) -> Mapping[Side, bool]:
        """Ask the control on both sides; a side whose control is silent twice is dead for the rest of the run.

        A control that may not be sent (budget, deadline) vouches for nobody, and condemns nobody.
        """
        good: dict[Side, bool] = {}
        for side in Side:
            trace = await self.one(side, self._control)
            if _silent(trace):
                trace = await self.one(side, self._control)
            good[side] = trace.failure is None
            if _silent(trace):
                self.dead.setdefault(side, f"the {side} stopped answering: its control request stayed silent")
        return good

    async def _pause(self, again: Sequence[Asked], turn: int) -> None:
        """Wait as long as the targets ask for, or a little."""
        last = [exchange for each in again if each.halves for trace in each.halves[-1] for exchange in trace.exchanges]
        # Only what a target names itself is waited for; a stray 503 without it must not hold up the whole batch.
        waits = [backing_off(each) or 0.0 for each in last if each.response is not None and "retry-after" in each.response.headers]
        pause = self._sleep(max([SHORTEST_PAUSE * (turn + 1), *waits]))
        if asyncio.iscoroutine(pause):
            await pause

    def _unique(self) -> str:
        """Return a word that this process never used before."""
        return f"{self._mark}{next(self._next_unique)}"

    def _look(self, asked: Asked) -> Look[Trace]:
        """Turn the asks into a look, or into the Gap that says why there is none."""
        name = _name(asked.scenario)
        for side, why in self.dead.items():
            if _one_sided(asked):
                return Look(gap=_gap(name, why, f"see why the {side} hangs or died", "stopped"))
        baseline, canary = asked.halves[-1]
        trouble = _trouble(baseline) or _trouble(canary)
        if not trouble:
            return Look(baseline=baseline, canary=canary)
        failure = next((t.failure for t in (baseline, canary) if t.failure and t.failure.ours), None)
        if failure:
            return Look(gap=_gap(name, failure.text, FIXES.get(failure.kind, ""), failure.kind))
        steady = (
            len(asked.halves) == ASKS
            and all(_trouble(half[1]) in {"silent", "limited"} and not _trouble(half[0]) for half in asked.halves)
            and len(asked.controls) == ASKS
            and all(controls[Side.CANARY] for controls in asked.controls)
        )
        if steady and canary.judged:
            return Look(baseline=baseline, canary=canary, thrice=True)
        who = " and ".join(side for side, half in zip(Side, (baseline, canary), strict=True) if _trouble(half))
        why = baseline.lost or canary.lost or f"no usable answer from the {who} in {len(asked.halves)} asks ({trouble})"
        mute = all(_trouble(trace) == "silent" for half in asked.halves for trace in half)
        return Look(gap=_gap(name, why, "", "both-silent" if mute else trouble))


async def together(one: Coroutine[Any, Any, T], two: Coroutine[Any, Any, T]) -> tuple[T, T]:
    """Run two coroutines at the same time and return what both came to; the first one begins, the second as soon as it waits.

    One task in the place of gather's two: there is a pair of halves for every request. Whatever one of them raises ends the other.
    """
    other = asyncio.create_task(two)
    try:
        return await one, await other
    except BaseException:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        raise


def _gap(what: str, why: str, fix: str, code: str) -> Gap:
    return Gap(what=what, why=why, fix=fix, code=code)


def _name(scenario: Scenario) -> str:
    """Say what a scenario asks: `GET /orders/{id} as bob`."""
    probe = _first(scenario)
    return f"{probe.operation.label} as {probe.role}" + (f" ({probe.label})" if probe.label else "")


def _first(scenario: Scenario) -> Probe:
    """Return the probe that a scenario is about."""
    return (scenario.judged or tuple(step.probe for step in scenario.steps))[0]


def _silent(trace: Trace) -> bool:
    return trace.failure is not None and not trace.failure.ours


def _trouble(trace: Trace) -> str:
    """Return what keeps a half from being evidence: `silent`, `limited`, `setup`, or nothing."""
    failure = trace.failure
    if failure is not None:
        return "ours" if failure.ours else "silent"
    if any(backing_off(exchange) is not None for exchange in trace.exchanges) and not _is_burst(trace.scenario):
        return "limited"
    if not trace.lost:
        return ""
    # A capture that failed behind the last judged step takes nothing from them; where none is judged, the captures are all there is.
    whole = bool(trace.judged) and len(trace.judged) == len(trace.scenario.judged)
    return "" if whole else "setup"


def _is_burst(scenario: Scenario) -> bool:
    return any(probe.intent is Intent.BURST for probe in scenario.judged)


def _one_sided(asked: Asked) -> bool:
    """Whether the last ask gave no pair and asking again may help."""
    if not asked.halves:
        return True
    found = {_trouble(half) for half in asked.halves[-1]}
    return found != {""} and "ours" not in found
