"""The two halves of one observation, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Owed and not got: what, why, and what mends it. `code` names the cause for machines (`limited`, `silent`, `session-lost`)."""

    what: str
    why: str
    fix: str = ""
    code: str = ""
    suite: str = ""
    operation: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Left out by the operator's choice, with the config line that did it."""

    what: str
    why: str
    suite: str = ""
    operation: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Generic[T]):
    """The two halves, baseline and canary, of one observation; or a Gap. `thrice`: one half's silence was asked three times, by law 2."""

    baseline: T | None = None
    canary: T | None = None
    gap: Gap | None = None
    thrice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is left to spend: requests of one side, and seconds until the deadline."""

    left_requests: int
    left_seconds: float
