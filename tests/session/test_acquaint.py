from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from stage import Call, Service, Stage, account, ok, status

from zeroweight.drivers.limits import Lock
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.resource import Resource
from zeroweight.model.role import ANONYMOUS, Login, LoginKind, Role
from zeroweight.model.target import Side
from zeroweight.redact import Secret
from zeroweight.session.acquaint import TRIED, Acquaintance, log_in, schemas, vouch, with_resources

DOCUMENT = json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/things": {"get": {}}}}).encode()


def serving_schema(call: Call) -> bytes:
    return ok(DOCUMENT) if call.path == "/openapi.json" else status("404 No")


def without(call: Call) -> bytes:
    return status("404 No")


def broken(call: Call) -> bytes:
    return ok(b"<p>soon</p>", b"Content-Type: text/html")


def moved(call: Call) -> bytes:
    return status("307 There", b"Location: /docs/openapi.json") if call.path == "/openapi.json" else ok(DOCUMENT)


def fetched(folder: Path, where: str, baseline: Service, canary: Service) -> tuple[list[Side], list[tuple[str, str]], Stage]:
    """Return the sides whose schema was read, and (what, why) of the gaps."""
    with Stage(baseline=baseline, canary=canary, folder=folder) as stage:
        found, gaps = stage.loop.run(schemas(stage.drivers, where))
    assert all(gap.code == "schema" for gap in gaps)
    return list(found), [(gap.what, gap.why) for gap in gaps], stage


def test_a_path_is_asked_of_both_sides(tmp_path: Path) -> None:
    found, gaps, stage = fetched(tmp_path, "/openapi.json", serving_schema, serving_schema)
    assert (found, gaps) == (list(Side), [])
    assert [len(stage.asked(side, "/openapi.json")) for side in Side] == [1, 1]


def test_a_file_speaks_for_both_sides_and_nothing_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_bytes(DOCUMENT)
    found, gaps, stage = fetched(tmp_path, f"file:{file}", without, without)
    assert (found, gaps, stage.calls) == (list(Side), [], [])


def test_a_url_speaks_for_both_sides_where_its_host_may_be_reached(tmp_path: Path) -> None:
    with (
        Stage(baseline=without, canary=without, folder=tmp_path) as home,
        Stage(baseline=serving_schema, folder=tmp_path / "other") as other,
    ):
        url = other.servers[Side.BASELINE].url
        for driver in home.drivers.values():
            driver._errands._lock = Lock(driver.target, (url.partition("://")[2],))
        found, gaps = home.loop.run(schemas(home.drivers, f"{url}/openapi.json"))
    assert (list(found), gaps, home.calls) == (list(Side), [], [])
    assert len(other.calls) == 2


def test_a_url_that_may_not_be_reached_is_a_gap_that_says_so(tmp_path: Path) -> None:
    _, gaps, stage = fetched(tmp_path, "http://schemas.example/openapi.json", without, without)
    assert len(gaps) == 2
    assert all("safety.hosts" in why for _, why in gaps)
    assert stage.calls == []


def test_a_redirect_to_the_schema_is_followed(tmp_path: Path) -> None:
    found, gaps, _ = fetched(tmp_path, "/openapi.json", moved, serving_schema)
    assert (found, gaps) == (list(Side), [])


@pytest.mark.parametrize("side", Side)
def test_a_schema_that_one_side_lacks_is_that_sides_gap(tmp_path: Path, side: Side) -> None:
    services = {each: without if each is side else serving_schema for each in Side}
    found, gaps, _ = fetched(tmp_path, "/openapi.json", services[Side.BASELINE], services[Side.CANARY])
    assert found == [side.other]
    assert gaps == [(f"schema of the {side}", f"GET /openapi.json on the {side} answered 404, not a schema")]


def test_what_is_no_schema_is_a_gap_that_names_the_document(tmp_path: Path) -> None:
    found, gaps, _ = fetched(tmp_path, "/openapi.json", serving_schema, broken)
    assert found == [Side.BASELINE]
    assert [what for what, _ in gaps] == ["schema of the canary"]
    assert "/openapi.json of the canary" in gaps[0][1]


def test_a_side_that_is_silent_has_no_schema(tmp_path: Path) -> None:
    found, gaps, _ = fetched(tmp_path, "/openapi.json", serving_schema, lambda _: None)
    assert found == [Side.BASELINE]
    assert len(gaps) == 1


