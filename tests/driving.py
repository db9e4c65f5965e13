"""Short ways to drive a server of a test, and to look at both ends."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from servers import Script, Server, serving

from zeroweight.drivers.http import HttpDriver, Timeouts
from zeroweight.drivers.limits import Meter
from zeroweight.model.http import Exchange
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import Probe, Scenario, Template
from zeroweight.model.role import Account
from zeroweight.model.target import Side, Target
from zeroweight.redact import Secret

GET = Operation(method="GET", path="/orders")
POST = Operation(method="POST", path="/orders")
PATIENT = Timeouts(connect=30, total=30)
HASTY = Timeouts(connect=30, total=1)

ALICE = Account(role="alice", headers=(("Authorization", Secret(name="alice token", value="Bearer a-1")),))
BOB = Account(role="bob", cookies=(("sid", Secret(name="bob sid", value="b-2")), ("lang", Secret(name="bob lang", value="de"))))
EVE = Account(role="eve", query=(("api key", Secret(name="eve key", value="e&3")),))


def meter(requests: int = 1000) -> Meter:
    return Meter(Side.CANARY, requests, math.inf, math.inf)


def driver_of(target: Target | Server, **more: Any) -> HttpDriver:
    """Return a patient driver that may do everything."""
    if isinstance(target, Server):
        target = Target(side=Side.CANARY, url=target.url)
    accounts = {account.role: account for account in (ALICE, BOB, EVE)}
    given: dict[str, Any] = {
        "lanes": 1,
        "meter": meter(),
        "level": Level.DESTRUCTIVE,
        "run": "r-7",
        "timeouts": PATIENT,
        "accounts": accounts,
    }
    return HttpDriver(target, **{**given, **more})


def raw(target: bytes, **more: Any) -> Probe:
    """Return a GET with these bytes as its request target."""
    return Probe(operation=GET, target=Template.of(target), **more)


async def ask(driver: HttpDriver, *probes: Probe, lane: int = 0) -> list[Exchange]:
    """Send probes one after the other on one lane."""
    return [(await driver.exchange(Scenario.of(probe), {}, lane=lane)).exchanges[0] for probe in probes]


def asked(script: Script, *probes: Probe, check: Callable[[Server, list[Exchange]], None], url: str = "", **more: Any) -> None:
    """Send probes to a script's server and look at both ends."""

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url + url, **more.pop("of_target", {})), **more)
            try:
                check(server, await ask(driver, *probes))
            finally:
                await driver.close()

    asyncio.run(main())


def kind(exchange: Exchange) -> str:
    return exchange.failure.kind if exchange.failure else ""
