"""The machinery of checks: what a check is, how all are found, and how observations are examined.

A check yields evidence only; the machinery adds side and place, so that a check cannot get them wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType, UnionType
from typing import Any, TypeVar, get_args

import zeroweight.checks
from zeroweight.checks.transition import Move, moves
from zeroweight.finding import Answer, Evidence, Finding, Noise, Rule
from zeroweight.model.contract import Change
from zeroweight.model.http import Exchange
from zeroweight.model.target import Side

T = TypeVar("T")
OneSided = Callable[[Any], Iterator[Evidence]]
TwoSided = Callable[[Any, Any, Noise], Iterator[Evidence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule and the pure function that finds it: in one side's observation, in the move of a pair, or (a contrast) in both its halves."""

    rule: Rule
    on: tuple[type, ...]
    one: OneSided | None = None
    two: TwoSided | None = None


class CheckFailed(Exception):
    """A check raised: a bug of the check, and a Gap for what it should have judged."""

    def __init__(self, check: Check, cause: Exception) -> None:
        """Keep which check it was and what it raised."""
        self.check = check
        super().__init__(f"the check {check.rule.id} raised {type(cause).__name__}: {cause}")


def check(rule: Rule, *, on: type | UnionType) -> Callable[[OneSided], Check]:
    """Make a check of a function that looks at one thing: one side's observation, or a Move; `on` says which."""
    return lambda function: Check(rule=rule, on=get_args(on) or (on,), one=function)


def contrast(rule: Rule, *, on: type | UnionType) -> Callable[[TwoSided], Check]:
    """Make a contrast of a function; what it yields lies on the canary."""
    return lambda function: Check(rule=rule, on=get_args(on) or (on,), two=function)


def catalogue(package: ModuleType = zeroweight.checks) -> tuple[Check, ...]:
    """Return every check of the folder, ordered by rule id; an import error is the run's error, never a silent loss."""
    found: dict[int, Check] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(value, Check):
                found[id(value)] = value
    return tuple(sorted(found.values(), key=lambda each: each.rule.id))


def examine(checks: Sequence[Check], answer: Answer) -> list[Finding]:
    """Return what the one-sided checks find in one answer."""
    side = answer.exchange.target.side
    found: list[Finding] = []
    for each in checks:
        if each.one is not None and (seen := _seen(each, answer)) is not None:
            found += [_finding(each.rule, answer.exchange, side, evidence) for evidence in _told(each, each.one, seen)]
    return found


def compare_halves(checks: Sequence[Check], baseline: Answer, canary: Answer, noise: Noise) -> list[Finding]:
    """Return what the contrasts, and the checks of moves, find between two halves of one pair; all of it lies on the canary."""
    found: list[Finding] = []
    moved: list[Move] | None = None
    for each in checks:
        told: list[Evidence] = []
        if each.two is not None:
            old, new = _seen(each, baseline), _seen(each, canary)
            if old is not None and new is not None:
                told = _told(each, each.two, old, new, noise)
        elif each.one is not None and Move in each.on:
            # Most checks speak of moves, and most pairs show none: it is looked for once.
            moved = _told(each, moves, baseline, canary) if moved is None else moved
            told = [evidence for move in moved for evidence in _told(each, each.one, move)]
        if told:
            found += [_finding(each.rule, canary.exchange, Side.CANARY, evidence) for evidence in told]
    return found


def examine_contract(checks: Sequence[Check], changes: Sequence[Change]) -> list[Finding]:
    """Return what the checks find in the changes between the two documents; all of it lies on the canary."""
    return [
        Finding(rule=each.rule, place=change.place, side=Side.CANARY, evidence=evidence)
        for each in checks
        if each.one is not None and Change in each.on
        for change in changes
        for evidence in _told(each, each.one, change)
    ]


def _seen(each: Check, answer: Answer) -> Answer | Exchange | None:
    """Return the answer in the form that the check looks at; an exchange without a response is shown only as an Answer."""
    if Answer in each.on:
        return answer
    return answer.exchange if Exchange in each.on and answer.exchange.response is not None else None


def _told(each: Check, look: Callable[..., Iterator[T]], *seen: Any) -> list[T]:
    """Return what a check tells of what it is shown; whatever it raises becomes CheckFailed, which says whose bug it is."""
    try:
        return list(look(*seen))
    except Exception as cause:  # a check is anybody's code
        raise CheckFailed(each, cause) from cause


def _finding(rule: Rule, exchange: Exchange, side: Side, evidence: Evidence) -> Finding:
    """Add side and place to evidence."""
    place = exchange.probe.place
    if evidence.parameter is not None:
        place = replace(place, parameter=evidence.parameter)
    return Finding(rule=rule, place=place, side=side, evidence=evidence)
