"""The HTML report: one self-contained page, made of the record alone; every word of a target's is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from zeroweight.shipped import shipped

ORDER = ("block", "waived", "warn", "ignore")
STATES = ("new", "unsteady", "unchanged", "absent")
SEVERITIES = ("critical", "high", "medium", "low", "note")


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write the page of a redacted plain record; raises OSError and jinja2's errors, which the caller turns into a reason."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(shipped("reports")), autoescape=True, undefined=jinja2.StrictUndefined)
    told = record["summary"]
    page = environment.get_template("report.html.j2").render(record=record, told=told, groups=groups(told["findings"]))
    path.write_text(page, encoding="utf-8")


def groups(findings: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return the findings grouped by cause, worst first: a reader is told once what has one root."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for finding in findings:
        found.setdefault((finding["state"], finding["action"], finding["rule"], finding["cause"]), []).append(finding)
    return sorted(found.values(), key=_weight)


def _weight(group: Sequence[Mapping[str, Any]]) -> tuple[int, int, int, int, str]:
    first = group[0]
    severity = min(SEVERITIES.index(finding["severity"]) for finding in group)
    return STATES.index(first["state"]), ORDER.index(first["action"]), severity, -len(group), first["rule"]
