"""The folder of results, and what the real Allure makes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from node import tool
from reported import finding, left, plain, whole

from zeroweight.record import NotTested, PlaceLine
from zeroweight.writers import allure

VERSION = "3.18.0"
CONFIG = """
import { readFileSync } from "node:fs";
export default { categories: JSON.parse(readFileSync("results/categories.json")) };
"""
"""As docs/reports.md tells it: Allure 3 takes categories from its configuration alone."""


def generated(folder: Path) -> Path:
    """Let Allure make its report of the results in a folder. It is never opened: its pages call home."""
    report = folder.parent / "report"
    (folder.parent / "allurerc.mjs").write_text(CONFIG)
    line = [*tool("allure", VERSION, "allure"), "generate", folder.name, "--output", report.name, "--config", "allurerc.mjs"]
    done = subprocess.run(line, cwd=folder.parent, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return report


def found(report: Path) -> dict[str, dict[str, Any]]:
    """Return the results that Allure read, by name."""
    read = [json.loads(path.read_bytes()) for path in report.rglob("data/test-results/*.json")]
    return {each["name"]: each for each in read}


@pytest.mark.parametrize(("verdict", "status"), [("PASS", "passed"), ("FAIL", "failed"), ("INCONCLUSIVE", "broken")])
def test_allure_shows_verdict_findings_and_what_was_not_tested(tmp_path: Path, verdict: str, status: str) -> None:
    severities = {"critical": "blocker", "high": "critical", "medium": "normal", "low": "minor", "note": "trivial"}
    findings = [
        finding(severity=ours, fingerprint=f"zw1:{number}", place=PlaceLine(method="GET", path=f"/{ours}", role="ben"))
        for number, ours in enumerate(severities)
    ]
    allure.write(plain(whole(*findings, verdict=verdict, not_tested=NotTested(gaps=(left("a gap of ours"),)))), tmp_path / "results")
    report = generated(tmp_path / "results")
    read = found(report)
    assert len(read) == len(findings) + 1
    assert read[f"verdict: {verdict}"]["status"] == status
    for ours, theirs in severities.items():
        told = read[f"A guard is gone: GET /{ours} as ben"]
        assert told["groupedLabels"]["severity"] == [theirs]
        assert (told["status"], told["error"]["message"]) == ("failed", "new, blocks: A guard is gone")
    categories = json.loads((report / "widgets/categories.json").read_bytes())["nodes"].values()
    totals = {each["name"]: each["statistic"]["total"] for each in categories if each["type"] == "category"}
    assert totals == {"Blocks the canary": 5, **({} if verdict == "PASS" else {"The verdict": 1})}
    attachments = " ".join(path.read_text("utf-8") for path in report.rglob("data/attachments/*"))
    assert "required: a gap of ours: it stayed silent; look at it" in attachments
    environment = {each["name"]: each["values"] for each in json.loads((report / "widgets/allure_environment.json").read_bytes())}
    assert environment["zeroweight.verdict"] == [verdict]
    assert environment["zeroweight.canary"] == ["canary-build at http://canary.example"]


def test_what_another_run_of_the_same_service_left_is_replaced_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    for name, text in (
        ("0-result.json", "{}"),
        ("environment.properties", "stage=two\nzeroweight.verdict=PASS\n"),
        ("categories.json", '[{"name": "Mine"}, {"name": "The verdict"}]'),
    ):
        (tmp_path / name).write_text(text)
    allure.write(plain(whole(service="other")), tmp_path)
    others = {path.name for path in tmp_path.glob("zeroweight-*")}
    allure.write(plain(whole(finding(), finding(fingerprint="zw1:2"), verdict="PASS")), tmp_path)
    allure.write(plain(whole(verdict="FAIL")), tmp_path)
    assert others <= {path.name for path in tmp_path.iterdir()}
    assert len([*tmp_path.glob("*-result.json")]) == 1 + 2 + 2
    assert (tmp_path / "environment.properties").read_text().splitlines()[:3] == [
        "stage=two",
        "zeroweight.service=things",
        "zeroweight.verdict=FAIL",
    ]
    names = [each["name"] for each in json.loads((tmp_path / "categories.json").read_bytes())]
    assert names == [*(each["name"] for each in allure.CATEGORIES), "Mine"]


@pytest.mark.parametrize("text", ["not JSON", '{"name": "no list"}'])
def test_categories_that_nobody_can_read_are_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "categories.json").write_text(text)
    allure.write(plain(whole()), tmp_path)
    assert (tmp_path / "categories.json").read_text() == text


def test_however_many_findings_there_are_the_results_are_bounded_and_the_worst_are_shown(tmp_path: Path) -> None:
    many = [finding(state="unchanged", action="ignore", fingerprint=f"zw1:{number}") for number in range(700)]
    allure.write(plain(whole(*many, finding(fingerprint="zw1:worst"))), tmp_path)
    read = [path.read_text() for path in tmp_path.glob("*-result.json")]
    assert len(read) == allure.MOST_RESULTS
    assert any("zw1:worst" in each for each in read)
    counts = [path.read_text() for path in tmp_path.glob("*-attachment.txt") if "findings: " in path.read_text()]
    assert "202 findings more than are shown here" in counts[0]


def test_the_library_is_not_imported_before_results_are_wanted() -> None:
    line = "import sys, zeroweight.writers.formats; sys.exit('allure_commons' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], check=False).returncode == 0
