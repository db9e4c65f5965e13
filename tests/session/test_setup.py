from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from loops import LOOPS, installed
from plans import plan_of
from stage import account

from zeroweight.config.load import read
from zeroweight.config.model import Config
from zeroweight.drivers.httpx_line import HttpxLane
from zeroweight.drivers.wire import WireLine
from zeroweight.errors import ConfigError
from zeroweight.finding import Evidence, Finding, Rule, Severity
from zeroweight.ledger import SHIPPED
from zeroweight.model.http import Exchange
from zeroweight.model.outcome import Level
from zeroweight.model.place import Place
from zeroweight.model.request import Scenario
from zeroweight.model.role import Account, Login
from zeroweight.model.target import Identity, Side, Target, Tls
from zeroweight.plan import Shares
from zeroweight.redact import Secret
from zeroweight.session import setup
from zeroweight.verdict import Action, Clause, Policy, Require, Waiver

TODAY = dt.date(2027, 3, 14)
ENVIRONMENT = {"TOKEN": "t-1", "PASS": "p-2", "CLIENT": "c-3", "KEY": "k-4"}


def config(**tables: Any) -> Config:
    document = {
        "service": "things",
        "baseline": {"url": "http://127.0.0.1:1"},
        "canary": {"url": "http://127.0.0.1:2"},
        "api": {"schema": "/openapi.json"},
    }
    return read({**document, **tables}, file="gate.toml", folder=Path.cwd(), environment=ENVIRONMENT)


def test_a_target_is_told_in_full() -> None:
    told = config(
        baseline={"url": "https://b.example/api/", "expect": "1.0"},
        canary={
            "url": "https://c.example",
            "address": "10.0.0.7:8443",
            "server_name": "b.example",
            "headers": {"x-canary": "env:KEY", "x-plain": "always"},
        },
    )
    both = setup.targets(told)
    assert both[Side.BASELINE] == Target(side=Side.BASELINE, url="https://b.example/api", expect="1.0")
    canary = both[Side.CANARY]
    assert (canary.side, canary.address, canary.server_name, canary.tls) == (Side.CANARY, "10.0.0.7:8443", "b.example", Tls())
    assert canary.headers["x-plain"] == "always"
    route = canary.headers["x-canary"]
    assert isinstance(route, Secret)
    assert route.reveal() == "k-4"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, Identity()),
        ({"identity": {"header": "x-build"}}, Identity(header="x-build")),
        ({"identity": {"get": "/version", "pointer": "/build"}}, Identity(get="/version", pointer="/build")),
    ],
)
def test_the_identity_is_where_the_operator_says(told: dict[str, Any], found: Identity) -> None:
    assert setup.identity(config(**told)) == found


def revealed(value: Any) -> Any:
    """Return a value with its secrets told as `!value`."""
    if isinstance(value, Secret):
        return f"!{value.reveal()}"
    if isinstance(value, Mapping):
        return {key: revealed(item) for key, item in value.items()}
    return [revealed(item) for item in value] if isinstance(value, list | tuple) else value


def in_words(login: Login) -> dict[str, Any]:
    """Return what a login says beyond its defaults."""
    bare = Login()
    return {name: revealed(getattr(login, name)) for name in Login.__slots__ if getattr(login, name) != getattr(bare, name)}


BODY = {"user": "$user", "password": "$password", "client": {"secret": "env:CLIENT", "scopes": ["a", {"for": "$tenant"}]}}
FILLED = {"user": "ann", "password": "!p-2", "client": {"secret": "!c-3", "scopes": ["a", {"for": "acme"}]}}


