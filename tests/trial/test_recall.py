"""With real services: a later trial recalls what an earlier one asked, and asks anew what may have changed meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import CHANGE, ME, THINGS, Call, Service, Shop, Stage, mixed, ok, status, steadfast

from zeroweight.checks.check import catalogue
from zeroweight.compare import State
from zeroweight.model.http import Trace
from zeroweight.model.look import Look
from zeroweight.model.request import Intent, Scenario, Slot
from zeroweight.model.target import Side
from zeroweight.trial.result import TrialResult

CANARY = Side.CANARY
OWN = Slot(name="thing:ann", owner="ann", kind="thing")
WRITE = CHANGE.example(role="ann").with_(path={"id": OWN})


def twice(stage: Stage, *scenarios: Scenario, between: Callable[[], object] = lambda: None) -> list[list[Look[Trace]]]:
    """Look at the same in two trials."""
    first = stage.bench.run(stage.bench.look(scenarios))
    between()
    stage.bench.spent()
    return [first, stage.bench.run(stage.bench.look(scenarios))]


def plain(*roles: str) -> list[Scenario]:
    return [Scenario.of(THINGS.example(role=role)) for role in roles]


def asked(stage: Stage, path: str = "/things", method: str = "") -> list[int]:
    return [len(stage.asked(side, path, method)) for side in Side]


def test_a_later_trial_asks_at_both_ends_and_recalls_the_rest(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, roles=("ann", "ben", "cy"), baseline=ranks, canary=ranks) as stage:
        first, second = twice(stage, *plain("anonymous", "ann", "ben", "cy"))
        assert [call.token for call in stage.asked(CANARY)][4:] in (["token-of-ann", "token-of-cy"], ["token-of-cy", "token-of-ann"])
    assert asked(stage) == [6, 6]
    assert [second[index] == first[index] for index in range(4)] == [True, False, True, False]


def ranks(call: Call) -> bytes:
    """Let ann in, ask nobody for his name, and refuse the others, each with a status of his own."""
    return {"token-of-ann": ok(), "": status("401 No"), "token-of-ben": status("402 No")}.get(call.token, status("403 No"))


def test_one_trial_that_asks_twice_is_answered_twice(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        stage.bench.run(stage.bench.look(plain("ann", "ann")))
        stage.bench.run(stage.bench.look(plain("ann")))
        assert asked(stage) == [3, 3]


def test_answers_stand_in_the_order_of_the_scenarios(tmp_path: Path) -> None:
    def told(call: Call) -> bytes:
        return ok(call.path.encode())

    several = [each.example(role=role) for role in ("ann", "ben") for each in (ME, THINGS)]
    with Stage(folder=tmp_path, baseline=told, canary=told) as stage:
        for looks in twice(stage, *map(Scenario.of, several)):
            bodies = [look.canary.exchanges[0].response for look in looks if look.canary]
            assert [body.text for body in bodies if body] == ["/me", "/things", "/me", "/things"]
        assert len(stage.asked(CANARY)) == 6


def test_repeats_that_confirm_are_never_recalled(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        twice(stage, *plain("ann", "ben"))
        stage.bench.run(stage.bench.ask(plain("ann", "ben"), 3))
        assert asked(stage) == [9, 9]


def test_sessions_are_vouched_for_only_where_something_was_sent(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, known_good={"ben": Scenario.of(ME.example(role="ben"))}) as stage:
        twice(stage, *plain("ann", "ben"))
        assert asked(stage, "/me") == [1, 1]


def test_what_the_canary_refuses_is_asked_again_in_each_trial(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=lambda _: status("403 No"))) as stage:
        twice(stage, *plain("ann", "ben", "anonymous"))
        assert asked(stage) == [6, 6]


def test_odd_requests_are_sent_each_time_and_let_nothing_of_their_operation_be_recalled(tmp_path: Path) -> None:
    odd = Scenario.of(replace(THINGS.example(role="ann"), intent=Intent.INVALID))
    with Stage(folder=tmp_path) as stage:
        twice(stage, *plain("ann", "ben"), between=lambda: stage.bench.run(stage.bench.look([odd])))
        assert asked(stage) == [5, 5]


class Stubborn(Shop):
    """Does not remove anything, and says that it cannot."""

    def _thing(self, call: Call, who: str) -> bytes:
        return status("500 No") if call.method == "DELETE" else super()._thing(call, who)


@pytest.mark.parametrize(("canary", "made"), [(Shop, 4), (Stubborn, 6)])
def test_a_change_of_a_fresh_object_is_recalled_where_the_object_was_removed(tmp_path: Path, canary: type[Shop], made: int) -> None:
    shops = [Shop(), canary()]
    with Stage(folder=tmp_path, baseline=shops[0], canary=shops[1]) as stage:
        twice(stage, *(stage.objects.fresh(Scenario.of(WRITE.with_(query={"page": page}))) for page in "123"))
    assert [shop.made for shop in shops] == [made, made]
    assert [len(shop.things) for shop in shops] == [0, 0 if canary is Shop else made]


class Turning:
    """A service that answers as one until it turns into another."""

    def __init__(self, before: Service, later: Service) -> None:
        self.now = before
        self.later = later

    def turn(self) -> None:
        self.now = self.later

    def __call__(self, call: Call) -> bytes | Awaitable[bytes | None] | None:
        return self.now(call)


def guarded(call: Call) -> bytes:
    """Let ann in, and nobody else."""
    return ok() if call.token == "token-of-ann" else status("403 No")


def between_trials(folder: Path, later: Service, **more: Any) -> tuple[list[TrialResult], list[int]]:
    """Ask the same in two trials of a canary that turns between them."""
    canary = Turning(guarded, later)
    with Stage(folder=folder, baseline=guarded, canary=canary, checks=catalogue(), **more) as stage:
        results = []
        for suite in ("authorization", "headers"):
            trial = stage.trial(suite, THINGS)
            trial.send(THINGS.example(role=role) for role in ("ann", "ben", "anonymous"))
            results.append(trial.settle())
            canary.turn()
        return results, asked(stage)


@pytest.mark.parametrize(
    ("later", "rules"),
    [
        (steadfast, {"authorization.anonymous-access", "authorization.function-level"}),
        (lambda _: status("403 No"), {"authorization.access-lost"}),
    ],
    ids=["opened up", "shut itself"],
)
def test_a_canary_that_changes_between_trials_is_seen_by_the_later_one(tmp_path: Path, later: Service, rules: set[str]) -> None:
    (first, second), _ = between_trials(tmp_path, later)
    assert [delta.rule for delta in first.deltas if delta.state is State.NEW] == []
    assert {delta.rule for delta in second.deltas if delta.state is State.NEW} == rules


def test_a_canary_that_died_between_trials_crosses_nothing_off(tmp_path: Path) -> None:
    (first, second), _ = between_trials(tmp_path, lambda _: None)
    assert len(first.crossed) == 5
    assert second.crossed == ()
    assert [gap.code for gap in second.gaps] == ["stopped"] * 3


def test_a_canary_that_does_not_change_is_asked_two_of_three_and_crosses_everything_off(tmp_path: Path) -> None:
    (first, second), sent = between_trials(tmp_path, guarded)
    assert sent == [5, 5]
    assert {replace(line, suite="") for line in first.crossed} == {replace(line, suite="") for line in second.crossed}


def test_a_resend_is_told_by_the_trial_that_sent_again(tmp_path: Path) -> None:
    """Ben's first request is closed on, and sent once more; his answer is recalled later."""

    def closing(call: Call) -> bytes | None:
        first = call.token == "token-of-ben" and not call.resent and call.nth <= 2  # the first trial's two
        return None if first else status({"": "401 No", "token-of-ben": "402 No"}.get(call.token, "403 No"))

    with Stage(folder=tmp_path, lanes_a_side=1, baseline=closing, canary=closing) as stage:
        counts = []
        for suite in ("authorization", "headers"):
            trial = stage.trial(suite, THINGS)
            trial.send(THINGS.example(role=role) for role in ("ann", "ben", "anonymous"))
            counts.append(trial.settle().resent)
        assert asked(stage) == [5, 5]
    assert counts == [2, 0]
