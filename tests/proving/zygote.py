"""The zygote: a warmed process that forks one gate for each question. It never starts a thread or an event loop itself.

Event loops, TLS contexts, run ids and random state are made after the fork, by the gate as always: a child that is forked beside a
running loop thread hangs.

Question (standard input, a line of JSON): `{"folder": …, "arguments": […], "environment": {…}, "limit": seconds, "without": [rule, …],
"cut": whether nothing may go by the wire, "shelf": folder or ""}`; the gate runs in the folder, with these pytest arguments, its words
go to output.txt there. Answer (standard output): `{"status": …, "seconds": …, "cpu": …, "memory": KiB}`, children included. A gate past
its limit is killed, and so is every gate when the input ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import random
import resource
import selectors
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Final, NoReturn

import pytest
from _pytest.config import default_plugins

import zeroweight
from zeroweight.writers import page

COLD: Final = ("zeroweight.cli", "zeroweight.demo", "zeroweight.drivers.openapi_child")
"""What no gate's process imports."""
BROKEN: Final = 70
"""Status of a gate that could not even begin (sysexits: EX_SOFTWARE)."""


def warm() -> None:
    """Import all that a gate would import, once: pytest and its plugins, our rooms, and what they in turn need."""
    for module in pkgutil.walk_packages(zeroweight.__path__, "zeroweight."):
        if not module.name.startswith(COLD):
            importlib.import_module(module.name)
    for plugin in entry_points(group="pytest11"):
        if plugin.name != "schemathesis":
            plugin.load()
    importlib.import_module("hypothesis")  # its plugin does so at the end of every run
    importlib.import_module("httpcore")  # httpx does so with its first connection
    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    page.templates()
    importlib.import_module("seams")
    # What is there now stays: no collection in a child need look at it, and its pages stay shared.
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate that runs."""

    id: int
    began: float
    deadline: float


class Zygote:
    """Forks gates, and reaps them with what they cost."""

    def __init__(self, out: int) -> None:
        """Run none yet."""
        self._out = out
        self._gates: dict[int, Gate] = {}
        self._waking, self._wake = os.pipe()
        for end in (self._waking, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._waking, selectors.EVENT_READ)
        self._selector.register(0, selectors.EVENT_READ)

    def serve(self) -> None:
        """Answer until the input ends; then kill what still runs."""
        rest = b""
        while True:
            ready = {key.fd for key, _ in self._selector.select(self._patience())}
            if self._waking in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._waking, 4096)
            if 0 in ready:
                chunk = os.read(0, 65536)
                if not chunk:
                    break
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._begin(json.loads(line))
            self._end_what_is_late()
            self._reap()
        for pid in self._gates:
            _kill(pid)

    def _patience(self) -> float | None:
        if not self._gates:
            return None
        return max(0.0, min(gate.deadline for gate in self._gates.values()) - time.monotonic())

    def _begin(self, question: dict[str, Any]) -> None:
        sys.stdout.flush()
        now = time.monotonic()
        try:
            pid = os.fork()
        except OSError as error:
            self._say(question["id"], error=f"the machine has no room for another gate: {error}")
            return
        if pid == 0:
            self._become(question)
        self._gates[pid] = Gate(id=question["id"], began=now, deadline=now + question["limit"])

    def _become(self, question: dict[str, Any]) -> NoReturn:
        """Be a gate from here on."""
        status = BROKEN
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for end in (self._waking, self._wake, self._out):
                os.close(end)
            status = run(question)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _end_what_is_late(self) -> None:
        for pid, gate in self._gates.items():
            if gate.deadline <= time.monotonic():
                _kill(pid)

    def _reap(self) -> None:
        for pid, gate in list(self._gates.items()):
            # The group is killed before its leader is reaped: until then its number cannot be another's.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            seconds = time.monotonic() - gate.began
            _kill(pid)
            _, status, usage = os.wait4(pid, 0)
            del self._gates[pid]
            self._say(
                gate.id,
                status=os.waitstatus_to_exitcode(status),
                seconds=seconds,
                cpu=usage.ru_utime + usage.ru_stime,
                memory=usage.ru_maxrss,
            )

    def _say(self, number: int, **answer: Any) -> None:
        os.write(self._out, json.dumps({**answer, "id": number}).encode() + b"\n")


def run(question: dict[str, Any]) -> int:
    """Run the gate of a question in this process, as `python -m pytest` would in a new one; returns the status."""
    os.chdir(question["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for old, new in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(old, new)
    for old in {nothing, output} - {0, 1, 2}:
        os.close(old)
    os.environ.update(question["environment"])
    # As `zeroweight run` does: should this process's parent be killed, the gate ends itself.
    os.environ["ZEROWEIGHT_PARENT"] = str(os.getppid())
    sys.argv = ["pytest", *question["arguments"]]
    sys.path[0] = ""  # the folder, as for `python -m`; not the one where the proving ground lies
    random.seed()
    seams = importlib.import_module("seams")
    if question["without"]:
        seams.switch_off(question["without"])
    if question["cut"]:
        seams.cut_the_wire()
    if question["shelf"]:
        seams.generate_once(question["shelf"])
    return int(pytest.main(question["arguments"]))


def _kill(pid: int) -> None:
    """Kill a gate and whatever it started; it may be so young that it has no group of its own yet."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def main() -> None:
    """Warm up, and answer."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not spoil the answers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.pop("PYTEST_ADDOPTS", None)  # another wrapper's options would narrow the run
    warm()
    Zygote(out).serve()


if __name__ == "__main__":
    main()