@pytest.mark.parametrize(
    ("role", "login", "words"),
    [
        ({"bearer": "env:TOKEN"}, {}, {"kind": "bearer", "value": "!t-1"}),
        ({"header": {"name": "x-key", "value": "env:KEY"}}, {}, {"kind": "header", "name": "x-key", "value": "!k-4"}),
        (
            {"api_key": {"in": "query", "name": "key", "value": "env:KEY"}},
            {},
            {"kind": "api-key", "name": "key", "place": "query", "value": "!k-4"},
        ),
        (
            {"api_key": {"in": "cookie", "name": "sid", "value": "env:KEY"}},
            {},
            {"kind": "api-key", "name": "sid", "place": "cookie", "value": "!k-4"},
        ),
        ({"api_key": {"in": "header", "name": "x-k", "value": "env:KEY"}}, {}, {"kind": "api-key", "name": "x-k", "value": "!k-4"}),
        ({"basic": {"user": "ann", "password": "env:PASS"}}, {}, {"kind": "basic", "user": "ann", "value": "!p-2"}),
        ({"basic": {"user": "env:KEY", "password": "env:PASS"}}, {}, {"kind": "basic", "user": "!k-4", "value": "!p-2"}),
        ({"login": "way", "token": "env:TOKEN"}, {"kind": "bearer"}, {"kind": "bearer", "value": "!t-1"}),
        ({"login": "way", "value": "env:KEY"}, {"kind": "header", "name": "x"}, {"kind": "header", "name": "x", "value": "!k-4"}),
        ({"login": "way"}, {"kind": "header", "name": "x", "value": "env:KEY"}, {"kind": "header", "name": "x", "value": "!k-4"}),
        ({"login": "way", "password": "env:PASS"}, {"kind": "basic", "user": "gate"}, {"kind": "basic", "user": "gate", "value": "!p-2"}),
        (
            {"login": "way", "value": "env:KEY"},
            {"kind": "api-key", "in": "query", "name": "k"},
            {"kind": "api-key", "name": "k", "place": "query", "value": "!k-4"},
        ),
        (
            {"login": "way", "user": "ann", "password": "env:PASS", "tenant": "acme"},
            {"kind": "json", "request": "POST /login", "json": BODY, "token": "/data/token"},
            {"kind": "json", "name": "Authorization", "user": "ann", "request": "POST /login", "body": FILLED, "token": "/data/token"},
        ),
        (
            {"login": "way", "token": "env:TOKEN"},
            {"kind": "json", "request": "POST /swap", "json": {"token": "$token"}, "token": "/t", "header": "x-auth", "prefix": ""},
            {"kind": "json", "name": "x-auth", "request": "POST /swap", "body": {"token": "!t-1"}, "token": "/t", "prefix": ""},
        ),
    ],
)
def test_each_kind_of_login_becomes_a_noun(role: dict[str, Any], login: dict[str, Any], words: dict[str, Any]) -> None:
    tables = {"roles": {"ann": role}} | ({"login": {"way": login}} if login else {})
    anonymous, ann = setup.roles(config(**tables))
    assert anonymous.anonymous
    assert in_words(anonymous.login) == {}
    assert in_words(ann.login) == words


def test_roles_keep_their_group_their_tenant_and_their_check() -> None:
    _, ann = setup.roles(config(roles={"ann": {"bearer": "env:TOKEN", "group": "users", "tenant": "acme", "check": "GET /me"}}))
    assert (ann.name, ann.group, ann.tenant, ann.check) == ("ann", "users", "acme", "GET /me")


def test_without_roles_there_is_anonymous() -> None:
    assert [role.name for role in setup.roles(config())] == ["anonymous"]


def test_a_resource_without_owners_is_everybodys() -> None:
    roles = {"ann": {"bearer": "env:TOKEN"}, "ben": {"bearer": "env:KEY"}}
    thing = {"create": "POST /things", "body": {"pin": "env:PASS"}, "id": "/data/id", "remove": "DELETE /things/{id}"}
    (made,) = setup.resources(config(roles=roles, resources={"thing": thing}))
    assert (made.kind, made.create, made.id, made.remove) == ("thing", "POST /things", "/data/id", "DELETE /things/{id}")
    assert made.owners == ("ann", "ben")
    assert revealed(made.body) == {"pin": "!p-2"}
    (narrow,) = setup.resources(config(roles=roles, resources={"thing": {**thing, "owners": ["ben"]}}))
    assert narrow.owners == ("ben",)


def test_a_policy_that_nobody_wrote_is_the_documented_one() -> None:
    made = setup.policy(config(roles={"ann": {"bearer": "env:TOKEN"}}), today=TODAY)
    assert (made.fail_on, made.unconfirmed, made.unsteady) == (Severity.MEDIUM, Severity.HIGH, 0.4)
    assert (made.clauses, made.waivers, made.today) == ((), (), TODAY)
    assert made.require == Require(identity=True, roles=("ann",), suites=SHIPPED, operations_answered=1.0, operations_allowed=0.5)


