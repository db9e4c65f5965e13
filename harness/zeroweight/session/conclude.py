"""From the plan and what the tests came to, to the verdict and the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zeroweight.compare import Delta, State, merge
from zeroweight.drivers.governor import ENDED
from zeroweight.ledger import Owed, left_over, unwatched
from zeroweight.model.look import Exclusion, Gap
from zeroweight.model.target import Side
from zeroweight.plan import Plan
from zeroweight.record import (
    GovernorLine,
    NotTested,
    NotTestedLine,
    Record,
    RunLine,
    TargetLine,
    VerdictFile,
    exclusion_line,
    finding_line,
    gap_line,
    policy_lines,
    versions,
)
from zeroweight.session import tables
from zeroweight.session.clock import Phase
from zeroweight.session.close import Closing
from zeroweight.session.identity import drifted, nameless
from zeroweight.trial.result import TrialResult
from zeroweight.verdict import Case, Reason, Verdict, judge

NOISE_BOUND = 0.2
"""Share of the pairs whose difference lay in the baseline's own range, from which a comparison means nothing."""
NOISE_LEAST = 20
"""Fewer pairs than this say nothing about noise."""
UNREACHED = "asked on both sides, and never once allowed by the baseline"


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What the controller gathered while the tests ran."""

    results: list[TrialResult] = field(default_factory=list)
    failures: list[Reason] = field(default_factory=list)
    tests: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the run came to, summed over tests and workers."""

    deltas: tuple[Delta, ...]
    required: tuple[Gap, ...]
    optional: tuple[Gap, ...]
    exclusions: tuple[Exclusion, ...]
    unreached: tuple[str, ...]
    asked: frozenset[str]
    allowed: frozenset[tuple[str, str]]
    builds: Mapping[str, Mapping[str, int]]
    requests: Mapping[str, int]
    pairs: int
    noisy: int
    resent: int
    governor: GovernorLine


def balance(plan: Plan, results: Sequence[TrialResult]) -> Balance:
    """Sum up, and book what is left over as gaps."""
    asked = frozenset(label for result in results for label in result.asked)
    allowed = frozenset(pair for result in results for pair in result.allowed)
    governor = tables.governor(results)
    gaps = [*plan.gaps, *_gaps(results, governor)]
    told = {(e.operation, e.role) for e in plan.ledger.excluded}
    exclusions = [*plan.ledger.excluded, *(e for result in results for e in result.exclusions if (e.operation, e.role) not in told)]
    crossed = [owed for result in results for owed in result.crossed]
    gaps += _owed_and_not_got(plan, crossed, gaps, exclusions)
    callable_ = [operation.label for operation in plan.operations if _may_be_called(operation.label, plan)]
    unreached = tuple(label for label in callable_ if label in asked and not any(label == got for got, _ in allowed))
    gaps += _shares(plan, callable_, asked, allowed)
    gaps += _never_allowed(plan, allowed)
    gaps += unwatched((result.suite, result.requests.get(Side.BASELINE, 0), result.governed.watched) for result in results)
    gaps = list(dict.fromkeys(gaps))
    needed = tuple(gap for gap in gaps if _required(plan, gap))
    return Balance(
        deltas=merge((*plan.deltas, *(delta for result in results for delta in result.deltas))),
        required=needed,
        optional=tuple(gap for gap in gaps if gap not in needed),
        exclusions=tuple(dict.fromkeys(replace(e, suite="") for e in exclusions)),
        unreached=unreached,
        asked=asked,
        allowed=allowed,
        builds=_sum(result.builds for result in results),
        requests=_count(result.requests for result in results),
        pairs=sum(result.pairs for result in results),
        noisy=sum(result.noisy for result in results),
        resent=sum(result.resent for result in results),
        governor=governor,
    )


def _owed_and_not_got(plan: Plan, crossed: Sequence[Owed], gaps: Sequence[Gap], exclusions: Sequence[Exclusion]) -> list[Gap]:
    """Return the ledger's open lines; those of a role that could not log in are told once, by its own gap."""
    out = {gap.role for gap in gaps if gap.role and not gap.operation}
    excluded = {(e.suite, e.operation, e.role) for e in exclusions}
    # A gap of an odd request explains nothing that is owed: it is not required, and would let the line pass.
    open_ = left_over(plan.ledger, crossed, [gap for gap in gaps if not gap.code.startswith("odd-")])
    found = [gap for gap in open_ if gap.role not in out and (gap.suite, gap.operation, gap.role) not in excluded]
    worked = {owed.suite for owed in crossed}
    found += [_idle(suite) for suite in _suites(plan) if suite not in worked and not plan.blocked]
    if plan.blocked:
        found.append(Gap(what="the whole run", why=plan.blocked, code="blocked"))
    elif not crossed:
        found.append(_nothing())
    return found


