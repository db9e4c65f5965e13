"""From looks to deltas: every check looks at every pair; candidates are asked again before they are believed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from zeroweight.checks.check import Check, CheckFailed, compare_halves, examine
from zeroweight.checks.mask import masked
from zeroweight.checks.outcome import Context, backing_off, outcome
from zeroweight.compare import MOST_REPEATS, Delta, Repeats, State, believed, repeats_needed, split
from zeroweight.finding import Answer, Confidence, Finding, Noise
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent, Scenario
from zeroweight.model.role import ANONYMOUS
from zeroweight.model.target import Side
from zeroweight.redact import Redactor
from zeroweight.trial.candidate import TELLING, Candidate, Pair, Past, cause_of, keep_telling, kind_of

KIN = 3
"""A cause that was confirmed at so many places is believed at another place on KIN_REPEATS steady repeats: it decides nothing any more."""
KIN_REPEATS = 2
BASELINE_ASKS = 5
"""How often the baseline is asked to learn its own noise (measured: 1 repeat leaves 48 % false novelty, 5 leave 1.3 %)."""
DOUBT = 0.25
"""An unsteady difference that the canary shows at least this often, and the baseline never, is asked MOST_REPEATS times more: among many
candidates some come and go so by chance (measured: a header that 10 % of all answers lack made 2 of 14 runs INCONCLUSIVE)."""
EXCERPT = 160
SAID = 240
"""Characters of an evidence that are kept, after redaction."""

Ask = Callable[[Sequence[Scenario], int], Awaitable[list[list[Look[Trace]]]]]
"""Run each scenario on both sides so many times, all in one batch; the repeats stand by scenario."""
AskBaseline = Callable[[Sequence[Scenario], int], Awaitable[list[list[Trace]]]]
"""Run each scenario on the baseline alone so many times."""


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
        self._context = context or Context()
        self._groups = groups or {}
        self._checks = checks
        self._redactor = redactor
        self._past = past
        self._plain: dict[tuple[str, str, str], dict[Side, Outcome]] = {}
        self._found: dict[str, Candidate] = {}
        self._unjudged: dict[tuple[str, str], str] = {}
        """(operation, role) → how the plain request fared, where its odd inputs could not be judged."""
        self.broken: list[CheckFailed] = []
        self._unconfirmed: list[Delta] = []
        self.pairs = 0
        self.noisy = 0

    def take(self, scenarios: Sequence[Scenario], looks: Sequence[Look[Trace]]) -> list[Pair]:
        """Judge a batch; returns its pairs. Plain requests first: they are what odd ones are judged against."""
        halves = [
            (scenario, look, index, old, new)
            for scenario, look in zip(scenarios, looks, strict=True)
            if look.baseline is not None and look.canary is not None
            for index, (old, new) in enumerate(zip(look.baseline.judged, look.canary.judged, strict=False))
        ]
        # Owners first: a 404 is a refusal only where the object's owner is allowed.
        for strangers in (False, True):
            for _, _, _, old, new in halves:
                probe = old.probe
                if probe.intent is Intent.NORMAL and (probe.owner not in {"", probe.role}) is strangers:
                    key = (probe.operation.label, probe.role, probe.owner)
                    self._plain.setdefault(key, {side: self._outcome(half) for side, half in zip(Side, (old, new), strict=True)})
        pairs = [
            Pair(scenario=scenario, step=index, baseline=self.answer(old), canary=self.answer(new), thrice=look.thrice)
            for scenario, look, index, old, new in halves
        ]
        for pair in pairs:
            self._note(pair)
            self._note_unjudged(pair)
        self.pairs += len(pairs)
        return pairs

    def unlike(self, pairs: Sequence[Pair]) -> list[Scenario]:
        """Return the plain requests that fared differently on the two sides: they are asked again before odd ones are held to them."""
        return [
            pair.scenario
            for pair in pairs
            if pair.canary.exchange.probe.intent is Intent.NORMAL and pair.baseline.outcome is not pair.canary.outcome
        ]

    def renew(self, looks: Sequence[Look[Trace]]) -> None:
        """Take the outcomes of plain requests that were asked again, in place of the first ones: a chance error is no yardstick."""
        for look in looks:
            if look.baseline is None or look.canary is None:
                continue
            for old, new in zip(look.baseline.judged, look.canary.judged, strict=False):
                probe = old.probe
                outcomes = {side: self._outcome(half) for side, half in zip(Side, (old, new), strict=True)}
                if outcomes[Side.BASELINE] is outcomes[Side.CANARY]:
                    self._plain[probe.operation.label, probe.role, probe.owner] = outcomes

    def _note_unjudged(self, pair: Pair) -> None:
        """Note an odd input that no rule may judge, since the plain request itself fares differently on the two sides."""
        probe = pair.canary.exchange.probe
        old, new = pair.baseline.plain, pair.canary.plain
        if probe.intent in {Intent.INVALID, Intent.ATTACK} and old is not None and new is not None and _worse(old, new, probe.role):
            self._unjudged.setdefault((probe.operation.label, probe.role), f"the baseline's answer is {old}, the canary's {new}")

    def answer(self, exchange: Exchange) -> Answer:
        """Put an exchange in its context."""
        probe = exchange.probe
        side = exchange.target.side
        plain = self._plain.get((probe.operation.label, probe.role, probe.owner), {})
        owner = self._owner(exchange)
        apart = probe.owner not in {"", probe.role} and self._group(probe.role) != self._group(probe.owner)
        return Answer(exchange=exchange, outcome=self._outcome(exchange), plain=plain.get(side), owner=owner, other_group=apart)

    def _group(self, role: str) -> str:
        return self._groups.get(role, "")

    def _owner(self, exchange: Exchange) -> Outcome | None:
        probe = exchange.probe
        if probe.owner in {"", probe.role}:
            return None
        return self._plain.get((probe.operation.label, probe.owner, probe.owner), {}).get(exchange.target.side)

    def _outcome(self, exchange: Exchange) -> Outcome:
        return outcome(exchange, replace(self._context, owner=self._owner(exchange)))

    def _note(self, pair: Pair) -> None:
        """Find what the pair shows and count it by fingerprint."""
        baseline, canary = self._findings(pair.baseline, pair.canary, Noise())
        new, both, _ = split(baseline, canary)
        for finding in (*new, *both):
            found = self._found.setdefault(finding.fingerprint, Candidate(finding=finding))
            found.pairs += 1
            if finding in both:
                found.unchanged += 1
                continue
            found.seen_new += 1
            found.known = found.known or pair.thrice
            keep_telling(found.telling, pair)
            if found.seen_new == 1:
                found.finding = finding

    def _findings(self, baseline: Answer, canary: Answer, noise: Noise) -> tuple[list[Finding], list[Finding]]:
        """Return what all checks find on each half; a check that raises is kept as broken and asked no more."""
        while True:
            try:
                old = examine(self._checks, baseline)
                new = examine(self._checks, canary) + compare_halves(self._checks, baseline, canary, noise)
            except CheckFailed as failure:
                self.broken.append(failure)
                self._checks = tuple(each for each in self._checks if each is not failure.check)
            else:
                return old, new

    async def settle(self, ask: Ask, ask_baseline: AskBaseline, *, workers: int = 1) -> tuple[Delta, ...]:
        """Ask candidates again, and return what became of every fingerprint."""
        candidates = [found for found in self._found.values() if found.seen_new]
        for found in candidates:
            found.known = found.known or found.finding.fingerprint in self._past.believed
        open_ = [found for found in candidates if not found.known]
        kin = [found for found in open_ if self._past.causes[cause_of(found)] >= KIN]
        await self._ask_again(kin, ask, KIN_REPEATS)
        for found in kin:
            found.known = found.repeats.asked_canary >= KIN_REPEATS and found.repeats.share == 1 and found.repeats.baseline == 0
        open_ = [found for found in open_ if not found.known]
        await self._learn_noise(open_, ask_baseline)
        kept = [found for found in open_ if self._beyond_habit(found)]
        passed = await self._weigh(kept, ask, workers)
        self.noisy = sum(found.seen_new for found in open_ if id(found) not in passed and (found.noise.baseline or found.ranged))
        deltas = []
        for found in self._found.values():
            if found.ranged:
                continue
            if id(found) not in passed:
                found.repeats += found.noise
            confirmed = found.known or id(found) in passed
            if confirmed and found.seen_new:
                self._believe(found)
            deltas.append(self._delta(found, confirmed=confirmed))
            if (found.unasked or found.short) and not confirmed:
                self._unconfirmed.append(deltas[-1])
        for delta in deltas:
            if delta.state is State.NEW and delta.confirmed and not delta.place.parameter and delta.rule.partition(".")[0] in MOVES:
                # What made the plain request differ is told itself; its odd inputs are consequences.
                self._unjudged.pop((delta.place.operation, delta.place.role), None)
        return tuple(deltas)

    async def _weigh(self, kept: Sequence[Candidate], ask: Ask, workers: int) -> set[int]:
        """Ask the candidates again, and the doubtful ones anew; returns (by identity) those that are believed."""
        times = repeats_needed(self._past.candidates * workers + len(kept))
        await self._ask_again(kept, ask, times)
        passed = self._believed(kept, workers)
        doubtful = [found for found in kept if id(found) not in passed and found.repeats.excess >= DOUBT]
        first = [found.repeats for found in doubtful]
        for found in doubtful:
            found.telling = [found.shown] if found.shown else found.telling
        await self._ask_again(doubtful, ask, MOST_REPEATS)
        # Belief stands on the fresh repeats alone: the first ones chose the candidate. Doubt stands on all of them.
        passed |= self._believed(doubtful, workers)
        for found, repeats in zip(doubtful, first, strict=True):
            found.repeats += repeats
        for found in kept:
            asked = min(found.repeats.asked_canary, found.repeats.asked_baseline)
            found.short = asked < times and found.repeats.excess > 0
            # As far as it could be asked, it was steady; one hit among a few asks is not.
            found.unasked = asked < times and (not asked or found.repeats.excess == 1)
        return passed

    def _believed(self, kept: Sequence[Candidate], workers: int) -> set[int]:
        """Return (by identity) the candidates that pass as one family, and count them against all later ones."""
        # Each pair that was tried is a chance to be fooled, not each candidate.
        tried = sum(max(0, found.tried - 1) for found in kept)
        before = self._past.candidates * workers + tried
        self._past.candidates += len(kept) + tried
        judged = believed([found.repeats for found in kept], before=before)
        return {id(found) for found, passed in zip(kept, judged, strict=True) if passed}

    def _believe(self, found: Candidate) -> None:
        """Remember a confirmed fingerprint, and its cause."""
        if found.finding.fingerprint not in self._past.believed:
            self._past.believed.add(found.finding.fingerprint)
            self._past.causes[cause_of(found)] += 1

    async def _learn_noise(self, candidates: Sequence[Candidate], ask_baseline: AskBaseline) -> None:
        """Ask the baseline the same K times for each telling pair whose kind it was not asked before."""
        lacking = {kind_of(pair): pair for found in candidates for pair in found.telling if kind_of(pair) not in self._past.noise}
        repeats = await ask_baseline([pair.scenario for pair in lacking.values()], BASELINE_ASKS)
        for (kind, pair), traces in zip(lacking.items(), repeats, strict=True):
            seen = [trace.judged[pair.step] for trace in traces if len(trace.judged) > pair.step]
            # What was not answered, or put off, says nothing of what the baseline answers.
            answers = [self.answer(each) for each in seen if each.failure is None and backing_off(each) is None]
            self._past.noise[kind] = Noise(answers=tuple(answers))

    def _beyond_habit(self, found: Candidate) -> bool:
        """Whether the difference is more than what the baseline, asked again, does each time; what it does at times is counted."""
        kept = []
        found.ranged = True
        for pair in found.telling:
            noise = self._past.noise[kind_of(pair)]
            own = [self._findings(pair.baseline, answer, noise)[1] for answer in noise.answers]
            hits = sum(any(each.fingerprint == found.finding.fingerprint for each in seen) for seen in own)
            _, new = self._findings(pair.baseline, pair.canary, noise)
            shown = any(each.fingerprint == found.finding.fingerprint for each in new)
            counted = Repeats(baseline=hits, asked_baseline=len(own))
            found.noise = max(found.noise, counted, key=lambda each: each.baseline)
            found.ranged = found.ranged and not shown
            if shown and (hits < len(own) or not own):
                kept.append(pair)
        found.telling = kept or found.telling
        return bool(kept)

    async def _ask_again(self, kept: Sequence[Candidate], ask: Ask, times: int) -> None:
        """Repeat each telling scenario once for all candidates that stand on it; a candidate stops at the first pair that stays steady."""
        asked: dict[int, list[Pair]] = {}
        for turn in range(TELLING):
            open_ = [found for found in kept if turn < len(found.telling) and not (turn and found.repeats.share == 1)]
            wanted = {id(found.telling[turn].scenario): found.telling[turn] for found in open_}
            lacking = [pair for key, pair in wanted.items() if key not in asked]
            for pair, looks in zip(lacking, await ask([pair.scenario for pair in lacking], times), strict=True):
                asked[id(pair.scenario)] = self._again(pair, looks)
            for found in open_:
                pair = found.telling[turn]
                repeats = self._count(found.finding.fingerprint, pair, asked[id(pair.scenario)])
                found.tried = turn + 1
                if turn == 0 or repeats.chance < found.repeats.chance:
                    found.repeats = repeats
                    found.shown = pair

    def _again(self, pair: Pair, looks: Sequence[Look[Trace]]) -> list[Pair]:
        """Return the repeats as pairs; repeats without both halves are nobody's evidence."""
        return [
            replace(pair, step=index, baseline=self.answer(old), canary=self.answer(new))
            for look in looks
            if look.baseline is not None and look.canary is not None
            for index, (old, new) in enumerate(zip(look.baseline.judged, look.canary.judged, strict=False))
        ]

    def _count(self, fingerprint: str, pair: Pair, repeats: Sequence[Pair]) -> Repeats:
        """Count how often each side showed it, both held against the one baseline half that made it a candidate.

        Held against its own partner, a canary that always fails would be excused each time the baseline fails by chance, too.
        """
        mine = [each for each in repeats if each.step == pair.step]
        noise = self._past.noise.get(kind_of(pair), Noise())

        def shows(answer: Answer) -> bool:
            return any(finding.fingerprint == fingerprint for finding in self._findings(pair.baseline, answer, noise)[1])

        canary = sum(shows(each.canary) for each in mine)
        baseline = sum(shows(each.baseline) for each in mine)
        return Repeats(canary=canary, asked_canary=len(mine), baseline=baseline, asked_baseline=len(mine))

    def _delta(self, found: Candidate, *, confirmed: bool) -> Delta:
        """Write down what became of a candidate, redacted: the one way from memory to evidence."""
        finding = found.finding
        new = found.seen_new and (confirmed or found.unasked)
        state = State.NEW if new else State.UNSTEADY if found.seen_new else State.UNCHANGED
        request = ""
        if found.telling:
            sent = found.telling[0].canary.exchange.request
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
