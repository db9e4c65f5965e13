"""The controller's part of a run: begin, prepare, gather, judge, write. It runs no test itself."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from zeroweight.config.load import from_urls, load
from zeroweight.config.model import Config
from zeroweight.errors import ConfigError, ToolFailed
from zeroweight.plan import Plan
from zeroweight.plugin import place, verdict_item, worker
from zeroweight.plugin.terminal import Screen, summary
from zeroweight.record import Record, RunLine, unfinished, write
from zeroweight.redact import Redactor
from zeroweight.session import suites
from zeroweight.session.close import Closing, close
from zeroweight.session.conclude import Balance, Frame, Gathered, balance, decide, record
from zeroweight.session.prepare import Start, prepare
from zeroweight.trial.result import TrialResult
from zeroweight.verdict import Action, Reason, Verdict, Word
from zeroweight.writers import page

STATUS_KEPT = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
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
    try:
        folder = place.folder(config)
        if not task:
            place.claim(folder, unfinished(run, "?"))
        told = _config(config)
        found = suites.files(told)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from None
    gate = Gate(config, told, run=run, folder=folder, task=task)
    config.pluginmanager.register(gate, "zeroweight-gate")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(path) for path in found.values()]
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"


def _config(config: pytest.Config) -> Config:
    """Read gate.toml, or make a configuration of the URLs alone; options win over everything. Raises ConfigError."""
    option = config.getoption
    overrides = dict(_pair(text) for text in option("--zeroweight-set"))
    for name, key in (("baseline", "baseline.url"), ("canary", "canary.url"), ("schema", "api.schema"), ("output", "output.folder")):
        if option(f"--zeroweight-{name}"):
            overrides[key] = option(f"--zeroweight-{name}")
    if option("--zeroweight"):
        return load(Path(option("--zeroweight")), overrides=overrides)
    baseline, canary = overrides.pop("baseline.url", ""), overrides.pop("canary.url", "")
    if not (baseline and canary):
        raise ConfigError(
            "a gate compares two deployments, and only one was named",
            where="options",
            fix="Give --zeroweight GATE.TOML, or both --zeroweight-baseline and --zeroweight-canary",
        )
    return from_urls(baseline, canary, overrides.pop("api.schema", "/openapi.json"), overrides=overrides)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"{text!r} is not KEY=VALUE", where="--zeroweight-set", fix="Write --zeroweight-set budget.seconds=60")
    return key.strip(), value


class Gate:
    """Prepares once, gathers what tests came to, and gives the verdict."""

    def __init__(self, config: pytest.Config, told: Config, *, run: RunLine, folder: Path, task: str) -> None:
        """Begin the clock."""
        self._config = config
        self._told = told
        self._run = run
        self._folder = folder
        self._task = task
        self._began = time.monotonic()
        self._journals = Path(tempfile.mkdtemp(prefix="zeroweight-"))
        self._screen = Screen(config)
        self._redactor = Redactor(told.secrets())
        self._gathered = Gathered()
        self._runner: worker.Runner | None = None
        self._stopped = ""
        self._ended: tuple[Record, Verdict, Balance] | None = None
        self.plan: Plan | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Make the Plan before any test is collected, and before xdist starts its workers."""
        signal.signal(signal.SIGTERM, self._terminated)
        start = Start(run=self._run.id, config=self._told, aa=self._run.aa, journals=self._journals, began=self._began)
        try:
            self.plan = prepare(start, self._screen.say)
        except ConfigError as error:
            raise pytest.UsageError(str(error)) from None
        except ToolFailed as error:
            self._fail("prepare-failed", str(error))
        except Exception as error:  # whatever breaks here must not look like anything but INCONCLUSIVE
            self._fail("prepare-failed", f"{type(error).__name__}: {error}")
        if self.plan is None:
            pytest.exit("zeroweight could not prepare the run", returncode=Word.INCONCLUSIVE.exit_code)
        for secret in self.plan.secrets:
            self._redactor.learn(secret)
        if not self._distributed():
            self._runner = worker.register(self._config, self.plan, worker="main")

    def _terminated(self, number: int, frame: object) -> None:  # noqa: ARG002  # a signal handler's signature
        """End in order on SIGTERM, as on Ctrl-C."""
        self._stopped = self._stopped or "SIGTERM"
        raise KeyboardInterrupt

    def _distributed(self) -> bool:
        return self._config.pluginmanager.hasplugin("dsession")

    def _fail(self, code: str, text: str) -> None:
        self._gathered.failures.append(Reason(code=code, text=self._redactor.text(text)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker its share of the plan, over its own pipe."""
        assert self.plan is not None
        node.workerinput["zeroweight"] = self.plan.divided(len(self._config.option.tx)).packed()
        node.workerinput["zeroweight_paths"] = list(self._config.args)

    def pytest_collection(self) -> bool | None:
        """Collect nothing for a task: it looks, and attacks nothing."""
        return True if self._task else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result off the report before JUnit, Allure and the terminal see it."""
        plain = report.__dict__.pop("zeroweight_result", None)
        if report.nodeid == verdict_item.NODE:
            return
        if plain is not None:
            result = msgspec.convert(json.loads(plain), TrialResult)
            self._gathered.results.append(result)
            self._stop_early(result)
        if report.when == "call" or report.failed:
            self._gathered.tests[report.nodeid] = report.outcome
        if report.failed and plain is None:
            self._fail("foreign-test-failed", f"{report.nodeid} failed in {report.when}, and not by a finding")
        elif report.failed and not self._blocks(result):
            self._fail("suite-broken", f"{report.nodeid} failed, and not by a finding")

    def _blocks(self, result: TrialResult) -> bool:
        assert self.plan is not None
        return any(self.plan.policy.weigh(delta) is Action.BLOCK for delta in result.deltas)

    def _stop_early(self, result: TrialResult) -> None:
        """End the run at the first blocking delta, where the policy says so."""
        if self.plan is not None and self.plan.stop_at_first_block and self._blocks(result):
            session = self._config.pluginmanager.get_plugin("session")
            if session is not None:
                session.shouldstop = "a blocking finding, and policy.stop = first-block"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be collected: a broken suite."""
        if report.failed:
            self._fail("suite-broken", f"{report.nodeid} could not be collected")

    def pytest_report_teststatus(self, report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
        """Show `G` for a test with gaps."""
        if report.when == "call" and report.passed and vars(report).get("zeroweight_gaps"):
            return "gap", "G", "GAP"
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """Judge before other plugins write their reports, and set the status after them."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self._runner is not None:
            self._runner.close()
        # The verdict is one item more, for pytest's own count.
        session.testscollected += 1
        status = self._finish_task() if self._task else self._conclude(exitstatus).exit_code
        yield
        if exitstatus not in STATUS_KEPT:
            session.exitstatus = status

    def _finish_task(self) -> int:
        """Return the task's own status: 0 when nothing stands in the way of a PASS."""
        from zeroweight.plugin import doctor  # noqa: PLC0415  # only this task needs it

        shutil.rmtree(self._journals, ignore_errors=True)
        return Word.PASS.exit_code if doctor.healthy(self.plan, self._told) else Word.INCONCLUSIVE.exit_code

    def _conclude(self, exitstatus: int) -> Word:
        """Clean up, judge, write; whatever goes wrong here ends INCONCLUSIVE."""
        try:
            if exitstatus not in FINISHED and self.plan is not None:
                name = self._stopped or pytest.ExitCode(exitstatus).name.lower().replace("_", "-")
                self._fail("interrupted", f"the run was ended early: {name}")
            if self.plan is None:
                word = Word.INCONCLUSIVE
                self._write_bare()
            else:
                word = self._judge(self.plan)
        except Exception as error:  # the verdict on disk is still "unfinished", and the status says the same
            self._screen.say(f"the verdict could not be written: {type(error).__name__}: {self._redactor.text(str(error))}")
            return Word.INCONCLUSIVE
        finally:
            shutil.rmtree(self._journals, ignore_errors=True)
        return word

    def _judge(self, plan: Plan) -> Word:
        """Make the balance, the verdict and the record, and write them: verdict.json first, then each writer."""
        self._screen.say("cleaning up")
        try:
            closing = close(plan, grace=self._told.budget.grace)
        except Exception as error:  # clean-up may meet anything; what it did not reach is told
            closing = Closing(leftovers=(f"clean-up failed: {error}",))
            self._fail("clean-up-failed", f"{type(error).__name__}: {error}")
        sums = balance(plan, self._gathered.results)
        while True:
            verdict = decide(plan, sums, self._gathered.failures, closing)
            run = replace(self._run, seconds=round(time.monotonic() - self._began, 2), finished=True, level=plan.level.word)
            frame = Frame(run=run, budget_seconds=self._told.budget.seconds, budget_requests=self._told.budget.requests)
            made = record(plan, sums, verdict, closing, self._gathered, frame)
            write(made, self._folder / "record.json", self._redactor)
            write(made.summary, self._folder / "verdict.json", self._redactor)
            broken = self._write_reports(made, verdict) if not any(f.code == "writer-failed" for f in self._gathered.failures) else []
            if not broken:
                break
            for text in broken:
                self._fail("writer-failed", text)
        self._ended = (made, verdict, sums)
        verdict_item.announce(self._config, verdict)
        return verdict.word

    def _write_reports(self, made: Record, verdict: Verdict) -> list[str]:
        """Run each writer and each hook, guarded; returns what broke."""
        broken = []
        plain = self._redactor.plain(msgspec.to_builtins(made))
        for name in self._told.output.formats:
            try:
                page.write(plain, self._folder / f"report.{name}")
            except BaseException as error:  # a broken writer must not take the verdict with it, be it by sys.exit or pytest.exit
                broken.append(f"the {name} report could not be written: {type(error).__name__}: {error}")
        try:
            self._config.hook.pytest_zeroweight_verdict(verdict=verdict, record=plain)
        except BaseException as error:  # a hook is anybody's code, and may even call sys.exit(0)
            broken.append(f"a pytest_zeroweight_verdict hook raised {type(error).__name__}: {error}")
        return broken

    def _write_bare(self) -> None:
        """Write the verdict of a run that could not even be prepared."""
        bare = unfinished(replace(self._run, finished=True, seconds=round(time.monotonic() - self._began, 2)), self._told.service)
        write(replace(bare, reasons=tuple(self._gathered.failures)), self._folder / "verdict.json", self._redactor)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write at most fifteen lines, also under -q."""
        if self._task:
            from zeroweight.plugin import doctor  # noqa: PLC0415  # only this task needs it

            doctor.show(terminalreporter, self.plan, self._told, self._gathered.failures)
        elif self._ended is not None and self.plan is not None:
            made, verdict, sums = self._ended
            summary(terminalreporter, made, verdict, sums, self.plan.policy, str(self._folder))
        else:
            terminalreporter.section("zeroweight")
            terminalreporter.write("INCONCLUSIVE", bold=True, yellow=True)
            terminalreporter.write_line("  the run could not be prepared")
            for reason in self._gathered.failures[:8]:
                terminalreporter.write_line(f"  {reason.code}: {reason.text}")
