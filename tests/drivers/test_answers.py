"""What becomes of every kind of answer."""

from __future__ import annotations

import pytest
from driving import GET, asked
from servers import Script, Server, Wire, answer, once, steady

from zeroweight.model.http import Exchange


def test_an_answer_comes_as_it_was_sent() -> None:
    lines = [b"X-Twin: a", b"x-twin:  b ", b"X-Raw: \xe9\xff", b"SET-cookie: a=1", b"set-cookie: b=2"]

    def check(server: Server, exchanges: list[Exchange]) -> None:
        exchange = exchanges[0]
        response = exchange.response
        assert response is not None
        assert (response.status, response.version, response.body, response.truncated) == (201, "HTTP/1.1", b'{"id": 5}', False)
        assert response.headers.raw[1:6] == (
            (b"X-Twin", b"a"),
            (b"x-twin", b"b"),
            (b"X-Raw", b"\xe9\xff"),
            (b"SET-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
        )
        assert 0 < exchange.timing.sent <= exchange.timing.first_byte <= exchange.timing.last_byte
        assert (exchange.resent, exchange.failure, server.connections) == (False, None, 1)

    asked(steady(answer(b'{"id": 5}', *lines, status=b"201 Created")), GET.example(), check=check)


@pytest.mark.parametrize(
    ("method", "data", "status", "body"),
    [
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", 304, b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 200, b""),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n", 200, b"abcde"),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + answer(b"ok"), 200, b"ok"),
        ("GET", b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", 302, b""),
        ("GET", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        ("GET", b"HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", 599, b""),
    ],
)
def test_an_answer_of_any_framing_keeps_the_connection(method: str, data: bytes, status: int, body: bytes) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(exchange.status, exchange.failure) for exchange in exchanges] == [(status, None)] * 2
        assert all(exchange.response is not None and exchange.response.body == body for exchange in exchanges)
        assert server.connections == 1

    probe = GET.example().with_(method=method)
    asked(steady(data), probe, probe, check=check)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_an_answer_that_ends_with_its_connection_is_whole(data: bytes) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [exchange.response.body for exchange in exchanges if exchange.response] == [b"hello", b"hello"]
        assert not any(exchange.resent for exchange in exchanges)
        assert server.connections == 2

    asked(once(data), GET.example(), GET.example(), check=check)


def test_an_answer_in_single_bytes_is_read_to_its_end() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        for byte in answer(b"slowly"):
            await wire.write(bytes([byte]))

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].response is not None
        assert exchanges[0].response.body == b"slowly"

    asked(script, GET.example(), check=check)


def test_a_half_closed_connection_still_answers() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(b"HTTP/1.1 200 OK\r\n\r\nfine")
        wire.writer.write_eof()
        await wire.reader.read()

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].response is not None
        assert exchanges[0].response.body == b"fine"

    asked(script, GET.example(), check=check)


async def endless_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await wire.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")


async def ten_gigabytes(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"", length=10 * 2**30))
    while True:
        await wire.write(b"x" * 4096)


@pytest.mark.parametrize("script", [endless_body, ten_gigabytes])
def test_a_body_is_read_to_the_cap_and_the_connection_dropped(script: Script) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            assert exchange.failure is None
            assert exchange.response is not None
            assert exchange.response.truncated
            assert exchange.response.body == b"x" * 10_000
        assert server.connections == 2

    asked(script, GET.example(), GET.example(), check=check, body_cap=10_000)


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [exchange.response.truncated for exchange in exchanges if exchange.response] == [False, False]
        assert server.connections == 1

    asked(steady(answer(b"x" * 100)), GET.example(), GET.example(), check=check, body_cap=100)