def _gaps(results: Sequence[TrialResult], governor: GovernorLine) -> list[Gap]:
    """Return what the tests did not come to; time that ran out before anything was slowed down ran out for another reason."""
    found: list[Gap] = []
    slowed = False
    for result in results:
        slowed = slowed or result.governed.slowed > 0
        found += (_spared(gap, governor, slowed=slowed) for gap in result.gaps)
    return found


def _spared(gap: Gap, governor: GovernorLine, *, slowed: bool) -> Gap:
    """Say of what the run did not come to that it went easy on the baseline, where that is why."""
    if gap.code == "deadline" and slowed:
        return replace(gap, fix=f"raise budget.seconds; the run was {governor.says}")
    if gap.code == "stopped" and gap.why.startswith(ENDED):
        return replace(gap, fix="see what the baseline suffers from; lower the rate, or take a replica that serves nobody as baseline.url")
    return gap


def _nothing() -> Gap:
    why = "not a single look was taken at both sides"
    return Gap(what="the whole run", why=why, fix="see policy.require.suites and suites.skip", code="nothing-compared")


def _idle(suite: str) -> Gap:
    why = "it did not take a single look at both sides"
    return Gap(what=f"suite {suite}", why=why, fix="see `zeroweight doctor`", code="suite-empty", suite=suite)


def _may_be_called(label: str, plan: Plan) -> bool:
    """Whether the level lets any role call the operation: what the ledger has a line for."""
    return any(line.operation == label for line in plan.ledger.lines)


def _shares(plan: Plan, callable_: Sequence[str], asked: frozenset[str], allowed: frozenset[tuple[str, str]]) -> list[Gap]:
    """Return gaps for the shares that a PASS needs: operations answered, operations allowed."""
    need = plan.policy.require
    found: list[Gap] = []
    if not callable_:
        return found
    answered = sum(label in asked for label in callable_) / len(callable_)
    if answered < need.operations_answered:
        lacking = [label for label in callable_ if label not in asked]
        why = f"{len(lacking)} of {len(callable_)} operations were not answered on both sides; {need.operations_answered:.0%} must be"
        found.append(Gap(what=_some(lacking), why=why, code="operations-answered"))
    reached = {label for label, _ in allowed}
    share = sum(label in reached for label in callable_) / len(callable_)
    if share < need.operations_allowed:
        lacking = [label for label in callable_ if label not in reached]
        why = (
            f"only {share:.0%} of the operations were ever allowed by the baseline; operations_allowed wants {need.operations_allowed:.0%}"
        )
        fix = "declare [resources] for their ids, give examples in the schema, or add roles"
        found.append(Gap(what=_some(lacking), why=why, fix=fix, code="operations-allowed"))
    return found


def _never_allowed(plan: Plan, allowed: frozenset[tuple[str, str]]) -> list[Gap]:
    """Return a gap for each required role that the baseline never allowed anything, unless another gap tells of it."""
    lucky = {role for _, role in allowed}
    known = {gap.role for gap in plan.gaps if gap.role}
    why = "it was never allowed anything, so nothing that was refused to it means anything"
    return [
        Gap(what=f"role {role}", why=why, fix=f"see roles.{role} and its credentials", code="role-never-allowed", role=role)
        for role in plan.policy.require.roles
        if role not in lucky and role not in known and not plan.blocked
    ]


def _some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")  # noqa: PLR2004


def _required(plan: Plan, gap: Gap) -> bool:
    """Whether a PASS needs what the gap is about."""
    if gap.code.startswith("odd-"):
        return False
    if gap.role and not gap.operation:
        return gap.role in plan.policy.require.roles
    return not gap.suite or gap.suite in _suites(plan)


