from __future__ import annotations

from pathlib import Path

import pytest
from builders import exchange
from stage import ME, PING, THINGS, Call, Service, Stage, ok, status

from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.trial.bench import Builds
from zeroweight.trial.sentinel import Sentinels

ANN = Scenario.of(ME.example(role="ann"))
KNOWN = {"ann": ANN}
SCENARIOS = [Scenario.of(THINGS.example(role="ann")), ANN, Scenario.of(PING.example())]


def told(side: Side, **fields: str) -> Service:
    """Return a service that names its side."""
    return lambda call: ok(
        b'{"side": "%s", "path": "%s"}' % (side.encode(), call.path.encode()), *[f"{k}: {v}".encode() for k, v in fields.items()]
    )


def naming(build: str) -> Service:
    return lambda _: ok(b"{}", f"x-build: {build}".encode())


def test_each_scenario_is_asked_again_as_often_as_wanted_on_both_sides(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        looks = stage.bench.run(stage.bench.ask(SCENARIOS, 4))
    assert [len(repeats) for repeats in looks] == [4, 4, 4]
    assert {path: len(stage.asked(side, path)) for side in Side for path in ("/things", "/me", "/ping")} == {
        "/things": 4,
        "/me": 4,
        "/ping": 4,
    }


def test_the_repeats_of_a_scenario_are_its_own(tmp_path: Path) -> None:
    with Stage(baseline=told(Side.BASELINE), canary=told(Side.CANARY), folder=tmp_path) as stage:
        looks = stage.bench.run(stage.bench.ask(SCENARIOS, 3))
    for scenario, repeats in zip(SCENARIOS, looks, strict=True):
        for look in repeats:
            assert look.baseline is not None
            assert look.canary is not None
            for side, half in ((Side.BASELINE, look.baseline), (Side.CANARY, look.canary)):
                answer = half.exchanges[0].response
                assert answer is not None
                assert answer.json == {"side": side, "path": scenario.steps[0].probe.operation.path}


def test_nothing_to_ask_is_asked_at_once(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        assert stage.bench.run(stage.bench.ask([], 3)) == []
        assert stage.bench.run(stage.bench.ask_baseline([], 3)) == []
    assert stage.calls == []


def test_repeats_are_guarded_by_the_sentinel(tmp_path: Path) -> None:
    def ended(call: Call) -> bytes:
        return status("401 No") if call.token else ok()

    with Stage(canary=ended, known_good=KNOWN, folder=tmp_path) as stage:
        (repeats,) = stage.bench.run(stage.bench.ask([Scenario.of(THINGS.example(role="ann"))], 2))
    assert [look.gap.code if look.gap else "" for look in repeats] == ["session-lost", "session-lost"]
    assert stage.enrolled


def test_the_baselines_own_noise_is_learnt_from_the_baseline_alone(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        traces = stage.bench.run(stage.bench.ask_baseline(SCENARIOS, 5))
    assert stage.asked(Side.CANARY) == []
    assert [[trace.scenario for trace in repeats] for repeats in traces] == [[scenario] * 5 for scenario in SCENARIOS]


def test_a_dead_side_is_not_remembered_as_it_was(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        plain = [Scenario.of(THINGS.example(role=role)) for role in ("ann", "ben", "anonymous")]
        stage.bench.run(stage.bench.look(plain))
        stage.bench.spent()
        assert stage.bench.memory.recall(plain)
        stage.lanes.dead[Side.CANARY] = "it died"
        looks = stage.bench.run(stage.bench.look(plain))
    assert [look.gap.code if look.gap else "" for look in looks] == ["stopped"] * 3


def test_the_budget_is_the_poorer_sides(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, requests=10) as stage:
        stage.bench.run(stage.bench.ask_baseline([ANN], 3))
        budget = stage.bench.budget()
        stage.meters[Side.CANARY].deadline = 0.0
        assert stage.bench.budget().left_seconds == 0.0
    assert budget.left_requests == 7


def test_what_was_spent_is_told_once(tmp_path: Path) -> None:
    with Stage(baseline=naming("1.0"), canary=naming("1.1"), folder=tmp_path) as stage:
        stage.bench.run(stage.bench.ask([ANN], 2))
        first = stage.bench.spent()
        stage.bench.run(stage.bench.ask_baseline([ANN], 3))
        second, third = stage.bench.spent(), stage.bench.spent()
    assert first == ({"baseline": 2, "canary": 2}, {"baseline": {"1.0": 2}, "canary": {"1.1": 2}})
    assert second == ({"baseline": 3, "canary": 0}, {"baseline": {"1.0": 3}})
    assert third == ({"baseline": 0, "canary": 0}, {})


def test_an_error_of_what_is_run_reaches_the_caller(tmp_path: Path) -> None:
    async def broken() -> None:
        raise ValueError("oh")

    with Stage(folder=tmp_path) as stage, pytest.raises(ValueError, match="oh"):
        stage.bench.run(broken())


def test_every_answer_that_names_a_build_is_counted() -> None:
    builds = Builds(header="X-Build")
    for side, build in ((Side.CANARY, "1.1"), (Side.CANARY, "1.0"), (Side.CANARY, "1.1"), (Side.BASELINE, "1.0")):
        builds.note(exchange(side=side, fields={"x-build": build}))
    assert builds.take() == {"baseline": {"1.0": 1}, "canary": {"1.1": 2, "1.0": 1}}
    assert builds.take() == {}


def test_answers_that_name_no_build_are_counted_as_such_and_silence_is_no_answer() -> None:
    builds = Builds(header="x-build")
    builds.note(exchange())
    builds.note(exchange(fields={"x-build": ""}))
    builds.note(exchange(fields={"x-build": "1.1"}))
    builds.note(exchange(failure="timeout"))
    assert builds.take() == {"canary": {"": 2, "1.1": 1}}


def test_a_build_that_was_asked_for_is_counted_whatever_the_headers_say() -> None:
    builds = Builds(header="")
    builds.heard(Side.CANARY, "1.1")
    builds.heard(Side.CANARY, "")
    assert builds.take() == {"canary": {"1.1": 1, "": 1}}


def test_trials_and_sentinels_know_the_login_page(tmp_path: Path) -> None:
    page = b"<html><input type=password></html>"

    def closed(_: Call) -> bytes:
        return ok(page, b"Content-Type: text/html")

    with Stage(baseline=closed, canary=closed, known_good=KNOWN, folder=tmp_path) as stage:
        stage.bench.login_pages = (page.decode(),)
        trial = stage.trial("mine")
        trial.send([PING.example()])
        assert trial.settle().allowed == ()
        sentinels = Sentinels(KNOWN, stage.lanes, stage._again, stage.bench.context)
        assert stage.bench.run(sentinels.dead_on(Side.CANARY, [ANN])) == {"ann"}


def test_where_no_header_carries_the_build_nothing_is_counted() -> None:
    builds = Builds(header="")
    builds.note(exchange(fields={"x-build": "1.1"}))
    assert builds.take() == {}
