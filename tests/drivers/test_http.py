"""What is sent, byte by byte, and what becomes of every kind of answer; against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers import Authority, Script, Server, Wire, answer, free_port, once, serving, silent, steady

from zeroweight.drivers.http import HttpDriver, Timeouts, captured
from zeroweight.drivers.limits import Lock, Meter
from zeroweight.errors import ConfigError, Unreachable
from zeroweight.model.http import Exchange, Failure
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import UNIQUE, Pointer, Probe, Scenario, Slot, Step, Template
from zeroweight.model.role import Account
from zeroweight.model.target import Side, Target, Tls
from zeroweight.redact import Secret

GET = Operation(method="GET", path="/orders")
POST = Operation(method="POST", path="/orders")
PATIENT = Timeouts(connect=30, total=30)
HASTY = Timeouts(connect=30, total=0.3)

ALICE = Account(role="alice", headers=(("Authorization", Secret(name="alice token", value="Bearer a-1")),))
BOB = Account(role="bob", cookies=(("sid", Secret(name="bob sid", value="b-2")), ("lang", Secret(name="bob lang", value="de"))))
EVE = Account(role="eve", query=(("api key", Secret(name="eve key", value="e&3")),))


def meter(requests: int = 1000) -> Meter:
    return Meter(Side.CANARY, requests, math.inf, math.inf)


def driver_of(target: Target | Server, **more: Any) -> HttpDriver:
    """Return a patient driver that may do everything."""
    if isinstance(target, Server):
        target = Target(side=Side.CANARY, url=target.url)
    accounts = {account.role: account for account in (ALICE, BOB, EVE)}
    given: dict[str, Any] = {
        "lanes": 1,
        "meter": meter(),
        "level": Level.DESTRUCTIVE,
        "run": "r-7",
        "timeouts": PATIENT,
        "accounts": accounts,
    }
    return HttpDriver(target, **{**given, **more})


def raw(target: bytes, **more: Any) -> Probe:
    """Return a GET with these bytes as its request target."""
    return Probe(operation=GET, target=Template.of(target), **more)


async def ask(driver: HttpDriver, *probes: Probe, lane: int = 0) -> list[Exchange]:
    """Send probes one after the other on one lane."""
    return [(await driver.exchange(Scenario.of(probe), {}, lane=lane)).exchanges[0] for probe in probes]


def asked(script: Script, *probes: Probe, check: Callable[[Server, list[Exchange]], None], url: str = "", **more: Any) -> None:
    """Send probes to a script's server and look at both ends."""

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url + url, **more.pop("of_target", {})), **more)
            try:
                check(server, await ask(driver, *probes))
            finally:
                await driver.close()

    asyncio.run(main())


def kind(exchange: Exchange) -> str:
    return exchange.failure.kind if exchange.failure else ""


# What is sent


