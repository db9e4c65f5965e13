"""Findings on the page: told once for each cause, within their budgets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reported import finding, plain, whole
from writers import records
from writers.browsing import written

from zeroweight.record import PlaceLine, WaiverLine
from zeroweight.writers.page_finding import FIRST, FULL, LINES_BUDGET, PARTS_BUDGET, PLACES, CauseView, suites, views
from zeroweight.writers.telling import groups


def causes(record: dict[str, Any]) -> tuple[CauseView, ...]:
    findings = record["summary"]["findings"]
    return views(groups(findings), record, suites(findings), ("1", "2"))


def test_a_cause_carries_its_places_and_the_worst_severity() -> None:
    at = [PlaceLine(method="GET", path=path, role=role) for path, role in (("/a", "ben"), ("/b", "*"), ("*", "*"))]
    severities = ("medium", "critical", "low")
    made = causes(plain(whole(*(finding(place=p, severity=s, fingerprint=f"zw1:{p.path}") for p, s in zip(at, severities, strict=True)))))
    assert len(made) == 1
    assert (made[0].severity, made[0].size) == ("critical", 3)
    assert {(place.operation, place.role) for place in made[0].places} == {("GET /a", "ben"), ("GET /b", ""), ("GET", "")}


def test_the_first_places_are_seen_at_once_and_the_others_are_folded() -> None:
    (made,) = causes(records.many(30, causes=1))
    assert (len(made.places), len(made.more_places), made.places_left_out) == (FIRST, 30 - FIRST, 0)


def test_more_places_than_the_page_lists_are_counted() -> None:
    made = causes(records.many(PLACES + 50, causes=2))
    assert sum(len(cause.places) + len(cause.more_places) for cause in made) == PLACES
    assert [cause.places_left_out for cause in made] == [0, 50]


def test_each_cause_has_a_place_even_where_the_budget_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeroweight.writers.page_finding.PLACES", 3)
    assert [len(cause.places) for cause in causes(records.many(9, causes=5))] == [2, 1, 1, 1, 1]


def test_a_link_is_made_of_a_fingerprint_of_ours_and_of_nothing_else() -> None:
    given = [
        finding(rule=f"r{n}", fingerprint=text)
        for n, text in enumerate(("zw1:00000000000000aa", "zw1:00", '"><b id="x', "zw1:00000000000000aa"))
    ]
    assert [cause.places[0].id for cause in causes(plain(whole(*given)))] == ["zw1-00000000000000aa", "", "", ""]


def test_what_is_told_of_a_place_is_only_what_differs() -> None:
    given = (
        finding(fingerprint="zw1:1"),
        finding(fingerprint="zw1:2", evidence=("another sign",)),
        finding(fingerprint="zw1:3", repeats=""),
    )
    places = causes(plain(whole(*given)))[0].places
    assert [place.says for place in places] == ["", "another sign", ""]
    assert [place.repeats for place in places] == ["canary 7 of 7, baseline 0 of 7"] * 2 + [""]


def test_a_waived_place_names_who_waived_it_and_until_when() -> None:
    waiver = WaiverLine(fingerprint="zw1:1", owner="ann", reason="r", ticket="t", expires="2027-01-01", state="used")
    record = plain(
        replace(whole(finding(action="waived", fingerprint="zw1:1"), finding(action="waived", fingerprint="zw1:2")), waivers=(waiver,))
    )
    assert [place.waiver for place in causes(record)[0].places] == ["waived by ann until 2027-01-01", ""]


def test_a_cause_is_confirmed_when_every_place_is() -> None:
    made = causes(plain(whole(finding(fingerprint="zw1:1"), finding(fingerprint="zw1:2", confirmed=False))))
    assert made[0].confirmed is False


def test_the_budgets_of_answers_are_kept_and_spent_on_the_worst_first() -> None:
    made = causes(records.many(200, bodies=200))
    shown = [cause.difference for cause in made if cause.difference]
    assert sum(each.lines_size for each in shown) <= LINES_BUDGET
    assert sum(each.parts_size for each in shown) <= PARTS_BUDGET
    with_lines = [bool(each.rows) for each in shown]
    assert with_lines == sorted(with_lines, reverse=True)
    assert 0 < sum(with_lines) < len(shown) == 200


def test_past_the_bound_a_cause_is_one_row() -> None:
    made = causes(records.many(FULL + 5, bodies=FULL + 5))
    assert [cause.full for cause in made] == [True] * FULL + [False] * 5
    assert all(cause.difference is None for cause in made[FULL:])


def test_a_difference_is_that_of_the_first_place_that_has_one(tmp_path: Path) -> None:
    record = plain(whole(finding(fingerprint="zw1:1", place=PlaceLine(method="GET", path="/no", role="ben")), finding(fingerprint="zw1:2")))
    record["exhibits"] = {"zw1:2": record["exhibits"]["zw1:1"]}
    (made,) = causes(record)
    assert made.difference is not None
    assert made.difference.where == "GET /things/{id} as ben"
    assert made.move == "403 → 200"
    assert 'curl "$CANARY"/things/1' in written(record, tmp_path).section("findings")


def test_suites_are_numbered_for_the_filter() -> None:
    record = plain(whole(finding(suites=("b", "a")), finding(rule="r", suites=("c",))))
    assert suites(record["summary"]["findings"]) == ("a", "b", "c")
    assert sorted(cause.suites for cause in causes(record)) == [(0, 1), (2,)]
