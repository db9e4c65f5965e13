"""The findings of the page, grouped by cause and worst first: a reader is told once what has one root. What it may cost has a bound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from zeroweight.writers.page_difference import Chip, Row, chips, rows
from zeroweight.writers.page_text import brief, command
from zeroweight.writers.telling import SEVERITIES, Group

FULL = 300
"""Causes that are told in full, the worst ones; of the others the page shows one row each."""
PLACES = 6_000
"""Places that are listed on the whole page."""
FIRST = 8
"""Places of a cause that are seen at once; the rest is folded."""
LINES_BUDGET = 52_000
"""Characters of answers side by side on the whole page, spent on the worst findings first."""
PARTS_BUDGET = 20_000
"""As much for changed parts and commands."""
TITLE = 200
PLACE = 300
SENTENCE = 600
FINGERPRINT = re.compile(r"zw1:[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """One place of a cause."""

    id: str
    """What a link may name: made of the fingerprint; empty where that is none of ours."""
    operation: str
    role: str
    parameter: str
    pairs: str
    repeats: str
    says: str
    """Its evidence, where it differs from that of the cause's first place."""
    fingerprint: str
    waiver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceView:
    """Both answers of a cause's most telling place."""

    where: str
    chips: tuple[Chip, ...]
    more_chips: int
    rows: tuple[Row, ...]
    """Empty where the page's budget was spent on worse findings."""
    baseline_seconds: float
    canary_seconds: float
    curl: str
    move: str
    """`403 → 200`, where the status changed."""

    @property
    def lines_size(self) -> int:
        """What the lines cost."""
        return sum(row.size for row in self.rows)

    @property
    def parts_size(self) -> int:
        """What the changed parts and the command cost."""
        return len(escape(self.curl)) + sum(chip.size for chip in self.chips)


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView:
    """What one root did: what the row says, and what stands behind it."""

    id: str
    state: str
    severity: str
    action: str
    confirmed: bool
    title: str
    operation: str
    role: str
    """Of the first place; the number of the others stands in `size`."""
    size: int
    move: str
    suites: tuple[int, ...]
    """Numbers of the suites that saw it, in the order of the page's filter."""
    full: bool
    evidence: tuple[str, ...]
    places: tuple[PlaceView, ...]
    more_places: tuple[PlaceView, ...]
    places_left_out: int
    difference: DifferenceView | None
    remedy: str
    rule: str
    cwe: int
    owasp: str
    request: str
    repeats: str

    @property
    def blocks(self) -> bool:
        """Whether it makes the verdict FAIL."""
        return self.state == "new" and self.action == "block"


