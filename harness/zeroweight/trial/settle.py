"""From looks to deltas: every check looks at every pair; candidates are asked again before they are believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zeroweight.checks.check import Check, CheckFailed
from zeroweight.checks.mask import masked
from zeroweight.checks.outcome import Context
from zeroweight.compare import Delta, State, split
from zeroweight.finding import Confidence, Exhibit
from zeroweight.model.http import Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent, Scenario
from zeroweight.model.role import ANONYMOUS
from zeroweight.redact import Redactor
from zeroweight.trial.candidate import Candidate, Pair, Past
from zeroweight.trial.doubt import Ask, AskBaseline, Doubt
from zeroweight.trial.exhibit import exhibits
from zeroweight.trial.protection import Protection, Protections
from zeroweight.trial.sight import Sight
from zeroweight.trial.yardstick import Cell, Yardstick

EXCERPT = 160
SAID = 240
"""Characters of an evidence that are kept, after redaction."""
MOVES = frozenset({"authorization", "availability", "inventory", "validation"})
"""Families whose rules speak of what became of a request's outcome."""


def _worse(old: Outcome, new: Outcome, role: str) -> bool:
    """Whether a plain request fares worse on the canary, or is let in: what is mended, new or newly guarded leaves nothing to compare."""
    if old is Outcome.ALLOWED:
        return new is not Outcome.ALLOWED and not (new is Outcome.REFUSED and role == ANONYMOUS)
    return old is Outcome.REFUSED and new is not Outcome.REFUSED


