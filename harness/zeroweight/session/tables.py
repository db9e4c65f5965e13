"""What stands behind a verdict, summed over tests and workers: matrix, headers, suites, phases, how sure, waivers, exhibits."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from zeroweight.compare import BOUND, Delta, State, worst_first
from zeroweight.finding import Exhibit
from zeroweight.model.governed import suffering
from zeroweight.model.look import Gap
from zeroweight.model.outcome import Outcome
from zeroweight.record import CellLine, GovernorLine, HeaderLine, PhaseLine, SuiteLine, Surety, WaiverLine
from zeroweight.session.clock import Phase
from zeroweight.trial.protection import LOSSES, Change, Protection, keep
from zeroweight.trial.result import TrialResult
from zeroweight.trial.yardstick import Cell
from zeroweight.verdict import Action, Policy

MOST_EXHIBITS = 200
LARGEST_EXHIBITS = 2 << 20
"""Bytes of all exhibits, written as JSON: a record is opened in an editor, too."""
FIRST_OF_A_CAUSE = 3
"""So many exhibits of each cause come before more of any: two hundred places of one leak must not crowd out another."""
MATRIX = "authorization"
"""The suite whose cell is taken where others saw the same."""


def matrix(results: Sequence[TrialResult]) -> tuple[CellLine, ...]:
    """Return one cell for each plain request; where tests disagree, the worst difference is told, since an average would hide it."""
    best: dict[tuple[str, str, str], tuple[tuple[int, bool], Cell]] = {}
    for result in results:
        for cell in result.cells:
            key = cell.operation, cell.role, cell.owner
            weight = _difference(cell), result.suite == MATRIX
            # The last part makes it the same whichever worker came first.
            if key not in best or (weight, repr(cell)) > (best[key][0], repr(best[key][1])):
                best[key] = weight, cell
    return tuple(
        CellLine(
            operation=cell.operation,
            role=cell.role,
            owner=cell.owner,
            baseline=cell.baseline,
            canary=cell.canary,
            baseline_status=cell.baseline_status,
            canary_status=cell.canary_status,
        )
        for _, (_, cell) in sorted(best.items())
    )


def _difference(cell: Cell) -> int:
    """Return how bad a cell's difference is: let in, gone wrong, otherwise different, alike."""
    if cell.baseline is cell.canary:
        return 0
    if cell.canary is Outcome.ALLOWED:
        return 3
    return 2 if cell.canary in {Outcome.BROKEN, Outcome.SILENT} else 1


def headers(results: Sequence[TrialResult], deltas: Sequence[Delta]) -> tuple[HeaderLine, ...]:
    """Return each header's pairs of values, and on how many operations they came; an operation whose answers differ counts in each.

    A header that some answers lack by chance is no change: it is one where a finding says that it is new, or where it was so each time.
    """
    lost = {(delta.rule, delta.place.operation) for delta in deltas if delta.state is State.NEW}
    seen = Counter(each for result in results for each in result.protections)
    ways = Counter((each.name, each.operation) for each in seen)

    def by_chance(each: Protection) -> bool:
        found = each.change is Change.WEAKER and (LOSSES[each.name].rule.id, each.operation) in lost
        return each.change in {Change.WEAKER, Change.STRONGER} and ways[each.name, each.operation] > 1 and not found

    believed = {each: count for each, count in seen.items() if not by_chance(each)}
    where: dict[tuple[str, str, str], set[str]] = {}
    change: dict[tuple[str, str, str], Change] = {}
    for each in keep(believed):
        key = each.name, each.baseline, each.canary
        where.setdefault(key, set()).add(each.operation)
        change[key] = min(change.get(key, each.change), each.change, key=lambda one: one.rank)
    of = Counter(name for name, _ in ways)
    made = [
        HeaderLine(name=key[0], baseline=key[1], canary=key[2], operations=len(operations), of=of[key[0]], change=change[key])
        for key, operations in where.items()
    ]
    order = list(LOSSES)
    return tuple(sorted(made, key=lambda m: (order.index(m.name), Change(m.change).rank, -m.operations, m.baseline, m.canary)))


def suites(names: Iterable[str], results: Sequence[TrialResult], deltas: Sequence[Delta], gaps: Sequence[Gap]) -> dict[str, SuiteLine]:
    """Return what each suite came to; those that were owed and never ran are there, too."""
    states = {(suite, state): 0 for suite in names for state in State}
    for delta in deltas:
        for suite in delta.suites:
            states[suite, delta.state] = states.get((suite, delta.state), 0) + 1
    every = dict.fromkeys((*(suite for suite, _ in states), *(result.suite for result in results)))
    made = {}
    for suite in sorted(every):
        own = [result for result in results if result.suite == suite]
        made[suite] = SuiteLine(
            seconds=round(sum(result.ended - result.began for result in own), 3),
            tests=len(own),
            pairs=sum(result.pairs for result in own),
            new=states.get((suite, State.NEW), 0),
            unsteady=states.get((suite, State.UNSTEADY), 0),
            unchanged=states.get((suite, State.UNCHANGED), 0),
            absent=states.get((suite, State.ABSENT), 0),
            not_tested=sum(gap.suite == suite for gap in gaps),
        )
    return made


