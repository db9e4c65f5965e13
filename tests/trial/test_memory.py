"""What one trial asked, a later one need not ask again; and what it must ask again all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stage import CHANGE, MAKE, ME, REMOVE, THING, THINGS, Call, Shop, Stage, mixed, ok, status, steadfast

from zeroweight.model.http import Exchange, Response, Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.payload import Payload
from zeroweight.model.request import UNIQUE, Intent, Pointer, Probe, Scenario, Slot, Step
from zeroweight.model.target import Side, Target
from zeroweight.trial.memory import EACH, Memory

BASELINE, CANARY = Side
PLAIN = THINGS.example(role="ann")
OWN = Slot(name="thing:ann", owner="ann", kind="thing")


def about(operation: Probe, slot: Slot = OWN) -> Probe:
    return operation.with_(path={"id": slot})


READ = about(THING.example(role="ann"))
WRITE = about(CHANGE.example(role="ann"))
MADE = Step(probe=MAKE.example(role="ann"), captures={OWN.name: Pointer(path="/id")}, judged=False)
GONE = Step(probe=about(REMOVE.example(role="ann")), judged=False)


def look_of(scenario: Scenario, *statuses: int, canary: tuple[int, ...] = (), body: bytes = b"{}") -> Look[Trace]:
    """Return a look whose halves answered each step with a status."""

    def half(side: Side, told: tuple[int, ...]) -> Trace:
        target = Target(side=side, url=f"http://{side}.example")
        answers = [Response(status=code, body=body) if code else None for code in told]
        seen = [
            Exchange(probe=step.probe, target=target, response=response) for step, response in zip(scenario.steps, answers, strict=False)
        ]
        return Trace(scenario=scenario, target=target, exchanges=tuple(seen))

    return Look(baseline=half(BASELINE, statuses), canary=half(CANARY, canary or statuses))


def remembered(scenario: Scenario, look: Look[Trace]) -> bool:
    memory = Memory()
    memory.keep(scenario, look)
    memory.next_trial()
    return memory.recall(scenario) is look


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario.of(PLAIN),
        Scenario.of(READ),
        Scenario(steps=(MADE, Step(probe=WRITE)), undo=(GONE,)),
        Scenario(steps=(Step(probe=MADE.probe, captures=MADE.captures),), undo=(GONE,)),
    ],
    ids=["safe", "about a shared object", "made, changed and removed", "made and removed"],
)
def test_a_plain_request_that_leaves_nothing_behind_is_remembered(scenario: Scenario) -> None:
    assert remembered(scenario, look_of(scenario, *[200] * len(scenario.steps)))


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario.of(CHANGE.example(role="ann")),
        Scenario.of(replace(PLAIN, intent=Intent.INVALID)),
        Scenario.of(replace(PLAIN, intent=Intent.BURST)),
        Scenario.of(replace(PLAIN, payload=Payload(id="p", family="f", where="query", send=b"x"))),
        Scenario.of(about(READ, UNIQUE)),
        Scenario.of(about(READ, Slot(name="own"))),
        Scenario.of(PLAIN.with_(method="POST")),
        Scenario(steps=(Step(probe=PLAIN), Step(probe=READ))),
        Scenario(steps=(MADE, Step(probe=READ))),
        Scenario(steps=(Step(probe=PLAIN, judged=False),)),
    ],
    ids=[
        "a change",
        "odd",
        "a burst",
        "a payload",
        "a fresh word",
        "a suite's own object",
        "another method",
        "two",
        "made and left",
        "unjudged",
    ],
)
def test_what_is_not_the_same_the_next_time_is_not_remembered(scenario: Scenario) -> None:
    assert not remembered(scenario, look_of(scenario, *[200] * len(scenario.steps)))


LOOK = look_of(Scenario.of(PLAIN), 200)


@pytest.mark.parametrize(
    "look",
    [
        look_of(Scenario.of(PLAIN), 200, canary=(403,)),
        Look(baseline=LOOK.baseline, canary=LOOK.canary, thrice=True),
        Look(gap=Gap(what="x", why="y")),
        look_of(Scenario.of(PLAIN), 0),
    ],
    ids=["unlike", "a silence", "a gap", "no answer"],
)
def test_what_differs_or_was_not_answered_is_looked_at_afresh(look: Look[Trace]) -> None:
    assert not remembered(Scenario.of(PLAIN), look)


def test_a_later_difference_takes_the_place_of_what_was_alike() -> None:
    scenario, memory = Scenario.of(PLAIN), Memory()
    memory.keep(scenario, LOOK)
    memory.next_trial()
    memory.keep(scenario, look_of(scenario, 200, canary=(500,)))
    assert memory.recall(scenario) is None


@pytest.mark.parametrize(
    "other",
    [
        THINGS.example(role="ben"),
        THINGS.example(),
        ME.example(role="ann"),
        PLAIN.with_(query={"q": "1"}),
        PLAIN.with_(headers={"accept": "text/html"}),
        PLAIN.with_(method="HEAD"),
        PLAIN.with_(raw=b"x"),
    ],
)
def test_only_the_very_same_request_is_recalled(other: Probe) -> None:
    memory = Memory()
    memory.keep(Scenario.of(PLAIN), LOOK)
    memory.next_trial()
    assert memory.recall(Scenario.of(other)) is None
    assert memory.recall(Scenario.of(replace(PLAIN, label="spoken of differently"))) is LOOK


def test_another_object_is_another_request() -> None:
    memory = Memory()
    memory.keep(Scenario.of(READ), look_of(Scenario.of(READ), 200))
    memory.next_trial()
    assert memory.recall(Scenario.of(about(READ, Slot(name="thing:ben", owner="ben", kind="thing")))) is None


def test_memory_is_bounded_and_lets_go_of_the_oldest() -> None:
    memory = Memory(most=3 * (EACH + 2000))
    scenarios = [Scenario.of(PLAIN.with_(query={"page": str(page)})) for page in range(4)]
    for scenario in scenarios:
        memory.keep(scenario, look_of(scenario, 200, body=b"x" * 1000))
    memory.next_trial()
    assert [memory.recall(scenario) is not None for scenario in scenarios] == [False, True, True, True]
    big = Scenario.of(PLAIN.with_(query={"page": "big"}))
    memory.keep(big, look_of(big, 200, body=b"x" * 5000))
    memory.next_trial()
    assert [memory.recall(scenario) is not None for scenario in [*scenarios, big]] == [False] * 5


# With real services.


def twice(stage: Stage, *scenarios: Scenario, between: Callable[[], object] = lambda: None) -> list[list[Look[Trace]]]:
    """Look at the same in two trials."""
    first = stage.bench.run(stage.bench.look(scenarios))
    between()
    stage.bench.spent()
    return [first, stage.bench.run(stage.bench.look(scenarios))]


def test_a_later_trial_sends_nothing_for_what_was_looked_at_and_asks_the_rest(tmp_path: Path) -> None:
    plain, odd = Scenario.of(PLAIN), Scenario.of(replace(ME.example(role="ann"), intent=Intent.INVALID))
    with Stage(folder=tmp_path) as stage:
        first, second = twice(stage, plain, odd, plain)
    assert [len(stage.asked(side, "/things")) for side in Side] == [2, 2], "one trial that asks twice is answered twice"
    assert [len(stage.asked(side, "/me")) for side in Side] == [2, 2]
    assert second[0] == second[2] == first[2]
    assert second[1].baseline is not first[1].baseline


def test_answers_stand_in_the_order_of_the_scenarios(tmp_path: Path) -> None:
    def told(call: Call) -> bytes:
        return ok(call.path.encode())

    plain = [each.example(role="ann") for each in (ME, THINGS)]
    scenarios = [Scenario.of(probe) for each in plain for probe in (replace(each, intent=Intent.INVALID), each)]
    with Stage(folder=tmp_path, baseline=told, canary=told) as stage:
        for looks in twice(stage, *scenarios):
            bodies = [look.canary.exchanges[0].response for look in looks if look.canary]
            assert [body.text for body in bodies if body] == ["/me", "/me", "/things", "/things"]


def test_repeats_that_confirm_are_never_recalled(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        twice(stage, Scenario.of(PLAIN))
        stage.bench.run(stage.bench.ask([Scenario.of(PLAIN)], 3))
        assert [len(stage.asked(side, "/things")) for side in Side] == [4, 4]


def test_sessions_are_vouched_for_only_where_something_was_sent(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, known_good={"ann": Scenario.of(ME.example(role="ann"))}) as stage:
        twice(stage, Scenario.of(PLAIN))
    assert [len(stage.asked(side, "/me")) for side in Side] == [1, 1]


def test_what_the_canary_refuses_is_asked_again_in_each_trial(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=lambda _: status("403 No"))) as stage:
        twice(stage, Scenario.of(PLAIN))
    assert [len(stage.asked(side, "/things")) for side in Side] == [2, 2]


def test_a_change_of_a_fresh_object_is_recalled_and_leaves_none(tmp_path: Path) -> None:
    shops = [Shop(), Shop()]
    with Stage(folder=tmp_path, baseline=shops[0], canary=shops[1]) as stage:
        twice(stage, stage.objects.fresh(Scenario.of(WRITE)))
    assert [(shop.made, shop.things) for shop in shops] == [(1, {}), (1, {})]
