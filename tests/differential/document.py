"""The page of the two drivers: `python tests/differential/document.py > docs/drivers.md`, with `harness` and `tests` in PYTHONPATH.

What it says of timeouts, refusals and differences is taken from the code and from the tables that the tests hold against real servers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from differential.behaviours import BEHAVIOURS
from differential.differences import DIFFERENCES
from differential.hostile import CASES, TABLES
from differential.peer import PEERS
from differential.secure import SECURE
from lines import request

from zeroweight.drivers.connection import Dial, Timeouts
from zeroweight.drivers.httpx_line import HttpxLine
from zeroweight.model.http import Headers, Request

_HOST: Final = (b"Host", b"shop.example")


def _sent(*fields: tuple[bytes, bytes], method: str = "GET", target: bytes = b"/", body: bytes = b"") -> Request:
    return Request(method=method, target=target, headers=Headers(raw=fields), body=body)


ODD: Final[Mapping[str, Request]] = {
    "a method with a blank in it": _sent(_HOST, method="GET /x"),
    "a target with a blank in it": _sent(_HOST, target=b"/a b"),
    "a target of raw bytes": _sent(_HOST, target=b"/\xe9"),
    "an empty target": _sent(_HOST, target=b""),
    "a header name with a blank in it": request("GET", b"/", (b"X A", b"b")),
    "CR LF in a header": request("GET", b"/", (b"X-A", b"a\r\nX-B: b")),
    "NUL in a header": request("GET", b"/", (b"X-A", b"a\0b")),
    "a blank at the end of a header": request("GET", b"/", (b"X-A", b"a ")),
    "two Hosts": _sent(_HOST, _HOST),
    "no Host": _sent((b"X-A", b"b")),
    "Host behind another header": _sent((b"X-A", b"b"), _HOST),
    "two lengths": _sent(_HOST, (b"Content-Length", b"1"), (b"Content-Length", b"1"), method="POST", body=b"a"),
    "a length that lies": _sent(_HOST, (b"Content-Length", b"5"), method="POST", body=b"a"),
    "a body without a length": _sent(_HOST, method="POST", body=b"a"),
    "chunks": _sent(_HOST, (b"Transfer-Encoding", b"chunked"), method="POST", body=b"0\r\n\r\n"),
}
"""Requests that the wire sends as they stand."""

PHASES: Final[Mapping[str, tuple[str, str]]] = {
    "connect": ("a TCP connection", "no TCP connection within …"),
    "tls": ("the TLS handshake", "no TLS handshake within …"),
    "first_byte": ("the first byte of the answer (to httpx: its head)", "no answer began within …"),
    "total": ("the whole request, connecting included", "no answer was whole within …"),
}

INTRODUCTION: Final = """# The two drivers

Made by `PYTHONPATH=harness:tests python tests/differential/document.py > docs/drivers.md`; a test holds it against the code, and the code
against servers.

A gate sends over one of two drivers: `driver = "wire"` in gate.toml, which is the default, or `driver = "httpx"`. Both keep to the same
budget, rate, level, lock and governor, dial pinned addresses under their names, show client certificates, and tell what they saw in the
same words.

| | wire | httpx |
| --- | --- | --- |
| for | probes: exactly the bytes that a scenario tells | the reference, HTTP/2, services that the wire reads too strictly |
| requests | the bytes that are told, within the limits below | what is sent unchanged; all else is a gap, told before anything is dialled |
| answers | read by httptools (llhttp) | read by h11, or h2 |
| protocols | HTTP/1.1 and 1.0 | HTTP/1.1, 1.0 and 2 |
| schemas, logins, identity | never | always, whatever the driver is |
| cost | see [measurements](measurements.md) | see there |

Take `httpx` when probes should go over HTTP/2 (over TLS, where the server agrees; schemas, identity and logins stay HTTP/1.1), or when both
sides answer in a way that a table below calls `protocol` for the wire: lines that end in LF alone, folded fields, and a length that stands
twice are the usual ones. Everything else is better asked over the wire.