def test_the_day_of_a_policy_is_this_day_in_utc() -> None:
    before, made, after = dt.datetime.now(tz=dt.UTC).date(), setup.policy(config()).today, dt.datetime.now(tz=dt.UTC).date()
    assert before <= made <= after


def test_a_policy_is_what_was_written() -> None:
    waiver = {"fingerprint": "zw1:0123456789abcdef", "owner": "o", "reason": "r", "ticket": "t", "expires": TODAY}
    made = setup.policy(
        config(
            policy={
                "fail_on": "high",
                "unconfirmed": "critical",
                "unsteady": 0.9,
                "require": {"identity": False, "roles": [], "suites": ["headers"], "operations_answered": 0.9, "operations_allowed": 0.1},
                "rule": [{"rule": "headers.*", "place": "GET /a", "action": "warn", "until": TODAY}, {"rule": "*", "action": "block"}],
            },
            waiver=[waiver],
        ),
        today=TODAY,
    )
    assert (made.fail_on, made.unconfirmed, made.unsteady) == (Severity.HIGH, Severity.CRITICAL, 0.9)
    assert made.clauses == (
        Clause(rule="headers.*", place="GET /a", action=Action.WARN, until=TODAY),
        Clause(rule="*", action=Action.BLOCK),
    )
    assert made.waivers == (Waiver(fingerprint=waiver["fingerprint"], owner="o", reason="r", ticket="t", expires=TODAY),)  # type: ignore[arg-type]  # plain TOML
    assert made.require == Require(identity=False, roles=(), suites=("headers",), operations_answered=0.9, operations_allowed=0.1)


def test_a_suite_that_is_skipped_is_not_required_unless_named() -> None:
    assert setup.policy(config(suites={"skip": ["headers"]})).require.suites == tuple(s for s in SHIPPED if s != "headers")


@pytest.mark.parametrize(
    ("tables", "level"),
    [
        ({}, Level.READ_ONLY),
        ({"safety": {"shared_store": False}}, Level.READ_ONLY),
        ({"baseline": {"url": "http://127.0.0.1:1", "serves_users": False}}, Level.READ_ONLY),
        ({"baseline": {"url": "http://127.0.0.1:1", "serves_users": False}, "safety": {"shared_store": False}}, Level.OWN_OBJECTS),
        ({"safety": {"level": "destructive"}}, Level.DESTRUCTIVE),
        ({"safety": {"level": "own-objects"}}, Level.OWN_OBJECTS),
    ],
)
def test_the_level_is_as_careful_as_the_pair_is_exposed(tables: dict[str, Any], level: Level) -> None:
    assert setup.level(config(**tables)) is level


TARGETS = {side: Target(side=side, url=f"http://{side}.example") for side in Side}
SHARES = Shares(requests=7, rate=3.5, lanes=2, deadline=math.inf)


def test_drivers_hold_the_runs_limits_and_are_locked_to_the_pair() -> None:
    accounts = {side: {"ann": account("ann")} for side in Side}
    drivers, meters = setup.open_drivers(
        TARGETS, SHARES, level=Level.OWN_OBJECTS, run="r", accounts=accounts, hosts=("login.example", "ids.example:8443")
    )
    for side, driver in drivers.items():
        assert driver.target is TARGETS[side]
        assert driver.level is Level.OWN_OBJECTS
        assert driver.meter is meters[side]
        assert (driver.meter.side, driver.meter.requests, driver.meter.rate) == (side, 7, 3.5)
        assert [type(line) for line in driver._lanes] == [WireLine] * 2
        assert driver.lock.allows(f"http://{side}.example/x")
        assert not driver.lock.allows(f"http://{side.other}.example/x")
        assert driver.lock.allows("https://login.example/token")
        assert driver.lock.allows("https://ids.example:8443/token")
        assert not driver.lock.allows("https://evil.example/")
        asyncio.run(driver.close())


