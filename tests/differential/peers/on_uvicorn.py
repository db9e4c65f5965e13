"""A peer on uvicorn. It serves listening sockets that it inherits: plain, TLS, and TLS that demands a client's certificate."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

THING = b'{"id": 5}'
JSON = (b"Content-Type", b"application/json")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def uploaded(receive: Receive) -> bytes:
    """Return the request's whole body."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912  # a table of routes
    """Answer one request by its path."""

    async def say(status: int, body: bytes, *fields: tuple[bytes, bytes]) -> None:
        length = () if status in {204, 304} else ((b"Content-Length", b"%d" % len(body)),)
        await send({"type": "http.response.start", "status": status, "headers": [JSON, *fields, *length]})
        await send({"type": "http.response.body", "body": body})

    match scope["path"]:
        case "/plain":
            await say(200, THING)
        case "/empty":
            await say(204, b"")
        case "/same":
            await say(304, b"", (b"ETag", b'"v1"'))
        case "/parts":
            await send({"type": "http.response.start", "status": 200, "headers": [JSON]})
            for part in (b"one", b"two"):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        case "/zipped":
            await say(200, gzip.compress(THING), (b"Content-Encoding", b"gzip"))
        case "/big":
            await say(200, b"x" * 300_000)
        case "/moved":
            await say(302, b"", (b"Location", b"http://elsewhere.example/"))
        case "/last":
            await say(200, b"bye", (b"Connection", b"close"))
        case "/length":
            await say(200, b"%d" % len(await uploaded(receive)))
        case "/sum":
            await say(200, hashlib.sha256(await uploaded(receive)).hexdigest().encode())
        case "/many":
            await say(200, THING, *((b"X-Field-%02d" % number, b"%d" % number) for number in range(90)))
        case "/twice":
            await say(200, THING, (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"))
        case "/never":
            while (await receive())["type"] != "http.disconnect":
                pass
        case _:
            await say(404, b"nothing here")


async def main(plain: int, secure: int, mutual: int, certificate: str, authority: str) -> None:
    """Serve until the standard input ends."""
    asyncio.get_running_loop().add_reader(0, os._exit, 0)  # nobody writes to it: it is readable when whoever started this is gone
    tls: dict[str, Any] = {"ssl_certfile": certificate}
    demanding = {**tls, "ssl_ca_certs": authority, "ssl_cert_reqs": ssl.CERT_REQUIRED}
    servers = []
    for descriptor, given in ((plain, {}), (secure, tls), (mutual, demanding)):
        config = uvicorn.Config(answer, http="httptools", lifespan="off", log_config=None, timeout_keep_alive=60, **given)
        servers.append(uvicorn.Server(config).serve(sockets=[socket.socket(fileno=descriptor)]))
    await asyncio.gather(*servers)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]))
