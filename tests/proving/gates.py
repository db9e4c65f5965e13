"""One gate between two sides: forked from a warmed process or run by its command, in a folder of its own, measured, and ended for sure."""

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
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gate_text import with_roles
from services import DEMO, noise_line, service
from talk import ProvingError, Talker

from zeroweight.cli.run import LIGHT
from zeroweight.demo.pair import BASELINE_BUILD, CANARY_BUILD, Pair, config, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zeroweight.demo.noise import Noise

COMMAND: Final = str(Path(sys.executable).parent / "zeroweight")
LIMIT: Final = 240.0
"""Seconds after which a gate is killed. No gate comes near it: what bounds a run are its requests."""
SPARE: Final = 10.0
"""Seconds of these that a gate may take to start and to write its verdict."""
REQUESTS: Final = 20_000
"""Most requests to each side; several times what any run of the proof sends."""
RATE: Final = 5000
"""Requests a second and side: more than this machine can send."""
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
    severity: str = ""

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
    """Seconds of processor of the gate and its children, without the services it asks."""
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
    service: str = DEMO
    flaws: tuple[str, ...] = ()
    benign: tuple[str, ...] = ()
    noise: Noise | None = None
    canary_build: str = CANARY_BUILD
    arguments: tuple[str, ...] = ()
    level: str = ""
    """The safety level, where it is not the gate file's."""
    roles: int = 0
    """How many roles log in; 0: all of the gate file."""
    driver: str = ""
    """What sends the probes, where it is not the gate file's."""
    without: tuple[str, ...] = ()
    """Rules that this gate does not look for."""
    by_command: bool = False
    """Run by the real command line, between two processes of the demo."""

    @property
    def waits(self) -> bool:
        """Whether it mostly waits for its services, and so costs little processor for its time."""
        return self.noise is not None or "slower" in self.benign

    @property
    def how(self) -> str:
        """Say how the gate is run."""
        return "command" if self.by_command else "forked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How a child ended and what it cost."""

    status: int
    seconds: float
    cpu: float
    memory: int


class Farm:
    """Opens the sides of pairs in a process that serves them all."""

    def __init__(self) -> None:
        """Start it."""
        self._talker = Talker("farm.py")

    @contextlib.contextmanager
    def pair(self, job: Job) -> Iterator[tuple[str, str]]:
        """Serve both sides while the context is open; yields the URLs of baseline and canary."""
        sides = ((BASELINE_BUILD, (), ()), (job.canary_build, job.flaws, job.benign))
        with contextlib.ExitStack() as stack:
            yield tuple(stack.enter_context(self._side(job, index, *side)) for index, side in enumerate(sides))  # type: ignore[misc]  # two

    @contextlib.contextmanager
    def _side(self, job: Job, index: int, build: str, flaws: Sequence[str], benign: Sequence[str]) -> Iterator[str]:
        # Each side is noisy in its own way.
        noise = replace(job.noise, seed=job.noise.seed * 2 + index) if job.noise else None
        what = {"service": job.service, "build": build, "flaws": list(flaws), "benign": list(benign), "noise": noise_line(noise)}
        opened = self._talker.ask(do="open", timeout=LIMIT, **what)
        try:
            yield opened["url"]
        finally:
            with contextlib.suppress(ProvingError):  # a farm that is gone serves nothing any more
                self._talker.ask(do="close", timeout=LIMIT, port=opened["port"])

    def cpu(self) -> float:
        """Return the seconds of processor that it has used."""
        return float(self._talker.ask(do="cpu", timeout=LIMIT)["cpu"])

    def close(self) -> None:
        """End it, and all that it serves."""
        self._talker.close()