def _sum(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    total: dict[str, Counter[str]] = {}
    for part in parts:
        for side, counts in part.items():
            total.setdefault(side, Counter()).update(counts)
    return {side: dict(counter) for side, counter in total.items()}


def _count(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


def decide(plan: Plan, sums: Balance, failures: Sequence[Reason], closing: Closing) -> Verdict:
    """Give the verdict."""
    untrue = [*plan.untrue, *closing.untrue, *drifted(plan.builds, sums.builds), *nameless(plan.builds, sums.builds)]
    if not plan.policy.require.identity:
        untrue = [reason for reason in untrue if reason.code != "identity-unproven"]
    if sums.pairs >= NOISE_LEAST and sums.noisy > NOISE_BOUND * sums.pairs:
        text = f"{sums.noisy} of {sums.pairs} pairs differed no more than the baseline from itself: nothing can be told apart from noise"
        untrue.append(Reason(code="noise", text=text))
    return judge(plan.policy, Case(untrue=tuple(untrue), deltas=sums.deltas, gaps=sums.required, failures=tuple(failures)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the controller knows about the run as a whole."""

    run: RunLine
    budget_seconds: float
    budget_requests: int
    began: float = 0.0
    """When the run began, on the monotonic clock."""
    phases: tuple[Phase, ...] = ()
    """What the controller itself did when."""


def record(plan: Plan, sums: Balance, verdict: Verdict, closing: Closing, gathered: Gathered, frame: Frame) -> Record:
    """Write the record: all that a run did, saw and decided."""
    findings = tuple(finding_line(delta, plan.policy.weigh(delta)) for delta in sums.deltas)
    states = Counter(line.state for line in findings)
    actions = Counter(line.action for line in findings if line.state == State.NEW)
    lucky = {role for _, role in sums.allowed}
    reached = {label for label, _ in sums.allowed}
    gaps = [gap_line(gap, required=True) for gap in sums.required] + [gap_line(gap, required=False) for gap in sums.optional]
    summary = VerdictFile(
        service=plan.service,
        verdict=verdict.word,
        reasons=verdict.reasons,
        findings=findings,
        not_tested=NotTested(
            gaps=tuple(gaps),
            exclusions=tuple(exclusion_line(each) for each in sums.exclusions),
            unreached=tuple(NotTestedLine(what=label, why=UNREACHED, code="unreached") for label in sums.unreached),
        ),
        coverage={
            "operations": len(plan.operations),
            "answered": len(sums.asked),
            "allowed": len(reached),
            "owed": len(plan.ledger.lines),
            "roles": len(plan.roles),
        },
        counts={
            **{state.value: states[state.value] for state in State},
            **{f"new_{action}": count for action, count in actions.items()},
            "pairs": sums.pairs,
            "noisy": sums.noisy,
            "resent": sums.resent,
        },
        budget={
            "seconds": frame.budget_seconds,
            "requests": frame.budget_requests,
            **{f"sent_{side}": count for side, count in sums.requests.items()},
        },
        governor=sums.governor,
        targets={
            str(side): TargetLine(
                url=plan.targets[side].url,
                build=plan.builds.get(side, ""),
                expected=plan.targets[side].expect,
                builds_seen={build: count for build, count in sums.builds.get(side, {}).items() if build},
            )
            for side in Side
        },
        versions=versions(),
        run=frame.run,
    )
    return Record(
        summary=summary,
        policy=policy_lines(plan.policy),
        roles={role.name: role.name in lucky for role in plan.roles},
        operations={
            o.label: "allowed" if o.label in reached else "answered" if o.label in sums.asked else "not answered" for o in plan.operations
        },
        leftovers=closing.leftovers,
        notes=plan.notes,
        tests=gathered.tests,
        tallies=tuple(tally for result in gathered.results for tally in result.tallies),
        exhibits=tables.exhibits(plan.policy, gathered.results, sums.deltas),
        matrix=tables.matrix(gathered.results),
        headers=tables.headers(gathered.results, sums.deltas),
        suites=tables.suites(_suites(plan), gathered.results, sums.deltas, (*sums.required, *sums.optional)),
        phases=tables.phases(frame.began, frame.phases, gathered.results),
        surety=tables.surety(gathered.results, sums.deltas, plan.deltas),
        waivers=tables.waivers(plan.policy, sums.deltas),
    )


def _suites(plan: Plan) -> tuple[str, ...]:
    """Return the suites that the run owes, whether they ran or not."""
    return tuple(dict.fromkeys((*plan.policy.require.suites, *(line.suite for line in plan.ledger.lines))))
