"""The operator's mistakes: one sentence with file, key and fix, no traceback, status 4, nothing sent, and no verdict of yesterday's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gating import PYTEST, RUN, Ran

HERE = (*PYTEST, "-p", "no:cacheprovider")
URL = "http://127.0.0.1:9"

MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "no such file": ({"line": (*HERE, "--zeroweight", "nowhere.toml")}, ("nowhere.toml", "no such file", "zeroweight init")),
    "no toml": ({"files": {"gate.toml": "service = notes\n"}}, ("gate.toml", "not TOML", "line")),
    "unknown key": ({"replaced": ("budget  ", "budgett")}, ("gate.toml", "budgett", "Did you mean budget?")),
    "unknown value": ({"replaced": ("own-objects", "own-object")}, ("safety.level", "own-objects")),
    "unknown login word": ({"more": '[roles.carol]\nlogin = "shopp"\n[login.shop]\nkind = "bearer"\n'}, ("roles.carol.login", "shop")),
    "secret in the file": ({"replaced": ("env:ALICE_TOKEN", "tok-in-the-open")}, ("roles.alice.bearer", "env:NAME")),
    "secret that is not set": ({"replaced": ("ALICE_TOKEN", "NOBODY_SET")}, ("roles.alice.bearer", "NOBODY_SET")),
    "no canary": ({"line": (*HERE, "--zeroweight-baseline", URL)}, ("--zeroweight-canary", "--zeroweight GATE.TOML")),
    "no urls": ({"line": (*HERE, "--zeroweight-task", "doctor")}, ("--zeroweight GATE.TOML",)),
    "set without a value": ({"args": ("--zeroweight-set", "budget")}, ("--zeroweight-set", "KEY=VALUE")),
    "set of no key": ({"args": ("--zeroweight-set", "budget.second=1")}, ("budget.second", "budget.seconds")),
    "set of no number": ({"args": ("--zeroweight-set", "budget.seconds=soon")}, ("budget.seconds", "number")),
    "no suites": ({"more": '[suites]\npaths = ["nowhere"]\n'}, ("suites.paths", "nowhere")),
    "variable of no key": ({"env": {"ZEROWEIGHT_BUDGET_SECOND": "1"}}, ("ZEROWEIGHT_BUDGET_SECOND", "ZEROWEIGHT_BUDGET_SECONDS")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(gate: Callable[..., Ran], name: str) -> None:
    given, words = MISTAKES[name]
    ran = gate(**given)
    assert ran.status == 4, ran.out
    (said,) = [line for line in ran.err.splitlines() if line.strip()]
    assert said.startswith("ERROR: ")
    assert not [word for word in words if word not in said], said
    assert ran.out == ""
    assert "tok-in-the-open" not in ran.err
    if "--zeroweight-task" not in given.get("line", ()):
        assert (ran.word, ran.codes) == ("INCONCLUSIVE", ["usage"])
        assert ran.verdict["reasons"][0]["text"] == said.removeprefix("ERROR: ")


def test_the_command_passes_a_mistake_on(gate: Callable[..., Ran]) -> None:
    ran = gate(line=RUN, replaced=("budget  ", "budgett"), env={"ZEROWEIGHT_TERMINATION_FILE": "told"})
    assert (ran.status, ran.last, ran.word) == (4, "INCONCLUSIVE", "INCONCLUSIVE")
    (line,) = (ran.folder / "told").read_text().splitlines()
    assert line.startswith("INCONCLUSIVE: gate.toml")
    assert "budgett" in line


def test_a_broken_conftest_leaves_no_pass_that_the_command_believes(gate: Callable[..., Ran]) -> None:
    ran = gate(line=RUN, files={"conftest.py": "import nowhere_to_be_found\n"})
    assert (ran.status, ran.last) == (4, "INCONCLUSIVE")
    assert ran.word != "PASS"
