"""What is refused since a line on httpx would not send it as told, and what is sent byte for byte."""

from __future__ import annotations

import asyncio

import pytest
from driving import PATIENT
from lines import told
from servers import steady

from zeroweight.drivers.connection import Dial
from zeroweight.drivers.httpx_line import HttpxLane, HttpxLine
from zeroweight.drivers.sendable import changed
from zeroweight.model.http import Headers, Request

HOST = (b"Host", b"shop.example")


def plainly(*fields: tuple[bytes, bytes], method: str = "GET", target: bytes = b"/", body: bytes = b"") -> Request:
    """Return a request with exactly these fields."""
    return Request(method=method, target=target, headers=Headers(raw=fields), body=body)


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        (plainly(HOST, method="G T"), "the method is not a token"),
        (plainly(HOST, method="CAF\u00c9"), "the method is not a token"),
        (plainly(HOST, method=""), "the method is not a token"),
        (plainly(HOST, target=b"/a b"), "the request target has blanks"),
        (plainly(HOST, target=b"/caf\xe9"), "raw bytes above 0x7e"),
        (plainly(HOST, target=b""), "or is empty"),
        (plainly(HOST, (b"X A", b"1")), "the header name b'X A' is not a token"),
        (plainly(HOST, (b"", b"1")), "the header name b'' is not a token"),
        (plainly(HOST, (b"X-A:", b"1")), "is not a token"),
        (plainly(HOST, (b"X-A", b"a\r\nb")), "the value of the header X-A"),
        (plainly(HOST, (b"X-A", b"a\x00b")), "the value of the header X-A"),
        (plainly(HOST, (b"X-A", b" a")), "the value of the header X-A"),
        (plainly(HOST, (b"X-A", b"a\t")), "the value of the header X-A"),
        (plainly(), "there is no Host"),
        (plainly((b"X-A", b"1"), HOST), "Host is not the first field"),
        (plainly(HOST, (b"host", b"other.example")), "host stands twice"),
        (plainly(HOST, (b"Transfer-Encoding", b"chunked"), body=b"0\r\n\r\n"), "Transfer-Encoding would be framed anew"),
        (plainly(HOST, (b"Content-Length", b"3"), (b"Content-Length", b"3"), body=b"abc"), "content-length stands twice"),
        (plainly(HOST, (b"Content-Length", b"4"), body=b"abc"), "Content-Length differs"),
        (plainly(HOST, (b"Content-Length", b"03"), body=b"abc"), "Content-Length differs"),
        (plainly(HOST, (b"Content-Length", b""), body=b""), "Content-Length differs"),
        (plainly(HOST, (b"Content-Length", b"1")), "Content-Length differs"),
        (plainly(HOST, body=b"abc"), "the body has no Content-Length"),
    ],
)
def test_what_would_not_be_sent_as_told_is_refused_before_anything_is_dialled_or_counted(asks: Request, says: str) -> None:
    assert says in changed(asks)
    for line in (HttpxLine, HttpxLane):
        assert says in line(Dial.at("https://shop.example"), None, PATIENT).refuses(asks)
    seen = asyncio.run(told("httpx", steady(), asks))
    assert (seen.kinds, seen.connections, seen.taken) == (("unbound",), 0, 0)


@pytest.mark.parametrize(
    "asks",
    [
        plainly(HOST),
        plainly((b"HOST", b""), (b"x-a", b""), (b"X-A", b"\xe9\xff"), (b"X-A", b"a \t b")),
        plainly(HOST, method="pAtCh!", target=b"http://other.example/../%zz?[]|#x"),
        plainly(HOST, (b"content-LENGTH", b"0"), method="POST"),
        plainly(HOST, (b"Content-Length", b"3"), body=b"a\x00\xff"),
        plainly(HOST, (b"Connection", b"close"), (b"TE", b"gzip"), (b"Cookie", b"a=1"), (b"cookie", b"b=2"), target=b"*", method="OPTIONS"),
    ],
)
def test_what_is_not_refused_is_sent_byte_for_byte(asks: Request) -> None:
    seen = asyncio.run(told("httpx", steady(), asks))
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in asks.headers.raw)
    assert seen.requests == (asks.method.encode() + b" " + asks.target + b" HTTP/1.1\r\n" + fields + b"\r\n" + asks.body,)
    assert seen.kinds == ("",)
