"""Ending a run in order when it is told to: by a rollout's SIGTERM, by a person's Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)
ONE = 1.0
"""Seconds in which two signals are one: a terminal's Ctrl-C reaches this process and its parent, which passes it on."""
SHARE = 0.25
"""The share of the grace that requests under way get to come home; then they are given up."""
PARENT = "ZEROWEIGHT_PARENT"
"""The environment variable in which `zeroweight run` says its process id to pytest."""
GLANCE = 0.5
"""Seconds between two looks at whether the parent still lives."""
LEAST = 1.0
"""Seconds that clean-up gets even when the grace was spent on waiting."""


class Stop:
    """Hears SIGTERM and SIGINT from the run's first step to its last.

    The first asks the run to send nothing more and to come to its end; where nothing can be asked so, and when the end does not come, it
    interrupts as pytest knows it. From the clean-up on, further signals change nothing: it is bounded by itself.
    """

    def __init__(self, grace: float) -> None:
        """Hear nothing yet."""
        self._grace = grace
        self._since = 0.0
        self._deaf = False
        self._insisting = False
        self._timer: threading.Timer | None = None
        self._over = threading.Event()
        self._before: dict[signal.Signals, Any] = {}
        self.told = ""
        """The name of the first signal that came."""
        self.gently: Callable[[str], None] | None = None
        """How the run is asked to come to its end."""

    @property
    def patience(self) -> float:
        """Seconds that requests under way get to come home."""
        return self._grace * SHARE

    def watch(self) -> None:
        """Hear signals from now on; only a program's main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._heard) for number in SIGNALS}
        parent = os.environ.pop(PARENT, "")  # it is ours alone: what we start has us as its parent
        if parent.isdigit():
            threading.Thread(target=self._watch_over, args=(int(parent),), daemon=True).start()

    def _watch_over(self, parent: int) -> None:
        """End the run like a SIGTERM when the command that started it is gone: killed, it can forward nothing, and nobody would stop us."""
        while os.getppid() == parent:
            if self._over.wait(GLANCE):
                return
        os.kill(os.getpid(), signal.SIGTERM)

    def deafen(self) -> None:
        """Let nothing interrupt the clean-up."""
        self._deaf = True
        if self._timer is not None:
            self._timer.cancel()

    def restore(self) -> None:
        """Leave the signals as they were."""
        self.deafen()
        self._over.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def left(self) -> float:
        """Return the seconds that clean-up has."""
        return max(LEAST, self._grace - (time.monotonic() - self._since)) if self.told else self._grace

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # a signal handler's signature
        first = not self.told
        if not first and not self._insisting and time.monotonic() - self._since < ONE:
            return
        self.told = self.told or signal.Signals(number).name
        if first:
            self._since = time.monotonic()
        if self._deaf:
            return
        if first and self.gently is not None:
            self.gently(self.told)
            self._timer = threading.Timer(self.patience, self._insist)
            self._timer.daemon = True
            self._timer.start()
            return
        self._deaf = True  # a second interrupt would hit the handling of the first
        raise KeyboardInterrupt

    def _insist(self) -> None:
        """Signal again from outside, so that a main thread that waits for an answer wakes up."""
        self._insisting = True
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGTERM)
