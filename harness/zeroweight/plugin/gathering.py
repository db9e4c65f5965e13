"""What the controller hears from tests, wherever they ran: results taken off reports, and what failed without being a finding."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import msgspec
import pytest

from zeroweight.plugin import verdict_item
from zeroweight.redact import Redactor
from zeroweight.session.conclude import Gathered
from zeroweight.trial.result import TrialResult
from zeroweight.verdict import Action, Policy, Reason

ROOM = 16 << 20
"""Bytes of exhibits that are kept whole until the end; what comes later keeps its worst one a test, so that memory has a bound."""


class Gathering:
    """Takes reports one by one; whatever was booked last is told last."""

    def __init__(self, redactor: Redactor) -> None:
        """Have heard nothing yet."""
        self._redactor = redactor
        self._broken: dict[str, list[str]] = {}
        self._room = ROOM
        self.gathered = Gathered()
        self.policy: Policy | None = None
        """What tells a finding from a broken suite; known as soon as the run is prepared."""

    def fail(self, code: str, text: str) -> None:
        """Book what broke in the harness or beside it."""
        self.gathered.failures.append(Reason(code=code, text=self._redactor.text(text)))

    @property
    def last(self) -> str:
        """What was booked last."""
        return self.gathered.failures[-1].text

    def take(self, report: pytest.TestReport) -> bool:
        """Take the result off a test's report; returns whether it blocks."""
        plain = report.__dict__.pop("zeroweight_result", None)
        if report.nodeid == verdict_item.NODE:
            return False
        blocks = False
        if plain is not None:
            result = self._within_room(msgspec.convert(json.loads(plain), TrialResult))
            self.gathered.results.append(result)
            blocks = self.policy is not None and any(self.policy.weigh(delta) is Action.BLOCK for delta in result.deltas)
        if report.when == "call" or report.failed:
            self.gathered.tests[report.nodeid] = report.outcome
        if str(report.when) == "???":  # xdist's word for the test that a dead worker was at
            self.fail("worker-died", f"a worker died while it ran {report.nodeid}")
        elif report.failed and plain is None:
            self._broken.setdefault("foreign-test-failed", []).append(f"{report.nodeid} in {report.when}: {_last_line(report)}")
        elif report.failed and not blocks:
            self._broken.setdefault("suite-broken", []).append(f"{report.nodeid}: {_last_line(report)}")
        return blocks

    def _within_room(self, result: TrialResult) -> TrialResult:
        """Return the result with as many exhibits as there is room for; they stand worst first."""
        self._room -= len(msgspec.json.encode(result.exhibits))
        return result if self._room > 0 else replace(result, exhibits=dict(itertools.islice(result.exhibits.items(), 1)))

    def take_module(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be collected: a broken suite."""
        if report.failed:
            self.fail("suite-broken", f"{report.nodeid} could not be collected: {_last_line(report)}")

    def book_broken(self) -> None:
        """Book tests that failed, and not by a finding: one reason a kind, however many."""
        for code, tests in self._broken.items():
            many = f"{len(tests)} tests failed" if len(tests) > 1 else "a test failed"
            self.fail(code, f"{many}, and not by a finding: {tests[0]}")
        self._broken.clear()


def _last_line(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Say in one line what went wrong."""
    crash = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
    return str(crash).partition("\n")[0] or report.longreprtext.strip().rpartition("\n")[2]
