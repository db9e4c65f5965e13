"""Objects: made on both sides, journalled before they are made, removed at the end, found again after a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from builders import exchange
from servers import answer
from stage import CHANGE, MAKE, REMOVE, RESOURCE, THING, THINGS, Call, Shop, Stage, ok, status

from zeroweight.model.http import Trace
from zeroweight.model.look import Look
from zeroweight.model.operation import SAFE
from zeroweight.model.request import Pointer, Scenario, Slot, Step
from zeroweight.model.resource import Resource
from zeroweight.model.target import Side
from zeroweight.redact import Secret
from zeroweight.trial.objects import Entry, Journal, Objects, is_gone, refused

BASELINE, CANARY = Side
SLOT = Slot(name="thing:ann", owner="ann", kind="thing")
READ = THING.example(role="ann").with_(path={"id": SLOT})
WRITE = CHANGE.example(role="ann").with_(path={"id": SLOT})


def stage_of(folder: Path, baseline: Shop | None = None, canary: Shop | None = None, **more: object) -> Stage:
    return Stage(folder=folder, baseline=baseline or Shop(), canary=canary or Shop(), **more)  # type: ignore[arg-type]


def send(stage: Stage, *scenarios: Scenario) -> list[Look[Trace]]:
    return stage.loop.run(stage.lanes.send(scenarios))


def facts(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "stage.jsonl").read_text().splitlines()]


# The journal.


@pytest.mark.parametrize(
    ("written", "entry"),
    [
        (["about"], Entry(kind="thing", owner="ann", side=CANARY)),
        (["about", "made"], Entry(kind="thing", owner="ann", side=CANARY, id=7)),
        (["about", "made", "removed"], Entry(kind="thing", owner="ann", side=CANARY, id=7, removed=True)),
        (["about", "removed"], Entry(kind="thing", owner="ann", side=CANARY, removed=True)),
    ],
)
def test_the_journal_tells_what_became_of_each_object(tmp_path: Path, written: list[str], entry: Entry) -> None:
    journal = Journal(tmp_path / "deep" / "w.jsonl")
    for what in written:
        journal.write(what=what, key="k", kind="thing", owner="ann", side=CANARY, id=7)
    journal.close()
    assert Journal.read(tmp_path / "deep") == (entry,)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b'{"what": "made", "ke', b"7", b"[]", b"null", b'"x"', b"\xff", b'{"what": "made", "key": "k2", "id": 1}', b'{"key": []}'],
)
def test_a_line_that_a_crash_cut_is_skipped_and_the_rest_is_read(tmp_path: Path, line: bytes) -> None:
    about = {"what": "about", "key": "k", "kind": "thing", "owner": "ann", "side": "canary"}
    made = {"what": "made", "key": "k", "id": "a"}
    (tmp_path / "w.jsonl").write_bytes(json.dumps(about).encode() + b"\n" + line + b"\n" + json.dumps(made).encode() + b"\n" + line)
    assert Journal.read(tmp_path) == (Entry(kind="thing", owner="ann", side=CANARY, id="a"),)


def test_all_journals_of_a_folder_are_read(tmp_path: Path) -> None:
    for name in ("gw0", "gw1", "main"):
        journal = Journal(tmp_path / f"{name}.jsonl")
        journal.write(what="about", key=name, kind="thing", owner=name, side=BASELINE)
        journal.close()
    (tmp_path / "other.txt").write_text("x")
    assert [entry.owner for entry in Journal.read(tmp_path)] == ["gw0", "gw1", "main"]
    assert Journal.read(tmp_path / "none") == ()


def test_a_journal_is_appended_to_and_nobody_elses_to_read(tmp_path: Path) -> None:
    for key in ("one", "two"):
        journal = Journal(tmp_path / "w.jsonl")
        journal.write(what="about", key=key, kind="thing", owner="ann", side=CANARY)
        journal.close()
    assert len(Journal.read(tmp_path)) == 2
    assert (tmp_path / "w.jsonl").stat().st_mode & 0o077 == 0


# Making and removing.


def test_an_object_is_journalled_before_its_create_is_sent(tmp_path: Path) -> None:
    seen: list[list[object]] = []

    def watching(call: Call) -> bytes:
        if call.method == "POST" and call.side is CANARY:
            seen.append([(fact["what"], fact["side"]) for fact in facts(tmp_path) if fact["side"] == "canary"])
        return ok(b'{"id": 1}')

    with Stage(folder=tmp_path, baseline=watching, canary=watching) as stage:
        send(stage, stage.objects.creation(SLOT))
    assert seen == [[("about", "canary")]]


def test_a_scenario_that_makes_something_removes_it_again_on_both_sides(tmp_path: Path) -> None:
    shops = Shop(), Shop()
    with stage_of(tmp_path, *shops) as stage:
        (look,) = send(stage, stage.objects.fresh(Scenario.of(WRITE)))
        assert look.gap is None
        assert [[(call.method, call.path) for call in stage.asked(side)] for side in Side] == [
            [("POST", "/things"), ("PUT", "/things/1"), ("DELETE", "/things/1")]
        ] * 2
    assert [shop.things for shop in shops] == [{}, {}]
    assert [(entry.id, entry.removed) for entry in Journal.read(tmp_path)] == [(1, True), (1, True)]


def test_each_run_of_a_scenario_makes_an_object_of_its_own(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        fresh = stage.objects.fresh(Scenario.of(WRITE))
        send(stage, fresh, fresh, fresh)
        assert sorted(call.path for call in stage.asked(CANARY, method="PUT")) == ["/things/1", "/things/2", "/things/3"]
    assert len(Journal.read(tmp_path)) == 6


def test_an_object_that_the_attack_removed_is_gone(tmp_path: Path) -> None:
    attack = Scenario.of(REMOVE.example(role="ann").with_(path={"id": SLOT}))
    with stage_of(tmp_path) as stage:
        send(stage, stage.objects.fresh(attack))
    assert all(entry.removed for entry in Journal.read(tmp_path))


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (status("403 No"), False),  # certainly nothing was made
        (status("422 No"), False),
        (status("500 Oops"), True),
        (ok(b"{}"), True),  # made, and its id never told
        (None, True),
    ],
)
def test_what_may_have_been_made_is_not_forgotten(tmp_path: Path, answer: bytes | None, left: bool) -> None:  # noqa: FBT001
    def odd(call: Call) -> bytes | None:
        return answer if call.method == "POST" else ok()

    with Stage(folder=tmp_path, baseline=odd, canary=odd) as stage:
        send(stage, stage.objects.creation(SLOT))
    entries = Journal.read(tmp_path)
    assert entries
    assert {(entry.id, entry.removed) for entry in entries} == {(None, not left)}


def test_what_was_never_sent_was_never_made(tmp_path: Path) -> None:
    with stage_of(tmp_path, requests=0) as stage:
        send(stage, stage.objects.fresh(Scenario.of(WRITE)))
        assert stage.calls == []
    assert all(entry.removed for entry in Journal.read(tmp_path))


def test_an_undo_that_fails_leaves_the_object_to_the_end_of_the_run(tmp_path: Path) -> None:
    def stubborn(call: Call) -> bytes:
        return status("500 Oops") if call.method == "DELETE" else ok(b'{"id": 9}')

    with Stage(folder=tmp_path, canary=stubborn, baseline=Shop()) as stage:
        send(stage, stage.objects.fresh(Scenario.of(WRITE)))
    assert {entry.side: (entry.id, entry.removed) for entry in Journal.read(tmp_path)} == {CANARY: (9, False), BASELINE: (1, True)}


def test_a_crash_leaves_entries_that_the_end_of_the_run_can_remove(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        send(stage, replace(stage.objects.creation(SLOT), undo=()))
        entries = [entry for entry in Journal.read(tmp_path) if not entry.removed]
        removals = [stage.objects.removal(entry) for entry in entries]
        assert [removal and removal.target.fill({}) for removal in removals] == [b"/things/1"] * 2
        assert {removal and (removal.verb, removal.role) for removal in removals} == {("DELETE", "ann")}


# Fresh for what may change it, shared for what only looks.


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "QUERY", *sorted(SAFE)])
def test_only_what_may_change_an_object_gets_a_fresh_one(tmp_path: Path, method: str) -> None:
    with stage_of(tmp_path) as stage:
        scenario = Scenario.of(READ.with_(method=method))
        fresh = stage.objects.fresh(scenario)
        assert len(fresh.steps) == (1 if method in SAFE else 2)
        assert [step.judged for step in fresh.steps] == ([True] if method in SAFE else [False, True])
        assert len(fresh.undo) == (0 if method in SAFE else 1)
        assert fresh.judged == scenario.judged


def test_two_probes_of_one_object_share_the_fresh_one(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        fresh = stage.objects.fresh(Scenario(steps=(Step(probe=WRITE), Step(probe=READ), Step(probe=WRITE))))
        assert [step.probe.verb for step in fresh.steps] == ["POST", "PUT", "GET", "PUT"]
        assert stage.objects.fresh(fresh) == fresh


def test_a_scenario_that_makes_its_own_object_gets_none(tmp_path: Path) -> None:
    makes = Step(probe=MAKE.example(role="ann"), captures={SLOT.name: Pointer(path="/id")})
    with stage_of(tmp_path) as stage:
        scenario = Scenario(steps=(makes, Step(probe=WRITE)))
        assert stage.objects.fresh(scenario) == scenario


def test_safe_requests_share_one_object_for_each_owner_and_side(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        trial = stage.trial()
        for _ in range(3):
            trial.send([READ, READ.as_("ben")])
        assert [len(stage.asked(side, method="POST")) for side in Side] == [1, 1]
        assert {call.path for call in stage.asked(CANARY, method="GET")} == {"/things/1"}
        assert stage.asked(CANARY, method="DELETE") == []
    assert [entry.removed for entry in Journal.read(tmp_path)] == [False, False]


# What a resource says.


def objects_of(folder: Path, resource: Resource) -> Objects:
    return Objects([resource], [THINGS], Journal(folder / "o.jsonl"))


def test_a_resource_that_cannot_be_removed_has_no_undo(tmp_path: Path) -> None:
    objects = objects_of(tmp_path, replace(RESOURCE, remove=""))
    assert objects.creation(SLOT).undo == ()
    assert objects.removal(Entry(kind="thing", owner="ann", side=CANARY, id=1)) is None
    assert objects.removal(Entry(kind="unknown", owner="ann", side=CANARY, id=1)) is None


def test_an_operation_that_the_schema_lacks_is_used_as_it_is_written(tmp_path: Path) -> None:
    objects = objects_of(tmp_path, RESOURCE)
    (step,) = objects.creation(SLOT).steps
    assert (step.probe.verb, step.probe.target.fill({}), step.probe.role, step.judged) == ("POST", b"/things", "ann", False)
    assert step.captures == {"thing:ann": Pointer(path="/id")}
    assert (objects.knows("thing"), objects.knows("other"), objects.owners("thing")) == (True, False, ("ann",))


def test_an_id_is_quoted_where_it_is_written(tmp_path: Path) -> None:
    removal = objects_of(tmp_path, RESOURCE).removal(Entry(kind="thing", owner="ann", side=CANARY, id="a/b"))
    assert removal is not None
    assert removal.target.fill({}) == b"/things/a%2Fb"


def test_what_lies_below_a_parent_is_not_removed_by_its_own_id_alone(tmp_path: Path) -> None:
    """The parent would be the schema's example, which may be somebody else's."""
    objects = objects_of(tmp_path, replace(RESOURCE, remove="DELETE /shops/{shop}/things/{id}"))
    assert objects.removal(Entry(kind="thing", owner="ann", side=CANARY, id=3)) is None
    assert objects.creation(SLOT).undo == ()


@pytest.mark.parametrize("said", [b'{"id": ""}', b'{"id": null}', b'{"id": true}', b'{"id": [1]}'])
def test_only_an_id_that_names_something_is_taken_for_one(tmp_path: Path, said: bytes) -> None:
    def odd(call: Call) -> bytes:
        return answer(said, status=b"201 Made") if call.method == "POST" else ok()

    with Stage(folder=tmp_path, baseline=odd, canary=odd) as stage:
        send(stage, stage.objects.creation(SLOT))
        assert stage.asked(CANARY, method="DELETE") == []
        assert {entry.id for entry in Journal.read(tmp_path)} == {None}


def test_an_error_that_names_an_object_made_none(tmp_path: Path) -> None:
    def taken(call: Call) -> bytes:
        return answer(b'{"id": 17, "error": "exists"}', status=b"409 Conflict") if call.method == "POST" else ok()

    with Stage(folder=tmp_path, baseline=taken, canary=taken) as stage:
        send(stage, stage.objects.creation(SLOT))
        assert stage.asked(CANARY, method="DELETE") == []
        assert all(entry.removed for entry in Journal.read(tmp_path))


def test_a_secret_of_a_create_is_sent_and_never_shown(tmp_path: Path) -> None:
    card = Secret(name="resources.thing.body.card", value='4111-"1111"')
    resource = replace(RESOURCE, body={"name": "n", "pay": [{"card": card}]})
    with stage_of(tmp_path, resources=(resource,)) as stage:
        creation = stage.objects.creation(SLOT)
        assert "4111" not in repr(creation)
        send(stage, creation)
        bodies = [json.loads(call.body) for call in stage.calls if call.method == "POST"]
        assert bodies == [{"name": "n", "pay": [{"card": '4111-"1111"'}]}] * 2
    assert "4111" not in (tmp_path / "stage.jsonl").read_text()


@pytest.mark.parametrize(
    ("code", "body", "gone"),
    [
        *((code, "", True) for code in (200, 204, 404, 410)),
        *((code, "", False) for code in (301, 401, 403, 409, 500)),
        (200, '{"ok": true}', True),
        (200, '{"ok": false, "error": {"code": 404, "message": "no such thing"}}', True),
        (200, '{"ok": false, "error": {"reason": "not today"}}', False),
        (200, '{"success": false, "code": 403}', False),
    ],
)
def test_what_a_removal_answer_means(code: int, body: str, *, gone: bool) -> None:
    assert is_gone(exchange(code, {}, body)) is gone


@pytest.mark.parametrize(
    ("code", "body", "nothing"),
    [
        (403, "", True),
        (422, "", True),
        (200, '{"ok": false, "error": {"reason": "another practice"}}', True),
        (200, '{"ok": true, "data": {"name": "without an id"}}', False),
        (500, "", False),
        (201, "", False),
    ],
)
def test_a_create_that_was_declined_has_made_nothing(code: int, body: str, *, nothing: bool) -> None:
    seen = exchange(code, {}, body)
    step = Step(probe=seen.probe, captures={"thing:ann": Pointer(path="/id")})
    trace = Trace(scenario=Scenario(steps=(step,)), target=seen.target, exchanges=(seen,))
    assert refused(trace, "thing:ann") is nothing


def test_what_a_judged_probe_makes_is_removed_like_any_other_object(tmp_path: Path) -> None:
    """A suite that sends the create itself, as an attack or as a plain request, leaves nothing behind."""
    baseline, canary = Shop(), Shop()
    with stage_of(tmp_path, baseline, canary) as stage:
        (look,) = send(stage, stage.objects.fresh(Scenario.of(MAKE.example(role="ann"))))
        assert look.gap is None
        assert [shop.things for shop in (baseline, canary)] == [{}, {}]
        assert all(entry.removed for entry in Journal.read(tmp_path))
