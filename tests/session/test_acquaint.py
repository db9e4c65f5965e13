"""Before the first test: schemas, logins, and a known-good request for each role."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import EVERYTHING, ME, PING, RESOURCE, THINGS, Call, Service, Shop, Stage, mixed, ok, status, token_of

from zeroweight.checks.outcome import Context
from zeroweight.drivers.limits import Lock
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import Scenario
from zeroweight.model.role import ANONYMOUS, Login, LoginKind, Role
from zeroweight.model.target import Side
from zeroweight.redact import Secret
from zeroweight.session.acquaint import TRIED, Acquaintance, log_in, schemas, vouch, with_resources

BASELINE, CANARY = Side
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/things": {"get": {"responses": {"200": {"description": "d"}}}}},
}
LOGIN = Login(kind=LoginKind.JSON, request="POST /login", body={"user": "ann", "password": Secret(name="p", value="pass")}, token="/token")


def bearer(name: str, **more: Any) -> Role:
    return Role(name=name, login=Login(kind=LoginKind.BEARER, value=Secret(name=name, value=token_of(name))), **more)


# Schemas.


def documented(_: Call) -> bytes:
    return ok(json.dumps(DOCUMENT).encode())


@pytest.mark.parametrize(
    ("canary", "found", "says"),
    [
        (documented, set(Side), ""),
        (lambda _: status("404 No"), {BASELINE}, "answered 404, not a schema"),
        (lambda _: ok(b"<html>"), {BASELINE}, "canary"),
        (lambda _: None, {BASELINE}, "canary"),
    ],
)
def test_each_side_is_asked_for_its_own_schema(tmp_path: Path, canary: Service, found: set[Side], says: str) -> None:
    with Stage(folder=tmp_path, baseline=documented, canary=canary) as stage:
        got, gaps = stage.loop.run(schemas(stage.drivers, "/openapi.json"))
        assert set(got) == found
        assert [(gap.code, gap.what) for gap in gaps] == ([("schema", "schema of the canary")] if says else [])
        assert all(says in gap.why for gap in gaps)


def test_a_file_speaks_for_both_sides_and_a_lost_file_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(DOCUMENT))
    with Stage(folder=tmp_path) as stage:
        got, gaps = stage.loop.run(schemas(stage.drivers, f"file:{tmp_path}/api.json"))
        assert (set(got), gaps) == (set(Side), [])
        got, gaps = stage.loop.run(schemas(stage.drivers, f"file:{tmp_path}/none.json"))
        assert (got, len(gaps)) == ({}, 2)
        assert stage.calls == []


# Which operation takes which id.


def operation(label: str) -> Operation:
    method, _, path = label.partition(" ")
    return Operation(method=method, path=path)


@pytest.mark.parametrize(
    ("label", "used", "taken"),
    [
        ("GET /things/{id}", (), {"id": "thing"}),
        ("DELETE /things/{id}", (), {"id": "thing"}),
        ("GET /things/{thing_id}/parts/{part}", (), {"thing_id": "thing"}),
        ("GET /other/{id}", (), {}),
        ("GET /things", (), {}),
        ("GET /thingsome/{id}", (), {}),
        ("GET /shops/{shop}/things/{id}", (), {}),
        ("GET /shops/{shop}/things/{id}", ("GET /shops/{shop}/things/{id}",), {"id": "thing"}),
        ("GET /things/{id}", ("PUT /things/{id}",), {}),
        ("DELETE /things/{id}", ("PUT /things/{id}",), {"id": "thing"}),  # its own remove
    ],
)
def test_an_operation_takes_the_id_behind_the_creates_path_or_where_it_is_told(
    label: str, used: tuple[str, ...], taken: dict[str, str]
) -> None:
    (told,) = with_resources([operation(label)], [replace(RESOURCE, used=used)])
    assert told.resources == taken


# Logins.


def test_every_role_is_logged_in_once_a_side(tmp_path: Path) -> None:
    def doors(call: Call) -> bytes:
        return ok(b'{"token": "t-%s"}' % call.side.value.encode()) if call.path == "/login" else ok()

    with Stage(folder=tmp_path, baseline=doors, canary=doors, roles=()) as stage:
        met = stage.loop.run(log_in(stage.drivers, [Role(name=ANONYMOUS), Role(name="ann", login=LOGIN), bearer("ben")]))
        assert met.gaps == []
        assert [sorted(met.accounts[side]) for side in Side] == [["ann", "anonymous", "ben"]] * 2
        assert [len(stage.asked(side, "/login")) for side in Side] == [1, 1]
        stage.loop.run(stage.lanes.send([Scenario.of(THINGS.example(role="ann"))]))
        assert {call.side.value: call.token for call in stage.calls if call.path == "/things"} == {
            "baseline": "t-baseline",
            "canary": "t-canary",
        }


@pytest.mark.parametrize("canary", [lambda _: status("401 No"), lambda _: ok(b"{}"), lambda _: None])
def test_a_role_that_cannot_log_in_on_one_side_is_a_gap(tmp_path: Path, canary: Service) -> None:
    with Stage(folder=tmp_path, baseline=lambda _: ok(b'{"token": "tttt"}'), canary=canary, roles=()) as stage:
        met = stage.loop.run(log_in(stage.drivers, [Role(name="ann", login=LOGIN), bearer("ben")]))
        assert {(gap.code, gap.role, gap.operation) for gap in met.gaps} == {("login", "ann", "")}
        assert ("ann" in met.accounts[BASELINE], "ann" in met.accounts[CANARY]) == (True, False)
        assert all("ben" in met.accounts[side] for side in Side)
        assert "pass" not in repr(met.gaps).replace("password", "")


# Known-good requests.


def vouched(folder: Path, service: Service, *roles: Role, canary: Service | None = None, level: Level = Level.DESTRUCTIVE) -> Acquaintance:
    with Stage(folder=folder, baseline=service, canary=canary or service, level=level) as stage:
        met = stage.loop.run(log_in(stage.drivers, roles))
        stage.loop.run(vouch(stage.drivers, roles, EVERYTHING, met))
        return met


def label(met: Acquaintance, role: str) -> str:
    return met.known_good[role].judged[0].operation.label if role in met.known_good else ""


def test_a_known_good_request_tells_a_living_session_from_a_dead_one(tmp_path: Path) -> None:
    met = vouched(tmp_path, Shop(), Role(name=ANONYMOUS), bearer("ann"), bearer("ben"))
    assert {role: label(met, role) for role in ("ann", "ben")} == {"ann": "GET /me", "ben": "GET /me"}
    assert ANONYMOUS not in met.known_good
    assert met.gaps == []


def test_what_is_open_to_anybody_vouches_for_nobody(tmp_path: Path) -> None:
    met = vouched(tmp_path, lambda _: ok(), bearer("ann"))
    assert met.known_good == {}
    assert [(gap.code, gap.role) for gap in met.gaps] == [("role", "ann")]


@pytest.mark.parametrize("closed", ["me", "things"])
def test_what_one_side_refuses_is_not_known_good(tmp_path: Path, closed: str) -> None:
    canary = mixed(Shop(), **{closed: lambda _: status("403 No")})
    assert label(vouched(tmp_path, Shop(), bearer("ann"), canary=canary), "ann") == {"me": "GET /things", "things": "GET /me"}[closed]


def test_a_request_that_fails_now_and_then_is_asked_up_to_three_times(tmp_path: Path) -> None:
    shop = Shop()

    def moody(call: Call) -> bytes | None:
        return status("503 Busy") if call.token and call.nth % 3 else shop(call)

    assert label(vouched(tmp_path, moody, bearer("ann")), "ann") == "GET /me"


def test_the_operators_own_check_is_taken_before_all_others_also_where_the_schema_lacks_it(tmp_path: Path) -> None:
    def strict(call: Call) -> bytes:
        return ok() if call.token else status("401 No")

    assert label(vouched(tmp_path, strict, bearer("ann", check="GET /things")), "ann") == "GET /things"
    assert label(vouched(tmp_path, strict, bearer("ann", check="GET /unlisted")), "ann") == "GET /unlisted"


def test_a_check_that_is_open_to_anybody_vouches_for_nobody_and_says_so(tmp_path: Path) -> None:
    met = vouched(tmp_path, Shop(), bearer("ann", check="GET /ping"), bearer("ben", check="GET /ping"), bearer("cleo"))
    assert set(met.known_good) == {"cleo"}
    assert [(gap.code, gap.role) for gap in met.gaps] == [("role", "ann"), ("role", "ben")]
    assert "not refused to anonymous" in met.gaps[0].why
    assert "that only ann may call: roles.ann.check" in met.gaps[0].fix


@pytest.mark.parametrize("said", [status("429 Slow"), None])
def test_a_check_to_which_anonymous_gets_no_answer_vouches_for_nobody(tmp_path: Path, said: bytes | None) -> None:
    met = vouched(tmp_path, lambda call: ok() if call.token else said, bearer("ann", check="GET /me"))
    assert (met.known_good, [gap.code for gap in met.gaps]) == ({}, ["role"])


def test_a_token_that_means_nothing_is_noticed_though_the_check_lets_anybody_in(tmp_path: Path) -> None:
    met = vouched(tmp_path, mixed(lambda _: status("401 No"), ping=lambda _: ok()), bearer("ann", check="GET /ping"))
    assert (met.known_good, [gap.code for gap in met.gaps]) == ({}, ["role"])


@pytest.mark.parametrize("check", ["GET /things/9", "POST /things"])
def test_a_check_that_is_not_allowed_is_a_gap(tmp_path: Path, check: str) -> None:
    met = vouched(tmp_path, Shop(), bearer("ann", check=check), level=Level.READ_ONLY)
    assert [(gap.code, gap.role) for gap in met.gaps] == [("role", "ann")]
    assert "roles.ann.check" in met.gaps[0].fix


def test_a_role_without_an_account_is_not_vouched_for_twice(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Shop(), canary=Shop()) as stage:
        met = Acquaintance()
        stage.loop.run(vouch(stage.drivers, [bearer("ann")], [ME, PING], met))
        assert (met.known_good, met.gaps, stage.calls) == ({}, [], [])


# Where a schema may come from.


def moved(call: Call) -> bytes:
    return status("307 There", b"Location: /docs/openapi.json") if call.path == "/openapi.json" else documented(call)


def test_a_redirect_to_the_schema_is_followed(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=documented, canary=moved) as stage:
        got, gaps = stage.loop.run(schemas(stage.drivers, "/openapi.json"))
        assert (set(got), gaps) == (set(Side), [])


def test_a_url_speaks_for_both_sides_where_its_host_may_be_reached(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as home, Stage(folder=tmp_path / "other", baseline=documented) as other:
        url = other.servers[BASELINE].url
        for driver in home.drivers.values():
            driver._errands._lock = Lock(driver.target, (url.partition("://")[2],))
        got, gaps = home.loop.run(schemas(home.drivers, f"{url}/openapi.json"))
        assert (set(got), gaps, home.calls, len(other.calls)) == (set(Side), [], [], 2)


def test_a_url_that_may_not_be_reached_is_a_gap_that_names_the_setting(tmp_path: Path) -> None:
    with Stage(folder=tmp_path) as stage:
        got, gaps = stage.loop.run(schemas(stage.drivers, "http://schemas.example/openapi.json"))
        assert (got, len(gaps), stage.calls) == ({}, 2, [])
        assert all("safety.hosts" in gap.why for gap in gaps)


# More of which operation takes which id.


@pytest.mark.parametrize(
    ("label", "changes", "taken"),
    [
        ("POST /things/{id}:cancel", {}, {"id": "thing"}),
        ("GET /things/mine/{day}", {}, {}),
        ("GET /users/{user}/things/{id}", {"read": "GET /users/{user}/things/{id}"}, {"id": "thing"}),
        ("GET /things/{id}/parts/{part}", {"used": ("GET /things/{id}/parts/{part}",)}, {"id": "thing"}),
        ("GET /invoice", {"used": ("GET /invoice",)}, {}),
        ("GET /shops/{shop}/things/{id}", {"create": "POST /shops/{shop}/things"}, {"id": "thing"}),
        ("GET /things/{id}", {"create": "POST /things/"}, {"id": "thing"}),
    ],
)
def test_nested_and_odd_paths_take_the_id_that_is_meant(label: str, changes: dict[str, Any], taken: dict[str, str]) -> None:
    (told,) = with_resources([operation(label)], [replace(RESOURCE, **changes)])
    assert told.resources == taken


def test_one_path_may_take_the_ids_of_two_resources() -> None:
    part = replace(RESOURCE, kind="part", create="POST /things/{id}/parts", remove="")
    (told,) = with_resources([operation("GET /things/{id}/parts/{part}")], [RESOURCE, part])
    assert told.resources == {"id": "thing", "part": "part"}


# More of known-good requests.


def vouching(folder: Path, operations: Sequence[Operation], service: Service, *roles: str) -> tuple[Acquaintance, list[Call]]:
    """Vouch by some operations; returns what came of it, and what the baseline was asked."""
    with Stage(folder=folder, baseline=service, canary=service, level=Level.READ_ONLY) as stage:
        named = [bearer(role) for role in roles or ("ann",)]
        met = stage.loop.run(log_in(stage.drivers, named))
        stage.loop.run(vouch(stage.drivers, named, operations, met))
        return met, stage.asked(BASELINE)


def read_of(path: str, *, protected: bool = True) -> Operation:
    return Operation(method="GET", path=path, protected=frozenset(Side) if protected else frozenset())


def test_reads_without_ids_are_tried_first_and_protected_ones_before_open_ones(tmp_path: Path) -> None:
    operations = [
        read_of("/with/{id}"),
        read_of("/plain", protected=False),
        operation("DELETE /all"),
        operation("POST /make"),
        read_of("/zed"),
    ]
    _, asked = vouching(tmp_path, operations, lambda _: status("401 No"))
    assert [(call.method, call.path) for call in asked] == [("GET", "/zed"), ("GET", "/plain"), ("GET", "/with/1")]


def test_only_so_many_requests_are_tried(tmp_path: Path) -> None:
    met, asked = vouching(tmp_path, [read_of(f"/{number:02}") for number in range(TRIED + 3)], lambda _: status("404 No"))
    assert len(asked) == TRIED
    assert [gap.code for gap in met.gaps] == ["role"]


def test_an_open_request_is_asked_as_anonymous_once_for_all_roles(tmp_path: Path) -> None:
    def half_open(call: Call) -> bytes:
        return ok() if call.token or call.path == "/a" else status("401 No")

    met, asked = vouching(tmp_path, [read_of("/a"), read_of("/b")], half_open, "ann", "ben")
    assert [call.token for call in asked if call.path == "/a"] == [token_of("ann"), ""]
    assert {role: label(met, role) for role in met.known_good} == {"ann": "GET /b", "ben": "GET /b"}


@pytest.mark.parametrize(("line", "times"), [("401 No", 1), ("404 No", 1), ("400 Odd", 1), ("500 Oh", 3), ("429 Slow", 3), ("503 Busy", 3)])
def test_only_what_may_be_chance_is_asked_again(tmp_path: Path, line: str, times: int) -> None:
    _, asked = vouching(tmp_path, [read_of("/a")], lambda _: status(line))
    assert len(asked) == times


@pytest.mark.parametrize("side", [BASELINE, CANARY])
def test_what_one_side_lets_anybody_do_is_not_known_good_where_another_request_is(tmp_path: Path, side: Side) -> None:
    half_open = mixed(Shop(), me=lambda _: ok())
    baseline, canary = (half_open, Shop()) if side is BASELINE else (Shop(), half_open)
    assert label(vouched(tmp_path, baseline, bearer("ann"), canary=canary), "ann") == "GET /things"


def test_a_side_that_lets_anybody_do_everything_has_no_living_sessions_to_tell(tmp_path: Path) -> None:
    met = vouched(tmp_path, Shop(), bearer("ann"), canary=Shop(lacks=("login",)))
    assert (met.known_good, [gap.code for gap in met.gaps]) == ({}, ["role"])


def test_the_operators_check_counts_for_every_role_that_names_it(tmp_path: Path) -> None:
    met = vouched(tmp_path, Shop(), bearer("ann", check="GET /things"), bearer("ben", check="GET /things"))
    assert {role: label(met, role) for role in met.known_good} == {"ann": "GET /things", "ben": "GET /things"}
    assert met.gaps == []


def test_a_login_page_is_no_access_and_vouches_for_nobody(tmp_path: Path) -> None:
    page = b"<html><form><input type=password name=p></form></html>"

    def dead(_: Call) -> bytes:
        return ok(page, b"Content-Type: text/html")

    with Stage(folder=tmp_path, baseline=dead, canary=dead) as stage:
        met = stage.loop.run(log_in(stage.drivers, [bearer("ann", check="GET /me")]))
        stage.loop.run(vouch(stage.drivers, [bearer("ann", check="GET /me")], EVERYTHING, met, Context(login_pages=(page.decode(),))))
    assert met.known_good == {}
    assert "is not allowed to it" in met.gaps[0].why
