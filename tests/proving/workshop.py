"""What a harness fault is made with: pairs, proxies, a gate file, and a gate that runs as a child and never outlives its fault."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psutil
from gate_file import Gate
from proxy import NotReachedError, Proxy, Script, pass_on

from zeroweight.demo.pair import Pair, environment
from zeroweight.trial.loop import Loop

if TYPE_CHECKING:
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = str(Path(sys.executable).parent / "zeroweight")
PATIENCE: Final = 120.0
"""Seconds after which a gate is killed, and its fault counts as failed."""

PASS: Final = frozenset({("PASS", 0)})
FAIL: Final = frozenset({("FAIL", 1)})
INCONCLUSIVE: Final = frozenset({("INCONCLUSIVE", 10)})
NOT_PASS: Final = FAIL | INCONCLUSIVE
"""Never PASS, never 0; and neither a crash nor a verdict that disagrees with its status."""
USAGE: Final = frozenset({("INCONCLUSIVE", 4)})

STALE: Final = "yesterday's"
"""What is said of the planted PASS when a run did not replace it."""
_YESTERDAY: Final = {"verdict": "PASS", "reasons": [], "run": {"id": "yesterday", "finished": True}}

Expected = frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a gate said while something was wrong with it, and what it might have said."""

    name: str = ""
    title: str = ""
    verdict: str
    """The word in verdict.json; `none` without one that can be read; `yesterday's PASS` when nothing replaced the planted one."""
    status: int | None
    """The exit status; None where the gate had to be killed."""
    seconds: float
    expected: Expected
    codes: tuple[str, ...] = ()
    """The codes of the verdict's reasons."""
    code: str = ""
    """The code that one of them must have: a gate may not be right by chance."""
    trouble: str = ""
    """What went wrong beside the verdict: killed, left a process behind, the fault never happened."""
    output: str = ""

    @property
    def ok(self) -> bool:
        """Whether the gate did what it had to."""
        return (self.verdict, self.status) in self.expected and not self.trouble and (not self.code or self.code in self.codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a run is broken, and the gate that is tried on it."""

    name: str
    title: str
    run: Callable[[Workshop], Result]
    waits: bool = False
    """Whether it mostly waits for something that never comes, and so costs no processor."""


def fault(title: str, *, waits: bool = False) -> Callable[[Callable[[Workshop], Result]], Fault]:
    """Make a Fault of the function that plays it; its name is the function's."""

    def made(run: Callable[[Workshop], Result]) -> Fault:
        return Fault(name=run.__name__.replace("_", "-"), title=title, run=run, waits=waits)

    return made


def faults_of(names: Mapping[str, object]) -> tuple[Fault, ...]:
    """Return every fault of a module, in the order written."""
    return tuple(value for value in names.values() if isinstance(value, Fault))


class Pairs:
    """Demo pairs by their flaws, started when first asked for and shared by all faults: whatever breaks, it is not they."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._running: dict[tuple[str, ...], Pair] = {}
        self.children: set[Child] = set()
        """The gates that run now."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def get(self, *flaws: str) -> Pair:
        """Return the running pair whose canary has these flaws."""
        with self._lock:
            if flaws not in self._running:
                self._running[flaws] = self._stack.enter_context(Pair(flaws=flaws))
            return self._running[flaws]

    def abort(self) -> None:
        """Kill every gate that runs now."""
        for child in tuple(self.children):
            child.swept()


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """A gate that runs, and everything that it started."""

    process: subprocess.Popen[str]
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until it is killed."""
        return max(0.1, self.began + PATIENCE - time.monotonic())

    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def gate(self) -> psutil.Process:
        """Return the process that is the pytest controller: the child, or the child of `zeroweight run`."""
        child = psutil.Process(self.process.pid)
        below = [each for each in child.children() if "pytest" in each.cmdline()]
        return below[0] if below else child

    def workers(self) -> list[psutil.Process]:
        """Return xdist's workers, which execnet starts by a one-line program."""
        return [each for each in self.gate().children() if any("eval(sys.stdin.readline" in word for word in each.cmdline())]

    def swept(self) -> bool:
        """Kill what is left of the child's process group; whether anything was."""
        alive = False
        for process in psutil.process_iter(["pid"]):
            with contextlib.suppress(ProcessLookupError, psutil.Error):
                if os.getpgid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    alive = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return alive


class Workshop:
    """One fault's place of work: a folder, proxies and pairs; leaving the context ends and removes all of it."""

    def __init__(self, pairs: Pairs) -> None:
        """Make nothing yet."""
        self._pairs = pairs
        self._stack = contextlib.ExitStack()
        self._loop: Loop | None = None
        self._proxies: list[Proxy] = []

    def __enter__(self) -> Self:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="zeroweight-fault-", ignore_cleanup_errors=True)))
        self.output.mkdir()
        self.write("pytest.ini", "[pytest]\n")  # or pytest would take any project's above the folder
        (self.output / "verdict.json").write_text(json.dumps(_YESTERDAY))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def output(self) -> Path:
        """Where runs write; yesterday's PASS lies there."""
        return self.folder / "out"

    def pair(self, *flaws: str) -> Pair:
        """Return a running pair."""
        return self._pairs.get(*flaws)

    def proxy(self, url: str, script: Script = pass_on) -> Proxy:
        """Put a proxy in front of a side."""
        if self._loop is None:
            self._loop = Loop()
            self._stack.callback(self._loop.close)
        self._proxies.append(self._stack.enter_context(Proxy(self._loop, url, script)))
        return self._proxies[-1]

    def gate(self, *flaws: str, baseline: Script | None = None, canary: Script | None = None) -> Gate:
        """Return the gate of a pair, with a proxy in front of each side that has a script."""
        pair = self.pair(*flaws)
        old = self.proxy(pair.baseline.url, baseline).url if baseline else pair.baseline.url
        new = self.proxy(pair.canary.url, canary).url if canary else pair.canary.url
        return Gate(baseline=old, canary=new)

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(
        self,
        gate: Gate,
        *arguments: str,
        expected: Expected = NOT_PASS,
        code: str = "",
        env: Mapping[str, str] | None = None,
        midway: Callable[[Child], None] | None = None,
    ) -> Result:
        """Try a gate by `zeroweight run`."""
        self.write("gate.toml", gate.text())
        return self.command([COMMAND, "run", "gate.toml", *arguments], expected=expected, code=code, env=env, midway=midway)

    def pytest(
        self,
        gate: Gate,
        *arguments: str,
        expected: Expected = NOT_PASS,
        code: str = "",
        env: Mapping[str, str] | None = None,
        midway: Callable[[Child], None] | None = None,
    ) -> Result:
        """Try a gate by `pytest --zeroweight`."""
        self.write("gate.toml", gate.text())
        line = ["-m", "pytest", "-p", "no:schemathesis", "--zeroweight", "gate.toml", *arguments]
        return self.command(line, expected=expected, code=code, env=env, midway=midway)

    def command(
        self,
        line: Sequence[str],
        *,
        expected: Expected,
        code: str = "",
        env: Mapping[str, str] | None = None,
        midway: Callable[[Child], None] | None = None,
    ) -> Result:
        """Run Python on a line, do the fault's deed in the midst, and read what came of it."""
        words = {**os.environ, **environment(), "ZEROWEIGHT_OUTPUT_FOLDER": str(self.output), **(env or {})}
        process = subprocess.Popen(
            [sys.executable, *line],
            cwd=self.folder,
            env=words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        child = Child(process=process)
        self._pairs.children.add(child)
        try:
            output, trouble = self._watch(child, midway)
        finally:
            left = child.swept()
            process.wait()
            self._pairs.children.discard(child)
        killed = trouble.startswith("killed")
        if left and not trouble:
            trouble = "it left a process behind"
        word, codes = self.said()
        return Result(
            verdict=word,
            status=None if killed else process.returncode,
            seconds=time.monotonic() - child.began,
            expected=expected,
            codes=codes,
            code=code,
            trouble=trouble or self._untouched(),
            output=output,
        )

    def _watch(self, child: Child, midway: Callable[[Child], None] | None) -> tuple[str, str]:
        """Wait for the end; returns the output, and what went wrong."""
        trouble = ""
        if midway is not None:
            try:
                midway(child)
            except (NotReachedError, psutil.Error, OSError) as error:
                trouble = f"the fault did not happen: {error}"
        try:
            output, _ = child.process.communicate(timeout=child.left)
        except subprocess.TimeoutExpired:
            child.swept()
            output, _ = child.process.communicate()
            trouble = f"killed after {PATIENCE:.0f} s"
        return output, trouble

    def _untouched(self) -> str:
        happened = not self._proxies or any(proxy.fired for proxy in self._proxies)
        return "" if happened else "the fault did not happen: no script came to its turn"

    def said(self) -> tuple[str, tuple[str, ...]]:
        """Return the word and the reasons' codes that verdict.json holds now."""
        try:
            told: dict[str, Any] = json.loads((self.output / "verdict.json").read_bytes())
        except (OSError, ValueError):
            return "none", ()
        stale = f"{STALE} " if told["run"]["id"] == "yesterday" else ""
        return stale + told["verdict"], tuple(dict.fromkeys(reason["code"] for reason in told["reasons"]))

    def copy(self, *, without: Iterable[str] = ()) -> dict[str, str]:
        """Install a copy of the package as a wheel would, less some files; returns the environment that uses it."""
        place = self.folder / "copy"
        shutil.copytree(ROOT / "harness" / "zeroweight", place / "zeroweight", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("suites", "payloads", "reports"):
            shutil.copytree(ROOT / name, place / "zeroweight" / "data" / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in without:
            lost = place / "zeroweight" / "data" / name
            if lost.is_dir():
                shutil.rmtree(lost)
            else:
                lost.unlink()
        return {"PYTHONPATH": str(place)}


def at_request(proxy: Proxy, number: int, deed: Callable[[Child], None]) -> Callable[[Child], None]:
    """Do something to a run when its so-manieth request comes by."""

    def midway(child: Child) -> None:
        proxy.wait_for(number, given_up=child.ended, seconds=child.left)
        deed(child)

    return midway


def named(played: Fault, result: Result) -> Result:
    """Write the fault's name on its result."""
    return replace(result, name=played.name, title=played.title)
