"""What is asked again until it succeeds is not forgotten; a session that died in between is not believed."""

from __future__ import annotations

from pathlib import Path

from stage import ME, THINGS, Call, Stage, mixed, ok, status, steadfast, token_of

from zeroweight.checks.check import catalogue
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.trial.trial import Trial

BASELINE, CANARY = Side


def two_of_three(call: Call) -> bytes:
    return ok() if call.nth % 3 == 0 else status("503 Busy")


def asked_often(trial: Trial) -> Trial:
    for _ in range(8):
        trial.send([THINGS.example()])
    return trial


def test_a_canary_that_answers_only_when_asked_again_is_a_gap(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=two_of_three), checks=catalogue()) as stage:
        result = asked_often(stage.trial()).settle()
        assert [(gap.code, gap.operation) for gap in result.gaps] == [("canary-often-silent", "GET /things")]
        assert "8 of 8 asks" in result.gaps[0].why


def test_both_sides_alike_in_this_are_no_gap(tmp_path: Path) -> None:
    busy = mixed(steadfast, things=two_of_three)
    with Stage(folder=tmp_path, baseline=busy, canary=busy, checks=catalogue()) as stage:
        assert asked_often(stage.trial()).settle().gaps == ()


def test_losses_of_one_trial_are_not_held_against_the_next(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=mixed(steadfast, things=two_of_three), checks=catalogue()) as stage:
        asked_often(stage.trial()).settle()
        later = stage.trial()
        later.send([ME.example()])
        assert later.settle().gaps == ()


def test_a_credential_that_was_refused_for_a_moment_is_asked_again(tmp_path: Path) -> None:
    """A lock-out that passes by itself before the batch ends would turn both sides' answers into quiet denials."""

    def locked_at_first(call: Call) -> bytes:
        return status("401 Locked") if call.nth == 1 else ok()

    known_good = {"ann": Scenario.of(ME.example(role="ann"))}
    service = mixed(steadfast, things=locked_at_first)
    with Stage(folder=tmp_path, baseline=service, canary=service, known_good=known_good, tokens={"ann": token_of("ann")}) as stage:
        (look,) = stage.trial().send([THINGS.example(role="ann")])
        assert look.baseline is not None
        assert look.canary is not None
        assert [half.exchanges[-1].status for half in (look.baseline, look.canary)] == [200, 200]
        assert stage.enrolled == []


def test_noise_that_a_dead_session_made_is_not_learnt(tmp_path: Path) -> None:
    """The noise asks of the baseline end its session: what it answers then is not its own range."""

    def signs_off(call: Call) -> bytes:
        return ok() if call.nth == 1 or call.side is CANARY else status("401 Gone")

    def me(call: Call) -> bytes:
        ended = call.side is BASELINE and len(stage.asked(BASELINE, "/things")) > 1 and call.token == token_of("ann")
        return status("401 Gone") if ended else ok()

    known_good = {"ann": Scenario.of(ME.example(role="ann"))}
    service = mixed(steadfast, things=signs_off, me=me)
    with Stage(folder=tmp_path, baseline=service, canary=service, known_good=known_good, tokens={"ann": "fresh"}) as stage:
        scenario = Scenario.of(THINGS.example(role="ann"))
        assert stage.loop.run(stage.bench.ask_baseline([scenario], 5)) == [[]]
        assert (BASELINE, "ann") in stage.enrolled
