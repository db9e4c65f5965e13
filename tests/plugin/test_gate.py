"""Exit status, pytest's last line, JUnit, Allure and verdict.json say the same, however pytest is called."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from gating import OUT, Ran, Runs
from plugin_cases import FLAW

WORDS = {"pass": ("PASS", 0), "fail": ("FAIL", 1), "unproven": ("INCONCLUSIVE", 10)}
LAST = {"pass": r"\d+ passed", "fail": r"\d+ failed, \d+ passed", "unproven": r"1 error"}
ENOUGH = {  # what leaves nothing out changes nothing
    **dict.fromkeys(
        ("quiet", "very quiet", "no terminal", "no xdist", "no cache", "a project with options", "own test paths"), ("PASS", 0)
    ),
    **dict.fromkeys(("no terminal, flawed", "first failure", "stepwise"), ("FAIL", 1)),
    **dict.fromkeys(
        ("keyword", "keyword of nothing", "deselect", "collect only", "setup plan", "narrowed by the environment"), ("INCONCLUSIVE", 10)
    ),
}


def case_of(ran: Ran) -> ET.Element:
    """Return JUnit's test case of the verdict."""
    root = ET.parse(ran.folder / "junit.xml").getroot()
    (case,) = [each for each in root.iter("testcase") if each.get("name") == "verdict"]
    return case


@pytest.mark.parametrize("name", WORDS)
def test_the_status_says_the_verdict(runs: Runs, name: str) -> None:
    runs[name].said(*WORDS[name])


@pytest.mark.parametrize("name", LAST)
def test_pytests_last_line_agrees(runs: Runs, name: str) -> None:
    line = runs[name].last
    assert re.search(LAST[name], line), line
    assert ("failed" in line, "error" in line) == (name == "fail", name == "unproven")


@pytest.mark.parametrize("name", WORDS)
def test_junit_holds_the_verdict(runs: Runs, name: str) -> None:
    found = {child.tag for child in case_of(runs[name])} & {"failure", "error"}
    assert found == {"pass": set(), "fail": {"failure"}, "unproven": {"error"}}[name]


@pytest.mark.parametrize("name", ["pass", "fail"])
def test_no_foreign_report_holds_our_raw_results(runs: Runs, name: str) -> None:
    folder = runs[name].folder
    reports = [folder / "junit.xml", *(folder / "allure").iterdir()]
    assert len(reports) > 10
    for report in reports:
        text = report.read_text("utf-8", errors="replace")
        assert "zeroweight_result" not in text
        assert '"crossed"' not in text.replace("&quot;", '"').replace('\\"', '"')


@pytest.mark.parametrize("name", ENOUGH)
def test_no_way_of_calling_pytest_makes_a_false_pass(runs: Runs, name: str) -> None:
    runs[name].said(*ENOUGH[name])


@pytest.mark.parametrize("name", [name for name, said in ENOUGH.items() if said[0] == "INCONCLUSIVE"])
def test_what_a_narrowed_run_left_out_is_a_gap(runs: Runs, name: str) -> None:
    gaps = runs[name].verdict["not_tested"]["gaps"]
    assert any(gap["required"] for gap in gaps)


@pytest.mark.parametrize("name", WORDS)
def test_workers_change_nothing(runs: Runs, name: str) -> None:
    alone, together = runs[name], runs[f"{name}, two workers"]
    together.said(*WORDS[name])
    assert together.findings == alone.findings
    assert together.verdict["not_tested"] == alone.verdict["not_tested"]
    assert together.codes == alone.codes
    assert together.verdict["coverage"] == alone.verdict["coverage"]


def test_the_planted_flaw_is_found_where_it_is(runs: Runs) -> None:
    (finding,) = runs["fail"].verdict["findings"]
    assert FLAW == ("open-admin",)
    assert (finding["rule"], finding["place"]["path"], finding["place"]["role"]) == ("authorization.function-level", "/admin", "alice")
    assert (finding["state"], finding["confirmed"], finding["action"]) == ("new", True, "block")


@pytest.mark.parametrize("name", ["pass", "fail", "unproven", "quiet", "very quiet", "a project with options", "keyword", "stepwise"])
def test_the_summary_is_there_and_short(runs: Runs, name: str) -> None:
    ran = runs[name]
    lines = ran.summary
    assert lines[0].split()[0] == ran.word
    assert len(lines) <= 15
    assert lines[-1] == f"files: {ran.folder / OUT}"


def test_the_summary_stands_below_what_scrolls_away(runs: Runs) -> None:
    out = runs["fail"].out
    assert out.rindex("short test summary info") < out.rindex("= zeroweight =") < out.rindex("files: ")


def test_without_a_terminal_nothing_is_written_and_the_status_says_it(runs: Runs) -> None:
    assert "zeroweight" not in runs["no terminal"].out


def test_the_record_agrees_with_the_verdict(runs: Runs) -> None:
    ran = runs["fail"]
    record = json.loads((ran.folder / OUT / "record.json").read_text())
    assert record["summary"] == ran.verdict
    assert (ran.folder / OUT / "report.html").exists()


def test_no_run_leaves_yesterdays_verdict(runs: Runs) -> None:
    assert all(runs[name].verdict["run"]["id"] != "yesterday" for name in (*WORDS, *ENOUGH))


@pytest.mark.parametrize("name", ["pass", "fail"])
def test_every_request_to_the_baseline_was_under_the_governors_eyes(runs: Runs, name: str) -> None:
    told = runs[name].verdict
    # What was sent before the first test, and the run's own errands, are no exchanges of a suite.
    assert 0 < told["governor"]["watched"] <= told["budget"]["sent_baseline"]
    assert told["run"]["driver"] == "wire"
