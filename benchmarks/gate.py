"""What a gate costs on this machine: `make bench`. Nothing here is asserted; docs/measurements.md keeps what was measured when.

Measured are the demo gate (time, requests, processor, memory), once at the default rate and once without one, and what the installed
plugin costs a project that does not use it. Each figure is the median of several runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "proving"))

from gates import Answer, Gates, Job, Spent  # noqa: E402  # it lies in a folder that is no package

DEMO: Final = Job(name="demo", flaws=("csp-gone", "order-read-foreign", "malformed-json-traceback", "admin-users-open-to-customers"))
"""The gate of `make demo`."""
CLEAN: Final = Job(name="clean")
DEFAULT_RATE: Final = 100
NO_RATE: Final = 100_000
_EMPTY: Final = "def test_nothing():\n    pass\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a gate costs on this machine.")
    parser.add_argument("--runs", type=int, default=3, help="gate runs behind each figure (default: 3)")
    parser.add_argument("--starts", type=int, default=9, help="pytest starts behind each figure (default: 9)")
    options = parser.parse_args()
    gates = Gates()
    try:
        _gates(gates, options.runs)
        _starts(gates, options.starts)
    finally:
        gates.close()


def _gates(gates: Gates, runs: int) -> None:
    print(f"\nthe demo gate, median of {runs} runs\n")
    print(f"{'':<36}{'verdict':>9}{'wall s':>9}{'requests':>10}{'req/s':>8}{'CPU s':>8}{'CPU/wall':>10}{'peak MiB':>10}")
    for name, job, rate in (
        ("four flaws, no bound on the rate", DEMO, NO_RATE),
        ("no flaw, no bound on the rate", CLEAN, NO_RATE),
        (f"no flaw, {DEFAULT_RATE} requests/s a side", CLEAN, DEFAULT_RATE),
    ):
        answers = [gates.run(job, rate=rate) for _ in range(runs)]
        wall, cpu, requests = (_median(answers, pick) for pick in (_seconds, _cpu, _requests))
        memory = _median(answers, lambda answer: answer.memory) / 1024
        words = "/".join(sorted({answer.verdict for answer in answers}))
        print(f"{name:<36}{words:>9}{wall:>9.1f}{requests:>10.0f}{requests / wall:>8.0f}{cpu:>8.1f}{cpu / wall:>10.2f}{memory:>10.0f}")
    print("\nrequests are those of both sides; CPU and memory are the gate's and its children's, without the demo's servers;")
    print("peak memory is that of its largest process")


def _seconds(answer: Answer) -> float:
    return answer.seconds


def _cpu(answer: Answer) -> float:
    return answer.cpu


def _requests(answer: Answer) -> float:
    return answer.requests


def _median(answers: Sequence[Answer], pick: Callable[[Answer], float]) -> float:
    return statistics.median(pick(answer) for answer in answers)


def _starts(gates: Gates, starts: int) -> None:
    print(f"\npytest on a project of one empty test, median of {starts} starts\n")
    print(f"{'':<40}{'wall s':>9}{'CPU s':>9}{'ratio':>9}")
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
    medians = {kind: [statistics.median(values) for values in zip(*map(_cost, each), strict=True)] for kind, each in spent.items()}
    for number, (kind, (wall, cpu)) in enumerate(medians.items()):
        # Each second kind is held against the one before it.
        ratio = f"{cpu / list(medians.values())[number - 1][1]:>9.2f}" if number % 2 else ""
        broken = "" if all(one.status == 0 for one in spent[kind]) else "  (failed)"
        print(f"{kind:<40}{wall:>9.3f}{cpu:>9.3f}{ratio}{broken}")
    print("\nthe ratio is that of CPU seconds with and without Zeroweight")


def _cost(spent: Spent) -> tuple[float, float]:
    return spent.seconds, spent.cpu


if __name__ == "__main__":
    main()
