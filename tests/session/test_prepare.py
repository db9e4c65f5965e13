"""Once before the first test: who answers, what can be asked, who can log in, what is owed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import Call, Service, Shop, Stage, mixed, ok, status, token_of

from zeroweight.compare import State
from zeroweight.config.load import load
from zeroweight.config.model import Config
from zeroweight.errors import ConfigError
from zeroweight.ledger import SHIPPED
from zeroweight.model.outcome import Level
from zeroweight.model.target import Side
from zeroweight.plan import Plan
from zeroweight.session.prepare import Start, payload_folders, prepare

BASELINE, CANARY = Side
RESPONSES = {"responses": {"200": {"description": "d"}}}
BODY = {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "example": {"name": "n"}}}}}}
PATH_ID = {"parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}]}
GUARDED: Mapping[str, Any] = {"security": [{"token": []}]}
DOCUMENT: Mapping[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/me": {"get": {**RESPONSES, **GUARDED}},
        "/things": {"get": {**RESPONSES, **GUARDED, "tags": ["list"]}, "post": {**RESPONSES, **GUARDED, **BODY}},
        "/things/{id}": {"get": {**RESPONSES, **GUARDED, **PATH_ID}, "delete": {**RESPONSES, **GUARDED, **PATH_ID}},
    },
}
GATE = """
service = "things"
baseline = {{ url = "{baseline}" }}
canary = {{ url = "{canary}" }}
identity = {{ header = "x-build" }}
api = {{ schema = "/openapi.json" }}
roles.ann = {{ bearer = "env:ANN" }}
budget = {{ rate = 100000 }}
"""


def served(service: Service, build: str = "", document: Mapping[str, Any] | bytes = DOCUMENT) -> Service:
    """Let a service say its build and its schema."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()

    def schema(call: Call) -> bytes:
        return ok(body, b"X-Build: " + (build or {BASELINE: "1.0", CANARY: "1.1"}[call.side]).encode())

    return mixed(service, **{"openapi.json": schema})


def without(path: str, **security: Any) -> dict[str, Any]:
    """Return the document without a path, or with another word about its security."""
    paths = dict(DOCUMENT["paths"])
    if security:
        paths[path] = {method: {**operation, **security} for method, operation in paths[path].items()}
    else:
        del paths[path]
    return {**DOCUMENT, "paths": paths}


def config_of(stage: Stage, *more: str) -> Config:
    path = stage.folder / "gate.toml"
    text = GATE.format(baseline=stage.servers[BASELINE].url, canary=stage.servers[CANARY].url)
    path.write_text("\n".join([text, *more]), encoding="utf-8")
    return load(path, environment={"ANN": token_of("ann")}, overrides={})


def prepared(
    folder: Path, baseline: Service | None = None, canary: Service | None = None, *more: str, aa: bool = False
) -> tuple[Plan, Stage]:
    said: list[str] = []
    with Stage(folder=folder, baseline=baseline or served(Shop()), canary=canary or served(Shop())) as stage:
        start = Start(run="r-1", config=config_of(stage, *more), aa=aa, journals=folder / "journals", began=1e12)
        plan = prepare(start, said.append)
    assert said[0] == "identity"
    return plan, stage


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return prepared(tmp_path_factory.mktemp("whole"))[0]


# A pair in good order.


def test_a_pair_in_good_order_has_no_gaps_and_two_builds(whole: Plan) -> None:
    assert (whole.gaps, whole.untrue, whole.blocked, whole.deltas) == ((), (), "", ())
    assert whole.builds == {BASELINE: "1.0", CANARY: "1.1"}


def test_the_plan_knows_every_operation_and_role(whole: Plan) -> None:
    labels = {"GET /me", "GET /things", "POST /things", "GET /things/{id}", "DELETE /things/{id}"}
    assert {operation.label for operation in whole.operations} == labels
    assert [role.name for role in whole.roles] == ["anonymous", "ann"]
    assert whole.known_good["ann"].judged[0].operation.label == "GET /me"
    assert whole.control == whole.known_good["ann"]


def test_every_shipped_suite_owes_what_the_level_allows_and_the_rest_is_excluded(whole: Plan) -> None:
    assert whole.level is Level.READ_ONLY
    assert {line.suite for line in whole.ledger.lines} == set(SHIPPED)
    roles = {(line.operation, line.role) for line in whole.ledger.lines if line.suite == "authorization"}
    assert ("GET /things", "ann") in roles
    assert ("POST /things", "anonymous") in roles
    assert ("POST /things", "ann") not in roles
    left_out = {(each.operation, each.role) for each in whole.ledger.excluded}
    assert ("POST /things", "ann") in left_out
    assert all('safety.level = "read-only"' in each.why for each in whole.ledger.excluded)


