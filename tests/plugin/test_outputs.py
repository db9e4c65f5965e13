"""Which reports a run writes: by gate.toml, by pytest's own options; and what happens where one cannot be written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from gating import NARROW, OUT, WITH_ALLURE, Ran

from zeroweight.writers.harmless import UNSEEN

COMMAND = re.compile(r"^\s*::[a-z-]+( [^:\n]*)?::|##\[|##[A-Za-z]+\[", re.MULTILINE)
Gate = Callable[..., Ran]

ALLURE = (*WITH_ALLURE, "-p", "no:cacheprovider", "--zeroweight", "gate.toml")
BROKEN = """
import zeroweight.writers.{0} as writer
def boom(record, path): raise RuntimeError("no ink")
writer.write = boom
"""
MODULES = {"html": "page", "markdown": "markdown", "allure": "allure"}
CHECK = """
from zeroweight import Evidence, Exchange, Rule, Severity, check
RULE = Rule(id="shop.greeting", title="The service greets", severity=Severity.HIGH, cwe=200, owasp="API8:2023", remedy="Do not.")
@check(RULE, on=Exchange)
def greets(seen):
    if seen.target.side == "canary":
        yield Evidence(says="it says\\n::error::evil \\u202e \\x1b[2J ##[error]evil")
def pytest_zeroweight_checks():
    return [greets]
"""
NO_LIBRARY = "import sys\nsys.modules['allure_commons'] = None\n"


def formats(*words: str) -> str:
    return NARROW + f"[output]\nformats = {json.dumps(words)}\n"


@pytest.mark.parametrize("word", MODULES)
def test_a_broken_writer_takes_the_pass_away_and_is_told(gate: Gate, word: str) -> None:
    ran = gate(more=formats("html", "markdown", "allure"), files={"conftest.py": BROKEN.format(MODULES[word])})
    ran.said("INCONCLUSIVE", 10)
    assert ran.codes == ["writer-failed"]
    assert f"the {word} report could not be written: RuntimeError: no ink" in " ".join(ran.summary)


def test_a_broken_writer_hides_no_finding_and_no_other_report_and_those_tell_of_it(gate: Gate) -> None:
    ran = gate(more=formats("html", "markdown", "allure"), flaws=("open-admin",), files={"conftest.py": BROKEN.format("page")})
    ran.said("FAIL", 1)
    assert "writer-failed" in ran.codes
    assert {"report.md", "allure-results"} <= {path.name for path in (ran.folder / OUT).iterdir()}
    assert "no ink" in (ran.folder / OUT / "report.md").read_text("utf-8")


def test_a_test_that_a_finding_fails_tells_it_in_words_that_do_nothing(gate: Gate) -> None:
    ran = gate(files={"conftest.py": CHECK}, args=("--junitxml=junit.xml", "-v"))
    ran.said("FAIL", 1)
    texts = [ran.out, *(failure.text or "" for failure in ET.parse(ran.folder / "junit.xml").iter("failure"))]
    assert len(texts) > 3
    assert not [text for text in texts if UNSEEN.search(text) or COMMAND.search(text)]


def test_alluredir_asks_for_our_results_beside_those_of_the_tests(gate: Gate) -> None:
    ran = gate(line=ALLURE, flaws=("open-admin",), args=("--alluredir=results",))
    ran.said("FAIL", 1)
    read = [json.loads(path.read_bytes()) for path in (ran.folder / "results").glob("*-result.json")]
    ours = [each for each in read if {"name": "framework", "value": "zeroweight"} in each["labels"]]
    assert {each["name"] for each in ours} >= {"verdict: FAIL"}
    assert len(ours) == 1 + len(ran.findings)
    assert len(read) > len(ours)
    assert not (ran.folder / OUT / "allure-results").exists()


def test_results_of_an_earlier_run_are_gone_before_the_first_request(gate: Gate) -> None:
    gate(more=formats("allure")).said("PASS", 0)
    dies = "import os, signal\ndef pytest_collection_finish(): os.kill(os.getpid(), signal.SIGKILL)\n"
    ran = gate(more=formats("allure"), files={"conftest.py": dies})
    assert ran.word == "INCONCLUSIVE"
    assert not [*(ran.folder / OUT / "allure-results").glob("*-result.json")]


def test_a_missing_extra_is_told_before_any_traffic(gate: Gate) -> None:
    ran = gate(more=formats("html", "allure"), files={"conftest.py": NO_LIBRARY})
    assert ran.status == 4
    (said,) = [line for line in ran.err.splitlines() if line.strip()]
    assert all(word in said for word in ("gate.toml", "output.formats #2", "allure-python-commons", "pip install 'zeroweight[allure]'"))
    assert ran.codes == ["usage"]


def test_without_pytests_own_writer_junit_is_a_mistake_that_is_told(gate: Gate) -> None:
    ran = gate(more=formats("junit"), args=("-p", "no:junitxml"))
    assert ran.status == 4
    assert "output.formats" in ran.err
    assert "-p no:junitxml" in ran.err


def test_a_junit_report_of_gate_toml_that_cannot_be_written_takes_the_pass_away(gate: Gate) -> None:
    in_the_way = f"import pathlib\ndef pytest_collection_finish(): pathlib.Path('{OUT}/report.xml').mkdir()\n"
    ran = gate(more=formats("junit"), files={"conftest.py": in_the_way})
    ran.said("INCONCLUSIVE", 10)
    assert "writer-failed" in ran.codes
