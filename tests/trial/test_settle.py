"""A difference is believed on fresh evidence, and on nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from builders import exchange, probe

from zeroweight.checks.check import Check, catalogue, check, contrast
from zeroweight.compare import Delta, State
from zeroweight.finding import Confidence, Evidence, Noise, Rule, Severity
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.operation import Parameter
from zeroweight.model.request import Intent, Probe, Scenario, Step
from zeroweight.model.target import Side
from zeroweight.redact import Redactor, Secret
from zeroweight.trial.settle import BASELINE_ASKS, KIN, KIN_REPEATS, TELLING, Examiner, Past
from zeroweight.verdict import Action, Policy

BASELINE, CANARY = Side
LOST = Rule(id="own.lost", title="A guard is gone", severity=Severity.HIGH, cwe=1, remedy="Put it back.")
LEAK = Rule(id="own.leak", title="A leak", severity=Severity.HIGH, cwe=1, remedy="Stop it.")


@contrast(LOST, on=Exchange)
def lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    if (
        baseline.response
        and canary.response
        and "x-guard" in baseline.response.headers
        and "x-guard" not in canary.response.headers
        and not noise.ever_without("x-guard")
    ):
        yield Evidence(says="no x-guard", cause="x-guard")


@check(LEAK, on=Exchange)
def leak(seen: Exchange) -> Iterator[Evidence]:
    if seen.response and b"leak" in seen.response.body:
        yield Evidence(says=f"it says {seen.response.text}", cause="leak", confidence=Confidence.TENTATIVE)


@check(LEAK, on=Exchange)
def broken(_: Exchange) -> Iterator[Evidence]:
    raise ValueError("a bug")


Says = Callable[[Side, Probe], dict[str, Any]]
"""What a side answers: the keywords of `builders.exchange`."""


def steady(guarded: bool, **more: Any) -> dict[str, Any]:  # noqa: FBT001
    return {"fields": {"X-Guard": "1"} if guarded else {}, **more}


def guard_lost(side: Side, _: Probe) -> dict[str, Any]:
    return steady(side is BASELINE)


def alike(_: Side, __: Probe) -> dict[str, Any]:
    return steady(True)  # noqa: FBT003


@dataclass(kw_only=True)
class World:
    """Both sides as one function, and how often each was asked."""

    says: Says = alike
    checks: Sequence[Check] = (lost, leak)
    past: Past = field(default_factory=Past)
    redactor: Redactor = field(default_factory=Redactor)
    lives: int = 10**9
    """So many repeats are answered; the rest are gaps."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    asked_baseline: int = 0
    examiner: Examiner = field(init=False)

    def __post_init__(self) -> None:
        self.examiner = Examiner(self.checks, self.redactor, self.past)

    def half(self, side: Side, scenario: Scenario) -> Trace:
        seen = []
        for step in scenario.steps:
            made = exchange(side=side, **self.says(side, step.probe))
            seen.append(replace(made, probe=step.probe))
        return Trace(scenario=scenario, target=seen[0].target, exchanges=tuple(seen))

    def look(self, scenario: Scenario, *, thrice: bool = False) -> Look[Trace]:
        return Look(baseline=self.half(BASELINE, scenario), canary=self.half(CANARY, scenario), thrice=thrice)

    def take(self, *scenarios: Scenario, thrice: bool = False) -> None:
        self.examiner.take(scenarios, [self.look(each, thrice=thrice) for each in scenarios])

    async def ask(self, scenarios: Sequence[Scenario], times: int) -> list[list[Look[Trace]]]:
        self.asked += [(scenario.name, times) for scenario in scenarios]
        return [[self._alive(scenario) for _ in range(times)] for scenario in scenarios]

    def _alive(self, scenario: Scenario) -> Look[Trace]:
        self.lives -= 1
        return self.look(scenario) if self.lives >= 0 else Look(gap=Gap(what="w", why="spent", code="budget"))

    async def ask_baseline(self, scenarios: Sequence[Scenario], times: int) -> list[list[Trace]]:
        self.asked_baseline += len(scenarios) * times
        return [[self.half(BASELINE, scenario) for _ in range(times)] for scenario in scenarios]

    def settle(self, workers: int = 1) -> dict[str, Delta]:
        deltas = asyncio.run(self.examiner.settle(self.ask, self.ask_baseline, workers=workers))
        assert len({delta.fingerprint for delta in deltas}) == len(deltas)
        return {str(delta.place): delta for delta in deltas}

    def next(self) -> World:
        """Return the world of the next trial in the same process."""
        return World(says=self.says, checks=self.checks, past=self.past, redactor=self.redactor)


def ask(path: str = "/x", **more: Any) -> Scenario:
    asked = probe(path=path, **more)
    return replace(Scenario.of(asked), name=f"{path} {asked.role} {asked.label}".strip())


