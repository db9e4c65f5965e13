"""HTTP/2, as the httpx driver's lanes speak it: with a real server (Node's), and with one that does what no server should."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from driving import HASTY, PATIENT, driver_of, kind, meter
from lines import LIMIT, request
from servers import Authority, Script, Wire, hang_up, serving

from zeroweight.drivers.connection import Delivery, Dial, Timeouts, deliver
from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.httpx_line import HttpxLane
from zeroweight.drivers.limits import Meter
from zeroweight.drivers.trust import trust
from zeroweight.model.http import Exchange, Request
from zeroweight.model.operation import Operation
from zeroweight.model.request import Probe, Scenario, Template
from zeroweight.model.target import Side, Target, Tls
from zeroweight.redact import Secret

SERVICE: Final = Path(__file__).with_name("http2_service.mjs")
ECHO: Final = Operation(method="GET", path="/echo")
GET: Final = request()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@contextlib.asynccontextmanager
async def node(authority: Authority, folder: Path, *wishes: str, name: str = "127.0.0.1") -> AsyncIterator[int]:
    """Run the service until the block ends; yields its port. Without Node the test is skipped, and says what to install."""
    program = shutil.which("node")
    if program is None:
        say = "HTTP/2 needs a server: install Node.js 20 or later"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(say)
    authority.context(folder, name)
    (folder / "ca.pem").write_text(authority.pem)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(program, str(SERVICE), str(folder), *wishes, stdin=pipe, stdout=pipe)
    try:
        assert process.stdout is not None
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.communicate()


def spoken(
    authority: Authority,
    folder: Path,
    check: Callable[[int], Awaitable[None]],
    *wishes: str,
    name: str = "127.0.0.1",
) -> None:
    """Let a check speak with the service."""

    async def main() -> None:
        async with asyncio.timeout(LIMIT), node(authority, folder, *wishes, name=name) as port:
            await check(port)

    asyncio.run(main())


def target_at(port: int, authority: Authority, **more: Any) -> Target:
    given: dict[str, Any] = {"url": f"https://127.0.0.1:{port}", "tls": Tls(ca=authority.pem), **more}
    return Target(side=Side.CANARY, **given)


async def told(driver: HttpDriver, probe: Probe) -> tuple[Exchange, dict[str, Any]]:
    """Send a probe; returns the exchange, and what the service says that it was asked."""
    exchange = (await driver.exchange(Scenario.of(probe), {}, lane=0)).exchanges[0]
    return exchange, (exchange.response.json if exchange.response else None) or {}


def line_to(target: Target, timeouts: Timeouts = PATIENT) -> HttpxLane:
    return HttpxLane(Dial.to(target), trust(target), timeouts)


async def delivered(line: HttpxLane, *requests: Request, cap: int = 1 << 20, limits: Meter | None = None) -> list[Delivery]:
    limits = limits or meter()
    try:
        return [await deliver(line, each, limits, cap=cap) for each in requests]
    finally:
        await line.aclose()


def shown(delivery: Delivery) -> tuple[str, int, bytes, bool, bool]:
    """Return kind, status, body, and whether the connection was fresh and the request resent."""
    answer, failure = delivery.answer, delivery.failure
    status, body = (answer.response.status, answer.response.body) if answer.response else (0, b"")
    return (failure.kind if failure else "", status, body, answer.fresh, delivery.resent)


# With Node's server.


def test_lanes_speak_http_2_where_the_server_does_and_errands_never(authority: Authority, tmp_path: Path) -> None:
    async def check(port: int) -> None:
        driver = driver_of(target_at(port, authority), driver="httpx")
        for number in (1, 2):
            exchange, by_lane = await told(driver, ECHO.example())
            by_errand = (await driver.plain("GET", "/echo")).json
            assert exchange.response is not None
            assert (exchange.response.version, exchange.status) == ("HTTP/2", 200)
            assert (by_lane["version"], by_lane["spoken"], by_lane["connection"]) == ("2.0", "h2", 1)
            assert (by_errand["version"], by_errand["spoken"], by_errand["connection"]) == ("1.1", "http/1.1", 2)
            assert 0 < exchange.timing.sent <= exchange.timing.first_byte <= exchange.timing.last_byte, number
        await driver.close()

    spoken(authority, tmp_path, check)


def test_a_request_is_written_as_http_2_writes_it_and_nothing_else_is_changed(authority: Authority, tmp_path: Path) -> None:
    """Names in small letters, `:authority` for Host; order, duplicates, values, target, method and body as they are told."""

    async def check(port: int) -> None:
        fields = ((b"X-Twin", b"1"), (b"Cookie", b"a=1; b=2"), (b"x-twin", b"2"), (b"X-Raw", b"caf\xe9"), (b"TE", b"trailers"))
        odd = request("PaTCH", b"/echo/../b%2f?x=%zz&y=[]|", *fields, body=b"\x00note=\xff")
        (seen,) = await delivered(line_to(target_at(port, authority)), odd)
        assert seen.answer.response is not None
        asked = seen.answer.response.json
        assert (asked["method"], asked["target"], asked["body"]) == ("PaTCH", "/echo/../b%2f?x=%zz&y=[]|", "\x00note=\xff")
        pairs = list(zip(asked["fields"][::2], asked["fields"][1::2], strict=True))
        assert pairs == [
            (":method", "PaTCH"),
            (":authority", "shop.example"),
            (":scheme", "https"),
            (":path", "/echo/../b%2f?x=%zz&y=[]|"),
            ("x-twin", "1"),
            ("cookie", "a=1; b=2"),
            ("x-twin", "2"),
            ("x-raw", "caf\xe9"),
            ("te", "trailers"),
            ("content-length", "7"),
        ]

    spoken(authority, tmp_path, check)


def test_answers_of_every_kind_are_read_and_keep_the_connection(authority: Authority, tmp_path: Path) -> None:
    async def check(port: int) -> None:
        asked = [request("GET", target) for target in (b"/none", b"/early", b"/twins", b"/big?bytes=300000")]
        seen = await delivered(
            line_to(target_at(port, authority)), *asked, request("HEAD", b"/twins"), request("POST", b"/none", body=b"x")
        )
        assert [shown(each) for each in seen] == [
            ("", 204, b"", True, False),
            ("", 200, b"late", False, False),
            ("", 200, b"twins", False, False),
            ("", 200, b"x" * 300_000, False, False),
            ("", 200, b"", False, False),
            ("", 204, b"", False, False),
        ]
        twins = seen[2].answer.response
        assert twins is not None
        assert twins.headers.all("set-cookie") == ("a=1", "b=2")
        assert (b"x-mixed-case", b"Kept") in twins.headers.raw
        assert not [name for name, _ in twins.headers.raw if name.startswith(b":") or name != name.lower()]

    spoken(authority, tmp_path, check)


@pytest.mark.parametrize(("size", "cut", "ended"), [(1000, False, True), (1001, True, True), (8000, True, True), (20_000_000, True, False)])
def test_a_body_is_kept_to_the_cap_then_hashed_then_hung_up_on(
    authority: Authority,
    tmp_path: Path,
    size: int,
    cut: bool,  # noqa: FBT001  # a column of the table
    ended: bool,  # noqa: FBT001  # as above
) -> None:
    async def check(port: int) -> None:
        asked = request("GET", b"/big?bytes=%d" % size)
        first, second = await delivered(line_to(target_at(port, authority)), asked, asked, cap=1000)
        response = first.answer.response
        assert response is not None
        digest = hashlib.sha256(b"x" * size).hexdigest() if cut and ended else ""
        assert (response.body, response.truncated, response.digest) == (b"x" * 1000, cut, digest)
        assert second.answer.fresh is not ended

    spoken(authority, tmp_path, check)


def test_what_is_taken_back_is_told_and_what_was_never_taken_is_sent_once_more(authority: Authority, tmp_path: Path) -> None:
    """A server that breaks at a request tells something about it; one that refuses a stream, or is leaving, does not."""

    async def check(port: int) -> None:
        target = target_at(port, authority)
        limits = meter()
        seen = await delivered(line_to(target), GET, request("GET", b"/refused"), limits=limits)
        assert [(each.resent, each.answer.fresh) for each in seen] == [(False, True), (True, True)]
        assert shown(seen[1])[1:3] == (200, b"taken")
        assert limits.sent == 3
        broken = await delivered(line_to(target), GET, request("GET", b"/reset"), GET)
        assert [shown(each)[0] for each in broken] == ["", "reset", ""]
        assert [(each.resent, each.answer.fresh) for each in broken] == [(False, True), (False, False), (False, True)]
        assert broken[1].failure is not None
        assert broken[1].failure.text == "the server took back the exchange (INTERNAL_ERROR)"
        leaving = await delivered(line_to(target), request("GET", b"/leaves"), request("GET", b"/none"))
        assert [shown(each)[:3] for each in leaving] == [("", 200, b"farewell"), ("", 204, b"")]
        assert leaving[1].answer.fresh

    spoken(authority, tmp_path, check)


@pytest.mark.parametrize(
    ("path", "patience", "says"), [(b"/silent", "first_byte", "began within 1 s"), (b"/stuck", "total", "was whole within 1 s")]
)
def test_a_timeout_names_its_phase(authority: Authority, tmp_path: Path, path: bytes, patience: str, says: str) -> None:
    async def check(port: int) -> None:
        timeouts = Timeouts(**{"connect": 30.0, "tls": 30.0, "first_byte": 30.0, "total": 30.0, patience: 1.0})
        (seen,) = await delivered(line_to(target_at(port, authority), timeouts), request("GET", path))
        assert seen.failure is not None
        assert (seen.failure.kind, seen.failure.text) == ("timeout", f"no answer {says}")

    spoken(authority, tmp_path, check)


def test_a_client_certificate_a_pinned_address_and_a_name_of_its_own(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue("zeroweight", client=True)
    shows = Tls(ca=authority.pem, cert=certificate, key=Secret(name="key", value=key))

    async def check(port: int) -> None:
        pinned = {"address": f"127.0.0.1:{port}"}
        for more, expected in (
            ({"url": "https://shop.example", "tls": shows, **pinned}, ("shop.example", "shop.example", "zeroweight")),
            (
                {"url": "https://edge.example:444", "server_name": "shop.example", "tls": shows, **pinned},
                ("shop.example", "shop.example", "zeroweight"),
            ),
            ({"url": "https://edge.example:444", "tls": shows, **pinned}, "tls"),
            ({"url": "https://shop.example", **pinned}, "tls closed reset"),
        ):
            driver = driver_of(target_at(port, authority, **more), driver="httpx")
            exchange, asked = await told(driver, ECHO.example())
            await driver.close()
            if isinstance(expected, str):
                assert kind(exchange) in expected.split()
            else:
                assert (
                    asked["name"],
                    dict(zip(asked["fields"][::2], asked["fields"][1::2], strict=True))[":authority"],
                    asked["client"],
                ) == expected
                assert asked["version"] == "2.0"

    spoken(authority, tmp_path, check, "demand", "h2", name="shop.example")


# With a server that does what no server should.


def frame(sort: int, flags: int = 0, stream: int = 0, load: bytes = b"") -> bytes:
    """Return a frame (RFC 9113 section 4.1)."""
    return len(load).to_bytes(3, "big") + bytes([sort, flags]) + stream.to_bytes(4, "big") + load


DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
OK: Final = b"\x88"
"""`:status: 200`, as HPACK writes it."""


async def asked_by(wire: Wire) -> int:
    """Read up to the next request's head; returns its stream."""
    if not wire.server.requests:
        wire.server.requests.append(await wire.reader.readexactly(24))
        await wire.write(frame(SETTINGS))
    while True:
        head = await wire.reader.readexactly(9)
        await wire.reader.readexactly(int.from_bytes(head[:3], "big"))
        if head[3] == HEADERS:
            return int.from_bytes(head[5:], "big")


