"""What one trial asked, a later one need not ask again; and what it must ask again all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stage import CHANGE, MAKE, ME, REMOVE, THING, THINGS

from zeroweight.model.http import Exchange, Headers, Response, Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.operation import Parameter
from zeroweight.model.payload import Payload
from zeroweight.model.request import UNIQUE, Intent, Pointer, Probe, Scenario, Slot, Step
from zeroweight.model.target import Side, Target
from zeroweight.trial.memory import EACH, FIELD, MOST, Memory

BASELINE, CANARY = Side
Fields = tuple[tuple[bytes, bytes], ...]
PLAIN = THINGS.example(role="ann")
OWN = Slot(name="thing:ann", owner="ann", kind="thing")


def about(operation: Probe, slot: Slot = OWN) -> Probe:
    return operation.with_(path={"id": slot})


READ = about(THING.example(role="ann"))
WRITE = about(CHANGE.example(role="ann"))
MADE = Step(probe=MAKE.example(role="ann"), captures={OWN.name: Pointer(path="/id")}, judged=False)
GONE = Step(probe=about(REMOVE.example(role="ann")), judged=False)


def look_of(scenario: Scenario, *statuses: int, canary: tuple[int, ...] = (), body: bytes = b"{}", fields: Fields = ()) -> Look[Trace]:
    """Return a look whose halves answered each step with a status."""

    def half(side: Side, told: tuple[int, ...]) -> Trace:
        target = Target(side=side, url=f"http://{side}.example")
        answers = [Response(status=code, body=body, headers=Headers(raw=fields)) if code else None for code in told]
        seen = [
            Exchange(probe=step.probe, target=target, response=response) for step, response in zip(scenario.steps, answers, strict=False)
        ]
        return Trace(scenario=scenario, target=target, exchanges=tuple(seen))

    return Look(baseline=half(BASELINE, statuses), canary=half(CANARY, canary or statuses))


def halves(look: Look[Trace]) -> list[Trace]:
    return [half for half in (look.baseline, look.canary) if half]


def remembered(scenario: Scenario, look: Look[Trace]) -> bool:
    return after(scenario, look).holds(scenario)


def after(scenario: Scenario, look: Look[Trace], *, most: int = MOST) -> Memory:
    """Return a memory in which one trial kept a look."""
    memory = Memory(most)
    memory.keep([scenario], [look])
    memory.next_trial()
    return memory


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


def test_a_trial_does_not_recall_its_own_looks() -> None:
    memory = Memory()
    for _ in range(2):
        memory.keep([Scenario.of(PLAIN)], [LOOK])
        assert not memory.holds(Scenario.of(PLAIN))
        memory.next_trial()
        assert memory.holds(Scenario.of(PLAIN))


PAGES = [Scenario.of(PLAIN.with_(query={"page": str(page)})) for page in range(3)]
ANSWERS = [look_of(scenario, code) for scenario, code in zip(PAGES, (200, 400, 403), strict=True)]


def pages(look: Look[Trace]) -> list[bool]:
    """Return which pages' looks are still there when a later trial saw another answer to the last one."""
    memory = Memory()
    memory.keep([*PAGES, Scenario.of(ME.example(role="ann"))], [*ANSWERS, look_of(Scenario.of(ME.example(role="ann")), 200)])
    memory.next_trial()
    memory.keep(PAGES[2:], [look])
    assert memory.holds(Scenario.of(ME.example(role="ann"))), "another operation is not concerned"
    return [memory.holds(each) for each in PAGES]


@pytest.mark.parametrize(
    "look",
    [
        look_of(PAGES[2], 403, canary=(200,)),
        look_of(PAGES[2], 403, canary=(0,)),
        look_of(PAGES[2], 200),
        Look(gap=Gap(what="x", why="y")),
    ],
    ids=["opened up", "silent", "both otherwise", "a gap"],
)
def test_another_answer_than_before_makes_the_whole_operation_forgotten(look: Look[Trace]) -> None:
    assert pages(look) == [False, False, False]


def test_the_same_answer_as_before_leaves_the_rest_and_is_kept_for_the_next_trial() -> None:
    assert pages(look_of(PAGES[2], 403)) == [True, True, False]


def test_whoever_got_furthest_and_whoever_got_least_far_are_asked_anew() -> None:
    memory = Memory()
    memory.keep(PAGES, ANSWERS)
    memory.next_trial()
    assert set(memory.recall(PAGES)) == {1}
    assert memory.recall(PAGES[:1]) == {}
    assert set(memory.recall([*PAGES, PAGES[1]])) == set(), "who asks twice wants two answers"


