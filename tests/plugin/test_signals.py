"""A run that is told to end cleans up, and never passes; one that is killed leaves no PASS behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gating
import pytest
from gating import COMMAND, NARROW, OUT, PLAIN, RUN, YESTERDAY, Child, Pairs, Ran, write
from small_service import Hold, Small, gate_file

READ = ("GET", "/notes/")
REMOVE = ("DELETE", "/notes/")


class Midway:
    """A gate that waits for the canary's answer to a read of an object that it made."""

    def __init__(self, pairs: Pairs, child: Child, canary: Small, baseline: Small, hold: Hold) -> None:
        self.street, self.child, self.canary, self.baseline, self.hold = pairs.street, child, canary, baseline, hold

    def end(self) -> Ran:
        """Wait for the end, and look whether the gate took away what it made."""
        ran = self.child.end()
        assert self.canary.objects
        assert self.baseline.objects
        return ran


@contextmanager
def midway(pairs: Pairs, folder: Path, *args: str, line: tuple[str, ...] = PLAIN, more: str = NARROW) -> Iterator[Midway]:
    baseline, canary = pairs.fresh()
    hold = pairs.street.hold(canary, *READ, after=1)  # the first one is asked anonymously, before any test
    write(folder, {"gate.toml": gate_file(baseline, canary, more=more, grace=2), f"{OUT}/verdict.json": YESTERDAY})
    with Child(folder, (*line, *args)) as child:
        assert hold.came.wait(60), child.end().out
        yield Midway(pairs, child, canary, baseline, hold)
        pairs.street.release(canary)


def told(folder: Path) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads((folder / OUT / "verdict.json").read_text())
    return verdict


def reasons(ran: Ran) -> str:
    return json.dumps(ran.verdict["reasons"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_in_order(pairs: Pairs, tmp_path: Path, number: signal.Signals) -> None:
    with midway(pairs, tmp_path) as run:
        run.child.signal(number)
        ran = run.end()
        ran.said("INCONCLUSIVE", 10)
        assert number.name in reasons(ran)
        assert (run.canary.left, run.baseline.left) == ([], [])
        assert "Traceback" not in ran.out + ran.err
        assert ran.verdict["run"]["finished"] is True
        assert len(ran.summary) <= 15


def test_a_run_that_is_not_held_up_ends_by_itself(pairs: Pairs, tmp_path: Path) -> None:
    """What is under way comes home, and its findings count."""
    with midway(pairs, tmp_path) as run:
        run.child.signal(signal.SIGTERM)
        pairs.street.release(run.canary)
        ran = run.end()
        ran.said("INCONCLUSIVE", 10)
        assert (run.canary.left, run.baseline.left) == ([], [])


def test_a_second_signal_does_not_stop_the_clean_up(pairs: Pairs, tmp_path: Path) -> None:
    with midway(pairs, tmp_path) as run:
        removing = pairs.street.hold(run.canary, *REMOVE)
        run.child.signal(signal.SIGTERM)
        assert removing.came.wait(60)
        run.child.signal(signal.SIGTERM)
        run.child.signal(signal.SIGINT)
        pairs.street.release(run.canary)
        ran = run.end()
        ran.said("INCONCLUSIVE", 10)
        assert (run.canary.left, run.baseline.left) == ([], [])
        assert "Traceback" not in ran.out + ran.err


def test_a_killed_run_has_no_verdict_but_that_it_did_not_finish(pairs: Pairs, tmp_path: Path) -> None:
    with midway(pairs, tmp_path) as run:
        run.child.signal(signal.SIGKILL)
        ran = run.end()
        ran.said("INCONCLUSIVE", -signal.SIGKILL)
        assert ran.codes == ["unfinished"]
        assert ran.verdict["run"]["finished"] is False


def test_what_a_killed_run_made_is_told_by_the_next_ones_and_left_alone(pairs: Pairs, tmp_path: Path) -> None:
    with midway(pairs, tmp_path) as run:
        run.child.signal(signal.SIGKILL)
        run.end()
    assert run.canary.left
    assert run.baseline.left
    (journals,) = (tmp_path / OUT / "journals").iterdir()
    assert "tok-" not in "".join(path.read_text() for path in journals.iterdir())
    left = (list(run.canary.left), list(run.baseline.left))
    for _ in range(2):  # it is told until somebody removes it
        gating.run(tmp_path, PLAIN).said("PASS", 0)
        assert (run.canary.left, run.baseline.left) == left
        leftovers = json.loads((tmp_path / OUT / "record.json").read_text())["leftovers"]
        assert leftovers
        assert all(text.startswith(f"left by run {journals.name}, which was killed: ") for text in leftovers), leftovers


def test_a_run_whose_command_was_killed_ends_in_order(pairs: Pairs, tmp_path: Path) -> None:
    with midway(pairs, tmp_path, line=RUN) as run:
        run.child.signal(signal.SIGKILL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not told(tmp_path)["run"]["finished"]:
            time.sleep(0.1)
        assert told(tmp_path)["verdict"] == "INCONCLUSIVE"
        assert "SIGTERM" in json.dumps(told(tmp_path)["reasons"])
        assert (run.canary.left, run.baseline.left) == ([], [])


def test_the_doctor_passes_a_signal_on(pairs: Pairs, tmp_path: Path) -> None:
    baseline, canary = pairs.fresh()
    hold = pairs.street.hold(canary, "GET", "/openapi.json")
    write(tmp_path, {"gate.toml": gate_file(baseline, canary, more=NARROW)})
    with Child(tmp_path, (COMMAND, "doctor", "gate.toml")) as child:
        assert hold.came.wait(60)
        child.signal(signal.SIGTERM)
        ran = child.end()
        pairs.street.release(canary)
    assert ran.status == 10
    assert "SIGTERM" in ran.out
    assert not (tmp_path / OUT).exists()


def test_a_signal_to_a_run_with_workers_cleans_up_after_them(pairs: Pairs, tmp_path: Path) -> None:
    with midway(pairs, tmp_path, "-n", "2") as run:
        run.child.signal(signal.SIGTERM)
        ran = run.end()
        ran.said("INCONCLUSIVE", 10)
        # A worker may be killed between an answer and its journal: what it made just then is told instead.
        told = json.loads((ran.folder / OUT / "record.json").read_text())["leftovers"]
        assert len(run.canary.left) + len(run.baseline.left) <= len(told)


def test_the_command_passes_a_signal_on(pairs: Pairs, tmp_path: Path) -> None:
    with midway(pairs, tmp_path, line=RUN) as run:
        run.child.signal(signal.SIGTERM)
        ran = run.end()
        ran.said("INCONCLUSIVE", 10)
        assert ran.last == "INCONCLUSIVE"
        assert "SIGTERM" in reasons(ran)
        assert (run.canary.left, run.baseline.left) == ([], [])


def test_a_signal_before_the_first_test_is_a_verdict_too(pairs: Pairs, tmp_path: Path) -> None:
    baseline, canary = pairs.fresh()
    hold = pairs.street.hold(canary, "GET", "/openapi.json")
    write(tmp_path, {"gate.toml": gate_file(baseline, canary, more=NARROW), f"{OUT}/verdict.json": YESTERDAY})
    with Child(tmp_path, PLAIN) as child:
        assert hold.came.wait(60)
        child.signal(signal.SIGTERM)
        ran = child.end()
        pairs.street.release(canary)
    ran.said("INCONCLUSIVE", 10)
    assert ran.codes == ["interrupted"]
    assert "SIGTERM" in reasons(ran)
