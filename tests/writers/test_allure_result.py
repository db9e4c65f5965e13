"""Results in Allure's model: one for the verdict, one for each finding."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reported import HOSTILE, finding, plain, poisoned, whole

from zeroweight.finding import Excerpt, Exhibit
from zeroweight.record import FindingLine, PlaceLine, Record, RunLine
from zeroweight.verdict import Reason
from zeroweight.writers import allure
from zeroweight.writers.harmless import LONGEST, NOT_SHOWN, UNSEEN


def results(folder: Path, given: Record | dict[str, Any]) -> list[dict[str, Any]]:
    """Write a record and return its results, the verdict's first."""
    allure.write(plain(given) if isinstance(given, Record) else given, folder)
    made = [json.loads(path.read_bytes()) for path in folder.glob("*-result.json")]
    return sorted(made, key=lambda each: (not each["name"].startswith("verdict: "), each["name"]))


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [each["value"] for each in result["labels"] if each["name"] == name]


@pytest.mark.parametrize(("verdict", "status"), [("PASS", "passed"), ("FAIL", "failed"), ("INCONCLUSIVE", "broken")])
def test_the_verdict_is_a_result_of_its_own(tmp_path: Path, verdict: str, status: str) -> None:
    told = results(tmp_path, whole(verdict=verdict, reasons=(Reason(code="not-run", text="headers: GET /a"),)))[0]
    assert (told["name"], told["status"]) == (f"verdict: {verdict}", status)
    assert told["statusDetails"]["message"].startswith(f"{verdict}: ")
    assert "not-run: headers: GET /a" in told["statusDetails"]["message"]
    assert labels(told, "severity") == ["blocker"]
    assert [each["name"] for each in told["attachments"]] == [
        "reasons",
        "counts",
        "not tested: gaps",
        "not tested: exclusions",
        "not tested: unreached",
    ]


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        (finding(), "failed", "new, blocks: A guard is gone"),
        (finding(action="warn"), "unknown", "new, warns: A guard is gone"),
        (finding(action="ignore"), "skipped", "new, ignored: A guard is gone"),
        (finding(action="waived"), "skipped", "new, waived: A guard is gone"),
        (finding(state="unsteady", action="ignore"), "broken", "unsteady: A guard is gone"),
        (finding(state="unchanged", action="ignore"), "skipped", "unchanged: A guard is gone"),
        (finding(state="absent", action="ignore"), "passed", "absent: A guard is gone"),
    ],
    ids=lambda given: f"{given.state} {given.action}" if isinstance(given, FindingLine) else None,
)
def test_what_became_of_a_finding_is_its_status(tmp_path: Path, given: FindingLine, status: str, says: str) -> None:
    told = results(tmp_path, whole(given))[1]
    assert (told["status"], told["statusDetails"]["message"]) == (status, says)
    assert told["statusDetails"].get("known", False) is (given.action == "waived")
    assert told["statusDetails"].get("flaky", False) is (given.state == "unsteady")
    assert given.state in labels(told, "tag")


@pytest.mark.parametrize(
    ("ours", "theirs"), [("critical", "blocker"), ("high", "critical"), ("medium", "normal"), ("low", "minor"), ("note", "trivial")]
)
def test_severities_are_translated(tmp_path: Path, ours: str, theirs: str) -> None:
    assert labels(results(tmp_path, whole(finding(severity=ours)))[1], "severity") == [theirs]


def test_a_finding_says_where_it_belongs(tmp_path: Path) -> None:
    told = results(tmp_path, whole())[1]
    assert told["name"] == "A guard is gone: GET /things/{id} as ben, query:q"
    assert {name: labels(told, name) for name in ("epic", "feature", "story", "tag")} == {
        "epic": ["things"],
        "feature": ["authorization"],
        "story": ["GET /things/{id}"],
        "tag": ["new", "authorization.opened", "CWE-862", "API1:2023"],
    }
    given = {each["name"]: each["value"] for each in told["parameters"]}
    assert given == {"role": "ben", "parameter": "query:q", "fingerprint": "zw1:0123456789abcdef"}
    assert told["statusDetails"]["trace"].splitlines() == [
        "refused there, allowed here",
        "canary 7 of 7, baseline 0 of 7",
        "to do: Put the guard back.",
    ]


def test_a_reader_can_open_request_answers_and_command(tmp_path: Path) -> None:
    told = results(tmp_path, whole())[1]
    texts = {each["name"]: (tmp_path / each["source"]).read_text("utf-8") for each in told["attachments"]}
    assert texts == {
        "request": "GET /things/1",
        "answer of the baseline": '403 \nx-a: b\n\n{"a": 1}\n… and 3 more characters',
        "answer of the canary": '200 \nx-a: b\n\n{"a": 1}\n… and 3 more characters',
        "the same request again": 'curl "$CANARY"/things/1',
    }
    assert {each["type"] for each in told["attachments"]} == {"text/plain"}


def test_a_command_that_would_be_changed_is_not_shown(tmp_path: Path) -> None:
    answer = Excerpt(status=200)
    words = "curl --data-raw '" + "a" * 8000 + "'"
    record = replace(whole(), exhibits={finding().fingerprint: Exhibit(baseline=answer, canary=answer, curl=words)})
    texts = {each["name"]: (tmp_path / each["source"]).read_text("utf-8") for each in results(tmp_path, record)[1]["attachments"]}
    assert texts["the same request again"] == NOT_SHOWN


def test_the_same_finding_is_the_same_in_every_run_and_another_place_is_another(tmp_path: Path) -> None:
    again = replace(whole().summary.run, id="r-2", started="2027-03-15T00:00:00+00:00")
    later = finding(repeats="canary 9 of 9, baseline 0 of 9", evidence=("other words",), request="GET /things/2", suites=("errors",))
    one = results(tmp_path / "1", whole())[1]
    two = results(tmp_path / "2", whole(later, run=again))[1]
    other = results(tmp_path / "3", whole(finding(fingerprint="zw1:f", place=PlaceLine(method="GET", path="/b", role="ben"))))[1]
    assert one["historyId"] == two["historyId"] != other["historyId"]
    assert one["testCaseId"] == two["testCaseId"] != other["testCaseId"]
    assert one["parameters"] == two["parameters"]
    assert one["uuid"] != two["uuid"]


def test_times_are_the_runs(tmp_path: Path) -> None:
    told = results(tmp_path, whole())[0]
    assert (told["start"], told["stop"]) == (1804982400000, 1804982412500)


def test_a_record_without_a_time_is_written_too(tmp_path: Path) -> None:
    told = results(tmp_path, whole(run=RunLine(id="r", started="soon")))[0]
    assert not {"start", "stop"} & set(told)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_a_target_says_hides_or_runs(tmp_path: Path, name: str) -> None:
    results(tmp_path, poisoned(HOSTILE[name]))
    files = [*tmp_path.iterdir()]
    assert {file.name.rpartition("-")[2].partition(".")[2] for file in files} <= {"json", "txt", "properties"}
    for file in files:
        text = file.read_text("utf-8")
        assert not UNSEEN.search(text), file
        assert len(text) <= LONGEST * 3, file


def test_the_same_record_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b", "b"):
        allure.write(plain(whole()), tmp_path / name)
    one, two = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("a", "b"))
    assert one == two
