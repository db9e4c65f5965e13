"""The line of probes: exactly the bytes that are told, one request at a time; answers are read by `reply`.

Nothing is corrected on the way: targets, names, blanks, lengths and line ends go out as they stand. A connection is used again only where
the answer was whole and nothing but it, and where a server cannot have read the request in more than one way: what is left over at either
end must never meet the next request. What a server says out of turn is noticed up to the moment at which the next request is written. What
comes later cannot be told from the answer to that request.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import select
import ssl
import time
from collections.abc import Awaitable
from typing import Any, Final, cast

from zeroweight.drivers.connection import Answer, Dial, Line, Timeouts, message
from zeroweight.drivers.framing import ambiguous
from zeroweight.drivers.reply import Reply
from zeroweight.model.http import Failure, Request, Timing

_RACE: Final = 0.25
"""Seconds after which the next address of a name is tried beside the last (RFC 8305 section 5)."""
_FAREWELL: Final = 1.0
"""Seconds that a connection has for its end."""
_EARLY: Final = 1 << 20
"""Bytes of an answer that are kept where it comes before the request."""
_TOO_LATE: Final = "the run's time was over before the answer had come"


class WireLine(Line):
    """One kept-alive connection on which requests are written as they are told."""

    __slots__ = ("_context", "_wire")

    def __init__(self, dial: Dial, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        """Dial nothing yet: the first request does."""
        super().__init__(dial, timeouts)
        self._context = context if dial.scheme == "https" else None
        self._wire: Wire | None = None

    async def aclose(self) -> None:
        """Close the connection; the next request opens a fresh one."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.aclose()

    async def send(self, request: Request, *, cap: int, left: float = math.inf) -> Answer:
        """Send one request and read its answer; see `Line.send`."""
        head, reply = written(request), Reply(request, cap)
        began = time.monotonic()
        end, total = began + left, began + self._timeouts.total
        fresh = self._wire is None or self._wire.spent or (self._wire.stirs() and await self._wire.heard())
        sent = 0.0
        try:
            if fresh:
                await self.aclose()
                self._wire = await self._dialled(total, end)
            assert self._wire is not None
            sent = time.monotonic()
            await self._wire.ask(head + request.body, reply, self._timeouts, total=total, end=end)
        except _NoConnection as error:
            return Answer(failure=error.failure, fresh=True)
        except BaseException:
            await self.aclose()
            raise
        if not reply.keep or ambiguous(request, head):
            await self.aclose()
        timing = Timing(sent=sent, first_byte=reply.first, last_byte=reply.last)
        if reply.failure is None:
            return Answer(response=reply.response(), timing=timing, fresh=fresh)
        stale = not fresh and not reply.first and reply.failure.kind in {"closed", "reset"}
        return Answer(failure=reply.failure, timing=timing, stale=stale, fresh=fresh)

    async def _dialled(self, total: float, end: float) -> Wire:
        """Return a fresh connection; raises _NoConnection with what is wrong."""
        loop, dial, limits = asyncio.get_running_loop(), self._dial, self._timeouts
        # The loops that may stand in for asyncio's have no such race.
        race: dict[str, Any] = {"happy_eyeballs_delay": _RACE} if isinstance(loop, asyncio.BaseEventLoop) else {}
        wire = Wire(loop)
        kind, text = "refused", "no connection"
        try:
            opening = loop.create_connection(lambda: wire, dial.name, dial.port, **race)
            await self._phase("TCP connection", opening, limits.connect, total=total, end=end)
            if self._context is not None:
                kind, text = "tls", "TLS failed"
                await self._phase("TLS handshake", wire.start_tls(self._context, dial.server_name), limits.tls, total=total, end=end)
        except _NoConnection:
            await wire.aclose()
            raise
        except Exception as error:  # whatever asyncio, ssl or the peer does wrong is the target's silence, never a crash
            await wire.aclose()
            raise _NoConnection(Failure(kind=kind, text=f"{text}: {message(error)}")) from error
        except BaseException:
            await wire.aclose()
            raise
        return wire

    async def _phase(self, name: str, what: Awaitable[Any], limit: float, *, total: float, end: float) -> None:
        """Wait for a phase of connecting; raises _NoConnection when its time, the request's or the run's is up."""
        now = time.monotonic()
        due = min(now + limit, total, end)
        try:
            async with asyncio.timeout(due - now) as timer:
                await what
        except TimeoutError as error:
            if not timer.expired():
                raise  # the system's own patience
            if due == end:
                raise _NoConnection(Failure(kind="deadline", text=_TOO_LATE)) from error
            late = f"no answer was whole within {self._timeouts.total:g} s" if due == total else f"no {name} within {limit:g} s"
            raise _NoConnection(Failure(kind="timeout", text=late)) from error


