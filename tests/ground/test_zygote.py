"""Forked gates are gates as the command line runs them: each by itself, measured, and ended for sure."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from gates import COMMAND, PYTEST, Gates, Job
from talk import GoneError, Talker

PATIENCE: Final = 60.0
PASSING: Final = "def test_it():\n    pass\n"
FAILING: Final = "def test_it():\n    assert False\n"


@pytest.fixture(scope="module")
def zygote() -> Iterator[Talker]:
    with Talker("zygote.py") as talker:
        yield talker


@pytest.fixture(scope="module")
def gates() -> Iterator[Gates]:
    made = Gates()
    yield made
    made.close()


def forked(
    zygote: Talker, folder: Path, test: str, *, limit: float = PATIENCE, environment: Mapping[str, str] | None = None, cut: bool = False
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    arguments = ["-q", "-s", "-p", "no:cacheprovider", "test_it.py"]
    return zygote.ask(
        folder=str(folder),
        arguments=arguments,
        environment=dict(environment or {}),
        limit=limit,
        without=[],
        cut=cut,
        shelf="",
        timeout=2 * PATIENCE,
    )


def words(folder: Path) -> str:
    return (folder / "output.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("test", "status"), [(PASSING, 0), (FAILING, 1), ("import no_such_module\n", 2), ("", 5)])
def test_the_status_is_what_pytest_came_to(zygote: Talker, tmp_path: Path, test: str, status: int) -> None:
    told = forked(zygote, tmp_path, test)
    assert told["status"] == status
    assert told["cpu"] > 0
    assert told["memory"] > 0


def test_a_child_that_dies_is_told_by_its_signal(zygote: Talker, tmp_path: Path) -> None:
    assert forked(zygote, tmp_path, "import os\n\n\ndef test_it():\n    os.abort()\n")["status"] == -6


def test_environment_folder_and_random_state_are_the_child_s_own(zygote: Talker, tmp_path: Path) -> None:
    tell = "import os, random\n\n\ndef test_it():\n    print('told', os.environ.get('SHOWN'), os.getcwd(), random.random())\n"
    environments: dict[str, dict[str, str]] = {"one": {"SHOWN": "yes"}, "two": {}}
    for name, more in environments.items():
        assert forked(zygote, tmp_path / name, tell, environment=more)["status"] == 0
    (first,), (second,) = (re.findall(r"told (\S+) (\S+) (\S+)", words(tmp_path / name)) for name in ("one", "two"))
    assert (first[0], second[0]) == ("yes", "None")
    assert [Path(each[1]).name for each in (first, second)] == ["one", "two"]
    assert first[2] != second[2]


def test_two_gates_run_at_the_same_time(zygote: Talker, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    # Opening either end waits for the other one.
    reader = f"def test_it():\n    assert open({str(tmp_path / 'pipe')!r}).read() == 'met'\n"
    writer = f"def test_it():\n    open({str(tmp_path / 'pipe')!r}, 'w').write('met')\n"
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(forked, zygote, tmp_path / name, test) for name, test in (("reader", reader), ("writer", writer))]
        assert [each.result()["status"] for each in told] == [0, 0]


def test_a_gate_past_its_limit_is_killed(zygote: Talker, tmp_path: Path) -> None:
    assert forked(zygote, tmp_path, "import signal\n\n\ndef test_it():\n    signal.pause()\n", limit=0.5)["status"] == -9


def test_what_a_gate_leaves_behind_is_killed(zygote: Talker, tmp_path: Path) -> None:
    start = (
        "import pathlib, subprocess, sys\n\n\ndef test_it():\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "    pathlib.Path('pid').write_text(str(child.pid))\n    child.returncode = 0\n"
    )
    assert forked(zygote, tmp_path, start)["status"] == 0
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(pid).wait(PATIENCE)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_gates_that_run_are_killed_when_nobody_asks_any_more(tmp_path: Path) -> None:
    zygote = Talker("zygote.py")
    os.mkfifo(tmp_path / "pipe")
    hang = f"import signal\n\n\ndef test_it():\n    open({str(tmp_path / 'pipe')!r}, 'w').write('here')\n    signal.pause()\n"
    gone: list[GoneError] = []

    def ask() -> None:
        try:
            forked(zygote, tmp_path, hang)
        except GoneError as error:
            gone.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert (tmp_path / "pipe").read_text(encoding="utf-8") == "here"  # so long it runs
    (child,) = psutil.Process(zygote.pid).children()
    zygote.close()
    asking.join(PATIENCE)
    assert len(gone) == 1
    psutil.wait_procs([child], timeout=PATIENCE)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_the_zygote_has_one_thread_and_children_that_hang_would_show(zygote: Talker, tmp_path: Path) -> None:
    assert forked(zygote, tmp_path, PASSING)["status"] == 0
    assert psutil.Process(zygote.pid).num_threads() == 1


def test_a_forked_gate_is_given_what_the_command_gives_pytest(tmp_path: Path) -> None:
    told = subprocess.run([COMMAND, "run", "nowhere.toml"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    line = told.stderr.partition("zeroweight: ")[2].partition("\n")[0].split()
    assert line[1:] == [*PYTEST, "nowhere.toml"]


@pytest.mark.parametrize(
    ("job", "verdict"),
    [
        (Job(name="clean"), "PASS"),
        (Job(name="flawed", flaws=("csp-gone",)), "FAIL"),
        (Job(name="nobody looks", flaws=("csp-gone",), without=("headers.csp-lost",)), "INCONCLUSIVE"),  # a lost rule is a gap
        (Job(name="one role", flaws=("order-read-foreign",), roles=1), "PASS"),
        (Job(name="two roles", flaws=("order-read-foreign",), roles=2), "FAIL"),
        (Job(name="read only", flaws=("order-delete-foreign",), level="read-only"), "PASS"),
    ],
    ids=lambda value: value.name if isinstance(value, Job) else value,
)
def test_a_forked_gate_says_what_its_job_deserves(gates: Gates, job: Job, verdict: str) -> None:
    answer = gates.answer(job)
    assert answer.verdict == verdict, answer.output
    assert answer.requests > 100
    assert any(found.rule == "headers.csp-lost" for found in answer.findings) is (job.name == "flawed")


def test_a_gate_by_the_other_driver_sends_nothing_by_the_wire(gates: Gates) -> None:
    answer = gates.answer(Job(name="clean", driver="httpx"))
    assert answer.verdict == "PASS", answer.output
    assert answer.requests > 100


def test_what_goes_by_a_cut_wire_breaks(zygote: Talker, tmp_path: Path) -> None:
    asks = (
        "import asyncio\n\nimport pytest\n\nfrom zeroweight.drivers.wire import WireLine\n\n\n"
        "def test_it():\n    with pytest.raises(ConnectionError, match='cut'):\n        asyncio.run(WireLine.send(None, None, cap=1))\n"
    )
    assert [forked(zygote, tmp_path / str(cut), asks, cut=cut)["status"] for cut in (True, False)] == [0, 1]


def test_a_rule_that_no_check_has_cannot_be_switched_off(gates: Gates) -> None:
    answer = gates.answer(Job(name="clean", without=("no.such-rule",)))
    assert answer.verdict == "none with status 70"
