"""Looks that this process took already: what one trial asked, and what left nothing behind, a later one need not ask again.

Suites overlap in their plain requests, and every check sees every look, whoever caused it. Only a plain request is remembered, only where
it changed nothing or was undone, and only where both sides answered alike: what differs is worth a fresh look each time. A trial that asks
the same twice wants two answers, and has them. Repeats that confirm a difference are never taken from here.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from zeroweight.model.http import Trace
from zeroweight.model.look import Look
from zeroweight.model.operation import SAFE
from zeroweight.model.request import Intent, Scenario, Step
from zeroweight.model.target import Side

MOST: Final = 16 << 20
"""Bytes of bodies that are kept, of both sides together; the oldest looks go first."""
EACH: Final = 1 << 10
"""Bytes that a look is counted for beside its bodies."""


class Memory:
    """Keeps looks by what was asked; bounded."""

    def __init__(self, most: int = MOST) -> None:
        """Begin with none."""
        self._most = most
        self._size = 0
        self._looks: dict[Hashable, tuple[Look[Trace], int]] = {}
        self._new: dict[Hashable, Look[Trace]] = {}

    def recall(self, scenario: Scenario) -> Look[Trace] | None:
        """Return the look that was taken of the same scenario; None when there is none, or when it must be taken anew."""
        found = self._looks.get(_key(scenario)) if _leaves_nothing(scenario) else None
        return found[0] if found else None

    def keep(self, scenario: Scenario, look: Look[Trace]) -> None:
        """Keep a look for later trials, if it may stand for a look at the same scenario."""
        if look.thrice or not _leaves_nothing(scenario):
            return
        key = _key(scenario)
        self._new.pop(key, None)
        if _alike(look):
            self._new[key] = look
        else:
            self._forget(key)

    def next_trial(self) -> None:
        """Let what was kept since the last call be recalled from now on."""
        for key, look in self._new.items():
            size = EACH + sum(len(each.response.body) for half in _halves(look) for each in half.exchanges if each.response)
            self._forget(key)
            self._looks[key] = (look, size)
            self._size += size
        self._new.clear()
        while self._size > self._most:
            self._forget(next(iter(self._looks)))

    def _forget(self, key: Hashable) -> None:
        """Let go of a look, if it is there."""
        _, size = self._looks.pop(key, (None, 0))
        self._size -= size


def _leaves_nothing(scenario: Scenario) -> bool:
    """Whether a scenario is one plain request after which all is as before: it is safe, or what it was about is made and removed with it.

    A request with a word of its own (`unique`), or about an object that a suite made by itself, is not the same the next time.
    """
    judged = scenario.judged
    if len(judged) != 1 or judged[0].intent is not Intent.NORMAL or judged[0].payload is not None:
        return False
    if any(not slot.kind for slot in judged[0].slots):
        return False
    return (judged[0].verb in SAFE and len(scenario.steps) == 1) or bool(scenario.undo)


def _halves(look: Look[Trace]) -> list[Trace]:
    return [half for half in (look.baseline, look.canary) if half is not None]


def _alike(look: Look[Trace]) -> bool:
    """Whether both halves are there, whole, and of the same statuses."""
    told = [[each.status for each in half.exchanges] for half in _halves(look)]
    whole = all(len(half.exchanges) == len(half.scenario.steps) for half in _halves(look))
    return whole and len(told) == len(Side) and told[0] == told[1] and all(told[0])


def _key(scenario: Scenario) -> Hashable:
    """Return all that is asked: equal keys ask the same."""
    return (tuple(map(_asked, scenario.steps)), tuple(map(_asked, scenario.undo)), tuple(sorted(scenario.actors.items())))


def _asked(step: Step) -> Hashable:
    """Return what one step asks."""
    probe = step.probe
    captures = tuple(sorted((name, pointer.path) for name, pointer in step.captures.items()))
    return (probe.operation.label, probe.verb, probe.role, probe.target, probe.headers, probe.body, captures, step.judged)
