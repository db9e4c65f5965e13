"""A project that does not use the gate must not notice that it is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gating import WITH_ALLURE as PYTEST
from gating import Ran, run, write

ALLOWED = {"zeroweight", "zeroweight.plugin", "zeroweight.plugin.entry", "zeroweight.hooks"}
MODULES = """
import json, pathlib, sys
def pytest_unconfigure():
    pathlib.Path("modules.json").write_text(json.dumps(sorted(sys.modules)))
"""
CLASHES = """
import pytest
def pytest_addoption(parser):
    for name in ("--baseline", "--canary", "--schema", "--output", "--task"):
        parser.addoption(name, default="theirs")
    parser.addini("baseline", "theirs")
@pytest.fixture(params=["a", "b"])
def operation(request):
    return request.param
@pytest.fixture
def trial(request):
    return request.config.getoption("--baseline")
@pytest.fixture
def role(): return "theirs"
"""
THEIRS = """
def test_theirs(operation, trial, role):
    assert (operation in "ab", trial, role) == (True, "theirs", "theirs")
"""


def project(folder: Path, *args: str, files: dict[str, str]) -> Ran:
    write(folder, {"pytest.ini": "[pytest]\n", **files})
    return run(folder, (*PYTEST, "-p", "no:cacheprovider", *args))


def modules(folder: Path) -> set[str]:
    told: list[str] = json.loads((folder / "modules.json").read_text())
    return set(told)


def test_an_unused_plugin_loads_next_to_nothing(tmp_path: Path) -> None:
    files = {"conftest.py": MODULES, "test_a.py": "def test_a(): pass\n"}
    assert project(tmp_path, "-p", "no:zeroweight", files=files).status == 0
    without = modules(tmp_path)
    assert project(tmp_path, files=files).status == 0
    assert modules(tmp_path) - without == ALLOWED - without


@pytest.mark.parametrize("args", [(), ("-n", "2"), ("-W", "error", "--strict-config", "--strict-markers")])
def test_foreign_options_and_fixtures_of_our_words_are_theirs(tmp_path: Path, args: tuple[str, ...]) -> None:
    ran = project(tmp_path, *args, files={"conftest.py": CLASHES, "test_theirs.py": THEIRS})
    assert ran.status == 0, ran.out
    assert "2 passed" in ran.last


def test_a_foreign_project_with_its_own_options_is_left_alone(tmp_path: Path) -> None:
    ini = "[pytest]\naddopts = -q --import-mode=prepend -p no:cacheprovider\nfilterwarnings = error\n"
    ran = project(
        tmp_path, files={"pytest.ini": ini, "test_a.py": "def test_a(request):\n    assert request.config.option.importmode == 'prepend'\n"}
    )
    assert (ran.status, ran.last.startswith("1 passed")) == (0, True), ran.out
    assert not (tmp_path / "zeroweight-out").exists()


def test_nothing_of_ours_is_among_a_foreign_projects_fixtures(tmp_path: Path) -> None:
    ran = project(tmp_path, "--fixtures", files={"test_a.py": "def test_a(): pass\n"})
    assert ran.status == 0
    assert not [line for line in ran.out.splitlines() if line.startswith(("trial", "operation"))]


def test_a_suite_without_a_gate_says_what_it_lacks(tmp_path: Path) -> None:
    suite = "from zeroweight import Operation, Trial\ndef test_x(trial: Trial, operation: Operation) -> None: ...\n"
    ran = project(tmp_path, files={"test_x.py": suite})
    assert ran.status == 2
    assert "test_x is a suite, and asks for a trial: run it by pytest --zeroweight GATE.TOML" in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_every_option_carries_the_prefix(tmp_path: Path) -> None:
    ran = project(tmp_path, "--help", files={})
    section: Any = ran.out.partition("zeroweight: the security gate")[2].partition("\n\n")[0]
    options = [word for line in section.splitlines() for word in line.split()[:1] if word.startswith("-")]
    assert options
    assert all(option.startswith("--zeroweight") for option in options)
