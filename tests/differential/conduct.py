"""Hostile conduct: interim answers, words out of turn, ends at every stage, bytes that come one by one, and silence."""

from __future__ import annotations

import asyncio
from typing import Final

from differential.case import DIFFERS, SHORT, SOON, WHOLE, Case, Table, endless, says, spoken
from lines import request
from servers import Script, Wire, answer, hang_up

_OK: Final = answer(b"ok")
_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"
_HINT: Final = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_SWITCH: Final = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
_UPGRADE: Final = request("GET", b"/", (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))
_PAUSE: Final = 0.02
"""Seconds between two bytes of a slow server."""


def cut_everywhere(data: bytes) -> Script:
    """Return the script that cuts its n-th answer behind its n-th byte."""

    async def script(wire: Wire) -> None:
        for cut in range(1, len(data)):
            await wire.request()
            await spoken(wire, (data[:cut], data[cut:]))

    return script


def unasked(*parts: bytes) -> Script:
    """Return the script that speaks before it is asked, and then listens."""

    async def script(wire: Wire) -> None:
        await spoken(wire, parts)
        await wire.reader.read()

    return script


async def drips(wire: Wire) -> None:
    """Send a byte, wait, send a byte: slowness itself is what is shown."""
    await wire.request()
    await wire.write(answer(b"", length=1_000_000))
    while True:
        await wire.write(b"x")
        await asyncio.sleep(_PAUSE)


async def drips_fields(wire: Wire) -> None:
    """Do the same within the head."""
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while True:
        await wire.write(b"x")
        await asyncio.sleep(_PAUSE)


async def drips_hints(wire: Wire) -> None:
    """Do the same with interim answers."""
    await wire.request()
    while True:
        await wire.write(_HINT)
        await asyncio.sleep(_PAUSE)


async def half_closed(wire: Wire) -> None:
    """Answer, say that nothing more will come, and go on listening."""
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\n\r\nok")
    wire.writer.write_eof()
    await wire.reader.read()


async def half_closed_with_length(wire: Wire) -> None:
    """Do the same with an answer whose length is told."""
    await wire.request()
    await wire.write(answer(b"ok", b"Connection: close"))
    wire.writer.write_eof()
    await wire.reader.read()


async def half_closed_first(wire: Wire) -> None:
    """Say nothing, and that nothing will come."""
    await wire.request()
    wire.writer.write_eof()
    await wire.reader.read()


async def answers_early(wire: Wire) -> None:
    """Answer when the head has come, and read the body only then."""
    await wire.reader.readuntil(b"\r\n\r\n")
    await wire.write(answer(b"too large", b"Connection: close", status=b"413 Content Too Large"))
    await wire.reader.read()


async def refuses_uploads(wire: Wire) -> None:
    """Answer when the head has come, and hang up on the body."""
    await wire.reader.readuntil(b"\r\n\r\n")
    await wire.write(answer(b"too large", b"Connection: close", status=b"413 Content Too Large"))


async def stops_reading(wire: Wire) -> None:
    """Take the head, and nothing more."""
    await wire.reader.readuntil(b"\r\n\r\n")
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]  # the transports of connections can
    await asyncio.Event().wait()


