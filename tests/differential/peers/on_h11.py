"""A peer on h11. It serves listening sockets that it inherits: plain, TLS, and TLS that demands a client's certificate."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator

import h11

THING = b'{"id": 5}'
JSON = ("Content-Type", "application/json")


class Talk:
    """One connection, framed by h11."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.wire = reader, writer, h11.Connection(h11.SERVER)
        self.headless = False

    async def event(self) -> object:
        """Return what comes next."""
        while (event := self.wire.next_event()) is h11.NEED_DATA:
            if self.wire.they_are_waiting_for_100_continue:
                self.say(h11.InformationalResponse(status_code=100, headers=[]))
            self.wire.receive_data(await self.reader.read(65536))
        return event

    def say(self, *events: h11.Event) -> None:
        """Write events."""
        for event in events:
            self.writer.write(self.wire.send(event) or b"")

    def reply(self, status: int, body: bytes, *fields: tuple[str, str]) -> None:
        """Write a whole answer, or its head alone where that is what was asked for."""
        length = () if status in {204, 304} else (("Content-Length", str(len(body))),)
        self.say(h11.Response(status_code=status, headers=[JSON, *fields, *length]))
        if body and not self.headless:
            self.say(h11.Data(data=body))
        self.say(h11.EndOfMessage())

    async def requests(self) -> AsyncIterator[tuple[h11.Request, bytes]]:
        """Yield each request with its body."""
        while isinstance(request := await self.event(), h11.Request):
            body = bytearray()
            while isinstance(part := await self.event(), h11.Data):
                body += part.data
            self.headless = request.method == b"HEAD"
            yield request, bytes(body)
            await self.writer.drain()
            if self.wire.our_state is not h11.DONE:
                return
            self.wire.start_next_cycle()


async def answer(talk: Talk, request: h11.Request, body: bytes) -> None:  # noqa: C901, PLR0912  # a table of routes
    """Answer one request by its path."""
    match request.target.decode():
        case "/plain":
            talk.reply(200, THING)
        case "/empty":
            talk.reply(204, b"")
        case "/same":
            talk.reply(304, b"", ("ETag", '"v1"'))
        case "/parts":
            parts = [] if talk.headless else [h11.Data(data=b"one"), h11.Data(data=b"two")]
            end = h11.EndOfMessage(headers=[] if talk.headless else [("X-Sum", "7")])
            talk.say(h11.Response(status_code=200, headers=[JSON, ("Trailer", "X-Sum")]), *parts, end)
        case "/zipped":
            talk.reply(200, gzip.compress(THING), ("Content-Encoding", "gzip"))
        case "/big":
            talk.reply(200, b"x" * 300_000)
        case "/moved":
            talk.reply(302, b"", ("Location", "http://elsewhere.example/"))
        case "/last":
            talk.reply(200, b"bye", ("Connection", "close"))
        case "/length":
            talk.reply(200, b"%d" % len(body))
        case "/sum":
            talk.reply(200, hashlib.sha256(body).hexdigest().encode())
        case "/many":
            talk.reply(200, THING, *((f"X-Field-{number:02}", str(number)) for number in range(90)))
        case "/twice":
            talk.reply(200, THING, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
        case "/hints":
            talk.say(h11.InformationalResponse(status_code=103, headers=[("Link", "</style.css>; rel=preload")]))
            talk.reply(200, THING)
        case "/never":
            await talk.reader.read()
        case _:
            talk.reply(404, b"nothing here")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    with contextlib.suppress(h11.ProtocolError, ConnectionError, ssl.SSLError):
        talk = Talk(reader, writer)
        async for request, body in talk.requests():
            await answer(talk, request, body)
    writer.close()


async def main(plain: int, secure: int, mutual: int, certificate: str, authority: str) -> None:
    """Serve until the standard input ends."""
    asyncio.get_running_loop().add_reader(0, os._exit, 0)  # nobody writes to it: it is readable when whoever started this is gone
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for context in (shown, demanding):
        context.load_cert_chain(certificate)
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.load_verify_locations(authority)
    await asyncio.start_server(serve, sock=socket.socket(fileno=plain))
    await asyncio.start_server(serve, sock=socket.socket(fileno=secure), ssl=shown)
    await asyncio.start_server(serve, sock=socket.socket(fileno=mutual), ssl=demanding)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]))
