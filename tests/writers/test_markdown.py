"""The Markdown report, as GitHub's own renderer shows it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from reported import HOSTILE, finding, left, plain, poisoned, whole

from zeroweight.finding import Excerpt, Exhibit
from zeroweight.record import NotTested, PlaceLine, Record, RunLine, VerdictFile
from zeroweight.verdict import Reason
from zeroweight.writers import markdown
from zeroweight.writers.harmless import NOT_SHOWN, UNSEEN, line

TAGS = {"h3", "p", "code", "pre", "ul", "li", "strong", "em", "br", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
"""What our reports are made of; nothing of it loads, links or runs anything."""


class Shown(HTMLParser):
    """What a reader is shown: tags, what stands in code, and what does not."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.html = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.open: list[str] = []
        self.code: list[str] = []
        self.words: list[str] = []
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} is closed out of turn"

    def handle_data(self, data: str) -> None:
        (self.code if {"code", "pre"} & set(self.open) else self.words).append(data)


def shown(record: Record) -> Shown:
    return Shown(markdown.text(plain(record)))


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("FAIL", "✕ FAIL: do not give it users"),
        ("PASS", "✓ PASS: give it users"),
        ("INCONCLUSIVE", "? INCONCLUSIVE: do not decide by this run"),
    ],
)
def test_the_first_line_is_the_verdict_and_what_it_asks(verdict: str, says: str) -> None:
    assert f"<h3>{says}</h3>" in shown(whole(verdict=verdict)).html


def test_a_reader_is_told_what_why_where_and_how_sure() -> None:
    page = shown(whole(reasons=(Reason(code="not-run", text="headers: GET /a"),)))
    assert {"things", "canary-build", "baseline-build", "GET /things/{id} as ben, query:q", "headers: GET /a"} <= set(page.code)
    assert {"canary 7 of 7, baseline 0 of 7", "authorization.opened", "zw1:0123456789abcdef"} <= set(page.code)
    words = " ".join(page.words)
    assert all(
        each in words for each in ("A guard is gone", "critical", "new, ", "blocks", "To do: Put the guard back.", "Not tested: 1 gap")
    )
    assert 'curl "$CANARY"/things/1\n' in page.code
    assert "zeroweight run gate.toml\n" in page.code


def test_a_cause_is_one_row_however_many_places_show_it() -> None:
    many = [finding(fingerprint=f"zw1:{number}", place=PlaceLine(method="GET", path=f"/{number}", role="ben")) for number in range(30)]
    page = shown(whole(*many))
    assert page.html.count("<td>critical</td>") == 1
    assert " and 29 more places" in page.words
    assert any("and 10 more places" in each for each in page.words)


def test_what_does_not_fit_is_counted() -> None:
    many = [finding(rule=f"a.b{number}", fingerprint=f"zw1:{number}") for number in range(25)]
    gaps = tuple(left(f"gap {number}", why=f"reason {number}") for number in range(23))
    reasons = tuple(Reason(code="gap", text=f"reason {number}") for number in range(11))
    words = " ".join(shown(whole(*many, not_tested=NotTested(gaps=gaps), reasons=reasons)).words)
    assert all(each in words for each in ("and 5 more causes", "and 3 more reasons", "Not tested: 23 gaps"))


@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCONCLUSIVE"])
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_a_target_says_leaves_its_code(name: str, verdict: str) -> None:
    text = markdown.text(poisoned(HOSTILE[name], verdict=verdict))
    page = Shown(text)
    assert page.open == []
    assert page.tags <= TAGS
    assert page.attributes <= {("lang", "sh")}
    assert not [each for each in page.words if re.search(r"evil|@|#\d|!\d|\$|PASS all|alert|\\u", each)]
    assert not UNSEEN.search(text)
    assert len(text.encode()) <= markdown.LARGEST


