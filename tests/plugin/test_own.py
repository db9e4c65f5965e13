"""What users add from outside: suites, payloads, checks and publishing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from gating import NARROW, Ran
from small_service import TOKENS

from zeroweight.shipped import shipped

Gate = Callable[..., Ran]

# The suite of API.md, for the notes of the small service.
SUITE = '''
from zeroweight import Operation, Trial
def test_notes(trial: Trial, operation: Operation) -> None:
    """Each note as each role, on alice's."""
    trial.send(operation.example().with_(path={"id": trial.resource("note", "alice")}).as_(r) for r in trial.roles)
'''
TWO = """
import pytest
from zeroweight import Operation, Trial
OWES = ("operation",)
def test_one(trial: Trial, operation: Operation) -> None:
    trial.send([operation.example()])
@pytest.mark.later
def test_two(trial: Trial, operation: Operation) -> None:
    trial.send([operation.example()])
"""
INI = "[pytest]\nmarkers = later\n"
SKIPPED = TWO.replace("mark.later", "mark.skip")
PAYLOADS = """
title: Words of our own
description: What our own parser once fell over.
payloads:
  - { id: our-own-word, where: body, send: '{"text": 7}', cwe: 20 }
"""
CHECK = """
import json, pathlib
from zeroweight import Evidence, Exchange, Rule, Severity, check
RULE = Rule(id="shop.greeting", title="The service greets", severity=Severity.HIGH, cwe=200, owasp="API8:2023", remedy="Do not.")
@check(RULE, on=Exchange)
def greets(seen):
    if b"alice" in seen.exchange.response.body if hasattr(seen, "exchange") else b"alice" in seen.response.body:
        yield Evidence(says="it says alice")
def pytest_zeroweight_checks():
    return [greets]
def pytest_zeroweight_verdict(verdict, record):
    pathlib.Path("published.json").write_text(json.dumps([verdict.word, record]))
"""


def test_a_suite_of_ones_own_is_run_and_owed(gate: Gate) -> None:
    ran = gate(more=NARROW + 'paths = ["security"]\n', files={"security/test_notes.py": SUITE})
    ran.said("PASS", 0)
    record = json.loads((ran.folder / "zeroweight-out/record.json").read_text())
    assert sum("test_notes" in name for name in record["tests"]) == 6
    assert ran.verdict["coverage"]["owed"] > 18


def test_a_suite_of_ones_own_that_is_narrowed_away_is_missed(gate: Gate) -> None:
    ran = gate(more=NARROW + 'paths = ["security"]\n', files={"security/test_notes.py": SUITE}, args=("-k", "not test_notes"))
    ran.said("INCONCLUSIVE", 10)


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("-k", "not test_two"), id="by keyword"),
        pytest.param(("-m", "not later"), id="by mark"),
        pytest.param(("--deselect", "security/test_own.py::test_two[GET /health]"), id="by name, one of many"),
        pytest.param(("-k", "not test_two", "-n", "2"), id="in workers"),
        pytest.param(("-c", "pytest.ini", "security/test_own.py::test_one", "AUTHORIZATION"), id="by naming the other one"),
    ],
)
def test_one_test_of_a_suite_cannot_stand_for_the_other(gate: Gate, args: tuple[str, ...]) -> None:
    """The ledger is crossed off by the one that is left."""
    given = [str(shipped("suites") / "test_authorization.py") if each == "AUTHORIZATION" else each for each in args]
    files = {"security/test_own.py": TWO, "pytest.ini": INI}
    ran = gate(more=NARROW + 'paths = ["security"]\n', files=files, args=tuple(given))
    ran.said("INCONCLUSIVE", 10)
    assert ran.codes == ["narrowed"]
    assert "test_two" in ran.verdict["reasons"][0]["text"]


def test_a_test_that_skips_itself_is_missed(gate: Gate) -> None:
    ran = gate(more=NARROW + 'paths = ["security"]\n', files={"security/test_own.py": SKIPPED})
    ran.said("INCONCLUSIVE", 10)
    assert ran.codes == ["narrowed"]


def test_two_tests_of_a_suite_that_both_run_are_enough(gate: Gate) -> None:
    files = {"security/test_own.py": TWO, "pytest.ini": INI}
    gate(more=NARROW + 'paths = ["security"]\n', files=files, args=("-n", "2")).said("PASS", 0)


def test_a_payload_folder_of_ones_own_is_said(gate: Gate) -> None:
    files = {"words/malformed.yaml": PAYLOADS}
    ran = gate(more='[suites]\nskip = ["authorization", "headers"]\n[payloads]\npaths = ["words"]\n', files=files)
    ran.said("PASS", 0)
    with_it = ran.verdict["counts"]["pairs"]
    assert with_it > gate(more='[suites]\nskip = ["authorization", "headers"]\n').verdict["counts"]["pairs"]


def test_a_check_of_ones_own_looks_at_everything(gate: Gate) -> None:
    """What both sides show is no regression, and stands in the record."""
    ran = gate(files={"conftest.py": CHECK})
    ran.said("PASS", 0)
    found = [finding for finding in ran.verdict["findings"] if finding["rule"] == "shop.greeting"]
    assert {finding["state"] for finding in found} == {"unchanged"}


def test_a_check_of_ones_own_works_in_workers(gate: Gate) -> None:
    ran = gate(files={"conftest.py": CHECK}, args=("-n", "2"))
    ran.said("PASS", 0)
    assert [finding for finding in ran.verdict["findings"] if finding["rule"] == "shop.greeting"]


def test_a_verdict_is_published_with_a_redacted_record(gate: Gate) -> None:
    ran = gate(files={"conftest.py": CHECK}, flaws=("open-admin", "trace"), echo=True, more="")
    ran.said("FAIL", 1)
    text = (ran.folder / "published.json").read_text()
    word, record = json.loads(text)
    assert (word, record["summary"]["verdict"]) == ("FAIL", "FAIL")
    assert not [token for token in TOKENS.values() if token in text]
