"""Zeroweight: a security gate for canary releases. The names below are all that is public, and each is loaded when first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeroweight.checks.check import check as check
    from zeroweight.checks.check import contrast as contrast
    from zeroweight.finding import Answer as Answer
    from zeroweight.finding import Confidence as Confidence
    from zeroweight.finding import Evidence as Evidence
    from zeroweight.finding import HeaderName as HeaderName
    from zeroweight.finding import Noise as Noise
    from zeroweight.finding import Rule as Rule
    from zeroweight.finding import Severity as Severity
    from zeroweight.finding import Span as Span
    from zeroweight.finding import Tally as Tally
    from zeroweight.model.http import Exchange as Exchange
    from zeroweight.model.http import Trace as Trace
    from zeroweight.model.look import Budget as Budget
    from zeroweight.model.look import Gap as Gap
    from zeroweight.model.look import Look as Look
    from zeroweight.model.operation import Operation as Operation
    from zeroweight.model.operation import Parameter as Parameter
    from zeroweight.model.outcome import Level as Level
    from zeroweight.model.outcome import Outcome as Outcome
    from zeroweight.model.payload import Payload as Payload
    from zeroweight.model.place import Place as Place
    from zeroweight.model.request import Intent as Intent
    from zeroweight.model.request import Pointer as Pointer
    from zeroweight.model.request import Probe as Probe
    from zeroweight.model.request import Scenario as Scenario
    from zeroweight.model.request import Slot as Slot
    from zeroweight.model.request import Step as Step
    from zeroweight.model.request import Template as Template
    from zeroweight.model.resource import Resource as Resource
    from zeroweight.model.role import Role as Role
    from zeroweight.trial.trial import Trial as Trial

_ROOMS = {
    "checks.check": ("check", "contrast"),
    "finding": ("Answer", "Confidence", "Evidence", "HeaderName", "Noise", "Rule", "Severity", "Span", "Tally"),
    "model.http": ("Exchange", "Trace"),
    "model.look": ("Budget", "Gap", "Look"),
    "model.operation": ("Operation", "Parameter"),
    "model.outcome": ("Level", "Outcome"),
    "model.payload": ("Payload",),
    "model.place": ("Place",),
    "model.request": ("Intent", "Pointer", "Probe", "Scenario", "Slot", "Step", "Template"),
    "model.resource": ("Resource",),
    "model.role": ("Role",),
    "trial.trial": ("Trial",),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = sorted(_HOMES)  # noqa: PLE0605  # the list above, once


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"zeroweight.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
