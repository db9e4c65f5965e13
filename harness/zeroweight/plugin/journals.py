"""Where a run keeps the journals of what it makes: in the output folder, so that the next run can remove what a killed one left."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from zeroweight.errors import ConfigError

FOLDER = "journals"
TOLD = "run.json"
LOCK = "lock"


class Journals:
    """One run's folder of journals, locked while the run lives: a lock dies with its process, whatever kills it."""

    def __init__(self, output: Path, run: str, about: Mapping[str, str]) -> None:
        """Open nothing yet. `about` says whose ids the journals hold: the service, and where each side is."""
        self._root = output / FOLDER
        self._about = dict(about)
        self._lock = -1
        self.folder = self._root / run

    def open(self) -> None:
        """Make and lock the folder; raises ConfigError when it cannot be made."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self.folder / TOLD).write_text(json.dumps(self._about), encoding="utf-8")
        except OSError as error:
            what = f"{self.folder} cannot be written ({error.strerror or error})"
            raise ConfigError(what, where="output.folder", fix="Name a folder that can, or mend its rights") from None

    def adopt(self) -> int:
        """Take over the journals of runs that died, so that the end of this one removes what they made; returns how many there were.

        Only of runs against the very same deployments: an id means something else everywhere else.
        """
        count = 0
        for left in sorted(self._root.iterdir()):
            if left == self.folder or not left.is_dir():
                continue
            with contextlib.suppress(OSError, ValueError):  # what cannot be read or locked is another's
                count += self._take(left)
        return count

    def _take(self, left: Path) -> int:
        if json.loads((left / TOLD).read_bytes()) != self._about:
            return 0
        lock = os.open(left / LOCK, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = sorted(left.glob("*.jsonl"))
            for journal in found:
                journal.rename(self.folder / f"{left.name}-{journal.name}")
            shutil.rmtree(left)
        finally:
            os.close(lock)
        return bool(found)

    def close(self, *, keep: bool) -> None:
        """End the lock; the journals go, unless they tell of something and nobody came to remove it (`keep`)."""
        if self._lock < 0:
            return
        if not (keep and any(self.folder.glob("*.jsonl"))):
            shutil.rmtree(self.folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another run's folder is in it
                self._root.rmdir()
        os.close(self._lock)
        self._lock = -1
