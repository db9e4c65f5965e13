"""What a level permits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from zeroweight.drivers.levels import permitted, undecodable
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent, Probe, Slot, Template, probe_of

ORDER = Slot(name="order", owner="alice", kind="order")
ITEM = Slot(name="item", owner="alice", kind="item")

READ, OWN, ALL = Level.READ_ONLY, Level.OWN_OBJECTS, Level.DESTRUCTIVE


def asked(method: str, path: str = "/orders", **path_values: Any) -> Probe:
    """Return a request by alice; `path_values` may be slots."""
    operation = Operation(method=method, path=path)
    return probe_of(operation, role="alice").with_(path=path_values)


def malformed(body: bytes, *, kind: str = "application/json", family: str = "malformed", where: Any = "body") -> Probe:
    """Return a PUT on somebody's order with a broken body."""
    payload = Payload(id="m1", family=family, where=where, send=body)
    probe = asked("PUT", "/orders/{id}", id="1").with_(headers={"Content-Type": kind}, raw=body)
    return probe.with_(payload=payload, intent=Intent.INVALID, label="malformed: cut short")


CREDENTIALS = [
    "proxy-authorization",
    "x-api-key",
    "API-Key",
    "X-ApiKey",
    "x-auth-token",
    "X-Access-Token",
    "access_token",
    "x-amz-security-token",
    "x-client-secret",
    "x-session-id",
    "x-sid",
    "x-jwt",
    "x-goog-iap-jwt-assertion",
    "x-forwarded-user",
    "x-user-id",
    "x-password",
    "x-signature",
    "x-key",
]
NO_CREDENTIALS = [
    "x-csrf-token",
    "X-XSRF-TOKEN",
    "idempotency-key",
    "accept",
    "user-agent",
    "x-request-id",
    "origin",
    "traceparent",
]

BROKEN = malformed(b'{"a": ')


@pytest.mark.parametrize(
    ("level", "probe", "account", "allowed"),
    [
        (READ, asked("GET"), True, True),
        (READ, asked("HEAD"), True, True),
        (READ, asked("OPTIONS"), True, True),
        (READ, asked("get"), True, True),
        (READ, asked("GET", "/orders/{id}", id="1"), True, True),
        (READ, asked("POST"), True, False),
        (READ, asked("post"), True, False),
        (READ, asked("POST"), False, True),
        (READ, asked("DELETE", "/orders/{id}", id="1"), True, False),
        (READ, asked("DELETE", "/orders/{id}", id="1"), False, False),
        (READ, asked("DELETE", "/orders"), False, False),
        (READ, malformed(b'{"a": ').with_(method="DELETE"), False, False),
        (READ, asked("POST").with_(headers={"x-http-method-override": "DELETE"}), False, False),
        (READ, asked("PUT", "/orders/{id}", id="1"), False, True),
        (READ, asked("DELETE", "/orders/{id}", id=ORDER), True, False),
        (READ, asked("FOO"), True, False),
        (READ, asked("TRACE"), False, False),
        (READ, asked("CONNECT"), False, False),
        (READ, BROKEN, True, True),
        (READ, malformed(b'{"a": 1}'), True, False),
        (READ, asked("GET").with_(method="DELETE"), True, False),
        (READ, asked("GET").with_(headers={"X-HTTP-Method-Override": "DELETE"}), True, False),
        (READ, asked("GET").with_(headers={"X-HTTP-Method-Override": "HEAD"}), True, True),
        (READ, asked("GET").with_(query={"_method": "delete"}), True, False),
        (READ, asked("POST").with_(headers={"Authorization": "Bearer forged"}), False, False),
        (READ, asked("POST").with_(headers={"cookie": "sid=forged"}), False, False),
        (READ, asked("GET").with_(headers={"Authorization": "Bearer forged"}), False, True),
        *((READ, asked("POST").with_(headers={name: "forged"}), False, False) for name in CREDENTIALS),
        *((READ, asked("POST").with_(headers={name: "any"}), False, True) for name in NO_CREDENTIALS),
        (OWN, asked("POST"), True, True),
        (OWN, asked("POST", "/orders/{id}/cancel", id="1"), True, True),
        (OWN, asked("PUT", "/settings"), True, True),
        (OWN, asked("DELETE", "/orders/{id}", id=ORDER), True, True),
        (OWN, asked("PUT", "/orders/{id}", id=ORDER), True, True),
        (OWN, asked("PATCH", "/orders/{id}/items/{item}", id=ORDER, item=ITEM), True, True),
        (OWN, asked("PATCH", "/orders/{id}/items/{item}", id=ORDER, item="1"), True, True),
        (OWN, asked("PUT", "/groups/{group}/members/{id}", group="1", id=ORDER), True, False),
        (OWN, asked("DELETE", "/orders/{id}", id="1"), True, False),
        (OWN, asked("DELETE", "/orders/{id}"), True, False),
        (OWN, asked("PUT", "/orders/{id}", id="1"), True, False),
        (OWN, asked("PATCH", "/orders/{id}", id="1"), True, False),
        (OWN, asked("PURGE", "/orders/{id}", id="1"), True, False),
        (OWN, asked("POST", "/orders/{id}", id="1").with_(headers={"x-method-override": "delete"}), True, False),
        (OWN, asked("DELETE", "/orders/{id}", id="1"), False, True),
        (OWN, BROKEN, True, True),
        (OWN, replace(asked("DELETE", "/orders/{id}", id=ORDER), target=Template.of("/orders/1")), True, False),
        (OWN, asked("TRACE"), True, False),
        (OWN, asked("CONNECT"), False, False),
        (ALL, asked("DELETE", "/orders/{id}", id="1"), True, True),
        (ALL, asked("TRACE"), True, True),
        (ALL, asked("CONNECT"), True, True),
    ],
)
def test_a_level_permits_what_it_says_and_nothing_else(level: Level, probe: Probe, *, account: bool, allowed: bool) -> None:
    refusal = permitted(level, probe, account)
    assert (refusal is None) == allowed
    assert refusal is None or (refusal.kind == "level" and level.word in refusal.text)


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (BROKEN, True),
        (malformed(b"{'a': 1}"), True),
        (malformed(b'\xff\xfe{"a": 1}\xff'), True),
        (malformed(b'{"a": ', kind="application/vnd.api+json"), True),
        (malformed(b'{"a": 1, "a": 2}'), False),
        (malformed(b""), False),
        (malformed(b"  "), False),
        (malformed(b"[" * 200_000), False),
        (malformed(b"a=1&b", kind="application/x-www-form-urlencoded"), False),
        (malformed(b'{"a": ', family="sql"), False),
        (malformed(b'{"a": ', where="query"), False),
        (replace(BROKEN, intent=Intent.ATTACK), False),
        (replace(BROKEN, payload=None), False),
        (replace(BROKEN, body=None), False),
        (replace(BROKEN, body=Template.of('{"a": ', ORDER)), False),
        (replace(BROKEN, headers=(*BROKEN.headers, (b"content-type", Template.of("text/xml")))), False),
    ],
)
def test_only_what_no_server_can_read_counts_as_undecodable(probe: Probe, *, expected: bool) -> None:
    assert undecodable(probe) is expected


def test_a_slot_that_names_nobodys_object_is_no_danger() -> None:
    word: Mapping[str, Any] = {"id": Slot(name="unique")}
    assert permitted(OWN, asked("PUT", "/orders/{id}", **word), account_present=True) is None
