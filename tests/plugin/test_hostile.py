"""What a target says cannot move the cursor, hide or reorder a line of the terminal, nor break a report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from gating import NARROW, OUT, PLAIN, Child, Pairs, Ran, write
from small_service import BASELINE_BUILD, Small, gate_file

BUILD = "1.1.0\x1b[2J\x1b]0;pwned\x07\nPASS all is well\r\u202e\u2066\x9b31m"
OPERATION = {
    "get": {
        "responses": {"200": {"description": "fine"}},
        "summary": "x\x1b[31m",
    }
}
PATHS = {"/a\x1b[31m\u202eb\nPASS": OPERATION, "/plain": OPERATION}
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture(scope="module")
def hostile(pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("hostile")
    baseline = pairs.street.open(Small(build=BASELINE_BUILD, more_paths=PATHS))
    canary = pairs.street.open(Small(build=BUILD, more_paths=PATHS, title="\x1b[31m", flaws=frozenset({"open-admin"})))
    text = gate_file(baseline, canary, more=NARROW).replace('{ header = "x-build" }', '{ get = "/version", pointer = "/build" }')
    write(folder, {"gate.toml": text})
    with Child(folder, (*PLAIN, "-v", "--junitxml=junit.xml")) as child:
        yield child.end()


def test_it_comes_to_a_verdict(hostile: Ran) -> None:
    assert hostile.status in {1, 10}
    assert hostile.word in {"FAIL", "INCONCLUSIVE"}
    assert hostile.verdict["targets"]["canary"]["build"] == BUILD


def test_no_control_character_reaches_the_terminal(hostile: Ran) -> None:
    assert not HARMFUL.findall(hostile.out.replace("\n", "") + hostile.err.replace("\n", ""))


def test_no_line_of_the_targets_stands_at_the_beginning_of_a_line(hostile: Ran) -> None:
    assert not [line for line in hostile.out.splitlines() if line.startswith("PASS")]
    assert len(hostile.summary) <= 15
    assert hostile.summary[0].startswith(hostile.word)


def test_reports_can_be_read(hostile: Ran) -> None:
    assert ET.parse(hostile.folder / "junit.xml").getroot().tag == "testsuites"
    page = Path(hostile.folder / OUT / "report.html").read_text("utf-8")
    assert "\x1b" not in page
