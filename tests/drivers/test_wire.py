"""What only the line of probes does: give no answer to a request that it does not belong to, keep time, and do without httpx."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from driving import PATIENT, driver_of
from lines import KINDS, LIMIT, request, told
from loops import LOOPS, installed
from servers import Authority, Wire, answer, serving, steady

from zeroweight.drivers.connection import Dial, Timeouts
from zeroweight.drivers.httpx_line import HttpxLine
from zeroweight.drivers.reply import Reply
from zeroweight.drivers.trust import trust
from zeroweight.drivers.wire import Wire as Connection
from zeroweight.drivers.wire import WireLine, written
from zeroweight.model.target import Side, Target, Tls
from zeroweight.trial.loop import Loop

each_loop = pytest.mark.parametrize("loop", LOOPS)


@contextlib.contextmanager
def blocking(script: Callable[[socket.socket, int], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a script with plain sockets, a thread for each connection: what it writes is there before our loop looks. Yields the port."""

    def serve(raw: socket.socket, number: int) -> None:
        with raw, contextlib.suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with tls.wrap_socket(raw, server_side=True) if tls else raw as sock:
                script(sock, number)

    def accept() -> None:
        with contextlib.suppress(OSError):
            number = 0
            while True:
                number += 1
                threading.Thread(target=serve, args=(listener.accept()[0], number), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def on(loop: str, main: Callable[[], Any]) -> None:
    """Run a test on a kind of loop."""
    running = Loop(installed(loop))
    try:
        running.run(main())
    finally:
        running.close()


async def early(wire: Connection) -> None:
    """Wait until something came that nobody asked for."""
    async with asyncio.timeout(LIMIT):
        while not wire._early:  # noqa: ASYNC110  # bytes wake readers only
            await asyncio.sleep(0)


def secured(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext | None]:
    """Return TLS settings of a server, and of who trusts it."""
    authority = Authority()
    return authority.context(folder, "127.0.0.1"), trust(Target(side=Side.CANARY, url="https://127.0.0.1", tls=Tls(ca=authority.pem)))


@each_loop
@pytest.mark.parametrize("secure", [False, True])
def test_what_came_before_a_request_was_written_is_not_its_answer(loop: str, secure: bool, tmp_path: Path) -> None:  # noqa: FBT001  # a column of the table
    """Also where the loop had no time to read it."""
    go, spoken, over = threading.Event(), threading.Event(), threading.Event()
    connections: list[int] = []

    def script(sock: socket.socket, number: int) -> None:
        connections.append(number)
        for _ in range(2):
            sock.recv(65536)
            sock.sendall(answer(b"asked for"))
        go.wait(LIMIT)
        sock.sendall(answer(b"not asked for"))
        spoken.set()
        over.wait(LIMIT)

    server, client = secured(tmp_path) if secure else (None, None)

    with blocking(script, server) as port:

        async def main() -> None:
            line = WireLine(Dial.at(f"{'https' if secure else 'http'}://127.0.0.1:{port}"), client, PATIENT)
            for fresh in (True, False, True):
                found = await line.send(request(), cap=1000)
                assert (found.failure, found.response and found.response.body, found.fresh) == (None, b"asked for", fresh)
                if not fresh:
                    go.set()
                    assert spoken.wait(LIMIT)  # the loop stands still meanwhile
            await line.aclose()

        on(loop, main)
        over.set()
    assert connections == [1, 2]


def test_stray_words_on_an_idle_connection_end_it_though_the_server_keeps_it() -> None:
    go, ended = asyncio.Event(), asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer(b"asked for"))
        if wire.number == 1:
            await go.wait()
            await wire.write(b"stray")
            with contextlib.suppress(ConnectionError):
                await wire.reader.read()
            ended.set()

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            line = WireLine(Dial.at(server.url), None, PATIENT)
            await line.send(request(), cap=100)
            go.set()
            await ended.wait()  # by us, without another request
            found = await line.send(request(), cap=100)
            assert (found.response and found.response.body, found.fresh, server.connections) == (b"asked for", True, 2)
            await line.aclose()

    asyncio.run(main())


@each_loop
@pytest.mark.parametrize("secure", [False, True])
def test_an_answer_that_is_there_as_the_connection_opens_is_the_first_requests(loop: str, secure: bool, tmp_path: Path) -> None:  # noqa: FBT001  # as above
    """The loops tell of it at different moments. The connection is not used again: the server may answer yet."""
    over = threading.Event()

    def script(sock: socket.socket, _: int) -> None:
        sock.sendall(answer(b"early"))
        over.wait(LIMIT)

    server, client = secured(tmp_path) if secure else (None, None)

    with blocking(script, server) as port:

        async def main() -> None:
            line = WireLine(Dial.at(f"{'https' if secure else 'http'}://127.0.0.1:{port}"), client, PATIENT)
            line._wire = wire = await line._dialled(math.inf, math.inf)
            await early(wire)
            reply = Reply(request(), 1000)
            await wire.ask(written(request()), reply, PATIENT, total=math.inf, end=math.inf)
            assert (reply.failure, reply.response().body, wire.spent) == (None, b"early", True)
            await line.aclose()

        on(loop, main)
        over.set()


@each_loop
def test_what_is_said_before_the_handshake_is_not_said_under_tls(loop: str) -> None:
    over = threading.Event()
    context = ssl.create_default_context()

    def script(sock: socket.socket, _: int) -> None:
        sock.sendall(answer(b"plain"))
        over.wait(LIMIT)

    with blocking(script) as port:

        async def main() -> None:
            running = asyncio.get_running_loop()
            _, wire = await running.create_connection(lambda: Connection(running), "127.0.0.1", port)
            await early(wire)
            with pytest.raises(ConnectionResetError, match="before the handshake"):
                await wire.start_tls(context, "shop.example")
            await wire.aclose()

        on(loop, main)
        over.set()


