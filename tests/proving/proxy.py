"""A proxy on loopback that stands in front of one side of the pair and does what a script says, also what no server should do."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from zeroweight.trial.loop import Loop

if TYPE_CHECKING:
    from types import TracebackType

Headers = tuple[tuple[bytes, bytes], ...]

_HOST: Final = "127.0.0.1"
_LIMIT: Final = 1 << 20
"""Bytes of a head that are read."""
_BODILESS: Final = frozenset({204, 304})
_GLANCE: Final = 0.2
"""Seconds between two looks at whether whoever sends the requests has given up."""


class NotReachedError(Exception):
    """The run ended before the moment at which the fault was to happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One whole answer."""

    status: int = 200
    headers: Headers = ((b"content-type", b"application/json"),)
    body: bytes = b"{}"

    def without(self, *names: bytes) -> Reply:
        """Leave headers out."""
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] not in names))

    def having(self, name: bytes, value: bytes) -> Reply:
        """Add one header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def turned(self, status: int, body: bytes = b'{"error": "scripted"}') -> Reply:
        """Say another status with another body, under the same headers: the build that answers stays visible."""
        kept = self.without(b"content-type").headers
        return Reply(status=status, headers=(*kept, (b"content-type", b"application/json")), body=body)

    def wire(self, *, head_only: bool = False) -> bytes:
        """Write the answer as HTTP/1.1."""
        framing = () if self.status in _BODILESS else ((b"content-length", str(len(self.body)).encode()),)
        lines = [f"HTTP/1.1 {self.status} Scripted".encode(), *(name + b": " + value for name, value in (*self.headers, *framing))]
        return b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if head_only else self.body)


def _fields(head: bytes) -> Headers:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:] if b":" in line)
    return tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)


async def _body(reader: asyncio.StreamReader, fields: Headers) -> bytes:
    """Read a body as its head frames it; chunks are joined."""
    told = dict(fields)
    if told.get(b"transfer-encoding", b"").lower() == b"chunked":
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    return await reader.readexactly(int(told.get(b"content-length", b"0")))


class Upstream:
    """One kept-alive connection to a side."""

    def __init__(self, url: str) -> None:
        """Dial nothing yet."""
        self._port = urlsplit(url).port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, request: bytes) -> Reply:
        """Send a request as it is and read the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(_HOST, self._port, limit=_LIMIT)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
        status, fields = int(head.split(b" ", 2)[1]), _fields(head)
        bodiless = method == "HEAD" or status in _BODILESS
        body = b"" if bodiless else await _body(reader, fields)
        if dict(fields).get(b"connection", b"").lower() == b"close":
            self.close()
        return Reply(status=status, headers=fields, body=body).without(b"content-length", b"transfer-encoding", b"connection")

    def close(self) -> None:
        """Hang up; the next request dials again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Turn:
    """One request that reached the proxy, and what a script may do about it."""

    def __init__(self, wire: Wire, number: int, head: bytes, body: bytes) -> None:
        """Take a request as it came; `number` counts the requests of the proxy from one."""
        self._wire = wire
        self.number = number
        self.connection = wire.number
        """Which of the proxy's connections it came on, counted from one."""
        self.proxy = wire.proxy
        line = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        self.method, self.path = line[0], (line[1] if len(line) > 1 else "/").partition("?")[0]
        self.fields, self.body = _fields(head), body
        self._head = head

    def value(self, name: bytes) -> bytes:
        """Return a header of the request, or nothing."""
        return dict(self.fields).get(name, b"")

    async def ask(self, url: str = "", *, also: Headers = ()) -> Reply:
        """Ask the side behind the proxy, or another one; `also` are headers to add."""
        head = [self._head.partition(b"\r\n")[0]]
        head += [name + b": " + value for name, value in (*self.fields, *also) if name not in {b"transfer-encoding", b"content-length"}]
        if self.body or self.method not in {"GET", "HEAD"}:
            head.append(b"content-length: " + str(len(self.body)).encode())
        upstream = self._wire.upstream(url or self.proxy.behind)
        return await upstream.ask(self.method, b"\r\n".join(head) + b"\r\n\r\n" + self.body)

    async def answer(self, reply: Reply) -> None:
        """Send a whole answer."""
        await self.write(reply.wire(head_only=self.method == "HEAD"))

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._wire.writer.write(data)
        await self._wire.writer.drain()

    def hang_up(self) -> None:
        """Close the connection without a word, once what was written is out."""
        self._wire.writer.close()


Script = Callable[[Turn], Awaitable[None]]


async def pass_on(turn: Turn) -> None:
    """Be no more than a proxy."""
    await turn.answer(await turn.ask())


class Wire:
    """One connection of a client."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Dial no side yet."""
        self.proxy, self.reader, self.writer = proxy, reader, writer
        proxy.connections += 1
        self.number = proxy.connections
        self._upstreams: dict[str, Upstream] = {}

    def upstream(self, url: str) -> Upstream:
        """Return this connection's own connection to a side."""
        return self._upstreams.setdefault(url, Upstream(url))

    async def serve(self, script: Script) -> None:
        """Play the script for each request until either end hangs up."""
        try:
            while not self.writer.is_closing():
                head = (await self.reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
                body = await _body(self.reader, _fields(head))
                await script(Turn(self, self.proxy.counted(), head, body))
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # one of the two ends went away, or never spoke HTTP: the client sees a closed connection
        finally:
            for upstream in self._upstreams.values():
                upstream.close()
            self.writer.close()


class Proxy:
    """A running proxy; leaving the context ends it."""

    def __init__(self, loop: Loop, behind: str, script: Script) -> None:
        """`behind` is the URL of the side that is hidden."""
        self._loop, self.behind, self._script = loop, behind, script
        self._reached = threading.Condition()
        self._wires: set[Wire] = set()
        self.count = self.connections = 0
        self.fired = script is pass_on
        """Whether the script did what it is for; a proxy that only passes on has nothing to do."""

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{_HOST}:{self._port}"

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._loop.run(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop listening and cut every connection."""
        self._loop.run(self._end())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, _HOST, 0, limit=_LIMIT)
        self._port: int = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(self, reader, writer)
        self._wires.add(wire)
        try:
            await wire.serve(self._script)
        except asyncio.CancelledError:
            return
        finally:
            self._wires.discard(wire)

    async def _end(self) -> None:
        self.die()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 1)

    def die(self) -> None:
        """Refuse new connections and cut the old ones, as a process that crashed."""
        self._server.close()
        for wire in tuple(self._wires):
            wire.writer.transport.abort()

    def counted(self) -> int:
        """Count one request."""
        with self._reached:
            self.count += 1
            self._reached.notify_all()
            return self.count

    def wait_for(self, number: int, *, given_up: Callable[[], bool], seconds: float) -> None:
        """Wait until so many requests came; raises NotReachedError when the sender ended before, or in so many seconds."""
        deadline = time.monotonic() + seconds
        with self._reached:
            while self.count < number:
                if given_up() or time.monotonic() > deadline:
                    raise NotReachedError(f"only {self.count} of {number} requests came")
                self._reached.wait(_GLANCE)
