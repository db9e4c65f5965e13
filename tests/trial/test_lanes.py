"""The same look at both sides, or at neither: watched from the servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import CHANGE, CONTROL, ME, PING, THINGS, Call, Service, Shop, Stage, mixed, ok, status, steadfast

from zeroweight.model.http import Trace
from zeroweight.model.look import Look
from zeroweight.model.request import Intent, Pointer, Scenario, Slot, Step, Template
from zeroweight.model.target import Side
from zeroweight.trial.lanes import ASKS, SHORTEST_PAUSE

BASELINE, CANARY = Side
LOOK = Scenario.of(THINGS.example())


def mute(_: Call) -> None:
    """Close the connection without a word."""


def limited(_: Call) -> bytes:
    return status("429 Slow")


def failing(times: int, then: Service = steadfast, first: Service = mute) -> Service:
    """Fail the first times, then do otherwise."""

    def service(call: Call) -> bytes | Awaitable[bytes | None] | None:
        return (first if call.nth <= times else then)(call)

    return service


def on(side: Side, service: Service) -> dict[str, Any]:
    """Let one side be this service."""
    return {side.value: service}


def numbered(count: int) -> list[Scenario]:
    return [Scenario.of(THINGS.example().with_(query={"n": str(number)})) for number in range(count)]


def sent(stage: Stage, *scenarios: Scenario) -> list[Look[Trace]]:
    return stage.loop.run(stage.lanes.send(scenarios or [LOOK]))


# How both sides are asked.


def test_answers_stand_in_the_order_of_the_questions(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, lanes_a_side=3) as stage:
        scenarios = numbered(20)
        looks = sent(stage, *scenarios)
        assert [(look.baseline and look.baseline.scenario, look.canary and look.canary.scenario) for look in looks] == [
            (s, s) for s in scenarios
        ]
        assert all(look.gap is None and not look.thrice for look in looks)
        assert [len(stage.asked(side)) for side in Side] == [20, 20]


def test_each_half_comes_from_its_own_side(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=lambda _: status("418 Tea")) as stage:
        (look,) = sent(stage)
        assert look.baseline is not None
        assert look.canary is not None
        assert (look.baseline.target.side, look.baseline.exchanges[0].status) == (BASELINE, 200)
        assert (look.canary.target.side, look.canary.exchanges[0].status) == (CANARY, 418)


def test_both_sides_are_asked_at_once(tmp_path: Path) -> None:
    both = asyncio.Barrier(2)

    async def waits(_: Call) -> bytes:
        await both.wait()  # neither side answers before the other was asked
        return ok()

    with Stage(folder=tmp_path, baseline=waits, canary=waits, lanes_a_side=1) as stage:
        assert all(look.gap is None for look in sent(stage, *numbered(6)))


def test_a_shared_store_is_asked_in_turn_and_the_first_alternates(tmp_path: Path) -> None:
    busy: list[int] = [0, 0]

    async def slow(_: Call) -> bytes:
        busy[0] += 1
        busy[1] = max(busy)
        for __ in range(5):
            await asyncio.sleep(0)
        busy[0] -= 1
        return ok()

    with Stage(folder=tmp_path, baseline=slow, canary=slow, lanes_a_side=1, in_turn=True) as stage:
        sent(stage, *numbered(6))
        assert busy[1] == 1
        assert [call.side for call in stage.calls] == [CANARY, BASELINE, BASELINE, CANARY] * 3


def test_lanes_work_side_by_side_each_on_its_own_connection(tmp_path: Path) -> None:
    both = asyncio.Barrier(3)

    async def waits(call: Call) -> bytes:
        if call.side is CANARY:
            await both.wait()
        return ok()

    with Stage(folder=tmp_path, baseline=waits, canary=waits, lanes_a_side=3) as stage:
        sent(stage, *numbered(6))
        assert {side: server.connections for side, server in stage.servers.items()} == {BASELINE: 3, CANARY: 3}


def test_the_unique_word_is_one_on_both_sides_and_another_each_time(tmp_path: Path) -> None:
    asks = Scenario.of(THINGS.example().with_(json={"name": "$unique"}))
    with Stage(folder=tmp_path) as stage:
        sent(stage, asks, asks, asks)
        words = [{call.body for call in stage.asked(side)} for side in Side]
        assert words[0] == words[1]
        assert len(words[0]) == 3


# One-sided looks.


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("trouble", [mute, limited, lambda _: status("503 Busy")])
@pytest.mark.parametrize("times", [1, 2])
def test_what_answers_when_asked_again_is_a_pair(tmp_path: Path, side: Side, trouble: Service, times: int) -> None:
    with Stage(folder=tmp_path, **on(side, mixed(steadfast, things=failing(times, first=trouble)))) as stage:
        (look,) = sent(stage)
        assert look.baseline is not None
        assert look.canary is not None
        assert (look.gap, look.thrice) == (None, False)
        assert [trace.exchanges[0].status for trace in (look.baseline, look.canary)] == [200, 200]
        assert len(stage.asked(side.other, "/things")) == times + 1
        assert [len(stage.asked(each, "/ping")) for each in Side] == [times, times]
        assert len(stage.pauses) == times


@pytest.mark.parametrize("trouble", [mute, limited])
def test_a_canary_that_fails_three_times_while_all_else_answers_is_evidence(tmp_path: Path, trouble: Service) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=trouble)) as stage:
        (look,) = sent(stage)
        assert look.thrice
        assert look.gap is None
        assert look.canary is not None
        assert len(look.canary.judged) == 1
        assert len(stage.asked(BASELINE, "/things")) == ASKS
        assert [len(stage.asked(side, "/ping")) for side in Side] == [ASKS, ASKS]


@pytest.mark.parametrize(
    ("baseline", "canary", "code"),
    [
        (mute, steadfast, "silent"),
        (limited, steadfast, "limited"),
        (mute, mute, "both-silent"),
        (limited, limited, "limited"),
        (mute, limited, "silent"),
        (failing(1), mute, "silent"),  # the baseline was silent once, too: nothing is proven
        (failing(2, first=limited), mute, "silent"),
    ],
)
def test_any_other_one_sided_look_is_a_gap(tmp_path: Path, baseline: Service, canary: Service, code: str) -> None:
    with Stage(folder=tmp_path, baseline=mixed(steadfast, things=baseline), canary=mixed(steadfast, things=canary)) as stage:
        (look,) = sent(stage)
        assert (look.baseline, look.canary, look.thrice) == (None, None, False)
        assert look.gap is not None
        assert look.gap.code == code
        assert look.gap.what == "GET /things as anonymous"


def test_a_gap_takes_nothing_from_its_neighbours(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=mixed(steadfast, things=mute)) as stage:
        looks = sent(stage, Scenario.of(PING.example()), LOOK, Scenario.of(PING.example()))
        assert [look.gap is None for look in looks] == [True, False, True]
        assert len(stage.asked(CANARY, "/things")) == ASKS


def test_the_number_of_asks_is_bounded(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=limited)) as stage:
        sent(stage, *[LOOK] * 10)
        assert [len(stage.asked(side, "/things")) for side in Side] == [30, 30]
        assert len(stage.asked(CANARY, "/ping")) == ASKS


def test_a_burst_that_is_limited_is_data(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=limited)) as stage:
        (look,) = sent(stage, Scenario.of(THINGS.example().with_(intent=Intent.BURST)))
        assert look.gap is None
        assert not look.thrice
        assert len(stage.asked(CANARY, "/things")) == 1


@pytest.mark.parametrize(
    ("asked", "paused"),
    [(b"Retry-After: 3", 3.0), (b"Retry-After: 0", SHORTEST_PAUSE), (b"Retry-After: 9999", 5.0), (b"X: y", SHORTEST_PAUSE)],
)
def test_the_pause_is_what_the_target_asks_for(tmp_path: Path, asked: bytes, paused: float) -> None:
    slow = failing(1, first=lambda _: status("429 Slow", asked))
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=slow)) as stage:
        sent(stage)
        assert stage.pauses == [paused]


def test_silence_is_given_a_little_more_time_each_time(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=mute)) as stage:
        sent(stage)
        assert stage.pauses == [SHORTEST_PAUSE, SHORTEST_PAUSE * 2]


# Sides that died.


@pytest.mark.parametrize("side", Side)
def test_a_dead_side_is_not_asked_for_long(tmp_path: Path, side: Side) -> None:
    with Stage(folder=tmp_path, lanes_a_side=1, **on(side, mute)) as stage:
        looks = sent(stage, *numbered(200))
        assert {look.gap and look.gap.code for look in looks} == {"stopped"}
        assert all(look.gap and str(side) in look.gap.why for look in looks)
        assert set(stage.lanes.dead) == {side}
        assert len(stage.calls) <= 40  # of 400
        before = len(stage.calls)
        assert [look.gap and look.gap.code for look in sent(stage)] == ["stopped"]
        assert len(stage.calls) == before


def test_many_lanes_find_a_dead_side_soon_too(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, lanes_a_side=8, canary=mute) as stage:
        sent(stage, *numbered(200))
        assert len(stage.calls) <= 100  # of 400


def test_one_silent_control_condemns_nobody(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=failing(1), ping=failing(1))) as stage:
        (look,) = sent(stage)
        assert stage.lanes.dead == {}
        assert look.gap is None


def test_what_was_seen_before_a_side_died_still_counts(tmp_path: Path) -> None:
    def dies(call: Call) -> bytes | None:
        return ok() if call.number <= 3 else None

    with Stage(folder=tmp_path, lanes_a_side=1, canary=dies) as stage:
        looks = sent(stage, *numbered(50))
        assert [look.gap is None for look in looks] == [True] * 3 + [False] * 47


def test_silence_now_and_then_does_not_stop_the_run(tmp_path: Path) -> None:
    def odd(call: Call) -> bytes | None:
        return None if call.number % 2 else ok()

    with Stage(folder=tmp_path, lanes_a_side=1, canary=mixed(odd, ping=steadfast)) as stage:
        sent(stage, *numbered(30))
        assert stage.lanes.dead == {}


# What we do not send ourselves.


@pytest.mark.parametrize("requests", [1, 3, 5])
def test_a_spent_budget_is_a_gap_that_says_so(tmp_path: Path, requests: int) -> None:
    with Stage(folder=tmp_path, lanes_a_side=1, requests=requests) as stage:
        looks = sent(stage, *numbered(8))
        assert [look.gap and look.gap.code for look in looks] == [None] * requests + ["budget"] * (8 - requests)
        assert {look.gap.fix for look in looks if look.gap} == {"raise budget.requests"}
        assert [len(stage.asked(side)) for side in Side] == [requests, requests]
        assert stage.lanes.dead == {}


@pytest.mark.parametrize(("requests", "thrice"), [*((number, False) for number in range(1, 8)), (8, True)])
def test_silence_is_no_evidence_when_no_budget_is_left_for_the_last_control(tmp_path: Path, requests: int, thrice: bool) -> None:  # noqa: FBT001
    # Three asks, two of them resent on a fresh connection, and a control after each: eight requests of the canary's budget.
    with Stage(folder=tmp_path, lanes_a_side=1, requests=requests, canary=mixed(steadfast, things=mute)) as stage:
        (look,) = sent(stage)
        assert look.thrice is thrice
        assert (look.gap is None) is thrice
        assert stage.lanes.dead == {}


def test_what_cannot_be_written_is_asked_once_and_is_a_gap(tmp_path: Path) -> None:
    odd = Scenario.of(THINGS.example().with_(path={}))
    unbound = Scenario.of(ME.example(role="nobody"))
    with Stage(folder=tmp_path) as stage:
        one, two = sent(stage, odd, unbound)
        assert one.gap is None
        assert two.gap is not None
        assert (two.gap.code, two.gap.what) == ("unbound", "GET /me as nobody")
        assert stage.pauses == []


def test_a_stop_ends_the_batch_with_gaps(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        for meter in stage.meters.values():
            meter.stop("SIGTERM")
        assert [look.gap and (look.gap.code, look.gap.why) for look in sent(stage)] == [("stopped", "SIGTERM")]
        assert stage.calls == []


def test_a_pair_that_is_stopped_goes_on_at_neither_side(tmp_path: Path) -> None:
    asked: list[Side] = []
    both = asyncio.Event()

    async def never(call: Call) -> bytes:
        asked.append(call.side)
        if len(asked) == len(Side):
            both.set()
        return await asyncio.Future()

    def halves() -> list[str]:
        return [name for task in asyncio.all_tasks() if "Halves" in (name := getattr(task.get_coro(), "__qualname__", ""))]

    async def stopped(stage: Stage) -> tuple[list[str], list[str]]:
        pair = asyncio.create_task(stage.lanes.send(numbered(1)))
        async with asyncio.timeout(60):
            await both.wait()
        before = halves()
        pair.cancel()
        await asyncio.gather(pair, return_exceptions=True)
        return before, halves()

    with Stage(baseline=never, canary=never, folder=tmp_path) as stage:
        before, after = stage.loop.run(stopped(stage))
        assert (len(before), after) == (1, [])
        assert sorted(asked) == sorted(Side)


# One side alone.


def test_one_side_can_be_asked_alone(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        trace = stage.loop.run(stage.lanes.one(CANARY, CONTROL))
        assert trace.exchanges[0].status == 200
        scenarios = numbered(7)
        traces = stage.loop.run(stage.lanes.several(BASELINE, scenarios))
        assert [trace.scenario for trace in traces] == scenarios
        assert [len(stage.asked(side)) for side in Side] == [7, 1]


def test_nothing_to_ask_asks_nothing(tmp_path: Path) -> None:
    run: list[Callable[[Stage], Any]] = [
        lambda stage: stage.loop.run(stage.lanes.send([])),
        lambda stage: stage.loop.run(stage.lanes.several(BASELINE, [])),
    ]
    with Stage(folder=tmp_path) as stage:
        assert [each(stage) for each in run] == [[], []]
        assert stage.calls == []


def test_a_target_that_cannot_be_written_takes_no_request_from_the_target(tmp_path: Path) -> None:
    blank = Scenario.of(THINGS.example())
    odd = Scenario.of(type(blank.judged[0])(operation=THINGS, target=Template.of("/", Slot(name="nobody's"))))
    with Stage(folder=tmp_path) as stage:
        (look,) = sent(stage, odd)
        assert look.gap is not None
        assert look.gap.code == "unbound"
        assert stage.calls == []


# Captures.


@pytest.mark.parametrize(
    ("judged", "code"),
    [
        ((False,), "setup"),  # a preparation: what it captures is all that it is for
        ((False, True), "setup"),
        ((True, True), "setup"),
        ((True,), ""),  # the answer itself is judged, whatever it lacks
        ((True, False), ""),
    ],
)
def test_a_capture_that_fails_is_a_gap_unless_all_that_is_judged_was_seen(tmp_path: Path, judged: tuple[bool, ...], code: str) -> None:
    first, *others = (Step(probe=THINGS.example(), judged=each) for each in judged)
    steps = (replace(first, captures={"no": Pointer(path="/no")}), *others)
    with Stage(folder=tmp_path) as stage:
        (look,) = sent(stage, Scenario(steps=steps))
        assert (look.gap.code if look.gap else "") == code


def test_what_an_undo_left_on_either_side_is_told_once(tmp_path: Path) -> None:
    class Stubborn(Shop):
        def _thing(self, call: Call, who: str) -> bytes:
            return status("500 No") if call.method == "DELETE" else super()._thing(call, who)

    own = Slot(name="thing:ann", owner="ann", kind="thing")
    with Stage(folder=tmp_path, baseline=Stubborn(), canary=Shop()) as stage:
        scenario = stage.objects.fresh(Scenario.of(CHANGE.example(role="ann").with_(path={"id": own})))
        stage.loop.run(stage.lanes.send([scenario]))
        assert stage.lanes.take_left() == {"PUT /things/{id}"}
        assert stage.lanes.take_left() == frozenset()