def phases(began: float, known: Sequence[Phase], results: Sequence[TrialResult]) -> tuple[PhaseLine, ...]:
    """Return the run's phases on its own clock, in the order in which they began; suites of several workers overlap."""
    spans: dict[str, tuple[float, float]] = {}
    for result in results:
        first, last = spans.get(result.suite, (result.began, result.ended))
        spans[result.suite] = min(first, result.began), max(last, result.ended)
    stretches = [*known, *(Phase(name=f"suite {suite}", began=first, ended=last) for suite, (first, last) in spans.items())]
    return tuple(
        PhaseLine(name=each.name, start=round(each.began - began, 3), seconds=round(each.ended - each.began, 3))
        for each in sorted(stretches, key=lambda each: (each.began, each.name))
    )


def surety(results: Sequence[TrialResult], deltas: Sequence[Delta], told: Iterable[Delta]) -> Surety:
    """Return how sure the run is; what the documents `told` was never in doubt, and is left out."""
    certain = {delta.fingerprint for delta in told}
    doubted = {delta.fingerprint: delta for delta in deltas if delta.seen_new and delta.fingerprint not in certain}
    confirmed = {key for key, delta in doubted.items() if delta.state is State.NEW and delta.confirmed}
    dropped = {key for result in results for key in result.dropped}
    return Surety(
        candidates=len(doubted.keys() | dropped),
        repeats=sum(result.repeats for result in results),
        confirmed=len(confirmed),
        # What another test found steady was not dropped after all.
        dropped=len(dropped - confirmed),
        noise_asks=sum(result.noise_asks for result in results),
        bound=BOUND,
    )


def governor(results: Sequence[TrialResult]) -> GovernorLine:
    """Return how the run went easy on the baseline, over all processes."""
    told = [result.governed for result in results]
    slowed = sum(each.slowed for each in told)
    lowest = min((each.lowest for each in told if each.slowed), default=0.0)
    times, failed = max((each.times for each in told), default=0.0), max((each.failed for each in told), default=0.0)
    stopped = next((each.stopped for each in told if each.stopped), "")
    says = f"ended by the governor: {stopped}" if stopped else ""
    if slowed:
        how = f"slowed down {'once' if slowed == 1 else f'{slowed} times'}, to {lowest:.3g} requests/s at the lowest"
        says = f"{how}, since {suffering(times, failed)}" + ("; the governor ended the run there" if stopped else "")
    return GovernorLine(
        watched=sum(each.watched for each in told),
        slowed=slowed,
        lowest=round(lowest, 3),
        times=round(times, 2),
        failed=round(failed, 3),
        stopped=stopped,
        says=says,
    )


def held(results: Sequence[TrialResult]) -> float:
    """Return the rate that the end of a run must keep to, where a governor ended it; infinite where none did."""
    return min((each.governed.lowest for each in results if each.governed.stopped and each.governed.lowest), default=math.inf)


def waivers(policy: Policy, deltas: Sequence[Delta]) -> tuple[WaiverLine, ...]:
    """Return each waiver, and whether this run needed it."""
    met = Counter(delta.fingerprint for delta in deltas if delta.state in {State.NEW, State.UNSTEADY})
    return tuple(
        WaiverLine(
            fingerprint=waiver.fingerprint,
            owner=waiver.owner,
            reason=waiver.reason,
            ticket=waiver.ticket,
            expires=waiver.expires.isoformat(),
            state="expired" if waiver.expires < policy.today else "used" if met[waiver.fingerprint] else "unused",
            findings=met[waiver.fingerprint],
        )
        for waiver in policy.waivers
    )


def exhibits(policy: Policy, results: Sequence[TrialResult], deltas: Sequence[Delta]) -> dict[str, Exhibit]:
    """Return fingerprint → exhibit: what blocks first, a few of each cause, then the rest, as far as number and size allow."""
    best = _best(results)
    order = sorted(deltas, key=lambda delta: policy.weigh(delta) is not Action.BLOCK and not policy.troubling(delta))
    causes: Counter[tuple[str, str]] = Counter()
    early: list[Delta] = []
    late: list[Delta] = []
    for delta in order:
        if delta.fingerprint in best and delta.state in {State.NEW, State.UNSTEADY}:
            causes[delta.rule, delta.cause] += 1
            (early if causes[delta.rule, delta.cause] <= FIRST_OF_A_CAUSE else late).append(delta)
    made: dict[str, Exhibit] = {}
    left = LARGEST_EXHIBITS
    for delta in (*early, *late):
        size = len(json.dumps(asdict(best[delta.fingerprint])))
        if len(made) < MOST_EXHIBITS and size <= left:
            made[delta.fingerprint] = best[delta.fingerprint]
            left -= size
    return made


def _best(results: Sequence[TrialResult]) -> Mapping[str, Exhibit]:
    """Return each fingerprint's exhibit from the test whose delta wins when they are folded."""
    best: dict[str, tuple[Delta, Exhibit]] = {}
    for result in results:
        for delta in result.deltas:
            shown = result.exhibits.get(delta.fingerprint)
            held = best.get(delta.fingerprint)
            if shown is not None and (held is None or worst_first(delta) < worst_first(held[0])):
                best[delta.fingerprint] = delta, shown
    return {key: shown for key, (_, shown) in best.items()}
