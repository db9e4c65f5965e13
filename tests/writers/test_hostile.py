"""One corpus of hostile words through every way in which a run tells of itself: each report, pytest's JUnit writer, the terminal."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree as ET

import msgspec
import pytest
from _pytest.junitxml import LogXML
from reported import HOSTILE, poisoned

from zeroweight.compare import Delta, Repeats, State
from zeroweight.finding import Severity
from zeroweight.model.place import Place
from zeroweight.plugin import terminal, verdict_item
from zeroweight.record import Record
from zeroweight.session.conclude import Balance
from zeroweight.verdict import Policy, Reason, Verdict, Word
from zeroweight.writers.formats import FORMATS
from zeroweight.writers.harmless import UNSEEN

LARGEST = 400_000
"""Bytes of one report of two findings, whatever they say."""
COMMAND = re.compile(r"^\s*::|##\[|##[A-Za-z]+\[", re.MULTILINE)


def verdict(words: str, word: Word = Word.FAIL) -> Verdict:
    return Verdict(word=word, reasons=(Reason(code="unsteady", text=words), Reason(code="gap", text=words)))


def junit(told: Verdict, folder: Path) -> ET.Element:
    """Let pytest's own writer tell a verdict; returns its test case."""
    log = LogXML(str(folder / "report.xml"), None)
    log.pytest_sessionstart()
    hook = SimpleNamespace(pytest_runtest_logreport=log.pytest_runtest_logreport)
    verdict_item.announce(cast("pytest.Config", SimpleNamespace(hook=hook)), told)
    log.pytest_sessionfinish()
    (case,) = ET.parse(folder / "report.xml").getroot().iter("testcase")
    return case


def screen(words: str, config: pytest.Config) -> str:
    """Let pytest's own reporter write the end of a run."""
    place = Place(method=words, path=words, role=words, parameter=words)
    delta = Delta(
        rule=words,
        title=words,
        severity=Severity.HIGH,
        place=place,
        fingerprint="zw1:1",
        state=State.NEW,
        confirmed=True,
        repeats=Repeats(canary=7, asked_canary=7, asked_baseline=7),
    )
    sums = cast("Balance", SimpleNamespace(deltas=(delta,)))
    out = io.StringIO()
    reporter = pytest.TerminalReporter(config, out)
    record = msgspec.convert(poisoned(words), Record)
    terminal.summary(reporter, record, verdict(words), sums, Policy(today=dt.date(2027, 3, 14)), "out")
    terminal.bare(reporter, verdict(words).reasons, "out")
    return out.getvalue()


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("word", FORMATS)
def test_no_report_holds_anything_unseen_and_none_grows_with_what_a_target_says(tmp_path: Path, word: str, name: str) -> None:
    place = tmp_path / "report"
    FORMATS[word].write(poisoned(HOSTILE[name]), place)
    files = [place] if place.is_file() else [*place.iterdir()]
    assert files
    for file in files:
        text = file.read_text("utf-8")
        assert not UNSEEN.search(text), file.name
        assert len(text.encode()) <= LARGEST, file.name


@pytest.mark.parametrize("name", HOSTILE)
def test_the_page_has_no_tag_and_no_attribute_of_a_targets(tmp_path: Path, name: str) -> None:
    FORMATS["html"].write(poisoned(HOSTILE[name]), tmp_path / "hostile.html")
    FORMATS["html"].write(poisoned("harmless"), tmp_path / "harmless.html")
    hostile, tame = (Tags((tmp_path / f"{each}.html").read_text("utf-8")) for each in ("hostile", "harmless"))
    assert set(hostile.tags) <= {*tame.tags, "span", "br"}
    assert hostile.tags.count("script") <= 1
    assert {name for name, _ in hostile.attributes} <= {name for name, _ in tame.attributes}
    assert not [value for name, value in hostile.attributes if name in {"href", "src"} and not str(value).startswith("#")]


@pytest.mark.parametrize("name", HOSTILE)
def test_allure_is_told_texts_that_are_texts(tmp_path: Path, name: str) -> None:
    FORMATS["allure"].write(poisoned(HOSTILE[name]), tmp_path)
    results = [json.loads(path.read_bytes()) for path in tmp_path.glob("*-result.json")]
    assert len(results) == 3
    assert not [each for result in results for each in strings(result) if UNSEEN.search(each)]
    assert {each["type"] for result in results for each in result["attachments"]} == {"text/plain"}
    assert not [result for result in results if {"description", "descriptionHtml", "links"} & set(result)], "Allure renders these"


@pytest.mark.parametrize("name", HOSTILE)
def test_junit_can_be_read_and_its_first_line_is_the_whole_fact(tmp_path: Path, name: str) -> None:
    (failure,) = junit(verdict(HOSTILE[name]), tmp_path).iter("failure")
    text, message = failure.text or "", str(failure.get("message"))
    assert message.startswith("FAIL: do not give it users: unsteady: ")
    assert message.partition("\n")[0].endswith(" (and 1 more reason)")
    assert not UNSEEN.search(text + message)
    assert not COMMAND.search(text + message)
    assert len(text.splitlines()) == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_the_terminal_shows_our_lines_and_no_others(request: pytest.FixtureRequest, name: str) -> None:
    shown = screen(HOSTILE[name], request.config)
    assert not UNSEEN.search(shown.replace("\x1b[", ""))
    assert not COMMAND.search(shown)
    heads = [line.partition(" ")[0] for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines() if line[:1].strip("=")]
    assert [head for head in heads if head] == ["FAIL", "findings:", "asked", "asked:", "left", "files:", "INCONCLUSIVE", "files:"]
    assert max(map(len, shown.splitlines())) < 400


@pytest.mark.parametrize(("word", "tag"), [(Word.PASS, ""), (Word.FAIL, "failure"), (Word.INCONCLUSIVE, "error")])
def test_each_verdict_is_junits_own_kind(tmp_path: Path, word: Word, tag: str) -> None:
    case = junit(verdict("a reason", word), tmp_path)
    assert (case.get("classname"), case.get("name")) == ("zeroweight", "verdict")
    assert [child.tag for child in case] == ([tag] if tag else [])
