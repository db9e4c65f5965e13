"""What a run owes does not depend on what was collected."""

from __future__ import annotations

import pytest
from stage import MAKE, THING, THINGS

from zeroweight.checks.check import catalogue
from zeroweight.ledger import GOVERNOR, RULES, SHIPPED, Ledger, Owed, left_over, unwatched, write
from zeroweight.model.look import Gap
from zeroweight.shipped import shipped

ROLES = ("anonymous", "ann")
BOTH = ("operation", "role")
WHOLE = Ledger(
    lines=tuple(Owed(suite=s, operation=o, role=r) for s in ("a", "b") for o in ("GET /x", "GET /y") for r in ("ann", "ben")),
)


def gap(**more: str) -> Gap:
    return Gap(what="w", why="y", **more)


def test_a_suite_owes_each_operation_as_each_role() -> None:
    ledger = write([THINGS, THING], ROLES, {"own": BOTH}, {})
    assert [str(line) for line in ledger.lines] == [
        "own: GET /things as anonymous",
        "own: GET /things as ann",
        "own: GET /things/{id} as anonymous",
        "own: GET /things/{id} as ann",
    ]
    assert ledger.excluded == ()


def test_a_suite_that_owes_operations_owes_each_once() -> None:
    ledger = write([THINGS, THING], ROLES, {"own": ("operation",)}, {})
    assert [str(line) for line in ledger.lines] == ["own: GET /things", "own: GET /things/{id}"]


def test_every_suite_has_lines_of_its_own() -> None:
    ledger = write([THINGS], ROLES, {"one": BOTH, "two": ("operation",)}, {})
    assert [(line.suite, line.role) for line in ledger.lines] == [("one", "anonymous"), ("one", "ann"), ("two", "*")]


def test_what_is_left_out_for_a_role_is_an_exclusion_with_its_line() -> None:
    ledger = write([MAKE], ROLES, {"own": BOTH}, {("POST /things", "ann"): "safety.level"})
    assert [line.role for line in ledger.lines] == ["anonymous"]
    (excluded,) = ledger.excluded
    assert (excluded.suite, excluded.operation, excluded.role, excluded.why) == ("own", "POST /things", "ann", "safety.level")


@pytest.mark.parametrize(("left_out", "owed"), [((), True), (("ann",), True), (("anonymous",), True), (ROLES, False)])
def test_a_line_that_any_role_can_pay_is_left_out_only_when_none_may(left_out: tuple[str, ...], owed: bool) -> None:  # noqa: FBT001
    ledger = write([MAKE], ROLES, {"own": ("operation",)}, {("POST /things", role): "safety.level" for role in left_out})
    assert (len(ledger.lines), len(ledger.excluded)) == ((1, 0) if owed else (0, 1))


def test_without_roles_an_operation_is_still_owed() -> None:
    assert len(write([THINGS], (), {"own": ("operation",)}, {("GET /things", "ann"): "x"}).lines) == 1


def test_nothing_crossed_off_means_everything_is_left_over() -> None:
    found = left_over(WHOLE, (), ())
    assert {(g.suite, g.operation, g.role) for g in found} == {(line.suite, line.operation, line.role) for line in WHOLE.lines}
    assert {g.code for g in found} == {"not-run"}
    assert all(g.fix for g in found)


def test_everything_crossed_off_leaves_nothing() -> None:
    assert left_over(WHOLE, WHOLE.lines, ()) == ()


def test_a_narrowed_run_leaves_the_rest_over() -> None:
    crossed = [line for line in WHOLE.lines if line.suite == "a" and line.operation == "GET /x"]
    assert len(left_over(WHOLE, crossed, ())) == len(WHOLE.lines) - len(crossed) == 6


def test_crossing_off_what_is_not_owed_pays_nothing() -> None:
    foreign = [
        Owed(suite="c", operation="GET /x", role="ann"),
        Owed(suite="a", operation="GET /z", role="ann"),
        Owed(suite="a", operation="GET /x"),
    ]
    assert len(left_over(WHOLE, foreign, ())) == len(WHOLE.lines)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (gap(), 0),
        (gap(suite="a"), 0),
        (gap(suite="a", operation="GET /x", role="ann"), 1),
        (gap(suite="a", operation="GET /x", role="cat"), 0),
        (gap(suite="a", operation="GET /x"), 2),
        (gap(suite="a", operation="GET /x", role="*"), 2),
        (gap(suite="c", operation="GET /x"), 0),
        (gap(operation="GET /x", role="ann"), 0),
        (gap(suite="a", role="ann"), 0),
    ],
)
def test_a_known_gap_tells_only_its_own_lines(known: Gap, told: int) -> None:
    assert len(left_over(WHOLE, (), [known])) == len(WHOLE.lines) - told


def test_the_suites_that_a_run_owes_are_those_that_are_shipped() -> None:
    files = {path.stem.removeprefix("test_") for path in shipped("suites").glob("test_*.py")}
    assert set(SHIPPED) == files


def test_the_rules_that_a_run_owes_are_all_that_are_shipped() -> None:
    assert {check.rule.id for check in catalogue()} == RULES


@pytest.mark.parametrize(
    ("sent", "suites"),
    [
        ([], []),
        ([("a", 0, 0)], []),
        ([("a", 9, 8), ("b", 1, 1)], []),
        ([("a", 9, 0)], ["suite a"]),
        ([("b", 9, 0), ("a", 9, 9), ("a", 1, 0), ("a", 2, 0)], ["suite a", "suite b"]),  # one of its processes had none
    ],
)
def test_a_governor_that_looked_at_nothing_that_was_sent_is_owed(sent: list[tuple[str, int, int]], suites: list[str]) -> None:
    gaps = unwatched(sent)
    assert [each.what for each in gaps] == suites
    # Of no suite: a PASS needs it, whichever suites the policy requires.
    assert {(each.code, each.suite, each.operation, each.role) for each in gaps} <= {(GOVERNOR, "", "", "")}
