"""One connection: bytes out and in, and every way in which it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from servers import Authority, Script, Wire, free_port, serving

from zeroweight.drivers.stream import Stream, dialled
from zeroweight.drivers.trust import trust
from zeroweight.model.target import Side, Target, Tls

Check = Callable[[Stream], Awaitable[None]]
LONG = 3_000_000
LONGER = 32_000_000
"""Bytes that no system takes at once while nobody reads."""
LIMIT = 60
"""Seconds after which a test is given up."""


def with_stream(script: Script, check: Check) -> None:
    """Connect to a server that does what the script says."""

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            stream = await dialled("127.0.0.1", server.port)
            try:
                await check(stream)
            finally:
                await stream.aclose()

    asyncio.run(main())


async def until_readable(stream: Stream) -> None:
    """Wait until something came by itself."""
    while not stream.readable:  # noqa: ASYNC110  # a stream wakes its reader only, and this is none
        await asyncio.sleep(0)


async def everything(stream: Stream) -> bytes:
    """Read to the end."""
    found = b""
    while data := await stream.read(65536):
        found += data
    return found


async def echo(wire: Wire) -> None:
    while data := await wire.reader.read(65536):
        await wire.write(data)


def test_what_is_written_comes_back_in_pieces_of_the_size_asked_for() -> None:
    async def check(stream: Stream) -> None:
        await stream.write(b"abcdef")
        await until_readable(stream)
        assert [await stream.read(4), await stream.read(4)] == [b"abcd", b"ef"]
        assert not stream.readable

    with_stream(echo, check)


def test_a_reader_that_waits_is_woken() -> None:
    async def check(stream: Stream) -> None:
        waiting = asyncio.create_task(stream.read(10))
        await asyncio.sleep(0)
        assert not waiting.done()
        await stream.write(b"x")
        assert await waiting == b"x"

    with_stream(echo, check)


def test_what_the_other_side_says_out_of_turn_and_its_end_are_readable() -> None:
    async def script(wire: Wire) -> None:
        await wire.write(b"hello")
        await wire.reader.read(1)

    async def check(stream: Stream) -> None:
        await until_readable(stream)
        assert await stream.read(100) == b"hello"
        await stream.write(b"x")
        await until_readable(stream)
        assert [await stream.read(100), await stream.read(100)] == [b"", b""]

    with_stream(script, check)


def test_a_reset_is_raised_after_what_came_before_it() -> None:
    async def script(wire: Wire) -> None:
        await wire.write(b"half")
        await wire.reader.read(1)
        wire.reset()

    async def check(stream: Stream) -> None:
        assert await stream.read(100) == b"half"
        await stream.write(b"x")
        with pytest.raises(ConnectionResetError):
            await stream.read(100)
        with pytest.raises(ConnectionResetError):
            await stream.write(b"x")

    with_stream(script, check)


def test_a_long_answer_is_not_read_ahead_without_end_and_comes_whole() -> None:
    sent: list[int] = []

    async def script(wire: Wire) -> None:
        for _ in range(LONG // 1000):
            await wire.write(b"x" * 1000)
            sent.append(1000)

    async def check(stream: Stream) -> None:
        await until_readable(stream)
        for _ in range(2000):
            await asyncio.sleep(0)
        assert len(stream._buffer) < LONG / 2, "the other side was asked to stop"
        assert await everything(stream) == b"x" * LONG

    with_stream(script, check)
    assert sum(sent) == LONG


def test_a_long_request_waits_for_a_reader_that_takes_its_time() -> None:
    go = asyncio.Event()

    async def script(wire: Wire) -> None:
        await go.wait()
        await wire.reader.readexactly(LONGER)
        await wire.write(b"got it")

    async def check(stream: Stream) -> None:
        for _ in range(4):
            writing = asyncio.create_task(stream.write(b"x" * (LONGER // 4)))
            await asyncio.sleep(0)
            if not writing.done():
                go.set()
            await writing
        assert go.is_set(), "the system takes less than that at once"
        assert await stream.read(100) == b"got it"

    with_stream(script, check)


def test_closing_twice_is_closing_once_and_nothing_can_be_written_afterwards() -> None:
    async def check(stream: Stream) -> None:
        await stream.aclose()
        await stream.aclose()
        with pytest.raises(ConnectionResetError):
            await stream.write(b"x")

    with_stream(echo, check)


def test_tls_begins_on_a_plain_connection_and_carries_the_rest(tmp_path: Path) -> None:
    authority = Authority()
    context = trust(Target(side=Side.CANARY, url="https://shop.example", tls=Tls(ca=authority.pem)))
    assert context is not None

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(echo, tls=authority.context(tmp_path, "shop.example")) as server:
            for name, good in (("shop.example", True), ("other.example", False)):
                stream = await dialled("127.0.0.1", server.port)
                if good:
                    await stream.start_tls(context, name)
                    await stream.write(b"secret")
                    assert await stream.read(100) == b"secret"
                else:
                    with pytest.raises(OSError, match="certificate"):
                        await stream.start_tls(context, name)
                await stream.aclose()

    asyncio.run(main())


def test_where_nobody_listens_there_is_no_connection() -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await dialled("127.0.0.1", free_port())

    asyncio.run(main())