ODD = [
    replace(THINGS.example(role="ben"), intent=Intent.INVALID),
    replace(THINGS.example(role="ben"), intent=Intent.ATTACK),
    replace(THINGS.example(role="ben"), intent=Intent.BURST),
    replace(THINGS.example(role="ben"), payload=Payload(id="p", family="f", where="query", send=b"x")),
]


@pytest.mark.parametrize("odd", ODD, ids=["odd", "an attack", "a burst", "a payload"])
def test_what_an_odd_request_may_have_changed_is_asked_anew(odd: Probe) -> None:
    memory = after(Scenario.of(PLAIN), LOOK)
    memory.keep([Scenario.of(odd)], [look_of(Scenario.of(odd), 400)])
    assert not memory.holds(Scenario.of(PLAIN))
    memory.keep([Scenario.of(PLAIN)], [LOOK])
    memory.next_trial()
    assert not memory.holds(Scenario.of(PLAIN)), "in the trial that sent it, nothing of the operation is kept any more"
    memory.keep([Scenario.of(PLAIN)], [LOOK])
    memory.next_trial()
    assert memory.holds(Scenario.of(PLAIN))


@pytest.mark.parametrize("odd", ODD, ids=["odd", "an attack", "a burst", "a payload"])
def test_what_is_asked_beside_odd_requests_is_asked_with_them(odd: Probe) -> None:
    memory = Memory()
    memory.keep(PAGES, ANSWERS)
    memory.next_trial()
    assert memory.recall([*PAGES, Scenario.of(odd)]) == {}


def test_what_left_something_behind_is_asked_anew() -> None:
    memory = Memory()
    memory.keep([Scenario.of(PLAIN)], [LOOK], left=["GET /things"])
    memory.next_trial()
    assert not memory.holds(Scenario.of(PLAIN))


def test_a_look_is_recalled_as_it_came_each_time() -> None:
    """What checks make of an answer is not kept with it, and what was sent again is told once."""
    look = look_of(Scenario.of(PLAIN), 200)
    told = [replace(half, exchanges=tuple(replace(each, resent=True) for each in half.exchanges)) for half in halves(look)]
    look = Look(baseline=told[0], canary=told[1])
    batch = [*PAGES[:2], Scenario.of(PLAIN)]
    memory = Memory()
    answers = [each.response for half in halves(look) for each in half.exchanges if each.response]
    assert {answer.readable for answer in answers} == {""}
    memory.keep(batch, [look_of(PAGES[0], 100), look_of(PAGES[1], 500), look])
    memory.next_trial()
    for _ in range(2):
        recalled = memory.recall(batch)[2]
        exchanges = [each for half in halves(recalled) for each in half.exchanges]
        assert [each.resent for each in exchanges] == [False, False]
        for each in exchanges:
            assert each.response is not None
            assert each.response in answers
            assert not {"json", "text", "readable"} & set(vars(each.response))
            assert each.response.readable == ""


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
        PLAIN.with_(parameter=Parameter(place="query", name="q")),
    ],
)
def test_only_the_very_same_request_is_recalled(other: Probe) -> None:
    memory = after(Scenario.of(PLAIN), LOOK)
    assert not memory.holds(Scenario.of(other))
    assert memory.holds(Scenario.of(replace(PLAIN, label="spoken of differently")))


def test_another_object_is_another_request() -> None:
    memory = after(Scenario.of(READ), look_of(Scenario.of(READ), 200))
    assert memory.holds(Scenario.of(READ))
    assert not memory.holds(Scenario.of(about(READ, Slot(name="thing:ben", owner="ben", kind="thing"))))


FIELDS = ((b"server", b"x" * 400), (b"via", b"y" * 84))
BIG = 2 * (EACH + 500 + 2 * FIELD + 493)
"""Bytes of a look of two answers with these fields and a body of 500 bytes."""


def test_memory_is_bounded_by_bodies_and_header_fields_even_within_a_trial() -> None:
    memory = Memory(3 * BIG)
    scenarios = [Scenario.of(PLAIN.with_(query={"page": str(page)})) for page in range(4)]
    for scenario in scenarios:
        memory.keep([scenario], [look_of(scenario, 200, body=b"x" * 500, fields=FIELDS)])
    assert len(memory) == 3
    memory.next_trial()
    assert [memory.holds(scenario) for scenario in scenarios] == [False, True, True, True]
    big = Scenario.of(PLAIN.with_(query={"page": "big"}))
    memory.keep([big], [look_of(big, 200, body=b"x" * 6000)])
    assert len(memory) == 0
