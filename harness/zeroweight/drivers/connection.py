"""One kept-alive connection to one target, on httpx's transport: no client, so no cookie jar, no redirects, no environment proxies.

The only module that knows httpx. Every exception of httpx, httpcore, anyio and ssl ends here as a Failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from zeroweight.drivers.coding import decoded
from zeroweight.drivers.limits import Meter
from zeroweight.errors import ConfigError
from zeroweight.model.http import Failure, Headers, Request, Response, Timing
from zeroweight.model.target import Target

_LIMITS = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)

_LONGEST = 200
"""Letters of a foreign error message that are kept."""
_QUOTED = re.compile(r"""\bb(?P<mark>['"])(?P<bytes>(?:\\.|(?!(?P=mark)).)*)(?P=mark)""", re.DOTALL)
"""Bytes that a library quotes: the peer's answer, or our own header."""
_QUOTE = 40
"""Letters of a quote that are kept whole; a longer one is left out, since a credential that is cut is not known as one any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one request may take, in seconds: to connect (TLS included), and in all."""

    connect: float = 5.0
    total: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Where a connection goes: the URL that is dialled, the name in the TLS hello, the Host field."""

    url: httpx.URL
    server_name: str
    host: bytes

    @classmethod
    def to(cls, target: Target) -> Dial:
        """Return how a target is dialled: its pinned address where it has one, under the name it is known by."""
        known = cls.at(target.url)
        name = target.server_name
        return cls(
            url=httpx.URL(f"{known.url.scheme}://{target.address}") if target.address else known.url,
            server_name=name or known.server_name,
            host=name.encode() or known.host,
        )

    @classmethod
    def at(cls, url: str) -> Dial:
        """Return how a host is dialled, by a URL alone."""
        whole = httpx.URL(url)
        return cls(url=whole.copy_with(raw_path=b"/"), server_name=whole.raw_host.decode("ascii"), host=whole.netloc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one request on the wire."""

    response: Response | None = None
    failure: Failure | None = None
    timing: Timing = field(default_factory=Timing)
    stale: bool = False
    """The connection had served before and ended before any answer: the server closed it, which tells nothing about the request."""
    fresh: bool = False
    """The connection was made for this request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a request went under the meter."""

    answer: Answer = field(default_factory=Answer)
    resent: bool = False
    refusal: Failure | None = None
    """Why the meter let nothing out; with an answer, why it let nothing out a second time."""

    @property
    def failure(self) -> Failure | None:
        """Why there is no response; None when there is one. A stale connection's end is no answer, so the refusal counts."""
        return self.refusal or self.answer.failure


def trust(target: Target) -> ssl.SSLContext:
    """Return the TLS settings of a target; raises ConfigError when a certificate or key cannot be used."""
    if not target.secure:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used: it keeps httpx from loading authorities for plain HTTP
    tls, where = target.tls, f"{target.side}.tls"
    try:
        context = ssl.create_default_context(cadata=tls.ca or None)
    except (ssl.SSLError, ValueError) as error:
        what = "this is not a PEM certificate"
        raise ConfigError(what, where=f"{where}.ca", fix="Name a file of PEM certificates") from error
    if tls.cert:
        _present(context, tls.cert, tls.key.reveal() if tls.key else "", where=where)
    return context


def trust_others(target: Target) -> ssl.SSLContext:
    """Return the TLS settings for other hosts that the operator named: the target's authority beside the system's, no certificate shown."""
    context = ssl.create_default_context()
    if target.tls.ca:
        context.load_verify_locations(cadata=target.tls.ca)
    return context


def _present(context: ssl.SSLContext, cert: str, key: str, *, where: str) -> None:
    """Load the client's certificate; ssl reads files only, so the PEM text lies in a private one for a moment."""
    handle, name = tempfile.mkstemp(suffix=".pem")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{cert.rstrip()}\n{key}")
        context.load_cert_chain(name, password="")  # without one, OpenSSL asks for it at the terminal
    except (ssl.SSLError, ValueError) as error:
        what = "certificate and key do not fit"
        raise ConfigError(what, where=f"{where}.cert", fix="Name the PEM files of one pair, key unencrypted") from error
    finally:
        Path(name).unlink()


class Line:
    """One connection that is kept alive and used by one request at a time; made anew after every failure."""

    __slots__ = ("_context", "_dial", "_extensions", "_timeouts", "_transport", "turn")

    def __init__(self, dial: Dial, context: ssl.SSLContext, timeouts: Timeouts) -> None:
        """Dial nothing yet: the first request does."""
        self._dial, self._context, self._timeouts = dial, context, timeouts
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._extensions = {"timeout": {"connect": timeouts.connect}, "sni_hostname": dial.server_name}
        self.turn = asyncio.Lock()
        """Held by whoever uses the line, for as long as his requests belong together."""

    async def send(self, request: Request, *, cap: int, left: float = math.inf) -> Answer:
        """Send one request and read its answer, `cap` bytes of the body at most; raises CancelledError only.

        `left` is how many seconds the run still has: an answer that it cannot wait for is its own doing, not the target's silence.
        """
        marks = _Marks()
        failure: Failure
        try:
            async with asyncio.timeout(min(self._timeouts.total, left)):
                return await self._exchange(request, marks, cap)
        except TimeoutError:
            if left < self._timeouts.total:
                failure = Failure(kind="deadline", text="the run's time was over before the answer had come")
            else:
                failure = Failure(kind="timeout", text=f"no whole answer within {self._timeouts.total:g} s")
        except httpx.LocalProtocolError as error:
            failure = unsendable(_message(error))
        except Exception as error:  # whatever the library or the peer does wrong is the target's silence, never a crash
            failure = _translate(error, marks)
        except BaseException:
            await self.aclose()
            raise
        await self.aclose()
        timing = Timing(sent=marks.sent, first_byte=marks.first, last_byte=0.0)
        stale = failure.kind in {"closed", "reset"} and not marks.fresh and not marks.first
        return Answer(failure=failure, timing=timing, stale=stale)

    async def _exchange(self, request: Request, marks: _Marks, cap: int) -> Answer:
        """Do what `send` says; raises whatever goes wrong."""
        transport = self._transport
        if transport is None:
            transport = self._transport = httpx.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=_LIMITS)
        extensions: dict[str, Any] = {**self._extensions, "target": request.target, "trace": marks}
        raw = httpx.Request(
            request.method,
            self._dial.url,
            headers=list(request.headers.raw),
            stream=httpx.ByteStream(request.body),
            extensions=extensions,
        )
        raw.method = request.method  # httpx writes methods in capitals; a probe means what it says
        answer = await transport.handle_async_request(raw)
        stream = answer.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        body = bytearray()
        try:
            async for part in stream:
                body += part
                if len(body) > cap:
                    break
        finally:
            # A body that was not read to its end takes its connection with it.
            await stream.aclose()
        last = time.monotonic()
        headers = Headers(raw=tuple(answer.headers.raw))
        plain, more = decoded(bytes(body[:cap]), headers.get("content-encoding"), cap=cap)
        response = Response(
            status=answer.status_code,
            headers=headers,
            body=plain,
            truncated=more or len(body) > cap,
            version=answer.extensions["http_version"].decode("ascii", "replace"),
        )
        return Answer(response=response, timing=Timing(sent=marks.sent, first_byte=marks.first, last_byte=last), fresh=marks.fresh)

    async def aclose(self) -> None:
        """Close the connection; the next request opens a fresh one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with contextlib.suppress(Exception):  # it is thrown away: how it dies is no news
                await transport.aclose()


async def deliver(line: Line, request: Request, meter: Meter, *, cap: int) -> Delivery:
    """Send a request under the meter; once more, on a fresh connection, when the kept-alive one had been closed by the server."""
    refusal = await meter.take()
    if refusal is not None:
        return Delivery(refusal=refusal)
    answer = await line.send(request, cap=cap, left=meter.left_seconds)
    if not answer.stale:
        return Delivery(answer=answer)
    refusal = await meter.take()
    if refusal is not None:
        return Delivery(answer=answer, refusal=refusal)
    return Delivery(answer=await line.send(request, cap=cap, left=meter.left_seconds), resent=True)


class _Marks:
    """Hears from httpcore what happens on the wire, and when."""

    __slots__ = ("first", "fresh", "sent", "shaking")

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.fresh = self.shaking = False
        self.sent = self.first = 0.0

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        """Take note of one event."""
        if event == "http11.send_request_headers.started":
            self.sent = time.monotonic()
        elif event == "http11.receive_response_headers.complete":
            self.first = time.monotonic()
        elif event == "connection.connect_tcp.started":
            self.fresh = True
        elif event == "connection.start_tls.started":
            self.shaking = True
        elif event == "connection.start_tls.complete":
            self.shaking = False


def unsendable(why: str) -> Failure:
    """Return the Failure of a request that this driver cannot put on the wire as told."""
    return Failure(kind="unbound", text=f"not sendable by this driver: {why}")


def _translate(error: Exception, marks: _Marks) -> Failure:
    """Return what an exception of the libraries says about the target."""
    causes = _causes(error)
    deepest = _message(causes[-1])
    if any(isinstance(cause, TimeoutError | httpx.TimeoutException) for cause in causes):
        kind, text = "timeout", f"no connection within the time allowed: {deepest}"
    elif marks.shaking or any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in causes):
        kind, text = "tls", f"TLS failed: {deepest}"
    elif isinstance(error, httpx.ConnectError):
        kind, text = "refused", f"no connection: {deepest}"
    elif isinstance(error, httpx.RemoteProtocolError):
        # httpcore and h11 tell an early end (before an answer, within a body) by their words only.
        early = "without sending" in str(error)
        kind, text = ("closed", _message(error)) if early else ("protocol", f"not HTTP: {_message(error)}")
    elif isinstance(error, httpx.NetworkError):
        kind, text = "reset", f"the connection was reset: {deepest}"
    else:
        kind, text = "protocol", f"the exchange broke off: {type(error).__name__}: {deepest}"
    return Failure(kind=kind, text=text)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and what caused it, the deepest last."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _message(error: BaseException) -> str:
    """Return an exception's words on one line, without long quotes of what went over the wire."""
    said = _QUOTED.sub(lambda found: found[0] if len(found["bytes"]) <= _QUOTE else "b'…'", str(error))
    return " ".join(said.split())[:_LONGEST] or type(error).__name__