def only(world: World, *scenarios: Scenario) -> Delta:
    world.take(*scenarios or (ask(),))
    (delta,) = world.settle().values()
    return delta


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


def test_what_only_the_baseline_shows_is_no_finding() -> None:
    world = World(says=lambda side, _: steady(guarded=True, body=b"leak" if side is BASELINE else b""))
    world.take(ask())
    assert world.settle() == {}


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


# Consequences are not findings.


def statuses(**codes: tuple[int, int]) -> Says:
    """Answer by the word in a probe's label: (baseline, canary)."""

    def says(side: Side, asked: Probe) -> dict[str, Any]:
        return {"status": codes[asked.label or "plain"][side is CANARY]}

    return says


def odd(**more: Any) -> Scenario:
    return ask(label="odd", intent=Intent.INVALID, parameter=Parameter(place="body", name="/a"), role="ann", method="POST", **more)


@pytest.mark.parametrize(
    ("codes", "rules"),
    [
        ({"plain": (200, 200), "odd": (422, 500)}, {"availability.server-error"}),
        ({"plain": (200, 500), "odd": (422, 500)}, {"availability.server-error"}),  # the plain one, and nothing after it
        ({"plain": (403, 200), "odd": (403, 422)}, {"authorization.function-level"}),
        ({"plain": (403, 200), "odd": (403, 200)}, {"authorization.function-level"}),
        ({"plain": (500, 500), "odd": (422, 500)}, set()),
        ({"plain": (200, 200), "odd": (422, 200)}, {"validation.weakened"}),
    ],
)
def test_odd_requests_are_judged_only_where_the_plain_one_fared_alike(codes: dict[str, tuple[int, int]], rules: set[str]) -> None:
    families = {"availability", "authorization", "validation"}
    world = World(says=statuses(**codes), checks=[each for each in catalogue() if each.rule.family in families])
    world.take(odd(), ask(role="ann", method="POST"))  # whatever comes first in the batch
    deltas = world.settle()
    assert {delta.rule for delta in deltas.values() if delta.state is State.NEW} == rules
    if codes["plain"][0] != codes["plain"][1]:
        assert all(not delta.place.parameter for delta in deltas.values())


def test_without_the_plain_request_an_odd_one_has_no_say() -> None:
    world = World(says=statuses(odd=(422, 500)), checks=catalogue())
    world.take(odd())
    assert world.settle() == {}


def test_a_404_is_a_refusal_where_the_owner_is_let_in_whoever_comes_first() -> None:
    def says(side: Side, asked: Probe) -> dict[str, Any]:
        return {"status": 200 if asked.role == "ann" or side is CANARY else 404}

    world = World(says=says, checks=catalogue())
    world.take(ask("/x/{id}", role="ben", owner="ann"), ask("/x/{id}", role="ann", owner="ann"))
    assert {delta.rule for delta in world.settle().values()} == {"authorization.object-level"}


# Checks that raise.


def test_a_check_that_raises_is_a_gap_and_the_others_go_on() -> None:
    world = World(says=guard_lost, checks=(broken, lost))
    delta = only(world, ask(), ask("/x"))
    assert (delta.rule, delta.confirmed) == ("own.lost", True)
    (gap,) = world.examiner.gaps("own")
    assert (gap.code, gap.what, gap.suite) == ("check-raised", "check own.leak", "own")
    assert "a bug" in gap.why


def test_a_check_that_raises_only_when_asked_again_is_a_gap_too() -> None:
    seen = iter(range(10**6))

    @contrast(LOST, on=Exchange)
    def late(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
        if next(seen) > 3:
            raise ValueError("late")
        yield from lost.two(baseline, canary, noise) if lost.two else ()

    world = World(says=guard_lost, checks=(late,))
    assert only(world).state is not State.NEW
    assert [gap.code for gap in world.examiner.gaps("own")] == ["check-raised"]


# Evidence leaves redacted.


def test_evidence_and_request_leave_redacted_and_never_cut_in_half() -> None:
    token = "T0KEN-" + "x" * 60
    target = b"/x?" + b"p" * 130 + b"&key=" + token.encode()
    world = World(
        says=lambda side, _: {"target": target, "body": f"leak {token}".encode() if side is CANARY else b""},
        redactor=Redactor([Secret(name="key", value=token)]),
    )
    delta = only(world)
    assert "T0KEN" not in repr(delta)
    assert delta.request.startswith("GET /x?ppp")
    assert "[key:" in delta.evidence[0]
    assert len(delta.request) <= 160


def test_steps_of_a_scenario_are_judged_each_at_its_place() -> None:
    def second(side: Side, asked: Probe) -> dict[str, Any]:
        return steady(side is BASELINE or asked.operation.path != "/b")

    steps = (Step(probe=probe(path="/a")), Step(probe=probe(path="/b")))
    world = World(says=second)
    assert only(world, Scenario(steps=steps, name="two")).place.path == "/b"
    assert world.asked == [("two", 7)]
