"""One side's run of a scenario: journalled before it is sent, undone after it, and what is left for the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from servers import answer
from stage import CHANGE, MAKE, Call, Service, Shop, Stage, ok, status

from zeroweight.model.request import Intent, Scenario, Slot
from zeroweight.model.target import Side
from zeroweight.trial.halves import Halves, Run, spare_of
from zeroweight.trial.objects import Journal

BASELINE, CANARY = Side
OWN = Slot(name="thing:ann", owner="ann", kind="thing")
CHANGED = Scenario.of(CHANGE.example(role="ann").with_(path={"id": OWN}))
ODD = Scenario.of(replace(CHANGED.steps[0].probe, intent=Intent.INVALID))


def unmaking(call: Call) -> bytes | None:
    """Make nothing."""
    return status("503 Full") if call.method == "POST" else status("404 No")


def test_a_half_is_one_sides_run_and_its_undo(tmp_path: Path) -> None:
    shop = Shop()
    with Stage(folder=tmp_path, canary=shop) as stage:
        trace = stage.loop.run(Halves(stage.drivers, stage.objects).half(CANARY, stage.objects.fresh(CHANGED), {}, 0))
        assert stage.asked(BASELINE) == []
        assert [call.method for call in stage.asked(CANARY)] == ["POST", "PUT", "DELETE"]
    assert [exchange.status for exchange in trace.exchanges] == [201, 200]
    assert shop.things == {}
    assert [entry.removed for entry in Journal.read(tmp_path)] == [True]


def test_a_run_tells_what_it_made_and_leaves_it(tmp_path: Path) -> None:
    shop = Shop()
    with Stage(folder=tmp_path, canary=shop) as stage:
        run = stage.loop.run(Halves(stage.drivers, stage.objects).run(CANARY, stage.objects.fresh(CHANGED), {"unique": "u1"}, 0))
    assert (run.side, run.made) == (CANARY, {"thing:ann": 1})
    assert run.bindings == {"unique": "u1", "thing:ann": 1}
    assert shop.things == {"1": "ann"}
    assert [entry.removed for entry in Journal.read(tmp_path)] == [False]


def test_what_was_not_made_is_not_undone(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=unmaking) as stage:
        trace = stage.loop.run(Halves(stage.drivers, stage.objects).half(CANARY, stage.objects.fresh(CHANGED), {}, 0))
        assert [call.method for call in stage.asked(CANARY)] == ["POST"]
    assert trace.lost


def saying(made: bytes, removed: bytes) -> Service:
    """Return a service that answers every create and every removal in its own way."""
    return lambda call: {"POST": made, "DELETE": removed}.get(call.method, ok())


MADE = answer(b'{"id": 7}', status=b"201 Made")
MAKING = Scenario.of(MAKE.example(role="ann"))


@pytest.mark.parametrize(
    ("made", "removed", "scenario", "left"),
    [
        (MADE, ok(), CHANGED, set()),
        (MADE, status("404 No"), CHANGED, set()),
        (MADE, status("500 No"), CHANGED, {"PUT /things/{id}"}),
        (MADE, status("403 No"), CHANGED, {"PUT /things/{id}"}),
        (MADE, status("403 No"), MAKING, {"POST /things"}),
        (status("422 No"), ok(), MAKING, set()),
        (status("500 No"), ok(), MAKING, {"POST /things"}),
        (ok(b"{}"), ok(), MAKING, {"POST /things"}),
    ],
    ids=["removed", "gone", "not removed", "may not be removed", "made and left", "not made", "half made", "made, and nobody knows what"],
)
def test_what_an_undo_leaves_is_told_by_its_operation(
    tmp_path: Path, made: bytes, removed: bytes, scenario: Scenario, left: set[str]
) -> None:
    with Stage(folder=tmp_path, canary=saying(made, removed)) as stage:
        halves = Halves(stage.drivers, stage.objects)
        stage.loop.run(halves.half(CANARY, stage.objects.fresh(scenario), {}, 0))
        stage.loop.run(halves.half(BASELINE, stage.objects.fresh(Scenario.of(CHANGE.example())), {}, 0))
    assert halves.left == left


def test_a_scenario_without_an_undo_means_to_leave_what_it_makes(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, canary=Shop()) as stage:
        halves = Halves(stage.drivers, stage.objects)
        trace = stage.loop.run(halves.half(CANARY, replace(stage.objects.creation(OWN), undo=()), {}, 0))
    assert [exchange.status for exchange in trace.exchanges] == [201]
    assert halves.left == set()


def test_objects_are_spare_only_where_both_sides_made_them_for_an_odd_request(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Shop(), canary=Shop()) as stage:
        halves = Halves(stage.drivers, stage.objects)

        def both(scenario: Scenario) -> list[Run]:
            return [stage.loop.run(halves.run(side, scenario, {}, 0)) for side in Side]

        odd, plain = (both(stage.objects.fresh(scenario)) for scenario in (ODD, CHANGED))
        spare = spare_of(odd)
        assert spare is not None
        assert (spare.names, spare.ids) == (("thing:ann",), {BASELINE: {"thing:ann": 1}, CANARY: {"thing:ann": 1}})
        assert spare_of(plain) is None
        assert [entry.removed for entry in Journal.read(tmp_path)] == [False] * 4
        stage.loop.run(halves.remove(spare, 0))
        assert [call.path for call in stage.asked(CANARY, method="DELETE")] == ["/things/1"]
        assert sorted(entry.removed for entry in Journal.read(tmp_path)) == [False, False, True, True]


def test_objects_that_one_side_did_not_make_are_nobodys_spare(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Shop(), canary=unmaking) as stage:
        halves = Halves(stage.drivers, stage.objects)
        runs = [stage.loop.run(halves.run(side, stage.objects.fresh(ODD), {}, 0)) for side in Side]
    assert spare_of(runs) is None
