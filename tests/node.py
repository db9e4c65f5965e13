"""Tools from npm for tests: installed once for each version, outside the clone, by npm itself."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

LIMIT = 300.0
"""Seconds after which npm is given up."""


def tool(package: str, version: str, command: str) -> tuple[str, ...]:
    """Return how a package's command is called. Without Node the test is skipped, and says what to install; under CI it fails."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        say = f"{package} {version} needs Node.js 20 or later and npm: install both"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(say)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zeroweight"
    folder = cache / f"{package}-{version}"
    entry = folder / "node_modules" / ".bin" / command
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{package}-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of one test run share the folder
        if not entry.exists():
            line = [npm, "install", f"{package}@{version}", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(line, capture_output=True, text=True, timeout=LIMIT, check=False)
            assert done.returncode == 0, done.stderr
    return (node, str(entry.resolve()))