def test_the_whole_time_counts_while_connecting() -> None:
    """A peer that is mute in the handshake; both kinds of line say it in the same words."""

    async def mute(wire: Wire) -> None:
        await wire.reader.read()
        await asyncio.Event().wait()

    trusts = trust(Target(side=Side.CANARY, url="https://shop.example"))
    limits = Timeouts(connect=LIMIT, tls=LIMIT, total=0.5)
    for kind in KINDS:
        failure = asyncio.run(told(kind, mute, request(), trusts=trusts, scheme="https", timeouts=limits)).deliveries[0].failure
        assert failure is not None
        assert (failure.kind, failure.text) == ("timeout", "no answer was whole within 0.5 s")


def test_the_time_of_the_handshake_is_not_given_a_second_time(tmp_path: Path) -> None:
    """Handshake and answer are each within the total, and together beyond it."""
    over = threading.Event()
    server, client = secured(tmp_path)

    def script(raw: socket.socket, _: int) -> None:
        over.wait(0.7)
        with server.wrap_socket(raw, server_side=True) as sock:
            sock.recv(65536)
            over.wait(0.7)
            sock.sendall(answer())

    with blocking(script) as port:

        async def main() -> None:
            line = WireLine(Dial.at(f"https://127.0.0.1:{port}"), client, Timeouts(total=1, tls=LIMIT, first_byte=LIMIT))
            found = await line.send(request(), cap=100)
            assert found.failure is not None
            assert (found.failure.kind, found.failure.text) == ("timeout", "no answer was whole within 1 s")

        asyncio.run(main())
        over.set()


def test_the_limit_of_the_first_byte_is_over_with_it() -> None:
    async def script(wire: Wire) -> None:
        rest = asyncio.Event()
        await wire.request()
        await wire.write(answer(b"in", length=5))
        asyncio.get_running_loop().call_later(1.5, rest.set)
        await rest.wait()
        await wire.write(b"two")

    seen = asyncio.run(told("wire", script, request(), timeouts=Timeouts(first_byte=1, total=LIMIT)))
    assert [(sight.kind, sight.body) for sight in seen.sights] == [("", b"intwo")]


def test_the_next_address_of_a_name_is_tried_beside_one_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address whose queue is full does not answer, which a loopback has no other way to do."""

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(steady()) as server:
            with socket.socket() as deaf, contextlib.ExitStack() as queue:
                deaf.bind(("127.0.0.2", 0))
                deaf.listen(0)
                for _ in range(8):
                    waiting = queue.enter_context(socket.socket())
                    waiting.settimeout(0)
                    waiting.connect_ex(deaf.getsockname())
                kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")

                async def two(*_: object, **__: object) -> list[Any]:
                    return [(*kind, deaf.getsockname()), (*kind, ("127.0.0.1", server.port))]

                monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
                line = WireLine(Dial.at("http://shop.example"), None, Timeouts(connect=3, total=LIMIT))
                found = await line.send(request(), cap=100)
                await line.aclose()
                assert (found.failure, found.response and found.response.status) == (None, 200)

    asyncio.run(main())


@each_loop
def test_closing_does_not_wait_for_a_peer_that_does_not_read(loop: str) -> None:
    over = threading.Event()

    def script(sock: socket.socket, _: int) -> None:
        sock.recv(1)
        over.wait(LIMIT)

    with blocking(script) as port:

        async def main() -> None:
            line = WireLine(Dial.at(f"http://127.0.0.1:{port}"), None, Timeouts(first_byte=0.5))
            sending = asyncio.create_task(line.send(request("POST", body=b"x" * (50 << 20)), cap=100))
            while line._wire is None or not line._wire._over:  # noqa: ASYNC110  # nobody is told of the writing
                await asyncio.sleep(0)
            wire = line._wire
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            assert wire._gone.done()

        on(loop, main)
        over.set()


@pytest.mark.parametrize("behind", [answer(b"not asked for"), b"garbage", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"])
def test_whatever_comes_behind_an_answer_ends_its_connection(behind: bytes) -> None:
    seen = asyncio.run(told("wire", steady(answer(b"fine") + behind), *[request()] * 3))
    assert [(sight.kind, sight.body, sight.fresh, sight.resent) for sight in seen.sights] == [("", b"fine", True, False)] * 3
    assert seen.connections == 3


def test_a_body_that_may_not_be_there_is_not_the_next_ones_answer() -> None:
    """A server that answers HEAD, or 204, with a body all the same (RFC 9110 section 9.3.2)."""
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
    seen = asyncio.run(told("wire", steady(data), request("HEAD"), request(), request()))
    assert [(sight.kind, sight.body) for sight in seen.sights] == [("", b""), ("", b"body"), ("", b"body")]
    assert seen.connections == 2


def test_lanes_use_this_line_and_errands_the_other() -> None:
    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(steady()) as server:
            driver = driver_of(server, lanes=2, timeouts=PATIENT)
            assert [type(line) for line in driver._lanes] == [WireLine, WireLine]
            assert type(driver._errands._own) is HttpxLine
            await driver.close()

    asyncio.run(main())


def test_it_needs_no_httpx() -> None:
    line = "import sys, zeroweight.drivers.wire; print({'httpx', 'httpcore', 'anyio'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=LIMIT)
    assert said.stdout.strip() == "set()"