@pytest.mark.parametrize(
    "target",
    [
        b"/orders",
        b"/a/../b",
        b"//evil.example/x",
        b"/a/./b//c",
        b"/%2e%2e/%2E%2e;x=1/",
        b"/orders?q=a+b&q=%27%20OR%201=1--&q",
        b"/orders?",
        b"/orders#fragment",
        b"/[]{}|\\^`<>\"'",
        b"http://other.example/x",
        b"*",
        b"orders",
    ],
)
def test_a_request_target_is_sent_as_the_template_gives_it(target: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[0] == b"GET " + target + b" HTTP/1.1"

    asked(steady(), raw(target), check=check)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"/a/../b", b"/shop/v1/a/../b"),
        (b"//x", b"/shop/v1//x"),
        (b"*", b"*"),
        (b"http://other.example/x", b"http://other.example/x"),
    ],
)
def test_the_prefix_stands_before_paths_only(given: bytes, sent: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[0] == b"GET " + sent + b" HTTP/1.1"

    asked(steady(), raw(given), url="/shop/v1/", check=check)


def test_every_request_carries_the_fields_of_the_house_once() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        lines = server.lines()
        trace = lines.pop(6).decode()
        assert lines == [
            b"GET /orders HTTP/1.1",
            b"Host: 127.0.0.1:%d" % server.port,
            b"User-Agent: zeroweight/0.1.0",
            b"Accept: */*",
            b"Accept-Encoding: identity",
            b"x-zeroweight-run: r-7",
        ]
        assert re.fullmatch(r"traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace)
        assert server.value("traceparent", 0) != server.value("traceparent", 1)
        request = exchanges[1].request
        assert request is not None
        assert [b": ".join(pair) for pair in request.headers.raw] == server.lines(1)[1:]

    asked(steady(), GET.example(), GET.example(), check=check)


def test_a_header_keeps_its_case_its_order_and_its_twin() -> None:
    fields = ((b"X-b", b"1"), (b"x-A", b"\xff\x80"), (b"X-B", b"2"), (b"EMPTY", b""))
    probe = replace(GET.example(), headers=tuple((name, Template.of(value)) for name, value in fields))

    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[-4:] == [b"X-b: 1", b"x-A: \xff\x80", b"X-B: 2", b"EMPTY: "]

    asked(steady(), probe, check=check)


def test_a_header_that_the_probe_sets_is_never_overridden() -> None:
    own = {
        "HOST": "evil.example",
        "user-agent": "curl",
        "ACCEPT": "text/html",
        "accept-encoding": "gzip",
        "X-Zeroweight-Run": "x",
        "traceParent": "00-1",
        "authorization": "Bearer forged",
        "x-route": "other",
    }

    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[1:] == [f"{name}: {value}".encode() for name, value in own.items()]

    asked(steady(), GET.example(role="alice").with_(headers=own), check=check, of_target={"headers": {"X-Route": "canary"}})


def test_routing_headers_go_with_every_request_and_win_over_the_house() -> None:
    headers = {
        "X-Route": Secret(name="route", value="canary"),
        "User-Agent": "probe",
        "Host": "shop.example",
        "Authorization": "Basic door",
    }

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [kind(exchange) for exchange in exchanges] == ["", ""]
        assert server.value("x-route", 0) == "canary"
        assert server.value("user-agent", 0) == "probe"
        assert [line for line in server.lines(0) if line.startswith(b"Host:")] == [b"Host: shop.example"]
        assert server.value("authorization", 0) == "Basic door"
        assert [line for line in server.lines(1) if line.startswith(b"Authorization:")] == [b"Authorization: Bearer a-1"]

    asked(steady(), GET.example(), GET.example(role="alice"), check=check, of_target={"headers": headers})


@pytest.mark.parametrize("method", ["FOO", "get", "M-SEARCH", "DELETE", "Post"])
def test_a_method_is_sent_as_told(method: str) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert server.lines()[0] == method.encode() + b" /orders HTTP/1.1"
        assert exchanges[0].status == 200

    asked(steady(), GET.example().with_(method=method), check=check)


@pytest.mark.parametrize(
    ("probe", "length", "body"),
    [
        (POST.example().with_(json={"a": [1]}), "10", b'{"a": [1]}'),
        (POST.example().with_(raw=b"\x00\xff\r\n"), "4", b"\x00\xff\r\n"),
        (POST.example(), "0", b""),
        (POST.example().with_(headers={"content-length": "3"}, raw=b"abc"), "3", b"abc"),
        (GET.example().with_(raw=b"abc"), "3", b"abc"),
        (GET.example().with_(raw=b""), "0", b""),
        (GET.example(), None, b""),
    ],
)
def test_a_body_is_sent_whole_with_its_length(probe: Probe, length: str | None, body: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.requests[0].partition(b"\r\n\r\n")[2] == body
        assert server.value("content-length") == length
        assert sum(line.lower().startswith(b"content-length") for line in server.lines()) == (length is not None)

    asked(steady(), probe, check=check)


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (raw(b"/a b"), "request target"),
        (raw(b"/\xff"), "request target"),
        (raw(b"/a\r\nX: y"), "request target"),
        (raw(b""), "request target"),
        (GET.example().with_(method="G T"), "method"),
        (GET.example().with_(method="GÉT"), "method"),
        (GET.example().with_(headers={"X A": "1"}), "header name"),
        (GET.example().with_(headers={"X-A": "1\r\nX-B: 2"}), "x-a"),
        (GET.example().with_(headers={"X-A": b"\x00"}), "x-a"),
        (GET.example().with_(headers={"X-A": " 1"}), "x-a"),
        (POST.example().with_(headers={"Content-Length": "5"}, raw=b"abc"), "Content-Length differs"),
        (POST.example().with_(headers={"Transfer-Encoding": "chunked"}, raw=b"0\r\n\r\n"), "Transfer-Encoding"),
        (replace(GET.example(), headers=((b"Host", Template.of("a")), (b"host", Template.of("b")))), "host stands twice"),
    ],
)
def test_what_cannot_be_sent_as_told_is_not_sent_at_all(probe: Probe, why: str) -> None:
    limits = meter()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        failure = exchanges[0].failure
        assert failure is not None
        assert failure.kind == "unbound"
        assert "not sendable by this driver" in failure.text
        assert why.lower() in failure.text.lower()
        assert (server.connections, limits.sent, exchanges[0].request) == (0, 0, None)

    asked(steady(), probe, check=check, meter=limits)


# Whose credentials


def test_anonymous_carries_nothing_whoever_asked_before() -> None:
    script = steady(answer(b"{}", b"Set-Cookie: sid=from-server; Path=/"))
    probes = [GET.example(role=role) for role in ("alice", "bob", "eve", "anonymous", "bob")]

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert server.connections == 1
        assert [server.value("authorization", index) for index in range(5)] == ["Bearer a-1", None, None, None, None]
        assert [server.value("cookie", index) for index in range(5)] == [None, "sid=b-2; lang=de", None, None, "sid=b-2; lang=de"]
        assert [server.lines(index)[0] for index in range(2, 4)] == [b"GET /orders?api%20key=e%263 HTTP/1.1", b"GET /orders HTTP/1.1"]
        assert "a-1" not in repr(exchanges)

    asked(script, *probes, check=check)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("sid=forged", "sid=forged; lang=de"),
        ("a=1; lang=fr", "a=1; lang=fr; sid=b-2"),
        ("lang=fr;sid=x", "lang=fr;sid=x"),
        ("", ""),
    ],
)
def test_a_cookie_of_the_probe_stays_and_the_jar_adds_only_other_names(given: str, sent: str) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.value("cookie") == sent

    asked(steady(), GET.example(role="bob").with_(headers={"Cookie": given}), check=check)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"/x?q=1", b"/x?q=1&api%20key=e%263"),
        (b"/x?", b"/x?api%20key=e%263"),
        (b"/x?api%20key=mine", b"/x?api%20key=mine"),
    ],
)
def test_a_query_credential_is_appended_unless_the_probe_has_its_own(given: bytes, sent: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[0] == b"GET " + sent + b" HTTP/1.1"

    asked(steady(), raw(given, role="eve"), check=check)


def test_an_actor_is_played_by_the_account_of_its_role() -> None:
    async def main() -> None:
        async with serving(steady()) as server:
            driver = driver_of(server)
            probe = GET.example(role="attacker")
            trace = await driver.exchange(Scenario(steps=(Step(probe=probe),), actors={"attacker": "alice"}), {}, lane=0)
            assert trace.failure is None
            assert server.value("authorization") == "Bearer a-1"
            driver.enrol(replace(ALICE, headers=(("Authorization", Secret(name="t", value="Bearer a-2")),)))
            await ask(driver, GET.example(role="alice"))
            assert server.value("authorization") == "Bearer a-2"
            await driver.close()

    asyncio.run(main())


def test_a_role_without_an_account_is_not_played_by_anonymous() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert kind(exchanges[0]) == "unbound"
        assert server.connections == 0

    asked(steady(), GET.example(role="mallory"), check=check)


# What comes back


def test_an_answer_comes_as_it_was_sent() -> None:
    lines = [b"X-Twin: a", b"x-twin:  b ", b"X-Raw: \xe9\xff", b"SET-cookie: a=1", b"set-cookie: b=2"]

    def check(server: Server, exchanges: list[Exchange]) -> None:
        exchange = exchanges[0]
        response = exchange.response
        assert response is not None
        assert (response.status, response.version, response.body, response.truncated) == (201, "HTTP/1.1", b'{"id": 5}', False)
        assert response.headers.raw[1:6] == (
            (b"X-Twin", b"a"),
            (b"x-twin", b"b"),
            (b"X-Raw", b"\xe9\xff"),
            (b"SET-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
        )
        assert 0 < exchange.timing.sent <= exchange.timing.first_byte <= exchange.timing.last_byte
        assert (exchange.resent, exchange.failure, server.connections) == (False, None, 1)

    asked(steady(answer(b'{"id": 5}', *lines, status=b"201 Created")), GET.example(), check=check)


@pytest.mark.parametrize(
    ("method", "data", "status", "body"),
    [
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", 304, b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 200, b""),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n", 200, b"abcde"),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + answer(b"ok"), 200, b"ok"),
        ("GET", b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", 302, b""),
        ("GET", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        ("GET", b"HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", 599, b""),
    ],
)
def test_an_answer_of_any_framing_keeps_the_connection(method: str, data: bytes, status: int, body: bytes) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(exchange.status, exchange.failure) for exchange in exchanges] == [(status, None)] * 2
        assert all(exchange.response is not None and exchange.response.body == body for exchange in exchanges)
        assert server.connections == 1

    probe = GET.example().with_(method=method)
    asked(steady(data), probe, probe, check=check)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_an_answer_that_ends_with_its_connection_is_whole(data: bytes) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [exchange.response.body for exchange in exchanges if exchange.response] == [b"hello", b"hello"]
        assert not any(exchange.resent for exchange in exchanges)
        assert server.connections == 2

    asked(once(data), GET.example(), GET.example(), check=check)


def test_an_answer_in_single_bytes_is_read_to_its_end() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        for byte in answer(b"slowly"):
            await wire.write(bytes([byte]))

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].response is not None
        assert exchanges[0].response.body == b"slowly"

    asked(script, GET.example(), check=check)


