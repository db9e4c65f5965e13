"""What is said of every way not to answer, and when a request is sent once more."""

from __future__ import annotations

import asyncio
import math
import time

import pytest
from driving import GET, HASTY, PATIENT, POST, ask, asked, driver_of, kind, meter
from servers import Script, Server, Wire, answer, end_quietly, free_port, hang_up, once, reset, serving, silent, steady

from zeroweight.drivers.limits import Meter
from zeroweight.model.http import Exchange
from zeroweight.model.target import Side, Target


async def reset_in_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    wire.reset()


async def endless_headers(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await wire.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")


async def stuck_in_head(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nX-A:")
    await asyncio.Event().wait()


async def stuck_in_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    await asyncio.Event().wait()


async def only_continue(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (end_quietly, {"closed"}),
        (hang_up, {"closed", "reset"}),
        (reset, {"reset"}),
        (once(answer(b"abc", length=10)), {"closed"}),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), {"closed"}),
        (reset_in_body, {"reset", "closed"}),
        (once(b"HTTP/1.1 2"), {"closed"}),
        (once(b"garbage\r\n\r\n\r\n"), {"protocol"}),
        (once(b"\x16\x03\x01\x00\x02\x02\x28\r\n\r\n"), {"protocol"}),
        (once(b"SSH-2.0-OpenSSH_9.0\r\n\r\n"), {"protocol"}),
        (once(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), {"protocol"}),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), {"protocol"}),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), {"protocol"}),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), {"protocol"}),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), {"protocol"}),
        (endless_headers, {"protocol"}),
    ],
)
def test_every_silence_has_its_kind_and_is_never_resent_when_the_connection_was_fresh(script: Script, expected: set[str]) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            assert kind(exchange) in expected
            assert exchange.failure is not None
            assert exchange.failure.text
            assert not exchange.failure.ours
            assert (exchange.response, exchange.resent) == (None, False)
            assert exchange.request is not None
        assert server.connections == 2

    asked(script, GET.example(), GET.example(), check=check)


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\n%s\r\n\r\n", b"%s\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-You: \x00%s\r\n\r\n"])
def test_what_a_failure_quotes_is_whole_or_left_out(line: bytes) -> None:
    """Half of a credential that a target repeats would not be known as one."""
    token = b"tok-0123456789-" * 68

    def check(_: Server, exchanges: list[Exchange]) -> None:
        failure = exchanges[0].failure
        assert failure is not None
        assert (failure.kind, "tok-" in failure.text) == ("protocol", False)
        assert "illegal" in failure.text.lower()

    asked(once(line % token), GET.example(), check=check)


@pytest.mark.parametrize("script", [silent, stuck_in_head, stuck_in_body, only_continue])
def test_an_answer_that_does_not_end_in_time_is_a_timeout(script: Script) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert (kind(exchanges[0]), exchanges[0].response, exchanges[0].resent) == ("timeout", None, False)
        assert server.connections == 1

    asked(script, GET.example(), check=check, timeouts=HASTY)


def test_a_port_where_nobody_listens_refuses() -> None:
    async def main() -> None:
        driver = driver_of(Target(side=Side.CANARY, url=f"http://127.0.0.1:{free_port()}"))
        exchange = (await ask(driver, GET.example()))[0]
        assert (kind(exchange), exchange.request, exchange.timing.sent) == ("refused", None, 0.0)
        await driver.close()

    asyncio.run(main())


def test_a_name_that_nobody_knows_refuses() -> None:
    async def main() -> None:
        driver = driver_of(Target(side=Side.CANARY, url="http://no-such-host.invalid"))
        assert kind((await ask(driver, GET.example()))[0]) in {"refused", "timeout"}
        await driver.close()

    asyncio.run(main())


def test_a_server_that_comes_back_is_asked_on_a_fresh_connection() -> None:
    async def script(wire: Wire) -> None:
        if wire.number == 1:
            await silent(wire)
        await steady()(wire)

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(server, timeouts=HASTY)
            first = (await ask(driver, GET.example()))[0]
            assert kind(first) == "timeout"
            # From here on nothing may time out, however slow the machine is.
            driver._lanes[0]._timeouts = PATIENT
            assert [exchange.status for exchange in await ask(driver, GET.example(), GET.example())] == [200, 200]
            assert server.connections == 2
            await driver.close()

    asyncio.run(main())


@pytest.mark.parametrize("ending", [end_quietly, reset])
def test_a_stale_connection_is_replaced_and_the_request_sent_once_more(ending: Script) -> None:
    limits = meter()

    async def script(wire: Wire) -> None:
        if wire.number == 1:
            await wire.request()
            await wire.write(answer(b"{}", status=b"500 Oops"))
            await ending(wire)
        else:
            await steady()(wire)

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(exchange.status, exchange.resent) for exchange in exchanges] == [(500, False), (200, True), (200, False)]
        assert (server.connections, limits.sent, len(server.requests)) == (2, 4, 4)
        assert server.requests[1] == server.requests[2]

    asked(script, GET.example(), POST.example().with_(raw=b"x"), GET.example(), check=check, meter=limits)


def test_a_server_that_closes_right_after_an_error_costs_no_answer() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [exchange.status for exchange in exchanges] == [500] * 4
        assert server.connections == 4

    asked(once(answer(b"{}", status=b"500 Oops")), *[GET.example()] * 4, check=check)


def test_a_request_is_never_sent_a_third_time() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        if wire.number == 1:
            await wire.write(answer())
            await wire.request()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(kind(exchange), exchange.resent) for exchange in exchanges] == [("", False), ("closed", True)]
        assert (server.connections, len(server.requests)) == (2, 3)

    asked(script, GET.example(), GET.example(), check=check)


def test_a_resend_that_the_budget_forbids_is_the_budgets_failure() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer())
        await wire.request()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [(kind(exchange), exchange.resent) for exchange in exchanges] == [("", False), ("budget", False)]
        assert len(server.requests) == 2

    asked(script, GET.example(), GET.example(), check=check, meter=meter(2))


def test_an_answer_that_the_run_cannot_wait_for_is_not_the_targets_silence() -> None:
    """The run ends at its deadline even where a target hangs, and the gap says so."""
    soon = Meter(Side.CANARY, 10, math.inf, time.monotonic() + 0.5)

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert [kind(exchange) for exchange in exchanges] == ["deadline"]

    asked(silent, GET.example(), check=check, meter=soon, timeouts=PATIENT)