def test_a_file_that_is_not_there_is_a_gap_of_both_sides(tmp_path: Path) -> None:
    found, gaps, _ = fetched(tmp_path, f"file:{tmp_path}/none.json", without, without)
    assert found == []
    assert len(gaps) == 2


ORDER = Resource(kind="order", create="POST /orders", read="GET /orders/{id}", remove="DELETE /orders/{id}")


@pytest.mark.parametrize(
    ("label", "changes", "taken"),
    [
        ("GET /orders/{id}", {}, {"id": "order"}),
        ("DELETE /orders/{id}", {}, {"id": "order"}),
        ("POST /orders/{id}/cancel", {}, {"id": "order"}),
        ("GET /orders/{id}/items/{item}", {}, {"id": "order"}),
        ("POST /orders/{id}:cancel", {}, {"id": "order"}),
        ("GET /orders", {}, {}),
        ("POST /orders", {}, {}),
        ("GET /orders/mine/{day}", {}, {}),
        ("GET /orders-old/{id}", {}, {}),
        ("GET /users/{id}", {}, {}),
        ("GET /users/{user}/orders/{id}", {}, {}),
        ("GET /users/{user}/orders/{id}", {"read": "GET /users/{user}/orders/{id}"}, {"id": "order"}),
        ("GET /invoice/{of}", {"used": ("GET /invoice/{of}",)}, {"of": "order"}),
        ("GET /orders/{id}", {"used": ("GET /invoice/{of}",)}, {"id": "order"}),
        ("PUT /orders/{id}", {"used": ("GET /invoice/{of}",)}, {}),
        ("GET /orders/{id}/items/{item}", {"used": ("GET /orders/{id}/items/{item}",)}, {"id": "order"}),
        ("GET /invoice", {"used": ("GET /invoice",)}, {}),
        ("GET /shops/{shop}/orders/{id}", {"create": "POST /shops/{shop}/orders"}, {"id": "order"}),
        ("GET /orders/{id}", {"create": "POST /orders/"}, {"id": "order"}),
    ],
)
def test_an_operation_takes_the_id_of_a_resource(label: str, changes: dict[str, str], taken: dict[str, str]) -> None:
    method, _, path = label.partition(" ")
    (made,) = with_resources([Operation(method=method, path=path)], [replace(ORDER, **changes)])
    assert made.resources == taken


def test_one_path_may_take_the_ids_of_two_resources() -> None:
    item = Resource(kind="item", create="POST /orders/{id}/items")
    (made,) = with_resources([Operation(method="GET", path="/orders/{id}/items/{item}")], [ORDER, item])
    assert made.resources == {"id": "order", "item": "item"}


def test_operations_stay_in_their_order() -> None:
    operations = [Operation(method="GET", path=path) for path in ("/b", "/orders/{id}", "/a")]
    assert [made.path for made in with_resources(operations, [ORDER])] == ["/b", "/orders/{id}", "/a"]


ANN = Role(
    name="ann", login=Login(kind=LoginKind.JSON, request="POST /login", body={"password": Secret(name="p", value="pass")}, token="/token")
)
BEN = Role(name="ben", login=Login(kind=LoginKind.BEARER, value=Secret(name="ben", value="token-of-ben")))


def letting_in(call: Call) -> bytes:
    return ok(b'{"token": "token-of-ann"}') if call.path == "/login" else ok()


def keeping_out(call: Call) -> bytes:
    return status("401 No")


def met_on(folder: Path, baseline: Service, canary: Service, *roles: Role) -> tuple[Acquaintance, Stage]:
    with Stage(baseline=baseline, canary=canary, folder=folder, roles=()) as stage:
        return stage.loop.run(log_in(stage.drivers, [Role(name=ANONYMOUS), *roles])), stage


def test_a_role_logs_in_once_a_side(tmp_path: Path) -> None:
    met, stage = met_on(tmp_path, letting_in, letting_in, ANN, BEN)
    assert [len(stage.asked(side, "/login")) for side in Side] == [1, 1]
    assert all(set(met.accounts[side]) == {ANONYMOUS, "ann", "ben"} for side in Side)
    assert met.gaps == []