def test_a_half_closed_connection_still_answers() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(b"HTTP/1.1 200 OK\r\n\r\nfine")
        wire.writer.write_eof()
        await wire.reader.read()

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].response is not None
        assert exchanges[0].response.body == b"fine"

    asked(script, GET.example(), check=check)


async def endless_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await wire.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")


async def ten_gigabytes(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"", length=10 * 2**30))
    while True:
        await wire.write(b"x" * 4096)


@pytest.mark.parametrize("script", [endless_body, ten_gigabytes])
def test_a_body_is_read_to_the_cap_and_the_connection_dropped(script: Script) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            assert exchange.failure is None
            assert exchange.response is not None
            assert exchange.response.truncated
            assert exchange.response.body == b"x" * 10_000
        assert server.connections == 2

    asked(script, GET.example(), GET.example(), check=check, body_cap=10_000)


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [exchange.response.truncated for exchange in exchanges if exchange.response] == [False, False]
        assert server.connections == 1

    asked(steady(answer(b"x" * 100)), GET.example(), GET.example(), check=check, body_cap=100)


BARE = zlib.compressobj(wbits=-15)
RAW_DEFLATE = BARE.compress(b"hello") + BARE.flush()
PACKED = gzip.compress(b"hello", mtime=0)


@pytest.mark.parametrize(
    ("coding", "data", "body"),
    [
        (b"gzip", PACKED, b"hello"),
        (b"x-gzip", PACKED, b"hello"),
        (b"deflate", zlib.compress(b"hello"), b"hello"),
        (b"deflate", RAW_DEFLATE, b"hello"),
        (b"deflate, gzip", gzip.compress(zlib.compress(b"hello"), mtime=0), b"hello"),
        (b"identity", b"hello", b"hello"),
        (b"gzip", b"not gzip", b"not gzip"),
        (b"br", b"\x0b\x02\x80hello\x03", b"\x0b\x02\x80hello\x03"),
        (b"gzip, gzip, gzip, gzip", b"whatever", b"whatever"),
    ],
)
def test_a_coding_nobody_asked_for_is_undone(coding: bytes, data: bytes, body: bytes) -> None:
    def check(_: Server, exchanges: list[Exchange]) -> None:
        response = exchanges[0].response
        assert response is not None
        assert (response.body, response.truncated) == (body, False)
        assert response.headers.get("content-encoding") == coding.decode()

    asked(steady(answer(data, b"Content-Encoding: " + coding)), GET.example(), check=check)


