"""What a person at a terminal sees: phase lines while it runs, and at most fifteen lines at the end. No control character of a target's.

Every line is written once and stays: a log of CI's reads like a terminal. Colours are pytest's own matter.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import pytest

from zeroweight.compare import causes
from zeroweight.record import Record
from zeroweight.session.conclude import Balance
from zeroweight.verdict import Action, Policy, Reason, Verdict, Word
from zeroweight.writers import harmless as text_of_anybody
from zeroweight.writers.telling import ASKS, asked, count, counted, surety

MOST_REASONS = 8
COLOURS = {Word.PASS: {"green": True}, Word.FAIL: {"red": True}, Word.INCONCLUSIVE: {"yellow": True}}
LONG = 10.0
"""Seconds after which a phase is long: a job that says nothing for minutes is taken for dead."""
EACH = 30.0
"""Seconds between two lines of a long phase."""


def harmless(text: str) -> str:
    """Return text of a target's as one line that cannot move the cursor, hide, reorder or command anything."""
    return text_of_anybody.line(text)


class Screen:
    """Writes through pytest's own reporter, so that its colour rules and `-q` hold."""

    def __init__(self, config: pytest.Config, clock: Callable[[], float] = time.monotonic) -> None:
        """Find the reporter; without one (`-p no:terminal`) nothing is written."""
        self._config = config
        self._clock = clock
        self._began = clock()
        self._last = self._began
        self._long = False

    def say(self, text: str) -> None:
        """Write the line with which a phase begins, unless pytest was told to be quiet."""
        self._long = False
        self._write(text)

    def go_on(self, told: Callable[[], str]) -> None:
        """Write how a long phase is getting on, when it is time to: after ten seconds, and then every thirty."""
        if self._clock() - self._last >= (EACH if self._long else LONG):
            self._long = True
            self._write(told())

    def _write(self, text: str) -> None:
        self._last = self._clock()
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or self._config.get_verbosity() < 0:
            return
        with self._uncaptured():
            reporter.ensure_newline()
            reporter.write_line(f"zeroweight {self._last - self._began:5.1f} s  {harmless(text)}")
            reporter.flush()

    def tell(self, text: str) -> None:
        """Write what must be known however quiet pytest is, and without a reporter, too."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        line = f"zeroweight: {harmless(text)}"
        with self._uncaptured():
            if reporter is None:
                sys.stderr.write(f"{line}\n")
                return
            reporter.ensure_newline()
            reporter.write_line(line, red=True)
            reporter.flush()

    @contextmanager
    def _uncaptured(self) -> Iterator[None]:
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        if capture is None:
            yield
            return
        with capture.global_and_fixture_disabled():
            yield


def summary(reporter: pytest.TerminalReporter, record: Record, verdict: Verdict, sums: Balance, policy: Policy, where: str) -> None:
    """Write the end: the verdict, why, how sure, what was not tested, and where the rest stands."""
    plain = msgspec.to_builtins(record)
    reporter.section("zeroweight")
    reporter.write(verdict.word.value, bold=True, **COLOURS[verdict.word])
    reporter.write_line(f"  {harmless(_who(record))}: {ASKS[verdict.word]}")
    lines = [*_findings(sums, policy), *_reasons(verdict, sums, policy)]
    for line in lines[:MOST_REASONS]:
        reporter.write_line(f"  {harmless(line)}")
    if len(lines) > MOST_REASONS:
        reporter.write_line(f"  … and {len(lines) - MOST_REASONS} more; all of them stand in the report")
    reporter.write_line(counted(plain))
    reporter.write_line(f"asked again: {surety(plain)}")
    reporter.write_line(asked(plain))
    if record.leftovers:
        reporter.write_line(f"left behind: {count(len(record.leftovers), 'object')}, the first: {harmless(record.leftovers[0])}")
    reporter.write_line(f"files: {where}")


def bare(reporter: pytest.TerminalReporter, failures: Sequence[Reason], where: str) -> None:
    """Write the end of a run that has only reasons: it could not be prepared, or what it came to could not be written."""
    reporter.section("zeroweight")
    reporter.write("INCONCLUSIVE", bold=True, yellow=True)
    reporter.write_line("  there is nothing to show: " + ASKS[Word.INCONCLUSIVE])
    for reason in failures[:MOST_REASONS]:
        reporter.write_line(f"  {harmless(_line(reason))}")
    reporter.write_line(f"files: {where}")


def _who(record: Record) -> str:
    """Say what was judged, and against what."""
    told = record.summary
    builds = {side: target.build for side, target in told.targets.items()}
    canary, baseline = builds.get("canary", ""), builds.get("baseline", "")
    return f"{told.service} {canary}".strip() + (f" (baseline {baseline})" if baseline else "")


def _findings(sums: Balance, policy: Policy) -> list[str]:
    """Return one line a cause that blocks: a reader is told once, with the number of places."""
    blocking = [delta for delta in sums.deltas if policy.weigh(delta) is Action.BLOCK]
    lines = []
    for cause in causes(blocking):
        more = len(cause.deltas) - 1
        places = f" and {count(more, 'more place')}" if more else ""
        lines.append(f"{cause.severity.word:<8} {cause.title}: {cause.deltas[0].place}{places} [{cause.rule}]")
    return lines


def _reasons(verdict: Verdict, sums: Balance, policy: Policy) -> list[str]:
    """Return the reasons that are not findings."""
    blocking = {delta.rule for delta in sums.deltas if policy.weigh(delta) is Action.BLOCK}
    return [_line(reason) for reason in verdict.reasons if reason.code not in blocking and reason.code != "no-regression"]


def _line(reason: Reason) -> str:
    return f"{reason.code}: {reason.text}"