class Gates:
    """Runs gates, and knows those that are running, so that none outlives it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False
        self._farm: Farm | None = None
        self._zygote: Talker | None = None
        self._shelf = tempfile.TemporaryDirectory(prefix="zeroweight-prove-", ignore_cleanup_errors=True)

    def close(self) -> None:
        """Kill every gate that still runs, and start none any more."""
        with self._lock:
            self._closed = True
            for group in self._running:
                _kill(group)
            last = (self._zygote, self._farm)
        for each in last:
            if each is not None:
                each.close()
        self._shelf.cleanup()

    def farm_cpu(self) -> float:
        """Return the seconds of processor that the services of forked gates have used."""
        return self._farm.cpu() if self._farm is not None else 0.0

    def answer(self, job: Job) -> Answer:
        """Run the gate of a job as the job says; raises what keeps its sides or itself from coming up."""
        if job.by_command:
            return self.run(job, line=[COMMAND, "run"])
        farm, zygote = self._warmed()
        kind = service(job.service)
        with farm.pair(job) as (baseline, canary), self._folder() as folder:
            text = kind.gate(baseline_url=baseline, canary_url=canary, baseline_build=BASELINE_BUILD, canary_build=job.canary_build)
            gate = _written(folder, with_roles(text, job.roles) if job.roles else text)
            told = zygote.ask(
                # It ends a gate at the limit; past that it is itself what hangs.
                timeout=2 * LIMIT,
                folder=str(folder),
                arguments=[*PYTEST[2:], str(gate), *_arguments(folder, job, RATE)],
                environment={**kind.environment(), "ZEROWEIGHT_RUN_ID": uuid.uuid4().hex, "PYTEST_ADDOPTS": LIGHT},
                limit=LIMIT,
                without=list(job.without),
                cut=job.driver not in {"", "wire"},
                shelf=self._shelf.name,
            )
            return _read(folder, Spent(status=told["status"], seconds=told["seconds"], cpu=told["cpu"], memory=told["memory"]))

    def run(self, job: Job, *, rate: int = RATE, line: Sequence[str] = ()) -> Answer:
        """Run the gate in a process of its own, by pytest or another command, between two processes of the demo.

        Raises DemoError when the pair does not come up.
        """
        pair = Pair(flaws=job.flaws, benign=job.benign, noise=job.noise, canary_build=job.canary_build)
        with self._folder() as folder, pair:
            gate = _written(folder, config(pair))
            spent = self.spend([*(line or (sys.executable, *PYTEST)), str(gate), *_arguments(folder, job, rate)], folder, environment())
            return _read(folder, spent)

    def _warmed(self) -> tuple[Farm, Talker]:
        """Return farm and zygote, started at the first call."""
        with self._lock:
            if self._closed:
                raise KeyboardInterrupt
            if self._farm is None or self._zygote is None:
                self._farm, self._zygote = Farm(), Talker("zygote.py")
            return self._farm, self._zygote

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="zeroweight-prove-", ignore_cleanup_errors=True) as name:
            yield Path(name)

    def spend(self, line: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Spent:
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
                    env={**{name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}, **(environment or {})},
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


PYTEST: Final = ("-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "--tb=no", "-rN", "--zeroweight")
"""What `zeroweight run` gives Python, up to the gate's file; a test holds the two against each other."""


def _arguments(folder: Path, job: Job, rate: int) -> list[str]:
    """Return what comes after the gate's file."""
    # A busy machine must not decide a proof: requests bound a run, its seconds only what hangs.
    sets = [f"budget.rate={rate}", f"budget.seconds={LIMIT - SPARE:g}", f"budget.requests={REQUESTS}"]
    if job.level:
        sets.append(f"safety.level={job.level}")
    if job.driver:
        sets.append(f"driver={job.driver}")
    return ["--zeroweight-output", str(folder / "out"), *(word for each in sets for word in ("--zeroweight-set", each)), *job.arguments]


def _written(folder: Path, text: str) -> Path:
    gate = folder / "gate.toml"
    gate.write_text(text, encoding="utf-8")
    # Else pytest looks for a configuration upwards, and finds anybody's.
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return gate


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _read(folder: Path, spent: Spent) -> Answer:
    """Read verdict.json and hold it against the exit status; the folder is this run's alone."""
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
        requests=int(sum(count for key, count in told.get("budget", {}).items() if key.startswith("sent_"))),
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
        severity=told["severity"],
    )
