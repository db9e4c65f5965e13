"""What really goes out for odd requests, byte for byte: a socket takes down all that it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from driving import GET, POST, ask, driver_of, kind, meter
from servers import Authority, Wire, serving

from zeroweight.model.outcome import Level
from zeroweight.model.request import Probe, Template
from zeroweight.model.target import Side, Target, Tls

HOST = b"Host: shop.example\r\n"
HOUSE = (
    b"User-Agent: zeroweight/%b\r\nAccept: */*\r\nAccept-Encoding: identity\r\nx-zeroweight-run: r-7\r\n" % version("zeroweight").encode()
)
OWN = b"traceparent: t\r\n"
"""Each probe brings this field of its own, in front of its others, so that all bytes are known."""
USUAL = HOST + HOUSE + OWN
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

PLAIN = replace(GET.example(), headers=((b"traceparent", Template.of("t")),))
PLAIN_SENT = b"GET /orders HTTP/1.1\r\n" + USUAL + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One odd request: what is told, what goes out, how servers may read it, and whether httpx sends it at all."""

    probe: Probe
    sent: bytes
    reading: str = "plain"
    """`plain`: as one; `elsewhere`: too, but to somebody else; `last`: as the last on its connection; `twofold`: as another, or as two."""
    httpx: bool = False
    """Whether the reference driver sends the same; else it refuses."""


def line(target: bytes, *, reading: str = "plain", httpx: bool = False) -> Case:
    """Return a GET with this request target."""
    return Case(
        probe=replace(PLAIN, target=Template.of(target)),
        sent=b"GET " + target + b" HTTP/1.1\r\n" + USUAL + b"\r\n",
        reading=reading,
        httpx=httpx,
    )


def verb(method: bytes, *, reading: str = "plain", httpx: bool = False) -> Case:
    """Return a request of the usual target with this method."""
    probe = replace(PLAIN, operation=replace(GET, method=method.decode("utf-8", "surrogateescape")))
    return Case(probe=probe, sent=method + b" /orders HTTP/1.1\r\n" + USUAL + b"\r\n", reading=reading, httpx=httpx)


def fields(*pairs: tuple[bytes, bytes], sent: bytes, reading: str = "plain", httpx: bool = False, role: str = "anonymous") -> Case:
    """Return a GET with these header fields; `sent` is what goes out behind the fields of the house."""
    headers = tuple((name, Template.of(value)) for name, value in ((b"traceparent", b"t"), *pairs))
    probe = replace(PLAIN, headers=headers, role=role)
    return Case(probe=probe, sent=b"GET /orders HTTP/1.1\r\n" + sent, reading=reading, httpx=httpx)


def posted(
    *pairs: tuple[bytes, bytes], body: bytes, sent: bytes, reading: str = "twofold", httpx: bool = False, method: str = "POST"
) -> Case:
    """Return a request with these fields and this body; `sent` is what goes out behind the probe's own traceparent."""
    headers = tuple((name, Template.of(value)) for name, value in ((b"traceparent", b"t"), *pairs))
    probe = replace(POST.example(), method=method, headers=headers, body=Template.of(body))
    return Case(probe=probe, sent=method.encode() + b" /orders HTTP/1.1\r\n" + USUAL + sent, reading=reading, httpx=httpx)


