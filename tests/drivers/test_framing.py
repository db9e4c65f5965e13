"""Which requests can be read in one way only, and why others cannot."""

from __future__ import annotations

import string

import h11
import httptools
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from zeroweight.drivers import framing
from zeroweight.drivers.framing import Field, ambiguous, twofold, whole_chunks
from zeroweight.drivers.wire import written
from zeroweight.model.http import Headers, Request

HOST = (b"Host", b"shop.example")
FIVE = (b"Content-Length", b"5")
CHUNKED = (b"Transfer-Encoding", b"chunked")


def request(*fields: Field, method: str = "POST", target: bytes = b"/x", body: bytes = b"", host: bool = True) -> Request:
    return Request(method=method, target=target, headers=Headers(raw=((HOST,) if host else ()) + fields), body=body)


def judged(asked: Request) -> str:
    return ambiguous(asked, written(asked))


@pytest.mark.parametrize(
    "asked",
    [
        request(method="GET"),
        request(method="GET", target=b"*"),
        request(method="GET", target=b"http://other.example/x"),
        request(method="GET", target=b"//a/../b;c\\d?e#f\xff%00%0d%0a"),
        request(method="GET", target=b"/" + b"a" * 65536),
        request(method="get"),
        request(method="M-SEARCH"),
        request((b"X-A", b""), (b"X-A", b" \t"), (b"x-a", b"a\tb"), (b"X!#$%&'*+.^`|~9", b"\xff"), method="GET"),
        request((b"X-A", b"\x01\x7f\x0b"), method="GET"),
        request((b"Content-Length", b"0"), method="GET"),
        request((b"Connection", b"keep-alive, x-a"), method="GET"),
        request((b"Expect", b"100-continue"), method="GET"),
        request((b"TE", b"trailers"), (b"Trailer", b"x"), method="GET"),
        request((b"Content-Length", b"0")),
        request(),
        request(FIVE, body=b"hello"),
        request((b"content-length", b" 5\t"), body=b"hello"),
        request((b"CONTENT-LENGTH", b"5"), body=b"\r\n\r\n\0"),
        request((b"Connection", b"keep-alive"), FIVE, body=b"hello"),
        request(CHUNKED, body=b"5\r\nhello\r\n0\r\n\r\n"),
        request((b"transfer-encoding", b" chunked"), body=b"0\r\n\r\n"),
        request((b"Content-Length", b"18"), body=b"GET is not a verb."),
        request((b"Content-Length", b"31"), body=b"We speak\nHTTP/1.1, and /a, only"),
        request((b"Content-Length", b"20"), body=b'{"a": "GET HTTP/1"}\n'),
        *(request((f"x-{n}".encode(), b"v" * n)) for n in range(100, 105)),
        request(*((b"x-%d" % n, b"v") for n in range(2000))),
    ],
)
def test_what_can_be_read_in_one_way_is_not_ambiguous(asked: Request) -> None:
    assert judged(asked) == ""


