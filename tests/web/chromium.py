"""A real Chromium, driven by check.js: where it is, where its Node packages are, and what it sees on pages."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MANIFESTS: Final = ("package.json", "package-lock.json")
OLDEST_NODE: Final = 20


class Missing(Exception):
    """Something is not installed; the text says how to install it."""


def look(folder: Path, names: Iterable[str]) -> dict[str, Any]:
    """Open FOLDER/NAME.html for each name and return what the browser saw; raises Missing."""
    environment = os.environ | {"NODE_PATH": str(_modules()), "CHROMIUM": _chromium()}
    command = ("node", str(HERE / "check.js"), str(folder), *names)
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert ran.returncode == 0, ran.stderr
    seen: dict[str, Any] = json.loads(ran.stdout)
    return seen


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise Missing("Chromium is not there; install it (apt-get install -y chromium) or name one in CHROMIUM")
    return found


def _modules() -> Path:
    """Return the folder of the Node packages: outside the clone, kept for the next run, named by what the lock file says."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zeroweight"
    kept = cache / f"web-{hashlib.sha256((HERE / MANIFESTS[1]).read_bytes()).hexdigest()[:16]}"
    _node()
    if not kept.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            fresh = Path(name) / "web"
            fresh.mkdir()
            for file in MANIFESTS:
                shutil.copy(HERE / file, fresh)
            command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            ran = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False, timeout=300)
            if ran.returncode:
                raise Missing(f"the packages of {HERE.name}/package.json could not be installed; npm ci said: {ran.stderr.strip()[-500:]}")
            if not kept.is_dir():  # another run may have been faster
                fresh.rename(kept)
    return kept / "node_modules"


def _node() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing(f"Node.js with npm is not there; install it, {OLDEST_NODE} or later")
    told = subprocess.run(("node", "--version"), capture_output=True, text=True, check=True).stdout.strip()
    if int(told.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        raise Missing(f"Node.js is {told}; install {OLDEST_NODE} or later")
