"""The governor slows both sides while the baseline suffers, and lets them go again; on a clock that moves only when somebody waits."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from zeroweight.drivers.gauge import BAD
from zeroweight.drivers.governor import ENDED, FAILED, LOWEST, PATIENCE, SLOW, Governor
from zeroweight.drivers.limits import Meter
from zeroweight.model.governed import Governed
from zeroweight.model.http import Exchange, Failure, Response, Timing
from zeroweight.model.operation import Operation
from zeroweight.model.request import Intent, Probe, probe_of
from zeroweight.model.target import Side, Target

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self.governor = Governor(self.meters)
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


def test_a_calm_baseline_is_watched_and_nothing_is_done() -> None:
    house = calm()
    house.ask(times=1000)
    assert house.rates == {math.inf}
    assert house.take() == Governed(watched=1100)


def test_what_was_told_is_not_told_again() -> None:
    house = calm()
    house.take()
    house.ask(times=3)
    assert house.take() == Governed(watched=3)
    assert house.take() == Governed()


def test_answers_that_take_five_times_as_long_slow_both_sides() -> None:
    house = calm()
    house.seconds = 0.2
    house.until(lambda: house.rates != {math.inf})
    assert len(house.rates) == 1
    told = house.take()
    assert (told.slowed, told.stopped, told.failed) == (1, "", 0.0)
    assert told.times == pytest.approx(5.0)
    assert told.lowest in house.rates


@pytest.mark.parametrize("rate", [math.inf, 1e6, 2000.0])
def test_backing_off_begins_at_what_is_really_sent_however_much_was_allowed(rate: float) -> None:
    house = calm(rate=rate)
    house.seconds = 0.2
    house.until(lambda: house.rates != {rate})
    (held,) = house.rates
    # Four lanes send a hundred requests a second where answers take 0.04 s, and twenty where they take 0.2 s.
    assert 10 <= held <= 50


def test_where_the_meter_was_what_held_requests_back_its_rate_is_halved() -> None:
    house = calm(rate=8.0)
    house.seconds = 0.2
    house.until(lambda: house.rates != {8.0})
    (held,) = house.rates
    assert held == pytest.approx(4.0, rel=0.1)


def test_the_target_is_sent_less_and_less_while_it_suffers() -> None:
    house = calm()
    house.seconds = 0.2
    house.until(lambda: house.rates == {LOWEST})
    count, began = len(house.left), house.now
    house.ask(times=10)
    assert len(house.left) == count + 10
    assert house.now - began >= 10 / LOWEST - 4


def test_a_baseline_that_is_calm_again_gets_its_rate_back_step_by_step() -> None:
    house = calm(rate=90.0)
    house.seconds = 0.2
    house.until(lambda: min(house.rates) < 6)
    house.seconds = 0.04
    seen = [min(house.rates)]

    def restored() -> bool:
        if house.rates != {seen[-1]}:
            seen.append(min(house.rates))
        return house.rates == {90.0}

    house.until(restored)
    assert len(seen) > 4
    assert all(one < two <= one * 1.51 for one, two in itertools.pairwise(seen[:-1]))
    assert house.take().stopped == ""


def test_a_rate_that_holds_nobody_back_any_more_is_given_free() -> None:
    house = calm()
    house.seconds = 0.2
    house.until(lambda: house.rates != {math.inf})
    house.seconds = 0.04
    house.until(lambda: house.rates == {math.inf})
    told = house.take()
    assert 1 <= told.slowed <= 2
    assert told.stopped == ""


def test_a_baseline_that_suffers_at_the_lowest_rate_for_long_ends_the_run() -> None:
    house = calm()
    house.seconds = 0.2
    house.until(lambda: house.rates == {LOWEST})
    count = len(house.left)
    house.ask(times=300)
    told = house.take()
    assert told.stopped == "at 1 requests/s the baseline's answers took 5.0 times as long still"
    assert len(house.left) - count == PATIENCE * AGAIN
    refused = [asyncio.run(meter.take()) for meter in house.meters.values()]
    assert refused == [Failure(kind="stopped", text=f"{ENDED}: {told.stopped}")] * 2
    assert told.lowest == LOWEST


def test_patience_is_whole_again_after_a_calm() -> None:
    house = calm()
    house.seconds = 0.2
    house.until(lambda: house.rates == {LOWEST})
    house.ask(times=(PATIENCE - 1) * AGAIN)
    house.seconds = 0.04
    house.until(lambda: min(house.rates) > LOWEST)
    house.seconds = 0.2
    house.until(lambda: house.rates == {LOWEST})
    house.ask(times=(PATIENCE - 1) * AGAIN)
    assert house.take().stopped == ""


def test_a_run_that_was_allowed_less_than_the_lowest_rate_is_never_made_faster() -> None:
    house = calm(rate=0.5)
    house.seconds = 0.2
    house.ask(times=2 * AGAIN)
    assert house.rates == {0.5}
    house.ask(times=300)
    told = house.take()
    assert (told.slowed, told.lowest) == (0, 0.0)
    assert told.stopped.startswith("at 0.5 requests/s")


@pytest.mark.parametrize(("status", "failure"), [(500, None), (502, None), (503, None), (429, None), (0, SILENCE)])
def test_failures_where_there_were_none_slow_both_sides(status: int, failure: Failure | None) -> None:
    house = calm()
    house.status, house.failure = status, failure
    house.until(lambda: house.rates != {math.inf}, most=FAILED.rise // BAD + 1)
    told = house.take()
    assert (told.slowed, told.times) == (1, 0.0)
    assert told.failed >= 1 / 2


def test_a_side_that_cannot_even_be_dialled_slows_both_too() -> None:
    house = calm()
    dead = Exchange(probe=READ, target=TARGETS[Side.BASELINE], failure=Failure(kind="refused", text="nobody listens"))
    for _ in range(300):
        house.governor.note(dead)
    assert house.take().stopped


def quiet(house: House) -> bool:
    return house.rates == {math.inf} and house.take().slowed == 0


def test_a_busy_machine_is_no_rise() -> None:
    house = calm(seconds=0.002)
    house.seconds = 0.008
    house.ask(times=500)
    house.seconds = 0.09
    house.ask(times=500)
    assert quiet(house)


def test_what_the_meter_held_back_is_no_slowness_of_the_baseline() -> None:
    house = calm(rate=2.0)
    house.ask(times=200)
    assert house.take().slowed == 0


def test_the_canary_is_not_what_is_watched() -> None:
    house = calm()
    house.seconds = 5.0
    for _ in range(200):
        house.governor.note(house.answer(READ, Side.CANARY))
    assert house.take().watched == 100
    assert house.rates == {math.inf}


@pytest.mark.parametrize("probe", [ODD, BURST], ids=["odd", "burst"])
@pytest.mark.parametrize(("seconds", "status"), [(4.0, 200), (0.04, 500), (0.04, 429)])
def test_what_odd_requests_and_bursts_provoke_is_not_held_against_the_baseline(probe: Probe, seconds: float, status: int) -> None:
    house = calm()
    house.ask(probe, times=20)
    for _ in range(10):
        house.seconds, house.status = seconds, status
        house.ask(probe, times=40)
        house.seconds, house.status = 0.04, 200
        house.ask(READ, OTHER)
    assert quiet(house)


def test_an_operation_that_always_fails_is_nothing_new() -> None:
    house = calm()
    house.status = 501
    house.ask(replace(READ, method="PATCH"), times=300)
    assert quiet(house)


def test_an_operation_that_is_slow_by_nature_is_nothing_new() -> None:
    house = calm()
    house.seconds = 3.0
    house.ask(probe_of(Operation(method="GET", path="/report"), role="ann"), times=300)
    assert quiet(house)


def test_the_same_operation_may_take_long_to_grant_what_it_is_quick_to_refuse() -> None:
    house = House(status=401, seconds=0.002)
    house.ask(times=50)
    house.status, house.seconds = 200, 0.9
    house.ask(times=200)
    assert quiet(house)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("usual", [0.003, 0.04, 0.2])
def test_noise_is_no_rise(seed: int, usual: float) -> None:
    house, draw = House(), random.Random(seed)
    for number in range(2000):
        house.seconds = usual * math.exp(draw.gauss(0, math.log(3)))
        house.status = 503 if draw.random() < 0.01 else 500 if draw.random() < 0.005 else 200
        house.ask((READ, OTHER, ODD)[number % 3])
    assert quiet(house)


def test_a_request_that_was_never_sent_is_not_watched() -> None:
    house = calm()
    house.take()
    mine = Exchange(probe=READ, target=TARGETS[Side.BASELINE], failure=Failure(kind="budget", text="spent"))
    house.governor.note(mine)
    assert house.take() == Governed()


def test_an_answer_that_the_run_could_not_wait_for_is_watched_and_is_no_failure_of_the_baselines() -> None:
    house = calm()
    house.take()
    late = Failure(kind="deadline", text="the run's time was over")
    for _ in range(50):
        house.governor.note(Exchange(probe=READ, target=TARGETS[Side.BASELINE], failure=late, timing=Timing(sent=house.now)))
    assert house.take() == Governed(watched=50)
    assert house.rates == {math.inf}


def test_silence_before_anything_was_ever_heard_is_no_rise() -> None:
    house = House(failure=SILENCE)
    house.ask(times=200)
    assert quiet(house)
