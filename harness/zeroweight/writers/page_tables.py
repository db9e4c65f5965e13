"""The plain tables of the page: what changed, what was not tested, time and budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zeroweight.writers.page_difference import marked
from zeroweight.writers.page_text import Piece, brief, cut, pieces, shown
from zeroweight.writers.telling import STATES, count, left_out

ROWS = 200
"""Rows of a table; the record has the rest."""
ITEMS = 200
"""Items of one row of what was not tested."""
NAME = 120
VALUE = 600
"""Characters of a header's value."""
CHANGES = ("weaker", "changed", "stronger", "same")
BUDGETS = (("seconds", "Time", "s"), ("baseline", "Requests to the baseline", ""), ("canary", "Requests to the canary", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteView:
    """A row of what changed."""

    name: str
    states: tuple[int, ...]
    """In the order of `STATES`."""
    not_tested: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderView:
    """A security header as both sides sent it; the words that differ are marked."""

    name: str
    baseline: tuple[Piece, ...]
    """Empty where it was absent."""
    canary: tuple[Piece, ...]
    change: str
    operations: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UntestedView:
    """All that was not tested for one and the same reason."""

    what: tuple[str, ...]
    left_out: int
    why: str
    required: bool
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarView:
    """A bar of the drawing of time: `at` and `width` are shares of a hundred."""

    name: str
    says: str
    at: float
    width: float


def suites(record: Mapping[str, Any]) -> tuple[SuiteView, ...]:
    """Return a row for each suite."""
    return tuple(
        SuiteView(
            name=brief(name, NAME),
            states=tuple(row[state] for state in STATES),
            not_tested=row["not_tested"],
            detail=f"{count(row['tests'], 'test')}, {count(row['pairs'], 'pair')}, {shown(row['seconds'])} s",
        )
        for name, row in list(record["suites"].items())[:ROWS]
    )


def headers(lines: Iterable[Mapping[str, Any]]) -> tuple[HeaderView, ...]:
    """Return the headers, what became weaker first."""
    made = []
    for line in sorted(lines, key=lambda line: (CHANGES.index(line["change"]), line["name"]))[:ROWS]:
        values = cut(line["baseline"], VALUE), cut(line["canary"], VALUE)
        both = marked(*values) if all(values) else (tuple(pieces(values[0])), tuple(pieces(values[1])))
        made.append(
            HeaderView(
                name=brief(line["name"], NAME),
                baseline=both[0],
                canary=both[1],
                change=line["change"],
                operations=line["operations"],
                of=line["of"],
            )
        )
    return tuple(made)


def untested(lines: Iterable[Mapping[str, Any]]) -> tuple[UntestedView, ...]:
    """Return what was not tested, grouped by reason; what a PASS needs comes first."""
    return tuple(
        UntestedView(
            what=tuple(brief(line["what"], 2 * NAME) for line in left.lines[:ITEMS]),
            left_out=max(0, len(left.lines) - ITEMS),
            why=left.why,
            required=left.required,
            fix=left.fix,
        )
        for left in left_out(lines)[:ROWS]
    )


def phases(lines: Sequence[Mapping[str, Any]], seconds: float) -> tuple[BarView, ...]:
    """Return the stretches of the run as bars against its own length."""
    kept = lines[:ROWS]
    whole = max([seconds, *(line["start"] + line["seconds"] for line in kept)], default=0) or 1
    return tuple(
        BarView(
            name=brief(line["name"], NAME),
            says=f"{shown(line['seconds'])} s",
            at=round(100 * line["start"] / whole, 2),
            width=round(max(100 * line["seconds"] / whole, 0.4), 2),
        )
        for line in kept
    )


def budget(summary: Mapping[str, Any]) -> tuple[BarView, ...]:
    """Return what was spent of what was allowed, as bars."""
    most, run = summary["budget"], summary["run"]
    spent = {"seconds": run["seconds"], "baseline": most.get("sent_baseline", 0), "canary": most.get("sent_canary", 0)}
    made = []
    for name, label, unit in BUDGETS:
        allowed = most.get("seconds" if name == "seconds" else "requests", 0)
        if allowed:
            says = f"{shown(spent[name])} of {shown(allowed)} {unit}".strip()
            made.append(BarView(name=label, says=says, at=0, width=round(min(100.0, 100 * spent[name] / allowed), 2)))
    return tuple(made)
