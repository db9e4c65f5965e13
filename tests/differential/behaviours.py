"""What every peer does in its own way: the requests, and what must come of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from differential.observed import PATIENT
from differential.peer import PEERS
from lines import request

from zeroweight.drivers.connection import Timeouts
from zeroweight.model.http import Request

THING: Final = b'{"id": 5}'
UPLOAD: Final = b"".join(b"%06d\n" % number for number in range(30_000))
"""More than the system takes at once."""
EVERYWHERE: Final = frozenset(PEERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A request, sent several times on one line, and what its answers are."""

    asks: Request
    status: int = 200
    body: bytes | None = THING
    """None where each peer has words of its own."""
    kept: bool = True
    """The connection is used again."""
    times: int = 2
    truncated: bool = False
    version: str = "HTTP/1.1"
    fields: tuple[tuple[bytes, bytes], ...] = ()
    """Fields that must be there, names in small letters, in this order among themselves."""
    kind: str = ""
    """Of the failure, where no answer is to be had."""
    phase: str = ""
    timeouts: Timeouts = PATIENT
    on: frozenset[str] = EVERYWHERE
    """The peers that can do it."""


BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    "plain": Behaviour(asks=request("GET", b"/plain"), fields=((b"content-type", b"application/json"),)),
    "a HEAD": Behaviour(asks=request("HEAD", b"/plain"), body=b"", fields=((b"content-length", b"9"),)),
    "no content": Behaviour(asks=request("GET", b"/empty"), status=204, body=b""),
    "not modified": Behaviour(asks=request("GET", b"/same"), status=304, body=b"", fields=((b"etag", b'"v1"'),)),
    "chunks": Behaviour(asks=request("GET", b"/parts"), body=b"onetwo", fields=((b"transfer-encoding", b"chunked"),)),
    "a HEAD of chunks": Behaviour(asks=request("HEAD", b"/parts"), body=b""),
    "gzip that nobody asked for": Behaviour(asks=request("GET", b"/zipped"), fields=((b"content-encoding", b"gzip"),)),
    "longer than the cap": Behaviour(asks=request("GET", b"/big"), body=b"x" * 100_000, truncated=True),
    "a HEAD of something long": Behaviour(asks=request("HEAD", b"/big"), body=b"", fields=((b"content-length", b"300000"),)),
    "a redirect": Behaviour(asks=request("GET", b"/moved"), status=302, body=None, fields=((b"location", b"http://elsewhere.example/"),)),
    "thirty on one connection": Behaviour(asks=request("GET", b"/plain"), times=30),
    "the server closes": Behaviour(asks=request("GET", b"/last"), body=b"bye", kept=False),
    "the client closes": Behaviour(asks=request("GET", b"/plain", (b"Connection", b"close")), kept=False),
    "nothing there": Behaviour(asks=request("GET", b"/nothing"), status=404, body=None),
    "a small upload": Behaviour(asks=request("POST", b"/length", body=b"note=1"), body=b"6"),
    "an empty upload": Behaviour(asks=request("POST", b"/length", (b"Content-Length", b"0")), body=None),
    "an upload": Behaviour(asks=request("POST", b"/length", body=UPLOAD), body=b"%d" % len(UPLOAD), times=3),
    "an upload, summed up": Behaviour(
        asks=request("POST", b"/sum", body=UPLOAD), body=hashlib.sha256(UPLOAD).hexdigest().encode(), on=EVERYWHERE - {"nginx"}
    ),
    "an upload that waits for nothing": Behaviour(  # a server may leave its body unread, so nothing may follow it
        asks=request("POST", b"/length", (b"Expect", b"100-continue"), body=b"note=1"),
        body=b"6",
        kept=False,
    ),
    "many fields": Behaviour(
        asks=request("GET", b"/many"), fields=tuple((b"x-field-%02d" % number, b"%d" % number) for number in range(90))
    ),
    "a field that stands twice": Behaviour(asks=request("GET", b"/twice"), fields=((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))),
    "early hints": Behaviour(asks=request("GET", b"/hints"), on=frozenset({"h11", "go", "node"})),
    "an answer of HTTP/1.0": Behaviour(
        asks=request("GET", b"/old"), body=b"old", kept=False, version="HTTP/1.0", on=frozenset({"go", "node"})
    ),
    "no first byte": Behaviour(
        asks=request("GET", b"/never"),
        status=0,
        body=b"",
        kept=False,
        times=1,
        version="",
        kind="timeout",
        phase="answer began",
        timeouts=Timeouts(connect=30, tls=30, first_byte=0.2, total=30),
    ),
}