INNER = [
    b"DELETE /a HTTP/1.1\n",
    b"DELETE  /a HTTP/1.1\r\n",
    b"DELETE\t/a\x0bHTTP/1.1\r\n",
    b"DELETE\xa0/a\x85HTTP/1.1\r\n",
    b"DELETE /a\rHTTP/1.1\r\n",
    b" \t\x0c\x1fDELETE /a HTTP/1.1\r\n",
    b"DELETE /a b HTTP/1.1\r\n",
    b"DELETE /a?" + b"b" * 60_000 + b" HTTP/1.1\r\n",
    b"delete /a http/1.1\r\n",
    b"X_1 /a Http/1.1\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]
INNER_UNEXPECTED = [
    b"GET /a\r\n",
    b"get /a",
    b"GET a",
    b"Hello World",
    b"see 2",
    b"DELETE\xa0/a",
    b"\0GET /a",
    b"\xef\xbb\xbfGET /a",
    b" ",
    b"a\nb",
]
HARMLESS = [b'{"a": 1}', b"[1, 2]", b'"a b"', b"<a b='c'/>", b"a=b&c=%20", b"-1", b"null", b"GET", b"this is not json"]

TWOFOLD = [
    # The request line.
    (request(target=b"/x HTTP/1.1"), "blanks"),
    (request(target=b" "), "blanks"),
    (request(target=b"/x\tb"), "blanks"),
    (request(target=b"/x\x0bb"), "blanks"),
    (request(target=b"/x\x0cb"), "blanks"),
    (request(target=b""), "target is empty"),
    (request(target=b"/x\r\nA: b"), "target has CR, LF or NUL"),
    (request(target=b"/x\nb"), "target has CR, LF or NUL"),
    (request(target=b"/x\rb"), "target has CR, LF or NUL"),
    (request(target=b"/x\0b"), "target has CR, LF or NUL"),
    (request(method=""), "method"),
    (request(method="GET /a"), "method"),
    (request(method="GET\r\n"), "method"),
    (request(method="G\u00c9T"), "method"),
    (request(method="G\udcffT"), "method"),
    (request(method="GET:"), "method"),
    # Where fields begin and end.
    (request((b"X-A", b"1\r\nX-B: 2")), "X-A has CR, LF or NUL"),
    (request((b"X-A", b"1\nX-B: 2")), "X-A has CR, LF or NUL"),
    (request((b"X-A", b"1\rX-B: 2")), "X-A has CR, LF or NUL"),
    (request((b"X-A", b"1\r\n folded")), "X-A has CR, LF or NUL"),
    (request((b"X-A", b"1\0")), "X-A has CR, LF or NUL"),
    (request((b"X-A", b"1\r\n\r\nGET /admin HTTP/1.1")), "X-A has CR, LF or NUL"),
    (request((b"X\r\nA", b"1")), "not a token"),
    (request((b"Content-Length ", b"5"), body=b"hello"), "not a token"),
    (request((b" Content-Length", b"5"), body=b"hello"), "not a token"),
    (request((b"Content-Length:", b"5"), body=b"hello"), "not a token"),
    (request((b"Content-Length\0", b"5"), body=b"hello"), "not a token"),
    (request((b"X\tA", b"5")), "not a token"),
    (request((b"X-\xff", b"5")), "not a token"),
    (request((b"", b"5")), "not a token"),
    # Whom it is for.
    (request(host=False), "no Host"),
    (request((b"host", b"other.example")), "two Hosts"),
    (request(HOST), "two Hosts"),
    # Content-Length.
    (request(FIVE, body=b"hello, world"), "not the body's length of 12"),
    (request(FIVE, body=b"hell"), "not the body's length of 4"),
    (request(FIVE), "not the body's length of 0"),
    (request((b"Content_Length", b"5")), "not the body's length of 0"),
    (request(FIVE, FIVE, body=b"hello"), "stands twice"),
    (request(FIVE, (b"content-length", b"6"), body=b"hello"), "stands twice"),
    (request(FIVE, (b"content_length", b"5"), body=b"hello"), "stands twice"),
    (request((b"Content-Length", b"5, 5"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"+5"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"-1")), "not a plain number"),
    (request((b"Content-Length", b"05"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"0x5"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"5.0"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"5_"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", "\u0665".encode()), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"9" * 400), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"5\x0b"), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b""), body=b"hello"), "not a plain number"),
    (request((b"Content-Length", b"")), "not a plain number"),
    (request(body=b"hello"), "neither"),
    (request((b"Connection", b"close, Content-Length"), FIVE, body=b"hello"), "content-length taken off"),
    (request((b"Connection", b"transfer-encoding"), CHUNKED, body=b"0\r\n\r\n"), "transfer-encoding taken off"),
    (request((b"connection", b"Host")), "host taken off"),
    (request((b"Expect", b"100-continue"), FIVE, body=b"hello"), "Expect"),
    (request((b"expect", b"x"), CHUNKED, body=b"0\r\n\r\n"), "Expect"),
    # Transfer-Encoding.
    (request(CHUNKED, (b"Content-Length", b"5"), body=b"0\r\n\r\n"), "beside Content-Length"),
    (request(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"chunked, chunked"), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"xchunked"), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"gzip, chunked"), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"Chunked"), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"identity"), body=b"hello"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"\x0bchunked"), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b"chunked;q=1"), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer-Encoding", b""), body=b"0\r\n\r\n"), "not exactly chunked"),
    (request((b"Transfer_Encoding", b"chunked"), FIVE, body=b"0\r\n\r\n"), "beside Content-Length"),
    (request(CHUNKED), "not one whole sequence of chunks"),
    (request(CHUNKED, body=b"5\r\nhello\r\n"), "not one whole sequence of chunks"),
    # A request within.
    (request((b"Content-Length", b"25"), body=b"GET /admin HTTP/1.1\r\nX: y"), "begins like a request"),
    (request((b"Content-Length", b"19"), body=b"\r\n\r\nGET /a HTTP/1.1"), "begins like a request"),
    *((request((b"Content-Length", b"%d" % len(body)), body=body), "begins like a request") for body in INNER),
    *((request((b"Content-Length", b"%d" % len(body)), method="GET", body=body), "next request") for body in (*INNER, *INNER_UNEXPECTED)),
    (request((b"Content-Length", b"15"), method="DELETE", body=b"GET /a HTTP/1.1"), "body of DELETE unread, and take it"),
    (request((b"Content-Length", b"11"), method="post", body=b"Hello World"), "body of post unread, and take it"),
]


