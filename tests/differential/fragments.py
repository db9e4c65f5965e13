"""Answers of which fuzzing makes its own: pieces of good and of bad ones, put together and then spoilt."""

from __future__ import annotations

import gzip
from typing import Final

from hypothesis import strategies as st

CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_STATUS: Final = [
    *(
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 304 Not Modified\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 200\r\n",
    ),
    *(b"HTTP/1.1 100 Continue\r\n", b"HTTP/1.1 103 Early Hints\r\n", b"HTTP/1.1 101 Switching Protocols\r\n", b"HTTP/1.1 999 \xe9\r\n"),
    *(
        b"HTTP/2.0 200 OK\r\n",
        b"HTTP/0.9 200 OK\r\n",
        b"RTSP/1.0 200 OK\r\n",
        b"HTTP/1.1 099 Less\r\n",
        b"GET / HTTP/1.1\r\n",
        b"HTTP/1.1 2",
    ),
]
_FIELDS: Final = [
    *(
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 99999\r\n",
        b"Content-Length: -1\r\n",
        b"content-length: 18446744073709551621\r\n",
    ),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked \r\n",
    ),
    *(
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Connection: upgrade\r\n",
        b"Upgrade: websocket\r\n",
        b"Content-Encoding: gzip\r\n",
    ),
    *(
        b"X-A: b\r\n",
        b"X-A:\r\n",
        b"X-A: \xff\r\n",
        b"X-A: a\r\n b\r\n",
        b"X-A: a\nX-B: b\r\n",
        b"X-\0: b\r\n",
        b": b\r\n",
        b"X-A : b\r\n",
        b"X-A\r\n",
    ),
]
_BODIES: Final = [
    *(
        b"hello",
        b"",
        b"hello world",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"zz\r\n",
    ),
    *(
        b"fffffffffffffffff\r\n",
        b"-1\r\n",
        b"5\nhello\n0\n\n",
        gzip.compress(b"hello", mtime=0),
        b"\r\n",
        b"\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\0" * 9,
    ),
]


@st.composite
def _message(draw: st.DrawFn) -> bytes:
    """Return something like an answer."""
    fields = b"".join(draw(st.lists(st.sampled_from(_FIELDS), max_size=4)))
    end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b""]))
    return draw(st.sampled_from(_STATUS)) + fields + end + draw(st.sampled_from(_BODIES))


@st.composite
def _spoilt(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Return bytes of which a part is lost, said twice, or replaced."""
    data = draw(whole)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        data = (
            data[:start]
            + draw(st.sampled_from([b"", data[start:end] * 2, b"\r", b"\n", b"\0", b" ", b":"]) | st.binary(max_size=4))
            + data[end:]
        )
    return data


messages: Final = st.lists(_message(), min_size=1, max_size=3).map(b"".join)
answers: Final = messages | _spoilt(messages) | st.binary(max_size=200)
"""What a server may say: good, bad, or nonsense."""
beginnings: Final = (
    answers
    | st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n"])
    | st.sampled_from([b"", b"0\r\n", b"0\r\nX-T: ", b"0\r\nX-T", b"5;", b"5;a=", b"0", b"5\r\nhello\r\n"]).map(CHUNKED.__add__)
)
"""What a server may say before it says something else again and again."""
pieces: Final = st.sampled_from([*_STATUS, *_FIELDS, *_BODIES, b"x", b"1\r\nx\r\n", b"1;e\r\nx\r\n", b";e", b"X-T: 1\r\n"]).filter(
    bool
) | st.binary(min_size=1, max_size=20)
"""What a server may say again and again."""


@st.composite
def cut(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> list[bytes]:
    """Return bytes in parts, none of them empty."""
    data = draw(whole)
    places = sorted(draw(st.sets(st.integers(1, max(1, len(data) - 1)), max_size=6)))
    return [part for part in (data[start:end] for start, end in zip([0, *places], [*places, None], strict=True)) if part]
