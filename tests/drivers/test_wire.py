"""What only the line of probes does: give no answer to a request that it does not belong to, and do without httpx."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from driving import PATIENT, driver_of
from lines import LIMIT, request, told
from servers import answer, serving, steady

from zeroweight.drivers.httpx_line import HttpxLine
from zeroweight.drivers.wire import WireLine


@pytest.mark.parametrize("behind", [answer(b"not asked for"), b"garbage", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"])
def test_whatever_comes_behind_an_answer_ends_its_connection(behind: bytes) -> None:
    seen = asyncio.run(told("wire", steady(answer(b"fine") + behind), *[request()] * 3))
    assert [(sight.kind, sight.body, sight.fresh, sight.resent) for sight in seen.sights] == [("", b"fine", True, False)] * 3
    assert seen.connections == 3


def test_a_body_that_may_not_be_there_is_not_the_next_ones_answer() -> None:
    """A server that answers HEAD, or 204, with a body all the same (RFC 9110 section 9.3.2)."""
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
    seen = asyncio.run(told("wire", steady(data), request("HEAD"), request(), request()))
    assert [(sight.kind, sight.body) for sight in seen.sights] == [("", b""), ("", b"body"), ("", b"body")]
    assert seen.connections == 2


def test_lanes_use_this_line_and_errands_the_other() -> None:
    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(steady()) as server:
            driver = driver_of(server, lanes=2, timeouts=PATIENT)
            assert [type(line) for line in driver._lanes] == [WireLine, WireLine]
            assert type(driver._errands._own) is HttpxLine
            await driver.close()

    asyncio.run(main())


def test_it_needs_no_httpx() -> None:
    line = "import sys, zeroweight.drivers.wire; print({'httpx', 'httpcore', 'anyio'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=LIMIT)
    assert said.stdout.strip() == "set()"