class Wire(asyncio.Protocol):
    """One connection; it carries one request at a time, and wakes who waits when the answer is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin unconnected."""
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._gone = loop.create_future()
        self._lost: Exception | None = None
        """What the end was brought about by; None while there is none, and where it was an orderly one."""
        self._early: bytearray | None = bytearray()
        """What came before the first request; None since it was written."""
        self._poll = select.poll()
        self._reply: Reply | None = None
        self._over: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = self._total = self._end = math.inf
        self._limits = Timeouts()
        self.spent = False
        """It ended, or the server spoke out of turn: no further request may use it."""

    def ask(self, data: bytes, reply: Reply, limits: Timeouts, *, total: float, end: float) -> asyncio.Future[None]:
        """Write a request; what is returned is done when the reply is over, be it for lack of time.

        `total` and `end`, instants on the monotonic clock, are when the request's time is up, and the run's.
        """
        assert self._transport is not None
        self._reply, self._limits, self._total, self._end = reply, limits, total, end
        self._due = min(time.monotonic() + limits.first_byte, total, end)
        # One timer serves many requests: it looks up when it rings. A request costs no timer of its own.
        if self._timer is None or self._due < self._timer.when():
            self._ring_at(self._due)
        over = self._over = self._loop.create_future()
        early, self._early = self._early, None
        if early or self.spent:
            self._catch_up(data, bytes(early or b""))
        else:
            self._transport.write(data)
        return over

    def stirs(self) -> bool:
        """Whether something came that the loop did not read yet: an end, words out of turn, or what TLS has to say for itself."""
        return bool(self._poll.poll(0))

    async def heard(self) -> bool:
        """Let the loop read what stirs; whether it ends the use of this connection, which all but TLS's own messages do."""
        await asyncio.sleep(0)  # the loop learns that there is something
        await asyncio.sleep(0)  # and reads it
        return self.spent

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Shake hands; raises OSError, ssl.SSLError among them."""
        assert self._transport is not None
        if self._early:
            raise ConnectionResetError("the server spoke before the handshake")  # and what it said was not said under TLS
        try:
            transport = await self._loop.start_tls(self._transport, self, context, server_hostname=name)
        except BaseException:
            self._hung_up()  # asyncio tells of the end only those who shook hands
            raise
        if transport is None:
            raise ConnectionResetError("the connection was closed during the handshake")
        self._transport = transport

    async def aclose(self) -> None:
        """Say farewell and hang up, without waiting for the other side's."""
        self.spent = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is None:
            return
        with contextlib.suppress(Exception):  # it is thrown away: how it dies is no news
            self._transport.close()
            await asyncio.sleep(0)
            self._transport.abort()
            await asyncio.sleep(0)
            async with asyncio.timeout(_FAREWELL):
                await asyncio.shield(self._gone)

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; TLS brings one of its own."""
        self._transport = cast("asyncio.Transport", transport)  # other loops' transports are no subclasses of asyncio's
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Hand on what came; what nobody asked for ends the connection, but for what comes as it opens: that is the first answer."""
        reply = self._reply
        if reply is None:
            if self._early is not None and len(self._early) < _EARLY:
                self._early += data
                return
            self.spent = True
            if self._transport is not None:
                self._transport.abort()
            return
        if not reply.first:
            self._due = min(self._total, self._end)
        if reply.feed(data):
            self._wake()

    def eof_received(self) -> None:
        """Take note that nothing more will come; asyncio then closes the transport."""
        self.spent = True
        if self._reply is not None:
            self._reply.end()
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end, and of what brought it about."""
        self.spent, self._lost = True, exc
        self._hung_up()
        if self._reply is not None:
            self._conclude(self._reply)

    def _catch_up(self, data: bytes, early: bytes) -> None:
        """Ask on a connection on which something happened before; loops differ in how soon they tell of what comes as it opens."""
        assert self._transport is not None
        ended, self.spent = self.spent, True  # what it has to say to this request may be still to come
        if not ended:
            self._transport.write(data)
        if early:
            self.data_received(early)
        if ended and self._reply is not None:
            self._conclude(self._reply)

    def _conclude(self, reply: Reply) -> None:
        """End a request with its connection."""
        exc = self._lost
        if exc is None:
            reply.end()
        elif isinstance(exc, ssl.SSLError) and not isinstance(exc, ssl.SSLEOFError):
            reply.fail("tls", f"TLS failed: {message(exc)}")
        else:
            reply.fail("reset", f"the connection was reset: {message(exc)}")
        self._wake()

    def _hung_up(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)

    def _ring_at(self, due: float) -> None:
        """Look up at an instant, and not before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._look_up) if due < math.inf else None

    def _look_up(self) -> None:
        """End the request whose time is up."""
        self._timer = None
        reply = self._reply
        if reply is None:
            return
        if self._loop.time() < self._due:
            self._ring_at(self._due)
        elif self._due == self._end:
            reply.fail("deadline", _TOO_LATE)
            self._wake()
        else:
            late = self._due < self._total
            phase = f"began within {self._limits.first_byte:g} s" if late else f"was whole within {self._limits.total:g} s"
            reply.fail("timeout", f"no answer {phase}")
            self._wake()

    def _wake(self) -> None:
        """Tell who waits that the reply is over."""
        over, self._reply, self._over = self._over, None, None
        if over is not None and not over.done():
            over.set_result(None)


class _NoConnection(Exception):
    """There is no connection, and why."""

    def __init__(self, failure: Failure) -> None:
        """Carry what is told of it."""
        super().__init__(failure.text)
        self.failure = failure


def written(request: Request) -> bytes:
    """Return the head of a request as it goes out, the empty line included."""
    parts = [request.method.encode("utf-8", "surrogateescape"), b" ", request.target, b" HTTP/1.1\r\n"]
    for name, value in request.headers.raw:
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n")
    return b"".join(parts)
