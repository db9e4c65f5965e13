"""What our own doing adds to the time of an answer: the same bytes to the same server, by a bare socket and by our lines.

And whether it matters which side is asked first. `python benchmarks/latency.py 500 --blocks 8` measures in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from roads import Load, drivers, scenarios
from rounds import Effort, MeasuringError, child
from server import ANSWER, serving
from sheet import table

from zeroweight.drivers.connection import Dial, Line, Timeouts
from zeroweight.drivers.httpx_line import HttpxLine
from zeroweight.drivers.wire import WireLine
from zeroweight.model.http import Exchange, Request
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side, Target

CAP: Final = 1 << 20
REQUESTS: Final = 500
"""Requests of one block."""
BLOCKS: Final = 8
"""Blocks of each way, taken in turn."""
MICRO: Final = 1e6
Spell = Callable[[int], Awaitable[list[tuple[float, float]]]]
"""Asks so many times; returns what each took, in seconds: as its caller saw it, and as its Timing tells (NaN where there is none)."""


def run(effort: Effort) -> dict[str, Any]:
    """Measure in one fresh process."""
    blocks = max(1, round(BLOCKS * effort.share))
    try:
        with serving() as served:
            return child("latency.py", REQUESTS, "--blocks", blocks, served=served)
    except MeasuringError as error:
        return {"rows": [{"title": "latency", "failed": str(error)}]}


def shown(told: Mapping[str, Any]) -> str:
    """Return the tables."""
    rows = [_row(row, told["rows"][0]) for row in told["rows"]]
    text = table(
        f"one connection, one request after the other: µs until the answer is read, {told.get('requests', 0)} requests each",
        ("", "median", "95 %", "above the socket", "Timing median", "95 %"),
        rows,
        "Timing: from the first byte that goes out to the first that comes in, as an Exchange tells it.",
    )
    if "order" not in told:
        return text
    order = [
        (row["title"], f"{row['first_us']:.1f}", f"{row['second_us']:.1f}", f"{row['median_us']:.1f}", f"{row['sides_us']:.1f}")
        for row in told["order"]
    ]
    return text + table(
        "\nboth sides at once, the one asked first by turns: µs of Timing, median",
        ("", "asked first", "asked second", "second - first", "canary - baseline"),
        order,
        "the first one's answer waits while we compose and write the second's request; by turns, that is no side's disadvantage.",
    )


def _row(row: Mapping[str, Any], bare: Mapping[str, Any]) -> tuple[str, ...]:
    if "failed" in row:
        return row["title"], f"failed: {row['failed']}"
    told = (f"{row['timing']['median']:.1f}", f"{row['timing']['most_of_95']:.1f}") if row["timing"] else ("", "")
    seen = row["seen"]
    return row["title"], f"{seen['median']:.1f}", f"{seen['most_of_95']:.1f}", f"{seen['median'] - bare['seen']['median']:.1f}", *told


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile, in µs."""
    cuts = statistics.quantiles(values, n=20)
    return {"median": round(cuts[9] * MICRO, 1), "most_of_95": round(cuts[18] * MICRO, 1)}


def _bare(url: str, request: Request) -> tuple[Spell, Callable[[], None]]:
    """Return how a bare blocking socket asks, and what closes it."""
    lines = [f"{request.method} ".encode() + request.target + b" HTTP/1.1", *(b": ".join(field) for field in request.headers.raw)]
    data = b"\r\n".join([*lines, b"", request.body])
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname, parts.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def spell(count: int) -> list[tuple[float, float]]:
        times = []
        for _ in range(count):
            began = time.monotonic()
            sock.sendall(data)
            got = 0
            while got < len(ANSWER):
                got += len(sock.recv(65536))
            times.append((time.monotonic() - began, math.nan))
        return times

    return spell, sock.close


def _alone(line: Line, request: Request) -> Spell:
    """Return how a line asks, without the driver around it."""

    async def spell(count: int) -> list[tuple[float, float]]:
        times = []
        for _ in range(count):
            began = time.monotonic()
            answer = await line.send(request, cap=CAP)
            taken = time.monotonic() - began
            if answer.response is None:
                raise RuntimeError(f"no answer: {answer.failure}")
            times.append((taken, answer.timing.seconds))
        return times

    return spell


