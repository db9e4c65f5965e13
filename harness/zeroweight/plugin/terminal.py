"""What a person at a terminal sees: phase lines while it runs, and at most fifteen lines at the end. No control character of a target's."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from zeroweight.compare import causes
from zeroweight.record import Record
from zeroweight.session.conclude import Balance
from zeroweight.verdict import Action, Policy, Reason, Verdict, Word

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
MOST_REASONS = 8
WIDTH = 240
COLOURS = {Word.PASS: {"green": True}, Word.FAIL: {"red": True}, Word.INCONCLUSIVE: {"yellow": True}}
ACTIONS = {
    Word.PASS: "give it users",
    Word.FAIL: "do not give it users",
    Word.INCONCLUSIVE: "do not decide by this run",
}


def harmless(text: str) -> str:
    """Return text of a target's as one line that cannot move the cursor, hide or reorder anything."""
    shown = HARMFUL.sub(lambda found: f"\\u{ord(found.group()):04x}", text.replace("\n", " ").replace("\t", " "))
    return shown if len(shown) <= WIDTH else shown[: WIDTH - 1] + "…"


class Screen:
    """Writes through pytest's own reporter, so that its colour rules and `-q` hold."""

    def __init__(self, config: pytest.Config) -> None:
        """Find the reporter; without one (`-p no:terminal`) nothing is written."""
        self._config = config
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Write one phase line, unless pytest was told to be quiet."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or self._config.get_verbosity() < 0:
            return
        with self._uncaptured():
            reporter.ensure_newline()
            reporter.write_line(f"zeroweight {time.monotonic() - self._began:5.1f} s  {harmless(text)}")
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
    """Write the end: the verdict, why, what was not tested, and where the rest stands."""
    told = record.summary
    reporter.section("zeroweight")
    build = told.targets["canary"].build
    reporter.write(verdict.word.value, bold=True, **COLOURS[verdict.word])
    reporter.write_line(f"  {harmless(f'{told.service} {build}'.strip())}: {ACTIONS[verdict.word]}")
    lines = [*_findings(sums, policy), *_reasons(verdict, sums, policy)]
    for line in lines[:MOST_REASONS]:
        reporter.write_line(f"  {harmless(line)}")
    if len(lines) > MOST_REASONS:
        reporter.write_line(f"  … and {len(lines) - MOST_REASONS} more; all of them stand in the report")
    counts, cover, budget = told.counts, told.coverage, told.budget
    sent = max(budget.get("sent_baseline", 0), budget.get("sent_canary", 0))
    reporter.write_line(
        f"findings: {counts['new']} new, {counts['unsteady']} unsteady, {counts['unchanged']} unchanged; not tested: "
        f"{len(told.not_tested.gaps)} gaps, {len(told.not_tested.exclusions)} excluded, {len(told.not_tested.unreached)} unreached"
    )
    reporter.write_line(
        f"asked: {cover['answered']:.0f} of {cover['operations']:.0f} operations as {cover['roles']:.0f} roles, {counts['pairs']} pairs, "
        f"{sent:.0f} of {budget['requests']:.0f} requests, {told.run.seconds:.1f} of {budget['seconds']:.0f} s"
    )
    if record.leftovers:
        reporter.write_line(f"left behind: {len(record.leftovers)} object(s), the first: {harmless(record.leftovers[0])}")
    reporter.write_line(f"files: {where}")


def bare(reporter: pytest.TerminalReporter, failures: Sequence[Reason], where: str) -> None:
    """Write the end of a run that has only reasons: it could not be prepared, or what it came to could not be written."""
    reporter.section("zeroweight")
    reporter.write("INCONCLUSIVE", bold=True, yellow=True)
    reporter.write_line("  there is nothing to show: " + ACTIONS[Word.INCONCLUSIVE])
    for reason in failures[:MOST_REASONS]:
        reporter.write_line(f"  {harmless(_line(reason))}")
    reporter.write_line(f"files: {where}")


def _findings(sums: Balance, policy: Policy) -> list[str]:
    """Return one line a cause that blocks: a reader is told once, with the number of places."""
    blocking = [delta for delta in sums.deltas if policy.weigh(delta) is Action.BLOCK]
    lines = []
    for cause in causes(blocking):
        more = len(cause.deltas) - 1
        places = f" and {more} more place{'s' if more > 1 else ''}" if more else ""
        lines.append(f"{cause.severity.word:<8} {cause.title}: {cause.deltas[0].place}{places} [{cause.rule}]")
    return lines


def _reasons(verdict: Verdict, sums: Balance, policy: Policy) -> list[str]:
    """Return the reasons that are not findings."""
    blocking = {delta.rule for delta in sums.deltas if policy.weigh(delta) is Action.BLOCK}
    return [_line(reason) for reason in verdict.reasons if reason.code not in blocking and reason.code != "no-regression"]


def _line(reason: Reason) -> str:
    return f"{reason.code}: {reason.text}"
