"""Whatever a server says, and however it is cut: the wire does not crash, ends, and tells the same."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pytest
from differential.fragments import CHUNKED, answers, beginnings, cut, pieces
from differential.observed import DEFAULT_CAP
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lines import request

from zeroweight.drivers.connection import Timeouts
from zeroweight.drivers.reply import Reply
from zeroweight.drivers.wire import Wire
from zeroweight.model.http import Failure, Request, Response

CAP: Final = 1000
AT_ONCE: Final = 16 * 1024
"""Bytes that come in one piece."""
READ: Final = 512 * 1024
"""Bytes that are read beside a body, and eight times the cap: enough for a head and what may stand around chunks."""
MEMORY: Final = 2 << 20
"""Bytes of memory that a reader may need, beside three times the cap."""
LONG: Final = b"%x\r\n" % (8 * DEFAULT_CAP) + b"x" * 8 * DEFAULT_CAP + b"\r\n"

ASKS: Final = st.sampled_from(
    [
        request(),
        request("HEAD"),
        request("CONNECT", b"shop.example:443"),
        request("GET", b"/", (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")),
    ]
)
ENDINGS: Final = st.sampled_from([None, ConnectionResetError("reset"), ssl.SSLError("bad record"), ssl.SSLEOFError("no farewell")])


class Far(asyncio.Transport):
    """The way to nobody: what is written is dropped, and an end is told as asyncio tells it."""

    def __init__(self, wire: Wire, idle: socket.socket) -> None:
        super().__init__({"socket": idle})
        self.wire: Wire | None = wire

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Drop it."""

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.connection_lost(None)

    def is_closing(self) -> bool:
        return self.wire is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a wire made of what it was told."""

    failure: str
    response: Response | None
    again: bool
    """Another request may use the connection."""
    rest: bytes
    """What came in later parts than the answer's end."""


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def heard(loop: asyncio.AbstractEventLoop, asks: Request, parts: Sequence[bytes], ending: Exception | None) -> Heard:
    """Tell a wire these parts, and then the end."""
    with socket.socket() as idle:
        wire, reply = Wire(loop), Reply(asks, CAP)
        far = Far(wire, idle)
        wire.connection_made(far)
        over = wire.ask(b"", reply, Timeouts(), total=math.inf, end=math.inf)
        rest = list(parts)
        while rest and not reply.over:
            wire.data_received(rest.pop(0))
        again = reply.over and reply.keep and not wire.spent
        for part in rest:
            wire.data_received(part)
        if ending is None:
            wire.eof_received()
        if far.wire is not None:
            far.wire = None
            wire.connection_lost(ending)
        loop.run_until_complete(wire.aclose())
    assert over.done()
    assert reply.over
    failure: Failure | None = reply.failure
    return Heard(failure=failure.kind if failure else "", response=None if failure else reply.response(), again=again, rest=b"".join(rest))


@settings(max_examples=600, deadline=None)
@given(asks=ASKS, parts=cut(answers), ending=ENDINGS)
def test_an_answer_is_the_same_however_it_is_cut(
    loop: asyncio.AbstractEventLoop, asks: Request, parts: list[bytes], ending: Exception | None
) -> None:
    whole = b"".join(parts)
    single = heard(loop, asks, [bytes([byte]) for byte in whole], ending)
    for one in (heard(loop, asks, [whole] if whole else [], ending), heard(loop, asks, parts, ending)):
        assert (one.failure, one.response) == (single.failure, single.response)
        if not single.rest.strip(b"\r\n"):
            assert one.again or not single.again or single.rest
        else:
            assert one.rest or not one.again, "what stands behind an answer ends its connection"


@settings(max_examples=600, deadline=None)
@given(asks=ASKS, parts=cut(answers), ending=ENDINGS)
def test_whatever_comes_is_an_answer_or_a_failure(
    loop: asyncio.AbstractEventLoop, asks: Request, parts: list[bytes], ending: Exception | None
) -> None:
    one = heard(loop, asks, parts, ending)
    assert (one.response is None) == (one.failure != "")
    assert one.failure in {"", "closed", "reset", "tls", "protocol"}
    if one.response is not None:
        assert 100 <= one.response.status <= 999
        assert one.response.version in {"HTTP/1.0", "HTTP/1.1"}
        assert len(one.response.body) <= CAP
        assert one.response.body == b"" or asks.method != "HEAD"


def ends(asks: Request, cap: int, before: bytes, again: bytes, *, at_once: int) -> None:
    """Hold what is read and needed of an answer without end against its bounds."""
    reply = Reply(asks, cap)
    much = again * (at_once // len(again))
    most = READ + max(len(before), 8 * 3 * cap)
    tracemalloc.start()
    try:
        read, over = len(before), bool(before) and reply.feed(before)
        while not over:
            over = reply.feed(much)
            read += len(much)
            assert read < most
        assert tracemalloc.get_traced_memory()[1] < MEMORY + 3 * cap + len(before)
    finally:
        tracemalloc.stop()


@settings(max_examples=200, deadline=None)
@given(asks=ASKS, before=beginnings, again=pieces)
@example(asks=request(), before=CHUNKED, again=b"0")
@example(asks=request(), before=CHUNKED + b"5;", again=b"x")
@example(asks=request(), before=CHUNKED + b"0\r\nX-T: ", again=b"x")
@example(asks=request(), before=CHUNKED + b"0\r\n", again=b"X-T: 1\r\n")
def test_whatever_is_said_again_and_again_has_an_end_in_little_memory(asks: Request, before: bytes, again: bytes) -> None:
    ends(asks, CAP, before, again, at_once=AT_ONCE)


@settings(max_examples=20, deadline=None)
@given(asks=ASKS, before=beginnings, again=pieces)
@example(asks=request(), before=CHUNKED + LONG + b"0\r\nX-T: ", again=b"x")
@example(asks=request(), before=CHUNKED + LONG + b"0\r\n", again=b"X-T: 1\r\n")
@example(asks=request(), before=CHUNKED + LONG + b"5;", again=b"x")
@example(asks=request(), before=CHUNKED + LONG, again=b"1;e\r\nx\r\n")
def test_the_same_where_a_body_may_be_as_long_as_it_is_by_default(asks: Request, before: bytes, again: bytes) -> None:
    ends(asks, DEFAULT_CAP, before, again, at_once=8 * AT_ONCE)
