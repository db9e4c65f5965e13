"""Where a run keeps the journals of what it makes: in the output folder, so that the next run can tell what a killed one left."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from zeroweight.errors import ConfigError
from zeroweight.session.close import EARLIER
from zeroweight.trial.objects import Journal

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
        """Make and lock the folder; raises ConfigError when it cannot be made. One that is there already is an earlier run's."""
        try:
            if self.folder.exists():
                self._set_aside()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self.folder / TOLD).write_text(json.dumps(self._about), encoding="utf-8")
        except OSError as error:
            what = f"{self.folder} cannot be written ({error.strerror or error})"
            raise ConfigError(what, where="output.folder", fix="Name a folder that can, or mend its rights") from None

    def _set_aside(self) -> None:
        """Rename the folder of an earlier run of the same id: it is compared like any other. Raises OSError while that run lives."""
        lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.folder.rename(_free(self.folder))
        finally:
            os.close(lock)

    def adopt(self) -> int:
        """Take over the journals of earlier runs, so that the end of this one tells what they left; returns how many there were.

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
            older = sorted((left / EARLIER).glob("*"))
            (self.folder / EARLIER).mkdir(exist_ok=True)
            for folder in older:
                folder.rename(_free(self.folder / EARLIER / folder.name))
            if found:
                mine = _free(self.folder / EARLIER / left.name)
                mine.mkdir()
                for journal in found:
                    journal.rename(mine / journal.name)
            shutil.rmtree(left)
        finally:
            os.close(lock)
        return len(older) + bool(found)

    def close(self, *, keep: bool) -> None:
        """End the lock; the journals go, unless something is left that they name, or nobody came to remove it (`keep`)."""
        if self._lock < 0:
            return
        if not self._tell(keep=keep):
            shutil.rmtree(self.folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another run's folder is in it
                self._root.rmdir()
        os.close(self._lock)
        self._lock = -1

    def _tell(self, *, keep: bool) -> bool:
        """Whether the journals name an object that is still there; one without an id counts only while nobody has told of it."""
        try:
            entries = [entry for folder in (self.folder, *(self.folder / EARLIER).glob("*")) for entry in Journal.read(folder)]
        except OSError:  # what cannot be read may name anything
            return True
        return any(not entry.removed and (keep or entry.id is not None) for entry in entries)


def _free(path: Path) -> Path:
    """Return the path, or the next one like it that is not taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name} ({number})")
    return free
