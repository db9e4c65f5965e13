"""The line of errands: httpx's transport, without its client, so that nothing is remembered, followed or taken from the environment.

It sees less than the line of probes. It knows of a first byte only when the head of the answer is whole: an end within the head, on a
connection that had served before, counts as stale, and the errand is sent once more. And it does not see what follows an answer in the same
breath.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Mapping
from typing import Any, Final

import httpx

from zeroweight.drivers.connection import Answer, Dial, Line, Marks, Timeouts, answered, message, unsendable
from zeroweight.model.http import Failure, Headers, Request

_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""Fields that h11 refuses, merges or acts upon: never sent otherwise than as they should be."""

# What h11 lets through (RFC 9112): tested beforehand, so that nothing is dialled or counted for a request that would then be refused.
_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_VALUE = re.compile(rb"(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?")

_LIMITS: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)


class HttpxLine(Line):
    """One kept-alive connection on httpx's transport."""

    __slots__ = ("_context", "_extensions", "_transport", "_url")

    def __init__(self, dial: Dial, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        """Dial nothing yet: the first request does."""
        super().__init__(dial, timeouts)
        self._url = httpx.URL(scheme=dial.scheme, host=dial.name, port=dial.port, path="/")
        # For plain HTTP it is never used: it keeps httpx from loading the system's authorities.
        self._context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._extensions = {"timeout": {"connect": timeouts.connect}, "sni_hostname": dial.server_name}
        self._transport: httpx.AsyncHTTPTransport | None = None

    def refuses(self, request: Request) -> str:
        """Return why h11 would refuse the request, or change it on the way; empty when it is sent as told."""
        return _fault(request.method, request.target, list(request.headers.raw), len(request.body))

    async def aclose(self) -> None:
        """Close the connection; the next request opens a fresh one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with contextlib.suppress(Exception):  # it is thrown away: how it dies is no news
                await transport.aclose()

    async def _exchange(self, request: Request, marks: Marks, cap: int) -> Answer:
        """Hand the request to the transport as it is, and read the answer part by part."""
        transport = self._transport
        if transport is None:
            transport = self._transport = httpx.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=_LIMITS)
        heard = _Heard(marks)
        extensions: dict[str, Any] = {**self._extensions, "target": request.target, "trace": heard}
        fields = list(request.headers.raw)
        raw = httpx.Request(request.method, self._url, headers=fields, stream=httpx.ByteStream(request.body), extensions=extensions)
        raw.method = request.method  # httpx writes methods in capitals; a request means what it says
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
        headers = Headers(raw=tuple(answer.headers.raw))
        return answered(marks, body, status=answer.status_code, headers=headers, version=answer.extensions["http_version"], cap=cap)

    def _translate(self, error: Exception, marks: Marks) -> Failure:
        """Return what an exception of httpx, httpcore, anyio or ssl says."""
        if isinstance(error, httpx.LocalProtocolError):
            marks.sent = 0.0  # httpx told of a beginning, but nothing went out
            return unsendable(message(error))
        causes = _causes(error)
        deepest = message(causes[-1])
        if any(isinstance(cause, TimeoutError | httpx.TimeoutException) for cause in causes):
            kind, text = "timeout", f"no connection within the time allowed: {deepest}"
        elif marks.shaking or any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in causes):
            kind, text = "tls", f"TLS failed: {deepest}"
        elif isinstance(error, httpx.ConnectError):
            kind, text = "refused", f"no connection: {deepest}"
        elif isinstance(error, httpx.RemoteProtocolError):
            # httpcore and h11 tell an early end (before an answer, within a body) by their words only.
            early = "without sending" in str(error)
            kind, text = ("closed", message(error)) if early else ("protocol", f"not HTTP: {message(error)}")
        elif isinstance(error, httpx.NetworkError):
            kind, text = "reset", f"the connection was reset: {deepest}"
        else:
            kind, text = "protocol", f"the exchange broke off: {type(error).__name__}: {deepest}"
        return Failure(kind=kind, text=text)


def _fault(method: str, target: bytes, headers: list[tuple[bytes, bytes]], length: int) -> str:
    """Return why h11 would refuse the request or change it on the way; empty when it is sent as told."""
    if not method.isascii() or not _TOKEN.fullmatch(method.encode()):
        return "the method is not a token"
    if not _TARGET.fullmatch(target):
        return "the request target has blanks, control characters or raw bytes above 0x7e, or is empty"
    for name, value in headers:
        if not _TOKEN.fullmatch(name):
            return f"the header name {name[:40]!r} is not a token"
        if not _VALUE.fullmatch(value):
            return f"the value of the header {name.decode()} has control characters or blanks at its ends"
    return _framing_fault(headers, length)


def _framing_fault(headers: list[tuple[bytes, bytes]], length: int) -> str:
    """Return which field says of the body or the host what h11 would not send; empty when all is well."""
    framing = [(low, value) for name, value in headers if (low := name.lower()) in _FRAMING]
    names = [name for name, _ in framing]
    twice = next((name for name in names if names.count(name) > 1), b"")
    if twice:
        return f"{twice.decode()} stands twice"
    if b"transfer-encoding" in names:
        return "Transfer-Encoding would be framed anew"
    if any(name == b"content-length" and value != b"%d" % length for name, value in framing):
        return "Content-Length differs from the body's length"
    return ""


class _Heard:
    """Hears from httpcore what happens on the wire, and marks it."""

    __slots__ = ("_marks",)

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        """Take note of one event."""
        match event:
            case "http11.send_request_headers.started":
                self._marks.spoke()
            case "http11.receive_response_headers.complete":
                self._marks.heard()
            case "connection.connect_tcp.started":
                self._marks.fresh = True
            case "connection.start_tls.started" | "connection.start_tls.complete":
                self._marks.shaking = event.endswith("started")


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and what caused it, the deepest last."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain
