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
        self._plain: dict[tuple[str, str, str], dict[Side, Fared]] = {}

    def take(self, halves: Iterable[tuple[Exchange, Exchange]]) -> None:
        """Remember the first pair of each plain request.

        Who gets what he asks for comes first: a 404 is a refusal only where the object's owner, or another role, is allowed.
        """
        first: dict[tuple[str, str, str], tuple[Exchange, Exchange]] = {}
        for old, new in halves:
            if old.probe.intent is Intent.NORMAL and _key(old) not in self._plain:
                first.setdefault(_key(old), (old, new))
        for strangers in (False, True):
            mine = {key: pair for key, pair in first.items() if (key[2] not in {"", key[1]}) is strangers}
            for _ in range(2):  # once more, now that it is known who else was allowed the same
                self._plain |= {key: self._both(*pair) for key, pair in mine.items()}

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
        probe = exchange.probe
        fared = self._fared(exchange)
        apart = probe.owner not in {"", probe.role} and self._group(probe.role) != self._group(probe.owner)
        return Answer(
            exchange=exchange,
            outcome=self._outcome(exchange),
            plain=fared.outcome if fared else None,
            owner=self._owner(exchange),
            other_group=apart,
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
        return {side: Fared(outcome=self._outcome(half), status=half.status) for side, half in zip(Side, (old, new), strict=True)}

    def _group(self, role: str) -> str:
        return self._groups.get(role, "")

    def _apart(self, one: str, other: str) -> bool:
        """Whether two roles are no peers; a role without a group, as anonymous is, has none."""
        return one != other and (not self._group(one) or self._group(one) != self._group(other))

    def _owner(self, exchange: Exchange) -> Outcome | None:
        probe = exchange.probe
        if probe.owner in {"", probe.role}:
            return None
        fared = self._plain.get((probe.operation.label, probe.owner, probe.owner), {}).get(exchange.target.side)
        return fared.outcome if fared else None

    def _fared(self, exchange: Exchange) -> Fared | None:
        """Return how the plain request of the same caller fared on that side.

        A path whose id was made odd is about nobody's object: it is held against the caller's own, else against any that he asked about.
        """
        label, role, owner = _key(exchange)
        keys = [(label, role, owner)]
        if not owner:
            keys += [(label, role, role), *sorted(key for key in self._plain if key[:2] == (label, role))]
        return next((self._plain[key][exchange.target.side] for key in keys if key in self._plain), None)

    def _others_get_it(self, exchange: Exchange) -> bool:
        """Whether another role's plain request for the same, about nobody's object, was allowed on the same side.

        A peer's does not count: `/me/avatar` is there for one of two users and not for the other, and nobody is refused.
        """
        probe, side = exchange.probe, exchange.target.side
        return not probe.owner and any(
            fared[side].outcome is Outcome.ALLOWED and self._apart(role, probe.role)
            for (label, role, owner), fared in self._plain.items()
            if label == probe.operation.label and not owner
        )

    def _outcome(self, exchange: Exchange) -> Outcome:
        if exchange.probe.intent is not Intent.NORMAL:
            return outcome(exchange, replace(self._context, owner=self._owner(exchange)))
        return outcome(exchange, replace(self._context, owner=self._owner(exchange), others=self._others_get_it(exchange)))


def _key(exchange: Exchange) -> tuple[str, str, str]:
    probe = exchange.probe
    return probe.operation.label, probe.role, probe.owner
