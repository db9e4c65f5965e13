"""What the gate must say of each flaw, for all services alike: the demo's and the strangers'."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from typing import Any

import expected as demo
from expected import Expected
from services import DEMO, services


@cache
def _strangers() -> Any:
    """Return the strangers' expectations; None while nobody has written them: then their flaws are not tried."""
    there = importlib.util.find_spec("expected_strangers")
    return importlib.import_module("expected_strangers") if there else None


def expected(service: str) -> Mapping[str, Expected]:
    """Return what must be found of a service's flaws, by their names."""
    if service == DEMO:
        return demo.EXPECTED
    found: Mapping[str, Expected] = getattr(_strangers(), "EXPECTED", {}).get(service, {})
    return found


def later(service: str) -> Mapping[str, str]:
    """Return the flaws of a service that no check looks for yet, and why."""
    if service == DEMO:
        return demo.LATER
    found: Mapping[str, str] = getattr(_strangers(), "LATER", {}).get(service, {})
    return found


def untold() -> list[str]:
    """Return slips of the lists: flaws that stand in none or in both, and names that are none."""
    slips = []
    for each in services():
        if each.name != DEMO and _strangers() is None:
            continue
        told = [*expected(each.name), *later(each.name)]
        slips += sorted(each.job(name) for name in {*told, *each.flaws} if told.count(name) != 1 or name not in each.flaws)
    return slips