@pytest.mark.parametrize(
    ("layers", "size", "truncated"), [(1, 50_000, False), (1, 50_001, True), (1, 20_000_000, True), (2, 20_000_000, True)]
)
def test_a_bomb_is_never_unpacked_beyond_the_cap(*, layers: int, size: int, truncated: bool) -> None:
    data = b"\0" * size
    for _ in range(layers):
        data = gzip.compress(data)

    def check(_: Server, exchanges: list[Exchange]) -> None:
        response = exchanges[0].response
        assert response is not None
        assert response.body == b"\0" * 50_000
        assert response.truncated is truncated

    asked(steady(answer(data, b"Content-Encoding: " + b", ".join([b"gzip"] * layers))), GET.example(), check=check, body_cap=50_000)


# Silence


async def hang_up(_: Wire) -> None:
    """Close without reading."""


async def end_quietly(wire: Wire) -> None:
    await wire.request()


async def reset(wire: Wire) -> None:
    await wire.request()
    wire.reset()


async def reset_in_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    wire.reset()


async def endless_headers(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await wire.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")


async def stuck_in_head(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nX-A:")
    await asyncio.Event().wait()


async def stuck_in_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    await asyncio.Event().wait()


async def forever_continue(wire: Wire) -> None:
    await wire.request()
    while True:
        await wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize(
    ("script", "expected", "timeouts"),
    [
        (end_quietly, {"closed"}, PATIENT),
        (hang_up, {"closed", "reset"}, PATIENT),
        (reset, {"reset"}, PATIENT),
        (once(answer(b"abc", length=10)), {"closed"}, PATIENT),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), {"closed"}, PATIENT),
        (reset_in_body, {"reset", "closed"}, PATIENT),
        (once(b"HTTP/1.1 2"), {"closed"}, PATIENT),
        (once(b"garbage\r\n\r\n\r\n"), {"protocol"}, PATIENT),
        (once(b"\x16\x03\x01\x00\x02\x02\x28\r\n\r\n"), {"protocol"}, PATIENT),
        (once(b"SSH-2.0-OpenSSH_9.0\r\n\r\n"), {"protocol"}, PATIENT),
        (once(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), {"protocol"}, PATIENT),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), {"protocol"}, PATIENT),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), {"protocol"}, PATIENT),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), {"protocol"}, PATIENT),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), {"protocol"}, PATIENT),
        (endless_headers, {"protocol"}, PATIENT),
        (silent, {"timeout"}, HASTY),
        (stuck_in_head, {"timeout"}, HASTY),
        (stuck_in_body, {"timeout"}, HASTY),
        (forever_continue, {"timeout"}, HASTY),
    ],
)
def test_every_silence_has_its_kind_and_is_never_resent_when_the_connection_was_fresh(
    script: Script, expected: set[str], timeouts: Timeouts
) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            assert kind(exchange) in expected
            assert exchange.failure is not None
            assert exchange.failure.text
            assert not exchange.failure.ours
            assert (exchange.response, exchange.resent) == (None, False)
            assert exchange.request is not None
        assert server.connections == 2

    asked(script, GET.example(), GET.example(), check=check, timeouts=timeouts)


