"""What only the lines on httpx do: be its transport, refuse what would not be sent as told, and give each phase its time."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from driving import PATIENT
from lines import LIMIT, request, told
from servers import Authority, Wire, answer, free_port, serving, silent, steady

from zeroweight.drivers.connection import Dial, Timeouts
from zeroweight.drivers.httpx_line import HttpxLane, HttpxLine
from zeroweight.drivers.trust import trust
from zeroweight.model.target import Side, Target, Tls

LONG = Timeouts(connect=30, tls=30, first_byte=30, total=30)


def transport_of(line: HttpxLine) -> type:
    return type(line._transport)


# The transport, and nothing else.


def test_nothing_is_taken_from_the_environment_remembered_or_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    moved = answer(b"", b"Set-Cookie: a=1; Path=/", b"Location: /elsewhere", status=b"302 Found")
    seen = asyncio.run(told("httpx", steady(moved), request(), request()))
    assert [sight.status for sight in seen.sights] == [302, 302]
    assert seen.requests == (b"GET /orders HTTP/1.1\r\nHost: shop.example\r\n\r\n",) * 2


def test_it_speaks_by_httpxs_transport_and_makes_a_new_one_after_a_failure() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer() if wire.number == 1 else b"garbage\r\n\r\n")

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            line = HttpxLine(Dial.at(server.url), None, PATIENT)
            assert transport_of(line) is type(None), "nothing is dialled before the first request"
            assert (await line.send(request(), cap=10)).response is not None
            assert transport_of(line) is httpx.AsyncHTTPTransport
            assert (await line.send(request(), cap=10)).failure is not None
            assert transport_of(line) is type(None)
            await line.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example", "http://shop.example/"),
        ("https://shop.example:8443/v1?x=1", "https://shop.example:8443/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("http://b\u00fccher.example", "http://xn--bcher-kva.example/"),
    ],
)
def test_it_dials_where_its_dial_says(url: str, expected: str) -> None:
    line = HttpxLine(Dial.at(url), None, Timeouts())
    assert line._url == httpx.URL(expected)


@pytest.mark.parametrize(("size", "whole"), [(1000, True), (1001, True), (8000, True), (3_000_000, False)])
def test_a_body_is_kept_to_the_cap_then_hashed_then_hung_up_on(size: int, whole: bool) -> None:  # noqa: FBT001  # a column of the table
    seen = asyncio.run(told("httpx", steady(answer(b"x" * size)), request(), request(), cap=1000))
    assert [(sight.body, sight.truncated) for sight in seen.sights] == [(b"x" * 1000, size > 1000)] * 2
    digest = hashlib.sha256(b"x" * size).hexdigest() if size > 1000 and whole else ""
    assert [each.answer.response.digest for each in seen.deliveries if each.answer.response] == [digest] * 2
    assert seen.connections == (1 if whole else 2)


def test_a_request_that_a_server_may_leave_a_part_of_is_the_last_on_its_connection() -> None:
    asks = (request("GET", b"/", body=b"x=1"), request())
    seen = asyncio.run(told("httpx", steady(), *asks, *asks))
    assert [(sight.status, sight.fresh) for sight in seen.sights] == [(200, True), (200, True), (200, False), (200, True)]


# The phases.


@contextlib.contextmanager
def deaf() -> Iterator[int]:
    """Yield a port on which somebody listens and takes nobody in: its queue is full (on Linux, of one more than it is told)."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003  # socket's own way
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def late(dial: Dial, timeouts: Timeouts, *, left: float = math.inf, tls: Tls | None = None) -> tuple[str, str, float]:
    """Return kind and words of the failure to answer in time, and when the request went out."""

    async def main() -> tuple[str, str, float]:
        context = trust(Target(side=Side.CANARY, url=f"{dial.scheme}://127.0.0.1", tls=tls or Tls()))
        line = HttpxLane(dial, context, timeouts)
        async with asyncio.timeout(LIMIT):
            found = await line.send(request(), cap=10, left=left)
        await line.aclose()
        assert found.failure is not None
        assert not found.stale
        return found.failure.kind, found.failure.text, found.timing.sent

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("timeouts", "left", "expected"),
    [
        (Timeouts(connect=0.5, tls=30, first_byte=30, total=30), math.inf, ("timeout", "no TCP connection within 0.5 s", 0.0)),
        (Timeouts(connect=30, tls=30, first_byte=30, total=0.5), math.inf, ("timeout", "no answer was whole within 0.5 s", 0.0)),
        (LONG, 0.5, ("deadline", "the run's time was over before the answer had come", 0.0)),
    ],
)
def test_a_connection_that_does_not_come_is_told_by_whose_time_is_up(
    timeouts: Timeouts, left: float, expected: tuple[str, str, float]
) -> None:
    with deaf() as port:
        assert late(Dial.at(f"http://127.0.0.1:{port}"), timeouts, left=left) == expected


def after(script: str, timeouts: Timeouts, folder: Path) -> tuple[str, str, bool]:
    """Return how a server that stops in the middle is told of: kind, words, and whether the request went out."""
    authority = Authority()

    async def says_nothing(_: Wire) -> None:
        await asyncio.Event().wait()

    async def stuck(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer(b"abc", length=10))
        await asyncio.Event().wait()

    async def main() -> tuple[str, str, bool]:
        secure = authority.context(folder, "127.0.0.1")
        played, tls = {"no hello": (says_nothing, None), "no answer": (silent, secure), "no end": (stuck, secure)}[script]
        async with asyncio.timeout(LIMIT), serving(played, tls=tls) as server:
            context = trust(Target(side=Side.CANARY, url="https://127.0.0.1", tls=Tls(ca=authority.pem)))
            line = HttpxLane(Dial.at(f"https://127.0.0.1:{server.port}"), context, timeouts)
            found = await line.send(request(), cap=10)
            await line.aclose()
            assert found.failure is not None
            return found.failure.kind, found.failure.text, found.timing.sent > 0

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("script", "timeouts", "expected"),
    [
        ("no hello", Timeouts(connect=30, tls=0.5, first_byte=30, total=30), ("timeout", "no TLS handshake within 0.5 s", False)),
        ("no answer", Timeouts(connect=30, tls=30, first_byte=0.5, total=30), ("timeout", "no answer began within 0.5 s", True)),
        ("no answer", Timeouts(connect=30, tls=30, first_byte=30, total=1), ("timeout", "no answer was whole within 1 s", True)),
        ("no end", Timeouts(connect=30, tls=30, first_byte=30, total=1), ("timeout", "no answer was whole within 1 s", True)),
    ],
)
def test_each_phase_has_its_own_time_and_the_failure_names_it(
    script: str, timeouts: Timeouts, expected: tuple[str, str, bool], tmp_path: Path
) -> None:
    assert after(script, timeouts, tmp_path) == expected


def test_a_phase_that_is_over_in_time_gives_its_time_to_nobody() -> None:
    """The clock of a phase that has ended does not ring in the next."""
    served = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        await served.wait()
        await wire.write(b"late")

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            line = HttpxLine(Dial.at(server.url), None, Timeouts(connect=0.5, tls=0.5, first_byte=0.5, total=30))
            asyncio.get_running_loop().call_later(1, served.set)
            found = await line.send(request(), cap=10)
            await line.aclose()
            assert found.response is not None
            assert found.response.body == b"late"

    asyncio.run(main())
