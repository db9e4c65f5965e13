"""What a request costs each client, in rounds that take turns, so that a machine that grows slower meanwhile favours none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, Final

from clients import KINDS
from roads import LANES
from rounds import Effort, Figure, MeasuringError, child
from server import serving
from sheet import table

MICRO: Final = 1e6
LEAST: Final = 2 * LANES
MEASURE: Final = "wire"
"""The client that the others are held against; over TLS, the same over TLS."""
MEASURE_TLS: Final = "wire-tls"


def run(effort: Effort, names: Sequence[str] = ()) -> dict[str, Any]:
    """Measure each client in turn, again and again; a client that is not installed is told, and so is one that failed."""
    chosen = {name: kind for name, kind in KINDS.items() if not names or name in names}
    missing = {name: kind.missing for name, kind in chosen.items() if kind.missing}
    failed: dict[str, str] = {}
    spent: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    with ExitStack() as stack:
        servers = {tls: stack.enter_context(serving(tls=tls)) for tls in sorted({kind.tls for kind in chosen.values()})}
        for _ in range(effort.rounds):
            for name, kind in chosen.items():
                if name in missing or name in failed:
                    continue
                served = servers[kind.tls]
                before = served.cpu()
                try:
                    told = child("clients.py", name, "--requests", max(LEAST, int(kind.requests * effort.share)), served=served)
                except MeasuringError as error:
                    failed[name] = str(error)
                    continue
                spent[name].append({**told, "server": served.cpu() - before})
    rows = [
        {"name": name, "title": kind.title, "tls": kind.tls, **_figures(spent[name])}
        if name not in missing and name not in failed
        else {"name": name, "title": kind.title, "tls": kind.tls, "missing": missing.get(name, ""), "failed": failed.get(name, "")}
        for name, kind in chosen.items()
    ]
    _hold_against(rows)
    return {"lanes": LANES, "rounds": effort.rounds, "rows": rows}


def _figures(rounds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {
        "requests": int(min(each["requests"] for each in rounds)),
        "cpu_us": asdict(Figure.of([each["cpu"] / each["requests"] * MICRO for each in rounds])),
        "per_second": asdict(Figure.of([each["requests"] / each["wall"] for each in rounds], digits=0)),
    }


def _hold_against(rows: Sequence[dict[str, Any]]) -> None:
    """Write to each row how many times the wire's processor time it takes: least against least, median against median."""
    known = {row["name"]: row["cpu_us"] for row in rows if "cpu_us" in row}
    for row in rows:
        measure = known.get(MEASURE_TLS if row["tls"] else MEASURE)
        if measure and "cpu_us" in row:
            row["times_wire"] = {which: round(row["cpu_us"][which] / measure[which], 2) for which in ("least", "median")}


def shown(told: Mapping[str, Any]) -> str:
    """Return the table."""
    rows = [_row(row) for row in told["rows"]]
    return table(
        f"one request: CPU of the client's process, {told['rounds']} rounds taken in turn, {told['lanes']} lanes, POST, kept alive",
        ("", "CPU µs least", "median", "req/s median", "most", "wire = 1, least", "median"),
        rows,
        "wire and the httpx driver: composing, meter, level, timeouts, Exchange and Trace on both sides, and whether both answers agree;",
        "the others only send and read. A pair is two requests. Rows over TLS are held against the wire over TLS.",
        "plain: without the package sniffio, which we install beside httpx; lacking it, httpcore tries to import it at each request.",
        "requests/s: client and server share the machine, and for wrk one process of the server is the limit.",
    )


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    if "cpu_us" not in row:
        return row["title"], row["missing"] or f"failed: {row['failed']}"
    cpu, speed, times = row["cpu_us"], row["per_second"], row.get("times_wire", {"least": 0.0, "median": 0.0})
    return (
        row["title"],
        f"{cpu['least']:.1f}",
        f"{cpu['median']:.1f}",
        f"{speed['median']:.0f}",
        f"{speed['most']:.0f}",
        *(f"{times[which]:.2f}" if times[which] else "" for which in ("least", "median")),
    )
