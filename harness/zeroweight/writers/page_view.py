"""All that the page says, made of the record alone: the template only sets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zeroweight.writers.page_finding import FULL, CauseView, suites, views
from zeroweight.writers.page_grid import Grid, grid
from zeroweight.writers.page_tables import ROWS, BarView, HeaderView, SuiteView, UntestedView, budget, headers, phases, untested
from zeroweight.writers.page_tables import suites as suite_rows
from zeroweight.writers.page_text import brief, command, shown
from zeroweight.writers.page_why import ADVICE, UNTRUE, ReasonView, action, sentence, sure, why
from zeroweight.writers.telling import SEVERITIES, SIGNS, STATES, count, groups


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """Who stood on a side."""

    name: str
    build: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The page, from the top down."""

    verdict: str
    sign: str
    action: str
    advice: str
    reason: str
    service: str
    sides: tuple[SideView, ...]
    gate: str
    run: Mapping[str, Any]
    spent: str
    why: tuple[ReasonView, ...]
    more_why: tuple[ReasonView, ...]
    why_left_out: int
    passed: int
    """New findings that the policy lets through."""
    accepted: int
    """Those of them that a waiver accepts."""
    sure: tuple[str, ...]
    asked: str
    spared: str
    """How the run went easy on the baseline; empty where it did not."""
    began: bool
    """Whether anything was asked at all."""
    numbers: Mapping[str, int]
    """Kind of not tested → how many lines of it; `required` are the gaps that a PASS needs."""
    changed: tuple[SuiteView, ...]
    totals: SuiteView
    causes: tuple[CauseView, ...]
    findings: int
    full: int
    """How many causes are told in full."""
    suites: tuple[str, ...]
    states: Mapping[str, int]
    severities: Mapping[str, int]
    first_states: frozenset[str]
    """States whose findings are listed at first."""
    waived: int
    """Causes that a waiver accepts."""
    unreliable: bool
    """Whether the findings stand on an untrue comparison."""
    grid: Grid
    headers: tuple[HeaderView, ...]
    same_headers: tuple[HeaderView, ...]
    gaps: tuple[UntestedView, ...]
    exclusions: tuple[UntestedView, ...]
    unreached: tuple[UntestedView, ...]
    phases: tuple[BarView, ...]
    budget: tuple[BarView, ...]
    waivers: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    leftovers: tuple[str, ...]
    versions: Mapping[str, str]
    rows: int
    """The bound of the tables."""


def view(record: Mapping[str, Any]) -> View:
    """Return what the page says of a redacted plain record; raises KeyError where the record lacks what it must have."""
    told = record["summary"]
    targets = told.get("targets", {})
    sides = tuple(_side(name, targets[name]) for name in ("baseline", "canary") if name in targets)
    builds = (targets.get("baseline", {}).get("build", ""), targets.get("canary", {}).get("build", ""))
    names = suites(told["findings"])
    causes = views(groups(told["findings"]), record, names, builds)
    reasons, more_reasons, reasons_left_out = why(record, causes)
    states = {state: sum(cause.size for cause in causes if cause.state == state) for state in STATES}
    missing = told["not_tested"]
    sent = headers(record["headers"])
    return View(
        verdict=told["verdict"],
        sign=SIGNS[told["verdict"]],
        action=action(told, builds[1]),
        advice=ADVICE[told["verdict"]],
        reason=sentence(record, causes),
        service=told["service"],
        sides=sides,
        gate=_gate(record["policy"], told["run"]),
        run={**told["run"], "command": command(told["run"]["command"])},
        spent=_spent(told),
        why=reasons,
        more_why=more_reasons,
        why_left_out=reasons_left_out,
        passed=sum(cause.size for cause in causes if cause.state == "new" and cause.action != "block"),
        accepted=sum(cause.size for cause in causes if cause.action == "waived"),
        sure=sure(record, causes),
        asked=_asked(told),
        spared=_spared(told["governor"]["says"]),
        began=bool(told["coverage"].get("operations") or told["counts"].get("pairs")),
        numbers={kind: len(lines) for kind, lines in missing.items()} | {"required": sum(line["required"] for line in missing["gaps"])},
        changed=suite_rows(record),
        totals=SuiteView(name="", states=tuple(states.values()), not_tested=len(missing["gaps"])),
        causes=causes,
        findings=len(told["findings"]),
        full=FULL,
        suites=names,
        states={state: sum(cause.state == state for cause in causes) for state in STATES},
        severities=_severities(causes),
        first_states=frozenset(
            state for state in STATES if state != "unchanged" or not any(states[other] for other in STATES if other != state)
        ),
        waived=sum(cause.action == "waived" for cause in causes),
        unreliable=bool(causes) and any(reason["code"] in UNTRUE for reason in told["reasons"]),
        grid=grid(record["matrix"], causes),
        headers=tuple(line for line in sent if line.change != "same"),
        same_headers=tuple(line for line in sent if line.change == "same"),
        gaps=untested(missing["gaps"]),
        exclusions=untested(missing["exclusions"]),
        unreached=untested(missing["unreached"]),
        phases=phases(record["phases"], told["run"]["seconds"]),
        budget=budget(told),
        waivers=tuple(record["waivers"]),
        notes=tuple(record["notes"]),
        leftovers=tuple(record["leftovers"]),
        versions=told["versions"],
        rows=ROWS,
    )


def _side(name: str, target: Mapping[str, Any]) -> SideView:
    build, expected = target["build"], target["expected"]
    told = build or (f"not known, {expected} was expected" if expected else "not known")
    return SideView(name=name.capitalize(), build=brief(told, 100), url=brief(target["url"], 200))


def _spared(says: str) -> str:
    return brief(f"{says[0].upper()}{says[1:]}.", 400) if says else ""


def _gate(policy: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    worst = f"{policy['fail_on']} and worse blocks" if policy.get("fail_on") else ""
    level, driver = run["level"], run["driver"]
    return ", ".join(part for part in (worst, f"level {level}" if level else "", f"sent by {driver}" if driver else "") if part)


def _spent(summary: Mapping[str, Any]) -> str:
    most = summary["budget"].get("seconds", 0)
    return f"{shown(summary['run']['seconds'])} {f'of {shown(most)} ' if most else ''}s"


def _asked(summary: Mapping[str, Any]) -> str:
    covered, pairs = summary["coverage"], summary["counts"].get("pairs", 0)
    if not covered.get("operations"):
        return "No operation was asked."
    answered, allowed = shown(covered.get("answered", 0)), shown(covered.get("allowed", 0))
    of = f"{answered} of {count(int(covered['operations']), 'operation')} answered on both sides"
    return f"{of}, {allowed} of them allowed to somebody; {count(pairs, 'pair')} of answers compared."


def _severities(causes: tuple[CauseView, ...]) -> dict[str, int]:
    found = {word: sum(cause.severity == word for cause in causes) for word in SEVERITIES}
    return {word: number for word, number in found.items() if number}
