"""Runs the generator: one child process for all that a document's own examples leave open.

`way` is how it is run. Whoever runs many gates on the same documents may put another way in its place: the same job has the same answers
in every process, so that a way may remember them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_SECONDS: Final = 120.0
"""How long the child may take for a whole document, in wall-clock seconds."""

_CHILD: Final = "zeroweight.drivers.openapi_child"
_DIED: Final = "the generator ended before this operation's turn was over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the generator said to one job: its lines (shapes: openapi_child.py), and why there are no more of them."""

    lines: bytes
    why: str = _DIED


Way = Callable[[bytes, float], Said]
"""Take a job (shape: openapi_child.py) and the seconds that it may last."""


def generated(document: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], *, seconds: float = MOST_SECONDS) -> list[dict[str, Any]]:
    """Return one answer for each task, in order (shapes: openapi_child.py); what the generator did not live to say is an error."""
    if not tasks:
        return []
    return _answers(way(json.dumps({"document": document, "tasks": list(tasks)}).encode(), seconds), len(tasks))


def in_a_child(job: bytes, seconds: float) -> Said:
    """Run the generator in a process of its own, and end it when its time is up.

    The child knows nothing of this process: no environment, no local modules (`-I`), a folder of its own that goes with it.
    """
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
            return Said(lines=child.communicate(job, timeout=seconds)[0])
        except subprocess.TimeoutExpired:
            _end(child)
            # What it said before it was ended still counts: the operations before a hostile one keep their examples.
            return Said(lines=child.communicate()[0], why=f"the generator was ended after {seconds:g} seconds")
        finally:
            _end(child)


way: Way = in_a_child
"""How the generator is run from now on in this process."""


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, if it is still there."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _answers(said: Said, count: int) -> list[dict[str, Any]]:
    """Return the generator's lines as answers; a line cut short and those that never came are errors."""
    answers: list[dict[str, Any]] = []
    for line in said.lines.splitlines()[:count]:
        try:
            answer = json.loads(line)
        except ValueError:
            break
        answers.append(answer if isinstance(answer, dict) else {"error": said.why})
    return answers + [{"error": said.why}] * (count - len(answers))
