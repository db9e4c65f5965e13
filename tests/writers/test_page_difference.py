"""Both answers side by side: what changed, and that no answer costs more than it may."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zeroweight.writers.page_difference import CHARACTERS, CHIPS, CONTEXT, LINES, TOKENS, Chip, Row, chips, marked, rows

NO_BUILDS = ("", "")


def answer(body: str = "", status: int = 200, **more: Any) -> dict[str, Any]:
    return {"status": status, "outcome": "allowed", "headers": [], "body": body, "cut": 0, "seconds": 0.0, "failure": "", **more}


def text(row: Row, side: str) -> str:
    return "".join(piece.text for piece in (row.left if side == "left" else row.right))


def marks(row: Row) -> tuple[list[str], list[str]]:
    return [piece.text for piece in row.left if piece.mark == "del"], [piece.text for piece in row.right if piece.mark == "ins"]


def test_changed_parts_are_told_with_the_status_first() -> None:
    baseline = answer('{"a": {"b/c": 1}, "gone": true}', 403, headers=[["X-Frame-Options", "DENY"], ["X-A", "1"]])
    canary = answer('{"a": {"b/c": 2}, "list": [{"sku": "x"}]}', headers=[["x-a", "2"]])
    found, more = chips(baseline, canary, NO_BUILDS)
    assert found == (
        Chip(kind="changed", name="status", before="403", after="200"),
        Chip(kind="changed", name="x-a", before="1", after="2"),
        Chip(kind="changed", name="body/a/b~1c", before="1", after="2"),
        Chip(kind="lost", name="x-frame-options", before="DENY"),
        Chip(kind="lost", name="body/gone", before="true"),
        Chip(kind="added", name="body/list/0/sku", after='"x"'),
    )
    assert more == 0


def test_more_changed_parts_than_fit_are_counted() -> None:
    found, more = chips(answer("{}"), answer(json.dumps({f"k{number}": 1 for number in range(20)})), NO_BUILDS)
    assert (len(found), more) == (CHIPS, 21 - CHIPS)  # the empty object is gone, twenty keys came


def test_what_differs_from_answer_to_answer_is_no_changed_part() -> None:
    headers = [("Date", "a"), ("ETag", "a"), ("x-request-id", "a"), ("content-length", "1")]
    before, after = (
        answer(headers=[[name, f"{value}1"] for name, value in headers]),
        answer(headers=[[name, value] for name, value in headers]),
    )
    assert chips(before, after, NO_BUILDS) == ((), 0)


def test_the_builds_own_names_are_no_changed_part() -> None:
    assert chips(answer(headers=[["x-build", "1"]]), answer(headers=[["x-build", "2"]]), ("1", "2")) == ((), 0)


def test_a_header_sent_twice_is_told_whole() -> None:
    found, _ = chips(answer(headers=[["set-cookie", "a"], ["set-cookie", "b"]]), answer(headers=[["set-cookie", "a"]]), NO_BUILDS)
    assert found == (Chip(kind="changed", name="set-cookie", before="a, b", after="a"),)


def test_silence_is_told_as_an_answer_that_never_came() -> None:
    silent = answer(status=0, failure="read timeout")
    assert chips(answer(), silent, NO_BUILDS)[0][0] == Chip(kind="changed", name="status", before="200", after="read timeout")
    assert any(text(row, "right") == "no answer: read timeout" for row in rows(answer(), silent))


def test_lines_that_are_equal_are_folded_around_a_change() -> None:
    lines = [f"line {number}" for number in range(40)]
    made = rows(answer("\n".join(lines)), answer("\n".join([*lines[:20], "changed 20", *lines[21:]])))
    kinds = [row.kind for row in made]
    assert kinds == ["fold", *["same"] * CONTEXT, "changed", *["same"] * CONTEXT, "fold", "same"]
    assert text(made[0], "left") == "20 equal lines"


def test_words_that_changed_are_marked_and_unrelated_lines_are_not_picked_apart() -> None:
    (change,) = [row for row in rows(answer("the role is customer here"), answer("the role is admin here")) if row.kind == "changed"]
    assert marks(change) == (["customer"], ["admin"])
    (change,) = [row for row in rows(answer("alpha beta gamma"), answer("one two three")) if row.kind == "changed"]
    assert marks(change) == ([], [])


def test_a_line_of_very_many_words_is_not_picked_apart() -> None:
    left, right = marked("a " * TOKENS, "b " * TOKENS)
    assert [piece.mark for piece in (*left, *right)] == ["", ""]


def test_json_is_laid_out_in_lines() -> None:
    made = rows(answer('{"a":1,"b":{"c":2}}'), answer('{"a":1,"b":{"c":3}}'))
    assert [(text(row, "left"), text(row, "right")) for row in made if row.kind == "changed"] == [('    "c": 2', '    "c": 3')]


def test_json_that_says_a_key_twice_is_shown_as_it_came() -> None:
    twice = '{"role":"user","role":"admin"}'
    assert any(text(row, "right") == twice for row in rows(answer('{"role":"user"}'), answer(twice)))


def test_what_was_left_out_is_told() -> None:
    assert text(rows(answer("a", cut=7), answer("b"))[-1], "left") == "… 7 more characters, left out"


def test_unseen_characters_are_marked() -> None:
    marks = [piece for row in rows(answer("a"), answer("a\u202eb")) for piece in row.right if piece.mark == "ctl"]
    assert [piece.text for piece in marks] == ["U+202E"]


@pytest.mark.parametrize(
    "body",
    [
        "\n" * 1_000_000,
        "a\nb\n" * 100_000,
        "x" * 1_000_000,
        "a b " * 200_000,
        "\n".join("a b " * 10 for _ in range(1_000)),
        "[" * 100_000 + "]" * 100_000,
        '{"a":[' * 300 + "1" + "]}" * 300,
        "9" * 5_000,
        "NaN",
    ],
    ids=["lines", "two lines", "one word", "one line", "many words", "deep", "deep objects", "number", "no number"],
)
def test_no_answer_costs_more_rows_or_characters_than_it_may(body: str) -> None:
    for made in (rows(answer(body), answer(body[7:])), rows(answer(body), answer(body))):
        assert len(made) <= 2 * (LINES + 1)
        assert sum(len(piece.text) for row in made for piece in row.left) <= CHARACTERS + 100
    found, _ = chips(answer(body), answer(body[7:]), NO_BUILDS)
    assert len(found) <= CHIPS
