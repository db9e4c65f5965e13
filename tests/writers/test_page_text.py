"""Texts of anybody's on the page."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from zeroweight.writers.harmless import NOT_SHOWN
from zeroweight.writers.page_text import LONGEST, Piece, brief, command, cut, pieces, seen, shown


def test_a_long_text_says_how_much_was_left_out() -> None:
    assert cut("abcdef", 4) == "abcd… and 2 more characters"
    assert cut("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GET /a", "GET /a"),
        ("ten letters", "ten lette…"),
        ("a\nPASS", "a\\nPASS"),
        ("a\tb", "a b"),
        ("\n" * 1_000_000, "\\n\\n\\n\\n\\…"),
        ("   ", "(blank)"),
        ("", ""),
    ],
)
def test_a_name_stays_on_one_line_and_is_never_empty_by_accident(text: str, told: str) -> None:
    assert brief(text, 10) == told


def test_unseen_characters_are_shown_and_nothing_else_is_touched() -> None:
    assert seen("a\u202eb\x00") == "a\\u202eb\\u0000"
    assert seen("ž馬\n\t<b>") == "ž馬\n\t<b>"
    assert seen(7) == 7


def test_no_text_is_longer_than_the_page_allows() -> None:
    assert len(seen("x" * 1_000_000)) < LONGEST + 50


@pytest.mark.parametrize("text", ["a" * (LONGEST + 1), "curl \u202e", "curl \ufe0f"])
def test_a_command_that_the_page_would_change_is_not_shown(text: str) -> None:
    assert command(text) == NOT_SHOWN
    assert command("curl 'a\n::b'") == "curl 'a\n::b'"


def test_what_the_template_made_is_not_escaped_twice() -> None:
    made = Markup("<b>").join(["x", "y"])
    assert seen(made) is made


def test_pieces_mark_what_cannot_be_seen() -> None:
    assert list(pieces("a\u202eb", "del")) == [Piece(mark="del", text="a"), Piece(mark="ctl", text="U+202E"), Piece(mark="del", text="b")]
    assert list(pieces("")) == []
    assert list(pieces("\x00\x01")) == [Piece(mark="ctl", text="U+0000"), Piece(mark="ctl", text="U+0001")]


@pytest.mark.parametrize(("number", "told"), [(0, "0"), (5, "5"), (5.0, "5"), (4.96, "5.0"), (0.04, "0.0"), (1234.5, "1234")])
def test_numbers_carry_no_tenths_that_say_nothing(number: float, told: str) -> None:
    assert shown(number) == told
