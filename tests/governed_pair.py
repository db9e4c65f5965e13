"""A pair under a governor, on a clock that moves only when somebody waits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from zeroweight.drivers.gauge import BAD
from zeroweight.drivers.governor import SLOW, Governor
from zeroweight.drivers.limits import Meter
from zeroweight.model.governed import Governed
from zeroweight.model.http import Exchange, Failure, Response, Timing
from zeroweight.model.operation import Operation
from zeroweight.model.request import Intent, Probe, probe_of
from zeroweight.model.target import Side, Target

TARGETS = {side: Target(side=side, url=f"http://{side}.example") for side in Side}
READ = probe_of(Operation(method="GET", path="/things"), role="ann")
OTHER = probe_of(Operation(method="GET", path="/others"), role="ann")
ODD = replace(READ, intent=Intent.INVALID)
BURST = replace(READ, intent=Intent.BURST)
AGAIN = SLOW.rise // BAD // 2
"""Slow answers in a row that show that a rise goes on."""
SILENCE = Failure(kind="timeout", text="nothing within 10 s")


@dataclass(kw_only=True)
class House:
    """A pair under a governor: a baseline that answers as it is told, and time that passes while it does."""

    rate: float = math.inf
    lanes: int = 4
    seconds: float = 0.04
    """How long the baseline's answers take."""
    status: int = 200
    failure: Failure | None = None
    now: float = 1000.0
    meters: dict[Side, Meter] = field(default_factory=dict)
    left: list[float] = field(default_factory=list)
    """When requests left for the baseline."""

    def __post_init__(self) -> None:
        self.meters = {side: Meter(side, 10**6, self.rate, math.inf, clock=lambda: self.now, sleep=self._sleep) for side in Side}
        self.governor = Governor(self.meters, clock=lambda: self.now)
        self.told = Governed()

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def rates(self) -> set[float]:
        return {meter.rate for meter in self.meters.values()}

    def answer(self, probe: Probe, side: Side = Side.BASELINE) -> Exchange:
        """Return what comes of a request that leaves now."""
        first = self.now + self.seconds
        if self.failure is not None:
            return Exchange(probe=probe, target=TARGETS[side], failure=self.failure, timing=Timing(sent=self.now))
        timing = Timing(sent=self.now, first_byte=first, last_byte=first)
        return Exchange(probe=probe, target=TARGETS[side], response=Response(status=self.status), timing=timing)

    def ask(self, *probes: Probe, times: int = 1) -> None:
        """Ask the baseline as the lanes would: at the meter's rate, so many requests at once."""

        async def go() -> None:
            for _ in range(times):
                for probe in probes or (READ,):
                    if await self.meters[Side.BASELINE].take() is not None:
                        return
                    self.left.append(self.now)
                    exchange = self.answer(probe)
                    self.now += self.seconds / self.lanes
                    self.governor.note(exchange)

        asyncio.run(go())

    def until(self, met: Callable[[], bool], *, most: int = 5000) -> None:
        """Ask until something is so."""
        for _ in range(most):
            if met():
                return
            self.ask()
        pytest.fail("it did not come to that")

    def take(self) -> Governed:
        return self.governor.take()


def calm(**more: float) -> House:
    """Return a pair of which something is known."""
    house = House(**more)  # type: ignore[arg-type]  # the numbers of a House
    house.ask(READ, OTHER, times=50)
    return house
