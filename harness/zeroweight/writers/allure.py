"""Allure results: the verdict and each finding as a result of its own, for a dashboard that shows them beside other tests.

Written by allure-python-commons (the extra `allure`), which is imported only when results are wanted. Results of the same service that
an earlier run left in the folder are replaced; whatever else lies there is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zeroweight.writers import harmless
from zeroweight.writers.telling import weight

MOST_RESULTS = 500
"""Results of one run, the verdict's included; the findings that are left over are counted in the verdict's."""
CATEGORIES = (
    {"name": "Blocks the canary", "matchedStatuses": ["failed"], "messageRegex": r"new, blocks[\s\S]*"},
    {"name": "Came and went", "matchedStatuses": ["broken"], "messageRegex": r"unsteady[\s\S]*"},
    {"name": "Below what blocks", "matchedStatuses": ["unknown"], "messageRegex": r"new, warns[\s\S]*"},
    {"name": "Accepted by a waiver", "matchedStatuses": ["skipped"], "messageRegex": r"new, waived[\s\S]*"},
    {"name": "Old news: both sides show it", "matchedStatuses": ["skipped"], "messageRegex": r"unchanged[\s\S]*"},
    {"name": "The verdict", "matchedStatuses": ["failed", "broken"], "messageRegex": r"(FAIL|INCONCLUSIVE):[\s\S]*"},
)


def clear(service: str, folder: Path) -> None:
    """Take away what an earlier run for this service left in a folder; raises OSError."""
    for stale in folder.glob(f"{prefix(service)}*"):
        stale.unlink(missing_ok=True)


def write(record: Mapping[str, Any], folder: Path) -> None:
    """Write the results of a redacted plain record into a folder, made if need be; raises OSError, and ImportError without the extra."""
    from zeroweight.writers.allure_result import Results  # noqa: PLC0415  # it needs the extra

    told = record["summary"]
    clear(told["service"], folder)
    results = Results(record, folder, prefix(told["service"]))
    findings = sorted(told["findings"], key=weight)
    shown = findings[: MOST_RESULTS - 1]
    results.put_verdict(left=len(findings) - len(shown))
    for finding in shown:
        results.put(finding)
    _add_categories(folder / "categories.json")
    _add_environment(folder / "environment.properties", _facts(told))


def prefix(service: str) -> str:
    """Return how the files of a service's results begin: another gate, which may share the folder, has others."""
    return f"zeroweight-{hashlib.sha256(service.encode('utf-8', 'replace')).hexdigest()[:12]}-"


def _facts(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what Allure shows as the environment."""
    sides = {f"zeroweight.{side}": f"{target['build'] or 'unknown build'} at {target['url']}" for side, target in told["targets"].items()}
    versions = {f"zeroweight.version.{name}": number for name, number in told["versions"].items()}
    own = {"zeroweight.service": told["service"], "zeroweight.verdict": told["verdict"], "zeroweight.run": told["run"]["id"]}
    return {**own, "zeroweight.level": told["run"]["level"], **sides, **versions}


def _add_environment(path: Path, facts: Mapping[str, str]) -> None:
    """Write the facts beside what others wrote; the format reads a backslash as the beginning of something."""
    old = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
    kept = [each for each in old if not each.startswith("zeroweight.")]
    ours = [f"{harmless.line(name, 80)}={harmless.line(value)}".replace("\\", "\\\\") for name, value in facts.items() if value]
    path.write_text("\n".join([*kept, *ours, ""]), encoding="utf-8")


def _add_categories(path: Path) -> None:
    """Write our categories beside those of others; a file that is no list of categories is somebody else's matter."""
    try:
        old = json.loads(path.read_bytes()) if path.is_file() else []
    except ValueError:
        return
    if isinstance(old, list):
        names = {each["name"] for each in CATEGORIES}
        kept = [each for each in old if not (isinstance(each, dict) and each.get("name") in names)]
        path.write_text(json.dumps([*CATEGORIES, *kept], indent=1) + "\n", encoding="utf-8")