def test_the_plan_carries_the_secrets_that_a_redactor_must_know(whole: Plan) -> None:
    assert token_of("ann") in {secret.value for secret in whole.secrets}
    assert f"Bearer {token_of('ann')}" in {secret.value for secret in whole.secrets}
    assert token_of("ann") not in repr(whole)
    assert len(whole.key) == 16


def test_what_was_spent_on_getting_acquainted_is_not_there_to_attack_with(tmp_path: Path) -> None:
    plan, stage = prepared(tmp_path)
    spent = max(len(stage.asked(side)) for side in Side)
    assert spent > 0
    assert plan.shares.requests == 6000 - spent


def test_getting_acquainted_only_reads(tmp_path: Path) -> None:
    _, stage = prepared(tmp_path)
    assert {call.method for call in stage.calls} == {"GET"}


# What is wrong with the pair.


def test_a_side_that_does_not_answer_blocks_the_run(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, None, lambda _: None)
    assert plan.blocked == "a side does not answer"
    assert [(gap.code, gap.what) for gap in plan.gaps] == [("unreachable", "the canary")]


@pytest.mark.parametrize(
    ("canary", "more", "code"),
    [
        (served(Shop(), "1.0"), (), "same-build"),
        (mixed(Shop(), **{"openapi.json": lambda _: ok(json.dumps(DOCUMENT).encode())}), (), "identity-unproven"),
        (served(Shop(), "1.2"), ('[canary]\nexpect = "1.1"',), "identity-mismatch"),
    ],
)
def test_builds_that_are_not_proven_block_the_run(tmp_path: Path, canary: Service, more: tuple[str, ...], code: str) -> None:
    with Stage(folder=tmp_path, baseline=served(Shop()), canary=canary) as stage:
        config = config_of(stage)
        if more:
            config = replace(config, canary=replace(config.canary, expect="1.1"))
        plan = prepare(Start(run="r-1", config=config, aa=False, journals=tmp_path, began=1e12), lambda _: None)
    assert [reason.code for reason in plan.untrue] == [code]
    assert plan.blocked
    assert plan.operations == ()


def test_a_build_against_itself_is_compared_when_asked_for(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, served(Shop(), "1.0"), served(Shop(), "1.0"), aa=True)
    assert (plan.blocked, plan.untrue) == ("", ())


@pytest.mark.parametrize("document", [b"<html>", b"", b"[]", b'{"openapi": "3.1.0"}'])
def test_without_any_schema_nothing_is_sent(tmp_path: Path, document: bytes) -> None:
    plan, stage = prepared(tmp_path, served(Shop(), document=document), served(Shop(), document=document))
    assert plan.blocked
    assert {gap.code for gap in plan.gaps} == {"schema"}
    assert stage.asked(CANARY, "/me") == []


def test_one_schema_is_enough_to_work_and_its_loss_is_a_gap(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, None, served(Shop(), document=b"<html>"))
    assert plan.blocked == ""
    assert [gap.code for gap in plan.gaps] == ["schema"]
    assert len(plan.operations) == 5
    assert plan.deltas == ()


def test_an_operation_of_either_schema_is_asked_on_both(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, served(Shop(), document=without("/things/{id}")))
    assert {operation.label: operation.documented for operation in plan.operations}["GET /things/{id}"] == frozenset({CANARY})


def test_a_schema_that_no_longer_demands_credentials_is_a_finding(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, None, served(Shop(), document=without("/me", security=[])))
    assert [(delta.rule, delta.state, delta.confirmed, str(delta.place)) for delta in plan.deltas] == [
        ("contract.security-lost", State.NEW, True, "GET /me")
    ]


def test_a_role_that_is_refused_everywhere_is_a_gap(tmp_path: Path) -> None:
    def closed(call: Call) -> bytes:
        return status("401 No")

    plan, _ = prepared(tmp_path, served(closed), served(closed))
    assert [(gap.code, gap.role) for gap in plan.gaps] == [("role", "ann")]
    assert plan.known_good == {}
    assert plan.control.judged[0].target.fill({}) == b"/openapi.json"


# What the operator says.


@pytest.mark.parametrize(
    ("exclude", "gone"),
    [
        ('"GET /me"', {"GET /me"}),
        ('"tag:list"', {"GET /things"}),
        ('"tag:list", "DELETE /things/{id}"', {"GET /things", "DELETE /things/{id}"}),
    ],
)
def test_what_the_operator_excludes_is_neither_asked_nor_owed(tmp_path: Path, exclude: str, gone: set[str]) -> None:
    with Stage(folder=tmp_path, baseline=served(Shop()), canary=served(Shop())) as stage:
        config = config_of(stage)
        excluded = tuple(json.loads(f"[{exclude}]"))
        config = replace(config, api=replace(config.api, exclude=excluded))
        plan = prepare(Start(run="r-1", config=config, aa=False, journals=tmp_path, began=1e12), lambda _: None)
    told = {each.operation for each in plan.ledger.excluded if "api.exclude" in each.why}
    assert told == gone
    assert not gone & {line.operation for line in plan.ledger.lines}
    assert not gone & {operation.label for operation in plan.operations}


