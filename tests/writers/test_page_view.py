"""What the page says as a whole, from full records and from nearly empty ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reported import finding, plain, whole
from writers import records
from writers.browsing import Page, written

from zeroweight.finding import Excerpt, Exhibit
from zeroweight.record import GovernorLine, RunLine, TargetLine
from zeroweight.writers.harmless import NOT_SHOWN
from zeroweight.writers.page_view import view


def test_the_band_tells_builds_gate_run_and_time(tmp_path: Path) -> None:
    text = written(records.fail(), tmp_path).text
    band = Page(text[text.index("<header") : text.index("</header>")]).words
    for said in ("baseline-build http://baseline.example", "canary-build", "medium and worse blocks, level read-only", "12.5 of 60 s"):
        assert said in band
    assert "2027-03-14 00:00:00 UTC" in band


@pytest.mark.parametrize(
    ("record", "advice"), [(records.passed, "Promote it."), (records.fail, "Roll it back."), (records.unsure, "Hold it.")]
)
def test_the_band_says_what_to_do_with_the_release(tmp_path: Path, record: Callable[[], dict[str, Any]], advice: str) -> None:
    text = written(record(), tmp_path).text
    assert advice in Page(text[text.index("<header") : text.index("</header>")]).words


def test_a_build_that_did_not_name_itself_is_told_as_not_known() -> None:
    made = view(plain(whole(targets={"baseline": TargetLine(url="u", expected="1.0"), "canary": TargetLine(url="v")})))
    assert [side.build for side in made.sides] == ["not known, 1.0 was expected", "not known"]


def test_a_run_that_never_began_has_a_page_that_says_so(tmp_path: Path) -> None:
    made = written(records.never_began(), tmp_path)
    assert "this canary: do not decide by this run" in made.words
    assert "gate.toml: unknown key `polcy`; did you mean `policy`?" in made.section("why")
    assert "Not tested everything" in made.section("why")
    assert "Nothing was asked, so nothing was found." in made.section("findings")
    assert "all of it is not tested" in made.section("untested")
    assert not made.having("f")


def test_a_record_without_targets_has_a_page(tmp_path: Path) -> None:
    record = records.fail()
    del record["summary"]["targets"]
    assert "things: do not give it users" in written(record, tmp_path).words


def test_a_run_that_is_not_finished_says_so(tmp_path: Path) -> None:
    made = written(plain(whole(run=RunLine(id="r", started="2027-03-14T00:00:00+00:00"))), tmp_path)
    assert "This run is not finished" in made.words
    assert "This run is not finished" not in written(records.fail(), tmp_path).words


def test_unchanged_findings_are_filtered_away_at_first_unless_there_is_nothing_else() -> None:
    assert view(records.fail()).first_states == {"new", "unsteady", "absent"}
    assert "unchanged" in view(records.passed()).first_states


def test_counts_in_the_filter_are_those_of_the_rows() -> None:
    made = view(records.fail())
    assert made.states == {"new": 8, "unsteady": 1, "unchanged": 1, "absent": 1}
    assert made.severities == {"critical": 6, "high": 1, "medium": 1, "low": 2, "note": 1}
    assert made.waived == 1


@pytest.mark.parametrize(("actions", "passed"), [(("block",), 0), (("warn", "waived", "ignore"), 3)])
def test_new_findings_that_do_not_block_are_told_on_the_first_screen(tmp_path: Path, actions: tuple[str, ...], passed: int) -> None:
    record = plain(whole(*(finding(rule=action, action=action) for action in actions)))
    assert view(record).passed == passed
    assert ("Not blocking 3 new findings , by the policy, 1 of them by a waiver" in written(record, tmp_path).section("why")) is bool(
        passed
    )


def test_headers_that_changed_come_first_and_those_that_did_not_are_folded(tmp_path: Path) -> None:
    made = view(records.fail())
    assert [line.change for line in made.headers] == ["weaker", "changed", "stronger"]
    assert [line.change for line in made.same_headers] == ["same"]
    words = written(records.fail(), tmp_path).section("headers")
    assert "x-weaker DENY absent ▼ weaker 3 of 4" in words
    assert "x-stronger absent nosniff ▲ stronger 3 of 4" in words


def test_how_to_run_it_again_is_told(tmp_path: Path) -> None:
    words = written(records.fail(), tmp_path).section("again")
    assert all(said in words for said in ("zeroweight run gate.toml", "r-1", "http://canary.example", "record.json", "python 3.11.2"))


def test_a_command_that_the_page_would_change_is_not_shown() -> None:
    words = "curl '" + "a" * 8000 + "'"
    answer = Excerpt(status=200)
    record = whole(run=replace(whole().summary.run, command=words))
    made = view(plain(replace(record, exhibits={finding().fingerprint: Exhibit(baseline=answer, canary=answer, curl=words)})))
    difference = made.causes[0].difference
    assert difference is not None
    assert (made.run["command"], difference.curl) == (NOT_SHOWN, NOT_SHOWN)


def test_a_finding_is_told_with_all_that_mends_it(tmp_path: Path) -> None:
    words = written(records.fail(), tmp_path).section("findings")
    for said in (
        "status 403 → 200",
        "403 refused",
        "200 allowed",
        "To fix Put the guard back.",
        "CWE-862 · OWASP API1:2023",
        "$ZEROWEIGHT_TOKEN_BEN",
    ):
        assert said in words
    assert "12 ms" in words
    assert "canary 7 of 7, baseline 0 of 7" in words


def test_what_was_not_confirmed_or_is_waived_is_tagged(tmp_path: Path) -> None:
    made = written(records.fail(), tmp_path)
    assert len(made.having("tag")) == 2
    assert "waived by o until 2027-01-01" in made.words


def test_the_first_finding_that_blocks_is_open(tmp_path: Path) -> None:
    opened = [attributes["id"] for attributes in written(records.fail(), tmp_path).having("f") if "open" in attributes]
    assert opened == ["c1"]
    assert not [one for one in written(records.passed(), tmp_path).having("f") if "open" in one]


def test_an_a_a_run_is_told_as_one(tmp_path: Path) -> None:
    record = whole(run=RunLine(id="r", started="2027-03-14T00:00:00+00:00", finished=True, aa=True))
    assert "(A/A)" in written(plain(replace(record)), tmp_path).section("why")


def test_a_page_says_how_the_baseline_was_spared_and_what_sent(tmp_path: Path) -> None:
    says = "slowed down 2 times, to 12 requests/s at the lowest, since the baseline's answers took 5.1 times as long"
    run = RunLine(id="r", started="2027-03-14T00:00:00+00:00", finished=True, level="read-only", driver="httpx")
    made = written(plain(whole(run=run, governor=GovernorLine(slowed=2, lowest=12.0, times=5.1, says=says))), tmp_path)
    assert f"Rate S{says[1:]}." in made.section("why")
    assert "level read-only, sent by httpx" in made.words
    assert "Rate" not in written(plain(whole()), tmp_path).section("why")
