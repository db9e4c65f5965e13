"""Lines see the same on uvloop as on asyncio's own loop, whose transports, clock and errors are others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from driving import PATIENT
from lines import KINDS, Told, request, told
from loops import LOOPS, installed
from servers import Authority, Script, Wire, answer, end_quietly, hang_up, once, reset, silent, steady

from zeroweight.drivers.connection import Timeouts
from zeroweight.drivers.trust import trust
from zeroweight.model.target import Side, Target, Tls
from zeroweight.trial.loop import Loop

GET: Final = request()
POST: Final = request("POST", body=b"x" * 300_000)
HURRIED: Final = {
    phase: Timeouts(**{"connect": 30.0, "tls": 30.0, "first_byte": 30.0, "total": 30.0, phase: 0.5}) for phase in ("first_byte", "total")
}


async def served_once(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer())
    if wire.number == 1:
        await wire.request()


async def stuck(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    await asyncio.Event().wait()


SEEN: Final[Mapping[str, tuple[Script, tuple[Any, ...], Timeouts]]] = {
    "many answers": (steady(answer(b"y" * 200_000)), (GET, POST, GET), PATIENT),
    "an end without an answer": (end_quietly, (GET, GET), PATIENT),
    "a reset": (reset, (GET, GET), PATIENT),
    "an early end": (once(answer(b"abc", length=10)), (GET,), PATIENT),
    "garbage": (once(b"garbage\r\n\r\n\r\n"), (GET,), PATIENT),
    "a stale connection": (served_once, (GET, GET, GET), PATIENT),
    "an answer that does not begin": (silent, (GET,), HURRIED["first_byte"]),
    "an answer that does not end": (stuck, (GET,), HURRIED["total"]),
}


def on_both(make: Callable[[], Coroutine[Any, Any, Told]]) -> tuple[Told, Told]:
    """Do the same on each kind of loop."""
    seen = []
    for kind in LOOPS:
        loop = Loop(installed(kind))
        try:
            seen.append(loop.run(make()))
        finally:
            loop.close()
    one, two = seen
    return one, two


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SEEN)
def test_what_a_server_does_is_seen_alike_on_both_loops(kind: str, name: str) -> None:
    script, asks, timeouts = SEEN[name]
    one, two = on_both(lambda: told(kind, script, *asks, timeouts=timeouts))
    assert one.sights == two.sights
    assert (one.connections, one.requests, one.taken) == (two.connections, two.requests, two.taken)
    assert [each.failure.text for each in one.deliveries if each.failure and each.failure.kind == "timeout"] == [
        each.failure.text for each in two.deliveries if each.failure and each.failure.kind == "timeout"
    ]
    for delivery in two.deliveries:
        timing = delivery.answer.timing
        assert timing.last_byte == 0 or 0 < timing.sent <= timing.first_byte <= timing.last_byte


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("script", "name", "expected"), [(steady(), "shop.example", ""), (steady(), "other.example", "tls")])
def test_tls_is_seen_alike_on_both_loops(kind: str, script: Script, name: str, expected: str, tmp_path: Path) -> None:
    authority = Authority()
    trusts = trust(Target(side=Side.CANARY, url="https://shop.example", tls=Tls(ca=authority.pem)))
    secure = authority.context(tmp_path, "shop.example")
    one, two = on_both(lambda: told(kind, script, GET, GET, tls=secure, trusts=trusts, server_name=name))
    assert one.kinds == two.kinds == (expected,) * 2
    assert one.sights == two.sights


@pytest.mark.parametrize("kind", KINDS)
def test_a_handshake_that_is_cut_off_is_tls_on_both_loops(kind: str) -> None:
    trusts = trust(Target(side=Side.CANARY, url="https://shop.example"))
    one, two = on_both(lambda: told(kind, hang_up, GET, trusts=trusts, scheme="https"))
    assert one.kinds == two.kinds == ("tls",)
