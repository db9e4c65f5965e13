"""One TCP connection, in the clear or in TLS: bytes out, bytes in.

A thin layer over asyncio's transports: each request reads and writes several times, and every layer in between is paid for each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final

_MOST: Final = 256 * 1024
"""Bytes that wait to be read before the other side is asked to stop."""
_RACE: Final = 0.25
"""Seconds after which the next address of a name is tried beside the last (RFC 8305 section 5)."""


class Stream(asyncio.Protocol):
    """One connection; read and written by one task at a time."""

    def __init__(self) -> None:
        """Begin unconnected."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        """Where the writer waits while the other side takes no more."""
        self._gone = self._loop.create_future()
        self._paused = False

    @property
    def readable(self) -> bool:
        """Whether there is something to read, be it the end."""
        return bool(self._buffer) or self._ended

    async def read(self, most: int) -> bytes:
        """Return what came, `most` bytes of it; nothing at the end. Raises OSError where the connection broke."""
        while not self._buffer and not self._ended:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if not self._buffer and self._error is not None:
            raise self._error
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        if self._paused and self._transport is not None and len(self._buffer) < _MOST:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; returns when the system has room for more. Raises OSError where the connection broke."""
        if self._error is not None:
            raise self._error
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        if data:
            self._transport.write(data)
        if self._room is not None:
            await self._room

    async def start_tls(self, context: ssl.SSLContext, name: str | None) -> None:
        """Shake hands; raises OSError, ssl.SSLError among them."""
        assert self._transport is not None
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
        if self._transport is None:
            return
        self._transport.close()
        await asyncio.sleep(0)
        self._transport.abort()
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.shield(self._gone)

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; TLS brings one of its own."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._buffer += data
        self._wake()
        if len(self._buffer) > _MOST and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Take note that nothing more will come; asyncio then closes the transport."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end, and of what brought it about."""
        self._ended = True
        self._error = self._error or exc
        self._wake()
        self.resume_writing()
        self._hung_up()

    def pause_writing(self) -> None:
        """Let the writer wait."""
        self._room = self._room or self._loop.create_future()

    def resume_writing(self) -> None:
        """Let the writer go on."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def _hung_up(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def dialled(host: str, port: int) -> Stream:
    """Return a connection to a host; raises OSError when there is none."""
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(Stream, host, port, happy_eyeballs_delay=_RACE)
    return stream
