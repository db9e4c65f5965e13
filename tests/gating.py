"""Gates run as a user would: a child process, its folder, its verdict. No child outlives its test, and none runs for ever."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import pytest
from small_service import BASELINE_BUILD, CANARY_BUILD, ENVIRONMENT, Small, Street, gate_file

LIMIT: Final = 120.0
"""Seconds after which a child is killed."""
WITH_ALLURE: Final = (sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:anyio")
PYTEST: Final = (*WITH_ALLURE, "-p", "no:allure_pytest")
"""Without neighbours that cost a third of a second a start."""
PLAIN: Final = (*PYTEST, "-p", "no:cacheprovider", "--zeroweight", "gate.toml")
COMMAND: Final = str(Path(sys.executable).parent / "zeroweight")
RUN: Final = (COMMAND, "run", "gate.toml")
NARROW: Final = '[suites]\nskip = ["errors", "headers"]\n'
"""One suite of three: for what has nothing to do with findings."""
YESTERDAY: Final = json.dumps({"verdict": "PASS", "reasons": [], "run": {"id": "yesterday", "finished": True}})
OUT: Final = "zeroweight-out"


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return a child's environment: the caller's, less what steers pytest and the gate, and the tokens."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "ZEROWEIGHT"))}
    return {**kept, **ENVIRONMENT, "COLUMNS": "120", **more}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A child that came to its end."""

    status: int
    out: str
    err: str
    folder: Path

    @property
    def verdict(self) -> dict[str, Any]:
        """verdict.json; empty when there is none."""
        path = self.folder / OUT / "verdict.json"
        told: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return told

    @property
    def word(self) -> str:
        """The verdict's word, or nothing."""
        return str(self.verdict.get("verdict", ""))

    @property
    def codes(self) -> list[str]:
        """The codes of the reasons."""
        return [reason["code"] for reason in self.verdict["reasons"]]

    @property
    def findings(self) -> list[tuple[str, str]]:
        """Fingerprint and state of each finding."""
        return sorted((finding["fingerprint"], finding["state"]) for finding in self.verdict["findings"])

    @property
    def last(self) -> str:
        """The last line on stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def summary(self) -> list[str]:
        """The lines of our own section."""
        lines = self.out.splitlines()
        start = max(index for index, line in enumerate(lines) if line.strip("=").strip() == "zeroweight")
        end = next(index for index in range(start, len(lines)) if lines[index].startswith("files: "))
        return lines[start + 1 : end + 1]

    def said(self, word: str, status: int) -> None:
        """Hold status and file against the word."""
        assert (self.status, self.word) == (status, word), f"{self.out}\n{self.err}"


class Child:
    """A child that still runs."""

    def __init__(self, folder: Path, line: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            line,
            cwd=folder,
            env=environment(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def signal(self, number: int) -> None:
        """Signal the child itself, and none of its children."""
        self._process.send_signal(number)

    def end(self) -> Ran:
        """Wait for its end, which comes for sure."""
        try:
            out, err = self._process.communicate(timeout=LIMIT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return Ran(status=self._process.returncode, out=out, err=err, folder=self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def run(folder: Path, line: Sequence[str], *, env: Mapping[str, str] | None = None) -> Ran:
    """Run a child to its end."""
    with Child(folder, line, env=env) as child:
        return child.end()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder, which is a project of its own."""
    own = {} if {"pytest.ini", "pyproject.toml"} & set(files) else {"pytest.ini": "[pytest]\n"}
    for name, text in {**own, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run of a gate on the small pair: what the canary has, what the file says besides, how it is called."""

    flaws: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    more: str = NARROW
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    line: tuple[str, ...] = PLAIN
    roles: tuple[str, ...] = ("alice", "admin")
    echo: bool = False
    replaced: tuple[str, str] = ("", "")
    """What stands in gate.toml, and what does instead."""


class Pairs:
    """Small services by what they have, opened when first asked for."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self._open: dict[object, Small] = {}

    def get(self, build: str, flaws: tuple[str, ...] = (), *, echo: bool = False) -> Small:
        key = (build, flaws, echo)
        if key not in self._open:
            self._open[key] = self.street.open(Small(build=build, flaws=frozenset(flaws), echo=echo))
        return self._open[key]

    def fresh(self, *flaws: str) -> tuple[Small, Small]:
        """Return a pair of one's own: to hold requests back in, or with nothing in store that another run made."""
        baseline, canary = Small(build=BASELINE_BUILD), Small(build=CANARY_BUILD, flaws=frozenset(flaws))
        return self.street.open(baseline), self.street.open(canary)

    def file(self, case: Case) -> str:
        """Return the gate.toml of a case."""
        baseline = self.get(BASELINE_BUILD, echo=case.echo)
        canary = self.get(CANARY_BUILD, case.flaws, echo=case.echo)
        return gate_file(baseline, canary, roles=case.roles, more=case.more).replace(*case.replaced)

    def run(self, folder: Path, case: Case) -> Ran:
        """Run a case in a folder, where yesterday's PASS lies."""
        write(folder, {"gate.toml": self.file(case), f"{OUT}/verdict.json": YESTERDAY, **case.files})
        return run(folder, (*case.line, *case.args), env=case.env)


class Runs:
    """The runs that several tests look at, each made once: in the background, or at once for the test that asks first."""

    def __init__(self, cases: Mapping[str, Case], start: Callable[[str, Case], Ran]) -> None:
        self._cases, self._start = cases, start
        self._pool = ThreadPoolExecutor(1)
        self._waiting: dict[str, Future[Ran]] = {}

    def begin(self, names: Sequence[str]) -> None:
        """Make these runs in the background."""
        for name in names:
            self._waiting[name] = self._pool.submit(self._start, name, self._cases[name])

    def __getitem__(self, name: str) -> Ran:
        future = self._waiting.get(name)
        if future is None or future.cancel():
            future = self._waiting[name] = Future()
            future.set_result(self._start(name, self._cases[name]))
        return future.result()

    def close(self) -> None:
        """Begin no more."""
        self._pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def pairs() -> Iterator[Pairs]:
    """Every small service of this session."""
    with Street() as street:
        yield Pairs(street)


@pytest.fixture
def gate(pairs: Pairs, tmp_path: Path) -> Callable[..., Ran]:
    """Run a gate that no other test looks at."""
    return lambda **given: pairs.run(tmp_path, Case(**given))
