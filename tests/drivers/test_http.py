"""How scenarios are played: captures, levels, budgets, lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from driving import GET, POST, ask, asked, driver_of, kind, meter
from servers import Script, Server, Wire, answer, end_quietly, serving, silent, steady

from zeroweight.model.http import Exchange, Failure
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import UNIQUE, Pointer, Scenario, Slot, Step

ORDER = Slot(name="order", owner="alice", kind="order")
ONE = Operation(method="GET", path="/orders/{id}")
REMOVE = Operation(method="DELETE", path="/orders/{id}")
STORY = Scenario(
    steps=(
        Step(
            probe=POST.example(role="alice").with_(json={"note": "n-$unique"}), captures={"order": Pointer(path="/data/id")}, judged=False
        ),
        Step(probe=ONE.example(role="bob").with_(path={"id": ORDER})),
        Step(probe=REMOVE.example(role="alice").with_(path={"id": ORDER}), judged=False),
    ),
)


def played(script: Script, scenario: Scenario, bindings: Mapping[str, Any], check: Callable[[Server, Any], None], **more: Any) -> None:
    """Run a scenario, and look at both ends."""

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(server, **more)
            trace = await driver.exchange(scenario, bindings, lane=0)
            await driver.close()
            check(server, trace)

    asyncio.run(main())


def test_a_scenario_binds_and_captures() -> None:
    def check(server: Server, trace: Any) -> None:
        assert (trace.lost, trace.failure, len(trace.judged)) == ("", None, 1)
        assert [server.lines(index)[0] for index in range(3)] == [
            b"POST /orders HTTP/1.1",
            b"GET /orders/a%2F7 HTTP/1.1",
            b"DELETE /orders/a%2F7 HTTP/1.1",
        ]
        assert server.requests[0].endswith(b'{"note": "n-w42"}')
        assert server.connections == 1

    played(steady(answer(b'{"data": {"id": "a/7"}}')), STORY, {UNIQUE.name: "w42"}, check)


@pytest.mark.parametrize("body", [b"{}", b'{"data": {"id": null}}', b"not json", b'{"data": [1]}'])
def test_a_capture_that_fails_ends_the_trace(body: bytes) -> None:
    def check(server: Server, trace: Any) -> None:
        assert trace.lost == "POST /orders answered 403 without 'order' at /data/id"
        assert len(trace.exchanges) == len(server.requests) == 1

    played(steady(answer(body, status=b"403 No")), STORY, {UNIQUE.name: "w42"}, check)


def test_a_slot_without_a_value_is_not_sent() -> None:
    def check(server: Server, trace: Any) -> None:
        assert trace.failure == Failure(kind="unbound", text="no value for the slot 'unique'")
        assert server.connections == 0

    played(steady(), STORY, {}, check)


def test_a_failure_ends_the_trace() -> None:
    def check(server: Server, trace: Any) -> None:
        assert [kind(exchange) for exchange in trace.exchanges] == ["closed"]
        assert len(server.requests) == 1

    played(end_quietly, STORY, {UNIQUE.name: "w42"}, check)


def test_a_scenario_of_which_one_step_is_too_bold_is_not_begun() -> None:
    scenario = Scenario(steps=(Step(probe=GET.example(role="alice")), Step(probe=POST.example(role="alice"))))
    limits = meter()

    def check(server: Server, trace: Any) -> None:
        assert trace.failure.kind == "level"
        assert trace.failure.text.startswith("step 2: POST")
        assert (len(trace.exchanges), server.connections, limits.sent) == (1, 0, 0)

    played(steady(), scenario, {"order": 1}, check, level=Level.READ_ONLY, meter=limits)


@pytest.mark.parametrize(("role", "expected"), [("anonymous", ""), ("alice", "level"), ("mallory", "unbound")])
def test_the_level_is_asked_before_anything_is_sent(role: str, expected: str) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert kind(exchanges[0]) == expected
        assert len(server.requests) == (not expected)

    asked(steady(), POST.example(role=role), check=check, level=Level.READ_ONLY)


@pytest.mark.parametrize(("host", "expected"), [("shop.example", ""), ("other.example", "level")])
def test_the_level_knows_the_names_of_the_target(host: str, expected: str) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert kind(exchanges[0]) == expected
        assert len(server.requests) == (not expected)

    probe = GET.example(role="alice").with_(headers={"Host": host})
    asked(steady(), probe, check=check, level=Level.READ_ONLY, of_target={"server_name": "shop.example"})


def test_a_spent_budget_sends_nothing_more() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [kind(exchange) for exchange in exchanges] == ["", "", "budget", "budget"]
        assert [exchange.request is None for exchange in exchanges] == [False, False, True, True]
        assert len(server.requests) == 2

    asked(steady(), *[GET.example()] * 4, check=check, meter=meter(2))


def test_a_stopped_run_sends_nothing_more() -> None:
    limits = meter()
    limits.stop("SIGTERM")

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].failure == Failure(kind="stopped", text="SIGTERM")
        assert server.connections == 0

    asked(steady(), GET.example(), check=check, meter=limits)


def test_each_exchange_is_shown_to_the_observer() -> None:
    seen: list[Exchange] = []

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert seen == exchanges

    asked(steady(), GET.example(), POST.example(role="mallory"), check=check, seen=seen.append)


def test_lanes_ask_at_the_same_time_on_a_connection_each() -> None:
    """The server answers nobody before all four have asked."""

    async def main() -> None:
        all_here = asyncio.Event()

        async def script(wire: Wire) -> None:
            while True:
                await wire.request()
                if len(wire.server.requests) >= 4:
                    all_here.set()
                await all_here.wait()
                await wire.write(answer(b'"%d"' % wire.number))

        async with serving(script) as server:
            driver = driver_of(server, lanes=4)
            for _ in range(3):
                answers = await asyncio.gather(*(ask(driver, GET.example(), lane=lane) for lane in range(4)))
                assert [exchanges[0].status for exchanges in answers] == [200] * 4
            assert (server.connections, len(server.requests)) == (4, 12)
            await driver.close()

    asyncio.run(main())


def test_a_lane_plays_one_scenario_after_the_other() -> None:
    async def main() -> None:
        async with serving(steady(answer(b'{"data": {"id": 1}}'))) as server:
            driver = driver_of(server)
            traces = await asyncio.gather(*(driver.exchange(STORY, {UNIQUE.name: f"w{index}"}, lane=0) for index in range(5)))
            assert [len(trace.exchanges) for trace in traces] == [3] * 5
            assert [line.split()[0] for line in (server.lines(index)[0] for index in range(15))] == [b"POST", b"GET", b"DELETE"] * 5
            assert server.connections == 1
            await driver.close()

    asyncio.run(main())


def test_a_cancelled_exchange_leaves_the_lane_usable() -> None:
    async def main() -> None:
        async def script(wire: Wire) -> None:
            await (silent if wire.number == 1 else steady())(wire)

        async with serving(script) as server:
            driver = driver_of(server)
            task = asyncio.create_task(ask(driver, GET.example()))
            while not server.requests:  # noqa: ASYNC110  # the server has no event to wait for
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await ask(driver, GET.example()))[0].status == 200
            await driver.close()

    asyncio.run(main())
