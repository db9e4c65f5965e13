"""The governor slows both sides while the baseline suffers, and lets them go again; on a clock that moves only when somebody waits."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from dataclasses import replace

import pytest
from governed_pair import AGAIN, BURST, ODD, OTHER, READ, SILENCE, TARGETS, House, calm

from zeroweight.drivers.gauge import BAD
from zeroweight.drivers.governor import ENDED, FAILED, LOWEST, PATIENCE
from zeroweight.drivers.limits import Meter
from zeroweight.model.governed import Governed
from zeroweight.model.http import Exchange, Failure, Timing
from zeroweight.model.operation import Operation
from zeroweight.model.request import Probe, probe_of
from zeroweight.model.target import Side


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


def test_a_baseline_that_is_gravely_slow_at_the_lowest_rate_for_long_ends_the_run() -> None:
    house = calm()
    house.seconds = 0.6
    house.until(lambda: house.rates == {LOWEST})
    count = len(house.left)
    house.ask(times=300)
    told = house.take()
    assert told.stopped == "at 1 requests/s the baseline's answers took 15.0 times as long still"
    # The first was on its way together with the last slow one before it.
    assert len(house.left) - count == PATIENCE * AGAIN + 1
    refused = [asyncio.run(meter.take()) for meter in house.meters.values()]
    assert refused == [Failure(kind="stopped", text=f"{ENDED}: {told.stopped}")] * 2
    assert told.lowest == LOWEST


def test_a_shift_that_is_not_grave_ends_no_run_however_long_it_lasts() -> None:
    house = calm(rate=20.0)
    house.seconds = 0.15
    house.ask(times=500)
    told = house.take()
    assert (told.stopped, told.lowest, house.rates) == ("", LOWEST, {LOWEST})


def test_patience_is_whole_again_after_a_calm() -> None:
    house = calm()
    house.seconds = 0.6
    house.until(lambda: house.rates == {LOWEST})
    house.ask(times=(PATIENCE - 1) * AGAIN)
    house.seconds = 0.04
    house.until(lambda: min(house.rates) > LOWEST)
    house.seconds = 0.6
    house.until(lambda: house.rates == {LOWEST})
    house.ask(times=(PATIENCE - 1) * AGAIN)
    assert house.take().stopped == ""


def test_a_run_that_was_allowed_little_is_slowed_before_it_is_stopped() -> None:
    house = calm(rate=0.5)
    house.seconds = 0.6
    house.until(lambda: house.rates == {0.25})
    house.ask(times=300)
    told = house.take()
    assert (told.slowed, told.lowest) == (1, 0.25)
    assert told.stopped.startswith("at 0.25 requests/s")


def wide(house: House, count: int, *, first: int = 0, roles: int = 3) -> None:
    """Ask many operations a few times each, as a gate does."""
    for number in range(first, first + count):
        path = Operation(method="GET", path=f"/things/{number}")
        house.ask(*(probe_of(path, role=f"role {role}") for role in range(roles)))


@pytest.mark.parametrize("roles", [1, 3])
@pytest.mark.parametrize(("seconds", "status", "failure"), [(0.4, 200, None), (2.0, 200, None), (0.04, 500, None), (0.04, 0, SILENCE)])
def test_where_nothing_is_asked_often_many_operations_show_a_rise_together(
    roles: int, seconds: float, status: int, failure: Failure | None
) -> None:
    house = House(rate=100.0)
    wide(house, 60, roles=roles)
    assert house.take().slowed == 0
    house.seconds, house.status, house.failure = seconds, status, failure
    wide(house, 100, first=60, roles=roles)
    assert house.take().slowed >= 1


@pytest.mark.parametrize(("seconds", "status"), [(3.0, 200), (0.04, 500)])
def test_a_few_operations_that_are_bad_by_nature_are_nothing_new_beside_many(seconds: float, status: int) -> None:
    house = House(rate=100.0)
    wide(house, 60)
    for number in range(3):
        house.seconds, house.status = seconds, status
        wide(house, 1, first=60 + number)
    house.seconds, house.status = 0.04, 200
    wide(house, 60, first=70)
    assert house.take().slowed == 0


def test_answers_of_many_operations_are_a_calm_together() -> None:
    house = House(rate=100.0, seconds=0.15)
    house.ask(times=60)
    house.seconds = 1.0
    house.until(lambda: house.rates != {100.0})
    house.seconds = 0.15
    wide(house, 100)
    assert house.rates == {100.0}


def test_a_pause_does_not_let_everything_go_at_once() -> None:
    house = calm(rate=100.0)
    house.seconds = 0.4
    house.until(lambda: max(house.rates) < 10)
    house.seconds = 0.04
    (held,) = house.rates
    house.ask(times=6)
    house.now += 60
    house.until(lambda: house.rates != {held})
    assert max(house.rates) == pytest.approx(held * 1.5)


def test_one_stall_that_meets_eight_lanes_is_one_slow_answer() -> None:
    house = calm(rate=100.0)
    house.seconds = 0.4
    for _ in range(16):
        house.governor.note(house.answer(READ))
    assert house.rates == {100.0}


def test_what_left_before_the_rate_was_lowered_says_nothing_about_the_lower_one() -> None:
    house = calm(rate=100.0)
    house.status = 500
    late = [house.answer(READ) for _ in range(50)]
    house.until(lambda: house.rates != {100.0})
    for exchange in late:
        house.governor.note(exchange)
    assert house.take().slowed == 1


def test_backing_off_from_a_side_that_cannot_be_dialled_begins_at_what_was_tried() -> None:
    house = calm(rate=100.0)
    dead = Exchange(probe=READ, target=TARGETS[Side.BASELINE], failure=Failure(kind="refused", text="nobody listens"))
    house.now += 60
    for _ in range(FAILED.rise // BAD):
        house.now += 0.5
        house.governor.note(dead)
    assert max(house.rates) < 25


def test_a_meter_that_does_not_keep_to_the_lower_rate_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    house = calm(rate=100.0)
    monkeypatch.setattr(Meter, "hold", lambda _self, _rate: None)
    house.status = 500
    with pytest.raises(RuntimeError, match="does not hold"):
        house.ask(times=50)


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