def test_lanes_are_of_the_driver_that_is_asked_for() -> None:
    drivers, _ = setup.open_drivers(TARGETS, SHARES, level=Level.READ_ONLY, run="r", accounts={side: {} for side in Side}, driver="httpx")
    assert [type(line) for driver in drivers.values() for line in driver._lanes] == [HttpxLane] * 4


@pytest.mark.parametrize("loop", LOOPS)
def test_what_is_opened_asks_by_the_plans_driver_on_the_plans_loop(tmp_path: Path, loop: str) -> None:
    async def room() -> str:
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    opened = setup.Opened(plan_of(journals=str(tmp_path), driver="httpx", loop=installed(loop)), worker="w0")
    try:
        assert opened.bench.run(room()) == loop
        assert {type(line) for driver in opened._drivers.values() for line in driver._lanes} == {HttpxLane}
    finally:
        opened.close()


def test_a_certificate_that_is_none_is_the_operators_mistake() -> None:
    bad = {side: Target(side=side, url=f"https://{side}.example", tls=Tls(ca="no certificate")) for side in Side}
    with pytest.raises(ConfigError):
        setup.open_drivers(bad, SHARES, level=Level.READ_ONLY, run="r", accounts={side: {} for side in Side})


def test_own_checks_stand_behind_the_shipped_ones() -> None:
    shipped = setup.checks()
    assert setup.checks(shipped[:1]) == (*shipped, shipped[0])


def test_every_secret_of_an_account_is_told() -> None:
    parts = [Secret(name=name, value=name) for name in ("learnt", "header", "query", "cookie")]
    full = Account(role="ann", headers=(("h", parts[1]),), query=(("q", parts[2]),), cookies=(("c", parts[3]),), learnt=(parts[0],))
    assert setup.secrets_of(full) == tuple(parts)
    assert setup.secrets_of(Account(role="anonymous")) == ()


def test_what_is_opened_can_be_stopped_and_closed(tmp_path: Path) -> None:
    plan = plan_of(
        journals=str(tmp_path), accounts={side: {"ann": account("ann")} for side in Side}, secrets=(Secret(name="s", value="hush-hush"),)
    )
    opened = setup.Opened(plan, worker="w3")
    try:
        assert (tmp_path / "w3.jsonl").exists()
        assert opened.redactor.text("say hush-hush").startswith("say [s:")
        assert set(opened.bench.roles) == {"anonymous", "ann"}
        opened.stop("enough")
        (look,) = opened.bench.run(opened.bench.lanes.send([Scenario.of(plan.operations[0].example())]))
        assert look.gap is not None
        assert (look.gap.code, look.gap.why) == ("stopped", "enough")
    finally:
        opened.close()


def test_every_exchange_of_what_is_opened_is_looked_at_for_its_build() -> None:
    seen: list[Exchange] = []
    drivers, _ = setup.open_drivers(TARGETS, SHARES, level=Level.READ_ONLY, run="r", accounts={side: {} for side in Side}, seen=seen.append)
    scenario = Scenario.of(plan_of().operations[0].example(role="nobody"))
    asyncio.run(drivers[Side.CANARY].exchange(scenario, {}, lane=0))
    assert [exchange.target.side for exchange in seen] == [Side.CANARY]


def test_what_the_policy_waives_decides_nothing(tmp_path: Path) -> None:
    """So it is no kin of what blocks: a finding that decides the verdict is believed on its own repeats."""

    def finding(path: str, severity: Severity = Severity.HIGH) -> Finding:
        rule = Rule(id="a.b", title="t", severity=severity, cwe=1, remedy="r")
        return Finding(rule=rule, place=Place(method="GET", path=path), side=Side.CANARY, evidence=Evidence(says="s"))

    waiver = Waiver(fingerprint=finding("/waived").fingerprint, owner="ann", reason="r", expires=TODAY)
    clause = Clause(rule="a.*", place="GET /ignored", action=Action.IGNORE)
    policy = Policy(today=TODAY, waivers=(waiver,), clauses=(clause,))
    opened = setup.Opened(plan_of(journals=str(tmp_path), policy=policy), worker="w0")
    try:
        decides = opened.bench.past.decides
        assert [decides(finding(path)) for path in ("/x", "/waived", "/ignored")] == [True, False, False]
        assert not decides(finding("/x", Severity.LOW))
    finally:
        opened.close()