def answers(*frames: Callable[[int], bytes], hang: bool = False) -> Script:
    """Return the script that answers each request on a connection by the next of these, then closes or hangs."""

    async def script(wire: Wire) -> None:
        wire.server.requests.clear()
        for made in frames:
            stream = await asked_by(wire)
            await wire.write(made(stream))
        if hang:
            await wire.reader.read()

    return script


def fine(stream: int) -> bytes:
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, OK)


def by_raw(
    authority: Authority, folder: Path, script: Script, *requests: Request, timeouts: Timeouts = PATIENT
) -> tuple[list[Delivery], int, int]:
    """Send requests to a script that was agreed with on HTTP/2; returns what came, the connections, and the requests counted."""
    context = authority.context(folder, "127.0.0.1")
    context.set_alpn_protocols(["h2"])
    limits = meter()

    async def main() -> tuple[list[Delivery], int, int]:
        async with asyncio.timeout(LIMIT), serving(script, tls=context) as server:
            seen = await delivered(line_to(target_at(server.port, authority), timeouts), *requests, limits=limits)
            return seen, server.connections, limits.sent

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (hang_up, "closed reset"),
        (answers(lambda _: b""), "closed"),
        (answers(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n"), "closed"),  # the beginning of a frame, to who reads frames
        (answers(lambda s: frame(HEADERS, END_HEADERS | END_STREAM, s, b"\xff\xff\xff\xff\xff\xff\xff")), "protocol"),
        (answers(lambda s: frame(DATA, END_STREAM, s, b"no head")), "protocol"),
        (answers(lambda s: frame(HEADERS, END_HEADERS, s, OK) + frame(RST_STREAM, 0, s, b"\0\0\0\x02")), "reset"),
        (answers(lambda s: frame(RST_STREAM, 0, s, b"\0\0\0\x0d")), "reset"),
        (answers(lambda s: frame(HEADERS, END_HEADERS, s, OK) + frame(DATA, 0, s, b"half")), "closed"),
        (answers(lambda s: frame(HEADERS, END_HEADERS, s, OK + b"\x5c\x0210") + frame(DATA, END_STREAM, s, b"short")), "protocol"),
        (answers(lambda _: frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\x0b")), "closed"),
        (answers(lambda _: frame(SETTINGS, 0, 0, b"\0\x04\xff\xff\xff\xff")), "protocol"),
        (answers(lambda _: b"\xff\xff\xff" + bytes(6) + b"x" * 20_000), "protocol"),
    ],
)
def test_what_a_server_does_wrong_is_its_silence_and_never_our_doing(
    authority: Authority, tmp_path: Path, script: Script, expected: str
) -> None:
    seen, connections, counted = by_raw(authority, tmp_path, script, GET, GET)
    for each in seen:
        assert each.failure is not None
        assert each.failure.kind in expected.split()
        assert (each.resent, each.failure.ours) == (False, False)
        assert each.failure.text
    assert (connections, counted) == (2, 2)


def test_a_server_that_is_leaving_is_asked_anew_and_the_request_counted_again(authority: Authority, tmp_path: Path) -> None:
    """The library would send it once more by itself: unseen by the meter, and in the first connection's time."""
    leaves = answers(fine, lambda _: frame(GOAWAY, 0, 0, b"\0\0\0\x01" + bytes(4)))
    seen, connections, counted = by_raw(authority, tmp_path, leaves, GET, GET, GET)
    assert [shown(each)[:2] + shown(each)[3:] for each in seen] == [("", 200, True, False), ("", 200, True, True), ("", 200, True, True)]
    assert (connections, counted) == (3, 5)


def test_a_connection_that_ended_meanwhile_is_stale(authority: Authority, tmp_path: Path) -> None:
    seen, connections, counted = by_raw(authority, tmp_path, answers(fine), GET, GET)
    assert [shown(each)[:2] + shown(each)[3:] for each in seen] == [("", 200, True, False), ("", 200, True, True)]
    assert (connections, counted) == (2, 3)


def test_a_server_that_agrees_and_says_nothing_more_is_given_up(authority: Authority, tmp_path: Path) -> None:
    (seen,), _, _ = by_raw(authority, tmp_path, answers(lambda _: b"", hang=True), GET, timeouts=HASTY)
    assert seen.failure is not None
    assert seen.failure.kind == "timeout"


# What is refused, since it is not known beforehand which of the two is spoken.


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        (request("GET", b"/", (b"Connection", b"close")), "the header Connection has no place in HTTP/2"),
        (request("GET", b"/", (b"keep-alive", b"timeout=5")), "the header keep-alive has no place in HTTP/2"),
        (request("GET", b"/", (b"Proxy-Connection", b"close")), "the header Proxy-Connection has no place in HTTP/2"),
        (request("GET", b"/", (b"Upgrade", b"h2c")), "the header Upgrade has no place in HTTP/2"),
        (request("GET", b"/", (b"TE", b"gzip")), "the header TE says more than HTTP/2 has a place for"),
        (request("CONNECT", b"shop.example:443"), "CONNECT has no target of its own in HTTP/2"),
        (request("GET", b"/", (b"TE", b"Trailers")), ""),
        (request("OPTIONS", b"*"), ""),
    ],
)
def test_what_has_no_place_in_http_2_is_refused_over_tls_only(asks: Request, says: str) -> None:
    over = {scheme: HttpxLane(Dial.at(f"{scheme}://shop.example"), None, PATIENT) for scheme in ("http", "https")}
    assert {scheme: line.refuses(asks) for scheme, line in over.items()} == {"http": "", "https": says}


