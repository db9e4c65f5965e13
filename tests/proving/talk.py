"""A process that answers questions: one line of JSON each way, over its standard input and output. It ends with the one who asks."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any, Final, Self

HERE: Final = Path(__file__).resolve().parent
PATIENCE: Final = 10.0
"""Seconds that a process gets to end by itself once nobody asks any more."""
TAIL: Final = 2000
"""Bytes of its last words that an error quotes."""

Line = dict[str, Any]


class ProvingError(Exception):
    """The proving ground itself cannot go on: no memory, no port, a process that is gone."""


class GoneError(ProvingError):
    """A process that everything else needs is gone, or never came: nothing can be tried any more."""


class Talker:
    """Asks a process of ours, from any thread; answers may come in another order than the questions."""

    def __init__(self, script: str, *arguments: str) -> None:
        """Start the process. Raises ProvingError when the machine has no room for it."""
        self._name = script.removesuffix(".py")
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._asked: dict[int, Future[Line]] = {}
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / script), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                # A terminal's Ctrl-C is for the one who asks; he ends this process by closing its input.
                start_new_session=True,
            )
        except OSError as error:
            self._words.close()
            raise GoneError(f"the {self._name} cannot be started: {error}") from error
        self._listener = threading.Thread(target=self._listen, name=f"{self._name}-listener", daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        """Use it while the context is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever happened."""
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, *, timeout: float | None = None, **question: Any) -> Line:
        """Ask, and wait for the answer; raises ProvingError when it says that it could not, or is gone."""
        future: Future[Line] = Future()
        with self._lock:
            number = next(self._numbers)
            self._asked[number] = future
            try:
                assert self._process.stdin is not None  # asked for above
                self._process.stdin.write(json.dumps({**question, "id": number}).encode() + b"\n")
                self._process.stdin.flush()
            except (OSError, ValueError) as error:  # closed, or gone
                self._asked.pop(number, None)
                raise GoneError(self._gone()) from error
        try:
            answer = future.result(timeout)
        except TimeoutError as error:
            raise ProvingError(f"the {self._name} did not answer within {timeout:g} s") from error
        if "error" in answer:
            raise ProvingError(f"the {self._name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """Close its input, which ends it, and wait; a process that stays is killed. A second call does nothing."""
        with self._lock:
            if self._words.closed:
                return
            assert self._process.stdin is not None  # asked for above
            with contextlib.suppress(OSError):  # it is gone already
                self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(PATIENCE)
        assert self._process.stdout is not None  # asked for above
        self._process.stdout.close()
        self._words.close()

    def _listen(self) -> None:
        """Hand each answer to the one who waits for it; at the end all others learn that none will come."""
        assert self._process.stdout is not None  # asked for above
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._lock:
                future = self._asked.pop(answer["id"], None)
            if future is not None:
                future.set_result(answer)
        with self._lock:
            left, self._asked = list(self._asked.values()), {}
        for future in left:
            future.set_exception(GoneError(self._gone()))

    def _gone(self) -> str:
        """Say that it is gone, with its last words."""
        if self._words.closed:
            return f"the {self._name} is closed"
        self._words.seek(0)
        tail = self._words.read()[-TAIL:].decode(errors="replace").strip()
        return f"the {self._name} is gone; its last words: {tail or 'none'}"