def test_a_port_where_nobody_listens_refuses() -> None:
    async def main() -> None:
        driver = driver_of(Target(side=Side.CANARY, url=f"http://127.0.0.1:{free_port()}"))
        exchange = (await ask(driver, GET.example()))[0]
        assert (kind(exchange), exchange.request, exchange.timing.sent) == ("refused", None, 0.0)
        await driver.close()

    asyncio.run(main())


def test_a_name_that_nobody_knows_refuses() -> None:
    async def main() -> None:
        driver = driver_of(Target(side=Side.CANARY, url="http://no-such-host.invalid"))
        assert kind((await ask(driver, GET.example()))[0]) in {"refused", "timeout"}
        await driver.close()

    asyncio.run(main())


def test_a_server_that_comes_back_is_asked_on_a_fresh_connection() -> None:
    async def script(wire: Wire) -> None:
        if wire.number == 1:
            await silent(wire)
        await steady()(wire)

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(server, timeouts=HASTY)
            first = (await ask(driver, GET.example()))[0]
            assert kind(first) == "timeout"
            # From here on nothing may time out, however slow the machine is.
            driver._lanes[0]._timeouts = PATIENT
            assert [exchange.status for exchange in await ask(driver, GET.example(), GET.example())] == [200, 200]
            assert server.connections == 2
            await driver.close()

    asyncio.run(main())


# Closed keep-alive connections


@pytest.mark.parametrize("ending", [end_quietly, reset])
def test_a_stale_connection_is_replaced_and_the_request_sent_once_more(ending: Script) -> None:
    limits = meter()

    async def script(wire: Wire) -> None:
        if wire.number == 1:
            await wire.request()
            await wire.write(answer(b"{}", status=b"500 Oops"))
            await ending(wire)
        else:
            await steady()(wire)

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(exchange.status, exchange.resent) for exchange in exchanges] == [(500, False), (200, True), (200, False)]
        assert (server.connections, limits.sent, len(server.requests)) == (2, 4, 4)
        assert server.requests[1] == server.requests[2]

    asked(script, GET.example(), POST.example().with_(raw=b"x"), GET.example(), check=check, meter=limits)


def test_a_server_that_closes_right_after_an_error_costs_no_answer() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [exchange.status for exchange in exchanges] == [500] * 4
        assert server.connections == 4

    asked(once(answer(b"{}", status=b"500 Oops")), *[GET.example()] * 4, check=check)


def test_a_request_is_never_sent_a_third_time() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        if wire.number == 1:
            await wire.write(answer())
            await wire.request()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(kind(exchange), exchange.resent) for exchange in exchanges] == [("", False), ("closed", True)]
        assert (server.connections, len(server.requests)) == (2, 3)

    asked(script, GET.example(), GET.example(), check=check)


def test_a_resend_that_the_budget_forbids_is_the_budgets_failure() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer())
        await wire.request()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(kind(exchange), exchange.resent) for exchange in exchanges] == [("", False), ("budget", False)]
        assert len(server.requests) == 2

    asked(script, GET.example(), GET.example(), check=check, meter=meter(2))


# Scenarios

ORDER = Slot(name="order", owner="alice", kind="order")
ONE = Operation(method="GET", path="/orders/{id}")
REMOVE = Operation(method="DELETE", path="/orders/{id}")
STORY = Scenario(
    steps=(
        Step(
            probe=POST.example(role="alice").with_(json={"note": "n-$unique"}), captures={"order": Pointer(path="/data/id")}, judged=False
        ),
        Step(probe=ONE.example(role="bob").with_(path={"id": ORDER})),
    ),
    undo=(
        Step(probe=REMOVE.example(role="bob").with_(path={"id": Slot(name="unmade")})),
        Step(probe=REMOVE.example(role="alice").with_(path={"id": ORDER})),
    ),
)


def played(script: Script, scenario: Scenario, bindings: Mapping[str, Any], check: Callable[[Server, Any], None], **more: Any) -> None:
    """Run a scenario and its undo, and look at both ends."""

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(server, **more)
            trace = await driver.exchange(scenario, bindings, lane=0)
            await driver.undo(scenario, captured(trace, bindings))
            await driver.close()
            check(server, trace)

    asyncio.run(main())


def test_a_scenario_binds_captures_and_undoes() -> None:
    def check(server: Server, trace: Any) -> None:
        assert (trace.lost, trace.failure, len(trace.judged)) == ("", None, 1)
        assert [server.lines(index)[0] for index in range(3)] == [
            b"POST /orders HTTP/1.1",
            b"GET /orders/a%2F7 HTTP/1.1",
            b"DELETE /orders/a%2F7 HTTP/1.1",
        ]
        assert server.requests[0].endswith(b'{"note": "n-w42"}')
        assert server.connections == 1

    played(steady(answer(b'{"data": {"id": "a/7"}}')), STORY, {UNIQUE.name: "w42"}, check)


