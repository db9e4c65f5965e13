"""A gate that tells where its processor time went: `python watching.py FILE [pytest's arguments]` runs it and writes FILE.

Only this process is changed: some functions of the product are wrapped, so that a thread's time is charged to the phase that it is in.
What the loop's thread does besides is sending. A seam that is gone ends the gate with an AttributeError.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import resource
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

START, PREPARE, GENERATE, SEND, JUDGE, WRITE, TIDY, PYTEST = PHASES = (
    "start",
    "prepare",
    "generate",
    "send",
    "judge",
    "write",
    "clean up",
    "pytest",
)
CHILD: Final = "generate, in its child"
OTHER: Final = "other threads"
OPENING: Final = frozenset({PREPARE, TIDY})
"""The phases that open loops of their own."""
SEAMS: Final = (
    ("zeroweight.plugin.gate", "prepare", PREPARE),
    ("zeroweight.session.prepare", "united", PREPARE),  # in a thread of its own
    ("zeroweight.plugin.gate", "close", TIDY),
    ("zeroweight.plugin.gate", "balance", JUDGE),
    ("zeroweight.plugin.ending", "decide", JUDGE),
    ("zeroweight.plugin.ending:Ending", "draft", WRITE),
    ("zeroweight.plugin.ending:Ending", "seal", WRITE),
    ("zeroweight.plugin.gathering:Gathering", "take", WRITE),
    ("zeroweight.plugin.worker:Runner", "_settle", WRITE),
    ("zeroweight.plugin.worker:Runner", "make", START),
    ("zeroweight.trial.settle:Examiner", "take", JUDGE),
    ("zeroweight.trial.settle:Examiner", "unlike", JUDGE),
    ("zeroweight.trial.settle:Examiner", "renew", JUDGE),
    # What follows is called between two requests, by the loop's thread.
    ("zeroweight.trial.settle:Examiner", "_delta", JUDGE),
    ("zeroweight.trial.settle", "exhibits", JUDGE),
    ("zeroweight.trial.doubt:Doubt", "_count", JUDGE),
    ("zeroweight.trial.doubt:Doubt", "_believed", JUDGE),
    ("zeroweight.trial.doubt:Doubt", "_beyond_habit", JUDGE),
    ("zeroweight.trial.sight:Sight", "findings", JUDGE),
    ("zeroweight.trial.trial:Trial", "settle", JUDGE),
)
"""Where a function stands, its name, and the phase that it is of."""


class _Stack(threading.local):
    """The phases that a thread is in, one within the other, and up to which instant its time is charged."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.charged = time.thread_time()


class Watch:
    """Charges the time of threads to phases; a pytest plugin, for the phases that are pytest's."""

    def __init__(self) -> None:
        """Begin in the process's first phase."""
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._stack = _Stack()
        self._stack.phases.append(START)
        self._stack.charged = 0.0  # all that this thread did since the process began
        self._main = self._stack.phases

    @contextlib.contextmanager
    def within(self, phase: str) -> Iterator[None]:
        """Charge this thread's time to a phase while the context is open, and to the one around it before and after."""
        self._charge()
        self._stack.phases.append(phase)
        try:
            yield
        finally:
            self._charge()
            self._stack.phases.pop()

    def _charge(self) -> None:
        stack, now = self._stack, time.thread_time()
        if stack.phases:
            self.spent[stack.phases[-1]] += now - stack.charged
        stack.charged = now

    def enter(self, phase: str) -> None:
        """Let what lies at the bottom, from here on, be another phase."""
        self._charge()
        self._stack.phases[0] = phase

    def wrap(self, place: str, name: str, phase: str) -> None:
        """Charge a function's time to a phase."""
        module, _, owner = place.partition(":")
        holder = importlib.import_module(module)
        holder = getattr(holder, owner) if owner else holder
        function: Callable[..., Any] = getattr(holder, name)

        @functools.wraps(function)
        def charged(*arguments: Any, **more: Any) -> Any:
            with self.within(phase):
                return function(*arguments, **more)

        setattr(holder, name, charged)

    def watch_loops(self) -> None:
        """Charge what the threads of loops do to sending, or to the phase that opened the loop: preparing, cleaning up."""
        from zeroweight.trial.loop import Loop  # noqa: PLC0415  # after the clock began

        begin, close = Loop.__init__, Loop.close

        def begun(loop: Loop, *arguments: Any, **more: Any) -> None:
            begin(loop, *arguments, **more)
            loop._loop.call_soon_threadsafe(  # noqa: SLF001  # the product offers no such seam, and need not
                self._begin_thread, next((each for each in reversed(self._main) if each in OPENING), SEND)
            )

        def closed(loop: Loop) -> None:
            loop.run(self._end_thread())
            close(loop)

        setattr(Loop, "__init__", begun)  # noqa: B010  # mypy wants no assignment to a method
        setattr(Loop, "close", closed)  # noqa: B010  # as above

    def _begin_thread(self, phase: str) -> None:
        self._stack.phases[:] = [phase]
        self._stack.charged = 0.0

    async def _end_thread(self) -> None:
        self._charge()

    # What pytest tells.

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Charge pytest from here on with what is nobody else's: everything is prepared."""
        self.enter(PYTEST)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self) -> Generator[None, Any, Any]:
        """Charge a suite, as it thinks of what to send."""
        with self.within(GENERATE):
            return (yield)

    def told(self) -> dict[str, float]:
        """Return the seconds of each phase, and what this process used besides."""
        self._charge()
        child = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            **{phase: self.spent[phase] for phase in PHASES},
            CHILD: child.ru_utime + child.ru_stime,
            OTHER: max(0.0, time.process_time() - sum(self.spent.values())),
        }


def main() -> int:
    """Run the gate, and write what it spent."""
    watch = Watch()
    out, *arguments = sys.argv[1:]
    sys.path[0] = ""  # as for `python -m pytest`
    for seam in SEAMS:
        watch.wrap(*seam)
    watch.watch_loops()
    status = int(pytest.main(arguments, plugins=[watch]))
    Path(out).write_text(json.dumps(watch.told()), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
