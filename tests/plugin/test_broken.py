"""Whatever breaks beside the gate makes it INCONCLUSIVE, and is told; nothing makes it FAIL or PASS."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest
from gating import COMMAND, NARROW, OUT, PYTEST, Ran

Gate = Callable[..., Ran]

OWN = NARROW + 'paths = ["own"]\n'
WRITER = """
import zeroweight.writers.page as page
def boom(*args, **more): raise RuntimeError("no ink")
page.write = boom
"""
HOOK = "def pytest_zeroweight_verdict(verdict, record): raise RuntimeError('no news')\n"
EXITS = "import sys\ndef pytest_zeroweight_verdict(verdict, record): sys.exit(0)\n"
CHECKS = "def pytest_zeroweight_checks(): raise RuntimeError('no checks')\n"
LATE = "def pytest_sessionfinish(): raise RuntimeError('late trouble')\n"
LEAVES = "import pytest\ndef pytest_sessionfinish(): pytest.exit('enough', returncode=0)\n"
QUITS = "import sys\ndef pytest_sessionfinish(): sys.exit(0)\n"
QUITS_LAST = "import sys\ndef pytest_unconfigure(): sys.exit(0)\n"
OUTERMOST = """
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish():
    yield
    pytest.exit('enough', returncode=0)
"""
NO_RECORD = """
import zeroweight.plugin.ending as ending
write = ending.write
def boom(document, path, redactor):
    if path.name == "record.json": raise OSError("no room for the record")
    write(document, path, redactor)
ending.write = boom
"""
NO_VERDICT = """
import zeroweight.plugin.ending as ending
write = ending.write
def boom(document, path, redactor):
    if path.name == "verdict.json" and document.run.finished and document.verdict == "PASS": raise OSError("no room for a verdict")
    write(document, path, redactor)
ending.write = boom
"""
DIES = """
import os, signal
def pytest_zeroweight_verdict(verdict, record): os.kill(os.getpid(), signal.SIGKILL)
"""
DIES_LATER = """
import os, signal
def pytest_sessionfinish(): os.kill(os.getpid(), signal.SIGKILL)
"""
PREPARE = """
import zeroweight.plugin.gate as gate
def boom(*args): raise RuntimeError("no plan")
gate.prepare = boom
"""
CRASH = """
import os, signal
from zeroweight import Operation, Trial
OWES = ("operation",)
def test_crash(trial: Trial, operation: Operation) -> None:
    trial.send([operation.example()])
    if operation.path == "/health":
        os.kill(os.getpid(), signal.SIGKILL)