@pytest.mark.parametrize("words", [*HOSTILE.values(), *"!#$&*<>@[\\]^_`|~:.", "a|b\\", "\\|", "www.a.b", "x@y.z", "http://a.b/c"])
def test_code_shows_exactly_what_was_said(words: str) -> None:
    page = Shown(f"| a | b |\n| --- | --- |\n| {markdown.code(words)} | end |\n\nwith {markdown.code(words)} inside\n")
    assert page.tags <= {"table", "thead", "tbody", "tr", "th", "td", "code", "p"}
    assert page.html.count("<td>") == 2
    assert "".join(page.code) == line(words, markdown.NARROW) * 2


@pytest.mark.parametrize(
    ("words", "as_they_are"),
    [
        ("A role's guard is gone (function level)", True),
        ("Send Referrer-Policy with a value such as no-referrer again.", True),
        ("Answer 403 to it", True),
        ("see GH-12", False),
        ("a :skull: b", False),
        ("@evil", False),
        ("a.b", False),
        ("www.evil", False),
        ("1. a list", False),
        ("a *b*", False),
        ("a\nb", False),
        ("12345678 and", False),
        ("a" * 200, False),
        ("", False),
    ],
)
def test_words_that_mean_nothing_to_markdown_stand_as_they_are(words: str, *, as_they_are: bool) -> None:
    assert (markdown.plain(words) == words) is as_they_are


@pytest.mark.parametrize("words", ["no ticks", "```\nout?", "`" * 40, "~~~"])
def test_a_fence_is_longer_than_anything_in_it(words: str) -> None:
    page = Shown(markdown.fenced(words, "sh") + "\nafter\n")
    assert page.code == [f"{words}\n"]
    assert "after" in page.words


def test_it_stays_small_whatever_there_is_to_tell() -> None:
    long = "@" * 200
    many = [finding(rule=f"a.b{each}", fingerprint=f"zw1:{each}", title=long, evidence=(long,) * 3, remedy=long) for each in range(5_000)]
    text = markdown.text(
        plain(whole(*many, not_tested=NotTested(gaps=tuple(left(f"{each}{long}", why=f"{each}") for each in range(5_000)))))
    )
    assert len(text.encode()) <= markdown.LARGEST
    assert "Not all of it fitted" in text
    assert Shown(text).open == []


def test_a_run_that_never_began_has_a_report_too() -> None:
    bare = VerdictFile(
        service="?",
        verdict="INCONCLUSIVE",
        reasons=(Reason(code="usage", text="gate.toml: no such file"),),
        run=RunLine(id="r", started=""),
    )
    page = shown(Record(summary=bare))
    assert "gate.toml: no such file" in page.code


@pytest.mark.parametrize("words", ["curl --data-raw '" + "a" * 8000 + "'", "curl --data-raw 'x\n::warning::z'"], ids=["long", "commanding"])
def test_a_command_that_would_be_changed_is_not_shown(words: str) -> None:
    """Cut inside its quotes or mended it would be another request."""
    answer = Excerpt(status=200)
    record = whole(run=replace(whole().summary.run, command=words))
    text = markdown.text(plain(replace(record, exhibits={"zw1:0123456789abcdef": Exhibit(baseline=answer, canary=answer, curl=words)})))
    assert "--data-raw" not in text
    assert text.count(NOT_SHOWN) == 2


def test_the_answers_of_a_target_stay_out_of_it() -> None:
    answer = Excerpt(status=200, body="a body of a target", headers=(("x-told", "a header"),))
    exhibit = Exhibit(baseline=answer, canary=answer, curl="curl x")
    text = markdown.text(plain(replace(whole(), exhibits={"zw1:0123456789abcdef": exhibit})))
    assert "curl x" in text
    assert "a body of a target" not in text
    assert "a header" not in text


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        markdown.write(plain(whole()), tmp_path / name)
    assert (tmp_path / "a.md").read_bytes() == (tmp_path / "b.md").read_bytes()
