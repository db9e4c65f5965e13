"""Which security headers both sides sent with plain answers, as they were: what a reader compares at a glance.

Nothing is judged here: one answer may lack by chance what the next one has. What is believed stands among the deltas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zeroweight.checks import headers as tracked
from zeroweight.checks.check import Check
from zeroweight.finding import Noise
from zeroweight.model.http import Exchange
from zeroweight.model.request import Intent
from zeroweight.redact import Redactor

LOSSES: Mapping[str, Check] = {
    tracked.CSP: tracked.csp_lost,
    tracked.HSTS: tracked.hsts_lost,
    tracked.NOSNIFF: tracked.nosniff_lost,
    tracked.FRAME: tracked.frame_options_lost,
    tracked.REFERRER: tracked.referrer_policy_lost,
}
"""Header → the contrast that finds its protection lost; turned round, it finds one gained."""
LONGEST = 300
"""Characters of a value that are kept, after redaction."""
MOST = 20
"""Pairs of values of one header that are kept; the worst and the most frequent ones."""
_NONCE = re.compile(r"'nonce-[^']*'")
"""CSP 3 section 2.3.1: made afresh for each answer."""


class Change(StrEnum):
    """What became of a header's protection, the worst first."""

    WEAKER = "weaker"
    CHANGED = "changed"
    STRONGER = "stronger"
    SAME = "same"

    @property
    def rank(self) -> int:
        """The order in which they are kept and shown: 0 is the worst."""
        return list(Change).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A security header as both sides sent it with plain answers to one operation. Plain data: it travels between processes."""

    operation: str
    name: str
    baseline: str = ""
    """The value, redacted; empty when it was absent."""
    canary: str = ""
    change: Change


class Protections:
    """Collects the headers of one trial's plain answers."""

    def __init__(self, redactor: Redactor) -> None:
        """Have seen nothing yet."""
        self._redactor = redactor
        self._seen: dict[Protection, int] = {}
        self._shown: dict[str, str] = {}

    def note(self, old: Exchange, new: Exchange) -> None:
        """Look at one pair; answers of two status classes are no pair: what an error answer leaves out is the error's consequence."""
        before, after = old.response, new.response
        if before is None or after is None or old.probe.intent is not Intent.NORMAL or before.status // 100 != after.status // 100:
            return
        for name in LOSSES:
            values = before.headers.get(name), after.headers.get(name)
            seen = Protection(
                operation=old.probe.operation.label,
                name=name,
                baseline=self._show(values[0]),
                canary=self._show(values[1]),
                change=_change(name, old, new),
            )
            self._seen[seen] = self._seen.get(seen, 0) + 1

    def seen(self) -> tuple[Protection, ...]:
        """Return what was seen, once for each operation, header and pair of values."""
        return keep(self._seen)

    def _show(self, value: str) -> str:
        """Redact first, then hide what is made afresh for each answer, then cut."""
        if value not in self._shown:
            clean = _steady(self._redactor.text(value))
            self._shown[value] = clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"
        return self._shown[value]


def keep(counted: Mapping[Protection, int]) -> tuple[Protection, ...]:
    """Return at most MOST pairs of values a header, the worst first, then those that came most often."""
    order = sorted(counted, key=lambda each: (each.name, each.change.rank, -counted[each], each.baseline, each.canary, each.operation))
    kept: dict[str, set[tuple[str, str]]] = {}
    found = []
    for each in order:
        pairs = kept.setdefault(each.name, set())
        if (each.baseline, each.canary) in pairs or len(pairs) < MOST:
            pairs.add((each.baseline, each.canary))
            found.append(each)
    return tuple(found)


def _change(name: str, old: Exchange, new: Exchange) -> Change:
    """Tell by the rules themselves whether a protection was lost or gained."""
    assert old.response is not None
    assert new.response is not None
    before, after = (half.headers.all(name) for half in (old.response, new.response))
    if before == after or [_steady(value) for value in before] == [_steady(value) for value in after]:
        return Change.SAME
    if _lost(name, old, new):
        return Change.WEAKER
    return Change.STRONGER if _lost(name, new, old) else Change.CHANGED


def _steady(value: str) -> str:
    """Return a value without what is made afresh for each answer."""
    return _NONCE.sub("'nonce-…'", value)


def _lost(name: str, old: Exchange, new: Exchange) -> bool:
    two = LOSSES[name].two
    return two is not None and any(True for _ in two(old, new, Noise()))
