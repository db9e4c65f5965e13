"""One answer, read as it comes: whole, cut anywhere, broken, or longer than it may be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lines import request

from zeroweight.drivers.reply import Reply
from zeroweight.model.http import Request

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CAP = 1 << 20
HEAD = 100 * 1024
LONG = b"%x\r\n" % (8 * CAP) + b"x" * 8 * CAP + b"\r\n"
"""A chunk as long as any body that is read to its end."""
UPGRADE = request("GET", b"/", (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))


def read(data: bytes, asked: Request, *, cap: int = 1000, step: int = 0) -> Reply:
    """Return the reply to all of the data, then the connection's end; `step` bytes at a time."""
    reply = Reply(asked, cap)
    for part in cut(data, step):
        reply.feed(part)
    if not reply.over:
        reply.end()
    return reply


def cut(data: bytes, step: int) -> Iterator[bytes]:
    size = step or len(data) or 1
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("step", [0, 1, 2, 7])
@pytest.mark.parametrize(
    ("data", "status", "body", "keep"),
    [
        (OK + b"Content-Length: 4\r\n\r\nbody", 200, b"body", True),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b"", True),
        (OK + b"Connection: close\r\nContent-Length: 4\r\n\r\nbody", 200, b"body", False),
        (OK + b"\r\nto the end", 200, b"to the end", False),
        (OK + b"Transfer-Encoding: gzip\r\n\r\nto the end", 200, b"to the end", False),
        (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", 200, b"abc", True),
        (CHUNKED + b"3;name=value\r\nabc\r\n1\r\nd\r\n0\r\nTrailer: x\r\nX: y\r\n\r\n", 200, b"abcd", True),
        (OK + b"Transfer-Encoding: chunked  \r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, b"abc", True),
        (OK + b"Transfer-Encoding: chunked\t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, b"abc", True),
        (OK + b"Transfer-Encoding: chunked, gzip\t\r\n\r\nto the end", 200, b"to the end", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 200, b"a", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", 200, b"a", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", 304, b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", 200, b"a", True),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", 999, b"", True),
    ],
)
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, status: int, body: bytes, *, keep: bool, step: int) -> None:
    reply = read(data, request(), step=step)
    assert reply.failure is None
    response = reply.response()
    assert (response.status, response.body, reply.keep) == (status, body, keep)
    assert not {"trailer", "link"} & {name.lower() for name in response.headers}
    assert 0 < reply.first <= reply.last


@pytest.mark.parametrize(
    ("asked", "data", "status", "keep"),
    [
        (request("HEAD"), OK + b"Content-Length: 4\r\n\r\n", 200, True),
        (request("HEAD"), OK + b"Content-Length: 4\r\n\r\nbody", 200, False),
        (request("HEAD"), OK + b"Transfer-Encoding: chunked\r\n\r\n", 200, True),
        (request(), b"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\nbody", 204, False),
        (request("CONNECT"), OK + b"\r\ntunnel", 200, False),
        (UPGRADE, b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00", 101, False),
    ],
)
def test_where_no_body_may_be_none_is_taken(asked: Request, data: bytes, status: int, *, keep: bool) -> None:
    reply = read(data, asked)
    assert reply.failure is None
    assert (reply.response().status, reply.response().body, reply.keep) == (status, b"", keep)


@pytest.mark.parametrize("behind", [b"garbage", OK, OK + b"Content-Length: 0\r\n\r\n", b"\x00"])
@pytest.mark.parametrize("data", [OK + b"Content-Length: 4\r\n\r\nbody", CHUNKED + b"4\r\nbody\r\n0\r\n\r\n"])
def test_what_comes_behind_an_answer_is_no_part_of_it_and_ends_the_connection(data: bytes, behind: bytes) -> None:
    reply = read(data + behind, request())
    assert (reply.response().status, reply.response().body, reply.keep) == (200, b"body", False)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 2", "closed"),
        (OK + b"Content-Length: 5\r\n\r\nbody", "closed"),
        (CHUNKED + b"4\r\nbody\r\n", "closed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "closed"),
        (b"garbage\r\n\r\n", "protocol"),
        (OK + b"no colon\r\n\r\n", "protocol"),
        (OK + b"Content-Length: +4\r\n\r\nbody", "protocol"),
        (OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody", "protocol"),
        (OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nbody", "protocol"),
        (CHUNKED + b"zz\r\n", "protocol"),
        (CHUNKED + b"-1\r\n", "protocol"),
        (CHUNKED + b"fffffffffffffffff\r\n", "protocol"),
        (OK + b"A: \x00\r\n\r\n", "protocol"),
        (OK + b"A : b\r\n\r\n", "protocol"),
        (b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "protocol"),
        (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "protocol"),
        (b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n", "protocol"),
        (b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n", "protocol"),
        (OK + b"A: " + b"a" * 120_000 + b"\r\n\r\n", "protocol"),
        (OK + b"A: b\r\n" * 20_000 + b"\r\n", "protocol"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000, "protocol"),
        (b"HTTP/1.1 200 " + b"a" * 120_000, "protocol"),
        (OK + b"Transfer-Encoding: chunked\t\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "protocol"),
        (OK + b"Transfer-Encoding: chunked \t \r\n\r\n4\r\nbody\r\n0\r\n\r\n", "protocol"),
        (OK + b"Transfer-Encoding: gzip,\tCHUNKED\t\r\n\r\n0\r\n\r\n", "protocol"),
        (OK + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked ,\r\n\r\n0\r\n\r\n", "protocol"),
    ],
)
def test_what_is_no_whole_answer_has_its_kind(data: bytes, kind: str, *, step: int) -> None:
    if step and len(data) > 10_000:
        step = 1_000
    reply = read(data, request(), step=step)
    assert reply.failure is not None
    assert (reply.failure.kind, reply.keep) == (kind, False)


def test_a_body_longer_than_the_cap_is_cut_and_its_connection_kept_while_it_ends() -> None:
    reply = read(OK + b"Content-Length: 20\r\n\r\n" + b"0123456789" * 2, request(), cap=7, step=4)
    response = reply.response()
    assert (response.body, response.truncated, len(response.digest), reply.keep) == (b"0123456", True, 64, True)


def test_an_endless_body_is_an_answer_without_a_digest_and_ends_the_connection() -> None:
    reply = Reply(request(), 1000)
    reply.feed(OK + b"Content-Length: 10000000000\r\n\r\n")
    count = 0
    while not reply.feed(b"x" * 500):
        count += 1
    response = reply.response()
    assert (count, len(response.body), response.truncated, response.digest, reply.keep) == (16, 1000, True, "", False)


@pytest.mark.parametrize("at_once", [1_000, 64 * 1024, 256 * 1024])
@pytest.mark.parametrize(
    ("before", "again", "most"),
    [
        (OK + b"X-A: ", b"a", HEAD),
        (OK, b"X-A: b\r\n", HEAD),
        (CHUNKED, b"0", HEAD),
        (CHUNKED + b"5;", b"e", HEAD),
        (CHUNKED + b"0\r\nX-T: ", b"x", HEAD),
        (CHUNKED + LONG + b"0\r\nX-T: ", b"x", HEAD),
        (CHUNKED + LONG + b"0\r\n", b"X-T: x\r\n", HEAD),
        (CHUNKED + LONG + b"5;", b"e", HEAD),
        (CHUNKED + LONG, b"0", HEAD),
        (CHUNKED, b"1;" + b"e" * 90 + b"\r\nx\r\n", 5 * HEAD),
        (CHUNKED, b"1\r\nx\r\n", 8 * HEAD),
    ],
    ids=range(11),
)
def test_what_is_no_body_has_a_bound_whatever_body_there_was(before: bytes, again: bytes, most: int, at_once: int) -> None:
    reply = Reply(request(), CAP)
    over = any(reply.feed(part) for part in cut(before, at_once))
    read, much = 0, again * (at_once // len(again))
    while not over and read <= most + 2 * at_once:
        over = reply.feed(much)
        read += len(much)
    assert over, "each feed may cost as much as there is of a line already"
    assert reply.failure is not None
    assert reply.failure.kind == "protocol"
    assert read <= most + 2 * at_once


@pytest.mark.parametrize(("count", "size"), [(80_000, 1), (300_000, 3)])
def test_many_small_chunks_are_an_answer_within_that_bound(count: int, size: int) -> None:
    reply = read(CHUNKED + b"%x\r\n%b\r\n" % (size, b"x" * size) * count + b"0\r\n\r\n", request(), cap=CAP, step=64 * 1024)
    assert reply.failure is None
    assert reply.response().body == b"x" * count * size


def test_blanks_and_tabs_behind_a_value_are_no_part_of_it() -> None:
    reply = read(OK + b"X-A: \t a\tb \t\r\nContent-Length: 0 \t\r\n\r\n", request())
    assert reply.response().headers.raw == ((b"X-A", b"a\tb"), (b"Content-Length", b"0"))


def test_what_is_fed_after_the_end_changes_nothing_but_the_connection() -> None:
    reply = read(OK + b"Content-Length: 4\r\n\r\nbody", request())
    assert reply.keep
    assert reply.feed(b"more")
    assert (reply.response().body, reply.keep) == (b"body", False)
