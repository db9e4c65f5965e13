"""The HTML report: one self-contained page, made of the record alone; every word of a target's is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from zeroweight.shipped import shipped

ORDER = ("block", "waived", "warn", "ignore")
STATES = ("new", "unsteady", "unchanged", "absent")
SEVERITIES = ("critical", "high", "medium", "low", "note")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]")
"""What hides or reorders text around it, and halves of characters, which no file can hold."""


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write the page of a redacted plain record; raises OSError and jinja2's errors, which the caller turns into a reason."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped("reports")), autoescape=True, undefined=jinja2.StrictUndefined, finalize=seen
    )
    told = record["summary"]
    page = environment.get_template("report.html.j2").render(record=record, told=told, groups=groups(told["findings"]))
    path.write_text(page, encoding="utf-8")


def seen(value: Any) -> Any:
    """Return a text with everything unseen written by its number; other values as they are. Escaping comes after it."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value) if isinstance(value, str) else value


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