class Examiner:
    """Judges the looks of one trial."""

    def __init__(
        self,
        checks: Sequence[Check],
        redactor: Redactor,
        past: Past,
        groups: Mapping[str, str] | None = None,
        context: Context | None = None,
    ) -> None:
        """Take all checks; `past` is shared by a process's trials; `groups`: role → group; `context`: what this service's login is like."""
        self._redactor = redactor
        self._past = past
        self._sight = Sight(checks)
        self._yardstick = Yardstick(context, groups)
        self._doubt = Doubt(self._sight, past, self._yardstick.answer)
        self._protections = Protections(redactor)
        self._found: dict[str, Candidate] = {}
        self._unjudged: dict[tuple[str, str], str] = {}
        """(operation, role) → how the plain request fared, where its odd inputs could not be judged."""
        self._unconfirmed: list[Delta] = []
        self.pairs = 0
        self.noisy = 0
        self.exhibits: dict[str, Exhibit] = {}
        """Fingerprint → both answers, of some of what is new or unsteady; made when the trial is settled."""
        self.dropped: tuple[str, ...] = ()
        """Fingerprints of differences that the baseline, asked again, showed just as well."""

    @property
    def broken(self) -> list[CheckFailed]:
        """The checks that raised."""
        return self._sight.broken

    @property
    def cells(self) -> tuple[Cell, ...]:
        """How plain requests fared on each side."""
        return self._yardstick.cells()

    @property
    def protections(self) -> tuple[Protection, ...]:
        """Which security headers the two sides sent with plain answers."""
        return self._protections.seen()

    @property
    def repeats(self) -> int:
        """Scenarios, each on one side, that were run again to believe or drop a difference."""
        return self._doubt.repeats

    @property
    def noise_asks(self) -> int:
        """Scenarios that the baseline was asked again to learn its own range."""
        return self._doubt.noise_asks

    def take(self, scenarios: Sequence[Scenario], looks: Sequence[Look[Trace]]) -> list[Pair]:
        """Judge a batch; returns its pairs. Plain requests first: they are what odd ones are judged against."""
        halves = [
            (scenario, look, index, old, new)
            for scenario, look in zip(scenarios, looks, strict=True)
            if look.baseline is not None and look.canary is not None
            for index, (old, new) in enumerate(zip(look.baseline.judged, look.canary.judged, strict=False))
        ]
        self._yardstick.take((old, new) for _, _, _, old, new in halves)
        answer = self._yardstick.answer
        pairs = [
            Pair(scenario=scenario, step=index, baseline=answer(old), canary=answer(new), thrice=look.thrice)
            for scenario, look, index, old, new in halves
        ]
        for pair in pairs:
            self._note(pair)
            self._note_unjudged(pair)
            self._protections.note(pair.baseline.exchange, pair.canary.exchange)
        self.pairs += len(pairs)
        return pairs

    def unlike(self, pairs: Sequence[Pair]) -> list[Scenario]:
        """Return the plain requests that fared differently on the two sides: they are asked again before odd ones are held to them."""
        return [pair.scenario for pair in self._yardstick.unlike(pairs)]

    def renew(self, looks: Sequence[Look[Trace]]) -> None:
        """Take the outcomes of plain requests that were asked again, in place of the first ones: a chance error is no yardstick."""
        self._yardstick.renew(looks)

    def _note_unjudged(self, pair: Pair) -> None:
        """Note an odd input that no rule may judge, since the plain request itself fares differently on the two sides."""
        probe = pair.canary.exchange.probe
        old, new = pair.baseline.plain, pair.canary.plain
        if probe.intent in {Intent.INVALID, Intent.ATTACK} and old is not None and new is not None and _worse(old, new, probe.role):
            self._unjudged.setdefault((probe.operation.label, probe.role), f"the baseline's answer is {old}, the canary's {new}")

    def _note(self, pair: Pair) -> None:
        """Find what the pair shows and count it by fingerprint."""
        old, found = self._sight.findings(pair.baseline, pair.canary)
        if not old and not found:
            return
        new, both, gone = split(old, found)
        for findings, unchanged in ((new, False), (both, True)):
            for finding in findings:
                self._found.setdefault(finding.fingerprint, Candidate(finding=finding)).see(finding, pair, unchanged=unchanged)
        for finding in gone:
            # The canary has mended it here: nothing to ask again, and the baseline's own evidence is all there is.
            self._found.setdefault(finding.fingerprint, Candidate(finding=finding)).pairs += 1

    async def settle(self, ask: Ask, ask_baseline: AskBaseline, *, workers: int = 1) -> tuple[Delta, ...]:
        """Ask candidates again, and return what became of every fingerprint."""
        candidates = [found for found in self._found.values() if found.seen_new]
        passed = await self._doubt.settle(candidates, ask, ask_baseline, workers=workers)
        self.noisy = sum(
            found.seen_new for found in candidates if not found.known and id(found) not in passed and (found.noise.baseline or found.ranged)
        )
        self.dropped = tuple(found.fingerprint for found in candidates if not found.known and found.habit)
        deltas: dict[str, Delta] = {}
        for found in self._found.values():
            if found.ranged:
                continue
            if id(found) not in passed:
                found.repeats += found.noise
            confirmed = found.known or id(found) in passed
            self._tell_what_was_shown(found)
            if confirmed and found.seen_new:
                self._past.believe(found.finding)
            delta = deltas[found.fingerprint] = self._delta(found, confirmed=confirmed)
            if (found.unasked or found.short) and not confirmed:
                self._unconfirmed.append(delta)
        for delta in deltas.values():
            if delta.state is State.NEW and delta.confirmed and not delta.place.parameter and delta.rule.partition(".")[0] in MOVES:
                # What made the plain request differ is told itself; its odd inputs are consequences.
                self._unjudged.pop((delta.place.operation, delta.place.role), None)
        self.exhibits = exhibits(deltas.values(), {key: found.exhibit for key, found in self._found.items()}, self._redactor)
        return tuple(deltas.values())

    def _tell_what_was_shown(self, found: Candidate) -> None:
        """Take the finding of the pair that the repeats are of: evidence, request and exhibit speak of the same one."""
        if found.shown is not None and found.shown is not found.telling[0]:
            seen = self._sight.findings(found.shown.baseline, found.shown.canary)[1]
            found.finding = next((each for each in seen if each.fingerprint == found.fingerprint), found.finding)

    def _delta(self, found: Candidate, *, confirmed: bool) -> Delta:
        """Write down what became of a candidate, redacted: the one way from memory to evidence."""
        finding = found.finding
        new = found.seen_new and (confirmed or found.unasked)
        calm = State.UNCHANGED if found.unchanged else State.ABSENT
        state = State.NEW if new else State.UNSTEADY if found.seen_new else calm
        request = ""
        if found.exhibit:
            sent = found.exhibit.canary.exchange.request
            request = self._redactor.excerpt(f"{sent.method} {sent.target.decode('latin-1')}", EXCERPT) if sent else ""
        says, cause = finding.evidence.says, self._redactor.text(finding.evidence.cause)
        if self._redactor.text(says) != says:
            # A mask hides the digits of a credential, and the rest is not known as one any more: mask what redaction left instead.
            cause = masked(self._redactor.excerpt(says, EXCERPT))
        return Delta(
            rule=finding.rule.id,
            title=finding.rule.title,
            severity=finding.rule.severity,
            cwe=finding.rule.cwe,
            owasp=finding.rule.owasp,
            remedy=finding.rule.remedy,
            place=finding.place,
            fingerprint=finding.fingerprint,
            state=state,
            confirmed=confirmed and bool(found.seen_new),
            tentative=finding.evidence.confidence is Confidence.TENTATIVE,
            pairs=found.pairs,
            seen_new=found.seen_new,
            evidence=(self._redactor.excerpt(says, SAID),),
            request=request,
            cause=cause,
            repeats=found.repeats,
        )

    def gaps(self, suite: str) -> tuple[Gap, ...]:
        """Return a Gap for each check that raised, and for each difference that could not be asked again often enough."""
        unconfirmed = [
            Gap(
                what=f"{delta.title} at {delta.place}",
                why="seen on the canary only, and it could not be asked again often enough to be believed or dismissed",
                fix="raise budget.seconds or budget.requests, or see why a side fell silent",
                code="unconfirmed",
                suite=suite,
                operation=delta.place.operation,
                role=delta.place.role,
            )
            for delta in self._unconfirmed
        ]
        unjudged = [
            Gap(
                what=f"odd inputs of {operation} as {role}",
                why=f"the plain request already fares differently ({how}), so the odd ones cannot be held against it",
                fix="see why the canary answers the plain request differently",
                code="unjudged",
                suite=suite,
                operation=operation,
                role=role,
            )
            for (operation, role), how in self._unjudged.items()
        ]
        raised = [
            Gap(what=f"check {failure.check.rule.id}", why=str(failure), fix="report this", code="check-raised", suite=suite)
            for failure in self.broken
        ]
        return tuple(replace(gap, why=self._redactor.text(gap.why)) for gap in (*unconfirmed, *unjudged, *raised))
