"""Lines on httpx's transport, without its client, so that nothing is remembered, followed or taken from the environment.

`HttpxLine` carries errands, always over HTTP/1.1. `HttpxLane` carries probes where gate.toml says `driver = "httpx"`: the reference that
the wire is held against, and the way to HTTP/2. Both send what they were told or refuse it; HTTP/2 itself writes field names in small
letters, has `:authority` in the place of Host, and gives its answers no reason and no version but its own.

They see less than the wire does. They know of a first byte only when the head of the answer is whole: an end within the head, on a
connection that had served before, counts as stale. And they do not see what follows an answer in the same breath.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import httpx

from zeroweight.drivers.body import Body
from zeroweight.drivers.coding import decoded
from zeroweight.drivers.connection import Answer, Dial, Line, Timeouts, message, unsendable
from zeroweight.drivers.framing import ambiguous
from zeroweight.drivers.sendable import changed, homeless
from zeroweight.drivers.wire import written
from zeroweight.model.http import Failure, Headers, Request, Response, Timing

_LIMITS: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)
_REFUSED_STREAM: Final = 7
"""The code by which an HTTP/2 server says that it did nothing for a request (RFC 9113 section 8.7)."""


class HttpxLine(Line):
    """One kept-alive connection on httpx's transport, over HTTP/1.1."""

    __slots__ = ("_context", "_server_name", "_transport", "_url")

    http2: ClassVar = False
    """Whether HTTP/2 is spoken where the server agrees to it in the TLS handshake."""

    def __init__(self, dial: Dial, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        """Dial nothing yet: the first request does."""
        super().__init__(dial, timeouts)
        self._url = httpx.URL(scheme=dial.scheme, host=dial.name, port=dial.port, path="/")
        # For plain HTTP it is never used: it keeps httpx from loading the system's authorities.
        self._context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._server_name = dial.server_name
        self._transport: httpx.AsyncHTTPTransport | None = None

    def refuses(self, request: Request) -> str:
        """Return why h11 would refuse the request, or change it on the way; empty when it is sent as told."""
        return changed(request)

    async def send(self, request: Request, *, cap: int, left: float = math.inf) -> Answer:
        """Send one request and read its answer; see `Line.send`. Each phase has its own time, and a failure names the one that ran out."""
        watch = _Watch(self._timeouts, left)
        dropped = False
        try:
            async with watch.timer:
                return await self._asked(request, watch, cap)
        except Exception as error:  # whatever the library or the peer does wrong is the target's silence, never a crash
            failure = watch.late() if watch.timer.expired() else _translated(error, watch)
            dropped = _dropped(error)
        except BaseException:
            await self._give_up(watch)
            raise
        await self._give_up(watch)
        stale = dropped and failure.kind in {"closed", "reset"} and not watch.fresh and not watch.first
        return Answer(failure=failure, timing=Timing(sent=watch.sent, first_byte=watch.first), stale=stale, fresh=watch.fresh)

    async def aclose(self) -> None:
        """Close the connection; the next request opens a fresh one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with contextlib.suppress(Exception):  # it is thrown away: how it dies is no news
                await transport.aclose()

    async def _give_up(self, watch: _Watch) -> None:
        """Close the connection in the middle; one whose handshake was cut off belongs to nobody, not even to httpcore."""
        if watch.raw is not None:
            with contextlib.suppress(Exception):  # as above
                await watch.raw.aclose()
        await self.aclose()

    async def _asked(self, request: Request, watch: _Watch, cap: int) -> Answer:
        """Hand the request to the transport as it is, and read the answer part by part; raises whatever goes wrong."""
        transport = self._transport
        if transport is None:
            transport = httpx.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=_LIMITS, http2=self.http2)
            self._transport = transport
        extensions: dict[str, Any] = {"target": request.target, "sni_hostname": self._server_name, "trace": watch}
        fields = list(request.headers.raw)
        raw = httpx.Request(request.method, self._url, headers=fields, stream=httpx.ByteStream(request.body), extensions=extensions)
        raw.method = request.method  # httpx writes methods in capitals; a request means what it says
        answer = await transport.handle_async_request(raw)
        stream = answer.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        body = Body(cap)
        try:
            async for part in stream:
                if not body.take(part):
                    break
            else:
                body.ended = True
        finally:
            await stream.aclose()
        last = time.monotonic()
        headers = Headers(raw=tuple(answer.headers.raw))
        version = answer.extensions["http_version"].decode("ascii", "replace")
        ends = version.startswith("HTTP/1") and _to_the_end(request, answer.status_code, headers)
        if not body.ended or ends or ambiguous(request, written(request)):
            # HTTP/2 would go on filling a connection that is kept; and what a server left of the request must not meet the next one.
            await self.aclose()
        plain, more = decoded(body.kept, headers.get("content-encoding"), cap=cap)
        response = Response(
            status=answer.status_code,
            headers=headers,
            body=plain,
            truncated=more or body.cut,
            digest=body.digest,
            version=version,
        )
        return Answer(response=response, timing=Timing(sent=watch.sent, first_byte=watch.first, last_byte=last), fresh=watch.fresh)


def _to_the_end(request: Request, status: int, headers: Headers) -> bool:
    """Whether a body ended with its HTTP/1.1 connection, which httpcore keeps all the same where TLS said farewell before TCP did."""
    bodiless = request.method == "HEAD" or status in {204, 304}
    return not bodiless and "content-length" not in headers and "transfer-encoding" not in headers


class HttpxLane(HttpxLine):
    """One kept-alive connection on httpx's transport, over HTTP/2 where the server agrees to it, else over HTTP/1.1."""

    __slots__ = ()

    http2 = True

    def refuses(self, request: Request) -> str:
        """Return why the request would not be sent as told, be it over HTTP/1.1 or HTTP/2: which one it will be is not known yet."""
        return super().refuses(request) or (homeless(request) if self._url.scheme == "https" else "")


class _Watch:
    """Hears from httpcore what happens on the wire during one request: marks it, and gives each phase its time."""

    __slots__ = ("_end", "_limit", "_limits", "_loop", "_phase", "_total", "first", "fresh", "raw", "sent", "shaking", "timer", "whole")

    def __init__(self, limits: Timeouts, left: float) -> None:
        """Nothing happened yet; `left` is how many seconds the run still has."""
        self._loop, self._limits = asyncio.get_running_loop(), limits
        now = self._loop.time()
        self._end, self._total = now + left, now + limits.total
        self._phase, self._limit = "", math.inf
        self.timer = asyncio.timeout_at(min(self._end, self._total))
        self.fresh = self.shaking = self.whole = False
        """A connection was made; TLS is being agreed on; the request's head was taken: what fails from then on is the peer's doing."""
        self.sent = self.first = 0.0
        """Instants of the monotonic clock, in seconds: when the request left, when the answer's head had come."""
        self.raw: Any = None
        """The connection in which TLS is being agreed on."""

    async def __call__(self, event: str, told: Mapping[str, Any]) -> None:
        """Take note of one event; raises _Withdrawn."""
        match event.partition(".")[2]:
            case "connect_tcp.started":
                if self.sent:
                    # HTTP/2: the server leaves, and httpcore would send once more by itself. Whoever counts requests does that.
                    raise _Withdrawn("the server is leaving, and did not take the request")
                self.fresh = True
                self._give("TCP connection", self._limits.connect)
            case "connect_tcp.complete":
                self.raw = told["return_value"]
            case "start_tls.started":
                self.shaking = True
                self._give("TLS handshake", self._limits.tls)
            case "start_tls.complete":
                self.shaking = False
                self._give("", math.inf)
            case "send_request_headers.started":
                self.raw = None
                self.sent = self.sent or time.monotonic()
                self._give("", math.inf)
            case "send_request_headers.complete":
                self.whole = True
            case "receive_response_headers.started":
                self._give("answer began", self._limits.first_byte)
            case "receive_response_headers.complete":
                self.first = self.first or time.monotonic()
                self._give("", math.inf)

    def late(self) -> Failure:
        """Return the Failure of a request whose time was up: the run's, a phase's or its own."""
        due = self.timer.when()
        if due == self._end:
            return Failure(kind="deadline", text="the run's time was over before the answer had come")
        if due == self._total:
            return Failure(kind="timeout", text=f"no answer was whole within {self._limits.total:g} s")
        return Failure(kind="timeout", text=f"no {self._phase} within {self._limit:g} s")

    def _give(self, phase: str, limit: float) -> None:
        """Begin a phase that may take so many seconds."""
        if self.timer.expired():
            return  # what is heard now is how the library tidies up
        self._phase, self._limit = phase, limit
        self.timer.reschedule(min(self._loop.time() + limit, self._total, self._end))


class _Withdrawn(Exception):
    """An HTTP/2 server that says farewell did not take the request."""


def _translated(error: Exception, watch: _Watch) -> Failure:
    """Return what an exception of httpx, httpcore, h2, anyio or ssl says."""
    causes = _causes(error)
    if isinstance(error, httpx.LocalProtocolError) and not watch.whole:
        watch.sent = 0.0  # httpx told of a beginning, but nothing went out
        return unsendable(message(error))
    deepest = message(causes[-1])
    if any(isinstance(cause, TimeoutError | httpx.TimeoutException) for cause in causes):
        kind, text = "timeout", f"no connection within the system's time: {deepest}"
    elif watch.shaking or any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in causes):
        kind, text = "tls", f"TLS failed: {deepest}"
    elif isinstance(error, httpx.ConnectError):
        kind, text = "refused", f"no connection: {deepest}"
    elif isinstance(error, _Withdrawn):
        kind, text = "closed", message(error)
    elif isinstance(error, httpx.RemoteProtocolError):
        kind, text = _misspoken(error)
    elif isinstance(error, httpx.NetworkError):
        kind, text = "reset", f"the connection was reset: {deepest}"
    else:
        kind, text = "protocol", f"the exchange broke off: {type(error).__name__}: {deepest}"
    return Failure(kind=kind, text=text)


def _misspoken(error: httpx.RemoteProtocolError) -> tuple[str, str]:
    """Return kind and words of an answer that did not come as it should; h2 tells ends by events, httpcore and h11 by their words only."""
    event = _event(error)
    if event is not None:
        left = type(event).__name__ == "ConnectionTerminated"
        code = getattr(event.error_code, "name", event.error_code)
        return ("closed", f"the server left ({code})") if left else ("reset", f"the server took back the exchange ({code})")
    early = "without sending" in str(error) or str(error) == "Server disconnected"
    return ("closed", message(error)) if early else ("protocol", f"not HTTP: {message(error)}")


def _dropped(error: Exception) -> bool:
    """Whether it is the connection that ended, or the request that was not taken; else an end tells something about the request."""
    event = _event(error)
    return event is None or type(event).__name__ != "StreamReset" or event.error_code == _REFUSED_STREAM


def _event(error: Exception) -> Any:
    """Return the event of h2 by which an HTTP/2 server ended an exchange; None where it was something else."""
    told = (argument for cause in _causes(error) for argument in cause.args)
    return next((argument for argument in told if hasattr(argument, "error_code")), None)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and what caused it, the deepest last."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain
