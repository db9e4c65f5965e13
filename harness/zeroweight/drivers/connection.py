"""One kept-alive connection to one target, whichever library frames it: what is asked of a line, and what came of it.

A line has no cookie jar, follows no redirect and uses no proxy of the environment. There are two kinds: `wire` for probes, which sends any
bytes, and `httpx_line` for errands and as the reference. Whatever a library, asyncio or ssl raises ends there as a Failure.
"""

from __future__ import annotations

import asyncio
import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from zeroweight.drivers.limits import Meter
from zeroweight.model.http import Failure, Request, Response, Timing
from zeroweight.model.target import Target

_PORTS: Final = {"http": 80, "https": 443}
_LONGEST: Final = 200
"""Letters of a foreign error message that are kept."""
_QUOTED: Final = re.compile(r"""\bb(?P<mark>['"])(?P<bytes>(?:\\.|(?!(?P=mark)).)*)(?P=mark)""", re.DOTALL)
"""Bytes that a library quotes: the peer's answer, or our own header."""
_QUOTE: Final = 40
"""Letters of a quote that are kept whole; a longer one is left out, since a credential that is cut is not known as one any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each phase of one request may take, in seconds."""

    connect: float = 5.0
    """Until there is a TCP connection."""
    tls: float = 5.0
    """Until the TLS handshake is done."""
    first_byte: float = 10.0
    """From the moment the request is handed over to the answer's first byte."""
    total: float = 15.0
    """The whole request, connecting included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Where a connection goes: the URL that is dialled, the name in the TLS hello, the Host field."""

    scheme: str
    name: str
    port: int
    server_name: str
    host: bytes

    @classmethod
    def to(cls, target: Target) -> Dial:
        """Return how a target is dialled: its pinned address where it has one, under the name it is known by."""
        known = cls.at(target.url)
        name = target.server_name
        dialled = cls.at(f"{known.scheme}://{target.address}") if target.address else known
        return replace(dialled, server_name=name or known.server_name, host=name.encode() or known.host)

    @classmethod
    def at(cls, url: str) -> Dial:
        """Return how a host is dialled, by a URL alone."""
        parts = urlsplit(url)
        name = parts.hostname or ""
        name = name if name.isascii() else name.encode("idna").decode()
        usual = _PORTS[parts.scheme]
        port = usual if parts.port is None else parts.port
        shown = f"[{name}]" if ":" in name else name
        return cls(
            scheme=parts.scheme,
            name=name,
            port=port,
            server_name=name,
            host=(shown if port == usual else f"{shown}:{port}").encode(),
        )


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


class Line(ABC):
    """One connection that is kept alive and used by one request at a time; made anew after every failure."""

    __slots__ = ("_dial", "_timeouts", "turn")

    def __init__(self, dial: Dial, timeouts: Timeouts) -> None:
        """Dial nothing yet: the first request does."""
        self._dial, self._timeouts = dial, timeouts
        self.turn = asyncio.Lock()
        """Held by whoever uses the line, for as long as his requests belong together."""

    @abstractmethod
    async def send(self, request: Request, *, cap: int, left: float = math.inf) -> Answer:
        """Send one request and read its answer, `cap` bytes of the body at most; raises CancelledError only.

        `left` is how many seconds the run still has: an answer that it cannot wait for is its own doing, not the target's silence.
        """

    def refuses(self, request: Request) -> str:  # noqa: ARG002  # a line that sends everything asks nothing of it
        """Return why this kind of line cannot send the request exactly as told; empty when it can."""
        return ""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection; the next request opens a fresh one."""


async def deliver(line: Line, request: Request, meter: Meter, *, cap: int) -> Delivery:
    """Send a request under the meter; once more, on a fresh connection, when the kept-alive one had been closed by the server."""
    why = line.refuses(request)
    if why:
        return Delivery(refusal=unsendable(why))
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


def unsendable(why: str) -> Failure:
    """Return the Failure of a request that this driver cannot put on the wire as told."""
    return Failure(kind="unbound", text=f"not sendable by this driver: {why}")


def message(error: BaseException) -> str:
    """Return an exception's words on one line, without long quotes of what went over the wire."""
    said = _QUOTED.sub(lambda found: found[0] if len(found["bytes"]) <= _QUOTE else "b'…'", str(error))
    return " ".join(said.split())[:_LONGEST] or type(error).__name__