@pytest.mark.parametrize(("asked", "why"), TWOFOLD)
def test_what_may_be_read_as_two_is_told_with_the_reason(asked: Request, why: str) -> None:
    assert why in judged(asked)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request(FIVE, method="GET", body=b"hello"), "may leave the body of GET unread"),
        (request(FIVE, method="DELETE", body=b"hello"), "may leave the body of DELETE unread"),
        *((request((b"Content-Length", b"%d" % len(body)), method="QUERY", body=body), "body of QUERY unread") for body in HARMLESS),
        (request(FIVE, method="post", body=b"hello"), "may leave the body of post unread"),
        (request((b"Upgrade", b"h2c"), (b"Connection", b"upgrade"), method="GET"), "upgrade"),
        (request((b"Connection", b"x-a, CLOSE"), method="GET"), "nothing follows"),
    ],
)
def test_what_only_its_connection_should_not_outlive_is_ambiguous_and_not_twofold(asked: Request, why: str) -> None:
    assert why in judged(asked)
    assert twofold(asked.method.encode(), asked.target, asked.headers.raw, asked.body) == ""


@pytest.mark.parametrize(
    ("fields", "body", "why"),
    [
        ((), b"xx", ""),
        ((FIVE,), b"hello", "before the body is known"),
        ((CHUNKED,), b"0\r\n\r\n", "not one whole sequence"),
        ((), b"PUT /x HTTP/1.1\r\nx", "begins like a request"),
    ],
)
def test_a_body_with_gaps_has_no_length_that_could_be_right(fields: tuple[Field, ...], body: bytes, why: str) -> None:
    told = twofold(b"POST", b"/x", (HOST, *fields), body, whole=False)
    assert why in told
    assert bool(told) == bool(why)


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (b"0\r\n\r\n", True),
        (b"000\r\n\r\n", True),
        (b"5\r\nhello\r\n0\r\n\r\n", True),
        (b"0005\r\nhello\r\n0\r\n\r\n", True),
        (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", True),
        (b"4\r\n\r\n\r\n\r\n0\r\n\r\n", True),
        (b'5;a\r\nhello\r\n0;b=c;d="e\\"; f"\r\n\r\n', True),
        (b"5\r\nhello\r\n0\r\nX-T: a\r\nx-u:\r\n\r\n", True),
        (b"", False),
        (b"0\r\n", False),
        (b"0\r\n\r", False),
        (b"0\r\n\r\n\r\n", False),
        (b"0\r\n\r\nGET / HTTP/1.1\r\n", False),
        (b"0\n\n", False),
        (b"0\r\n\n", False),
        (b"5\nhello\n0\n\n", False),
        (b"5\r\nhello\r\n", False),
        (b"5\r\nhello0\r\n\r\n", False),
        (b"5\r\nhello, 0\r\n\r\n", False),
        (b"5\r\nhell\r\n0\r\n\r\n", False),
        (b"5\r\nhello!\r\n0\r\n\r\n", False),
        (b"-5\r\nhello\r\n0\r\n\r\n", False),
        (b"+5\r\nhello\r\n0\r\n\r\n", False),
        (b"0x5\r\nhello\r\n0\r\n\r\n", False),
        (b" 5\r\nhello\r\n0\r\n\r\n", False),
        (b"5 \r\nhello\r\n0\r\n\r\n", False),
        (b"g\r\nhello\r\n0\r\n\r\n", False),
        (b"\r\nhello\r\n0\r\n\r\n", False),
        (b"5;\r\nhello\r\n0\r\n\r\n", False),
        (b"5;a\nb\r\nhello\r\n0\r\n\r\n", False),
        (b'5;a="b\r\nhello\r\n0\r\n\r\n', False),
        (b"5;a\rb\r\nhello\r\n0\r\n\r\n", False),
        (b"1" + b"0" * 16 + b"\r\nhello\r\n0\r\n\r\n", False),
        (b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", False),
        (b"0\r\nContent-Length: 5\r\n\r\n", False),
        (b"0\r\ntransfer_encoding: chunked\r\n\r\n", False),
        (b"0\r\nHost: b\r\n\r\n", False),
        (b"0\r\nX-T : a\r\n\r\n", False),
        (b"0\r\nX-T: a\n\r\n", False),
        (b"0\r\nX-T: a\r\n b\r\n\r\n", False),
    ],
)
def test_only_whole_well_formed_chunks_are_chunks(body: bytes, *, whole: bool) -> None:
    assert whole_chunks(body) is whole


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
@settings(deadline=None)
def test_chunks_of_any_content_are_whole_and_none_of_their_beginnings_is(parts: list[bytes]) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    assert whole_chunks(body)
    assert not any(whole_chunks(body[:cut]) for cut in range(len(body)))


