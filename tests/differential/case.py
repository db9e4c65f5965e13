"""A hostile server as a row of a table: what it says and how it ends, and what both kinds of line see of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from differential.observed import CAP, PATIENT
from lines import request
from servers import Script, Wire

from zeroweight.drivers.connection import Timeouts
from zeroweight.model.http import Request

GET: Final = request()
HEAD: Final = request("HEAD")
DIFFERS: Final = "?"
"""In the place of what both kinds of line see: they do not see the same, see `differences`."""
AT_ONCE: Final = 1 << 16
"""Bytes that an endless server says at a time, at most."""
SHORT: Final = Timeouts(connect=30, tls=30, first_byte=0.5, total=30)
"""For answers that never begin."""
WHOLE: Final = Timeouts(connect=30, tls=30, first_byte=30, total=0.5)
"""For answers that never end."""
SOON: Final = Timeouts(connect=30, tls=30, first_byte=30, total=2)
"""For answers that never end to one kind of line, and are over at once to the other."""

End = Literal["stay", "close", "reset", "hang"]
"""What a server does behind its words: wait for the next request, say farewell, break off, or do nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hostile server, asked twice on one line, and what comes of it in a few words."""

    script: Script
    sees: str
    """What both kinds of line see (`observed.words`); what only one of them sees stands in `differences`."""
    asks: Request = GET
    times: int = 2
    cap: int = CAP
    timeouts: Timeouts = PATIENT
    pause: int = 0
    """Turns of the loop between two requests: what a server says in parts has come by then."""
    until_time: tuple[str, ...] = ()
    """The kinds of line that read on until the time is up, so that time alone bounds what is read."""
    races: tuple[str, ...] = ()
    """What may be seen as well, by chance: whether an end comes as a farewell or as a reset is the system's choice."""


Table = Mapping[str, Case]


def says(*parts: bytes, then: End = "stay") -> Script:
    """Return the script that says this to every request, part by part, and then ends like that."""

    async def script(wire: Wire) -> None:
        while True:
            await wire.request()
            await spoken(wire, parts)
            if then == "hang":
                await asyncio.Event().wait()
            if then == "reset":
                wire.reset()
            if then != "stay":
                return

    return script


async def spoken(wire: Wire, parts: tuple[bytes, ...]) -> None:
    """Write part by part; the reader, who is in the same loop, has his turn in between."""
    for part in parts:
        await wire.write(part)
        for _ in range(3):
            await asyncio.sleep(0)


def endless(first: bytes, again: bytes) -> Script:
    """Return the script that says something again and again, for as long as somebody reads."""
    much = again * max(1, AT_ONCE // len(again))

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(first)
        while True:
            await wire.write(much)

    return script


def plain(head: bytes, body: bytes = b"", *, then: End = "stay") -> Script:
    """Return the script that answers with a head, whose lines are told without their ends, and a body."""
    return says(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body, then=then)


def ok(fields: bytes, body: bytes = b"", *, then: End = "stay") -> Script:
    """Return the script that answers 200 with these lines of fields, and a body."""
    return plain(b"HTTP/1.1 200 OK" + (b"\n" + fields if fields else b""), body, then=then)
