"""The authorization grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reported import finding, plain, whole
from writers import records
from writers.browsing import written

from zeroweight.record import PlaceLine
from zeroweight.writers.page_finding import CauseView, suites, views
from zeroweight.writers.page_grid import ROLES, ROWS, grid, kind
from zeroweight.writers.telling import groups


def cell(operation: str = "GET /a", role: str = "ben", owner: str = "", moved: str = "allowed allowed 200 200") -> dict[str, Any]:
    baseline, canary, was, now = moved.split()
    outcomes = [word.replace("-", "") for word in (baseline, canary)]
    return {
        "operation": operation,
        "role": role,
        "owner": owner,
        "baseline": outcomes[0],
        "canary": outcomes[1],
        "baseline_status": int(was),
        "canary_status": int(now),
    }


OPENED = "refused allowed 403 200"


def causes(*findings: Any) -> tuple[CauseView, ...]:
    record = plain(whole(*findings))
    told = record["summary"]["findings"]
    return views(groups(told), record, suites(told), ("", ""))


@pytest.mark.parametrize(
    ("baseline", "canary", "what"),
    [
        ("refused", "allowed", "opened"),
        ("missing", "allowed", "opened"),
        ("allowed", "refused", "closed"),
        ("allowed", "missing", "closed"),
        ("allowed", "broken", "changed"),
        ("invalid", "allowed", "changed"),
        ("refused", "invalid", "changed"),
        ("refused", "missing", "changed"),
        ("refused", "refused", "same"),
        ("allowed", "allowed", "same"),
        ("", "allowed", "unknown"),
        ("allowed", "", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_the_direction_of_a_change_matters(baseline: str, canary: str, what: str) -> None:
    assert kind(baseline, canary) == what


def test_a_cell_holds_what_a_role_got_by_whose_object() -> None:
    made = grid([cell(owner="ann", moved=OPENED), cell(owner="ben"), cell()], ())
    assert [[(entry.kind, entry.owner) for entry in entries] for entries in made.lines[0].cells] == [
        [("same", ""), ("same", "own"), ("opened", "of ann")]
    ]


def test_others_objects_that_fared_alike_are_told_once_but_never_a_change() -> None:
    given = [cell(owner=owner, moved="refused refused 403 403") for owner in ("ann", "cy", "dee")]
    given += [cell(owner=owner, moved=OPENED) for owner in ("eve", "fay")]
    entries = grid(given, ()).lines[0].cells[0]
    assert sorted((entry.kind, entry.owner) for entry in entries) == [("opened", "of eve"), ("opened", "of fay"), ("same", "of 3 others")]


def test_every_plain_request_is_counted_by_what_became_of_it() -> None:
    given = [cell(), cell("GET /b", moved=OPENED), cell("GET /c", moved="allowed refused 200 403"), cell("GET /d", moved="allowed - 200 0")]
    assert grid(given, ()).counts == {"same": 1, "opened": 1, "closed": 1, "changed": 0, "unknown": 1}


def test_a_changed_cell_leads_to_the_new_finding_of_the_authorization_family() -> None:
    at = PlaceLine(method="GET", path="/a", role="ben")
    found = causes(
        finding(rule="headers.lost", severity="critical", place=at, fingerprint="zw1:0000000000000001"),
        finding(rule="authorization.opened", severity="low", place=at, fingerprint="zw1:0000000000000002"),
        finding(rule="authorization.old", state="unchanged", action="ignore", place=at, fingerprint="zw1:0000000000000003"),
    )
    made = grid([cell(moved=OPENED), cell(role="ann", moved=OPENED), cell("GET /b")], found)
    links = {(line.operation, entry.kind, entry.link) for line in made.lines for entries in line.cells for entry in entries}
    assert links == {("GET /a", "opened", "zw1-0000000000000002"), ("GET /a", "opened", ""), ("GET /b", "same", "")}


def test_roles_to_whom_something_changed_come_first_then_anonymous() -> None:
    given = [cell(role=role) for role in ("zoe", "ann", "anonymous")] + [cell(role="moe", moved=OPENED)]
    assert grid(given, ()).roles == ("moe", "anonymous", "ann", "zoe")


@pytest.mark.parametrize(("rows", "moved", "folded"), [(5, OPENED, False), (20, OPENED, True), (20, "allowed allowed 200 200", False)])
def test_rows_without_a_change_are_hidden_only_in_a_long_grid_that_has_some(rows: int, moved: str, folded: bool) -> None:  # noqa: FBT001  # a row of the table
    assert grid([cell(f"GET /{number}") for number in range(rows)] + [cell(moved=moved)], ()).folded is folded


def test_a_grid_too_large_for_the_page_keeps_what_changed_and_says_what_it_left_out() -> None:
    given = [cell(f"GET /{number}", role=f"r{number % 40:02}") for number in range(ROWS + 100)] + [
        cell("GET /last", role="r00", moved=OPENED)
    ]
    made = grid(given, ())
    assert len(made.lines) == ROWS
    assert len(made.roles) == ROLES
    assert made.lines[0].operation == "GET /last"
    assert made.left_out == 101 + 10


def test_an_empty_matrix_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert "holds no plain answers" in written(records.never_began(), tmp_path).section("authorization")


def test_every_change_carries_its_word(tmp_path: Path) -> None:
    words = written(records.fail(), tmp_path).section("authorization")
    assert all(said in words for said in ("403 → 200 opened of ann", "200 → 403 closed", "200 → 500 changed own", "401 → ? not had of cy"))