def _whole(ask: Callable[[Scenario], Awaitable[Exchange]]) -> Spell:
    """Return how the whole driver asks."""

    async def spell(count: int) -> list[tuple[float, float]]:
        times = []
        for scenario in list(scenarios(count)):
            began = time.monotonic()
            exchange = await ask(scenario)
            times.append((time.monotonic() - began, exchange.timing.seconds))
        return times

    return spell


async def _measure(load: Load, requests: int, blocks: int) -> dict[str, Any]:
    """Take the ways in turn, block by block."""
    async with drivers(load, driver="wire", lanes=8) as both:
        words = {"unique": "bench00017"}

        async def ask(scenario: Scenario) -> Exchange:
            exchange = (await both[Side.BASELINE].exchange(scenario, words, lane=0)).exchanges[0]
            if exchange.response is None:
                raise RuntimeError(f"no answer: {exchange.failure}")
            return exchange

        request = (await ask(next(scenarios(1)))).request
        assert request is not None  # it was answered
        dial = Dial.to(Target(side=Side.BASELINE, url=load.baseline))
        lines: tuple[Line, ...] = (WireLine(dial, None, Timeouts()), HttpxLine(dial, None, Timeouts()))
        bare, close = _bare(load.baseline, request)
        ways = {
            "a bare blocking socket": bare,
            "wire, the line alone": _alone(lines[0], request),
            "wire, the whole driver": _whole(ask),
            "httpx line": _alone(lines[1], request),
        }
        times: dict[str, list[tuple[float, float]]] = {title: [] for title in ways}
        try:
            for spell in ways.values():
                await spell(100)  # connected and warm
            gc.collect()
            gc.freeze()
            for _ in range(blocks):
                for title, spell in ways.items():
                    times[title] += await spell(requests)
            order = [await _order(both, lanes, requests * blocks) for lanes in (1, 8)]
        finally:
            close()
            for line in lines:
                await line.aclose()
    rows = []
    for title, taken in times.items():
        told = [timing for _, timing in taken if not math.isnan(timing)]
        rows.append({"title": title, "seen": _quantiles([seen for seen, _ in taken]), "timing": _quantiles(told) if told else None})
    return {"requests": requests * blocks, "rows": rows, "order": order}


async def _order(both: Mapping[Side, Any], lanes: int, count: int) -> dict[str, Any]:
    """Ask both sides at once, each first by turns, and hold their times against each other."""
    waiting = iter(enumerate(scenarios(count)))
    words = {"unique": "bench00017"}
    pairs: list[tuple[bool, float, float]] = []

    async def lane(number: int) -> None:
        for index, scenario in waiting:
            sides = (Side.BASELINE, Side.CANARY) if index % 2 else (Side.CANARY, Side.BASELINE)
            halves = await asyncio.gather(*(both[side].exchange(scenario, words, lane=number) for side in sides))
            first, second = (half.exchanges[0].timing.seconds for half in halves)
            pairs.append((sides[0] is Side.BASELINE, first, second))

    await asyncio.gather(*(lane(number) for number in range(lanes)))
    baseline = [first if straight else second for straight, first, second in pairs]
    canary = [second if straight else first for straight, first, second in pairs]
    return {
        "title": "1 lane" if lanes == 1 else f"{lanes} lanes",
        "first_us": round(statistics.median(first for _, first, _ in pairs) * MICRO, 1),
        "second_us": round(statistics.median(second for _, _, second in pairs) * MICRO, 1),
        "median_us": round(statistics.median(second - first for _, first, second in pairs) * MICRO, 1),
        "sides_us": round((statistics.median(canary) - statistics.median(baseline)) * MICRO, 1),
    }


def main() -> None:
    """Measure and print a line of JSON."""
    parser = argparse.ArgumentParser(description="Measure what our own doing adds to the time of an answer.")
    parser.add_argument("requests", type=int, nargs="?", default=REQUESTS)
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--baseline", default="")
    parser.add_argument("--canary", default="")
    parser.add_argument("--authority", default="")
    options = parser.parse_args()
    if options.baseline:
        told = asyncio.run(_measure(Load(baseline=options.baseline, canary=options.canary), options.requests, options.blocks))
        print(json.dumps(told))
        return
    with serving() as served:
        told = asyncio.run(_measure(Load(baseline=served.baseline, canary=served.canary), options.requests, options.blocks))
    print(shown(told))


if __name__ == "__main__":
    main()
