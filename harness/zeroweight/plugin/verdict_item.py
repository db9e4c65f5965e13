"""The verdict as a pytest item, so that pytest's last line and JUnit agree with it."""

from __future__ import annotations

from typing import Literal

import pytest

from zeroweight.verdict import Verdict, Word
from zeroweight.writers.harmless import line
from zeroweight.writers.telling import ASKS, count

NODE = "zeroweight::verdict"
FIRST = 400
"""Characters of the first line: pytest cuts JUnit's `message` at 500, and GitLab and Jenkins show little more."""


def announce(config: pytest.Config, verdict: Verdict) -> None:
    """Report the verdict: PASS as passed, FAIL as failed, INCONCLUSIVE as an error in setup."""
    said = told(verdict)
    failing = {Word.PASS: "", Word.FAIL: "call", Word.INCONCLUSIVE: "setup"}[verdict.word]
    phases: tuple[Literal["setup", "call", "teardown"], ...] = ("setup", "call", "teardown")
    for when in phases:
        if failing == "setup" and when == "call":
            continue
        failed = when == failing
        report = pytest.TestReport(
            nodeid=NODE,
            location=("zeroweight", None, "verdict"),
            keywords={},
            outcome="failed" if failed else "passed",
            longrepr=said if failed else None,
            when=when,
        )
        config.hook.pytest_runtest_logreport(report=report)


def told(verdict: Verdict) -> str:
    """Return the verdict with its reasons; the first line is the whole fact, since many readers are shown no more."""
    reasons = [f"{reason.code}: {reason.text}" for reason in verdict.reasons]
    others = f" (and {count(len(reasons) - 1, 'more reason')})" if reasons[1:] else ""
    why = f": {line(reasons[0], FIRST - 100)}{others}" if reasons else ""
    return "\n".join([f"{verdict.word}: {ASKS[verdict.word]}{why}", *map(line, reasons)])
