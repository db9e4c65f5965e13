"""One gate between a demo pair: run as a child with a folder of its own, measured, and ended for sure."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zeroweight.demo.pair import CANARY_BUILD, Pair, config, environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zeroweight.demo.noise import Noise

LIMIT: Final = 180.0
"""Seconds after which a gate is killed."""
SPARE: Final = 5.0
"""Seconds of these that a gate may take to start and to write its verdict."""
TAIL: Final = 2000
"""Letters of a gate's output that are kept for a person."""
WORDS: Final = {0: "PASS", 1: "FAIL", 10: "INCONCLUSIVE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding of a verdict."""

    rule: str
    operation: str
    role: str
    parameter: str
    state: str
    confirmed: bool
    blocks: bool

    def __str__(self) -> str:
        """Say it as the table does."""
        return f"{self.rule} at {self.operation} as {self.role}" + (f" ({self.parameter})" if self.parameter else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a gate said, and what it cost."""

    verdict: str
    """The word, only where exit status and verdict.json agree; else what they said."""
    findings: tuple[Found, ...] = ()
    reasons: tuple[str, ...] = ()
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of processor of the gate and its children, without the demo's servers."""
    memory: int = 0
    """The largest resident set of one of its processes, in KiB."""
    counts: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    output: str = ""

    @property
    def blocking(self) -> tuple[Found, ...]:
        """What stands in the way of a PASS."""
        return tuple(found for found in self.findings if found.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One pair, and how the gate between its sides is run."""

    name: str
    flaws: tuple[str, ...] = ()
    benign: tuple[str, ...] = ()
    noise: Noise | None = None
    canary_build: str = CANARY_BUILD
    arguments: tuple[str, ...] = ()


class Gates:
    """Runs gates, and knows those that are running, so that none outlives it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False

    def close(self) -> None:
        """Kill every gate that still runs, and start none any more."""
        with self._lock:
            self._closed = True
            for group in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)

    def run(self, job: Job, *, rate: int = 5000) -> Answer:
        """Start the pair, run the gate by pytest, and read what it said; raises DemoError when the pair does not come up."""
        pair = Pair(flaws=job.flaws, benign=job.benign, noise=job.noise, canary_build=job.canary_build)
        with tempfile.TemporaryDirectory(prefix="zeroweight-prove-", ignore_cleanup_errors=True) as name, pair:
            folder = Path(name)
            (folder / "gate.toml").write_text(config(pair), encoding="utf-8")
            # Else pytest looks for a configuration upwards, and finds anybody's.
            (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
            line = ["-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "--zeroweight", str(folder / "gate.toml")]
            line += ["--zeroweight-output", str(folder / "out"), "--zeroweight-set", f"budget.rate={rate}"]
            # A busy machine must not decide a proof: the run's own end comes just before that of the patience here.
            line += ["--zeroweight-set", f"budget.seconds={LIMIT - SPARE:g}", *job.arguments]
            spent = self.spend([sys.executable, *line], folder)
            return _read(folder, spent)

    def spend(self, line: Sequence[str], folder: Path) -> Spent:
        """Run a command in a process group of its own and measure it; it is killed at the limit, or by `close`."""
        with (folder / "output.txt").open("wb") as output:
            began = time.monotonic()
            with self._lock:
                if self._closed:
                    raise KeyboardInterrupt
                child = subprocess.Popen(
                    list(line),
                    cwd=folder,
                    # Another wrapper's pytest options would narrow the run.
                    env={**{name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}, **environment()},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._running.add(child.pid)
            timer = threading.Timer(LIMIT, _kill, [child.pid])
            timer.start()
            try:
                # The group is killed before its leader is reaped: until then its number cannot be another's.
                os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            finally:
                timer.cancel()
                with self._lock:
                    _kill(child.pid)
                    self._running.discard(child.pid)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        return Spent(
            status=child.returncode,
            seconds=time.monotonic() - began,
            cpu=usage.ru_utime + usage.ru_stime,
            memory=usage.ru_maxrss,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How a child ended and what it cost."""

    status: int
    seconds: float
    cpu: float
    memory: int


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _read(folder: Path, spent: Spent) -> Answer:
    """Read verdict.json and hold it against the exit status."""
    output = (folder / "output.txt").read_text(encoding="utf-8", errors="replace")[-TAIL:]
    try:
        told = json.loads((folder / "out" / "verdict.json").read_bytes())
    except (OSError, ValueError):
        told = {"verdict": "none"}
    word = str(told["verdict"])
    return Answer(
        verdict=word if WORDS.get(spent.status) == word else f"{word} with status {spent.status}",
        findings=tuple(_found(each) for each in told.get("findings", ())),
        reasons=tuple(f"{each['code']}: {each['text']}" for each in told.get("reasons", ())),
        seconds=round(spent.seconds, 2),
        cpu=round(spent.cpu, 2),
        memory=spent.memory,
        counts=told.get("counts", {}),
        requests=sum(count for key, count in told.get("budget", {}).items() if key.startswith("sent_")),
        output=output,
    )


def _found(told: dict[str, Any]) -> Found:
    place = told["place"]
    return Found(
        rule=told["rule"],
        operation=f"{place['method']} {place['path']}",
        role=place["role"],
        parameter=place["parameter"],
        state=told["state"],
        confirmed=told["confirmed"],
        blocks=told["action"] == "block",
    )
