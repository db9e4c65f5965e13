"""What only the line of errands must do: be httpx's transport, and nothing of httpx's client."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from driving import PATIENT
from lines import LIMIT, request, told
from servers import Wire, answer, free_port, serving, steady

from zeroweight.drivers.connection import Dial, Timeouts
from zeroweight.drivers.httpx_line import HttpxLine


def transport_of(line: HttpxLine) -> type:
    return type(line._transport)


def test_nothing_is_taken_from_the_environment_remembered_or_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    moved = answer(b"", b"Set-Cookie: a=1; Path=/", b"Location: /elsewhere", status=b"302 Found")
    seen = asyncio.run(told("httpx", steady(moved), request(), request()))
    assert [sight.status for sight in seen.sights] == [302, 302]
    assert seen.requests == (b"GET /orders HTTP/1.1\r\nHost: shop.example\r\n\r\n",) * 2


def test_it_speaks_by_httpxs_transport_and_makes_a_new_one_after_a_failure() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer() if wire.number == 1 else b"garbage\r\n\r\n")

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            line = HttpxLine(Dial.at(server.url), None, PATIENT)
            assert transport_of(line) is type(None), "nothing is dialled before the first request"
            assert (await line.send(request(), cap=10)).response is not None
            assert transport_of(line) is httpx.AsyncHTTPTransport
            assert (await line.send(request(), cap=10)).failure is not None
            assert transport_of(line) is type(None)
            await line.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example", "http://shop.example/"),
        ("https://shop.example:8443/v1?x=1", "https://shop.example:8443/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("http://b\u00fccher.example", "http://xn--bcher-kva.example/"),
    ],
)
def test_it_dials_where_its_dial_says(url: str, expected: str) -> None:
    line = HttpxLine(Dial.at(url), None, Timeouts())
    assert line._url == httpx.URL(expected)


def test_an_answer_in_many_parts_is_read_to_the_cap_and_no_further() -> None:
    seen = asyncio.run(told("httpx", steady(answer(b"x" * 3_000_000)), request(), request(), cap=1000))
    assert [(sight.body, sight.truncated, sight.fresh) for sight in seen.sights] == [(b"x" * 1000, True, True)] * 2
