"""Whatever a document holds, the loader returns a Config or raises ConfigError, and no planted secret shows."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zeroweight.config import shape
from zeroweight.config.load import read
from zeroweight.config.model import Config
from zeroweight.errors import ConfigError

SECRET = "planted-value"
ENVIRONMENT = {"PLANTED": SECRET, "BAD": f"{SECRET}\n", "ALICE_TOKEN": SECRET, "CANARY_BUILD": SECRET}


def _all_keys(table: type[Any] = Config) -> set[str]:
    found = set(shape.keys(table))
    for entry in shape.entries(table):
        if (nested := entry.hint.table()) is not None:
            found |= _all_keys(nested)
    return found


KEYS = sorted(_all_keys() | {"alice", "bob", "anonymous", "user", "password", "token", "kind", "create", "owner", "rule"})
WORDS = [
    *("env:PLANTED", "env:BAD", "env:", "env:NOBODY", "file:", "file:/nowhere", "file:\x00", "", "$user", "all", "json", "bearer", "basic"),
    *("GET /x/{id}", "/id", "zw1:0000000000000000", "http://a:1", "http://b", "http://u:p@b", "http://[", "10.0.0.1:1", "warn", "alice"),
]
texts = st.sampled_from(WORDS) | st.text(max_size=12)
leaves = (
    texts
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**400, max_value=10**401)
    | st.floats()
    | st.dates()
    | st.just(datetime(2027, 1, 1, tzinfo=UTC))
    | st.just(time(1, 2))
)
keys = st.sampled_from(KEYS) | st.text(max_size=6)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12)
documents = st.dictionaries(keys, values, max_size=8)

EXAMPLE: dict[str, Any] = tomllib.loads(
    """
service  = "orders"
baseline = { url = "http://orders-stable:8080", tls = {} }
canary   = { url = "http://orders-canary:8080", headers = { x-canary = "env:PLANTED" }, expect = "env:CANARY_BUILD" }
identity = { header = "x-build" }
api      = { schema = "/openapi.json", exclude = ["tag:x"] }
roles.alice = { bearer = "env:ALICE_TOKEN" }
roles.bob = { login = "shop", user = "bob", password = "env:PLANTED" }
login.shop = { kind = "json", request = "POST /l", json = { user = "$user", password = "$password" }, token = "/t" }
resources.order = { create = "POST /o", body = { a = [1] }, used = ["GET /o/{id}"], owners = ["bob"] }
budget = { seconds = 1, lanes = 1 }
policy = { fail_on = "low", require = { roles = ["bob"] }, rule = [{ rule = "a.b", action = "warn", until = 2027-01-01 }] }
waiver = [{ fingerprint = "zw1:0000000000000000", owner = "o", reason = "r", expires = 2027-01-01 }]
suites = { skip = ["a"] }
output = { formats = ["html"] }
"""
)


def _try(document: Mapping[str, Any], **more: Mapping[str, str]) -> None:
    """Read a document; any other exception than ConfigError goes through and fails the test."""
    refused: ConfigError | None = None
    try:
        config = read(document, file="gate.toml", folder=Path("/nowhere"), environment=ENVIRONMENT, **more)
        for role in config.roles:
            assert config.way_in(role).body is not None
        config.secrets()
    except ConfigError as error:
        refused = error
    if refused is not None:
        assert refused.where
        assert refused.fix
        assert SECRET not in str(refused)
        assert str(refused).encode()


@given(documents)
@settings(max_examples=400, deadline=None)
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    _try(document)


@given(st.data())
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_good_document_with_one_odd_value_is_read_or_refused(data: st.DataObject) -> None:
    document = copy.deepcopy(EXAMPLE)
    node: Any = document
    while True:
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        if not isinstance(node[place], dict | list) or data.draw(st.integers(0, 3)) == 0:
            break
        node = node[place]
    action = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if action == "remove":
        del node[place]
    elif action == "add" and isinstance(node, dict):
        node[data.draw(keys)] = data.draw(values)
    else:
        node[place] = data.draw(values)
    _try(document)


@given(st.dictionaries(st.sampled_from(["canary.url", "budget.seconds", "budget.lanes", "safety.level", "canary.tls.key", "x"]), texts))
@settings(max_examples=200, deadline=None)
def test_any_option_is_taken_or_refused(overrides: dict[str, str]) -> None:
    _try(EXAMPLE, overrides=overrides)


def test_the_example_of_the_fuzzer_is_good() -> None:
    config = read(EXAMPLE, file="gate.toml", folder=Path("/nowhere"), environment=ENVIRONMENT)
    assert config.policy.rules[0].until == date(2027, 1, 1)