INTERIM: Final[Table] = {
    "100 first": Case(script=says(_CONTINUE + _OK), sees="200 ok / kept: the same"),
    "102 first": Case(script=says(b"HTTP/1.1 102 Processing\r\n\r\n" + _OK), sees="200 ok / kept: the same"),
    "103 first": Case(script=says(_HINT + _OK), sees="200 ok / kept: the same"),
    "199 first": Case(script=says(b"HTTP/1.1 199 Odd\r\n\r\n" + _OK), sees="200 ok / kept: the same"),
    "fifty interim answers": Case(script=says(_HINT * 50 + _OK), sees="200 ok / kept: the same"),
    "interim answers without end": Case(script=endless(b"", _HINT), sees=DIFFERS, times=1, timeouts=SOON, until_time=("httpx",)),
    "interim answers, each by itself": Case(script=says(_HINT, _CONTINUE, _HINT, _OK), sees="200 ok / kept: the same"),
    "an interim answer with a length": Case(
        script=says(b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n" + _OK), sees="200 ok / kept: the same"
    ),
    "an interim answer with chunks": Case(
        script=says(b"HTTP/1.1 103 Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + _OK), sees="200 ok / kept: the same"
    ),
    "an interim answer that closes": Case(script=says(b"HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n" + _OK), sees=DIFFERS),
    "an interim answer of HTTP/1.0": Case(script=says(b"HTTP/1.0 100 Continue\r\n\r\n" + _OK), sees=DIFFERS),
    "an interim answer and garbage": Case(script=says(_CONTINUE + b"garbage\r\n\r\n", then="close"), sees="protocol"),
    "an interim answer and the end": Case(script=says(_CONTINUE, then="close"), sees="closed"),
    "an interim answer behind the answer": Case(script=says(_OK + _CONTINUE), sees=DIFFERS),
    "101 that nobody asked for": Case(script=says(_SWITCH + b"\x81\x05hello", then="close"), sees="protocol"),
    "101 that was asked for": Case(
        script=says(_SWITCH + b"\x81\x05hello", then="close"), asks=_UPGRADE, sees="101 [Upgrade: websocket] no body"
    ),
    "101 without Upgrade": Case(script=says(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", then="close"), asks=_UPGRADE, sees="101 no body"),
    "200 with Upgrade": Case(
        script=says(answer(b"ok", b"Connection: upgrade", b"Upgrade: websocket")),
        sees="200 [Upgrade: websocket] ok / kept: the same",
    ),
    "426 with Upgrade": Case(
        script=says(answer(b"ok", b"Connection: upgrade", b"Upgrade: h2c", status=b"426 Upgrade Required")),
        sees="426 [Upgrade: h2c] ok / kept: the same",
    ),
    "200 to CONNECT": Case(script=says(answer(b"ok"), then="close"), asks=request("CONNECT", b"shop.example:443"), sees="200 no body"),
    "407 to CONNECT": Case(
        script=says(answer(b"ok", status=b"407 Proxy Authentication Required")),
        asks=request("CONNECT", b"shop.example:443"),
        sees="407 ok / kept: the same",
    ),
}

TURNS: Final[Table] = {
    "an answer before the request": Case(script=unasked(_OK), times=1, sees="200 ok", races=("closed", "reset")),
    "an answer before the request, and garbage": Case(
        script=unasked(_OK + b"garbage"), times=1, sees="200 ok", races=("closed", "reset", "protocol")
    ),
    "an interim answer before the request": Case(
        script=unasked(_CONTINUE), times=1, timeouts=WHOLE, sees="timeout (answer was whole)", races=("closed", "reset")
    ),
    "garbage before the request": Case(script=unasked(b"garbage\r\n\r\n"), times=1, sees="protocol", races=("closed", "reset")),
    "two answers at once": Case(script=says(_OK + answer(b"other")), sees=DIFFERS),
    "an answer and garbage": Case(script=says(_OK + b"garbage"), sees=DIFFERS),
    "an answer and an empty line": Case(script=says(_OK + b"\r\n"), sees=DIFFERS),
    "an answer, and another one apart": Case(script=says(_OK, answer(b"other")), pause=20, sees="200 ok"),
    "an answer, and garbage apart": Case(script=says(_OK, b"garbage"), pause=20, sees="200 ok"),
    "an answer, and an interim answer apart": Case(script=says(_OK, _CONTINUE), pause=20, sees="200 ok"),
    "chunks, and another answer apart": Case(script=says(_CHUNKED, _OK), pause=20, sees="200 ok"),
    "no content, and a body apart": Case(script=says(b"HTTP/1.1 204 No Content\r\n\r\n", b"body"), pause=20, sees="204 no body"),
    "an answer, and an empty line apart": Case(script=says(_OK, b"\r\n"), pause=20, sees="200 ok"),
    "an answer and an endless one": Case(script=endless(_OK + b"HTTP/1.1 200 OK\r\n\r\n", b"x"), sees="200 ok"),
    "an early answer to an upload": Case(script=answers_early, asks=request("POST", body=b"x" * 500_000), sees="413 too large"),
    "an early answer, and the upload unread": Case(
        script=refuses_uploads, asks=request("POST", body=b"x" * 500_000), sees="413 too large", races=("reset", "closed")
    ),
    "an early answer, and a long upload unread": Case(script=refuses_uploads, asks=request("POST", body=b"x" * 8_000_000), sees=DIFFERS),
}

ENDS: Final[Table] = {
    "cut behind every byte": Case(script=cut_everywhere(_OK), times=len(_OK) - 1, sees="200 ok / kept: the same"),
    "cut behind every byte, in chunks": Case(script=cut_everywhere(_CHUNKED), times=len(_CHUNKED) - 1, sees="200 ok / kept: the same"),
    "cut behind every byte, after a hint": Case(
        script=cut_everywhere(_HINT + _OK), times=len(_HINT + _OK) - 1, sees="200 ok / kept: the same"
    ),
    "single bytes": Case(script=says(*(bytes([byte]) for byte in _OK)), sees="200 ok / kept: the same"),
    "hangs up at once": Case(script=hang_up, sees="closed", races=("reset",)),
    "closes without a word": Case(script=says(b"", then="close"), sees="closed"),
    "closes in the version": Case(script=says(b"HTTP", then="close"), sees="closed"),
    "closes in the status": Case(script=says(b"HTTP/1.1 2", then="close"), sees="closed"),
    "closes behind the status line": Case(script=says(b"HTTP/1.1 200 OK\r\n", then="close"), sees="closed"),
    "closes in a name": Case(script=says(b"HTTP/1.1 200 OK\r\nX-", then="close"), sees="closed"),
    "closes in a value": Case(script=says(b"HTTP/1.1 200 OK\r\nX-A: b", then="close"), sees="closed"),
    "closes before the empty line": Case(script=says(b"HTTP/1.1 200 OK\r\nX-A: b\r\n", then="close"), sees="closed"),
    "closes in the empty line": Case(script=says(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r", then="close"), sees="closed"),
    "closes behind the head": Case(script=says(answer(b"", length=2), then="close"), sees="closed"),
    "closes in the body": Case(script=says(answer(b"o", length=2), then="close"), sees="closed"),
    "closes in a size": Case(script=says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2", then="close"), sees=DIFFERS),
    "closes in a chunk": Case(script=says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no", then="close"), sees="closed"),
    "closes behind a chunk": Case(
        script=says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", then="close"), sees="closed"
    ),
    "closes behind the last chunk": Case(script=says(_CHUNKED.partition(b"X-Sum")[0], then="close"), sees="closed"),
    "closes in the trailers": Case(script=says(_CHUNKED[:-4], then="close"), sees=DIFFERS),
    "closes before the last empty line": Case(script=says(_CHUNKED[:-2], then="close"), sees=DIFFERS),
    "resets without a word": Case(script=says(b"", then="reset"), sees="reset"),
    "resets in the head": Case(script=says(b"HTTP/1.1 200 OK\r\nX-A:", then="reset"), sees="closed", races=("reset",)),
    "resets in the body": Case(script=says(answer(b"o", length=2), then="reset"), sees="closed", races=("reset",)),
    "resets in a chunk": Case(
        script=says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no", then="reset"), sees="closed", races=("reset",)
    ),
    "resets in a body without a length": Case(script=says(b"HTTP/1.1 200 OK\r\n\r\nok", then="reset"), sees="closed", races=("reset",)),
    "half-closed": Case(script=half_closed, sees="200 ok"),
    "half-closed behind a length": Case(script=half_closed_with_length, sees="200 ok"),
    "half-closed without an answer": Case(script=half_closed_first, sees="closed"),
}

SILENCES: Final[Table] = {
    "never answers": Case(script=says(b"", then="hang"), times=1, timeouts=SHORT, sees="timeout (answer began)"),
    "hangs in the version": Case(script=says(b"HT", then="hang"), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"),
    "hangs behind the head": Case(
        script=says(answer(b"", length=2), then="hang"), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"
    ),
    "hangs in the body": Case(script=says(answer(b"o", length=2), then="hang"), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"),
    "hangs without a length": Case(
        script=says(b"HTTP/1.1 200 OK\r\n\r\nok", then="hang"), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"
    ),
    "hangs in a chunk": Case(
        script=says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no", then="hang"),
        times=1,
        timeouts=WHOLE,
        sees="timeout (answer was whole)",
    ),
    "hangs before the last empty line": Case(
        script=says(_CHUNKED[:-2], then="hang"), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"
    ),
    "hangs behind an interim answer": Case(script=says(_CONTINUE, then="hang"), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"),
    "a body that drips": Case(script=drips, times=1, timeouts=WHOLE, sees="timeout (answer was whole)"),
    "a head that drips": Case(script=drips_fields, times=1, timeouts=WHOLE, sees="timeout (answer was whole)"),
    "interim answers that drip": Case(script=drips_hints, times=1, timeouts=WHOLE, sees="timeout (answer was whole)"),
    "does not read the upload": Case(
        script=stops_reading, asks=request("POST", body=b"x" * 4_000_000), times=1, timeouts=WHOLE, sees="timeout (answer was whole)"
    ),
}
