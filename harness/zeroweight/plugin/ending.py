"""What a run leaves on disk, in an order in which no reader ever finds a word that is taken back.

The record, then `verdict.json`, then each report and hook, and when everybody is done the record and `verdict.json` once more, finished.
Until then a PASS stands there as INCONCLUSIVE, since a writer that breaks takes it away; the other words cannot get better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from zeroweight.config.model import Config
from zeroweight.plan import Plan
from zeroweight.plugin import outputs
from zeroweight.record import Record, RunLine, unfinished, unsealed, write
from zeroweight.redact import Redactor
from zeroweight.session.clock import Clock
from zeroweight.session.close import Closing
from zeroweight.session.conclude import Balance, Frame, Gathered, decide, record
from zeroweight.verdict import Reason, Verdict, Word


class Ending:
    """Judges and writes; whatever breaks meanwhile is booked, and the verdict given anew."""

    def __init__(self, config: pytest.Config, told: Config, run: RunLine, folder: Path, redactor: Redactor, clock: Clock) -> None:
        """Write nothing yet."""
        self._config = config
        self._told = told
        self._run = run
        self._folder = folder
        self._redactor = redactor
        self._clock = clock
        self._came: tuple[Plan, Balance, Closing, Gathered] | None = None
        self._hooked = False
        self.made: tuple[Record, Verdict, Balance] | None = None
        """What stands on disk and is shown; both without a credential."""

    def draft(self, plan: Plan, sums: Balance, closing: Closing, gathered: Gathered) -> Verdict:
        """Judge, write everything but the last word, and return the verdict; raises OSError where verdict.json cannot be written."""
        self._came = (plan, sums, closing, gathered)
        return self._settle()

    def late(self) -> None:
        """Give the verdict anew, since something more was booked; raises OSError."""
        if self._came is not None:
            self._settle()

    def seal(self) -> Word:
        """Write the last word; raises OSError where it cannot be written, and then the draft stands."""
        assert self.made is not None
        if self._book(self._keep(self.made[0])):
            self._settle()
        made, verdict, _ = self.made
        write(made.summary, self._folder / "verdict.json", self._redactor)
        return verdict.word

    def bare(self, failures: Sequence[Reason]) -> None:
        """Write the verdict of a run that has no other; raises OSError."""
        self.made = None
        run = replace(self._run, finished=True, seconds=self._seconds())
        ended = replace(unfinished(run, self._told.service), reasons=tuple(failures))
        write(ended, self._folder / "verdict.json", self._redactor)

    def _seconds(self) -> float:
        return round(self._clock.seconds, 2)

    def _settle(self) -> Verdict:
        """Judge and write until nothing new breaks."""
        while True:
            made, verdict = self._judge()
            draft = replace(made, summary=unsealed(made.summary))
            broken = self._keep(draft)
            write(draft.summary, self._folder / "verdict.json", self._redactor)
            if not self._book([*broken, *self._report(made, verdict)]):
                return verdict

    def _judge(self) -> tuple[Record, Verdict]:
        """Give the verdict and make the record, both redacted at once: the terminal shows them as well."""
        assert self._came is not None
        plan, sums, closing, gathered = self._came
        verdict = decide(plan, sums, gathered.failures, closing)
        verdict = replace(verdict, reasons=tuple(replace(each, text=self._redactor.text(each.text)) for each in verdict.reasons))
        run = replace(self._run, seconds=self._seconds(), finished=True, level=plan.level.word)
        frame = Frame(
            run=run,
            budget_seconds=self._told.budget.seconds,
            budget_requests=self._told.budget.requests,
            began=self._clock.began,
            phases=self._clock.phases,
        )
        made = record(plan, sums, verdict, closing, gathered, frame)
        made = msgspec.convert(self._redactor.plain(msgspec.to_builtins(made)), Record)
        self.made = (made, verdict, sums)
        return made, verdict

    def _book(self, broken: Sequence[str]) -> bool:
        """Book what broke, and say whether any of it is news."""
        assert self._came is not None
        failures = self._came[3].failures
        news = [text for text in map(self._redactor.text, broken) if text not in {failure.text for failure in failures}]
        failures += [Reason(code="writer-failed", text=text) for text in news]
        return bool(news)

    def _keep(self, made: Record) -> list[str]:
        """Write record.json; returns what broke."""
        return _guarded("record.json could not be written", lambda: write(made, self._folder / "record.json", self._redactor))

    def _report(self, made: Record, verdict: Verdict) -> list[str]:
        """Run each writer and, once, each hook; returns what broke."""
        plain = msgspec.to_builtins(made)
        broken: list[str] = []
        for word, kind, path in outputs.chosen(self._config, self._told, self._folder):
            broken += _guarded(f"the {word} report could not be written", partial(kind.write, plain, path))
        if not self._hooked:
            self._hooked = True
            tell = self._config.hook.pytest_zeroweight_verdict
            broken += _guarded("a pytest_zeroweight_verdict hook broke", lambda: tell(verdict=verdict, record=plain))
        return broken


def _guarded(what: str, action: Callable[[], object]) -> list[str]:
    """Do something that is anybody's code, and may even call sys.exit(0); returns what broke."""
    try:
        action()
    except BaseException as error:  # a broken writer must not take the verdict with it
        return [f"{what}: {type(error).__name__}: {error}"]
    return []