def suites(findings: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of the suites that saw anything."""
    return tuple(sorted({suite for finding in findings for suite in finding["suites"]}))


def views(grouped: Sequence[Group], record: Mapping[str, Any], names: Sequence[str], builds: tuple[str, str]) -> tuple[CauseView, ...]:
    """Return the causes as the page tells them; the budgets for places and differences are spent in their order."""
    exhibits, waivers = record["exhibits"], {each["fingerprint"]: each for each in record["waivers"]}
    numbers = {name: number for number, name in enumerate(names)}
    made: list[CauseView] = []
    lines, parts, left, used = LINES_BUDGET, PARTS_BUDGET, PLACES, set[str]()
    for number, group in enumerate(each.findings for each in grouped):
        difference = _difference(group, exhibits, builds, with_lines=lines > 0) if number < FULL else None
        if difference:
            # What no longer fits ends the spending: later findings are no worse, and each difference costs time, too.
            lines = lines - difference.lines_size if difference.lines_size <= lines else 0
            parts = parts - difference.parts_size if difference.parts_size <= parts else 0
            difference = replace(difference, rows=difference.rows if lines else ())
            difference = difference if parts else replace(difference, chips=(), more_chips=0, curl="")
        listed = [_place(finding, group[0], waivers, used) for finding in group[: max(left, 1)]]
        left -= len(listed)
        made.append(_cause(number, group, listed, difference, numbers))
    return tuple(made)


def _cause(
    number: int,
    group: Sequence[Mapping[str, Any]],
    listed: Sequence[PlaceView],
    difference: DifferenceView | None,
    numbers: Mapping[str, int],
) -> CauseView:
    first, full = group[0], number < FULL
    return CauseView(
        id=f"c{number + 1}",
        state=first["state"],
        severity=_worst(group),
        action=first["action"],
        confirmed=all(finding["confirmed"] for finding in group),
        title=brief(first["title"], TITLE),
        operation=listed[0].operation,
        role=listed[0].role,
        size=len(group),
        move=difference.move if difference else "",
        suites=tuple(sorted({numbers[suite] for finding in group for suite in finding["suites"]})),
        full=full,
        evidence=tuple(brief(line, SENTENCE) for line in first["evidence"][: 3 if full else 1]),
        places=tuple(listed[:FIRST]),
        more_places=tuple(listed[FIRST:]),
        places_left_out=len(group) - len(listed),
        difference=difference,
        remedy=first["remedy"],
        rule=first["rule"],
        cwe=first["cwe"],
        owasp=first["owasp"],
        request=brief(first["request"], PLACE),
        repeats=first["repeats"],
    )


def _difference(
    group: Iterable[Mapping[str, Any]], exhibits: Mapping[str, Any], builds: tuple[str, str], *, with_lines: bool
) -> DifferenceView | None:
    """Return both answers of the first place that has them."""
    shown = next((finding for finding in group if finding["fingerprint"] in exhibits), None)
    if shown is None:
        return None
    exhibit = exhibits[shown["fingerprint"]]
    baseline, canary = exhibit["baseline"], exhibit["canary"]
    found, more = chips(baseline, canary, builds)
    return DifferenceView(
        where=_where(shown),
        chips=found,
        more_chips=more,
        rows=rows(baseline, canary) if with_lines else (),
        baseline_seconds=baseline["seconds"],
        canary_seconds=canary["seconds"],
        curl=command(exhibit["curl"]),
        move=_move(found),
    )


def _move(found: Iterable[Chip]) -> str:
    status = next((chip for chip in found if chip.name == "status"), None)
    return f"{brief(status.before, 20)} → {brief(status.after, 20)}" if status else ""


def _place(finding: Mapping[str, Any], first: Mapping[str, Any], waivers: Mapping[str, Any], used: set[str]) -> PlaceView:
    place, print_ = finding["place"], finding["fingerprint"]
    ours = FINGERPRINT.fullmatch(print_) is not None and print_ not in used
    used.add(print_)
    waiver = waivers.get(print_)
    return PlaceView(
        id=print_.replace(":", "-") if ours else "",
        operation=_operation(place),
        role=brief(place["role"], TITLE) if place["role"] != "*" else "",
        parameter=brief(place["parameter"], PLACE),
        pairs=f"{finding['seen_new']} of {finding['pairs']} pairs" if finding["state"] in {"new", "unsteady"} else "",
        repeats=brief(finding["repeats"], TITLE),
        says="" if finding["evidence"] == first["evidence"] else brief(" ".join(finding["evidence"][:1]), PLACE),
        fingerprint=brief(print_, TITLE),
        waiver=f"waived by {waiver['owner']} until {waiver['expires']}" if waiver and finding["action"] == "waived" else "",
    )


def _operation(place: Mapping[str, Any]) -> str:
    return brief(place["method"] if place["path"] == "*" else f"{place['method']} {place['path']}", PLACE)


def _where(finding: Mapping[str, Any]) -> str:
    role = finding["place"]["role"]
    return _operation(finding["place"]) + (f" as {brief(role, TITLE)}" if role != "*" else "")


def _worst(group: Iterable[Mapping[str, Any]]) -> str:
    return SEVERITIES[min(SEVERITIES.index(finding["severity"]) for finding in group)]
