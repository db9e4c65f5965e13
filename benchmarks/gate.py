"""What a whole gate costs (time, requests, processor, memory), and the installed plugin a project that does not use it."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rounds import HERE, Effort, last_words
from sheet import table

sys.path.append(str(HERE.parent / "tests" / "proving"))

from gates import Answer, Gates, Job, Spent

DEMO: Final = Job(name="demo", flaws=("csp-gone", "order-read-foreign", "malformed-json-traceback", "admin-users-open-to-customers"))
"""The gate of `make demo`."""
CLEAN: Final = Job(name="clean")
DEFAULT_RATE: Final = 100
NO_RATE: Final = 100_000
KIB: Final = 1024
UNBOUND: Final = {"four flaws": DEMO, "no flaw": CLEAN}
STARTS: Final = 9
"""pytest starts behind each figure of a full measuring."""
_EMPTY: Final = "def test_nothing():\n    pass\n"


def run(effort: Effort) -> dict[str, Any]:
    """Measure whole gates, and starts of pytest."""
    gates = Gates()
    kinds = [(f"{name}, no bound on the rate", job, NO_RATE) for name, job in UNBOUND.items()]
    if not effort.quick:
        kinds.append((f"no flaw, {DEFAULT_RATE} requests/s a side", CLEAN, DEFAULT_RATE))
    try:
        rows = [_gate(title, [gates.run(job, rate=rate) for _ in range(effort.gates)]) for title, job, rate in kinds]
        return {"runs": effort.gates, "rows": rows, "starts": _starts(gates, 1 if effort.quick else STARTS)}
    finally:
        gates.close()


def _gate(title: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the medians of several runs of one gate."""

    def median(pick: Callable[[Answer], float], digits: int = 2) -> float:
        return round(statistics.median(pick(answer) for answer in answers), digits)

    return {
        "title": title,
        "failed": complaint(answers),
        "verdict": "/".join(sorted({answer.verdict for answer in answers})),
        "seconds": median(lambda answer: answer.seconds),
        "requests": median(lambda answer: answer.requests, 0),
        "cpu": median(lambda answer: answer.cpu),
        "memory_kib": median(lambda answer: answer.memory, 0),
    }


def complaint(answers: Sequence[Answer]) -> str:
    """Return why the figures of these gates would mean nothing: one that gave no clear verdict, or asked nothing; else nothing."""
    for answer in answers:
        if answer.verdict not in {"PASS", "FAIL"} or not answer.requests:
            return f"{answer.verdict}: {answer.reasons[0] if answer.reasons else last_words(answer.output)}"
    return ""


def shown(told: Mapping[str, Any]) -> str:
    """Return the tables."""
    rows = [
        (row["title"], f"failed: {row['failed']}")
        if row["failed"]
        else (
            row["title"],
            row["verdict"],
            f"{row['seconds']:.1f}",
            f"{row['requests']:.0f}",
            f"{row['requests'] / row['seconds']:.0f}",
            f"{row['cpu']:.2f}",
            f"{row['cpu'] / row['seconds']:.2f}",
            f"{row['memory_kib'] / KIB:.0f}",
        )
        for row in told["rows"]
    ]
    text = table(
        f"the demo gate, median of {told['runs']} runs",
        ("", "verdict", "wall s", "requests", "req/s", "CPU s", "CPU/wall", "peak MiB"),
        rows,
        "requests are those of both sides; CPU and memory are the gate's and its children's, without the demo's servers;",
        "peak memory is that of its largest process",
    )
    starts = [
        (row["title"] + ("  (failed)" if row["failed"] else ""), f"{row['seconds']:.3f}", f"{row['cpu']:.3f}", row["ratio"] or "")
        for row in told["starts"]
    ]
    return text + table(
        "\npytest on a project of one empty test, median of its starts",
        ("", "wall s", "CPU s", "ratio"),
        [(*row[:3], f"{row[3]:.2f}" if row[3] else "") for row in starts],
        "the ratio is that of CPU seconds with and without Zeroweight",
    )


def _starts(gates: Gates, starts: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="zeroweight-bench-") as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text(_EMPTY, encoding="utf-8")
        kinds = {
            "pytest without plugins": ("--disable-plugin-autoload",),
            "with Zeroweight alone, not used": ("--disable-plugin-autoload", "-p", "zeroweight.plugin.entry"),
            "with all plugins but Zeroweight": ("-p", "no:zeroweight"),
            "with all plugins, Zeroweight not used": (),
        }
        spent: dict[str, list[Spent]] = {kind: [] for kind in kinds}
        # Taken in turn, so that a machine that grows slower meanwhile favours none.
        for _ in range(starts):
            for kind, arguments in kinds.items():
                line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", name, *arguments, "test_nothing.py"]
                spent[kind].append(gates.spend(line, folder))
    rows: list[dict[str, Any]] = []
    for number, (kind, each) in enumerate(spent.items()):
        cpu = statistics.median(one.cpu for one in each)
        rows.append(
            {
                "title": kind,
                "seconds": round(statistics.median(one.seconds for one in each), 3),
                "cpu": round(cpu, 3),
                # Each second kind is held against the one before it.
                "ratio": round(cpu / rows[-1]["cpu"], 3) if number % 2 else None,
                "failed": next((f"it ended with status {one.status}" for one in each if one.status), ""),
            }
        )
    return rows
