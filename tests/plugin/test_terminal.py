"""What a person sees: lines that decide at the end, and a sign of life from a long phase."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from reported import left, whole

from zeroweight.compare import Delta, State
from zeroweight.config.load import from_urls
from zeroweight.finding import Severity
from zeroweight.model.governed import Governed
from zeroweight.model.place import Place
from zeroweight.plugin import progress
from zeroweight.plugin.terminal import EACH, LONG, Screen, bare, summary
from zeroweight.record import NotTested, Record
from zeroweight.session.conclude import Balance, Gathered
from zeroweight.trial.result import TrialResult
from zeroweight.verdict import Policy, Reason, Verdict, Word

BOUND = "chance of a false cause in the run at most 0.001"
SURETY = f"2 differences, 28 repeats, 1 confirmed, 1 dropped since the baseline shows it as well; {BOUND}"
POLICY = Policy(today=dt.date(2027, 3, 14))


def delta(number: int = 0, **more: Any) -> Delta:
    given: dict[str, Any] = {
        "rule": "authorization.opened",
        "title": "A guard is gone",
        "severity": Severity.CRITICAL,
        "place": Place(method="GET", path=f"/things/{number}", role="ben"),
        "fingerprint": f"zw1:{number}",
        "state": State.NEW,
        "confirmed": True,
    }
    return Delta(**{**given, **more})


def shown(config: pytest.Config, record: Record, *deltas: Delta, reasons: tuple[Reason, ...] = ()) -> list[str]:
    """Return the lines of the end, below pytest's own rule."""
    out = io.StringIO()
    verdict = Verdict(word=Word(record.summary.verdict), reasons=reasons)
    summary(pytest.TerminalReporter(config, out), record, verdict, cast("Balance", SimpleNamespace(deltas=deltas)), POLICY, "out")
    return out.getvalue().splitlines()[1:]


class Watched:
    """A screen whose clock the test moves, and what it has written."""

    def __init__(self, config: pytest.Config, verbosity: int = 0) -> None:
        self.now = 0.0
        self.out = io.StringIO()
        plugins = {"terminalreporter": pytest.TerminalReporter(config, self.out)}
        fake = SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=plugins.get), get_verbosity=lambda: verbosity)
        self.screen = Screen(cast("pytest.Config", fake), lambda: self.now)

    def at(self, now: float) -> None:
        """Let a test come to its end."""
        self.now = now
        self.screen.go_on(lambda: f"at {now:g}")

    @property
    def lines(self) -> list[str]:
        return [line.split("  ")[-1] for line in self.out.getvalue().splitlines()]


def test_the_end_answers_promote_or_not_why_how_sure_and_what_is_left(pytestconfig: pytest.Config) -> None:
    assert shown(pytestconfig, whole(), delta(), delta(1), reasons=(Reason(code="not-run", text="headers: GET /a"),)) == [
        "FAIL  things canary-build (baseline baseline-build): do not give it users",
        "  critical A guard is gone: GET /things/0 as ben and 1 more place [authorization.opened]",
        "  not-run: headers: GET /a",
        "findings: 1 new, 0 unsteady, 2 unchanged, 3 absent; not tested: 1 gap, 1 excluded, 1 unreached",
        f"asked again: {SURETY}",
        "asked: 3 of 4 operations as 2 roles, 70 pairs, 9 of 100 requests, 12.5 of 60 s",
        "left behind: 1 object, the first: thing 7 of ann on the canary: no remove",
        "files: out",
    ]


def test_there_are_never_more_than_fifteen_lines(pytestconfig: pytest.Config) -> None:
    many = [delta(number, rule=f"a.b{number}") for number in range(30)]
    gaps = NotTested(gaps=tuple(left(f"{number}") for number in range(99)))
    lines = shown(pytestconfig, whole(not_tested=gaps), *many, reasons=tuple(Reason(code="gap", text="x" * 900) for _ in range(30)))
    assert len(lines) == 15
    assert "  … and 52 more; all of them stand in the report" in lines


def test_a_run_whose_targets_are_unknown_has_an_end_too(pytestconfig: pytest.Config) -> None:
    record = whole(verdict="INCONCLUSIVE", targets={}, counts={}, coverage={}, budget={})
    lines = shown(pytestconfig, replace(record, leftovers=()))
    assert lines[0] == "INCONCLUSIVE  things: do not decide by this run"
    assert lines[-1] == "files: out"


def test_a_run_without_a_record_tells_its_reasons(pytestconfig: pytest.Config) -> None:
    out = io.StringIO()
    bare(pytest.TerminalReporter(pytestconfig, out), [Reason(code="prepare-failed", text="no plan")], "out")
    assert out.getvalue().splitlines()[1:] == [
        "INCONCLUSIVE  there is nothing to show: do not decide by this run",
        "  prepare-failed: no plan",
        "files: out",
    ]


def test_a_phase_that_takes_long_says_so_after_ten_seconds_and_then_every_thirty(pytestconfig: pytest.Config) -> None:
    watched = Watched(pytestconfig)
    watched.screen.say("logins")
    for second in range(0, 101, 5):
        watched.at(second)
    assert (LONG, EACH) == (10, 30)
    assert watched.lines == ["logins", "at 10", "at 40", "at 70", "at 100"]


def test_each_phase_has_its_own_ten_seconds(pytestconfig: pytest.Config) -> None:
    watched = Watched(pytestconfig)
    watched.at(9)
    watched.at(12)
    watched.screen.say("cleaning up")
    watched.at(21)
    watched.at(22)
    assert watched.lines == ["at 12", "cleaning up", "at 22"]


def test_a_quiet_run_says_nothing_meanwhile(pytestconfig: pytest.Config) -> None:
    watched = Watched(pytestconfig, verbosity=-1)
    watched.screen.say("logins")
    watched.at(500)
    assert watched.lines == []


def test_no_line_is_written_over_another(pytestconfig: pytest.Config) -> None:
    watched = Watched(pytestconfig)
    watched.at(500)
    assert not {"\r", "\x1b", "\b"} & set(watched.out.getvalue())


@pytest.mark.parametrize(
    ("node", "suite"),
    [
        ("::test_authorization[GET /a::b]", "authorization"),
        ("own/test_notes.py::test_mine[GET /a]", "notes"),
        ("test_notes.py::test_mine", "notes"),
    ],
)
def test_progress_names_the_suite_the_tests_and_what_was_sent(node: str, suite: str) -> None:
    told = from_urls("http://a.example", "http://b.example", environment={})
    gathered = Gathered(tests=dict.fromkeys("ab", "passed"))
    gathered.results += [TrialResult(suite=suite, test="a", requests={"baseline": 5, "canary": 7}) for _ in range(2)]
    expected = f"{suite}: 2 of 61 tests, 14 of 6000 requests to a side; the budget is 120 s"
    assert progress.line(node, 61, gathered, told) == expected
    gathered.results.append(TrialResult(suite=suite, governed=Governed(slowed=2)))
    assert progress.line(node, 61, gathered, told) == f"{expected}; slowed down 2 times to spare the baseline"


def test_progress_before_anything_was_sent_is_a_line_too() -> None:
    told = from_urls("http://a.example", "http://b.example", environment={})
    assert progress.line("::test_a", 1, Gathered(), told) == "a: 0 of 1 test, 0 of 6000 requests to a side; the budget is 120 s"
