"""The words that every report shares: what a verdict asks of its reader, numbers with their nouns, findings grouped by cause.

It works on a plain record, as reports are given it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zeroweight.writers import harmless

SEVERITIES = ("critical", "high", "medium", "low", "note")
"""The worst first."""
STATES = ("new", "unsteady", "unchanged", "absent")
ACTIONS = ("block", "waived", "warn", "ignore")
ASKS = {
    "PASS": "give it users",
    "FAIL": "do not give it users",
    "INCONCLUSIVE": "do not decide by this run",
}
"""Verdict → what it asks of the person who reads it."""
ONE_LINE = 90
"""Characters up to which names of things that were not tested are put into one line."""
SIGNS = {"PASS": "✓", "FAIL": "✕", "INCONCLUSIVE": "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings that share state, action and cause: what a reader is told once."""

    findings: tuple[Mapping[str, Any], ...]

    @property
    def first(self) -> Mapping[str, Any]:
        """The worst of them."""
        return self.findings[0]

    @property
    def more(self) -> str:
        """` and 2 more places`, or nothing."""
        others = len(self.findings) - 1
        return f" and {count(others, 'more place')}" if others else ""


def count(number: float, noun: str) -> str:
    """Return a number with its noun: `1 gap`, `2 gaps`."""
    return f"{number:.0f} {noun}{'' if number == 1 else 's'}"


def place(finding: Mapping[str, Any]) -> str:
    """Say where a finding is, in the words of `Place`: `GET /things/{id} as ben, query:q`."""
    where = finding["place"]
    operation = where["method"] if where["path"] == "*" else f"{where['method']} {where['path']}"
    who = "" if where["role"] == "*" else f" as {where['role']}"
    return f"{operation}{who}{', ' + where['parameter'] if where['parameter'] else ''}"


def groups(findings: Iterable[Mapping[str, Any]]) -> tuple[Group, ...]:
    """Return findings grouped, the worst first; what is equally bad stays in the order in which it was given."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for finding in sorted(findings, key=weight):
        found.setdefault((finding["state"], finding["action"], finding["rule"], finding["cause"]), []).append(finding)
    return tuple(Group(findings=tuple(each)) for each in sorted(found.values(), key=_gravity))


def weight(finding: Mapping[str, Any]) -> tuple[int, int, int]:
    """Order findings: what blocks first, then by state and severity."""
    acts = ACTIONS.index(finding["action"]) if finding["state"] == "new" else len(ACTIONS)
    return acts, STATES.index(finding["state"]), SEVERITIES.index(finding["severity"])


def _gravity(group: Sequence[Mapping[str, Any]]) -> tuple[object, ...]:
    return (*weight(group[0]), -len(group), group[0]["rule"], group[0]["cause"])


def other_reasons(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the verdict's reasons that are not findings: those are told as findings."""
    told = record["summary"]
    blocking = {finding["rule"] for finding in told["findings"] if finding["action"] == "block"}
    return tuple(reason for reason in told["reasons"] if reason["code"] not in blocking)


def surety(record: Mapping[str, Any]) -> str:
    """Say in one sentence how sure the run is of its findings."""
    sure = record["surety"]
    if not sure["candidates"] and not record["summary"]["counts"].get("pairs", 0):
        return "nothing was compared"
    if not sure["candidates"]:
        return "no difference called for a second look"
    dropped = f", {sure['dropped']} dropped since the baseline shows it as well" if sure["dropped"] else ""
    bound = f"; chance of a false cause in the run at most {sure['bound']:g}" if sure["bound"] else ""
    return f"{count(sure['candidates'], 'difference')}, {count(sure['repeats'], 'repeat')}, {sure['confirmed']} confirmed{dropped}{bound}"


def counted(record: Mapping[str, Any]) -> str:
    """Say how many findings there are of each state, and how much was not tested."""
    counts, left = record["summary"]["counts"], record["summary"]["not_tested"]
    states = ", ".join(f"{counts.get(state, 0)} {state}" for state in STATES)
    required = sum(gap["required"] for gap in left["gaps"])
    gaps = count(len(left["gaps"]), "gap") + (f" ({required} required)" if required and required < len(left["gaps"]) else "")
    return f"findings: {states}; not tested: {gaps}, {len(left['exclusions'])} excluded, {len(left['unreached'])} unreached"


def asked(record: Mapping[str, Any]) -> str:
    """Say how much was asked, what of the budget it took, and how the baseline was spared."""
    told = record["summary"]
    cover, budget = told["coverage"], told["budget"]
    sent = max(budget.get("sent_baseline", 0), budget.get("sent_canary", 0))
    operations = f"{cover.get('answered', 0):.0f} of {count(cover.get('operations', 0), 'operation')}"
    pairs = count(told["counts"].get("pairs", 0), "pair")
    requests = f"{sent:.0f} of {count(budget.get('requests', 0), 'request')}"
    seconds = f"{told['run']['seconds']:.1f} of {budget.get('seconds', 0):.0f} s"
    spared = f"; {harmless.line(told['governor']['says'])}" if told["governor"]["says"] else ""
    return f"asked: {operations} as {count(cover.get('roles', 0), 'role')}, {pairs}, {requests}, {seconds}{spared}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was not tested for one and the same reason, told once."""

    lines: tuple[Mapping[str, Any], ...]

    @property
    def what(self) -> str:
        """As much of it as one line holds, and how much more there is."""
        told = str(self.lines[0]["what"])
        shown = 1
        for each in self.lines[1:]:
            if len(told) + len(each["what"]) > ONE_LINE:
                break
            told, shown = f"{told}, {each['what']}", shown + 1
        more = len(self.lines) - shown
        return f"{told} and {more} more" if more else told

    @property
    def why(self) -> str:
        """The reason."""
        return str(self.lines[0]["why"])

    @property
    def fix(self) -> str:
        """What mends it, where that is known."""
        return str(self.lines[0]["fix"])

    @property
    def required(self) -> bool:
        """Whether a PASS needs it."""
        return bool(self.lines[0]["required"])


def left_out(lines: Iterable[Mapping[str, Any]]) -> tuple[Left, ...]:
    """Return lines of what was not tested, those of one reason together, the required ones first."""
    found: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for each in lines:
        found.setdefault((not each["required"], each["code"], each["why"], each["fix"]), []).append(each)
    return tuple(Left(lines=tuple(group)) for _, group in sorted(found.items(), key=lambda pair: (pair[0][0], -len(pair[1]))))
