"""How much is measured, each measuring in a fresh process, and what is made of several rounds."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from server import Served

HERE: Final = Path(__file__).resolve().parent
_FOLDERS: Final = re.compile(r"(?<![\w.:/])/(?:[\w.@+-]+/)+")
LIMIT: Final = 300.0
"""Seconds after which a measuring is ended; none comes near it."""


class MeasuringError(Exception):
    """A measuring came to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured: rounds, and the share of the usual number of requests."""

    rounds: int = 5
    share: float = 1.0
    gates: int = 3
    """Runs of each whole gate."""
    quick: bool = False
    """What takes long whatever the number of rounds is left out."""


QUICK: Final = Effort(rounds=1, share=0.1, gates=1, quick=True)
"""Enough to see that everything works; the figures mean little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure over several rounds. What disturbs a measuring makes it larger, so the least is the nearest to the truth."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float], *, digits: int = 1) -> Figure:
        """Make it of the rounds' values."""
        return cls(
            least=round(min(values), digits),
            median=round(statistics.median(values), digits),
            most=round(max(values), digits),
        )


def child(script: str, *arguments: object, served: Served | None = None) -> dict[str, Any]:
    """Run a script of this folder in a fresh process and return the line of JSON that it says; raises MeasuringError."""
    line = [sys.executable, str(HERE / script), *map(str, arguments)]
    if served is not None:
        line += ["--baseline", served.baseline, "--canary", served.canary, "--authority", served.authority]
    try:
        ran = subprocess.run(line, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        what = f"{script} {' '.join(map(str, arguments))} took more than {LIMIT:g} s"
        raise MeasuringError(what) from None
    if ran.returncode != 0:
        what = f"{script} {' '.join(map(str, arguments))} ended with status {ran.returncode}: {last_words(ran.stderr)}"
        raise MeasuringError(what)
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def last_words(text: str) -> str:
    """Return the last line of what somebody said, without the folders of this machine."""
    return _FOLDERS.sub("", (text.strip() or "no word").splitlines()[-1])
