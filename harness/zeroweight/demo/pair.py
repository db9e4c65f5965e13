"""The demo pair: a baseline and a canary, each a process of its own, and the gate.toml that tests them."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from .accounts import BUILT_IN, password, variable
from .noise import Noise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

BASELINE_BUILD: Final = "1.41.3"
CANARY_BUILD: Final = "1.42.0"

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0


class DemoError(Exception):
    """A side of the demo did not come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One side that answers."""

    build: str
    url: str
    https_url: str | None
    pid: int


class Pair:
    """A baseline without flaws and a canary with the ones chosen, running while the context is open.

    `noise` makes both sides noisy, each in its own way; `tls` opens an HTTPS port on both, `authority` then is the CA's certificate.
    """

    def __init__(
        self,
        *,
        flaws: Iterable[str] = (),
        benign: Iterable[str] = (),
        noise: Noise | None = None,
        tls: bool = False,
        baseline_flaws: Iterable[str] = (),
        baseline_build: str = BASELINE_BUILD,
        canary_build: str = CANARY_BUILD,
    ) -> None:
        """Choose the pair; nothing starts before the context is entered."""
        self._sides = (
            (baseline_build, tuple(sorted(baseline_flaws)), ()),
            (canary_build, tuple(sorted(flaws)), tuple(sorted(benign))),
        )
        self._noise = noise
        self._tls = tls
        self._stack = contextlib.ExitStack()
        self._running: tuple[Running, ...] = ()
        self.authority: Path | None = None

    @property
    def baseline(self) -> Running:
        """The side that is the oracle."""
        return self._side(0)

    @property
    def canary(self) -> Running:
        """The side under test."""
        return self._side(1)

    def __enter__(self) -> Self:
        """Start both sides and wait until they listen."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zeroweight-demo-")))
            secure: list[str] = []
            if self._tls:
                from .certificates import write  # noqa: PLC0415 - cryptography is slow to import and seldom needed

                made = write(folder)
                self.authority = made.authority
                secure = ["--tls-cert", str(made.certificate), "--tls-key", str(made.key)]
            # Both are started before either is waited for.
            started = [
                stack.enter_context(_Child(build, [*_arguments(build, flaws, benign, self._seeded(index)), *secure]))
                for index, (build, flaws, benign) in enumerate(self._sides)
            ]
            deadline = time.monotonic() + _READY_SECONDS
            self._running = tuple(child.ready(deadline) for child in started)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop both sides, for sure."""
        self._running = ()
        self._stack.close()

    def _side(self, index: int) -> Running:
        if not self._running:
            message = "the pair is not running; use it as a context manager"
            raise DemoError(message)
        return self._running[index]

    def _seeded(self, index: int) -> Noise | None:
        return replace(self._noise, seed=self._noise.seed * 2 + index) if self._noise else None


def _arguments(build: str, flaws: Iterable[str], benign: Iterable[str], noise: Noise | None) -> list[str]:
    arguments = ["--build", build, *(f"--flaw={name}" for name in flaws), *(f"--benign={name}" for name in benign)]
    if noise is not None:
        arguments.append(f"--noise={json.dumps({**asdict(noise), 'spared': sorted(noise.spared)})}")
    return arguments


class _Child:
    """One serving process; leaving the context ends it, whatever state it is in."""

    def __init__(self, build: str, arguments: list[str]) -> None:
        self._build = build
        self._arguments = arguments

    def __enter__(self) -> Self:
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 - our own module and our own arguments
            [sys.executable, "-m", "zeroweight.demo.serve", "--parent-pipe", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process = self._process
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def ready(self, deadline: float) -> Running:
        """Wait for the line that says it listens; DemoError with the end of its stderr when it does not come."""
        assert self._process.stdout is not None  # asked for above
        output, line = self._process.stdout.fileno(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise DemoError(self._told(f"did not listen within {_READY_SECONDS:g} s"))
                chunk = os.read(output, 4096)
                if not chunk:
                    raise DemoError(self._told("ended before it listened"))
                line += chunk
        told = json.loads(line)
        return Running(build=self._build, url=told["url"], https_url=told["https_url"], pid=told["pid"])

    def _told(self, what: str) -> str:
        self._errors.seek(0)
        tail = self._errors.read()[-2000:].decode(errors="replace").strip()
        return f"the demo's build {self._build} {what}; its last words: {tail or 'none'}"


def environment() -> dict[str, str]:
    """Give the variables that the gate.toml of the pair reads: the demo users' passwords."""
    return {variable(account.name): password(account.name) for account in BUILT_IN}


def config(pair: Pair) -> str:
    """Write the gate.toml that tests a running pair; over HTTPS when the pair has it."""
    ca = f'\ntls = {{ ca = "file:{pair.authority}" }}' if pair.authority else ""
    baseline, canary = pair.baseline, pair.canary
    return _GATE.format(
        baseline_url=baseline.https_url or baseline.url,
        baseline_build=baseline.build,
        canary_url=canary.https_url or canary.url,
        canary_build=canary.build,
        ca=ca,
        alice=variable("alice"),
        bob=variable("bob"),
        admin=variable("admin"),
    )


_GATE: Final = """\
service = "orders"

[api]
schema = "/openapi.json"

[identity]
header = "x-build"

[baseline]
url = "{baseline_url}"
expect = "{baseline_build}"
serves_users = false{ca}

[canary]
url = "{canary_url}"
expect = "{canary_build}"{ca}

[login.shop]
kind = "json"
request = "POST /login"
json = {{ user = "$user", password = "$password" }}
token = "/token"

[roles.alice]
login = "shop"
user = "alice"
password = "env:{alice}"
group = "customer"
tenant = "acme"

[roles.bob]
login = "shop"
user = "bob"
password = "env:{bob}"
group = "customer"
tenant = "globex"

[roles.admin]
login = "shop"
user = "admin"
password = "env:{admin}"
group = "admin"

[resources.order]
create = "POST /orders"
body = {{ sku = "A1", quantity = 1 }}
id = "/id"
read = "GET /orders/{{id}}"
used = ["GET /orders/{{id}}", "PUT /orders/{{id}}", "POST /orders/{{id}}/cancel", "DELETE /orders/{{id}}"]
remove = "DELETE /orders/{{id}}"
owners = ["alice", "bob"]

[resources.file]
create = "POST /files"
body = {{ name = "notes.txt", content = "remember the milk" }}
id = "/id"
read = "GET /files/{{id}}"
used = ["GET /files/{{id}}", "DELETE /files/{{id}}"]
remove = "DELETE /files/{{id}}"
owners = ["alice", "bob"]

[safety]
level = "own-objects"
shared_store = false

[budget]
seconds = 120
rate = 1000
"""
