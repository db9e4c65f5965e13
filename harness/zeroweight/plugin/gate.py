"""The controller's part of a run: begin, prepare, gather, judge, write. It runs no test itself."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zeroweight.config.model import Config
from zeroweight.errors import ConfigError, ToolFailed
from zeroweight.plan import Plan
from zeroweight.plugin import narrowed, options, outputs, place, progress, verdict_item, worker
from zeroweight.plugin.ending import Ending
from zeroweight.plugin.gathering import Gathering
from zeroweight.plugin.journals import Journals
from zeroweight.plugin.stop import Stop
from zeroweight.plugin.terminal import Screen, bare, summary
from zeroweight.record import RunLine, mistaken, unfinished
from zeroweight.redact import Redactor
from zeroweight.session import suites, tables
from zeroweight.session.clock import Clock
from zeroweight.session.close import Closing, close
from zeroweight.session.conclude import balance
from zeroweight.session.prepare import Start, prepare
from zeroweight.verdict import Word

STATUS_KEPT = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
FIRST_BLOCK = "a blocking finding, and policy.stop = first-block"
FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""Statuses of a pytest run that came to its end."""


def begin(config: pytest.Config) -> None:
    """Take the run's first steps: yesterday's verdict is replaced, the configuration read, the suites chosen."""
    config.option.importmode = "importlib"
    run = RunLine(
        id=os.environ.get("ZEROWEIGHT_RUN_ID") or uuid.uuid4().hex,
        started=dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        aa=config.getoption("--zeroweight-aa"),
    )
    task = config.getoption("--zeroweight-task") or ""
    option = config.getoption
    folder = place.folder(option("--zeroweight") or "", option=option("--zeroweight-output") or "", sets=option("--zeroweight-set"))
    try:
        if not task:
            place.claim(folder, unfinished(run, "?"))
        told = options.configured(config)
        run = replace(run, driver=told.driver, loop=told.loop, command=options.again(config, Redactor(told.secrets())))
        found = suites.files(told)
        if not task:
            outputs.turn_on(config, told, folder)
        sides = {"service": told.service, "baseline": told.baseline.url, "canary": told.canary.url}
        journals = Journals(folder, run.id, sides)
        if not task:
            journals.open()
    except ConfigError as error:
        if not task:
            place.leave(folder, mistaken(run, str(error)))
        raise pytest.UsageError(str(error)) from None
    gate = Gate(config, told, run=run, folder=folder, journals=journals)
    config.pluginmanager.register(gate, "zeroweight-gate")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(path) for path in found.values()]
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"


