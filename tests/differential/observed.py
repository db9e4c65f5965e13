"""What one kind of line saw of a server: all that both kinds must see alike, and the same in a few words, for the table of differences."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from driving import meter
from lines import KINDS

from zeroweight.drivers.connection import Delivery, Dial, Timeouts, deliver
from zeroweight.model.http import Request

LIMIT: Final = 60
"""Seconds after which a test is given up."""
CAP: Final = 100_000
"""Bytes of a body that are kept."""
DEFAULT_CAP: Final = 1 << 20
"""Bytes of a body that are kept where nobody says otherwise."""
PATIENT: Final = Timeouts(connect=30, tls=30, first_byte=30, total=30)

_PHASE: Final = re.compile(r"no (TCP connection|TLS handshake|answer (?:began|was whole)) within")
_SHOWN: Final = 20
"""Bytes of a body, or of a field's value, that are shown in a few words."""
_MANY: Final = 4
"""Fields that are counted and not shown any more."""
_EVERYDAY: Final = re.compile(rb"(?i:content-length: \d+|content-type: .*|connection: .*)|(?i:transfer-encoding): chunked")
"""Fields that are not shown in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One delivery, but for instants and for a failure's words beyond the phase whose time was up."""

    kind: str
    phase: str
    status: int
    version: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    truncated: bool
    digest: str
    fresh: bool
    stale: bool
    resent: bool

    @classmethod
    def of(cls, delivery: Delivery) -> Observed:
        """Take from a delivery what both kinds of line must tell alike; a date is only known to be there."""
        answer, response, failure = delivery.answer, delivery.answer.response, delivery.failure
        phase = _PHASE.search(failure.text) if failure else None
        raw = response.headers.raw if response else ()
        return cls(
            kind=failure.kind if failure else "",
            phase=phase[1] if phase else "",
            status=response.status if response else 0,
            version=response.version if response else "",
            headers=tuple((name, b"" if name.lower() == b"date" else value) for name, value in raw),
            body=response.body if response else b"",
            truncated=bool(response and response.truncated),
            digest=response.digest if response else "",
            fresh=answer.fresh,
            stale=answer.stale,
            resent=delivery.resent,
        )

    @property
    def sent(self) -> str:
        """On what connection it was sent, where that is no fresh one."""
        return "resent: " if self.resent else "" if self.fresh else "kept: "

    @property
    def words(self) -> str:
        """What came, in a few words."""
        if self.kind:
            return self.kind + (f" ({self.phase})" if self.phase else "")
        fields = [(name, value) for name, value in self.headers if not _EVERYDAY.fullmatch(name + b": " + value)]
        told = "; ".join(f"{_text(name)}: {_text(value)}" for name, value in fields) if len(fields) < _MANY else f"{len(fields)} fields"
        parts = [
            str(self.status),
            "" if self.version == "HTTP/1.1" else self.version,
            f"[{told}]" if told else "",
            _text(self.body) or "no body",
            "cut" if self.truncated else "",
            "hashed" if self.digest else "",
        ]
        return " ".join(filter(None, parts))


def _text(data: bytes) -> str:
    """Return a few letters as they are, made harmless; of anything else, how much it is."""
    if len(data) > _SHOWN or not data.isascii():
        return f"{len(data)} bytes"
    return data.decode().encode("unicode_escape").decode()


async def observed(
    kind: str,
    dial: Dial,
    requests: Sequence[Request],
    *,
    trusts: ssl.SSLContext | None = None,
    timeouts: Timeouts = PATIENT,
    cap: int = CAP,
    pause: int = 0,
) -> tuple[Observed, ...]:
    """Send requests one after the other over one line of a kind; between two, the server has so many turns of the loop."""
    line = KINDS[kind](dial, trusts, timeouts)
    try:
        async with asyncio.timeout(LIMIT):
            seen: list[Observed] = []
            for each in requests:
                for _ in range(pause if seen else 0):
                    await asyncio.sleep(0)
                seen.append(Observed.of(await deliver(line, each, meter(), cap=cap)))
            return tuple(seen)
    finally:
        await line.aclose()


def words(seen: Sequence[Observed]) -> str:
    """Return what was seen in a few words; what is seen again and again is told once."""
    told: list[str] = []
    last = ""
    for each in seen:
        now = each.sent + ("the same" if each.words == last else each.words)
        if now != "the same" and (not told or told[-1] != now):
            told.append(now)
        last = each.words
    return " / ".join(told)


def dialled(scheme: str, port: int, server_name: str = "") -> Dial:
    """Return how a port of this machine is dialled, under a name of its own."""
    dial = Dial.at(f"{scheme}://127.0.0.1:{port}")
    return replace(dial, server_name=server_name or dial.server_name)