def test_a_role_that_one_side_keeps_out_is_a_gap_and_the_other_roles_are_not(tmp_path: Path) -> None:
    met, _ = met_on(tmp_path, letting_in, keeping_out, ANN, BEN)
    assert [(gap.role, gap.code, gap.operation) for gap in met.gaps] == [("ann", "login", "")]
    assert "on the canary" in met.gaps[0].why
    assert "ann" not in met.accounts[Side.CANARY]
    assert "ben" in met.accounts[Side.CANARY]


def test_what_a_failed_login_says_holds_no_secret(tmp_path: Path) -> None:
    met, _ = met_on(tmp_path, keeping_out, keeping_out, ANN)
    assert len(met.gaps) == 2
    assert "pass" not in met.gaps[0].why.replace("password", "")


def reads(*paths: str) -> list[Operation]:
    return [Operation(method="GET", path=path, protected=frozenset(Side)) for path in paths]


class Vouching:
    """Has a pair of services vouch for roles that have accounts on both sides."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        operations: Sequence[Operation],
        baseline: Service,
        canary: Service | None = None,
        *,
        roles: Sequence[Role] = (Role(name="ann"),),
        lost: Sequence[tuple[Side, str]] = (),
        level: Level = Level.READ_ONLY,
    ) -> Acquaintance:
        with Stage(baseline=baseline, canary=canary or baseline, folder=self.folder, level=level) as stage:
            met = stage.loop.run(log_in(stage.drivers, roles))
            for side, role in lost:
                met.accounts[side].pop(role)
            # `log_in` knows no credentials of these roles; the stage's accounts have them.
            for driver in stage.drivers.values():
                for role in roles:
                    driver.enrol(account(role.name))
            stage.loop.run(vouch(stage.drivers, roles, operations, met))
        self.stage = stage
        return met


@pytest.fixture
def vouching(tmp_path: Path) -> Vouching:
    return Vouching(tmp_path)


def guarded(*open_: str) -> Service:
    """Return a service that lets every role in and anonymous only to some paths."""
    return lambda call: ok() if call.token or call.path in open_ else status("401 No")


def known(met: Acquaintance) -> dict[str, str]:
    return {role: scenario.steps[0].probe.operation.label for role, scenario in met.known_good.items()}


def test_a_request_that_anonymous_is_refused_vouches_for_a_role(vouching: Vouching) -> None:
    met = vouching(reads("/a"), guarded())
    assert known(met) == {"ann": "GET /a"}
    assert met.known_good["ann"].steps[0].probe.role == "ann"
    assert met.gaps == []


def test_a_request_that_anonymous_is_allowed_vouches_for_nobody(vouching: Vouching) -> None:
    assert known(vouching(reads("/a", "/b"), guarded("/a"))) == {"ann": "GET /b"}


def test_where_nothing_is_refused_to_anonymous_a_role_is_a_gap_with_the_line_to_add(vouching: Vouching) -> None:
    met = vouching(reads("/a", "/b"), guarded("/a", "/b"))
    assert known(met) == {}
    assert [(gap.role, gap.code, gap.operation) for gap in met.gaps] == [("ann", "role", "")]
    assert 'roles.ann.check = "GET /path"' in met.gaps[0].fix


def test_an_open_request_is_asked_as_anonymous_once_for_all_roles(vouching: Vouching) -> None:
    vouching(reads("/a", "/b"), guarded("/a"), roles=[Role(name="ann"), Role(name="ben")])
    asked = vouching.stage.asked(Side.BASELINE, "/a")
    assert [call.token for call in asked] == ["token-of-ann", ""]


@pytest.mark.parametrize("side", Side)
def test_a_request_must_be_allowed_on_both_sides(vouching: Vouching, side: Side) -> None:
    def narrow(call: Call) -> bytes:
        return ok() if call.token and call.path != "/a" else status("403 No")

    services = {each: narrow if each is side else guarded() for each in Side}
    assert known(vouching(reads("/a", "/b"), services[Side.BASELINE], services[Side.CANARY])) == {"ann": "GET /b"}


def test_a_guard_that_is_open_on_one_side_only_does_not_unmake_the_sentinel(vouching: Vouching) -> None:
    assert known(vouching(reads("/a"), guarded(), guarded("/a"))) == {"ann": "GET /a"}


def test_a_role_that_could_not_log_in_somewhere_is_not_vouched_for(vouching: Vouching) -> None:
    met = vouching(reads("/a"), guarded(), lost=[(Side.CANARY, "ann")])
    assert (known(met), met.gaps, vouching.stage.calls) == ({}, [], [])


def test_reads_without_ids_come_first_and_protected_ones_before_open_ones(vouching: Vouching) -> None:
    operations = [
        *reads("/with/{id}"),
        Operation(method="GET", path="/plain"),
        Operation(method="DELETE", path="/all"),
        Operation(method="POST", path="/make"),
        *reads("/zed"),
    ]
    vouching(operations, lambda _: status("401 No"))
    assert [call.path for call in vouching.stage.asked(Side.CANARY)] == ["/zed", "/plain", "/with/1"]
    assert {call.method for call in vouching.stage.calls} == {"GET"}


def test_only_so_many_requests_are_tried(vouching: Vouching) -> None:
    met = vouching(reads(*(f"/{number:02}" for number in range(TRIED + 3))), lambda _: status("404 No"))
    assert len(vouching.stage.asked(Side.BASELINE)) == TRIED
    assert len(met.gaps) == 1


def test_the_roles_own_check_is_the_only_request_that_is_tried(vouching: Vouching) -> None:
    roles = [Role(name="ann", check="GET /me")]
    assert known(vouching(reads("/a", "/me"), guarded(), roles=roles)) == {"ann": "GET /me"}
    assert {call.path for call in vouching.stage.calls} == {"/me"}


def test_a_check_that_the_schema_lacks_is_asked_as_it_is_written(vouching: Vouching) -> None:
    assert known(vouching(reads("/a"), guarded(), roles=[Role(name="ann", check="GET /who")])) == {"ann": "GET /who"}


def test_a_check_that_is_refused_is_a_gap(vouching: Vouching) -> None:
    met = vouching(reads("/a"), lambda call: status("403 No") if call.path == "/me" else ok(), roles=[Role(name="ann", check="GET /me")])
    assert known(met) == {}
    assert [gap.role for gap in met.gaps] == ["ann"]


def test_the_operators_word_counts_for_every_role_that_names_an_open_check(vouching: Vouching) -> None:
    roles = [Role(name=name, check="GET /me") for name in ("ann", "ben")]
    met = vouching(reads("/a"), guarded("/me"), roles=roles)
    assert known(met) == {"ann": "GET /me", "ben": "GET /me"}
    assert met.gaps == []


def test_a_check_that_the_level_forbids_is_never_sent(vouching: Vouching) -> None:
    met = vouching(reads("/a"), guarded(), roles=[Role(name="ann", check="POST /search")])
    assert (known(met), vouching.stage.calls) == ({}, [])
    assert len(met.gaps) == 1


@pytest.mark.parametrize("line", ["503 Busy", "500 Oh", "429 Slow", "502 Oh"])
def test_an_answer_that_may_be_chance_is_asked_again(vouching: Vouching, line: str) -> None:
    usual = guarded()

    def tired(call: Call) -> bytes:
        said = status(line, b"Retry-After: 0") if call.token and call.nth <= 2 else usual(call)
        assert isinstance(said, bytes)
        return said

    assert known(vouching(reads("/a"), tired)) == {"ann": "GET /a"}


def test_a_connection_that_is_closed_once_is_asked_again(vouching: Vouching) -> None:
    usual = guarded()
    assert known(vouching(reads("/a"), lambda call: None if call.nth == 1 else usual(call))) == {"ann": "GET /a"}


def test_three_broken_answers_are_no_chance(vouching: Vouching) -> None:
    met = vouching(reads("/a"), lambda _: status("500 Oh"))
    assert len(vouching.stage.asked(Side.BASELINE)) == 3
    assert [gap.role for gap in met.gaps] == ["ann"]


def test_a_refusal_is_not_asked_again(vouching: Vouching) -> None:
    vouching(reads("/a"), lambda _: status("403 No"))
    assert len(vouching.stage.asked(Side.BASELINE)) == 1


def test_anonymous_needs_nobody_to_vouch_for_it(vouching: Vouching) -> None:
    met = vouching(reads("/a"), guarded(), roles=[Role(name=ANONYMOUS)])
    assert (known(met), met.gaps) == ({}, [])
