"""Odd requests that got at nothing hand their objects on; whatever may have changed one has a fresh one next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from stage import CHANGE, MAKE, REMOVE, THING, Call, Service, Shop, Stage, status

from zeroweight.model.http import Exchange, Response, Trace
from zeroweight.model.request import Intent, Pointer, Probe, Scenario, Slot, Step
from zeroweight.model.target import Side, Target
from zeroweight.trial.objects import Journal
from zeroweight.trial.spares import made_for, untouched, without_making

BASELINE, CANARY = Side
OWN = Slot(name="thing:ann", owner="ann", kind="thing")
MANY = 5


def odd(role: str = "ann") -> Probe:
    return replace(CHANGE.example(role=role).with_(path={"id": OWN}, raw=b'{"a'), intent=Intent.INVALID)


class Strict(Shop):
    """Refuses every change with a status of its choice, once the guards let it through."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said

    def _thing(self, call: Call, who: str) -> bytes:
        number = call.path.rpartition("/")[2]
        if call.method == "PUT" and self.things.get(number) == who:
            return status(self.said)
        return super()._thing(call, who)


def sent(
    folder: Path, shop: Shop, probe: Probe, canary: Service | None = None, *, thrifty: bool = True, in_turn: bool = False
) -> list[int]:
    """Send an odd request MANY times, one after the other; return how many objects each side made, when all of them are gone."""
    other = canary or type(shop)(*([shop.said] if isinstance(shop, Strict) else []))
    with Stage(folder=folder, baseline=shop, canary=other, lanes_a_side=1, in_turn=in_turn) as stage:
        scenario = stage.objects.fresh(Scenario.of(probe))
        looks = stage.loop.run(stage.lanes.send([scenario] * MANY, thrifty=thrifty))
        assert all(look.gap is None for look in looks)
        assert all(len(half.judged) == 1 for look in looks for half in (look.baseline, look.canary) if half)
        assert [len(stage.asked(side, method="PUT")) for side in Side] == [MANY, MANY]
        assert all(entry.removed for entry in Journal.read(folder)), "nothing is left to the end of the run"
        return [len(stage.asked(side, method="POST")) for side in Side]


@pytest.mark.parametrize("said", ["400 No", "401 No", "403 No", "405 No", "415 No", "422 No", "501 No"])
def test_one_object_serves_all_odd_requests_that_are_refused(tmp_path: Path, said: str) -> None:
    assert sent(tmp_path, Strict(said), odd()) == [1, 1]


@pytest.mark.parametrize("said", ["200 Yes", "302 There", "404 Gone", "409 There", "410 Gone", "500 Oops"])
def test_what_may_have_changed_its_object_hands_none_on(tmp_path: Path, said: str) -> None:
    assert sent(tmp_path, Strict(said), odd()) == [MANY, MANY]


def test_a_stranger_who_is_told_that_there_is_nothing_did_not_get_at_it(tmp_path: Path) -> None:
    class Hiding(Shop):
        def _thing(self, call: Call, who: str) -> bytes:
            return status("404 No") if self.things.get(call.path.rpartition("/")[2]) != who else super()._thing(call, who)

    assert sent(tmp_path, Hiding(), odd("ben")) == [1, 1]


def test_what_one_side_alone_lets_in_has_a_fresh_object_each_time(tmp_path: Path) -> None:
    assert sent(tmp_path, Shop(), odd("ben"), Shop(lacks=("owner",))) == [MANY, MANY]


def test_what_is_asked_again_to_be_believed_has_fresh_objects(tmp_path: Path) -> None:
    assert sent(tmp_path, Strict("400 No"), odd(), thrifty=False) == [MANY, MANY]
    with Stage(folder=tmp_path / "bench", baseline=Strict("400 No"), canary=Strict("400 No")) as stage:
        stage.bench.run(stage.bench.ask([stage.objects.fresh(Scenario.of(odd()))], 4))
        assert [len(stage.asked(side, method="POST")) for side in Side] == [4, 4]


def test_a_shared_store_is_never_left_with_an_object_that_another_request_might_meet(tmp_path: Path) -> None:
    """The sides are asked in turn, and the unique words of their objects are the same."""
    store = Strict("400 No")
    assert sent(tmp_path, store, odd(), store, in_turn=True) == [MANY, MANY]


def test_the_lanes_do_not_share_an_object_at_one_time(tmp_path: Path) -> None:
    busy: set[str] = set()
    clashes: list[str] = []

    def watched(shop: Shop) -> Service:
        async def service(call: Call) -> bytes | None:
            place = f"{call.side} {call.path}"
            clashes.extend(busy & {place} if call.method == "PUT" else ())
            busy.add(place)
            for _ in range(50):  # the other lanes come to their turn meanwhile
                await asyncio.sleep(0)
            busy.discard(place)
            return shop(call)

        return service

    with Stage(folder=tmp_path, baseline=watched(Strict("400 No")), canary=watched(Strict("400 No")), lanes_a_side=3) as stage:
        stage.loop.run(stage.lanes.send([stage.objects.fresh(Scenario.of(odd()))] * 30, thrifty=True))
        made = [len(stage.asked(side, method="POST")) for side in Side]
    assert clashes == []
    assert made == [3, 3], "one object for each lane"
    assert all(entry.removed for entry in Journal.read(tmp_path))


def test_a_look_at_the_bench_is_thrifty(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Strict("400 No"), canary=Strict("400 No"), lanes_a_side=1) as stage:
        stage.bench.run(stage.bench.look([stage.objects.fresh(Scenario.of(odd()))] * MANY))
        assert [len(stage.asked(side, method="POST")) for side in Side] == [1, 1]


# What a scenario is about.

MAKING = Step(probe=MAKE.example(role="ann"), captures={OWN.name: Pointer(path="/id")}, judged=False)
UNDO = Step(probe=REMOVE.example(role="ann").with_(path={"id": OWN}), judged=False)
WHOLE = Scenario(steps=(MAKING, Step(probe=odd())), undo=(UNDO,), actors={"ann": "ann"})


def test_only_odd_requests_about_objects_of_their_own_are_thrifty() -> None:
    assert made_for(WHOLE) == ("thing:ann",)
    plain = replace(odd(), intent=Intent.NORMAL)
    for other in (
        Scenario.of(odd()),
        replace(WHOLE, undo=()),
        replace(WHOLE, steps=(MAKING, Step(probe=plain))),
        replace(WHOLE, steps=(MAKING, Step(probe=odd(), captures={"x": Pointer(path="/x")}))),
        replace(WHOLE, steps=(replace(MAKING, judged=True), Step(probe=odd()))),
        replace(WHOLE, steps=(MAKING, Step(probe=THING.example(), judged=False), Step(probe=odd()))),
    ):
        assert made_for(other) == ()


def test_without_its_making_a_scenario_is_its_request_and_keeps_its_actors() -> None:
    assert without_making(WHOLE) == Scenario(steps=(Step(probe=odd()),), actors={"ann": "ann"})


def test_an_object_is_untouched_only_where_both_sides_say_so() -> None:
    target = Target(side=CANARY, url="http://canary.example")

    def half(code: int) -> Trace:
        seen = [Exchange(probe=step.probe, target=target, response=Response(status=code)) for step in WHOLE.steps]
        return Trace(scenario=WHOLE, target=target, exchanges=tuple(seen))

    assert untouched([half(400), half(403)])
    assert not untouched([half(400), half(200)])
    assert not untouched([half(400), replace(half(400), exchanges=())])
