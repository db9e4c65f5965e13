"""Where a run writes, known before its configuration is: yesterday's verdict must go first."""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

from zeroweight.errors import ConfigError
from zeroweight.record import VerdictFile, write
from zeroweight.redact import Redactor

DEFAULT = "zeroweight-out"
KEY = "output.folder="


def folder(gate: str, *, option: str = "", sets: Sequence[str] = ()) -> Path:
    """Return the output folder: option, `--zeroweight-set`, environment, file, default, the first that says one.

    A file that cannot be read has no say here, and is told of later.
    """
    told = [text.removeprefix(KEY) for text in sets if text.startswith(KEY)]
    named = option or next(reversed(told), "") or os.environ.get("ZEROWEIGHT_OUTPUT_FOLDER") or _of_file(gate)
    return Path(named or DEFAULT).absolute()


def _of_file(gate: str) -> str:
    try:
        told = tomllib.loads(Path(gate).read_text("utf-8"))["output"]["folder"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return told if isinstance(told, str) else ""


def claim(folder: Path, verdict: VerdictFile) -> None:
    """Write the verdict of a run that goes on, in place of all that an earlier one said; raises ConfigError when it cannot be written."""
    try:
        write(verdict, folder / "verdict.json", Redactor())
        for stale in (folder / "record.json", *folder.glob("report.*")):
            stale.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written ({error.strerror or error})",
            where="output.folder",
            fix="Name a folder that can, or mend its rights",
        ) from None


def leave(folder: Path, verdict: VerdictFile) -> None:
    """Write the verdict of a run that ends here, if that can be done: what went wrong is told on the terminal anyway."""
    with contextlib.suppress(ConfigError):
        claim(folder, verdict)
