"""What the trials of one process share: drivers' lanes, objects, sentinels, and what was learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from zeroweight.checks.check import Check
from zeroweight.checks.outcome import Context
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Budget, Look
from zeroweight.model.outcome import Level
from zeroweight.model.payload import Payload
from zeroweight.model.request import Scenario
from zeroweight.model.role import Role
from zeroweight.model.target import Side
from zeroweight.redact import Redactor
from zeroweight.trial.candidate import Past
from zeroweight.trial.lanes import Lanes
from zeroweight.trial.loop import Loop
from zeroweight.trial.memory import Memory
from zeroweight.trial.objects import Objects
from zeroweight.trial.sentinel import Sentinels, roles_of

T = TypeVar("T")


class Spent(Protocol):
    """What is left of one side's share."""

    sent: int

    @property
    def left_requests(self) -> int:
        """Requests that this process may still send to the side."""
        ...

    @property
    def left_seconds(self) -> float:
        """Seconds until the deadline."""
        ...


@dataclass(slots=True, kw_only=True)
class Builds:
    """Counts which build named itself in the answers of each side; under the empty name, the answers that named none."""

    header: str
    seen: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in Side})

    def note(self, exchange: Exchange) -> None:
        """Look at one answer."""
        if self.header and exchange.response is not None:
            self.heard(exchange.target.side, exchange.response.headers.get(self.header))

    def heard(self, side: Side, build: str) -> None:
        """Count one answer of a side, and the build that it named."""
        self.seen[side][build] += 1

    def take(self) -> dict[str, dict[str, int]]:
        """Return the counts since the last call."""
        counts = {str(side): dict(counter) for side, counter in self.seen.items() if counter}
        for counter in self.seen.values():
            counter.clear()
        return counts


@dataclass(slots=True, kw_only=True)
class Bench:
    """One process's tools; opened by `session`, used by trials one after the other."""

    loop: Loop
    lanes: Lanes
    objects: Objects
    sentinels: Sentinels
    meters: Mapping[Side, Spent]
    builds: Builds
    roles: Mapping[str, Role]
    level: Level
    checks: Sequence[Check]
    payloads: Sequence[Payload]
    redactor: Redactor
    past: Past = field(default_factory=Past)
    memory: Memory = field(default_factory=Memory)
    workers: int = 1
    login_pages: tuple[str, ...] = ()
    login_paths: tuple[str, ...] = ()
    told: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the process's loop and wait for it."""
        return self.loop.run(coroutine)

    @property
    def context(self) -> Context:
        """What outcomes are read by: what this service's login looks like."""
        return Context(login_pages=self.login_pages, login_paths=self.login_paths)

    def budget(self) -> Budget:
        """Return what is left on the poorer side."""
        return Budget(
            left_requests=min(meter.left_requests for meter in self.meters.values()),
            left_seconds=min(meter.left_seconds for meter in self.meters.values()),
        )

    async def look(self, scenarios: Sequence[Scenario]) -> list[Look[Trace]]:
        """Take a look at each scenario, sessions guarded; what an earlier trial looked at is not sent again where memory may serve.

        What a dead side answered while it lived, or an operation before it changed, is not recalled.
        """
        recalled = {} if self.lanes.dead else self.memory.recall(scenarios)
        looks = await self._take(scenarios, [index for index in range(len(scenarios)) if index not in recalled])
        doubtful = [index for index in recalled if self.lanes.dead or not self.memory.holds(scenarios[index])]
        looks |= await self._take(scenarios, doubtful)
        return [looks.get(index) or recalled[index] for index in range(len(scenarios))]

    async def _take(self, scenarios: Sequence[Scenario], indexes: Sequence[int]) -> dict[int, Look[Trace]]:
        """Send some of the scenarios, and keep in memory what may be recalled later."""
        lacking = [scenarios[index] for index in indexes]
        taken = await self.sentinels.guard(lacking, await self.lanes.send(lacking, thrifty=True))
        self.memory.keep(lacking, taken, self.lanes.take_left())
        return dict(zip(indexes, taken, strict=True))

    async def ask(self, scenarios: Sequence[Scenario], times: int) -> list[list[Look[Trace]]]:
        """Ask scenarios again on both sides in one batch, sessions guarded: how candidates are confirmed."""
        batch = [scenario for _ in range(times) for scenario in scenarios]
        looks = await self.sentinels.guard(batch, await self.lanes.send(batch))
        return [looks[index :: len(scenarios)] for index in range(len(scenarios))]

    async def ask_baseline(self, scenarios: Sequence[Scenario], times: int) -> list[list[Trace]]:
        """Ask the baseline alone: how its own noise is learnt."""
        traces = await self.lanes.several(Side.BASELINE, [scenario for _ in range(times) for scenario in scenarios])
        dead = await self.sentinels.dead_on(Side.BASELINE, scenarios)
        # What a dead session was answered is not the baseline's own range.
        return [[] if roles_of(each) & dead else traces[index :: len(scenarios)] for index, each in enumerate(scenarios)]

    def spent(self) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
        """Return requests and builds by side since the last call, at the end of each trial."""
        self.memory.next_trial()
        requests = {str(side): meter.sent - self.told[side] for side, meter in self.meters.items()}
        self.told = {side: meter.sent for side, meter in self.meters.items()}
        return requests, self.builds.take()
