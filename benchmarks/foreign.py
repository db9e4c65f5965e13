"""Other people's clients, each as it is used best: they send and read, and do nothing besides."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import resource
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Final

from roads import LANES, OPERATION, TOKEN, Client, Load, Ready, written
from server import BODY

Spreading = Callable[[int, Load, Callable[[str], Awaitable[None]]], Coroutine[Any, Any, None]]
"""Asks so many times, somehow spread over sides and time."""

CREATED: Final = 201
_BODY: Final = json.dumps(written(17, "bench00017")).encode()
_FIELDS: Final = {
    "User-Agent": "zeroweight/0",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "x-zeroweight-run": "bench",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "Authorization": TOKEN,
    "content-type": "application/json",
}
"""The fields that our own composer writes, for those clients that compose nothing."""


@contextlib.asynccontextmanager
async def transports(load: Load) -> AsyncIterator[Ready]:
    """One transport of httpx with one connection a side a lane, without client, timeouts, bookkeeping and comparing."""
    import httpx  # noqa: PLC0415  # a child imports the one library that it measures

    limits, context = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None), _context(load)
    async with contextlib.AsyncExitStack() as stack:

        async def transport() -> httpx.AsyncHTTPTransport:
            return await stack.enter_async_context(httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits))

        lanes = [(await transport(), await transport()) for _ in range(LANES)]
        places = [httpx.URL(url + OPERATION.path) for url in (load.baseline, load.canary)]

        async def ask(one: httpx.AsyncHTTPTransport, url: httpx.URL) -> None:
            answer = await one.handle_async_request(httpx.Request("POST", url, headers=_FIELDS, content=_BODY))
            _expect(answer.status_code, await answer.aread())

        async def send(count: int) -> None:
            waiting = iter(range(count // 2))

            async def lane(both: tuple[httpx.AsyncHTTPTransport, httpx.AsyncHTTPTransport]) -> None:
                for _ in waiting:
                    await asyncio.gather(*(ask(one, url) for one, url in zip(both, places, strict=True)))

            await asyncio.gather(*map(lane, lanes))

        yield send


async def spread(count: int, load: Load, ask: Callable[[str], Awaitable[None]]) -> None:
    """Ask both sides in turn, as many requests under way as there are lanes: the best case of a shared client."""
    urls = itertools.cycle((load.baseline + OPERATION.path, load.canary + OPERATION.path))
    waiting = iter(range(count))

    async def worker() -> None:
        for _ in waiting:
            await ask(next(urls))

    await asyncio.gather(*(worker() for _ in range(LANES)))


async def paired(count: int, load: Load, ask: Callable[[str], Awaitable[None]]) -> None:
    """Ask both sides at once, a pair on each lane: how our own lanes are used."""
    urls = load.baseline + OPERATION.path, load.canary + OPERATION.path
    waiting = iter(range(count // 2))

    async def worker() -> None:
        for _ in waiting:
            await asyncio.gather(*map(ask, urls))

    await asyncio.gather(*(worker() for _ in range(LANES)))


def shared(spreading: Spreading) -> Client:
    """Return the plain choice: one httpx client with its default limits, shared by all."""

    @contextlib.asynccontextmanager
    async def client(load: Load) -> AsyncIterator[Ready]:
        import httpx  # noqa: PLC0415  # as above

        async with httpx.AsyncClient(verify=_context(load)) as session:

            async def ask(url: str) -> None:
                answer = await session.post(url, headers=_FIELDS, content=_BODY)
                _expect(answer.status_code, answer.content)

            yield lambda count: spreading(count, load, ask)

    return client


@contextlib.asynccontextmanager
async def aiohttp_session(load: Load) -> AsyncIterator[Ready]:
    """One session of aiohttp, shared by all."""
    import aiohttp  # noqa: PLC0415  # as above

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=_context(load))) as session:

        async def ask(url: str) -> None:
            async with session.post(url, headers=_FIELDS, data=_BODY) as answer:
                _expect(answer.status, await answer.read())

        yield lambda count: spread(count, load, ask)


@contextlib.asynccontextmanager
async def requests_session(load: Load) -> AsyncIterator[Ready]:
    """One session of requests, which knows no lanes: one request after the other."""
    import requests  # noqa: PLC0415  # as above

    with requests.Session() as session:

        async def send(count: int) -> None:
            for url, _ in zip(itertools.cycle((load.baseline, load.canary)), range(count), strict=False):
                answer = session.post(url + OPERATION.path, headers=_FIELDS, data=_BODY)
                _expect(answer.status_code, answer.content)

        yield send


def _context(load: Load) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=load.authority or None)


def _expect(status: int, body: bytes) -> None:
    """Raise when the server did not say what it always says."""
    if status != CREATED or body != BODY:
        raise RuntimeError(f"an answer is not as it should be: {status} {body[:200]!r}")


def wrk(load: Load, spell: int) -> dict[str, float]:
    """Let wrk run, one thread and as many connections as lanes; it is a process of its own, whose time the system tells at its end."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        lines = ['wrk.method = "POST"', f"wrk.body = [[{_BODY.decode()}]]"]
        lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in _FIELDS.items()]
        script.write("\n".join(lines))
        script.flush()
        line = ["wrk", "-t1", f"-c{LANES}", f"-d{spell}", "-s", script.name, load.baseline + OPERATION.path]
        began = time.monotonic()
        said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
        wall = time.monotonic() - began
    counted = re.search(r"(\d+) requests in", said)
    if counted is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"wrk met something else than answers: {said}")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Its start is in it, too: a few milliseconds.
    return {"requests": int(counted[1]), "cpu": spent.ru_utime + spent.ru_stime, "wall": wall}
