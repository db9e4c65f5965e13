"""The verdict as a pytest item, so that pytest's last line and JUnit agree with it."""

from __future__ import annotations

from typing import Literal

import pytest

from zeroweight.plugin.terminal import harmless
from zeroweight.verdict import Verdict, Word

NODE = "zeroweight::verdict"


def announce(config: pytest.Config, verdict: Verdict) -> None:
    """Report the verdict: PASS as passed, FAIL as failed, INCONCLUSIVE as an error in setup."""
    said = "\n".join([verdict.word.value, *(harmless(f"{reason.code}: {reason.text}") for reason in verdict.reasons)])
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
