"""Both sides as one function: what an examiner is shown, and how often it asks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from builders import exchange, probe

from zeroweight.checks.check import Check, check, contrast
from zeroweight.compare import Delta
from zeroweight.finding import Confidence, Evidence, Noise, Rule, Severity
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.request import Probe, Scenario
from zeroweight.model.target import Side
from zeroweight.redact import Redactor
from zeroweight.trial.candidate import Past
from zeroweight.trial.settle import Examiner

BASELINE, CANARY = Side
LOST = Rule(id="own.lost", title="A guard is gone", severity=Severity.HIGH, cwe=1, remedy="Put it back.")
LEAK = Rule(id="own.leak", title="A leak", severity=Severity.HIGH, cwe=1, remedy="Stop it.")


@contrast(LOST, on=Exchange)
def lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    if (
        baseline.response
        and canary.response
        and "x-guard" in baseline.response.headers
        and "x-guard" not in canary.response.headers
        and not noise.ever_without("x-guard")
    ):
        yield Evidence(says="no x-guard", cause="x-guard")


@check(LEAK, on=Exchange)
def leak(seen: Exchange) -> Iterator[Evidence]:
    if seen.response and b"leak" in seen.response.body:
        yield Evidence(says=f"it says {seen.response.text}", cause="leak", confidence=Confidence.TENTATIVE)


@check(LEAK, on=Exchange)
def broken(_: Exchange) -> Iterator[Evidence]:
    raise ValueError("a bug")


Says = Callable[[Side, Probe], dict[str, Any]]
"""What a side answers: the keywords of `builders.exchange`."""


def steady(guarded: bool, **more: Any) -> dict[str, Any]:  # noqa: FBT001
    return {"fields": {"X-Guard": "1"} if guarded else {}, **more}


def guard_lost(side: Side, _: Probe) -> dict[str, Any]:
    return steady(side is BASELINE)


def alike(_: Side, __: Probe) -> dict[str, Any]:
    return steady(True)  # noqa: FBT003


@dataclass(kw_only=True)
class World:
    """Both sides as one function, and how often each was asked."""

    says: Says = alike
    checks: Sequence[Check] = (lost, leak)
    past: Past = field(default_factory=Past)
    redactor: Redactor = field(default_factory=Redactor)
    lives: int = 10**9
    """So many repeats are answered; the rest are gaps."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    asked_baseline: int = 0
    examiner: Examiner = field(init=False)

    def __post_init__(self) -> None:
        self.examiner = Examiner(self.checks, self.redactor, self.past)

    def half(self, side: Side, scenario: Scenario) -> Trace:
        seen = []
        for step in scenario.steps:
            made = exchange(side=side, **self.says(side, step.probe))
            seen.append(replace(made, probe=step.probe))
        return Trace(scenario=scenario, target=seen[0].target, exchanges=tuple(seen))

    def look(self, scenario: Scenario, *, thrice: bool = False) -> Look[Trace]:
        return Look(baseline=self.half(BASELINE, scenario), canary=self.half(CANARY, scenario), thrice=thrice)

    def take(self, *scenarios: Scenario, thrice: bool = False) -> None:
        self.examiner.take(scenarios, [self.look(each, thrice=thrice) for each in scenarios])

    async def ask(self, scenarios: Sequence[Scenario], times: int) -> list[list[Look[Trace]]]:
        self.asked += [(scenario.name, times) for scenario in scenarios]
        return [[self._alive(scenario) for _ in range(times)] for scenario in scenarios]

    def _alive(self, scenario: Scenario) -> Look[Trace]:
        self.lives -= 1
        return self.look(scenario) if self.lives >= 0 else Look(gap=Gap(what="w", why="spent", code="budget"))

    async def ask_baseline(self, scenarios: Sequence[Scenario], times: int) -> list[list[Trace]]:
        self.asked_baseline += len(scenarios) * times
        return [[self.half(BASELINE, scenario) for _ in range(times)] for scenario in scenarios]

    def settle(self, workers: int = 1) -> dict[str, Delta]:
        deltas = asyncio.run(self.examiner.settle(self.ask, self.ask_baseline, workers=workers))
        assert len({delta.fingerprint for delta in deltas}) == len(deltas)
        return {str(delta.place): delta for delta in deltas}

    def next(self) -> World:
        """Return the world of the next trial in the same process."""
        return World(says=self.says, checks=self.checks, past=self.past, redactor=self.redactor)


def ask(path: str = "/x", **more: Any) -> Scenario:
    asked = probe(path=path, **more)
    return replace(Scenario.of(asked), name=f"{path} {asked.role} {asked.label}".strip())


def only(world: World, *scenarios: Scenario) -> Delta:
    world.take(*scenarios or (ask(),))
    (delta,) = world.settle().values()
    return delta
