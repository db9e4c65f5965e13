"""Which build an answer names, and that each new connection of a lane is asked for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from builders import exchange
from driving import GET, driver_of, meter
from servers import Script, Wire, answer, serving

from zeroweight.drivers.naming import EVERY, Introduction, said
from zeroweight.model.request import Scenario
from zeroweight.model.target import Identity, Side, Target

VERSION = Identity(get="/version", pointer="/build")


@pytest.mark.parametrize(
    ("identity", "given", "build"),
    [
        (Identity(header="X-Build", get="/"), {"fields": {"x-build": "1"}}, "1"),
        (Identity(header="x-build", get="/"), {"body": '{"build": "1"}'}, ""),
        (VERSION, {"body": '{"build": "1"}'}, "1"),
        (VERSION, {"body": '{"build": 7}'}, "7"),
        (VERSION, {"body": '{"build": true}'}, ""),
        (VERSION, {"body": "no"}, ""),
    ],
)
def test_an_answer_names_its_build_where_it_was_told_to(identity: Identity, given: dict[str, Any], build: str) -> None:
    response = exchange(**given).response
    assert response is not None
    assert said(response, identity) == build


def pods(*, closes_after: int = 0) -> Script:
    """Let each connection lead to a build of its own, its number; it is closed after so many answers."""

    async def script(wire: Wire) -> None:
        count = 0
        while not closes_after or count < closes_after:
            await wire.request()
            await wire.write(answer(b'{"build": "%d"}' % wire.number))
            count += 1

    return script


def heard_of(
    script: Script, *, asks: int, identity: Identity = VERSION, requests: int = 1000
) -> tuple[list[tuple[Side, str]], list[bytes]]:
    """Ask so many times on one lane; returns the builds that were heard of, and the paths that were asked."""
    heard: list[tuple[Side, str]] = []

    async def main() -> list[bytes]:
        async with serving(script) as server:
            introduction = Introduction(identity=identity, heard=lambda side, build: heard.append((side, build)))
            target = Target(side=Side.CANARY, url=f"{server.url}/base")
            driver = driver_of(target, introduction=introduction, meter=meter(requests))
            for _ in range(asks):
                await driver.exchange(Scenario.of(GET.example()), {}, lane=0)
            await driver.close()
            return [request.split(b" ")[1] for request in server.requests]

    return heard, asyncio.run(main())


def test_a_connection_is_asked_once_and_on_itself() -> None:
    heard, asked = heard_of(pods(), asks=3)
    assert heard == [(Side.CANARY, "1")]
    assert asked == [b"/base/orders", b"/base/version", b"/base/orders", b"/base/orders"]


def test_a_kept_connection_is_asked_now_and_then_since_a_balancer_may_decide_for_each_request() -> None:
    heard, asked = heard_of(pods(), asks=2 * EVERY)
    assert heard == [(Side.CANARY, "1")] * 3
    assert asked.count(b"/base/version") == 3


def test_every_new_connection_is_asked_again() -> None:
    heard, _ = heard_of(pods(closes_after=3), asks=6)
    assert [build for _, build in heard] == ["1", "2", "3"]


def test_a_connection_that_ends_at_each_answer_costs_one_question_each() -> None:
    heard, asked = heard_of(pods(closes_after=1), asks=4)
    assert len(heard) >= 2
    assert asked.count(b"/base/version") <= 2 * asked.count(b"/base/orders")


def test_a_connection_that_gives_no_build_is_heard_of_as_nameless() -> None:
    async def script(wire: Wire) -> None:
        while True:
            request = await wire.request()
            await wire.write(answer(b"{}", status=b"404 No" if b"/version" in request else b"200 OK"))

    assert heard_of(script, asks=2)[0] == [(Side.CANARY, "")]


@pytest.mark.parametrize("identity", [Identity(), Identity(header="x-build", get="/version")])
def test_where_a_header_says_it_nothing_is_asked(identity: Identity) -> None:
    heard, asked = heard_of(pods(), asks=2, identity=identity)
    assert (heard, asked) == ([], [b"/base/orders"] * 2)


def test_the_question_is_taken_from_the_budget_and_what_may_not_be_asked_names_nothing() -> None:
    heard, asked = heard_of(pods(), asks=1, requests=1)
    assert (heard, asked) == ([], [b"/base/orders"])
    assert len(heard_of(pods(), asks=3, requests=3)[1]) == 3