TARGETS = {
    "dot segments": line(b"/a/../../b/./c", httpx=True),
    "encoded dot segments": line(b"/%2e%2e/%2E%2e;/x", httpx=True),
    "double slashes": line(b"//evil.example//x", httpx=True),
    "backslashes": line(b"/..\\..\\x", httpx=True),
    "fragment": line(b"/x#frag?y", httpx=True),
    "bad percent": line(b"/%zz%2%", httpx=True),
    "encoded NUL and line end": line(b"/%00%0d%0a", httpx=True),
    "unwise letters": line(b"/[]{}|^`<>\"'", httpx=True),
    "very long": line(b"/" + b"a" * 65536, httpx=True),
    "asterisk": line(b"*", httpx=True),
    "absolute form": line(b"http://other.example/x", reading="elsewhere", httpx=True),
    "authority form": line(b"other.example:443", reading="elsewhere", httpx=True),
    "userinfo": line(b"http://a:b@other.example:99999/", reading="elsewhere", httpx=True),
    "no slash": line(b"orders", reading="elsewhere", httpx=True),
    "question mark only": line(b"?", reading="elsewhere", httpx=True),
    "raw 8-bit bytes": line(b"/\xff\xe9\xc3\xa9"),
    "control bytes": line(b"/\x01\x1f\x7f"),
    "raw space": line(b"/a b", reading="twofold"),
    "space and version": line(b"/a HTTP/0.9", reading="twofold"),
    "tab": line(b"/a\tb", reading="twofold"),
    "NUL": line(b"/a\0b", reading="twofold"),
    "CR LF and a field": line(b"/a HTTP/1.1\r\nX-A: b\r\nX-B: ", reading="twofold"),
    "bare LF": line(b"/a\nb", reading="twofold"),
    "a whole request": line(b"/a HTTP/1.1\r\nHost: b\r\n\r\nGET /c", reading="twofold"),
    "empty target": line(b"", reading="twofold"),
}
METHODS = {
    "lower case": verb(b"get", httpx=True),
    "unknown": verb(b"M-SEARCH", httpx=True),
    "very long method": verb(b"A" * 5000, httpx=True),
    "all letters of a token": verb(b"!#$%&'*+-.^_`|~09azAZ", httpx=True),
    "blank in the method": verb(b"GET /b", reading="twofold"),
    "8-bit method": verb(b"G\xc9T", reading="twofold"),
    "UTF-8 method": verb("GÉT".encode(), reading="twofold"),
    "empty method": verb(b"", reading="twofold"),
    "CR LF in the method": verb(b"GET /a HTTP/1.1\r\n\r\nGET", reading="twofold"),
}
FIELDS = {
    "case, order and duplicates": fields(
        (b"X-b", b"1"),
        (b"x-A", b"2"),
        (b"X-B", b"3"),
        (b"x-b", b"1"),
        sent=USUAL + b"X-b: 1\r\nx-A: 2\r\nX-B: 3\r\nx-b: 1\r\n\r\n",
        httpx=True,
    ),
    "empty value": fields((b"X-A", b""), sent=USUAL + b"X-A: \r\n\r\n", httpx=True),
    "100 fields": fields(
        *((b"X-%d" % n, b"v") for n in range(100)), sent=USUAL + b"".join(b"X-%d: v\r\n" % n for n in range(100)) + b"\r\n", httpx=True
    ),
    "value of 64 KiB": fields((b"X-A", b"v" * 65536), sent=USUAL + b"X-A: " + b"v" * 65536 + b"\r\n\r\n", httpx=True),
    "name of 8 KiB": fields((b"X" * 8192, b"v"), sent=USUAL + b"X" * 8192 + b": v\r\n\r\n", httpx=True),
    "8-bit value": fields((b"X-A", b"\xff\x80"), sent=USUAL + b"X-A: \xff\x80\r\n\r\n", httpx=True),
    "inner blanks": fields((b"X-A", b"a \t b"), sent=USUAL + b"X-A: a \t b\r\n\r\n", httpx=True),
    "blanks at the ends": fields((b"X-A", b"  a\t "), sent=USUAL + b"X-A:   a\t \r\n\r\n"),
    "control bytes in a value": fields((b"X-A", b"a\x01\x08b"), sent=USUAL + b"X-A: a\x01\x08b\r\n\r\n", httpx=True),
    "vertical tab in a value": fields((b"X-A", b"a\x0bb"), sent=USUAL + b"X-A: a\x0bb\r\n\r\n"),
    "empty name": fields((b"", b"a"), sent=USUAL + b": a\r\n\r\n", reading="twofold"),
    "blank in a name": fields((b"X A", b"a"), sent=USUAL + b"X A: a\r\n\r\n", reading="twofold"),
    "blank before the colon": fields((b"Content-Length ", b"0"), sent=USUAL + b"Content-Length : 0\r\n\r\n", reading="twofold"),
    "blank before the name": fields((b" X-A", b"a"), sent=USUAL + b" X-A: a\r\n\r\n", reading="twofold"),
    "colon in a name": fields((b"X-A: b", b"a"), sent=USUAL + b"X-A: b: a\r\n\r\n", reading="twofold"),
    "8-bit name": fields((b"X-\xff", b"a"), sent=USUAL + b"X-\xff: a\r\n\r\n", reading="twofold"),
    "NUL in a name": fields((b"X\0A", b"a"), sent=USUAL + b"X\0A: a\r\n\r\n", reading="twofold"),
    "NUL in a value": fields((b"X-A", b"a\0b"), sent=USUAL + b"X-A: a\0b\r\n\r\n", reading="twofold"),
    "CR LF and a field in a value": fields((b"X-A", b"a\r\nX-B: c"), sent=USUAL + b"X-A: a\r\nX-B: c\r\n\r\n", reading="twofold"),
    "bare CR in a value": fields((b"X-A", b"a\rb"), sent=USUAL + b"X-A: a\rb\r\n\r\n", reading="twofold"),
    "line folding": fields((b"X-A", b"a\r\n b"), sent=USUAL + b"X-A: a\r\n b\r\n\r\n", reading="twofold"),
    "a whole request in a value": fields(
        (b"X-A", b"a\r\n\r\nGET /b HTTP/1.1\r\nX-B: c"), sent=USUAL + b"X-A: a\r\n\r\nGET /b HTTP/1.1\r\nX-B: c\r\n\r\n", reading="twofold"
    ),
    # A probe can say another Host, and say it twice; it cannot have none, since what it does not say the house does.
    "another Host": fields((b"Host", b"other.example:99999"), sent=HOUSE + OWN + b"Host: other.example:99999\r\n\r\n", reading="elsewhere"),
    "empty Host": fields((b"Host", b""), sent=HOUSE + OWN + b"Host: \r\n\r\n", reading="elsewhere"),
    "8-bit Host": fields((b"hOST", b"\xff"), sent=HOUSE + OWN + b"hOST: \xff\r\n\r\n", reading="elsewhere"),
    "two Hosts": fields((b"Host", b"a"), (b"host", b"b"), sent=HOUSE + OWN + b"Host: a\r\nhost: b\r\n\r\n", reading="twofold"),
    "close": fields((b"Connection", b"close"), sent=USUAL + b"Connection: close\r\n\r\n", reading="last", httpx=True),
    "upgrade": fields(
        (b"Connection", b"Upgrade, HTTP2-Settings"),
        (b"Upgrade", b"h2c"),
        (b"HTTP2-Settings", b"AAMAAABkAAQAoAAAAAIAAAAA"),
        sent=USUAL + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
        reading="last",
        httpx=True,
    ),
    "a hop that drops the length": fields(
        (b"Connection", b"content-length"), sent=USUAL + b"Connection: content-length\r\n\r\n", reading="twofold", httpx=True
    ),
    "cookies beside the jar": fields(
        (b"COOKIE", b'lang=fr;  x="a b";;sid'), sent=USUAL + b'COOKIE: lang=fr;  x="a b";;sid\r\n\r\n', role="bob", httpx=True
    ),
    "two Cookie fields": fields(
        (b"Cookie", b"a=1"),
        (b"cookie", b"sid=2"),
        sent=USUAL + b"Cookie: a=1; sid=b-2; lang=de\r\ncookie: sid=2\r\n\r\n",
        role="bob",
        httpx=True,
    ),
    "no cookies at all": fields((b"Cookie", b""), sent=USUAL + b"Cookie: \r\n\r\n", role="bob", httpx=True),
    "a forged token": fields((b"AUTHORIZATION", b"bearer "), sent=USUAL + b"AUTHORIZATION: bearer \r\n\r\n", role="alice"),
}
BODIES = {
    "plain": posted(body=b"abc", sent=b"Content-Length: 3\r\n\r\nabc", reading="plain", httpx=True),
    "NULs and line ends": posted(body=b"\0\r\n\r\n\xff", sent=b"Content-Length: 6\r\n\r\n\0\r\n\r\n\xff", reading="plain", httpx=True),
    "GET with a body": posted(method="GET", body=b"abc", sent=b"Content-Length: 3\r\n\r\nabc", reading="last", httpx=True),
    "HEAD with a body": posted(method="HEAD", body=b"abc", sent=b"Content-Length: 3\r\n\r\nabc", reading="last", httpx=True),
    "GET with a request as a body": posted(
        method="GET", body=b"DELETE  /b\r\n\r\n", sent=b"Content-Length: 14\r\n\r\nDELETE  /b\r\n\r\n", httpx=True
    ),
    "a request as a body": posted(body=b"GET /b HTTP/1.1\r\n\r\n", sent=b"Content-Length: 19\r\n\r\nGET /b HTTP/1.1\r\n\r\n", httpx=True),
    "Expect": posted((b"Expect", b"100-continue"), body=b"abc", sent=b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", httpx=True),
    "length too long": posted((b"Content-Length", b"10"), body=b"abc", sent=b"Content-Length: 10\r\n\r\nabc"),
    "length too short": posted((b"content-length", b"1"), body=b"abc", sent=b"content-length: 1\r\n\r\nabc"),
    "length negative": posted((b"Content-Length", b"-1"), body=b"abc", sent=b"Content-Length: -1\r\n\r\nabc"),
    "length with a plus": posted((b"Content-Length", b"+3"), body=b"abc", sent=b"Content-Length: +3\r\n\r\nabc"),
    "length as a list": posted((b"Content-Length", b"3, 3"), body=b"abc", sent=b"Content-Length: 3, 3\r\n\r\nabc"),
    "length empty": posted((b"Content-Length", b""), body=b"abc", sent=b"Content-Length: \r\n\r\nabc"),
    "length beyond all numbers": posted((b"Content-Length", b"9" * 30), body=b"abc", sent=b"Content-Length: " + b"9" * 30 + b"\r\n\r\nabc"),
    "length twice the same": posted(
        (b"Content-Length", b"3"), (b"Content-Length", b"3"), body=b"abc", sent=b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"
    ),
    "two lengths": posted(
        (b"Content-Length", b"3"), (b"content-length", b"4"), body=b"abc", sent=b"Content-Length: 3\r\ncontent-length: 4\r\n\r\nabc"
    ),
    "chunks": posted(
        (b"Transfer-Encoding", b"chunked"),
        body=b"3\r\nabc\r\n0\r\n\r\n",
        sent=b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        reading="plain",
    ),
    "chunks with extensions and trailers": posted(
        (b"TE", b"trailers"),
        (b"Transfer-Encoding", b"chunked"),
        body=b'3;a="b"\r\nabc\r\n0;c\r\nX-T: d\r\n\r\n',
        sent=b'TE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n0;c\r\nX-T: d\r\n\r\n',
        reading="plain",
    ),
    "chunk of another size": posted(
        (b"Transfer-Encoding", b"chunked"), body=b"9\r\nabc\r\n0\r\n\r\n", sent=b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc\r\n0\r\n\r\n"
    ),
    "no last chunk": posted(
        (b"Transfer-Encoding", b"chunked"), body=b"3\r\nabc\r\n", sent=b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    ),
    "chunks by bare LF": posted(
        (b"Transfer-Encoding", b"chunked"), body=b"3\nabc\n0\n\n", sent=b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"
    ),
    "a request behind the chunks": posted(
        (b"Transfer-Encoding", b"chunked"),
        body=b"0\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
        sent=b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
    ),
    "chunks beside a length": posted(
        (b"Content-Length", b"5"),
        (b"Transfer-Encoding", b"chunked"),
        body=b"0\r\n\r\n",
        sent=b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "Transfer-Encoding twice": posted(
        (b"Transfer-Encoding", b"chunked"),
        (b"transfer-encoding", b"identity"),
        body=b"0\r\n\r\n",
        sent=b"Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
    ),
    "chunked, chunked": posted(
        (b"Transfer-Encoding", b"chunked, chunked"), body=b"0\r\n\r\n", sent=b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"
    ),
    "xchunked": posted((b"Transfer-Encoding", b"xchunked"), body=b"0\r\n\r\n", sent=b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "a tab before chunked": posted(
        (b"Transfer-Encoding", b"\x0bchunked"), body=b"0\r\n\r\n", sent=b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"
    ),
    "underscores": posted(
        (b"Transfer_Encoding", b"chunked"),
        body=b"0\r\n\r\n",
        sent=b"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        httpx=True,
    ),
}
CASES = {**TARGETS, **METHODS, **FIELDS, **BODIES}
QUERY = {
    "query credentials": Case(
        probe=replace(PLAIN, role="eve", target=Template.of("/x?q=1#f")),
        sent=b"GET /x?q=1#f&api%20key=e%263 HTTP/1.1\r\n" + USUAL + b"\r\n",
        httpx=True,
    ),
    "query credentials on nothing": Case(
        probe=replace(PLAIN, role="eve", target=Template.of("*")), sent=b"GET *?api%20key=e%263 HTTP/1.1\r\n" + USUAL + b"\r\n", httpx=True
    ),
}
ALL = [pytest.param(case, id=name) for name, case in {**CASES, **QUERY}.items()]


class Capture:
    """All that was sent, connection by connection; each request that is known is answered, anything else hung up on."""

    def __init__(self, *known: bytes) -> None:
        self.known = known
        self.taken: list[bytearray] = []
        self._ends: list[asyncio.Event] = []

    async def script(self, wire: Wire) -> None:
        """Take down one connection to its end."""
        taken, start, end = bytearray(), 0, asyncio.Event()
        self.taken.append(taken)
        self._ends.append(end)
        try:
            while data := await wire.reader.read(65536):
                taken += data
                if any(taken[start:] == known for known in self.known):
                    start = len(taken)
                    await wire.write(DONE)
                elif not any(known.startswith(taken[start:]) for known in self.known):
                    return
        finally:
            end.set()

    async def all(self) -> list[bytes]:
        """Return what each connection brought, once the client has ended them all."""
        async with asyncio.timeout(60):
            for end in self._ends:
                await end.wait()
        return [bytes(taken) for taken in self.taken]


@contextlib.asynccontextmanager
async def capturing(
    *known: bytes, tls: ssl.SSLContext | None = None, trusted: Tls | None = None, **more: Any
) -> AsyncIterator[tuple[Capture, Target]]:
    """Run a server that knows these requests; yields what it takes down, and the target `shop.example` that is dialled at its address."""
    capture = Capture(*known)
    async with serving(capture.script, tls=tls) as server:
        given = {"url": f"{server.scheme}://elsewhere.example:81", "address": f"127.0.0.1:{server.port}", "server_name": "shop.example"}
        yield capture, Target(side=Side.CANARY, tls=trusted or Tls(), **{**given, **more})


def told(case: Case) -> list[bytes]:
    """Return what the connections bring when a plain request follows: ambiguous ones are the last on theirs."""
    return [case.sent + PLAIN_SENT] if case.reading in {"plain", "elsewhere"} else [case.sent, PLAIN_SENT]


@pytest.mark.parametrize("case", ALL)
def test_exactly_the_bytes_that_are_told_go_out_and_nothing_ambiguous_meets_the_next_request(case: Case) -> None:
    async def main() -> None:
        async with capturing(case.sent, PLAIN_SENT) as (capture, target):
            limits = meter()
            driver = driver_of(target, meter=limits)
            exchanges = await ask(driver, case.probe, PLAIN)
            await driver.close()
            assert [(exchange.status, exchange.failure, exchange.resent) for exchange in exchanges] == [(200, None, False)] * 2
            assert await capture.all() == told(case)
            assert limits.sent == 2

    asyncio.run(main())


@pytest.mark.parametrize("case", ALL)
def test_the_reference_driver_sends_the_same_bytes_or_refuses_beforehand(case: Case) -> None:
    async def main() -> None:
        async with capturing(case.sent, PLAIN_SENT) as (capture, target):
            limits = meter()
            driver = driver_of(target, meter=limits, driver="httpx")
            odd, plain = await ask(driver, case.probe, PLAIN)
            await driver.close()
            assert (plain.status, limits.sent) == (200, 2 if case.httpx else 1)
            sent = b"".join(await capture.all())
            if case.httpx:
                assert (odd.status, sent) == (200, case.sent + PLAIN_SENT)
            else:
                assert (kind(odd), odd.request, sent) == ("unbound", None, PLAIN_SENT)

    asyncio.run(main())


@pytest.mark.parametrize("case", ALL)
def test_what_may_be_read_as_two_or_goes_elsewhere_is_sent_at_level_destructive_only(case: Case) -> None:
    async def main() -> None:
        async with capturing(case.sent) as (capture, target):
            limits = meter()
            driver = driver_of(target, meter=limits, level=Level.OWN_OBJECTS, accounts={}, lanes=1)
            exchange = (await ask(driver, replace(case.probe, role="anonymous")))[0]
            await driver.close()
            refused = kind(exchange) == "level"
            assert refused == (case.reading in {"twofold", "elsewhere"})
            if refused:
                assert (await capture.all(), limits.sent) == ([], 0)

    asyncio.run(main())


def prefixed(case: Case, prefix: bytes) -> bytes:
    """Return what goes out to a target below a prefix: it stands before paths only."""
    method, target = case.probe.verb.encode("utf-8", "surrogateescape"), case.probe.target.fill({})
    cut = len(method) + 1
    return case.sent[:cut] + (prefix if target.startswith(b"/") else b"") + case.sent[cut:]


def test_over_tls_and_below_a_prefix_the_same_bytes_go_out(tmp_path: Path) -> None:
    authority = Authority()
    plain = PLAIN_SENT.replace(b" /", b" /shop/v1/", 1)

    async def main() -> None:
        tls = authority.context(tmp_path, "shop.example")
        url = "https://elsewhere.example:81/shop/v1/"
        for case in {**CASES, **QUERY}.values():
            expected = prefixed(case, b"/shop/v1")
            async with capturing(expected, plain, tls=tls, url=url, trusted=Tls(ca=authority.pem)) as (capture, target):
                driver = driver_of(target)
                exchanges = await ask(driver, case.probe, PLAIN)
                await driver.close()
                assert [(exchange.status, exchange.failure) for exchange in exchanges] == [(200, None)] * 2
                assert b"".join(await capture.all()) == expected + plain

    asyncio.run(main())


def test_there_are_odd_requests_enough() -> None:
    assert len(CASES) >= 40
    assert {case.reading for case in CASES.values()} == {"plain", "elsewhere", "last", "twofold"}
    assert len({case.sent for case in CASES.values()}) == len(CASES)