HTTP/2 writes field names in small letters and `:authority` for Host; an answer has no reason, and its version is HTTP/2. Over https the
httpx driver also refuses Connection, Keep-Alive, Proxy-Connection, Upgrade, TE other than trailers, and CONNECT.

What the wire cannot send: a request line that does not end in `HTTP/1.1` (unless the target brings a version of its own, behind which that
one stands), a field without `: ` behind its name or without CR LF behind it, a head without the empty line at its end, fields before those
that the harness writes itself, and half a request. Targets and values may hold anything, CR LF too, so lines of any kind can still be made
within one.

uvloop serves as well as asyncio, but for one thing: where a name has several addresses, uvloop tries them one after the other, each for
as long as the system does, and asyncio begins with the next when one has not answered within a quarter of a second.

What is read has bounds: a head of 100 kB, a body up to the cap of the run (what goes beyond is hashed up to eight times the cap, then hung
up on), a compressed body of two hundred times its length, three codings one over another. An answer with more is cut and says so, or is
a failure of kind `protocol`. The wire also bounds what stands around chunks: 400 kB and two bytes for each byte of the body altogether, and
100 kB, and what one read brings, without any byte of the body between, which is what all trailers may have.

The digest of a body that was cut is that of the body as it came: of a compressed one, that of its compressed bytes.

The wire uses a connection again only where nothing stands behind its answer: what has come by the time that the next request is written
ends it, in a part of its own as well. httpx looks for such parts, too, but not behind the answer within one, see "Turns" below. What comes
later than that nobody can tell from the answer to the next request: both take it for that.
"""
ALIKE: Final = f"""{len(CASES) + len(SECURE)} hostile servers are asked by both drivers, once or twice on one line, and
{len(PEERS)} well-behaved ones ({", ".join(sorted(PEERS))}) for {len(BEHAVIOURS)} behaviours, in the clear and in TLS. What does not stand
here is seen alike: status, header fields byte for byte, body, truncation, digest, version, the kind of failure, the phase of a timeout, and
whether the connection is used again; but whether an end without an answer is told as `closed` or `reset` is sometimes the system's choice.
`kept` means that the second request went over the same connection, `cut` that the body was longer than the cap.
"""


def text() -> str:
    """Return the page."""
    return "\n".join(
        [
            INTRODUCTION,
            "## How long each phase may take\n",
            _table(("Phase", "Seconds", "What a failure of kind `timeout` says"), _phases()),
            "## What httpx does not send\n",
            'The wire sends each of these as it stands; with `driver = "httpx"` such a probe is a gap, with these words.\n',
            _table(("Request", "Why not"), _refusals()),
            "## Where the two see different things\n",
            ALIKE,
            *_differences(),
        ]
    )


def _phases() -> list[Sequence[str]]:
    limits = Timeouts()
    return [(what, f"{getattr(limits, name):g}", f"`{said}`") for name, (what, said) in PHASES.items()]


def _refusals() -> list[Sequence[str]]:
    line = HttpxLine(Dial.at("http://shop.example"), None, Timeouts())
    return [(name, line.refuses(asks)) for name, asks in ODD.items()]


def _differences() -> Iterable[str]:
    """Yield a table for each kind of hostility."""
    for title, table in TABLES.items():
        rows = [(name, f"`{each.wire}`", f"`{each.httpx}`", each.why) for name in table if (each := DIFFERENCES.get(name))]
        if rows:
            yield f"### {title}\n"
            yield _table(("Server", "wire", "httpx", "Why"), rows)
    rows = [(name, f"`{case.sees}`", f"`{case.httpx}`", case.why) for name, case in SECURE.items() if case.httpx]
    if rows:
        yield "### TLS\n"
        yield _table(("Server", "wire", "httpx", "Why"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(text())
