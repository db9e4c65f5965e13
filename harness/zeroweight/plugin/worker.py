"""What runs tests: in the one process of a plain run, and in each worker of a distributed one."""

from __future__ import annotations

import gc
import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from zeroweight.checks.check import Check
from zeroweight.fixtures import Fixtures
from zeroweight.model.operation import Operation
from zeroweight.plan import Plan
from zeroweight.plugin.veil import veil_error, veil_report
from zeroweight.redact import Redactor
from zeroweight.session.setup import Opened
from zeroweight.trial.result import TrialResult
from zeroweight.trial.trial import Trial
from zeroweight.verdict import Action
from zeroweight.writers import harmless

RESULT = pytest.StashKey[str]()
GAPS = pytest.StashKey[int]()
MADE = "zeroweight_made"
"""Under this name a worker tells which tests its modules have."""
LONGEST = 200
"""Characters of an error that a gap tells."""


def begin(config: pytest.Config) -> None:
    """Begin in a worker, with the plan that the controller handed over."""
    config.option.importmode = "importlib"
    # A worker is given the command line as it was typed; the suites that stand for no paths at all were chosen in the controller.
    config.args[:] = config.workerinput["zeroweight_paths"]  # type: ignore[attr-defined]  # xdist adds it
    plan = Plan.unpacked(config.workerinput["zeroweight"])  # type: ignore[attr-defined]  # xdist adds it
    register(config, plan, worker=config.workerinput["workerid"])  # type: ignore[attr-defined]  # xdist adds it


def register(config: pytest.Config, plan: Plan, *, worker: str) -> Runner:
    """Register what a process needs to run tests."""
    runner = Runner(config, plan, worker=worker)
    config.pluginmanager.register(runner, "zeroweight-runner")
    config.pluginmanager.register(Fixtures(runner.make), "zeroweight-fixtures")
    return runner


class Runner:
    """Opens the bench at the first trial, settles each trial, and closes everything at the end."""

    def __init__(self, config: pytest.Config, plan: Plan, *, worker: str) -> None:
        """Open nothing yet: a run that collects only must not dial."""
        self._config = config
        self._plan = plan
        self._worker = worker
        self._opened: Opened | None = None
        self._redactor = Redactor(plan.secrets, key=plan.key)
        self.made: list[str] = []
        """The node ids of all tests that the collected modules have."""

    def make(self, request: pytest.FixtureRequest, operation: Operation | None) -> Trial:
        """Make the trial of one test."""
        if self._opened is None:
            # What is there by now (modules, rules, tests) stays to the end: the collector need not go through it time and again.
            gc.freeze()
            self._opened = Opened(self._plan, worker=self._worker, own_checks=self._own_checks())
            self._redactor = self._opened.redactor
        path = request.node.path
        return Trial(self._opened.bench, suite=path.stem.removeprefix("test_"), test=request.node.name, operation=operation)

    def _own_checks(self) -> tuple[Check, ...]:
        given = self._config.hook.pytest_zeroweight_checks()
        return tuple(check for checks in given for check in checks)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each test that asks for `operation` every operation of the plan."""
        if "operation" in metafunc.fixturenames:
            operations = self._plan.operations
            metafunc.parametrize("operation", operations, ids=[operation.label for operation in operations])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pycollect_makeitem(self) -> Generator[None, Any, Any]:
        """Note every test as its module makes it, before anything can narrow the run: not each way of narrowing tells of it."""
        made = yield
        if not self._plan.blocked:
            items = made if isinstance(made, list) else [made]
            self.made += [item.nodeid for item in items if isinstance(item, pytest.Item)]
        return made

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Run nothing where nothing can be sent."""
        if self._plan.blocked and items:
            config.hook.pytest_deselected(items=list(items))
            items.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Settle the trial after the test's body, whatever became of it; a delta that blocks fails the test."""
        trial = getattr(item, "funcargs", {}).get("trial")
        if not isinstance(trial, Trial):
            return (yield)
        try:
            result = yield
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
            trial.gap(item.name, why=f"the suite ended early by {self._first_line(error)}", fix="mend the suite, or suites.skip it")
            self._settle(item, trial)
            raise
        settled = self._settle(item, trial)
        blocking = [delta for delta in settled.deltas if self._plan.policy.weigh(delta) is Action.BLOCK]
        if blocking:
            lines = [f"{d.severity.word}: {d.title} at {d.place} [{d.rule}] {d.evidence[0] if d.evidence else ''}" for d in blocking]
            pytest.fail("\n".join(map(harmless.line, lines)), pytrace=False)
        return result

    def _first_line(self, error: BaseException) -> str:
        """Redact before anything is cut off: half a secret is not known as one."""
        return self._redactor.text(f"{type(error).__name__}: {error}").partition("\n")[0][:LONGEST]

    def _settle(self, item: pytest.Item, trial: Trial) -> TrialResult:
        assert self._opened is not None  # a trial was made on it
        settled = replace(trial.settle(), governed=self._opened.governor.take())
        plain = self._redactor.plain(msgspec.to_builtins(settled))
        item.stash[RESULT] = json.dumps(plain)
        item.stash[GAPS] = len(settled.gaps)
        return settled

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the result on the test's report as plain text; innermost, so that no other plugin sees a credential in it."""
        veil_error(call, self._redactor)
        report = yield
        veil_report(report, self._redactor)
        if call.when == "call" and RESULT in item.stash:
            report.zeroweight_result = item.stash[RESULT]  # type: ignore[attr-defined]  # the road that pytest offers plugins
            report.zeroweight_gaps = item.stash[GAPS]  # type: ignore[attr-defined]  # as above
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Keep every credential out of what is shown of a suite that cannot be collected."""
        report = yield
        veil_report(report, self._redactor)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Close connections and the journal; a worker tells its controller what it collected."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[MADE] = self.made
        self.close()

    def stop(self, why: str) -> None:
        """Let nothing more out."""
        if self._opened is not None:
            self._opened.stop(why)

    def close(self) -> None:
        """Close what was opened; a second call does nothing."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