def test_excluding_everything_blocks_the_run(tmp_path: Path) -> None:
    everything = tuple(f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item)
    with Stage(folder=tmp_path, baseline=served(Shop()), canary=served(Shop())) as stage:
        config = config_of(stage)
        config = replace(config, api=replace(config.api, exclude=everything))
        plan = prepare(Start(run="r-1", config=config, aa=False, journals=tmp_path, began=1e12), lambda _: None)
    assert plan.blocked == "there is nothing to call"
    assert [gap.what for gap in plan.gaps] == ["operations"]


def test_own_suites_owe_too_and_skipped_ones_do_not(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "test_mine.py").write_text('OWES = ("operation",)')
    plan, _ = prepared(tmp_path, None, None, 'suites = { paths = ["own"], skip = ["errors"] }')
    assert {line.suite for line in plan.ledger.lines} == {*SHIPPED, "mine"} - {"errors"}
    assert {line.role for line in plan.ledger.lines if line.suite == "mine"} == {"*"}


def test_a_path_without_suites_is_a_mistake_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with Stage(folder=tmp_path) as stage:
        config = config_of(stage, 'suites = { paths = ["own"] }')
        with pytest.raises(ConfigError):
            prepare(Start(run="r-1", config=config, aa=False, journals=tmp_path, began=0.0), lambda _: None)
        assert stage.calls == []


def test_own_payloads_come_beside_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with Stage(folder=tmp_path) as stage:
        folders = payload_folders(config_of(stage, 'payloads = { paths = ["own"] }'))
    assert (len(folders), folders[-1]) == (2, tmp_path / "own")


@pytest.mark.parametrize(("seconds", "grace", "sending"), [(120, 10, 110), (10, 10, 5), (10, 3600, 5), (100, 0, 100), (100, 50, 50)])
def test_the_grace_is_kept_for_tidying_up_but_never_more_than_half(tmp_path: Path, seconds: float, grace: float, sending: float) -> None:
    with Stage(folder=tmp_path) as stage:
        config = config_of(stage)
    config = replace(config, budget=replace(config.budget, seconds=seconds, grace=grace))
    start = Start(run="r-1", config=config, aa=False, journals=tmp_path, began=1000.0)
    assert math.isclose(start.deadline, 1000.0 + sending)


def excluding(folder: Path, *lines: str, canary: Service | None = None) -> tuple[Plan | str, set[str]]:
    """Prepare with lines of `api.exclude`; returns the plan or the operator's mistake, and the paths that were asked."""
    with Stage(folder=folder, baseline=served(Shop()), canary=canary or served(Shop())) as stage:
        config = config_of(stage)
        config = replace(config, api=replace(config.api, exclude=lines))
        try:
            made: Plan | str = prepare(Start(run="r-1", config=config, aa=False, journals=folder, began=1e12), lambda _: None)
        except ConfigError as error:
            made = str(error)
    return made, {call.path for call in stage.calls}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("DELETE /thing/{id}", '"DELETE /thing/{id}" is no operation of the schema. Did you mean DELETE /things/{id}?'),
        ("tag:lists", '"tag:lists" is no tag of the schema. Did you mean tag:list?'),
    ],
)
def test_a_line_that_excludes_nothing_is_a_mistake_before_anything_is_called(tmp_path: Path, line: str, says: str) -> None:
    made, asked = excluding(tmp_path, "GET /me", line)
    assert made == f"api.exclude: {says}"
    assert asked == {"/openapi.json"}


def test_a_line_that_may_mean_an_operation_of_the_lost_schema_lets_nothing_be_called(tmp_path: Path) -> None:
    made, asked = excluding(tmp_path, "DELETE /thing/{id}", canary=served(Shop(), document=b"<html>"))
    assert isinstance(made, Plan)
    assert "DELETE /thing/{id}" in made.blocked
    assert asked == {"/openapi.json"}


def test_a_schema_without_operations_is_told_as_such_whatever_is_excluded(tmp_path: Path) -> None:
    empty = served(Shop(), document={**DOCUMENT, "paths": {}})
    with Stage(folder=tmp_path, baseline=empty, canary=empty) as stage:
        config = config_of(stage)
        config = replace(config, api=replace(config.api, exclude=("GET /me",)))
        plan = prepare(Start(run="r-1", config=config, aa=False, journals=tmp_path, began=1e12), lambda _: None)
    assert plan.blocked


