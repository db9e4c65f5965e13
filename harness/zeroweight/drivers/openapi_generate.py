"""Runs the generator: one child process for all that the documents' own examples leave open."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_SECONDS: Final = 120.0
"""How long the child may take for a whole document, in wall-clock seconds."""

_CHILD: Final = "zeroweight.drivers.openapi_child"
_DIED: Final = "the generator ended before this operation's turn was over"


def generated(document: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], *, seconds: float = MOST_SECONDS) -> list[dict[str, Any]]:
    """Return one answer for each task, in order (shapes: openapi_child.py); what the child did not live to say is an error.

    The child knows nothing of this process: no environment, no local modules (`-I`), a folder of its own that goes with it.
    """
    if not tasks:
        return []
    job = json.dumps({"document": document, "tasks": list(tasks)}).encode()
    why = _DIED
    with tempfile.TemporaryDirectory(prefix="zeroweight-", ignore_cleanup_errors=True) as folder:
        environment = {"PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8", "HYPOTHESIS_STORAGE_DIRECTORY": folder}
        # A session of its own, so that whatever it starts is ended with it.
        child = subprocess.Popen(  # noqa: S603  # our own module in our own interpreter
            [sys.executable, "-I", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            said, _ = child.communicate(job, timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(child)
            # What it said before it was ended still counts: the operations before a hostile one keep their examples.
            said, _ = child.communicate()
            why = f"the generator was ended after {seconds:g} seconds"
        finally:
            _end(child)
    return _answers(said, len(tasks), why)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, if it is still there."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _answers(said: bytes, count: int, why: str) -> list[dict[str, Any]]:
    """Return the child's lines as answers; a line cut short and those that never came are errors."""
    answers: list[dict[str, Any]] = []
    for line in said.splitlines()[:count]:
        try:
            answer = json.loads(line)
        except ValueError:
            break
        answers.append(answer if isinstance(answer, dict) else {"error": why})
    return answers + [{"error": why}] * (count - len(answers))
