"""What a level permits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from zeroweight.drivers.levels import permitted, undecodable
from zeroweight.drivers.limits import Lock
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.payload import Payload
from zeroweight.model.request import UNIQUE, Form, Intent, Probe, Slot, Template, probe_of
from zeroweight.model.target import Side, Target

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
    "X_Api_Key",
    "x_session_id",
    "Remote-User",
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
WORD = Slot(name="word")


MISPLACED: list[tuple[str | Slot, ...]] = [
    ("/users/1?x=", ORDER),
    ("/users/", ORDER),
    ("/orders/1/", ORDER),
    ("/orders/1", ORDER),
    ("/orders/", ITEM, "/", ORDER),
    ("/orders/", ITEM, "?x=", ORDER),
    (ORDER,),
    ("http://shop.example:81/orders/", ORDER),
]


def headed(probe: Probe, *fields: tuple[bytes, bytes | Slot | Template]) -> Probe:
    """Return the probe with these fields behind its own, names as they stand."""
    more = tuple((name, value if isinstance(value, Template) else Template.of(value)) for name, value in fields)
    return replace(probe, headers=probe.headers + more)


def aimed(method: str, target: str | bytes | Template) -> Probe:
    """Return a request with this target."""
    return replace(asked(method), target=target if isinstance(target, Template) else Template.of(target))


RIDING = ["x-http-method-override", "X_HTTP_Method_Override", "X-HTTP_Method", "x-method-override", "X-HTTPMethod"]
RIDING_TARGETS = [
    "/x?_method=DELETE",
    "/x?_METHOD=delete",
    "/x?a=b&_method=DELETE",
    "/x?a=b;_method=DELETE",
    "/x?%5fmethod=DELETE",
    "/x?_%6dethod=%44ELETE",
    "/x?_meth%6Fd=DELETE",
    "/x?%255Fmethod=DELETE",
    "/x?.method=DELETE",
    "/x?+_method=DELETE",
    "/x?_method=DELETE%00",
    "/x?_method=%20delete+",
    "/x?_HttpMethod=DELETE",
    "/x?X-HTTP-Method-Override=DELETE",
    "/x?_method=GET&_method=DELETE",
    "http://a/?_method=DELETE",
    "*?_method=DELETE",
]
HARMLESS_TARGETS = [
    "/x?_method=GET",
    "/x?_method=",
    "/x?method=DELETE",
    "/x?payment_method=card",
    "/x?q=_method",
    "/_method=DELETE",
    "/x?q=100%25",
    "/x?q=%5F",
]
RIDING_BODIES = [
    b"_method=DELETE",
    b"a=b&_method=delete",
    b"%5Fmethod=DELETE",
    b"_%6Dethod=%64elete",
    b"_meth%6Fd=DELETE",
    b'{"_meth\\u006Fd": "DELETE"}',
    b'{"_method": "DELETE"}',
    b'{"\\u005fmethod": "\\u0044ELETE"}',
    b'--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n',
]
HARMLESS_BODIES = [
    b'{"payment_method": "delete"}',
    b'{"method": "delete"}',
    b"a=the_method&b=delete",
    b'{"note": "100%"}',
    b"GET well soon",
]
UPWARDS = ["/../1", "/%2e%2e/1", "/..%2f1", "/%2E./1", "/%252e%252e/1", "/..;/1", "\\..\\1", "/%c0%ae%c0%ae/1"]
DOUBTFUL = [
    aimed("GET", "/x HTTP/1.1\r\nA: b"),
    aimed("GET", "/x b"),
    aimed("GET", " /x"),
    aimed("GET", "/x\t"),
    aimed("GET", b"/x\0"),
    aimed("GET", ""),
    aimed("GET", Template()),
    aimed("GET", Template.of("/x?q=", Slot(name="word", form=Form.TEXT))),
    aimed("GET", Template.of("/x?q=", Slot(name="word", form=Form.JSON))),
    asked("GET").with_(method="GET "),
    asked("GET").with_(method="G\u00c9T"),
    asked("GET").with_(method="DELETE\0"),
    asked("GET").with_(headers={"X-A": "1\r\nX-HTTP-Method-Override: DELETE"}),
    asked("GET").with_(headers={"X-A": "1\n"}),
    asked("GET").with_(headers={"X-A": b"1\0"}),
    headed(asked("GET"), (b"X-A", Template.of(WORD, "\r\nX-B: 2"))),
    *(headed(asked("GET"), (name, b"DELETE")) for name in (b"X-HTTP-Method ", b"\tX-HTTP-Method", b"X-HTTP-Method\0", b"X:HTTP", b"")),
    headed(asked("GET"), (b"x" * 70 + b" ", b"1")),
    headed(asked("GET"), (b"Host", b"a"), (b"host", b"b")),
    headed(asked("GET"), (b"Connection", b"content-length")),
    headed(asked("GET"), (b"Content-Length", b"5")),
    headed(asked("GET"), (b"Content_Length", b"5")),
    headed(asked("GET"), (b"Transfer-Encoding", b"chunked")),
    headed(asked("POST"), (b"Content-Length", b"5")).with_(raw=b"hello, world"),
    headed(asked("POST"), (b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")).with_(raw=b"0\r\n\r\n"),
    headed(asked("POST"), (b"Transfer-Encoding", b"chunked")).with_(raw=b"5\r\nhello"),
    replace(headed(asked("POST"), (b"Content-Length", b"5")), body=Template.json({"a": WORD})),
    replace(headed(asked("POST"), (b"Transfer-Encoding", b"chunked")), body=Template.of(b"1\r\n", WORD, b"\r\n0\r\n\r\n")),
    headed(asked("POST"), (b"Expect", b"100-continue")).with_(raw=b"hello"),
    asked("POST").with_(raw=b"DELETE /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n"),
    asked("GET").with_(raw=b"\r\nDELETE /orders/1 HTTP/1.1\r\n\r\n"),
    replace(asked("POST"), body=Template.of("DELETE /", WORD, " HTTP/1.1\r\n\r\n")),
    asked("POST").with_(raw=b" delete\t/orders/1  http/1.1\r\n\r\n"),
    *(asked(method).with_(raw=b"DELETE  /orders/1\r\n\r\n") for method in ("GET", "HEAD", "OPTIONS", "DELETE", "QUERY")),
    replace(asked("GET"), body=Template.of(Slot(name="word", form=Form.TEXT))),
    replace(asked("GET"), body=Template.of(WORD, " /orders/1")),
]
LOCK = Lock(Target(side=Side.CANARY, url="http://shop.example:81/v1", address="127.0.0.1:8000", server_name="front.example"))
ELSEWHERE = [
    *(
        aimed("GET", target)
        for target in (
            "http://other.example/x",
            "http://shop.example/x",
            "https://shop.example:81/x",
            "http://shop.example:81@other.example/x",
            "http://shop.example:81\\@other.example/x",
            "http://shop.example:81#@other.example/x",
            "http:/x",
            "other.example:443",
            "shop.example:81",
            "orders",
            "?",
            "*.example",
            Template.of(WORD),
            Template.of(WORD, "/x"),
            Template.of("http://", WORD, "/x"),
        )
    ),
    *(
        headed(asked("GET"), (b"Host", value))
        for value in (b"other.example", b"shop.example:80", b"shop.example:", b"shop.example/x", b"a@shop.example", b"", b"\xff", WORD)
    ),
    headed(asked("GET"), (b"HOST", Template.of("shop.example", WORD))),
    headed(asked("POST"), (b"Host", b"other.example")).with_(json={}),
]
OWN_NAMES = [
    *(
        aimed("GET", target)
        for target in ("http://shop.example:81/x", "HTTP://Shop.Example:81?a=b", "http://127.0.0.1:8000/", "*", "//other.example/x")
    ),
    *(headed(asked("GET"), (b"host", value)) for value in (b"shop.example:81", b"SHOP.example", b"front.example", b"127.0.0.1:8000")),
]
NOWHERE = Payload(id="b1", family="malformed", where="below", send=b"no/where")


def lost(target: str, *, payload: Payload = NOWHERE, intent: Intent = Intent.INVALID) -> Probe:
    """Return a DELETE of all orders whose target is said to be nothing at all."""
    return replace(aimed("DELETE", target), payload=payload, intent=intent)


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
        # Methods that ride on a request under odd names and spellings.
        *((READ, asked("GET").with_(headers={name: "DELETE"}), True, False) for name in RIDING),
        *((READ, asked("POST").with_(headers={name: "DELETE"}), False, False) for name in RIDING),
        *((READ, asked("GET").with_(headers={"x-http-method": value}), True, False) for value in (" delete ", "GET, DELETE", "x")),
        (READ, asked("POST").with_(headers={"x-http-method": "GET, DELETE"}), False, False),
        (READ, headed(asked("GET"), (b"x-http-method", WORD)), False, False),
        *((READ, aimed("GET", target), True, False) for target in RIDING_TARGETS),
        *((READ, aimed("POST", target), False, False) for target in RIDING_TARGETS),
        *((READ, aimed("GET", target), True, True) for target in HARMLESS_TARGETS),
        (READ, replace(asked("GET"), target=Template.of("/x?a=", WORD, "&_method=DELETE")), True, False),
        (READ, replace(asked("GET"), target=Template.of("/x?_method=", WORD)), True, False),
        *((READ, asked("POST").with_(raw=body), False, False) for body in RIDING_BODIES),
        *((OWN, asked("POST", "/x/{id}", id="1").with_(raw=body), True, False) for body in RIDING_BODIES),
        *((READ, asked("POST").with_(raw=body), False, True) for body in HARMLESS_BODIES),
        (READ, replace(asked("POST"), body=Template.json({"_method": WORD})), False, False),
        (READ, replace(asked("POST"), body=Template.json({"_method": WORD, "get": 1})), False, False),
        (READ, replace(asked("POST"), body=Template.json({"name": WORD, "_method": "put"})), False, True),
        # Paths that ride on a request, and paths that lead out of the run's own object.
        (READ, asked("GET").with_(headers={"X-Original-URL": "/admin"}), True, True),
        (OWN, asked("PUT", "/orders/{id}", id=ORDER).with_(headers={"X-Original-URL": "/orders/1"}), True, False),
        (OWN, asked("PUT", "/orders/{id}", id=ORDER).with_(headers={"x_rewrite_url": "/orders/1"}), True, False),
        *((OWN, replace(asked("PUT", "/o/{id}", id=ORDER), target=Template.of("/o/", ORDER, tail)), True, False) for tail in UPWARDS),
        (OWN, replace(asked("PUT", "/o/{id}", id=ORDER), target=Template.of("/o/", ORDER, "/./x?y=../z")), True, True),
        # What may be read as another request (the whole table is test_capture's).
        *((level, odd, account, False) for odd in DOUBTFUL for level in (READ, OWN) for account in (True, False)),
        *((ALL, odd, True, True) for odd in DOUBTFUL),
        (READ, headed(asked("GET"), (b"X-A", Template.of("a ", WORD))), True, True),
        (READ, headed(asked("GET"), (b"x" * 9000, b"v" * 70_000)), True, True),
        (READ, headed(asked("POST"), (b"Content-Length", b"3")).with_(raw=b"abc"), False, True),
        (READ, headed(asked("POST"), (b"Transfer-Encoding", b"chunked")).with_(raw=b"3\r\nabc\r\n0\r\n\r\n"), False, True),
        (OWN, headed(asked("POST"), (b"Transfer-Encoding", b"chunked")).with_(raw=b"3\r\nabc\r\n0\r\n\r\n"), True, True),
        (READ, aimed("GET", Template.of("/x/", UNIQUE)), True, True),
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
        # What is sent counts, not what the operation is called: the own object at its place, and nothing else's path.
        *((OWN, replace(asked("DELETE", "/orders/{id}", id=ORDER), target=Template.of(*parts)), True, False) for parts in MISPLACED),
        (OWN, replace(asked("POST", "/orders/{id}", id=ORDER), target=Template.of("/users/1?x=", ORDER)), True, True),
        (OWN, replace(asked("DELETE", "/orders/{id}", id=ORDER), target=Template.of("/orders/", ORDER, "/x?y=1")), True, True),
        (OWN, asked("DELETE", "/orders/{id}", id=ORDER).with_(query={"a": "b"}), True, True),
        (OWN, asked("PUT", "/settings").with_(query={"a": "b"}), True, True),
        (OWN, replace(asked("PUT", "/settings"), target=Template.of("/users/1")), True, False),
        (OWN, replace(asked("PUT", "/settings"), target=Template.of("/users/", ORDER)), True, False),
        (OWN, lost("/orders/no/where?a=b"), True, True),
        (OWN, lost("/orders/no/../1"), True, False),
        (OWN, lost("/orders2/1"), True, False),
        (OWN, lost("/orders/1", intent=Intent.NORMAL), True, False),
        (OWN, lost("/orders/1", payload=replace(NOWHERE, where="path")), True, False),
        # A body that a server may leave unread is no danger when it can be no request.
        (READ, asked("GET").with_(json={"a": "DELETE /orders/1 HTTP/1.1"}), True, True),
        (READ, replace(asked("QUERY"), body=Template.json({"a": WORD})), False, True),
        (OWN, asked("DELETE", "/orders/{id}", id=ORDER).with_(raw=b"this is not json"), True, True),
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


@pytest.mark.parametrize("level", [READ, OWN, ALL])
@pytest.mark.parametrize(("probe", "own"), [*((probe, False) for probe in ELSEWHERE), *((probe, True) for probe in OWN_NAMES)])
def test_only_destructive_runs_ask_for_anybody_but_the_target(level: Level, probe: Probe, *, own: bool) -> None:
    assert (permitted(level, probe, account_present=False, lock=LOCK) is None) == (own or level is ALL)


def test_without_a_lock_no_name_is_the_targets_own() -> None:
    assert [permitted(READ, probe, account_present=False) is None for probe in OWN_NAMES] == [
        probe.target.parts[0] in {b"*", b"//other.example/x"} for probe in OWN_NAMES
    ]


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
        (replace(BROKEN, headers=(*BROKEN.headers, (b"content_type", Template.of("text/xml")))), False),
        (replace(BROKEN, headers=(*BROKEN.headers, (b"Content-Encoding", Template.of("gzip")))), False),
        (malformed(b'{"a": ', kind="application/json; charset=UTF-8"), True),
        (malformed(b"+AHs-", kind="application/json; charset=utf-7"), False),
        (malformed(b'{"a": ', kind='application/json; charset="ibm037"'), False),
    ],
)
def test_only_what_no_server_can_read_counts_as_undecodable(probe: Probe, *, expected: bool) -> None:
    assert undecodable(probe) is expected


def test_a_slot_that_names_nobodys_object_is_no_danger() -> None:
    word: Mapping[str, Any] = {"id": Slot(name="unique")}
    assert permitted(OWN, asked("PUT", "/orders/{id}", **word), account_present=True) is None
