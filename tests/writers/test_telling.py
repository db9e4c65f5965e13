"""The words that reports share."""

from __future__ import annotations

import pytest
from reported import finding, left, plain, whole

from zeroweight.model.place import Place
from zeroweight.record import GovernorLine, NotTested, PlaceLine, Record, RunLine, Surety, VerdictFile
from zeroweight.verdict import Reason, Word
from zeroweight.writers.telling import ASKS, SIGNS, asked, count, counted, groups, left_out, other_reasons, place, surety


@pytest.mark.parametrize(("number", "said"), [(0, "0 gaps"), (1, "1 gap"), (2, "2 gaps"), (1.0, "1 gap")])
def test_a_number_agrees_with_its_noun(number: float, said: str) -> None:
    assert count(number, "gap") == said


def test_each_verdict_has_a_sign_and_asks_for_something() -> None:
    assert set(ASKS) == set(SIGNS) == {word.value for word in Word}


@pytest.mark.parametrize("says", ["", "slowed down once, to 12 requests/s at the lowest, since …"])
def test_how_much_was_asked_tells_how_the_baseline_was_spared(says: str) -> None:
    told = asked(plain(whole(governor=GovernorLine(slowed=1, says=says))))
    assert told.endswith(f"12.5 of 60 s{'; ' if says else ''}{says}")


@pytest.mark.parametrize(
    "where",
    [
        Place(method="GET", path="/a", role="ben", parameter="query:q"),
        Place(method="GET", path="/a"),
        Place(role="ben"),
        Place(),
        Place(method="PUT", path="/a", parameter="body"),
    ],
    ids=str,
)
def test_a_place_is_said_as_everywhere_else(where: Place) -> None:
    given = finding(place=PlaceLine(method=where.method, path=where.path, role=where.role, parameter=where.parameter))
    assert place(plain(whole(given))["summary"]["findings"][0]) == str(where)


def test_what_has_one_cause_is_told_once_and_what_blocks_comes_first() -> None:
    given = (
        finding(rule="a.note", severity="note", action="warn", fingerprint="zw1:1"),
        finding(rule="a.old", state="unchanged", action="ignore", fingerprint="zw1:2"),
        finding(rule="a.shaky", state="unsteady", action="ignore", fingerprint="zw1:3"),
        finding(rule="a.high", severity="high", fingerprint="zw1:4"),
        finding(rule="a.high", severity="high", fingerprint="zw1:5"),
        finding(rule="a.critical", fingerprint="zw1:6"),
        finding(rule="a.accepted", action="waived", fingerprint="zw1:7"),
    )
    made = groups(plain(whole(*given))["summary"]["findings"])
    assert [group.first["rule"] for group in made] == ["a.critical", "a.high", "a.accepted", "a.note", "a.shaky", "a.old"]
    assert [group.more for group in made[:2]] == ["", " and 1 more place"]


def test_reasons_that_are_findings_are_not_told_twice() -> None:
    reasons = (Reason(code="authorization.opened", text="critical: …"), Reason(code="not-run", text="headers"))
    assert [each["code"] for each in other_reasons(plain(whole(reasons=reasons)))] == ["not-run"]


def test_what_was_not_tested_for_one_reason_is_told_once_and_what_a_pass_needs_first() -> None:
    lines = [left("a", required=False), left("b"), left("c"), left("x" * 90), left("d", why="another")]
    made = left_out(plain(whole(not_tested=NotTested(gaps=tuple(lines))))["summary"]["not_tested"]["gaps"])
    assert [(each.what, each.required) for each in made] == [("b, c and 1 more", True), ("d", True), ("a", False)]


def test_the_lines_of_numbers_say_what_the_record_says() -> None:
    record = plain(whole())
    assert counted(record) == "findings: 1 new, 0 unsteady, 2 unchanged, 3 absent; not tested: 1 gap, 1 excluded, 1 unreached"
    assert asked(record) == "asked: 3 of 4 operations as 2 roles, 70 pairs, 9 of 100 requests, 12.5 of 60 s"
    expected = "2 differences, 28 repeats, 1 confirmed, 1 dropped since the baseline shows it as well; "
    assert surety(record) == expected + "chance of a false cause in the run at most 0.001"


def test_gaps_that_a_pass_does_not_need_are_told_apart() -> None:
    assert "2 gaps (1 required)" in counted(plain(whole(not_tested=NotTested(gaps=(left(), left("b", required=False))))))


def test_a_run_that_came_to_nothing_has_lines_too() -> None:
    bare = Record(summary=VerdictFile(service="?", verdict="INCONCLUSIVE", reasons=(), run=RunLine(id="r", started="")), surety=Surety())
    record = plain(bare)
    assert counted(record) == "findings: 0 new, 0 unsteady, 0 unchanged, 0 absent; not tested: 0 gaps, 0 excluded, 0 unreached"
    assert asked(record) == "asked: 0 of 0 operations as 0 roles, 0 pairs, 0 of 0 requests, 0.0 of 0 s"
    assert surety(record) == "nothing was compared"
    record["summary"]["counts"]["pairs"] = 7
    assert surety(record) == "no difference called for a second look"
