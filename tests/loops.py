"""The loops that sending may run on, for tests that try each."""

from __future__ import annotations

import importlib.util
import os
from typing import Final

import pytest

LOOPS: Final = ("asyncio", "uvloop")


def installed(loop: str) -> str:
    """Return the loop's name. Where it is not installed the test is skipped, and says what to install; under CI it fails."""
    if importlib.util.find_spec(loop) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{loop} is not installed: pip install {loop}")
    return loop