class Gate:
    """Prepares once, gathers what tests came to, and gives the verdict."""

    def __init__(self, config: pytest.Config, told: Config, *, run: RunLine, folder: Path, journals: Journals) -> None:
        """Begin the clock."""
        self._config = config
        self._told = told
        self._run = run
        self._folder = folder
        self._task = config.getoption("--zeroweight-task") or ""
        self._clock = Clock()
        self._journals = journals
        self._screen = Screen(config)
        self._redactor = Redactor(told.secrets())
        self._gathering = Gathering(self._redactor)
        self._runner: worker.Runner | None = None
        self._stop = Stop(told.budget.grace)
        self._stop.watch()
        self._session: pytest.Session | None = None
        self._concluded = False
        self._tidied = False
        self._word: Word | None = None
        """What this run came to; the process's status says nothing else."""
        self._shown: Word | None = None
        self._made: set[str] = set()
        """The tests that the collected modules have."""
        self._ending = Ending(config, told, run, folder, self._redactor, self._clock)
        self.plan: Plan | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Make the Plan before any test is collected, and before xdist starts its workers."""
        self._session = session
        start = Start(run=self._run.id, config=self._told, aa=self._run.aa, journals=self._journals.folder, began=self._clock.began)
        if not self._task and self._journals.adopt():
            self._screen.say(f"an earlier run left objects; remove them by hand, then {self._folder}/journals")
        try:
            self.plan = prepare(start, self._enter)
        except ConfigError as error:
            self._gathering.fail("usage", str(error))
            raise pytest.UsageError(str(error)) from None
        except KeyboardInterrupt:
            self._gathering.fail("interrupted", f"the run was ended by {self._stop.told or 'an interrupt'} before its first test")
        except ToolFailed as error:
            self._gathering.fail("prepare-failed", str(error))
        except Exception as error:  # whatever breaks here must not look like anything but INCONCLUSIVE
            self._gathering.fail("prepare-failed", f"{type(error).__name__}: {error}")
        self._clock.end()
        if self.plan is None:
            pytest.exit("zeroweight could not prepare the run", returncode=Word.INCONCLUSIVE.exit_code)
        self._gathering.policy = self.plan.policy
        for secret in self.plan.secrets:
            self._redactor.learn(secret)
        if not self._distributed():
            self._runner = worker.register(self._config, self.plan, worker="main")
            self._stop.gently = self._come_to_an_end

    def _enter(self, phase: str) -> None:
        """Begin a phase of the run, and say so."""
        self._clock.begin(phase)
        self._screen.say(phase)

    def _come_to_an_end(self, why: str) -> None:
        """Send nothing more, and start no further test."""
        if self._runner is not None:
            self._runner.stop(f"the run was ended by {why}")
        if self._session is not None:
            self._session.shouldstop = f"ended by {why}"

    def _distributed(self) -> bool:
        return self._config.pluginmanager.hasplugin("dsession")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker its share of the plan, over its own pipe."""
        assert self.plan is not None
        node.workerinput["zeroweight"] = self.plan.divided(len(self._config.option.tx)).packed()
        node.workerinput["zeroweight_paths"] = list(self._config.args)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker which tests there are; one that died is told of otherwise."""
        self._made.update(getattr(node, "workeroutput", {}).get(worker.MADE, ()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Deal tests so that the run outlives a worker's death; another way of dealing is the caller's choice."""
        if config.getvalue("dist") != "loadgroup":
            return None
        from zeroweight.plugin.scheduler import Scheduler  # noqa: PLC0415  # xdist is there when this is asked

        return Scheduler(config, log)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool | None:
        """Collect nothing for a task: it looks, and attacks nothing."""
        return True if self._task else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result off the report before JUnit, Allure and the terminal see it."""
        blocks = self._gathering.take(report)
        if self._session is None or report.nodeid == verdict_item.NODE:
            return
        if blocks and self.plan is not None and self.plan.stop_at_first_block:
            self._session.shouldstop = FIRST_BLOCK
        collected = self._session.testscollected
        self._screen.go_on(lambda: progress.line(report.nodeid, collected, self._gathering.gathered, self._told))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be collected."""
        self._gathering.take_module(report)

    def pytest_report_teststatus(self, report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
        """Show `G` for a test with gaps."""
        if report.when == "call" and report.passed and vars(report).get("zeroweight_gaps"):
            return "gap", "G", "GAP"
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """Judge before other plugins write their reports, and give the verdict after them."""
        # The verdict is one item more, for pytest's own count.
        session.testscollected += 1
        self._conclude(exitstatus)
        try:
            yield
        except BaseException as error:  # by status 1 an exception would be FAIL, and by pytest.exit(returncode=0) a FAIL would be PASS
            self._take_back(f"another plugin broke at the end of the run: {type(error).__name__}: {error}")
        self._seal(session, exitstatus)
        self._show_unless_shown()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_unconfigure(self) -> Generator[None, None, None]:
        """Give the verdict also where the session never began: a signal or a mistake came first. The status is said once more."""
        session = self._session
        if session is not None and not self._concluded:
            self._conclude(session.exitstatus)
            self._seal(session, session.exitstatus)
            if session.exitstatus not in STATUS_KEPT:
                self._show_unless_shown()
        try:
            yield
        except BaseException as error:  # as above; nothing is left that it could take back
            self._screen.tell(self._redactor.text(f"another plugin broke after the run: {type(error).__name__}: {error}"))
        if session is not None:
            self._say(session, session.exitstatus)
        self._stop.restore()

    def _say(self, session: pytest.Session, exitstatus: int) -> None:
        """Set the status by the word; statuses of pytest's own that are neither PASS nor FAIL stay."""
        if exitstatus not in STATUS_KEPT:
            session.exitstatus = (self._word or Word.INCONCLUSIVE).exit_code

    def _seal(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the last word, and say it by the status."""
        try:
            if self._ending.made is not None:
                self._word = self._ending.seal()
        except BaseException as error:  # what stands on disk is the draft, and that is no PASS
            self._give_up(error)
        self._say(session, exitstatus)

    def _end_processes(self) -> None:
        """Close what this process opened and end the workers, so that nothing is made any more while what was made is removed."""
        try:
            if self._runner is not None:
                self._runner.close()
            nodes = getattr(self._config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
            if nodes is not None and self._stop.told:
                nodes.group.terminate(self._stop.patience)  # after it they are killed; their journals say what they made
            elif nodes is not None:
                nodes.teardown_nodes()
        except Exception as error:  # the verdict must be given whatever cannot be closed
            self._gathering.fail("clean-up-failed", f"{type(error).__name__}: {error}")

    def _take_back(self, text: str) -> None:
        """Book what broke at the end, and judge anew: another plugin's report is not there."""
        self._gathering.fail("writer-failed", text)
        self._screen.tell(self._gathering.last)
        if self._word is Word.PASS:
            self._word = Word.INCONCLUSIVE
        try:
            self._ending.late()
        except BaseException as error:  # as in _seal
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        """End INCONCLUSIVE because the verdict cannot be written, and say why wherever that is still possible."""
        self._word = Word.INCONCLUSIVE
        self._gathering.fail("writer-failed", f"the verdict could not be written: {type(error).__name__}: {error}")
        self._screen.tell(self._gathering.last)
        try:
            self._ending.bare(self._gathering.gathered.failures)
        except BaseException as again:  # "unfinished" stands on disk, which is no PASS either
            self._screen.tell(self._redactor.text(f"{self._folder} cannot be written: {type(again).__name__}: {again}"))

    def _conclude(self, exitstatus: int) -> None:
        """Clean up, judge, write; whatever goes wrong here ends INCONCLUSIVE."""
        self._concluded = True
        self._word = Word.INCONCLUSIVE
        self._stop.deafen()
        self._end_processes()
        if self._task:
            from zeroweight.plugin import doctor  # noqa: PLC0415  # only this task needs it

            self._word = Word.PASS if doctor.healthy(self.plan, self._told) else Word.INCONCLUSIVE
            return
        try:
            self._gathering.book_broken()
            early = self._early(exitstatus)
            if early and self.plan is not None:
                self._gathering.fail("interrupted", f"the run was ended early: {early}")
            if self.plan is None:
                self._ending.bare(self._gathering.gathered.failures)
            else:
                self._word = self._judge(self.plan)
        except BaseException as error:  # other plugins hear of the verdict as an item, and may even call pytest.exit
            self._give_up(error)
        finally:
            self._journals.close(keep=not self._tidied)

    def _early(self, exitstatus: int) -> str:
        """Say what ended the run before its end, or nothing."""
        if self._stop.told or exitstatus in FINISHED:
            return self._stop.told
        if self._session is not None and self._session.shouldstop:
            return str(self._session.shouldstop)
        return f"pytest ended with status {int(exitstatus)}"

    def _judge(self, plan: Plan) -> Word:
        """Clean up, make the balance and give the verdict."""
        self._enter("cleaning up")
        try:
            closing = close(plan, grace=self._stop.left(), rate=tables.held(self._gathering.gathered.results))
            self._tidied = True
        except Exception as error:  # clean-up may meet anything; what it did not reach is told
            closing = Closing(leftovers=(f"clean-up failed: {error}",))
            self._gathering.fail("clean-up-failed", f"{type(error).__name__}: {error}")
        self._clock.end()
        if self._runner is not None:
            self._made.update(self._runner.made)
        owed = {*plan.policy.require.suites, *(line.suite for line in plan.ledger.lines)}
        plan = replace(plan, gaps=(*plan.gaps, *narrowed.gaps(self._made, self._gathering.gathered.tests, owed)))
        verdict = self._ending.draft(plan, balance(plan, self._gathering.gathered.results), closing, self._gathering.gathered)
        verdict_item.announce(self._config, verdict)
        return verdict.word

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
        """Write at most fifteen lines below everything else, also under -q: what scrolls away is not read."""
        yield
        self._show(terminalreporter)

    def _show_unless_shown(self) -> None:
        """Show the end where pytest did not come to show it, and once more where another word was shown."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._shown is not self._word:
            self._show(reporter)

    def _show(self, reporter: pytest.TerminalReporter) -> None:
        self._shown = self._word
        if self._task:
            from zeroweight.plugin import doctor  # noqa: PLC0415  # only this task needs it

            doctor.show(reporter, self.plan, self._told, self._gathering.gathered.failures, self._redactor)
        elif self._ending.made is not None and self.plan is not None:
            made, verdict, sums = self._ending.made
            summary(reporter, made, verdict, sums, self.plan.policy, str(self._folder))
        else:
            bare(reporter, self._gathering.gathered.failures, str(self._folder))
