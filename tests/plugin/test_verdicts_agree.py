"""Whoever reads of a run, and wherever, reads the same verdict: with workers and without."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from gating import NARROW, OUT, PLAIN, Case, Pairs, Ran
from plugin_cases import FLAW, NOBODY

FORMATS: Final = '[output]\nformats = ["html", "markdown", "junit", "allure"]\n'
WORKERS: Final = {"alone": (), "two workers": ("-n", "2")}
CASES: Final = {
    "PASS": Case(more=NARROW + FORMATS),
    "FAIL": Case(more=NARROW + FORMATS, flaws=FLAW),
    "INCONCLUSIVE": Case(more=NARROW + FORMATS, replaced=NOBODY),
}
KINDS: Final = {"": "PASS", "failure": "FAIL", "error": "INCONCLUSIVE"}
STATUSES: Final = {"passed": "PASS", "failed": "FAIL", "broken": "INCONCLUSIVE"}
CODES: Final = {0: "PASS", 1: "FAIL", 10: "INCONCLUSIVE"}


class Heading(HTMLParser):
    """What a page says first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._body = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # HTMLParser's signature
        self._body = self._body or tag == "body"

    def handle_data(self, data: str) -> None:
        if self._body:
            self.said.append(data)


def of_html(ran: Ran) -> str:
    words = " ".join(Heading((ran.folder / OUT / "report.html").read_text("utf-8")).said)
    return next(str(each) for each in re.findall(r"[A-Z]+", words) if each in CODES.values())


def of_markdown(ran: Ran) -> str:
    return (ran.folder / OUT / "report.md").read_text("utf-8").partition("\n")[0].split()[2].rstrip(":")


def of_junit(ran: Ran) -> str:
    cases = [each for each in ET.parse(ran.folder / OUT / "report.xml").getroot().iter("testcase") if each.get("name") == "verdict"]
    (kind,) = {child.tag for case in cases for child in case} & {"failure", "error"} or {""}
    return KINDS[kind]


def of_allure(ran: Ran) -> str:
    results = [json.loads(path.read_bytes()) for path in (ran.folder / OUT / "allure-results").glob("*-result.json")]
    (told,) = [each for each in results if each["name"].startswith("verdict: ")]
    assert told["name"] == f"verdict: {STATUSES[told['status']]}"
    return STATUSES[told["status"]]


def of_pytest(ran: Ran) -> str:
    return "FAIL" if " failed" in ran.last else "INCONCLUSIVE" if " error" in ran.last else "PASS"


READERS: Final[Mapping[str, Callable[[Ran], str]]] = {
    "the exit code": lambda ran: CODES[ran.status],
    "verdict.json": lambda ran: ran.word,
    "record.json": lambda ran: str(json.loads((ran.folder / OUT / "record.json").read_bytes())["summary"]["verdict"]),
    "the terminal": lambda ran: ran.summary[0].split()[0],
    "pytest's last line": of_pytest,
    "html": of_html,
    "markdown": of_markdown,
    "junit": of_junit,
    "allure": of_allure,
}


@pytest.fixture(scope="module")
def told(pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Ran]:
    """Make each run once, when it is first asked for."""
    made: dict[tuple[str, str], Ran] = {}

    def run(word: str, workers: str) -> Ran:
        if (word, workers) not in made:
            case = CASES[word]
            given = Case(more=case.more, flaws=case.flaws, replaced=case.replaced, args=WORKERS[workers], line=PLAIN)
            made[word, workers] = pairs.run(tmp_path_factory.mktemp(word), given)
        return made[word, workers]

    return run


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("word", CASES)
def test_every_reader_reads_the_same_verdict(told: Callable[[str, str], Ran], word: str, workers: str, reader: str) -> None:
    ran = told(word, workers)
    assert READERS[reader](ran) == word, ran.out + ran.err


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("word", CASES)
def test_the_numbers_agree_too(told: Callable[[str, str], Ran], word: str, workers: str) -> None:
    ran = told(word, workers)
    counts = ran.verdict["counts"]
    line = ", ".join(f"{counts[state]} {state}" for state in ("new", "unsteady", "unchanged", "absent"))
    assert any(each.startswith(f"findings: {line}; ") for each in ran.summary)
    assert f"findings: {line}; " in (ran.folder / OUT / "report.md").read_text("utf-8")


@pytest.mark.parametrize("workers", WORKERS)
def test_junit_says_the_whole_fact_in_one_line_and_none_of_our_raw_results(told: Callable[[str, str], Ran], workers: str) -> None:
    text = (told("FAIL", workers).folder / OUT / "report.xml").read_text("utf-8")
    (case,) = [each for each in ET.fromstring(text).iter("testcase") if each.get("name") == "verdict"]
    (failure,) = case.iter("failure")
    first = str(failure.get("message")).partition("\n")[0]
    assert re.fullmatch(r"FAIL: do not give it users: authorization\.function-level: critical: .+ at GET /admin as alice.*", first)
    assert "zeroweight_result" not in text
    assert '"crossed"' not in text.replace("&quot;", '"')


def test_a_path_that_the_caller_gave_stays(pairs: Pairs, tmp_path: Path) -> None:
    ran = pairs.run(tmp_path, Case(more=NARROW + FORMATS, args=("--junitxml=mine.xml",)))
    ran.said("PASS", 0)
    assert ET.parse(tmp_path / "mine.xml").getroot().tag == "testsuites"
    assert not (tmp_path / OUT / "report.xml").exists()


def test_formats_that_are_not_asked_for_are_not_written(pairs: Pairs, tmp_path: Path) -> None:
    ran = pairs.run(tmp_path, Case(more=NARROW + '[output]\nformats = ["markdown"]\n'))
    ran.said("PASS", 0)
    assert {path.name for path in (tmp_path / OUT).iterdir()} == {"verdict.json", "record.json", "report.md"}
