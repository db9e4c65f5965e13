"""`zeroweight run`: a status that can be trusted, whatever a Job puts on its command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gating import COMMAND, NARROW, OUT, PYTEST, RUN, YESTERDAY, Pairs, Ran, run, write
from small_service import BASELINE_BUILD, CANARY_BUILD, gate_file

Gate = Callable[..., Ran]

PLACES: dict[str, dict[str, Any]] = {
    "by its own option": {"args": ("--output", "there")},
    "by the plugin's option": {"args": ("--zeroweight-output=there",)},
    "by a key": {"args": ("--zeroweight-set", "output.folder=there")},
    "by the environment": {"env": {"ZEROWEIGHT_OUTPUT_FOLDER": "there"}},
    "by the file": {"more": NARROW + '[output]\nfolder = "there"\n'},
}


@pytest.mark.parametrize(
    ("flaws", "replaced", "word", "status"),
    [
        pytest.param((), ("", ""), "PASS", 0, id="pass"),
        pytest.param(("open-admin",), ("", ""), "FAIL", 1, id="fail"),
        pytest.param((), ("x-build", "x-nobody"), "INCONCLUSIVE", 10, id="inconclusive"),
    ],
)
def test_the_last_line_is_the_word(gate: Gate, flaws: tuple[str, ...], replaced: tuple[str, str], word: str, status: int) -> None:
    ran = gate(line=RUN, flaws=flaws, replaced=replaced, env={"ZEROWEIGHT_TERMINATION_FILE": "told"})
    ran.said(word, status)
    assert ran.last == word
    (line,) = (ran.folder / "told").read_text().splitlines()
    assert line == f"{word}: {ran.verdict['reasons'][0]['text']}"
    assert len(ran.summary) <= 15


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("-h",),
        ("--version",),
        ("-V",),
        ("--collect-only",),
        ("--fixtures",),
        ("-k", "nothing"),
        ("-p", "no:zeroweight_entry", "--co"),
    ],
    ids=" ".join,
)
def test_a_stray_argument_is_not_a_pass(gate: Gate, args: tuple[str, ...]) -> None:
    ran = gate(line=RUN, args=args)
    assert (ran.status, ran.last) == (10, "INCONCLUSIVE")
    assert ran.word != "PASS"


@pytest.mark.parametrize("args", [(), ("--help",), ("--version",), ("-q", "gate.toml")], ids=" ".join)
def test_without_a_file_it_says_how_and_is_not_a_pass(tmp_path: Path, args: tuple[str, ...]) -> None:
    ran = run(tmp_path, (COMMAND, "run", *args), env={"ZEROWEIGHT_TERMINATION_FILE": "told"})
    assert (ran.status, ran.last) == (10, "INCONCLUSIVE")
    assert "Usage: zeroweight run" in ran.out
    assert "gate.toml" in ran.err
    assert (tmp_path / "told").read_text().startswith("INCONCLUSIVE")


def test_without_the_plugin_there_is_no_verdict(gate: Gate) -> None:
    ran = gate(line=RUN, args=("-p", "no:zeroweight"))
    assert (ran.status, ran.last) == (4, "INCONCLUSIVE")
    assert ran.word != "PASS"


def test_it_prints_the_command_that_it_runs(gate: Gate) -> None:
    ran = gate(line=RUN, args=("-k", "health or admin"))
    line = ran.err.splitlines()[0]
    assert line.startswith("zeroweight: ")
    assert line.endswith("--zeroweight gate.toml -k 'health or admin'")


@pytest.mark.parametrize("way", PLACES)
def test_the_verdict_is_looked_for_where_the_gate_writes(gate: Gate, way: str) -> None:
    ran = gate(line=RUN, **{"more": NARROW, **PLACES[way]})
    assert (ran.status, ran.last) == (0, "PASS"), ran.err
    assert json.loads((ran.folder / "there/verdict.json").read_text())["verdict"] == "PASS"
    assert ran.verdict["run"]["id"] == "yesterday"


def test_deployments_are_named_by_a_jobs_environment(pairs: Pairs, tmp_path: Path) -> None:
    baseline, canary = pairs.get(BASELINE_BUILD), pairs.get(CANARY_BUILD, ("open-admin",))
    nowhere = type("Nowhere", (), {"url": "http://127.0.0.1:9"})
    elsewhere = type("Elsewhere", (), {"url": "http://127.0.0.1:10"})
    write(tmp_path, {"gate.toml": gate_file(nowhere, elsewhere, more=NARROW), f"{OUT}/verdict.json": YESTERDAY})
    named = {"ZEROWEIGHT_BASELINE_URL": baseline.url, "ZEROWEIGHT_CANARY_URL": canary.url}
    ran = run(tmp_path, RUN, env={**named, "ZEROWEIGHT_CANARY_EXPECT": CANARY_BUILD})
    ran.said("FAIL", 1)
    ran = run(tmp_path, RUN, env={**named, "ZEROWEIGHT_CANARY_EXPECT": "9.9.9"})
    ran.said("INCONCLUSIVE", 10)
    assert ran.codes[0] == "identity-mismatch"


def test_a_termination_file_that_cannot_be_written_changes_nothing(gate: Gate) -> None:
    ran = gate(line=RUN, env={"ZEROWEIGHT_TERMINATION_FILE": "gate.toml/told"})
    ran.said("PASS", 0)
    assert "cannot be written" in ran.err


def test_urls_alone_are_enough(pairs: Pairs, tmp_path: Path) -> None:
    """Without a file: what anonymous callers reach, and the identity is discovered."""
    baseline, canary = pairs.fresh()
    ran = run(
        tmp_path,
        (*PYTEST, "-p", "no:cacheprovider", "--zeroweight-baseline", baseline.url, "--zeroweight-canary", canary.url),
        env={"ZEROWEIGHT_BUDGET_RATE": "5000"},
    )
    ran.said("INCONCLUSIVE", 10)
    assert ran.codes == ["operations-allowed"]
    assert ran.verdict["targets"]["canary"]["build"] == CANARY_BUILD


def test_tests_of_the_operators_own_run_beside_the_suites_as_ever(gate: Gate) -> None:
    """Their fixtures and asserts work, hypothesis's options in their pytest.ini are no mistake, and options of their own come last."""
    files = {
        "pytest.ini": "[pytest]\naddopts = --hypothesis-show-statistics\n",
        "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef seven():\n    return 7\n",
        "own/test_own.py": "def test_seven(seven):\n    assert seven == 7\n",
        "own/test_wrong.py": "def test_eight(seven):\n    assert {seven: 1} == {8: 1}\n",
    }
    tests = ("own/test_own.py", "own/test_wrong.py", "--tb=short")
    ran = gate(line=RUN, files=files, args=tests)
    assert (ran.status, ran.last) == (10, "INCONCLUSIVE")
    assert "foreign-test-failed" in ran.codes
    assert "AssertionError" in ran.out, "the wrong one failed by its assert"
    assert "test_seven" not in ran.out, "the right one did not"
    assert "{7: 1}" not in ran.out
    explained = gate(line=RUN, files=files, args=tests, env={"PYTEST_ADDOPTS": "--assert=rewrite"})
    assert "{7: 1}" in explained.out
