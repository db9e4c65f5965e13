"""What a target says on a terminal, in a log or in a file moves nothing, hides nothing and commands nobody."""

from __future__ import annotations

import pytest
from reported import HOSTILE

from zeroweight.writers.harmless import LONGEST, MOST_LINES, NOT_SHOWN, UNSEEN, WIDTH, block, command, line

LINES = {
    "plain words": ("GET /a as ben", "GET /a as ben"),
    "a colour": ("\x1b[31mred", "\\u001b[31mred"),
    "a line end": ("a\nPASS", "a\\nPASS"),
    "a carriage return": ("a\rPASS", "a\\u000dPASS"),
    "a tab": ("a\tb", "a b"),
    "text turned around": ("\u202egnp", "\\u202egnp"),
    "beyond the first plane": ("\U000e0041", "\\U000e0041"),
    "half a character": ("\ud800", "\\ud800"),
    "a runner's command": ("::error::a", "\\u003a:error::a"),
    "a runner's command behind blanks": ("  ::error::a", "  \\u003a:error::a"),
    "a runner's old command, anywhere": ("a ##[error]b", "a #\\u0023[error]b"),
    "another runner's command": ("##vso[task.complete]", "#\\u0023vso[task.complete]"),
    "a third runner's": ("a ##teamcity[buildStatus status='SUCCESS']", "a #\\u0023teamcity[buildStatus status='SUCCESS']"),
    "words hidden in variation selectors": ("x\ufe00\ufe0f\U000e0100\U000e01ef", "x\\ufe00\\ufe0f\\U000e0100\\U000e01ef"),
    "other letters that nobody sees": ("a\u034fb\u180b\U0001d173", "a\\u034fb\\u180b\\U0001d173"),
    "colons and hashes that mean nothing": ("a::b ## c #[d]", "a::b ## c #[d]"),
    "the address of an IPv6 host": ("http://[::1]/", "http://[::1]/"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_says_what_it_says_and_does_nothing(name: str) -> None:
    given, shown = LINES[name]
    assert line(given) == shown


@pytest.mark.parametrize("name", HOSTILE)
def test_a_line_is_one_line_and_short(name: str) -> None:
    shown = line(HOSTILE[name])
    assert not UNSEEN.search(shown)
    assert "\n" not in shown
    assert len(shown) <= WIDTH


def test_a_line_that_was_cut_says_so() -> None:
    assert line("x" * 241).endswith("…")
    assert not line("x" * 240).endswith("…")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_block_keeps_its_lines_and_no_more_than_is_read(name: str) -> None:
    shown = block(HOSTILE[name])
    assert not UNSEEN.search(shown)
    assert shown.count("\n") <= MOST_LINES
    assert not [
        each for each in shown.splitlines() if each.lstrip().startswith("::") or "##[" in each or "##vso[" in each or "##teamcity[" in each
    ]


def test_a_block_that_was_cut_says_by_how_much() -> None:
    assert block("a\nb") == "a\nb"
    assert block("x" * (LONGEST + 7)).endswith("\n… and 7 more characters")
    assert block("\n" * 300) == "\n" * 199 + "\n… and 101 more characters"


@pytest.mark.parametrize(
    "text",
    [
        "curl --data-raw '" + "a" * LONGEST + "'",
        "curl --data-raw 'x\n::warning::z'",
        "curl -H 'a: ##[error]'",
        "curl \u202e",
        "\n" * MOST_LINES,
    ],
    ids=["long", "a runner's command", "another's", "turned around", "many lines"],
)
def test_a_command_that_would_be_changed_is_not_shown(text: str) -> None:
    assert command(text) == NOT_SHOWN
    assert command("curl 'a b'\n") == "curl 'a b'\n"