def test_a_probe_that_is_refused_is_ours_and_dials_nothing(authority: Authority, tmp_path: Path) -> None:
    async def check(port: int) -> None:
        driver = driver_of(target_at(port, authority), driver="httpx")
        probe = Probe(operation=ECHO, target=Template.of(b"/echo"), headers=((b"Connection", Template.of(b"close")),))
        exchange, _ = await told(driver, probe)
        assert exchange.failure is not None
        assert (exchange.failure.kind, exchange.request, driver.meter.sent) == ("unbound", None, 0)
        await driver.close()

    spoken(authority, tmp_path, check)


def test_where_the_server_knows_no_http_2_its_lane_speaks_http_1_1(authority: Authority, tmp_path: Path) -> None:
    async def check() -> None:
        context = authority.context(tmp_path, "127.0.0.1")
        context.set_alpn_protocols(["http/1.1"])

        async def script(wire: Wire) -> None:
            socket: ssl.SSLObject = wire.writer.get_extra_info("ssl_object")
            await wire.request()
            await wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + (socket.selected_alpn_protocol() or "").encode())

        async with asyncio.timeout(LIMIT), serving(script, tls=context) as server:
            (seen,) = await delivered(line_to(target_at(server.port, authority)), GET)
            assert seen.answer.response is not None
            assert (seen.answer.response.version, seen.answer.response.body) == ("HTTP/1.1", b"http/1.1")

    asyncio.run(check())
