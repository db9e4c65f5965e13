"""A difference is believed on fresh evidence, and on nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import pytest
from builders import exchange
from worlds import BASELINE, CANARY, World, ask, guard_lost, only, steady

from zeroweight.checks.check import catalogue
from zeroweight.compare import State
from zeroweight.model.http import Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.operation import Parameter
from zeroweight.model.request import Intent, Probe, Scenario
from zeroweight.model.target import Side
from zeroweight.trial.candidate import KIN, KIN_REPEATS, TELLING
from zeroweight.trial.doubt import BASELINE_ASKS
from zeroweight.verdict import Action, Policy

# Steady differences.


def test_a_steady_difference_is_new_and_confirmed_on_seven_repeats() -> None:
    world = World(says=guard_lost)
    delta = only(world)
    assert (delta.state, delta.confirmed, delta.pairs, delta.seen_new) == (State.NEW, True, 1, 1)
    assert (delta.repeats.canary, delta.repeats.asked_canary, delta.repeats.baseline, delta.repeats.asked_baseline) == (7, 7, 0, 7)
    assert world.asked == [("/x anonymous", 7)]
    assert world.asked_baseline == BASELINE_ASKS
    assert world.examiner.gaps("own") == ()


def test_what_both_sides_show_is_unchanged_and_not_asked_again() -> None:
    world = World(says=lambda *_: steady(guarded=True, body=b"leak"))
    delta = only(world)
    assert (delta.state, delta.confirmed, delta.seen_new, delta.tentative) == (State.UNCHANGED, False, 0, True)
    assert (world.asked, world.asked_baseline) == ([], 0)


def test_what_only_the_baseline_shows_is_absent_and_not_asked_again() -> None:
    world = World(says=lambda side, _: steady(guarded=True, body=b"leak" if side is BASELINE else b""))
    delta = only(world, ask(), ask())
    assert (delta.state, delta.confirmed, delta.pairs, delta.seen_new) == (State.ABSENT, False, 2, 0)
    assert (delta.evidence, delta.rule) == (("it says leak",), "own.leak")
    assert (world.asked, world.asked_baseline, world.examiner.pairs) == ([], 0, 2)
    assert Policy(today=dt.date(2027, 1, 1)).weigh(delta) is Action.IGNORE


def test_a_guard_that_only_the_canary_has_is_not_absent() -> None:
    """A contrast speaks of the canary: turned round it says nothing."""
    world = World(says=lambda side, _: steady(side is CANARY))
    world.take(ask())
    assert world.settle() == {}


@pytest.mark.parametrize(
    ("shows", "state"),
    [
        ({"a": "old"}, State.ABSENT),
        ({"a": "old", "b": "both"}, State.UNCHANGED),
        ({"a": "both", "b": "old"}, State.UNCHANGED),
        ({"a": "old", "b": "new"}, State.NEW),
        ({"a": "new", "b": "old", "c": "both"}, State.NEW),
    ],
    ids=str,
)
def test_pairs_of_one_fingerprint_are_folded_with_the_worst_state_winning(shows: dict[str, str], state: State) -> None:
    where = {"old": {BASELINE}, "new": {CANARY}, "both": {BASELINE, CANARY}}

    def says(side: Side, asked: Probe) -> dict[str, Any]:
        return steady(guarded=True, body=b"leak" if side in where[shows[asked.label]] else b"")

    delta = only(World(says=says), *[ask(label=label) for label in shows])
    assert (delta.state, delta.confirmed, delta.pairs) == (state, state is State.NEW, len(shows))


def test_ten_steady_differences_take_eight_repeats_each() -> None:
    world = World(says=guard_lost)
    world.take(*[ask(f"/{number}", role=f"r{number}") for number in range(10)])
    deltas = world.settle()
    assert {(delta.state, delta.confirmed, delta.repeats.asked_canary) for delta in deltas.values()} == {(State.NEW, True, 8)}
    assert len(deltas) == 10


def test_candidates_on_one_scenario_are_asked_together() -> None:
    world = World(says=lambda side, _: steady(side is BASELINE, body=b"leak" if side is CANARY else b""))
    world.take(ask())
    deltas = asyncio.run(world.examiner.settle(world.ask, world.ask_baseline))
    assert {(delta.rule, delta.confirmed) for delta in deltas} == {("own.lost", True), ("own.leak", True)}
    assert len(world.asked) == 1


def test_one_input_of_thirty_that_works_is_enough() -> None:
    def one_works(side: Side, asked: Probe) -> dict[str, Any]:
        return steady(side is BASELINE or asked.label != "p17")

    world = World(says=one_works)
    delta = only(world, *[ask(label=f"p{number}") for number in range(30)])
    assert (delta.state, delta.confirmed, delta.pairs, delta.seen_new) == (State.NEW, True, 1, 1)


# Differences that come and go.


def test_a_server_that_fails_at_random_is_unsteady_at_most() -> None:
    for seed in range(60):
        chance = random.Random(seed)

        def moody(side: Side, _: Probe, chance: random.Random = chance) -> dict[str, Any]:
            return {"status": 500 if chance.random() < 0.3 else 200, "body": b""} if side is CANARY else {}

        world = World(says=moody, checks=catalogue())
        world.take(ask(), ask("/y"), ask("/z"))
        assert {delta.state for delta in world.settle().values()} <= {State.UNSTEADY}, seed


def test_half_of_the_replicas_broken_is_unsteady_and_no_pass() -> None:
    turn = iter(range(10**6))
    world = World(says=lambda side, _: steady(guarded=True, body=b"leak" if side is CANARY and next(turn) % 2 == 0 else b""))
    delta = only(world)
    assert (delta.state, delta.confirmed) == (State.UNSTEADY, False)
    assert delta.repeats.share >= 0.4
    policy = Policy(today=dt.date(2027, 1, 1))
    assert policy.troubling(delta)
    assert policy.weigh(delta) is Action.IGNORE


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_a_header_that_the_baseline_itself_leaves_out_now_and_then_never_becomes_new(share: float) -> None:
    new: list[int] = []
    for seed in range(200):
        chance = random.Random(seed)
        world = World(says=lambda _, __, chance=chance: steady(chance.random() >= share))  # type: ignore[misc]
        world.take(*[ask(f"/{number}", role=f"r{number}") for number in range(12)])
        new += [seed for delta in world.settle().values() if delta.state is State.NEW]
    assert new == []


def test_what_lies_in_the_baselines_own_range_is_noise_and_is_counted() -> None:
    turn = iter(range(10**6))

    def every_other(side: Side, _: Probe) -> dict[str, Any]:
        return steady(next(turn) % 2 == 0) if side is BASELINE else steady(guarded=False)

    world = World(says=every_other)
    world.take(ask())
    assert world.settle() == {}
    assert (world.examiner.noisy, world.examiner.pairs) == (1, 1)
    assert world.asked == []


def test_a_canary_that_always_fails_is_believed_although_the_baseline_fails_now_and_then() -> None:
    """One chance error among the noise asks must not excuse a canary that fails each time."""
    for seed in range(40):
        chance = random.Random(seed)

        def flaky(side: Side, _: Probe, chance: random.Random = chance) -> dict[str, Any]:
            return {"status": 500 if side is CANARY or chance.random() < 0.15 else 200}

        world = World(says=flaky, checks=catalogue())
        while not world.examiner.pairs or not world.examiner._found:
            world.take(ask())
        (delta,) = world.settle().values()
        policy = Policy(today=dt.date(2027, 1, 1))
        assert policy.weigh(delta) is Action.BLOCK or policy.troubling(delta), seed


def test_what_the_baseline_does_each_time_it_is_asked_again_is_no_difference() -> None:
    turn = iter(range(10**6))

    def mostly(side: Side, _: Probe) -> dict[str, Any]:
        return {"status": 500 if side is CANARY or next(turn) else 200}

    world = World(says=mostly, checks=catalogue())
    delta = only(world)
    assert (delta.state, delta.repeats.baseline, delta.repeats.asked_baseline) == (State.UNSTEADY, BASELINE_ASKS, BASELINE_ASKS)
    assert (world.examiner.noisy, world.asked) == (1, [])


def test_odd_inputs_that_nothing_can_be_held_against_are_a_gap() -> None:
    """The canary declines the plain request, too: no rule may judge its odd ones, and that must not be silent."""
    plain = ask()
    odd = ask(intent=Intent.INVALID, label="odd", parameter=Parameter(place="body", name=""))

    def rejects(side: Side, asked: Probe) -> dict[str, Any]:
        return {"status": 400 if side is CANARY or asked.intent is Intent.INVALID else 200}

    world = World(says=rejects, checks=[each for each in catalogue() if each.rule.family != "authorization"])
    world.take(plain)
    world.take(odd)
    world.settle()
    (gap,) = world.examiner.gaps("errors")
    assert (gap.code, gap.operation) == ("unjudged", "GET /x")


def test_a_plain_request_that_was_refused_by_chance_is_renewed() -> None:
    world = World(says=lambda *_: {"status": 200}, checks=catalogue())
    failing = World(says=lambda side, _: {"status": 500 if side is CANARY else 200}, checks=catalogue())
    (pair,) = world.examiner.take([ask()], [failing.look(ask())])
    assert world.examiner.unlike([pair]) == [pair.scenario]
    world.examiner.renew([world.look(pair.scenario)])
    world.take(ask(intent=Intent.INVALID, label="odd"))
    world.settle()
    assert world.examiner.gaps("errors") == ()


def test_noise_is_learnt_once_for_a_kind_of_request() -> None:
    world = World(says=guard_lost)
    world.take(ask(), ask(), ask())
    world.settle()
    assert world.asked_baseline == BASELINE_ASKS
    later = world.next()
    later.take(ask())
    later.settle()
    assert later.asked_baseline == 0


def test_what_we_could_not_send_is_not_the_baselines_silence() -> None:
    class Spent(World):
        async def ask_baseline(self, scenarios: Sequence[Scenario], times: int) -> list[list[Trace]]:
            return [
                [Trace(scenario=s, target=exchange().target, exchanges=(exchange(side=BASELINE, failure="budget"),))] * times
                for s in scenarios
            ]

    silent = World(says=lambda side, _: {"failure": "timeout"} if side is CANARY else {}, checks=catalogue())
    spent = Spent(says=silent.says, checks=catalogue())
    assert only(spent).rule == only(silent).rule == "availability.silent"
    assert spent.examiner.noisy == 0


# What cannot be asked again.


def test_a_candidate_that_cannot_be_repeated_is_new_unconfirmed_and_a_gap() -> None:
    world = World(says=guard_lost, lives=0)
    delta = only(world)
    assert (delta.state, delta.confirmed, delta.repeats.asked_canary) == (State.NEW, False, 0)
    (gap,) = world.examiner.gaps("own")
    assert (gap.code, gap.suite, gap.operation, gap.role) == ("unconfirmed", "own", "GET /x", "anonymous")


@pytest.mark.parametrize("lives", range(1, 7))
def test_a_candidate_that_is_repeated_too_seldom_is_neither_believed_nor_dismissed(lives: int) -> None:
    world = World(says=guard_lost, lives=lives)
    delta = only(world)
    assert (delta.state, delta.confirmed, delta.repeats.asked_canary) == (State.NEW, False, lives)
    assert [gap.code for gap in world.examiner.gaps("own")] == ["unconfirmed"]


def test_three_silences_with_controls_need_no_repeats() -> None:
    world = World(says=lambda side, _: {"failure": "timeout"} if side is CANARY else {}, checks=catalogue())
    world.take(ask(), thrice=True)
    (delta,) = world.settle().values()
    assert (delta.rule, delta.state, delta.confirmed) == ("availability.silent", State.NEW, True)
    assert (world.asked, world.asked_baseline) == ([], 0)


def test_looks_without_both_halves_are_nobodys_evidence() -> None:
    world = World(says=guard_lost)
    assert world.examiner.take([ask()], [Look(gap=Gap(what="w", why="y"))]) == []
    assert world.settle() == {}
    assert world.examiner.pairs == 0


# Kin: a cause that is known elsewhere.


def known(places: int) -> World:
    world = World(says=guard_lost)
    world.take(*[ask(f"/{number}") for number in range(places)])
    assert all(delta.confirmed for delta in world.settle().values())
    return world.next()


def test_a_cause_confirmed_at_three_places_is_believed_elsewhere_on_two_repeats() -> None:
    later = known(KIN)
    delta = only(later, ask("/more"))
    assert (delta.state, delta.confirmed, delta.repeats.asked_canary) == (State.NEW, True, KIN_REPEATS)
    assert later.asked == [("/more anonymous", KIN_REPEATS)]


def test_two_places_are_not_enough_for_kin() -> None:
    later = known(KIN - 1)
    assert only(later, ask("/more")).repeats.asked_canary > KIN_REPEATS


def test_another_cause_is_no_kin() -> None:
    later = known(KIN)
    later.says = lambda side, _: steady(guarded=True, body=b"leak" if side is CANARY else b"")
    assert only(later, ask("/more")).repeats.asked_canary > KIN_REPEATS


def test_kin_that_is_not_steady_is_asked_like_anybody() -> None:
    later = known(KIN)
    turn = iter(range(10**6))
    later.says = lambda side, _: steady(side is BASELINE or next(turn) % 2 == 1)
    delta = only(later, ask("/more"))
    assert (delta.state, delta.confirmed) == (State.UNSTEADY, False)
    assert later.asked[0][1] == KIN_REPEATS


def test_kin_that_could_be_asked_only_once_is_not_believed_on_that() -> None:
    later = known(KIN)
    later.lives = 1
    assert not only(later, ask("/more")).confirmed


def test_a_fingerprint_that_an_earlier_trial_confirmed_is_not_asked_again() -> None:
    world = World(says=guard_lost)
    only(world)
    later = world.next()
    delta = only(later)
    assert (delta.state, delta.confirmed, later.asked) == (State.NEW, True, [])


def test_candidates_of_earlier_trials_and_other_workers_go_on_counting() -> None:
    world = World(says=guard_lost)
    world.take(*[ask(f"/{number}", role=f"r{number}") for number in range(2)])
    world.settle(workers=5)
    later = world.next()
    later.past.causes.clear()
    later.take(ask("/more"))
    later.settle(workers=5)
    assert later.asked == [("/more anonymous", 8)]


def test_up_to_three_pairs_of_a_fingerprint_are_asked_again() -> None:
    turns = {f"p{number}": iter(range(10**6)) for number in range(9)}

    def first_sight(side: Side, asked: Probe) -> dict[str, Any]:
        return steady(side is BASELINE or next(turns[asked.label]) > 0)

    world = World(says=first_sight)
    delta = only(world, *[ask(label=f"p{number}") for number in range(9)])
    assert (delta.state, delta.seen_new) == (State.UNSTEADY, 9)
    assert len(world.asked) == TELLING
