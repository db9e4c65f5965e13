"""Where a run writes, known before its configuration is: yesterday's verdict must go first."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from zeroweight.errors import ConfigError
from zeroweight.record import VerdictFile, write
from zeroweight.redact import Redactor

if TYPE_CHECKING:
    import pytest

DEFAULT = "zeroweight-out"


def folder(config: pytest.Config) -> Path:
    """Return the output folder: option, environment, file, default; a file that cannot be read has no say here and is told of later."""
    told = config.getoption("--zeroweight-output") or os.environ.get("ZEROWEIGHT_OUTPUT_FOLDER") or _of_file(config)
    return Path(told or DEFAULT).absolute()


def _of_file(config: pytest.Config) -> str:
    try:
        table = tomllib.loads(Path(config.getoption("--zeroweight") or "").read_text("utf-8"))
        told = table.get("output", {}).get("folder", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return told if isinstance(told, str) else ""


def claim(folder: Path, verdict: VerdictFile) -> None:
    """Write the verdict of a run that goes on; raises ConfigError when the folder cannot be written."""
    try:
        write(verdict, folder / "verdict.json", Redactor())
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written ({error.strerror or error})",
            where="output.folder",
            fix="Name a folder that can, or mend its rights",
        ) from None
