"""How much memory the wire takes as it sends: the growth of a process's resident set over thousands of requests.

`python benchmarks/memory.py 100000` measures one number of requests, in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psutil
from roads import LANES, Load, drivers, pairs, scenarios
from rounds import Effort, MeasuringError, child
from server import serving
from sheet import table

from zeroweight.model.request import Scenario

COUNTS: Final = (1_000, 10_000, 100_000)
WARM: Final = 100 * LANES
"""Requests before the measuring begins: what is made once is there by then."""
EVERY: Final = 100
"""Pairs between two looks at the memory."""
KIB: Final = 1024


def run(effort: Effort) -> dict[str, Any]:
    """Measure each number of requests once, in a process of its own."""
    rows: list[dict[str, Any]] = []
    with serving() as served:
        for usual in COUNTS:
            count = max(2 * LANES, int(usual * min(1.0, effort.share)))
            row: dict[str, Any] = {"title": f"{count:,} requests", "requests": count}
            try:
                row |= child("memory.py", count, served=served)
            except MeasuringError as error:
                row["failed"] = str(error)
            rows.append(row)
    return {"lanes": LANES, "rows": rows}


def shown(told: Mapping[str, Any]) -> str:
    """Return the table."""
    rows = [
        (row["title"], f"failed: {row['failed']}")
        if "failed" in row
        else (row["title"], f"{row['before_kib'] / KIB:.1f}", f"{row['peak_growth_kib'] / KIB:.2f}", f"{row['growth_kib'] / KIB:.2f}")
        for row in told["rows"]
    ]
    return table(
        "memory of the wire, both drivers, nothing kept of what is sent and answered",
        ("", "before MiB", "peak growth MiB", "left MiB"),
        rows,
        f"resident set; before: after {WARM} requests; peak growth: the most above that, every {2 * EVERY} requests; left: at the end",
    )


async def _measure(load: Load, count: int) -> dict[str, int]:
    watched = psutil.Process()
    largest = 0

    def look() -> int:
        nonlocal largest
        size = int(watched.memory_info().rss) // KIB
        largest = max(largest, size)
        return size

    def looking(made: Iterator[Scenario]) -> Iterator[Scenario]:
        """Look at the memory every so often, as scenarios are taken."""
        for number, scenario in enumerate(made):
            if number % EVERY == 0:
                look()
            yield scenario

    async with drivers(load, driver="wire") as both:
        await pairs(both, scenarios(WARM // 2))
        gc.collect()
        before = largest = look()
        await pairs(both, looking(scenarios(count // 2)))
        gc.collect()
        left = look()
        return {"before_kib": before, "peak_growth_kib": largest - before, "growth_kib": left - before}


def main() -> None:
    """Measure one number of requests and print a line of JSON."""
    parser = argparse.ArgumentParser(description="Measure how much memory the wire takes as it sends.")
    parser.add_argument("requests", type=int)
    parser.add_argument("--baseline", default="")
    parser.add_argument("--canary", default="")
    parser.add_argument("--authority", default="")
    options = parser.parse_args()
    if options.baseline:
        print(json.dumps(asyncio.run(_measure(Load(baseline=options.baseline, canary=options.canary), options.requests))))
        return
    with serving() as served:
        print(json.dumps(asyncio.run(_measure(Load(baseline=served.baseline, canary=served.canary), options.requests))))


if __name__ == "__main__":
    main()
