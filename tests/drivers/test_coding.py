"""Codings that nobody asked for."""

from __future__ import annotations

import gzip
import zlib

import pytest
from driving import GET, asked
from servers import Server, answer, steady

from zeroweight.drivers.coding import decoded
from zeroweight.model.http import Exchange

BARE = zlib.compressobj(wbits=-15)
RAW_DEFLATE = BARE.compress(b"hello") + BARE.flush()
PACKED = gzip.compress(b"hello", mtime=0)


@pytest.mark.parametrize(
    ("coding", "data", "body"),
    [
        (b"gzip", PACKED, b"hello"),
        (b"x-gzip", PACKED, b"hello"),
        (b"deflate", zlib.compress(b"hello"), b"hello"),
        (b"deflate", RAW_DEFLATE, b"hello"),
        (b"deflate, gzip", gzip.compress(zlib.compress(b"hello"), mtime=0), b"hello"),
        (b"identity", b"hello", b"hello"),
        (b"gzip", b"not gzip", b"not gzip"),
        (b"br", b"\x0b\x02\x80hello\x03", b"\x0b\x02\x80hello\x03"),
        (b"gzip, gzip, gzip, gzip", b"whatever", b"whatever"),
    ],
)
def test_a_coding_nobody_asked_for_is_undone(coding: bytes, data: bytes, body: bytes) -> None:
    def check(_: Server, exchanges: list[Exchange]) -> None:
        response = exchanges[0].response
        assert response is not None
        assert (response.body, response.truncated) == (body, False)
        assert response.headers.get("content-encoding") == coding.decode()

    asked(steady(answer(data, b"Content-Encoding: " + coding)), GET.example(), check=check)


@pytest.mark.parametrize(
    ("layers", "size", "truncated"), [(1, 50_000, False), (1, 50_001, True), (1, 20_000_000, True), (2, 20_000_000, True)]
)
def test_a_bomb_is_never_unpacked_beyond_the_cap(*, layers: int, size: int, truncated: bool) -> None:
    data = b"\0" * size
    for _ in range(layers):
        data = gzip.compress(data)

    def check(_: Server, exchanges: list[Exchange]) -> None:
        response = exchanges[0].response
        assert response is not None
        assert response.body == b"\0" * 50_000
        assert response.truncated is truncated

    asked(steady(answer(data, b"Content-Encoding: " + b", ".join([b"gzip"] * layers))), GET.example(), check=check, body_cap=50_000)


@pytest.mark.parametrize(("size", "kept"), [(60_000, 60_000), (65_536, 65_536), (2_000_000, 400_000)])
def test_a_body_grows_to_two_hundred_times_its_length_or_a_little_and_no_more(size: int, kept: int) -> None:
    packed = gzip.compress(b"\0" * size, mtime=0)
    padded = packed + b"x" * max(0, 2_000 - len(packed))  # what follows a member is no part of it
    plain, more = decoded(padded, "gzip", cap=1 << 20)
    assert (len(plain), more) == (kept, kept < size)


@pytest.mark.parametrize(
    ("data", "plain", "more"),
    [
        (PACKED * 3, b"hello" * 3, False),
        (PACKED + gzip.compress(b"x" * 100_000, mtime=0), b"hello" + b"x" * 65_531, True),
        (PACKED * 100, b"hello" * 64, True),
        (PACKED + b"\x1f\x8bbroken", PACKED + b"\x1f\x8bbroken", False),
        (PACKED + b"no member", b"hello", False),
    ],
)
def test_every_member_of_a_gzip_body_is_read_but_not_without_end(data: bytes, plain: bytes, *, more: bool) -> None:
    assert decoded(data, "gzip", cap=1 << 20) == (plain, more)
