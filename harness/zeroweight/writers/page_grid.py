"""The authorization grid: operations down, roles across; in each cell how the role fared on both sides, and with whose object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zeroweight.writers.page_finding import CauseView
from zeroweight.writers.page_text import brief

ROWS = 1_000
ROLES = 30
FEW = 12
"""A grid with more rows than this shows at first only those with a change, when there are any."""
NAME = 80
SHUT = frozenset({"refused", "missing"})
"""Outcomes of somebody who is kept out."""
MOVED = frozenset({"opened", "closed", "changed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a role fared with one object or none. `kind` is `opened`, `closed`, `changed`, `same`, or `unknown` (a side was not had)."""

    kind: str
    owner: str
    """`own`, `of bob`, `of 3 others` (all alike), or empty: no object."""
    baseline: str
    canary: str
    allowed: bool
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One operation; a cell for each role, empty where the role did not ask."""

    operation: str
    cells: tuple[tuple[Entry, ...], ...]
    touched: bool
    """Whether anything changed or is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The whole of it, with its sums."""

    roles: tuple[str, ...]
    """Those to whom anything changed come first: a narrow screen shows but two."""
    lines: tuple[Line, ...]
    counts: Mapping[str, int]
    """Kind → number of plain requests that fared so."""
    left_out: int
    """Operations and roles that were too many for the page."""
    folded: bool
    """Whether rows without a change are hidden at first."""

    @property
    def touched(self) -> int:
        """The number of rows with a change or something unknown."""
        return sum(line.touched for line in self.lines)


def grid(matrix: Iterable[Mapping[str, Any]], causes: Iterable[CauseView]) -> Grid:
    """Return the grid of the record's matrix; what changed links to the new finding at its place."""
    links = _links(causes)
    had: dict[str, dict[str, list[Entry]]] = {}
    counts = Counter({"opened": 0, "closed": 0, "changed": 0, "unknown": 0, "same": 0})
    for cell in matrix:
        entry = _entry(cell, links)
        counts[entry.kind] += 1
        had.setdefault(cell["operation"], {}).setdefault(cell["role"], []).append(entry)
    moved = {role for cells in had.values() for role, entries in cells.items() if any(entry.kind in MOVED for entry in entries)}
    roles = sorted({role for cells in had.values() for role in cells}, key=lambda role: (role not in moved, role != "anonymous", role))
    lines = [_line(operation, cells, roles[:ROLES]) for operation, cells in had.items()]
    shown = sorted(lines, key=lambda line: not line.touched)[:ROWS] if len(lines) > ROWS else lines
    return Grid(
        roles=tuple(brief(role, NAME) for role in roles[:ROLES]),
        lines=tuple(shown),
        counts=dict(counts),
        left_out=len(lines) - len(shown) + max(0, len(roles) - ROLES),
        folded=len(shown) > FEW and any(line.touched for line in shown),
    )


def kind(baseline: str, canary: str) -> str:
    """Return what became of a caller, by outcomes: the direction of a change matters more than the change."""
    if not baseline or not canary:
        return "unknown"
    if baseline == canary:
        return "same"
    if canary == "allowed" and baseline in SHUT:
        return "opened"
    return "closed" if baseline == "allowed" and canary in SHUT else "changed"


def _entry(cell: Mapping[str, Any], links: Mapping[tuple[str, str], str]) -> Entry:
    what, owner, role = kind(cell["baseline"], cell["canary"]), cell["owner"], cell["role"]
    return Entry(
        kind=what,
        owner="" if not owner else "own" if owner == role else f"of {brief(owner, NAME)}",
        baseline=str(cell["baseline_status"] or cell["baseline"] or "?"),
        canary=str(cell["canary_status"] or cell["canary"] or "?"),
        allowed=cell["baseline"] == cell["canary"] == "allowed",
        link=links.get((cell["operation"], role), "") if what in MOVED else "",
    )


def _line(operation: str, cells: Mapping[str, Sequence[Entry]], roles: Sequence[str]) -> Line:
    touched = any(entry.kind != "same" for entries in cells.values() for entry in entries)
    return Line(operation=brief(operation, 300), cells=tuple(tuple(_folded(cells.get(role, ()))) for role in roles), touched=touched)


def _folded(entries: Iterable[Entry]) -> list[Entry]:
    """Return a cell's entries: no object first, then the role's own, then others'; those of others that are the same and alike as one."""
    alike: dict[Entry, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.owner.startswith("of "), entry.owner)):
        others = entry.owner.startswith("of ") and entry.kind == "same"
        alike.setdefault(replace(entry, owner="") if others else entry, []).append(entry)
    return [each[0] if len(each) == 1 else replace(each[0], owner=f"of {len(each)} others") for each in alike.values()]


def _links(causes: Iterable[CauseView]) -> dict[tuple[str, str], str]:
    """Return operation and role → the place of a new or unsteady finding there; those of the authorization family win."""
    found: dict[tuple[str, str], str] = {}
    seen = [cause for cause in causes if cause.state in {"new", "unsteady"}]
    for cause in sorted(seen, key=lambda cause: not cause.rule.startswith("authorization.")):
        for place in (*cause.places, *cause.more_places):
            found.setdefault((place.operation, place.role), place.id or cause.id)
    return found
