"""The run's own clock: what it did when, for a reader who asks where the time went."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of the run, in instants on the monotonic clock."""

    name: str
    began: float
    ended: float


class Clock:
    """Keeps the phases that follow each other; suites, which may run side by side, tell their own times."""

    def __init__(self) -> None:
        """Begin with the run."""
        self.began = time.monotonic()
        self._phases: list[Phase] = []
        self._open: tuple[str, float] | None = None

    def begin(self, name: str) -> None:
        """Begin a phase; the one before ends."""
        self.end()
        self._open = name, time.monotonic()

    def end(self) -> None:
        """End the phase that is open, if one is."""
        if self._open is not None:
            name, began = self._open
            self._phases.append(Phase(name=name, began=began, ended=time.monotonic()))
            self._open = None

    @property
    def seconds(self) -> float:
        """How long the run has been going on."""
        return time.monotonic() - self.began

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that have ended, in order."""
        return tuple(self._phases)
