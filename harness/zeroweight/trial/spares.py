"""Objects that an odd request was about and did not get at: refused on both sides, it left them as they were for the next one.

Else each odd request that might change something costs three: its object is made, asked about and removed. Only first looks are so thrifty;
what is asked again to be believed has fresh objects each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from zeroweight.model.http import Exchange, Trace
from zeroweight.model.request import Intent, Scenario, Step
from zeroweight.model.target import Side
from zeroweight.trial.objects import Making

NOT_DONE: Final = frozenset({400, 401, 403, 405, 406, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431, 501})
"""Statuses of a request that was read and not done (RFC 9110 section 15.5, RFC 6585); not 409, which says that something else is there."""
HIDDEN: Final = 404
"""What a stranger may be told of an object that is there; its owner is told so when it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """The objects of one scenario on both sides, how they are removed, and who writes that down."""

    names: tuple[str, ...]
    ids: Mapping[Side, Mapping[str, Any]]
    makings: Mapping[Side, Making]
    undo: tuple[Step, ...]
    actors: Mapping[str, str]

    @property
    def removal(self) -> Scenario:
        """The scenario that removes the objects."""
        return Scenario(steps=self.undo, actors=self.actors)


class Spares:
    """The objects that wait for the next odd request about the like."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[tuple[str, ...], list[Spare]] = {}

    def take(self, scenario: Scenario) -> Spare | None:
        """Return objects that the scenario need not make, if any wait; they are its own until they are put back."""
        waiting = self._waiting.get(made_for(scenario))
        return waiting.pop() if waiting else None

    def put(self, spare: Spare) -> None:
        """Let objects wait for the next who needs the like."""
        self._waiting.setdefault(spare.names, []).append(spare)

    def empty(self) -> list[Spare]:
        """Return all that wait, to be removed."""
        left = [spare for waiting in self._waiting.values() for spare in waiting]
        self._waiting.clear()
        return left


def made_for(scenario: Scenario) -> tuple[str, ...]:
    """Return the slots of the objects that are made for one odd request alone; empty where the scenario is of another kind."""
    *before, last = scenario.steps
    odd = last.judged and not last.captures and last.probe.intent is Intent.INVALID
    if not odd or not scenario.undo or any(step.judged or not step.captures for step in before):
        return ()
    return tuple(sorted(name for step in before for name in step.captures))


def without_making(scenario: Scenario) -> Scenario:
    """Return the scenario for objects that are there already; whoever took them removes them."""
    return replace(scenario, steps=scenario.steps[-1:], undo=())


def untouched(halves: Sequence[Trace]) -> bool:
    """Whether an odd request was refused on both sides, so that what it was about is as it was."""
    return all(len(half.judged) == 1 and _not_done(half.judged[0]) for half in halves)


def _not_done(exchange: Exchange) -> bool:
    probe = exchange.probe
    return exchange.status in NOT_DONE or (exchange.status == HIDDEN and probe.role != probe.owner)
