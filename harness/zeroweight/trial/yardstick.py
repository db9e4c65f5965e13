"""How plain requests fared on each side: what odd ones are held against, and what the authorization matrix is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from zeroweight.checks.outcome import Context, outcome
from zeroweight.finding import Answer
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Look
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent
from zeroweight.model.target import Side
from zeroweight.trial.candidate import Pair

Key = tuple[str, str, str]
"""Operation, role, and the owner of the object that it is about."""

_UNNAMED = frozenset({Outcome.MISSING, Outcome.INVALID})
"""As what a failure that names no reason is read where nobody is known to be allowed the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """What one side answered to a plain request, and what it meant."""

    outcome: Outcome
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How a role's plain request fared on each side. Plain data: it travels between processes."""

    operation: str
    role: str
    owner: str = ""
    """The role whose object it was about; empty when it was nobody's."""
    baseline: Outcome
    canary: Outcome
    baseline_status: int = 0
    """0 where no answer came."""
    canary_status: int = 0


class Yardstick:
    """Remembers plain requests by (operation, role, owner), and puts every exchange in their context."""

    def __init__(self, context: Context | None = None, groups: Mapping[str, str] | None = None) -> None:
        """Know nothing yet; `context` is what this service's login is like, `groups`: role → group."""
        self._context = context or Context()
        self._groups = groups or {}
        self._plain: dict[Key, dict[Side, Fared]] = {}

    def take(self, halves: Iterable[tuple[Exchange, Exchange]]) -> None:
        """Remember the first pair of each plain request.

        Who gets what he asks for comes first: a 404 is a refusal only where the object's owner, or another role, is allowed.
        """
        first: dict[Key, tuple[Exchange, Exchange]] = {}
        for old, new in halves:
            if old.probe.intent is Intent.NORMAL and (key := _key(old)) not in self._plain:
                first.setdefault(key, (old, new))
        for strangers in (False, True):
            mine = {key: pair for key, pair in first.items() if (key[2] not in {"", key[1]}) is strangers}
            self._plain |= {key: self._both(*pair) for key, pair in mine.items()}
            # Once more, now that it is known who else was allowed the same.
            doubtful = [key for key in mine if any(fared.outcome in _UNNAMED for fared in self._plain[key].values())]
            self._plain |= {key: self._both(*mine[key]) for key in doubtful}

    def unlike(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return the plain requests that fared differently on the two sides: they are asked again before odd ones are held to them."""
        return [
            pair
            for pair in pairs
            if pair.canary.exchange.probe.intent is Intent.NORMAL and pair.baseline.outcome is not pair.canary.outcome
        ]

    def renew(self, looks: Sequence[Look[Trace]]) -> None:
        """Take the outcomes of plain requests that were asked again, in place of the first ones: a chance error is no yardstick."""
        for look in looks:
            if look.baseline is None or look.canary is None:
                continue
            for old, new in zip(look.baseline.judged, look.canary.judged, strict=False):
                fared = self._both(old, new)
                if fared[Side.BASELINE].outcome is fared[Side.CANARY].outcome:
                    self._plain[_key(old)] = fared

    def answer(self, exchange: Exchange) -> Answer:
        """Put an exchange in its context."""
        _, role, whose = key = _key(exchange)
        fared = self._fared(key, exchange.target.side)
        owner = self._owner(key, exchange.target.side)
        return Answer(
            exchange=exchange,
            outcome=self._outcome(exchange, key, owner),
            plain=fared.outcome if fared else None,
            owner=owner,
            other_group=whose not in {"", role} and self._group(role) != self._group(whose),
        )

    def cells(self) -> tuple[Cell, ...]:
        """Return how each plain request fared: one cell for each (operation, role, owner)."""
        return tuple(
            Cell(
                operation=operation,
                role=role,
                owner=owner,
                baseline=fared[Side.BASELINE].outcome,
                canary=fared[Side.CANARY].outcome,
                baseline_status=fared[Side.BASELINE].status,
                canary_status=fared[Side.CANARY].status,
            )
            for (operation, role, owner), fared in sorted(self._plain.items())
        )

    def _both(self, old: Exchange, new: Exchange) -> dict[Side, Fared]:
        key = _key(old)
        return {
            side: Fared(outcome=self._outcome(half, key, self._owner(key, half.target.side)), status=half.status)
            for side, half in zip(Side, (old, new), strict=True)
        }

    def _group(self, role: str) -> str:
        return self._groups.get(role, "")

    def _apart(self, one: str, other: str) -> bool:
        """Whether two roles are no peers; a role without a group, as anonymous is, has none."""
        return one != other and (not self._group(one) or self._group(one) != self._group(other))

    def _owner(self, key: Key, side: Side) -> Outcome | None:
        """Return how the object's owner fared with the same; None where it is nobody else's."""
        label, role, owner = key
        if owner in {"", role}:
            return None
        fared = self._plain.get((label, owner, owner), {}).get(side)
        return fared.outcome if fared else None

    def _fared(self, key: Key, side: Side) -> Fared | None:
        """Return how the plain request of the same caller fared on that side.

        A path whose id was made odd is about nobody's object: it is held against the caller's own, else against any that he asked about.
        """
        label, role, owner = key
        if key not in self._plain and not owner:
            mine = (label, role, role)
            key = mine if mine in self._plain else min((each for each in self._plain if each[:2] == (label, role)), default=key)
        fared = self._plain.get(key)
        return fared[side] if fared else None

    def _others_get_it(self, key: Key, side: Side) -> bool:
        """Whether another role's plain request for the same, about nobody's object, was allowed on the same side.

        A peer's does not count: `/me/avatar` is there for one of two users and not for the other, and nobody is refused.
        """
        mine, asker, about = key
        return not about and any(
            fared[side].outcome is Outcome.ALLOWED and self._apart(role, asker)
            for (label, role, owner), fared in self._plain.items()
            if label == mine and not owner
        )

    def _outcome(self, exchange: Exchange, key: Key, owner: Outcome | None) -> Outcome:
        context = self._context if owner is self._context.owner else replace(self._context, owner=owner)
        found = outcome(exchange, context)
        # What others were allowed tells only a failure that names no reason; of nearly all answers it need not be looked up.
        if found in _UNNAMED and exchange.probe.intent is Intent.NORMAL and self._others_get_it(key, exchange.target.side):
            return outcome(exchange, replace(context, others=True))
        return found


def _key(exchange: Exchange) -> Key:
    probe = exchange.probe
    return probe.operation.label, probe.role, probe.owner
