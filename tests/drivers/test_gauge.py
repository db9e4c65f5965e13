"""What is usual is learnt, and a rise is told from chance, from a busy machine and from what odd requests do by nature."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest

from zeroweight.drivers.gauge import BAD, CALM, LEAST, MOST, Failing, Gauge, Latency, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence


SLOW = Scale(good=2, rise=24)
FAILED = Scale(good=1, rise=15)
FULL = SLOW.rise // BAD
"""Slow answers that are a rise when nothing good comes between."""


def timed(calm: Sequence[float]) -> Latency:
    """Return what is known of a kind after some answers."""
    usual = Latency()
    for seconds in calm:
        usual.learn(seconds)
    return usual


def heard(gauge: Gauge, values: Sequence[float], *, kind: str = "read", plain: bool = True) -> Gauge:
    """Let a gauge hear the answers to one kind of request."""
    for value in values:
        gauge.hear(kind, value, plain=plain)
    return gauge


def rises(gauge: Gauge) -> bool:
    """Ask anew: between two answers it may change."""
    return gauge.risen


def calms(gauge: Gauge) -> bool:
    """Ask anew."""
    return gauge.calm


def speed() -> Gauge:
    return Gauge(Latency, SLOW)


@pytest.mark.parametrize(
    ("calm", "seconds", "times"),
    [
        ([0.04] * 8, 0.2, 5.0),
        ([0.04] * 8, 0.13, 0.0),  # three times as long, and no tenth of a second more
        ([0.002] * 8, 0.008, 0.0),  # a busy machine
        ([0.002] * 8, 0.15, 75.0),
        ([0.5] * 8, 1.4, 0.0),  # a second more, and not three times as long
        ([0.5] * 8, 1.6, 3.2),
        ([0.04, 0.04, 0.04, 0.04, 0.04, 0.5, 0.5, 0.5], 0.4, 0.0),  # its calm answers took as long now and then
        ([0.0] * 8, 0.2, 200.0),  # nothing is faster than the clock can tell
    ],
)
def test_slow_is_three_times_a_tenth_of_a_second_and_more_than_the_kind_ever_showed(
    calm: list[float], seconds: float, times: float
) -> None:
    assert timed(calm).judge(seconds) == pytest.approx(times)


def test_of_a_kind_that_was_seldom_seen_nothing_is_known_but_that_fast_is_fast() -> None:
    assert timed([0.04] * (LEAST - 1)).judge(0.3) is None
    assert timed([0.04] * LEAST).judge(0.3) == pytest.approx(7.5)
    assert timed([]).judge(0.09) == 0.0


def test_only_the_first_answers_are_learnt() -> None:
    assert timed([0.04] * MOST + [9.0] * 100).judge(0.2) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("answers", "failed", "known"),
    [(LEAST - 1, 0, False), (LEAST, 0, True), (LEAST, 1, False), (10, 1, True), (20, 3, False), (20, 2, True)],
)
def test_what_fails_anyway_tells_nothing_by_failing(answers: int, failed: int, *, known: bool) -> None:
    usual = Failing()
    for number in range(answers):
        usual.learn(float(number < failed))
    assert usual.judge(1.0) == (1.0 if known else None)
    assert usual.judge(0.0) == 0.0


def test_slow_answers_in_a_row_are_a_rise() -> None:
    gauge = heard(speed(), [0.04] * 50)
    heard(gauge, [0.2] * (FULL - 1))
    assert not rises(gauge)
    heard(gauge, [0.2])
    assert rises(gauge)
    assert gauge.times == pytest.approx(5.0)
    assert gauge.part == 1.0


def test_while_a_rise_goes_on_half_as_much_tells_it() -> None:
    gauge = heard(speed(), [0.04] * 50)
    gauge.begin(alert=True)
    heard(gauge, [0.2] * (FULL // 2 - 1))
    assert not rises(gauge)
    heard(gauge, [0.2])
    assert rises(gauge)
    gauge.begin(alert=False)
    heard(gauge, [0.2] * (FULL - 1))
    assert not rises(gauge)


def test_a_slow_answer_now_and_then_is_none() -> None:
    gauge = heard(speed(), [0.04] * 50)
    for _ in range(100):
        heard(gauge, [0.2, 0.04, 0.04])
        assert not rises(gauge)


def test_odd_requests_alone_are_no_rise_however_slow_they_are() -> None:
    gauge = heard(speed(), [0.04] * 20)
    heard(gauge, [0.04] * 20, kind="odd", plain=False)
    heard(gauge, [3.0] * 100, kind="odd", plain=False)
    assert not rises(gauge)
    heard(gauge, [0.04] * 2)
    heard(gauge, [3.0] * 100, kind="odd", plain=False)
    assert not rises(gauge)


def test_odd_requests_are_half_of_what_plain_ones_must_show_as_well() -> None:
    gauge = heard(speed(), [0.04] * 20)
    heard(gauge, [0.04] * MOST, kind="odd", plain=False)
    heard(gauge, [0.3] * 100, kind="odd", plain=False)
    heard(gauge, [0.2] * (FULL // 2 - 1))
    assert not rises(gauge)
    heard(gauge, [0.2])
    assert rises(gauge)


def test_odd_requests_that_are_slow_by_nature_keep_nobody_from_learning() -> None:
    gauge = heard(speed(), [0.04] * 20, kind="odd", plain=False)
    heard(gauge, [3.0] * 100, kind="odd", plain=False)
    heard(gauge, [0.15] * LEAST, kind="new")
    heard(gauge, [0.75] * FULL, kind="new")
    assert rises(gauge)


def test_a_kind_that_is_slower_than_others_by_nature_is_none() -> None:
    gauge = heard(speed(), [0.04] * 20)
    heard(gauge, [2.0] * 200, kind="report")
    assert not rises(gauge)


def test_what_a_rise_shows_is_not_learnt_while_it_rises() -> None:
    gauge = heard(speed(), [0.04] * LEAST)
    for _ in range(5):
        heard(gauge, [0.2] * FULL)
        assert rises(gauge)
        gauge.begin(alert=False)


def test_while_a_rise_is_known_or_suspected_new_kinds_stay_unknown() -> None:
    gauge = heard(speed(), [0.04] * LEAST)
    heard(gauge, [0.2])
    heard(gauge, [5.0] * 50, kind="new")
    gauge.begin(alert=True)
    heard(gauge, [5.0] * 50, kind="new")
    gauge.begin(alert=False)
    heard(gauge, [0.04] * LEAST, kind="new")
    heard(gauge, [0.2] * FULL, kind="new")
    assert gauge.times == pytest.approx(5.0)


def test_what_was_only_suspected_is_learnt_in_the_end() -> None:
    gauge = heard(speed(), [0.04] * LEAST)
    heard(gauge, [0.2])
    heard(gauge, [0.15] * LEAST, kind="new")
    heard(gauge, [0.04] * 2)
    heard(gauge, [0.75] * FULL, kind="new")
    assert rises(gauge)


def test_calm_wants_evidence() -> None:
    gauge = heard(speed(), [0.04] * (CALM - 1))
    assert not calms(gauge)
    heard(gauge, [0.04])
    assert calms(gauge)
    gauge.begin(alert=True)
    assert not calms(gauge)
    for _ in range(50):
        heard(gauge, [0.2, 0.04, 0.04])
        assert not calms(gauge)
    heard(gauge, [0.04] * CALM)
    assert calms(gauge)


def test_a_gauge_that_heard_nothing_shows_nothing() -> None:
    gauge = speed()
    assert (rises(gauge), calms(gauge), gauge.times, gauge.part) == (False, False, 0.0, 0.0)


@pytest.mark.parametrize("usual", [0.002, 0.04, 0.2, 1.0])
def test_log_normal_noise_with_a_spread_of_three_is_no_rise(usual: float) -> None:
    for seed in range(20):
        draw, gauge = random.Random(seed), speed()
        for number in range(1500):
            heard(gauge, [usual * math.exp(draw.gauss(0, math.log(3)))], kind=f"kind {number % 7}", plain=number % 3 > 0)
            assert not rises(gauge), seed


def test_a_fivefold_rise_shows_through_that_noise() -> None:
    for seed in range(20):
        draw, gauge = random.Random(seed), speed()
        for factor, times in ((1, 400), (5, 200)):
            shown = False
            for _ in range(times):
                heard(gauge, [0.04 * factor * math.exp(draw.gauss(0, math.log(3)))])
                shown = shown or rises(gauge)
            assert shown is (factor > 1), seed


@pytest.mark.parametrize("chance", [0.01, 0.02, 0.04])
def test_a_failure_in_twenty_five_is_no_rise(chance: float) -> None:
    for seed in range(20):
        draw, gauge = random.Random(seed), Gauge(Failing, FAILED)
        for _ in range(1500):
            heard(gauge, [float(draw.random() < chance)])
            assert not rises(gauge), seed


def test_a_failure_in_two_is_one() -> None:
    for seed in range(20):
        draw, gauge = random.Random(seed), heard(Gauge(Failing, FAILED), [0.0] * 20)
        shown = False
        for _ in range(60):
            heard(gauge, [float(draw.random() < 0.5)])
            shown = shown or rises(gauge)
        assert shown, seed