@pytest.mark.parametrize("body", [b"{}", b'{"data": {"id": null}}', b"not json", b'{"data": [1]}'])
def test_a_capture_that_fails_ends_the_trace(body: bytes) -> None:
    def check(server: Server, trace: Any) -> None:
        assert trace.lost == "POST /orders answered 403 without 'order' at /data/id"
        assert len(trace.exchanges) == len(server.requests) == 1

    played(steady(answer(body, status=b"403 No")), STORY, {UNIQUE.name: "w42"}, check)


def test_a_slot_without_a_value_is_not_sent() -> None:
    def check(server: Server, trace: Any) -> None:
        assert trace.failure == Failure(kind="unbound", text="no value for the slot 'unique'")
        assert server.connections == 0

    played(steady(), STORY, {}, check)


def test_a_failure_ends_the_trace() -> None:
    def check(server: Server, trace: Any) -> None:
        assert [kind(exchange) for exchange in trace.exchanges] == ["closed"]
        assert len(server.requests) == 1

    played(end_quietly, STORY, {UNIQUE.name: "w42"}, check)


def test_a_scenario_of_which_one_step_is_too_bold_is_not_begun() -> None:
    scenario = Scenario(steps=(Step(probe=GET.example(role="alice")), Step(probe=POST.example(role="alice"))), undo=STORY.undo)
    limits = meter()

    def check(server: Server, trace: Any) -> None:
        assert trace.failure.kind == "level"
        assert trace.failure.text.startswith("step 2: POST")
        assert (len(trace.exchanges), server.connections, limits.sent) == (1, 0, 0)

    played(steady(), scenario, {"order": 1}, check, level=Level.READ_ONLY, meter=limits)


@pytest.mark.parametrize(("role", "expected"), [("anonymous", ""), ("alice", "level"), ("mallory", "unbound")])
def test_the_level_is_asked_before_anything_is_sent(role: str, expected: str) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert kind(exchanges[0]) == expected
        assert len(server.requests) == (not expected)

    asked(steady(), POST.example(role=role), check=check, level=Level.READ_ONLY)


def test_a_spent_budget_sends_nothing_more() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [kind(exchange) for exchange in exchanges] == ["", "", "budget", "budget"]
        assert [exchange.request is None for exchange in exchanges] == [False, False, True, True]
        assert len(server.requests) == 2

    asked(steady(), *[GET.example()] * 4, check=check, meter=meter(2))


def test_a_stopped_run_sends_nothing_more() -> None:
    limits = meter()
    limits.stop("SIGTERM")

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].failure == Failure(kind="stopped", text="SIGTERM")
        assert server.connections == 0

    asked(steady(), GET.example(), check=check, meter=limits)


def test_each_exchange_is_shown_to_the_observer() -> None:
    seen: list[Exchange] = []

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert seen == exchanges

    asked(steady(), GET.example(), POST.example(role="mallory"), check=check, seen=seen.append)


# Lanes


def test_lanes_ask_at_the_same_time_on_a_connection_each() -> None:
    """The server answers nobody before all four have asked."""

    async def main() -> None:
        all_here = asyncio.Event()

        async def script(wire: Wire) -> None:
            while True:
                await wire.request()
                if len(wire.server.requests) >= 4:
                    all_here.set()
                await all_here.wait()
                await wire.write(answer(b'"%d"' % wire.number))

        async with serving(script) as server:
            driver = driver_of(server, lanes=4)
            for _ in range(3):
                answers = await asyncio.gather(*(ask(driver, GET.example(), lane=lane) for lane in range(4)))
                assert [exchanges[0].status for exchanges in answers] == [200] * 4
            assert (server.connections, len(server.requests)) == (4, 12)
            await driver.close()

    asyncio.run(main())


def test_a_lane_plays_one_scenario_after_the_other() -> None:
    async def main() -> None:
        async with serving(steady(answer(b'{"data": {"id": 1}}'))) as server:
            driver = driver_of(server)
            traces = await asyncio.gather(*(driver.exchange(STORY, {UNIQUE.name: f"w{index}"}, lane=0) for index in range(5)))
            assert [len(trace.exchanges) for trace in traces] == [2] * 5
            assert [line.split()[0] for line in (server.lines(index)[0] for index in range(10))] == [b"POST", b"GET"] * 5
            assert server.connections == 1
            await driver.close()

    asyncio.run(main())


def test_a_cancelled_exchange_leaves_the_lane_usable() -> None:
    async def main() -> None:
        async def script(wire: Wire) -> None:
            await (silent if wire.number == 1 else steady())(wire)

        async with serving(script) as server:
            driver = driver_of(server)
            task = asyncio.create_task(ask(driver, GET.example()))
            while not server.requests:  # noqa: ASYNC110  # the server has no event to wait for
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await ask(driver, GET.example()))[0].status == 200
            await driver.close()

    asyncio.run(main())


