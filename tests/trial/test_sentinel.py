"""A denial means nothing unless the session behind it was alive."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from stage import ME, THINGS, Call, Stage, ok, status

from zeroweight.errors import ToolFailed, Unreachable
from zeroweight.model.http import Trace
from zeroweight.model.look import Look
from zeroweight.model.request import Scenario, Step
from zeroweight.model.target import Side
from zeroweight.trial.sentinel import roles_of

BASELINE, CANARY = Side
GOOD = {"ann": Scenario.of(ME.example(role="ann"))}
LOOK = Scenario.of(THINGS.example(role="ann"))
KILL = Scenario.of(THINGS.example(role="ann").with_(method="DELETE"))


class Sessions:
    """A service whose sessions end: those in `dead`, and each one with which somebody asks to DELETE."""

    def __init__(self, *dead: str, me: str = "200 OK") -> None:
        self.dead = set(dead)
        self.me = me

    def __call__(self, call: Call) -> bytes:
        if call.path == "/ping":
            return ok()
        if not call.token or call.token in self.dead:
            return status("401 No")
        if call.method == "DELETE":
            self.dead.add(call.token)
        return status(self.me) if call.path == "/me" else ok()


def stage_of(folder: Path, baseline: Sessions, canary: Sessions, **more: object) -> Stage:
    given: dict[str, object] = {"known_good": GOOD, "lanes_a_side": 1, "tokens": {"ann": "second"}}
    return Stage(folder=folder, baseline=baseline, canary=canary, **{**given, **more})  # type: ignore[arg-type]


def guarded(stage: Stage, *scenarios: Scenario) -> list[Look[Trace]]:
    async def asked() -> list[Look[Trace]]:
        return await stage.sentinels.guard(scenarios, await stage.lanes.send(scenarios))

    return stage.loop.run(asked())


def statuses(looks: list[Look[Trace]]) -> list[list[int]]:
    return [[half.exchanges[-1].status for half in (look.baseline, look.canary) if half is not None] for look in looks]


def test_a_living_session_is_asked_once_and_left_alone(tmp_path: Path) -> None:
    with stage_of(tmp_path, Sessions(), Sessions()) as stage:
        looks = guarded(stage, LOOK, LOOK)
        assert statuses(looks) == [[200, 200]] * 2
        assert stage.enrolled == []
        assert [len(stage.asked(side, "/me")) for side in Side] == [1, 1]
        assert [len(stage.asked(side, "/things")) for side in Side] == [2, 2]


@pytest.mark.parametrize(
    ("baseline", "canary", "enrolled"),
    [
        (Sessions("token-of-ann"), Sessions(), [BASELINE]),
        (Sessions(), Sessions("token-of-ann"), [CANARY]),
        (Sessions("token-of-ann"), Sessions("token-of-ann"), [BASELINE, CANARY]),
    ],
)
def test_a_dead_session_logs_in_again_and_its_batch_is_asked_again(
    tmp_path: Path, baseline: Sessions, canary: Sessions, enrolled: list[Side]
) -> None:
    with stage_of(tmp_path, baseline, canary) as stage:
        looks = guarded(stage, LOOK, LOOK, LOOK)
        assert statuses(looks) == [[200, 200]] * 3
        assert stage.enrolled == [(side, "ann") for side in enrolled]
        assert stage.sentinels.renewed == len(enrolled)


def test_the_batch_is_asked_again_one_by_one_with_a_living_session_in_front_of_each(tmp_path: Path) -> None:
    with stage_of(tmp_path, Sessions("token-of-ann"), Sessions(), in_turn=True) as stage:
        guarded(stage, LOOK, LOOK)
        paths = [call.path for call in stage.asked(CANARY)]
        again = paths[paths.index("/me") :]
        assert again.count("/things") == 2
        assert all(before == "/me" for before, here in pairwise(again) if here == "/things")


def test_an_attack_that_ends_its_own_session_on_both_sides_turns_nothing_after_it_into_a_denial(tmp_path: Path) -> None:
    fresh = iter(range(100))

    class Renewing(Stage):
        async def _again(self, side: Side, role: str) -> None:
            self.tokens = {"ann": f"token-{next(fresh)}"}
            await super()._again(side, role)

    with Renewing(folder=tmp_path, baseline=Sessions(), canary=Sessions(), known_good=GOOD, lanes_a_side=1) as stage:
        looks = guarded(stage, LOOK, KILL, LOOK, LOOK)
        assert [look.gap for look in looks] == [None] * 4
        assert statuses(looks) == [[200, 200]] * 4
        assert len(stage.enrolled) >= 2
        assert stage.loop.run(stage.sentinels.guard([LOOK], looks[:1])) == looks[:1]


def test_an_answer_of_a_batch_whose_session_died_unseen_is_replaced(tmp_path: Path) -> None:
    baseline, canary = Sessions(), Sessions("token-of-ann")
    with stage_of(tmp_path, baseline, canary) as stage:
        first = stage.loop.run(stage.lanes.send([LOOK]))
        assert statuses(first) == [[200, 401]]
        assert statuses(stage.loop.run(stage.sentinels.guard([LOOK], first))) == [[200, 200]]


@pytest.mark.parametrize("tokens", [{}, {"ann": "token-of-ann"}])
def test_a_session_that_does_not_come_back_is_a_void_and_not_a_denial(tmp_path: Path, tokens: dict[str, str]) -> None:
    with stage_of(tmp_path, Sessions(), Sessions("token-of-ann"), tokens=tokens) as stage:
        looks = guarded(stage, LOOK, LOOK)
        assert statuses(looks) == [[], []]
        assert {look.gap and (look.gap.code, look.gap.what) for look in looks} == {("session-lost", "GET /things as ann")}


@pytest.mark.parametrize("error", [ToolFailed, Unreachable])
def test_a_login_that_fails_in_any_way_is_a_void(tmp_path: Path, error: type[ToolFailed | Unreachable]) -> None:
    class Failing(Stage):
        async def _again(self, side: Side, role: str) -> None:
            raise error(f"{role} on {side}")

    with Failing(folder=tmp_path, baseline=Sessions(), canary=Sessions("token-of-ann"), known_good=GOOD) as stage:
        (look,) = guarded(stage, LOOK)
        assert look.gap is not None
        assert look.gap.code == "session-lost"


def test_a_batch_of_others_is_not_touched(tmp_path: Path) -> None:
    anonymous, ben = Scenario.of(THINGS.example()), Scenario.of(THINGS.example(role="ben"))
    with stage_of(tmp_path, Sessions(), Sessions("token-of-ann"), tokens={}) as stage:
        looks = guarded(stage, anonymous, LOOK, ben)
        assert [look.gap is None for look in looks] == [True, False, True]
        assert len(stage.asked(BASELINE, "/things")) == 3


def test_who_has_no_known_good_request_is_not_watched(tmp_path: Path) -> None:
    with stage_of(tmp_path, Sessions("token-of-ann"), Sessions(), known_good={}) as stage:
        assert statuses(guarded(stage, LOOK)) == [[401, 200]]
        assert stage.asked(CANARY, "/me") == []


def test_a_known_good_request_that_fails_now_and_then_kills_no_session(tmp_path: Path) -> None:
    class Moody(Sessions):
        def __call__(self, call: Call) -> bytes:
            return status("500 Oops") if call.path == "/me" and call.nth % 2 else super().__call__(call)

    with stage_of(tmp_path, Moody(), Sessions(), tokens={}) as stage:
        assert statuses(guarded(stage, LOOK)) == [[200, 200]]
        assert stage.enrolled == []


def test_gaps_stay_gaps_and_are_not_asked_again(tmp_path: Path) -> None:
    with stage_of(tmp_path, Sessions(), Sessions(), requests=0) as stage:
        (look,) = guarded(stage, LOOK)
        assert look.gap is not None
        assert look.gap.code == "budget"
        assert stage.calls == []


def test_a_scenario_is_every_role_that_acts_in_it() -> None:
    steps = tuple(Step(probe=THINGS.example(role=role)) for role in ("victim", "ben", "anonymous"))
    assert roles_of(Scenario(steps=steps, actors={"victim": "ann"})) == {"ann", "ben", "anonymous"}


def test_a_dead_session_of_any_actor_voids_the_scenario(tmp_path: Path) -> None:
    both = Scenario(steps=(Step(probe=THINGS.example(role="ben")), Step(probe=THINGS.example(role="ann"))))
    with stage_of(tmp_path, Sessions(), Sessions("token-of-ann"), tokens={}) as stage:
        (look,) = guarded(stage, both)
        assert look.gap is not None
