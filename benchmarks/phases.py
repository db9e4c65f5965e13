"""Where a whole gate's processor time goes: each phase of the demo gate, told by the gate's own process (`watching`)."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gate import NO_RATE, UNBOUND, complaint
from gates import PYTEST, Gates, Job
from rounds import HERE, Effort
from sheet import table
from watching import CHILD, OTHER, PHASES

SAID: Final = {
    "start": "Python, imports, pytest's start, the trials' bench",
    "prepare": "who answers, schemas, logins",
    "generate": "the suites, as they make requests",
    CHILD: "the schema's examples",
    "send": "the loop's thread: composing, sending, reading, lanes",
    "judge": "checks, comparing, settling, the verdict",
    "write": "results, record, reports",
    "clean up": "what was made is removed, who answers now",
    "pytest": "collecting, hooks, the terminal",
    OTHER: "other threads, the end of loops",
    "end": "Python's own end",
}


def run(effort: Effort) -> dict[str, Any]:
    """Run the demo gate, with and without flaws, and take the medians."""
    gates = Gates()
    try:
        return {"runs": effort.gates, "rows": [_row(gates, name, job, effort.gates) for name, job in UNBOUND.items()]}
    finally:
        gates.close()


def _row(gates: Gates, name: str, job: Job, runs: int) -> dict[str, Any]:
    spent: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="zeroweight-bench-") as folder:
        out = Path(folder) / "phases.json"
        for _ in range(runs):
            answer = gates.run(job, rate=NO_RATE, line=[sys.executable, str(HERE / "watching.py"), str(out), *PYTEST[2:]])
            failed = complaint([answer])
            if failed:
                return {"title": name, "failed": failed}
            told = json.loads(out.read_text(encoding="utf-8"))
            out.unlink()
            idle = [phase for phase in PHASES if told[phase] <= 0]
            if idle:
                return {"title": name, "failed": f"nothing was charged to {', '.join(idle)}: a seam is in the wrong place"}
            spent.append({**told, "end": max(0.0, answer.cpu - sum(told.values())), "cpu": answer.cpu, "requests": answer.requests})
    phases = {phase: round(statistics.median(each[phase] for each in spent), 3) for phase in SAID}
    return {
        "title": name,
        "requests": int(statistics.median(each["requests"] for each in spent)),
        "cpu": round(statistics.median(each["cpu"] for each in spent), 2),
        "phases": phases,
    }


def shown(told: Mapping[str, Any]) -> str:
    """Return the table: a line a phase, a column a gate."""
    good = [row for row in told["rows"] if "failed" not in row]
    rows: list[tuple[str, ...]] = [(row["title"], f"failed: {row['failed']}") for row in told["rows"] if "failed" in row]
    for phase, what in SAID.items():
        figures = [(row["phases"][phase], row["phases"][phase] / row["cpu"]) for row in good]
        rows.append((f"{phase} ({what})", *(cell for seconds, share in figures for cell in (f"{seconds:.2f}", f"{share:.0%}"))))
    rows.append(("in all", *(cell for row in good for cell in (f"{row['cpu']:.2f}", ""))))
    rows.append(("requests of both sides", *(cell for row in good for cell in (str(row["requests"]), ""))))
    return table(
        f"where the demo gate's CPU seconds go, median of {told['runs']} runs, no bound on the rate",
        ("", *(cell for row in good for cell in (row["title"], "share"))),
        rows,
    )