"""
FAILING = "def test_mine():\n    assert 1 == 2, 'mine alone'\n"
UNCOLLECTABLE = "import nowhere_to_be_found\n"
IDLE = "from zeroweight import Trial\ndef test_idle(trial: Trial): pass\n"


@pytest.mark.parametrize(
    ("conftest", "code", "said"),
    [
        pytest.param(WRITER, "writer-failed", "no ink", id="a writer"),
        pytest.param(HOOK, "writer-failed", "no news", id="a verdict hook"),
        pytest.param(EXITS, "writer-failed", "SystemExit", id="a verdict hook that exits"),
        pytest.param(CHECKS, "foreign-test-failed", "no checks", id="a checks hook"),
        pytest.param(LATE, "writer-failed", "late trouble", id="another plugin at the end"),
        pytest.param(LEAVES, "writer-failed", "enough", id="another plugin that leaves by pytest.exit"),
        pytest.param(QUITS, "writer-failed", "SystemExit", id="another plugin that leaves by sys.exit"),
        pytest.param(NO_RECORD, "writer-failed", "no room for the record", id="a record that cannot be written"),
        pytest.param(NO_VERDICT, "writer-failed", "no room for a verdict", id="a last word that cannot be written"),
        pytest.param(PREPARE, "prepare-failed", "no plan", id="preparing"),
    ],
)
def test_what_raises_is_told_and_takes_the_pass_away(gate: Gate, conftest: str, code: str, said: str) -> None:
    ran = gate(files={"conftest.py": conftest})
    ran.said("INCONCLUSIVE", 10)
    assert code in ran.codes
    assert said in " ".join(reason["text"] for reason in ran.verdict["reasons"])
    assert said in " ".join(ran.summary)


@pytest.mark.parametrize("conftest", [LATE, NO_RECORD, NO_VERDICT])
def test_the_reason_is_shown_however_quiet_pytest_is(gate: Gate, conftest: str) -> None:
    ran = gate(files={"conftest.py": conftest}, args=("-qq", "--no-summary"))
    ran.said("INCONCLUSIVE", 10)
    assert ran.verdict["run"]["finished"] is True
    assert [word for word in ("late trouble", "no room") if word in ran.out]


@pytest.mark.parametrize("conftest", [DIES, DIES_LATER])
def test_whoever_kills_the_run_while_reports_are_written_finds_no_pass(gate: Gate, conftest: str) -> None:
    ran = gate(files={"conftest.py": conftest})
    assert ran.status == -signal.SIGKILL
    assert (ran.word, ran.verdict["run"]["finished"], ran.codes) == ("INCONCLUSIVE", False, ["unfinished"])
    record = json.loads((ran.folder / OUT / "record.json").read_text())
    assert record["summary"] == ran.verdict


@pytest.mark.parametrize("conftest", [LEAVES, QUITS, QUITS_LAST, OUTERMOST])
def test_no_plugin_can_turn_a_fail_into_status_0(gate: Gate, conftest: str) -> None:
    gate(flaws=("open-admin",), files={"conftest.py": conftest}).said("FAIL", 1)


def test_a_broken_hook_does_not_hide_a_finding(gate: Gate) -> None:
    ran = gate(flaws=("open-admin",), files={"conftest.py": HOOK})
    ran.said("FAIL", 1)
    assert "writer-failed" in ran.codes


def test_a_junit_report_that_cannot_be_written_takes_the_pass_away(gate: Gate) -> None:
    ran = gate(args=("--junitxml=gate.toml/junit.xml",))
    ran.said("INCONCLUSIVE", 10)
    assert "writer-failed" in ran.codes


@pytest.mark.parametrize(
    ("suite", "code", "said"),
    [
        pytest.param(FAILING, "foreign-test-failed", "mine alone", id="a test that fails"),
        pytest.param(UNCOLLECTABLE, "suite-broken", "nowhere_to_be_found", id="a file that cannot be collected"),
    ],
)
def test_a_foreign_test_makes_it_inconclusive(gate: Gate, suite: str, code: str, said: str) -> None:
    ran = gate(more=OWN, files={"own/test_mine.py": suite})
    ran.said("INCONCLUSIVE", 10)
    assert code in ran.codes
    assert said in " ".join(reason["text"] for reason in ran.verdict["reasons"])


def test_a_suite_that_sends_nothing_is_a_gap(gate: Gate) -> None:
    ran = gate(more=OWN, files={"own/test_idle.py": IDLE})
    ran.said("INCONCLUSIVE", 10)
    assert "idle" in " ".join(reason["text"] for reason in ran.verdict["reasons"])


def test_a_worker_that_dies_makes_it_inconclusive(gate: Gate) -> None:
    ran = gate(more=OWN, files={"own/test_crash.py": CRASH}, args=("-n", "2"))
    # A worker that dies while xdist ends another one breaks xdist itself, and pytest's own status for that stays.
    ran.said("INCONCLUSIVE", 3 if "INTERNALERROR" in ran.out else 10)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(gate: Gate) -> None:
    ran = gate(args=("--zeroweight-output", "gate.toml/out"))
    assert ran.status == 4
    assert "output.folder" in ran.err
    assert "Traceback" not in ran.out + ran.err


def test_yesterdays_failures_are_not_all_of_today(gate: Gate) -> None:
    """`--lf` runs what failed last time, and that is not the whole gate."""
    cached = (*PYTEST, "--zeroweight", "gate.toml", "--lf")
    gate(flaws=("open-admin",), line=cached).said("FAIL", 1)
    gate(line=cached).said("INCONCLUSIVE", 10)


def test_another_status_of_a_plugin_is_not_ours(gate: Gate) -> None:
    """A plugin that sets a status of its own at the end does not turn FAIL into it."""
    ran = gate(flaws=("open-admin",), files={"conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 0\n"})
    ran.said("FAIL", 1)


def test_the_command_believes_no_forged_verdict(gate: Gate) -> None:
    forger = """
import json, pathlib
def pytest_unconfigure():
    path = pathlib.Path("zeroweight-out/verdict.json")
    told = json.loads(path.read_text()); told["verdict"] = "PASS"; told["run"]["id"] = "another"
    path.write_text(json.dumps(told))
"""
    ran = gate(line=(COMMAND, "run", "gate.toml"), files={"conftest.py": forger})
    assert (ran.status, ran.last) == (10, "INCONCLUSIVE")
