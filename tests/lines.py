"""Both kinds of line side by side: the same requests to the same script, and what each of them saw."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace

from driving import PATIENT, meter
from servers import Script, serving

from zeroweight.drivers.connection import Delivery, Dial, Line, Timeouts, deliver
from zeroweight.drivers.httpx_line import HttpxLine
from zeroweight.drivers.limits import Meter
from zeroweight.drivers.wire import WireLine
from zeroweight.model.http import Headers, Request

KINDS: Mapping[str, type[WireLine | HttpxLine]] = {"wire": WireLine, "httpx": HttpxLine}
LIMIT = 60
"""Seconds after which a test is given up."""


def request(method: str = "GET", target: bytes = b"/orders", *fields: tuple[bytes, bytes], body: bytes = b"") -> Request:
    """Return a request under a name that is the same whatever the server's port is."""
    length = ((b"Content-Length", b"%d" % len(body)),) if body else ()
    return Request(method=method, target=target, headers=Headers(raw=((b"Host", b"shop.example"), *fields, *length)), body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All of a delivery that may be told to anybody, but for instants and a failure's words."""

    kind: str
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    truncated: bool
    version: str
    stale: bool
    fresh: bool
    resent: bool
    went: bool

    @classmethod
    def of(cls, delivery: Delivery) -> Sight:
        """Take from a delivery what both kinds of line must tell alike."""
        answer, response, failure = delivery.answer, delivery.answer.response, delivery.failure
        return cls(
            kind=failure.kind if failure else "",
            status=response.status if response else 0,
            headers=response.headers.raw if response else (),
            body=response.body if response else b"",
            truncated=bool(response and response.truncated),
            version=response.version if response else "",
            stale=answer.stale,
            fresh=answer.fresh,
            resent=delivery.resent,
            went=answer.timing.sent > 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one line saw of its deliveries, and its server of it."""

    deliveries: tuple[Delivery, ...]
    connections: int
    requests: tuple[bytes, ...]
    taken: int
    """Requests that the meter counted."""

    @property
    def sights(self) -> tuple[Sight, ...]:
        """What must be the same on both kinds of line."""
        return tuple(map(Sight.of, self.deliveries))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each failure; empty where there was an answer."""
        return tuple(sight.kind for sight in self.sights)


async def told(
    kind: str,
    script: Script,
    *requests: Request,
    timeouts: Timeouts = PATIENT,
    cap: int = 1 << 20,
    limits: Meter | None = None,
    tls: ssl.SSLContext | None = None,
    trusts: ssl.SSLContext | None = None,
    scheme: str = "",
    server_name: str = "",
) -> Told:
    """Send requests one after the other over one line of a kind."""
    limits = limits or meter()
    async with asyncio.timeout(LIMIT), serving(script, tls=tls) as server:
        dial = Dial.at(f"{scheme or server.scheme}://127.0.0.1:{server.port}")
        line: Line = KINDS[kind](replace(dial, server_name=server_name or dial.server_name), trusts, timeouts)
        try:
            deliveries = tuple([await deliver(line, each, limits, cap=cap) for each in requests])
        finally:
            await line.aclose()
        return Told(deliveries=deliveries, connections=server.connections, requests=tuple(server.requests), taken=limits.sent)


async def told_by_both(
    script: Script, *requests: Request, timeouts: Timeouts = PATIENT, cap: int = 1 << 20, budget: int = 1000
) -> list[Told]:
    """Let each kind of line do the same at the same time."""
    return await asyncio.gather(*(told(kind, script, *requests, timeouts=timeouts, cap=cap, limits=meter(budget)) for kind in KINDS))


def alike(script: Script, *requests: Request, timeouts: Timeouts = PATIENT, cap: int = 1 << 20, budget: int = 1000) -> Told:
    """Return what both kinds of line told; they must not differ in anything."""
    one, two = asyncio.run(told_by_both(script, *requests, timeouts=timeouts, cap=cap, budget=budget))
    assert one.sights == two.sights
    assert (one.connections, one.requests, one.taken) == (two.connections, two.requests, two.taken)
    return one