def test_what_is_excluded_is_not_even_asked_as_a_login_path(tmp_path: Path) -> None:
    login = {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/login": {"get": RESPONSES}}}
    service = served(Shop(), document=login)
    with Stage(folder=tmp_path, baseline=service, canary=service) as stage:
        config = config_of(stage)
        config = replace(config, api=replace(config.api, exclude=("GET /login", "GET /me")))
        prepare(Start(run="r-1", config=config, aa=False, journals=tmp_path, began=1e12), lambda _: None)
    asked = {call.path for call in stage.calls}
    assert not asked & {"/login", "/me"}
    assert "/signin" in asked


def test_the_plan_knows_the_login_page_that_the_baseline_serves_with_200(tmp_path: Path) -> None:
    page = b"<html><form><input type=password name=p></form></html>"

    def kind(call: Call) -> bytes | None:
        said = Shop()(call)
        return ok(page, b"Content-Type: text/html") if said and b" 401 " in said.partition(b"\r\n")[0] else said

    plan, _ = prepared(tmp_path, served(kind))
    assert plan.login_pages == (page.decode(),)
    assert plan.known_good["ann"].judged[0].operation.label == "GET /me"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('suites = { skip = ["errors"] }', 'suites.skip has "errors"'),
        ('policy = { require = { suites = ["headers", "authorization"] } }', 'policy.require.suites does not have "errors"'),
    ],
)
def test_a_shipped_suite_that_is_left_out_leaves_a_trace(tmp_path: Path, more: str, why: str) -> None:
    plan, _ = prepared(tmp_path, None, None, more)
    assert [(each.what, each.why) for each in plan.ledger.excluded if each.suite == "errors"] == [("suite errors", why)]


def test_a_suite_that_is_left_out_is_told_also_where_the_run_cannot_begin(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, None, lambda _: None, 'suites = { skip = ["errors"] }')
    assert [each.what for each in plan.ledger.excluded] == ["suite errors"]


def test_an_own_suite_may_owe_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "test_mine.py").write_text("OWES = ()")
    plan, _ = prepared(tmp_path, None, None, 'suites = { paths = ["own"] }')
    assert [(line.operation, line.role) for line in plan.ledger.lines if line.suite == "mine"] == [("*", "*")]


RESOURCE = 'resources.thing = { create = "POST /things", body = { name = "n" }, remove = "DELETE /things/{id}", owners = ["ann"] }'


def test_at_own_objects_what_a_resource_names_is_owed_and_what_may_be_somebodys_is_not(tmp_path: Path) -> None:
    put = {"put": {**RESPONSES, **GUARDED, **PATH_ID, **BODY}}
    document = {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/others/{id}": put}}
    service = served(Shop(), document=document)
    plan, stage = prepared(tmp_path, service, service, 'safety = { level = "own-objects" }', RESOURCE)
    owed = {line.operation for line in plan.ledger.lines if line.role == "ann"}
    assert {"POST /things", "DELETE /things/{id}"} <= owed
    left_out = {(each.operation, each.role): each.why for each in plan.ledger.excluded}
    assert 'safety.level = "own-objects"' in left_out["PUT /others/{id}", "ann"]
    assert {operation.label: operation.resources for operation in plan.operations}["GET /things/{id}"] == {"id": "thing"}
    assert {call.method for call in stage.calls} == {"GET"}


def logging_in(call: Call) -> bytes | None:
    """Let ben in on the baseline, with a token of that side; the canary knows nobody."""
    if call.path == "/login":
        return ok(b'{"token": "%s"}' % token_of("ben").encode()) if call.side is BASELINE else status("401 No")
    return shop(call)


shop = Shop()
BEN = """
roles.ben = { login = "door", password = "env:ANN" }
[login.door]
kind = "json"
request = "POST /login"
json = { password = "$password" }
token = "/token"
"""


def test_a_role_that_one_side_keeps_out_plays_no_part_and_is_owed_all_the_same(tmp_path: Path) -> None:
    plan, stage = prepared(tmp_path, served(logging_in), served(logging_in), BEN)
    assert [role.name for role in plan.roles] == ["anonymous", "ann"]
    assert [(gap.code, gap.role) for gap in plan.gaps] == [("login", "ben")]
    assert "ben" in {line.role for line in plan.ledger.lines}
    assert "ben" not in plan.known_good
    assert [len(stage.asked(side, "/login", "POST")) for side in Side] == [1, 1]


def test_a_token_that_a_login_brought_is_a_secret_with_and_without_its_prefix(tmp_path: Path) -> None:
    plan, _ = prepared(tmp_path, served(logging_in), served(logging_in), BEN)
    assert {token_of("ben"), f"Bearer {token_of('ben')}"} <= {secret.value for secret in plan.secrets}
    assert token_of("ben") not in repr(plan)