# TLS


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_a_pinned_address_is_dialled_under_the_targets_name(authority: Authority, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "shop.example")) as server:
            address = f"127.0.0.1:{server.port}"
            tls = Tls(ca=authority.pem)
            named = Target(side=Side.CANARY, url="https://shop.example", address=address, tls=tls)
            routed = Target(side=Side.CANARY, url="https://other.example:444", address=address, server_name="shop.example", tls=tls)
            wrong = replace(routed, server_name="")
            hosts = []
            for target in (named, routed, wrong):
                driver = driver_of(target)
                exchanges = await ask(driver, GET.example(), GET.example())
                hosts.append((kind(exchanges[0]), server.value("host")))
                await driver.close()
            assert hosts == [("", "shop.example"), ("", "shop.example"), ("tls", "shop.example")]
            assert len(server.requests) == 4

    asyncio.run(main())


def test_an_address_with_a_name_of_its_own_is_trusted_by_its_certificate(authority: Authority, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1")) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=Tls(ca=authority.pem)))
            assert (await ask(driver, GET.example()))[0].status == 200
            await driver.close()

    asyncio.run(main())


@pytest.mark.parametrize("ca", ["system", "other"])
def test_an_unknown_authority_is_a_tls_failure(authority: Authority, tmp_path: Path, ca: str) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1")) as server:
            tls = Tls(ca=Authority().pem) if ca == "other" else Tls()
            driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=tls))
            exchange = (await ask(driver, GET.example()))[0]
            assert exchange.failure is not None
            assert (exchange.failure.kind, exchange.request) == ("tls", None)
            assert "certificate" in exchange.failure.text
            await driver.close()

    asyncio.run(main())


def test_plain_http_on_a_tls_port_and_the_reverse_are_told(authority: Authority, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1")) as secure, serving(hang_up) as plain:
            for url, kinds in (
                (f"http://127.0.0.1:{secure.port}", {"closed", "reset", "protocol"}),
                (f"https://127.0.0.1:{plain.port}", {"tls"}),
            ):
                driver = driver_of(Target(side=Side.CANARY, url=url))
                assert kind((await ask(driver, GET.example()))[0]) in kinds
                await driver.close()

    asyncio.run(main())


def test_a_client_certificate_is_shown_and_its_absence_is_a_tls_failure(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    certificate, key = authority.issue("zeroweight", client=True)

    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1", demand=True)) as server:
            for tls, expected in (
                (Tls(ca=authority.pem, cert=certificate, key=Secret(name="key", value=key)), {""}),
                (Tls(ca=authority.pem), {"tls", "closed", "reset"}),
            ):
                driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=tls))
                assert kind((await ask(driver, GET.example()))[0]) in expected
                await driver.close()

    asyncio.run(main())
    assert list(folder.iterdir()) == []


def test_certificates_that_cannot_be_used_are_the_operators_mistake(authority: Authority) -> None:
    certificate, key = authority.issue("zeroweight", client=True)
    _, other = authority.issue("zeroweight", client=True)
    _, locked = authority.issue("zeroweight", client=True, password=b"secret")
    for tls, where in (
        (Tls(ca="nonsense"), "canary.tls.ca"),
        (Tls(cert=certificate), "canary.tls.cert"),
        (Tls(cert="nonsense", key=Secret(name="k", value=key)), "canary.tls.cert"),
        (Tls(cert=certificate, key=Secret(name="k", value=other)), "canary.tls.cert"),
        (Tls(cert=certificate, key=Secret(name="k", value=locked)), "canary.tls.cert"),
    ):
        with pytest.raises(ConfigError) as raised:
            driver_of(Target(side=Side.CANARY, url="https://shop.example", tls=tls))
        assert raised.value.where == where


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].status == 200

    asked(steady(), GET.example(), check=check)


# Requests of the run's own


def errand(script: Script, check: Callable[[Server, HttpDriver], Any], *, url: str = "", **more: Any) -> None:
    """Run a check that sends plain requests."""

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url + url, headers={"X-Route": "canary"}), **more)
            try:
                await check(server, driver)
            finally:
                await driver.close()

    asyncio.run(main())


def test_a_plain_request_is_answered_below_the_targets_url() -> None:
    async def check(server: Server, driver: HttpDriver) -> None:
        headers: Mapping[str, str | Secret] = {"Accept": "application/json", "X-Key": Secret(name="k", value="k-1")}
        response = await driver.plain("POST", "/login?next=/a/../b", headers=headers, body=b"{}", account=ALICE)
        assert response.json == {"ok": True}
        assert server.lines()[0] == b"POST /shop/login?next=/a/../b HTTP/1.1"
        assert [server.value(name) for name in ("x-key", "accept", "authorization", "x-route", "x-zeroweight-run")] == [
            "k-1",
            "application/json",
            "Bearer a-1",
            "canary",
            "r-7",
        ]
        await driver.plain("GET", f"{server.url}/health")
        assert server.lines()[0] == b"GET /health HTTP/1.1"
        assert server.value("authorization") is None
        assert driver.meter.sent == 2

    # Read-only binds what suites send; a login is the operator's own wish.
    errand(steady(answer(b'{"ok": true}')), check, url="/shop", level=Level.READ_ONLY)


