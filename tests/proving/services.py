"""The services of the proving ground: the demo, and the strangers, which were written without sight of what attacks them."""

from __future__ import annotations

import importlib
import pkgutil
import random
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from zeroweight.demo.noise import Noise, NoiseLayer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from zeroweight.demo.pair import Pair

DEMO: Final = "orders"
STRANGERS: Final = Path(__file__).resolve().parent / "strangers"


class Told(Protocol):
    """What is known of a flaw or of a harmless change beside its name."""

    @property
    def title(self) -> str:
        """What it is, in a sentence."""
        ...


class Builder(Protocol):
    """Builds one side."""

    def __call__(self, *, build: str, flaws: Iterable[str], benign: Iterable[str], noise: Noise | None) -> ASGIApp:
        """Return the application; unknown names raise."""
        ...


class GateWriter(Protocol):
    """Writes the gate.toml of a pair."""

    def __call__(self, *, baseline_url: str, canary_url: str, baseline_build: str, canary_build: str) -> str:
        """Return the text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: what can be wrong with it, how a side is built, and the gate.toml that a good operator wrote for it."""

    name: str
    flaws: Mapping[str, Any]
    benign: Mapping[str, Told]
    build: Builder
    close: Callable[[Any], None]
    gate: GateWriter
    environment: Callable[[], dict[str, str]]

    def job(self, name: str) -> str:
        """Name something that is tried on this service; the demo's names stand alone."""
        return name if self.name == DEMO else f"{self.name}/{name}"


def service(name: str) -> Service:
    """Return one service by its name."""
    return _demo() if name == DEMO else _stranger(name)


def services() -> tuple[Service, ...]:
    """Return all of them, the demo first."""
    found = sorted(module.name for module in pkgutil.iter_modules([str(STRANGERS)]) if module.ispkg)
    return (service(DEMO), *(service(name) for name in found))


def noise_line(noise: Noise | None) -> dict[str, Any] | None:
    """Write noise as plain JSON."""
    return {**asdict(noise), "spared": sorted(noise.spared)} if noise else None


def noise_of(line: Mapping[str, Any] | None) -> Noise | None:
    """Read what `noise_line` wrote."""
    return Noise(**line) if line else None


@cache
def _demo() -> Service:
    from zeroweight.demo.catalogue import BENIGN, FLAWS  # noqa: PLC0415  # a process that serves strangers only needs none of it
    from zeroweight.demo.pair import config, environment  # noqa: PLC0415  # as above
    from zeroweight.demo.service import build  # noqa: PLC0415  # as above

    def gate(*, baseline_url: str, canary_url: str, baseline_build: str, canary_build: str) -> str:
        baseline = SimpleNamespace(url=baseline_url, https_url=None, build=baseline_build)
        canary = SimpleNamespace(url=canary_url, https_url=None, build=canary_build)
        return config(cast("Pair", SimpleNamespace(authority=None, baseline=baseline, canary=canary)))

    return Service(
        name=DEMO,
        flaws=FLAWS,
        benign=BENIGN,
        build=build,
        close=lambda app: app.service.store.close(),
        gate=gate,
        environment=environment,
    )


@cache
def _stranger(name: str) -> Service:
    module: Any = importlib.import_module(f"strangers.{name}")

    def build(*, build: str, flaws: Iterable[str], benign: Iterable[str], noise: Noise | None) -> ASGIApp:
        app = _in_loop(module.build(build=build, flaws=tuple(flaws), benign=tuple(benign)))
        if noise is None:
            return app
        schema = tomllib.loads(_gate(module))["api"]["schema"]
        spared = replace(noise, spared=noise.spared | {schema})
        return NoiseLayer(app, spared, random.Random(noise.seed))

    return Service(
        name=name,
        flaws=module.FLAWS,
        benign=module.BENIGN,
        build=build,
        close=lambda _app: None,  # all that a stranger has is in memory
        gate=module.gate,
        environment=module.environment,
    )


def _in_loop(app: Any) -> ASGIApp:
    """Return the application; a WSGI one without the threads that its adapter would hand each request to."""
    adapter = sys.modules.get("a2wsgi")
    if adapter is None or not isinstance(app, adapter.WSGIMiddleware):
        told: ASGIApp = app
        return told
    from in_loop import InLoop  # noqa: PLC0415  # its library is there where the adapter is

    return InLoop(app.app)


def _gate(module: Any) -> str:
    text: str = module.gate(baseline_url="http://old.test", canary_url="http://new.test", baseline_build="1", canary_build="2")
    return text
