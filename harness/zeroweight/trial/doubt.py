"""Asking again: a difference is believed on fresh evidence, and on nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from zeroweight.checks.outcome import backing_off
from zeroweight.compare import MOST_REPEATS, Repeats, believed, repeats_needed
from zeroweight.finding import Answer, Noise
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.look import Look
from zeroweight.model.request import Scenario
from zeroweight.trial.candidate import KIN_REPEATS, TELLING, Candidate, Pair, Past, kind_of
from zeroweight.trial.sight import Sight

BASELINE_ASKS = 5
"""How often the baseline is asked to learn its own noise (measured: 1 repeat leaves 48 % false novelty, 5 leave 1.3 %)."""
DOUBT = 0.25
"""An unsteady difference that the canary shows at least this often, and the baseline never, is asked MOST_REPEATS times more: among many
candidates some come and go so by chance (measured: a header that 10 % of all answers lack made 2 of 14 runs INCONCLUSIVE)."""

Ask = Callable[[Sequence[Scenario], int], Awaitable[list[list[Look[Trace]]]]]
"""Run each scenario on both sides so many times, all in one batch; the repeats stand by scenario."""
AskBaseline = Callable[[Sequence[Scenario], int], Awaitable[list[list[Trace]]]]
"""Run each scenario on the baseline alone so many times."""


class Doubt:
    """Asks the candidates of one trial again, and says which of them are believed."""

    def __init__(self, sight: Sight, past: Past, answer: Callable[[Exchange], Answer]) -> None:
        """Take what judges a pair, what earlier trials learnt (shared by a process's trials), and what puts an exchange in its context."""
        self._sight = sight
        self._past = past
        self._answer = answer
        self.repeats = 0
        """Scenarios, each on one side, that were run again and gave a half."""
        self.noise_asks = 0
        """Scenarios that the baseline was asked again."""

    async def settle(self, candidates: Sequence[Candidate], ask: Ask, ask_baseline: AskBaseline, *, workers: int) -> set[int]:
        """Ask again what is not known yet; returns (by identity) the candidates that passed. Those that were known beforehand say so."""
        for found in candidates:
            found.known = found.known or found.fingerprint in self._past.believed
        open_ = [found for found in candidates if not found.known]
        kin = [found for found in open_ if self._past.kin(found.finding)]
        await self._ask_again(kin, ask, KIN_REPEATS)
        for found in kin:
            found.known = found.repeats.asked_canary >= KIN_REPEATS and found.repeats.share == 1 and found.repeats.baseline == 0
        open_ = [found for found in open_ if not found.known]
        await self._learn_noise(open_, ask_baseline)
        kept = [found for found in open_ if self._beyond_habit(found)]
        return await self._weigh(kept, ask, workers)

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

    async def _learn_noise(self, candidates: Sequence[Candidate], ask_baseline: AskBaseline) -> None:
        """Ask the baseline the same K times for each telling pair whose kind it was not asked before."""
        lacking = {kind_of(pair): pair for found in candidates for pair in found.telling if kind_of(pair) not in self._past.noise}
        repeats = await ask_baseline([pair.scenario for pair in lacking.values()], BASELINE_ASKS)
        for (kind, pair), traces in zip(lacking.items(), repeats, strict=True):
            self.noise_asks += len(traces)
            seen = [trace.judged[pair.step] for trace in traces if len(trace.judged) > pair.step]
            # What was not answered, or put off, says nothing of what the baseline answers.
            answers = [self._answer(each) for each in seen if each.failure is None and backing_off(each) is None]
            self._past.noise[kind] = Noise(answers=tuple(answers))

    def _beyond_habit(self, found: Candidate) -> bool:
        """Whether the difference is more than what the baseline, asked again, does each time; what it does at times is counted."""
        kept = []
        found.ranged = True
        for pair in found.telling:
            noise = self._past.noise[kind_of(pair)]
            hits = sum(self._sight.shows(found.fingerprint, pair.baseline, answer, noise) for answer in noise.answers)
            shown = self._sight.shows(found.fingerprint, pair.baseline, pair.canary, noise)
            counted = Repeats(baseline=hits, asked_baseline=len(noise.answers))
            found.noise = max(found.noise, counted, key=lambda each: each.baseline)
            found.ranged = found.ranged and not shown
            if shown and (hits < len(noise.answers) or not noise.answers):
                kept.append(pair)
        found.telling = kept or found.telling
        found.habit = not kept
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
                repeats = self._count(found.fingerprint, pair, asked[id(pair.scenario)])
                found.tried = turn + 1
                if turn == 0 or repeats.chance < found.repeats.chance:
                    found.repeats = repeats
                    found.shown = pair

    def _again(self, pair: Pair, looks: Sequence[Look[Trace]]) -> list[Pair]:
        """Return the repeats as pairs; repeats without both halves are nobody's evidence."""
        whole = [(look.baseline, look.canary) for look in looks if look.baseline is not None and look.canary is not None]
        self.repeats += 2 * len(whole)
        return [
            replace(pair, step=index, baseline=self._answer(old), canary=self._answer(new))
            for baseline, canary in whole
            for index, (old, new) in enumerate(zip(baseline.judged, canary.judged, strict=False))
        ]

    def _count(self, fingerprint: str, pair: Pair, repeats: Sequence[Pair]) -> Repeats:
        """Count how often each side showed it, both held against the one baseline half that made it a candidate.

        Held against its own partner, a canary that always fails would be excused each time the baseline fails by chance, too.
        """
        mine = [each for each in repeats if each.step == pair.step]
        noise = self._past.noise.get(kind_of(pair), Noise())
        canary = sum(self._sight.shows(fingerprint, pair.baseline, each.canary, noise) for each in mine)
        baseline = sum(self._sight.shows(fingerprint, pair.baseline, each.baseline, noise) for each in mine)
        return Repeats(canary=canary, asked_canary=len(mine), baseline=baseline, asked_baseline=len(mine))
