"""The line of probes: framed by h11, over a stream of our own, since thousands of them are sent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from http import HTTPStatus
from typing import Final

import h11

from zeroweight.drivers.connection import Answer, Dial, Line, Marks, Timeouts, answered, message, unsendable
from zeroweight.drivers.stream import Stream, dialled
from zeroweight.model.http import Failure, Headers, Request

_AT_ONCE: Final = 64 * 1024
"""Bytes that are read at a time."""
_HEAD: Final = 100 * 1024
"""Bytes: the longest head of an answer that is read; as long as the one that httpx reads."""


class H11Line(Line):
    """One kept-alive connection, framed by h11."""

    __slots__ = ("_context", "_stream", "_wire")

    def __init__(self, dial: Dial, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        """Dial nothing yet: the first request does."""
        super().__init__(dial, timeouts)
        self._context = context if dial.scheme == "https" else None
        self._stream: Stream | None = None
        self._wire = h11.Connection(h11.CLIENT)

    def refuses(self, request: Request) -> str:
        """Return what the other line refuses, for as long as this one stands in for the wire."""
        from zeroweight.drivers.httpx_line import _fault  # noqa: PLC0415

        return _fault(request.method, request.target, list(request.headers.raw), len(request.body))

    async def aclose(self) -> None:
        """Close the connection; the next request opens a fresh one."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(Exception):  # it is thrown away: how it dies is no news
                await stream.aclose()

    async def _exchange(self, request: Request, marks: Marks, cap: int) -> Answer:
        """Write the request whole, then read the answer part by part."""
        stream, wire = await self._connected(marks)
        data = wire.send(h11.Request(method=request.method, target=request.target, headers=list(request.headers.raw))) or b""
        data += (wire.send(h11.Data(data=request.body)) or b"") if request.body else b""
        data += wire.send(h11.EndOfMessage()) or b""
        marks.spoke()
        with contextlib.suppress(OSError):  # servers may close before they have read everything, and answer all the same
            await stream.write(data)
        head = await self._event(stream, marks)
        while isinstance(head, h11.InformationalResponse) and head.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            head = await self._event(stream, marks)
        assert isinstance(head, h11.Response | h11.InformationalResponse)
        body = bytearray()
        while len(body) <= cap and isinstance(part := await self._event(stream, marks), h11.Data):
            body += part.data
        headers = Headers(raw=tuple(head.headers.raw_items()))
        answer = answered(marks, body, status=head.status_code, headers=headers, version=b"HTTP/" + head.http_version, cap=cap)
        if (wire.our_state, wire.their_state) == (h11.DONE, h11.DONE) and not wire.trailing_data[0]:
            wire.start_next_cycle()
        else:
            # Its end was the answer's, or the body was not read to its end; or what came behind would be taken for the next one's answer.
            await self.aclose()
        return answer

    async def _connected(self, marks: Marks) -> tuple[Stream, h11.Connection]:
        """Return the connection, a fresh one where there is none or the server has closed it, or spoken out of turn, meanwhile."""
        if self._stream is not None and self._stream.readable:
            await self.aclose()
        if self._stream is None:
            marks.fresh = True
            try:
                async with asyncio.timeout(self._timeouts.connect):
                    self._stream = await dialled(self._dial.name, self._dial.port)
                    if self._context is not None:
                        marks.shaking = True
                        await self._stream.start_tls(self._context, self._dial.server_name)
                        marks.shaking = False
            except TimeoutError as error:
                raise _TooLate(str(error) or f"not within {self._timeouts.connect:g} s") from error
            self._wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)
        return self._stream, self._wire

    async def _event(self, stream: Stream, marks: Marks) -> object:
        """Return what comes next of the answer; raises h11.RemoteProtocolError, and OSError where the connection broke."""
        while (event := self._wire.next_event()) is h11.NEED_DATA:
            data = await stream.read(_AT_ONCE)
            if data:
                marks.heard()
            elif self._wire.their_state is h11.SEND_RESPONSE:
                raise _NoAnswer("the server closed the connection without sending an answer")
            self._wire.receive_data(data)
        return event

    def _translate(self, error: Exception, marks: Marks) -> Failure:
        """Return what an exception of h11, asyncio or ssl says."""
        said = message(error)
        if isinstance(error, h11.LocalProtocolError):
            return unsendable(said)
        if isinstance(error, _TooLate):
            kind, text = "timeout", f"no connection within the time allowed: {said}"
        elif marks.shaking or (isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)):
            kind, text = "tls", f"TLS failed: {said}"
        elif isinstance(error, _NoAnswer) or (isinstance(error, h11.RemoteProtocolError) and "without sending" in str(error)):
            kind, text = "closed", said  # h11 tells an early end within a body by its words only
        elif isinstance(error, h11.RemoteProtocolError):
            kind, text = "protocol", f"not HTTP: {said}"
        elif isinstance(error, OSError):
            kind, text = ("reset", f"the connection was reset: {said}") if marks.sent else ("refused", f"no connection: {said}")
        else:
            kind, text = "protocol", f"the exchange broke off: {type(error).__name__}: {said}"
        return Failure(kind=kind, text=text)


class _TooLate(Exception):
    """No connection within its time; not a TimeoutError, which is the whole exchange's."""


class _NoAnswer(Exception):
    """The connection ended where an answer should have begun."""