def test_a_redirect_is_followed_only_when_wanted_and_within_the_target() -> None:
    async def script(wire: Wire) -> None:
        while True:
            line = (await wire.request()).split()[1]
            await wire.write(
                answer(b"{}", b"Location: ../new?x=1", status=b"301 Moved") if line == b"/shop/v1/old" else answer(b'{"new": 1}')
            )

    async def check(server: Server, driver: HttpDriver) -> None:
        assert (await driver.plain("GET", "/v1/old")).status == 301
        assert (await driver.plain("GET", "/v1/old", account=ALICE, follow=True)).json == {"new": 1}
        assert server.lines()[0] == b"GET /shop/new?x=1 HTTP/1.1"
        assert server.value("authorization") == "Bearer a-1"

    errand(script, check, url="/shop")


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(b"302 Found", b"GET", b""), (b"303 See", b"GET", b""), (b"307 Again", b"POST", b"abc"), (b"308 Always", b"POST", b"abc")],
)
def test_a_redirect_keeps_or_drops_the_body_as_the_rfc_says(status: bytes, method: bytes, body: bytes) -> None:
    async def check(server: Server, driver: HttpDriver) -> None:
        await driver.plain("POST", "/a", body=b"abc", follow=True)
        assert server.requests[1].startswith(method + b" /b ")
        assert server.requests[1].endswith(b"\r\n\r\n" + body)

    errand(steady(answer(b"", b"Location: /b", status=status), answer()), check)


def test_a_redirect_that_never_ends_is_given_up() -> None:
    async def check(server: Server, driver: HttpDriver) -> None:
        with pytest.raises(Unreachable, match="redirects more than 5 times"):
            await driver.plain("GET", "/a", follow=True)
        assert len(server.requests) == 6

    errand(steady(answer(b"", b"Location: /a", status=b"302 Found")), check)


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{other}/x", "//127.0.0.1:{other}/x", "file:///etc/passwd", "http://[x", "http://a@127.0.0.1:{port}/"]
)
def test_a_redirect_never_leads_out(place: str) -> None:
    async def main() -> None:
        async with serving(steady()) as other:

            async def script(wire: Wire) -> None:
                where = place.format(other=other.port, port=wire.server.port).encode()
                await steady(answer(b"", b"Location: " + where, status=b"302 Found"))(wire)

            async with serving(script) as server:
                driver = driver_of(server, timeouts=PATIENT)
                with pytest.raises(Unreachable):
                    await driver.plain("GET", "/a", follow=True)
                with pytest.raises(Unreachable, match=r"safety\.hosts"):
                    await driver.plain("GET", f"{other.url}/direct")
                await driver.close()
                assert (len(server.requests), other.connections) == (1, 0)

    asyncio.run(main())


def test_a_named_host_may_be_asked_but_gets_no_credentials_by_a_redirect() -> None:
    async def main() -> None:
        async with serving(steady(answer(b'{"idp": 1}'))) as other:
            moved = steady(
                answer(b"", b"Location: " + other.url.encode() + b"/token?x=1", status=b"302 Found"),
                answer(b"", b"Location: " + other.url.encode() + b"/token", status=b"307 Again"),
            )
            async with serving(moved) as server:
                target = Target(side=Side.CANARY, url=server.url, headers={"X-Route": "canary"})
                driver = driver_of(target, lock=Lock(target, (f"127.0.0.1:{other.port}",)))
                response = await driver.plain("GET", "/a", headers={"X-Key": "k"}, account=ALICE, follow=True)
                assert response.json == {"idp": 1}
                assert other.lines()[0] == b"GET /token?x=1 HTTP/1.1"
                assert other.value("host") == f"127.0.0.1:{other.port}"
                assert [other.value(name) for name in ("authorization", "x-key", "x-route")] == [None, None, None]
                with pytest.raises(Unreachable, match="body"):
                    await driver.plain("POST", "/a", body=b"password", follow=True)
                await driver.plain("POST", f"{other.url}/token", headers={"X-Key": "k"}, body=b"password")
                assert (len(other.requests), other.connections) == (2, 1)
                assert other.value("x-key") == "k"
                await driver.close()

    asyncio.run(main())


def test_a_plain_request_without_an_answer_says_how() -> None:
    async def check(_: Server, driver: HttpDriver) -> None:
        with pytest.raises(Unreachable, match="GET /a on the canary: ") as raised:
            await driver.plain("GET", "/a")
        assert raised.value.kind == "closed"
        driver.meter.stop("SIGTERM")
        with pytest.raises(Unreachable, match="SIGTERM") as raised:
            await driver.plain("GET", "/a")
        assert raised.value.kind == "stopped"

    errand(end_quietly, check)


def test_a_long_document_is_read_beyond_the_cap_of_exchanges() -> None:
    async def check(_: Server, driver: HttpDriver) -> None:
        response = await driver.plain("GET", "/openapi.json")
        assert (len(response.body), response.truncated) == (3_000_000, False)
        short = await driver.plain("GET", "/openapi.json", cap=1000)
        assert (len(short.body), short.truncated) == (1000, True)

    errand(steady(answer(b"x" * 3_000_000)), check)
