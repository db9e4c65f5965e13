"""The plain tables of the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reported import finding, left, plain, whole
from writers import records
from writers.browsing import written

from zeroweight.record import NotTested, SuiteLine, WaiverLine
from zeroweight.writers.page_tables import ITEMS, ROWS, BarView, SuiteView, UntestedView, budget, headers, phases, suites, untested


def test_a_suites_row_counts_every_state_and_what_was_not_tested() -> None:
    line = SuiteLine(seconds=1.25, tests=1, pairs=9, new=4, unsteady=3, unchanged=2, absent=1, not_tested=5)
    record = plain(replace(whole(), suites={"errors": line}))
    assert suites(record) == (SuiteView(name="errors", states=(4, 3, 2, 1), not_tested=5, detail="1 test, 9 pairs, 1.2 s"),)


def test_the_last_row_counts_each_finding_once(tmp_path: Path) -> None:
    both = SuiteLine(new=1)
    record = plain(replace(whole(finding(suites=("a", "b"))), suites={"a": both, "b": both}))
    words = written(record, tmp_path).section("why")
    assert "a 0 tests, 0 pairs, 0 s 1 0 0 0 0 b 0 tests, 0 pairs, 0 s 1 0 0 0 0 Findings, each once 1 0 0 0 1" in words


def test_words_of_a_headers_value_that_differ_are_marked() -> None:
    line = {"name": "csp", "baseline": "default-src 'self'", "canary": "default-src 'none'", "change": "changed", "operations": 1, "of": 2}
    (made,) = headers([line])
    assert [piece.text for piece in made.baseline if piece.mark == "del"] == ["self"]
    assert [piece.text for piece in made.canary if piece.mark == "ins"] == ["none"]
    (made,) = headers([line | {"canary": ""}])
    assert (made.canary, [piece.mark for piece in made.baseline]) == ((), [""])


def test_what_was_not_tested_for_one_reason_is_one_row_and_what_a_pass_needs_comes_first() -> None:
    lines = plain(whole(not_tested=NotTested(gaps=(left("a", required=False), left("b"), left("c"), left("d", why="other")))))
    rows = untested(lines["summary"]["not_tested"]["gaps"])
    assert rows == (
        UntestedView(what=("b", "c"), left_out=0, why="it stayed silent", required=True, fix="look at it"),
        UntestedView(what=("d",), left_out=0, why="other", required=True, fix="look at it"),
        UntestedView(what=("a",), left_out=0, why="it stayed silent", required=False, fix="look at it"),
    )


def test_a_long_list_of_what_was_not_tested_says_how_much_it_leaves_out(tmp_path: Path) -> None:
    record = plain(whole(not_tested=NotTested(gaps=tuple(left(f"line {number};") for number in range(ITEMS + 30)))))
    words = written(record, tmp_path).section("untested")
    assert f"Gaps: {ITEMS + 30}" in words
    assert f"{ITEMS + 27} more" in words
    assert "and 30 more in record.json" in words
    assert f"line {ITEMS};" not in words


def test_a_long_list_of_reasons_for_not_testing_says_where_the_rest_is(tmp_path: Path) -> None:
    record = plain(whole(not_tested=NotTested(gaps=tuple(left(why=f"reason {number};") for number in range(ROWS + 30)))))
    assert f"The first {ROWS} reasons are shown; record.json has all." in written(record, tmp_path).section("untested")


def test_each_way_of_not_being_tested_is_told_with_what_mends_it(tmp_path: Path) -> None:
    words = written(records.fail(), tmp_path).section("untested")
    assert "Gaps: 3 owed and not got" in words
    assert "needed for a PASS GET /a as ann, GET /b as ann it stayed silent look at it" in words
    assert "Unreached: 1" in words
    assert "an example in the schema, a resource or another role may open it" in words
    assert "Exclusions: 9 left out by the operator's choice 4 reasons" in words


def test_phases_are_bars_against_the_whole_run() -> None:
    lines = [{"name": "prepare", "start": 0.0, "seconds": 5.0}, {"name": "close", "start": 19.99, "seconds": 0.001}]
    assert phases(lines, 20.0) == (
        BarView(name="prepare", says="5 s", at=0.0, width=25.0),
        BarView(name="close", says="0.0 s", at=99.95, width=0.4),
    )


def test_phases_of_a_run_without_length_are_drawn_nevertheless() -> None:
    assert phases([{"name": "prepare", "start": 0.0, "seconds": 0.0}], 0.0)[0].at == 0
    assert phases([], 0.0) == ()


def test_the_budget_shows_what_was_spent_of_what() -> None:
    summary = plain(whole(budget={"seconds": 60, "requests": 100, "sent_baseline": 50, "sent_canary": 130}))["summary"]
    assert [(bar.says, bar.width) for bar in budget(summary)] == [("12.5 of 60 s", 20.83), ("50 of 100", 50.0), ("130 of 100", 100.0)]
    assert budget(plain(whole(budget={}))["summary"]) == ()


def test_waivers_are_told_with_what_became_of_them(tmp_path: Path) -> None:
    waiver = WaiverLine(
        fingerprint="zw1:00", owner="ann", reason="known", ticket="SEC-1", expires="2027-01-01", state="expired", findings=2
    )
    words = written(plain(replace(whole(), waivers=(waiver,) * (ROWS + 3))), tmp_path).section("waivers")
    assert "zw1:00 expired , ignored 2 2027-01-01 ann known SEC-1" in words
    assert "and 3 more in record.json" in words


def test_notes_and_leftovers_are_told_and_a_long_list_is_folded(tmp_path: Path) -> None:
    words = written(records.fail(), tmp_path).section("notes")
    assert "a note" in words
    assert "Left behind: 9 objects" in words
    assert all(f"thing {number} of ann" in words for number in range(9))
    assert "4 more" in words