# What is put together of odd pieces: the quick way says what the long way says, and what is plain is one request to other parsers.

ODD = st.sampled_from([b" ", b"\t", b"\r\n", b"\n", b"\r", b"\0", b":", b",", b"_", b"\x0b", b"\xff", b"0", b"a", b"\x85"])
FIELDS = st.sampled_from(
    [
        HOST,
        FIVE,
        CHUNKED,
        *((name, value) for name in (b"X-A", b"content_length", b"x-b") for value in (b"5", b"a", b"", b"chunked", b"GET / HTTP/1.1")),
        *((name, value) for name in (b"Connection", b"Expect", b"Upgrade") for value in (b"close", b"100-continue", b"content-length")),
    ]
)
BODIES = [b"", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"GET /b HTTP/1.1\r\nHost: c\r\n\r\n", b"\r\n\r\n"]


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Return a request that is plain at first, often with another field, and often with one odd byte in its head."""
    body = draw(st.sampled_from(BODIES))
    chunked = body.endswith(b"0\r\n\r\n") and draw(st.booleans())
    fields = [HOST, CHUNKED if chunked else (b"Content-Length", b"%d" % len(body)), (b"X-C", b"1")]
    if draw(st.booleans()):
        fields.insert(draw(st.integers(0, 3)), draw(FIELDS))
    parts = [
        draw(st.sampled_from([b"POST", b"PATCH", b"GET", b"PURGE"])),
        draw(st.sampled_from([b"/x", b"*", b"http://b.example/x?a=b#c"])),
    ]
    parts += [part for field in fields for part in field]
    if draw(st.booleans()):
        where = draw(st.integers(0, len(parts) - 1))
        cut = draw(st.integers(0, len(parts[where])))
        parts[where] = parts[where][:cut] + draw(ODD) + parts[where][cut:]
    method, target, *rest = parts
    raw = tuple(zip(rest[::2], rest[1::2], strict=True))
    return Request(method=method.decode("utf-8", "surrogateescape"), target=target, headers=Headers(raw=raw), body=body)


@given(requests())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_the_quick_way_says_what_the_long_way_says(asked: Request) -> None:
    method, fields = asked.method.encode("utf-8", "surrogateescape"), asked.headers.raw
    slow = twofold(method, asked.target, fields, asked.body) or framing._unfinished(asked.method, fields, asked.body)
    assert judged(asked) == slow


class Read:
    """What httptools reads."""

    def __init__(self) -> None:
        self.targets: list[bytes] = []
        self.fields: list[Field] = []
        self.body = b""
        self.ends = 0

    def on_url(self, part: bytes) -> None:
        self.targets.append(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.ends += 1


def content(asked: Request) -> bytes:
    """Return what the body says, without its chunks; only for small ones of this file."""
    return asked.body if not any(name.lower() == b"transfer-encoding" for name, _ in asked.headers.raw) else asked.body[3:8].strip()


@given(requests())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@example(request(CHUNKED, body=b"5\r\nhello\r\n0\r\n\r\n"))
@example(request(FIVE, body=b"hello"))
def test_what_is_called_plain_is_exactly_this_request_to_another_parser_or_nothing(asked: Request) -> None:
    assume(not judged(asked))
    data = written(asked) + asked.body
    read = Read()
    parser = httptools.HttpRequestParser(read)
    try:
        parser.feed_data(data)
    except httptools.HttpParserError:
        pass  # refused: nothing was read another way
    else:
        assert (read.ends, b"".join(read.targets), read.body) == (1, asked.target, content(asked))
        assert [name for name, _ in read.fields] == [name for name, _ in asked.headers.raw]
    assert read.ends <= 1

    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    events = []
    try:
        while not isinstance(event := server.next_event(), type(h11.NEED_DATA) | type(h11.PAUSED)):
            events.append(event)
    except h11.RemoteProtocolError:
        return
    assert [type(event) for event in events if not isinstance(event, h11.Data)] == [h11.Request, h11.EndOfMessage]
    head = events[0]
    assert isinstance(head, h11.Request)
    assert (head.target, head.method) == (asked.target, asked.method.encode())
    assert b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data)) == content(asked)
    assert server.trailing_data[0] == b""


def test_a_token_is_what_the_standard_calls_one() -> None:
    allowed = set((string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode())
    for byte in range(256):
        plain = judged(request((b"X" + bytes([byte]) + b"Y", b"1"), method="GET")) == ""
        assert plain == (byte in allowed), byte
