from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from plans import LINES, OPERATIONS, TODAY, plan_of

from zeroweight.compare import Delta, Repeats, State
from zeroweight.drivers.governor import ENDED
from zeroweight.finding import Excerpt, Exhibit, Severity, Tally, fingerprint
from zeroweight.ledger import Ledger, Owed
from zeroweight.model.governed import Governed
from zeroweight.model.look import Exclusion, Gap
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.model.role import Role
from zeroweight.model.target import Side
from zeroweight.plan import Plan
from zeroweight.record import GovernorLine, RunLine, SuiteLine
from zeroweight.session.clock import Phase
from zeroweight.session.close import Closing
from zeroweight.session.conclude import NOISE_LEAST, Balance, Frame, Gathered, balance, decide, record
from zeroweight.trial.protection import Change, Protection
from zeroweight.trial.result import TrialResult
from zeroweight.trial.yardstick import Cell
from zeroweight.verdict import Policy, Reason, Require, Waiver, Word

FIRST, SECOND = (operation.label for operation in OPERATIONS)
ALLOWED = ((FIRST, "ann"), (SECOND, "ann"))


def result(**more: Any) -> TrialResult:
    """Return what a whole and faultless run of the suite `own` comes to."""
    given: dict[str, Any] = {"suite": "own", "crossed": LINES, "allowed": ALLOWED, "asked": (FIRST, SECOND), "pairs": 4}
    return TrialResult(**{**given, **more})


def required(**more: Any) -> Policy:
    given: dict[str, Any] = {"roles": ("ann",), "suites": ("own",)}
    return Policy(today=TODAY, require=Require(**{**given, **more}))


def codes(gaps: Sequence[Gap]) -> list[str]:
    return [gap.code for gap in gaps]


def delta(rule: str = "a.b", state: State = State.NEW, severity: Severity = Severity.HIGH, **more: Any) -> Delta:
    place = Place(method="GET", path="/things", role="ann")
    return Delta(
        rule=rule, title=rule, severity=severity, place=place, fingerprint=fingerprint(rule, place), state=state, confirmed=True, **more
    )


def word(plan: Plan, sums: Balance, failures: Sequence[Reason] = (), closing: Closing | None = None) -> tuple[Word, list[str]]:
    verdict = decide(plan, sums, failures, closing or Closing())
    return verdict.word, [reason.code for reason in verdict.reasons]


def test_a_whole_run_without_a_fault_passes() -> None:
    plan = plan_of()
    sums = balance(plan, [result()])
    assert (sums.required, sums.optional, sums.unreached) == ((), (), ())
    assert word(plan, sums) == (Word.PASS, ["no-regression"])


@pytest.mark.parametrize("lost", LINES, ids=str)
def test_a_line_that_nothing_crossed_off_is_a_gap(lost: Owed) -> None:
    sums = balance(plan_of(), [result(crossed=tuple(line for line in LINES if line is not lost))])
    assert [(gap.code, gap.operation, gap.role) for gap in sums.required] == [("not-run", lost.operation, lost.role)]


def test_results_of_several_workers_are_one_run() -> None:
    halves = [
        result(
            crossed=LINES[:2],
            asked=(FIRST,),
            allowed=ALLOWED[:1],
            requests={"baseline": 3},
            governed=Governed(watched=3),
            builds={"canary": {"1.1": 2}},
            noisy=1,
            resent=1,
        ),
        result(
            crossed=LINES[2:],
            asked=(SECOND,),
            allowed=ALLOWED[1:],
            requests={"baseline": 4, "canary": 1},
            builds={"canary": {"1.1": 1}},
            governed=Governed(watched=4, slowed=1, lowest=2.5, times=5.04),
        ),
    ]
    sums = balance(plan_of(), halves)
    assert sums.required == ()
    assert (sums.pairs, sums.noisy, sums.resent) == (8, 1, 1)
    assert sums.requests == {"baseline": 7, "canary": 1}
    assert sums.builds == {"canary": {"1.1": 3}}
    assert (sums.governor.watched, sums.governor.slowed, sums.governor.lowest) == (7, 1, 2.5)
    assert word(plan_of(), sums) == (Word.PASS, ["no-regression"])


def test_a_run_whose_governor_did_not_look_at_the_baseline_is_no_pass() -> None:
    sums = balance(plan_of(), [result(requests={"baseline": 3, "canary": 3})])
    assert codes(sums.required) == ["governor"]
    assert word(plan_of(), sums) == (Word.INCONCLUSIVE, ["governor"])


@pytest.mark.parametrize("code", ["deadline", "budget", "stopped", "silent"])
def test_where_time_ran_out_because_the_baseline_was_spared_the_gap_says_so(code: str) -> None:
    slow = Governed(watched=3, slowed=2, lowest=12.0, times=5.14)
    plain, spared = (balance(plan_of(), [result(gaps=(gap(code),), governed=each)]).required[0] for each in (Governed(), slow))
    assert plain == gap(code)
    expected = (
        "raise budget.seconds; the run was slowed down 2 times, to 12 requests/s at the lowest, since the baseline's answers took 5.1"
    )
    assert spared.fix == (f"{expected} times as long" if code == "deadline" else "")


def test_time_that_ran_out_before_anything_was_slowed_down_ran_out_for_another_reason() -> None:
    slow = Governed(watched=3, slowed=2, lowest=12.0, times=5.14)
    before, after = gap("deadline"), gap("deadline", operation=SECOND)
    told = balance(plan_of(), [result(gaps=(before,)), result(gaps=(after,), governed=slow)]).required
    assert before in told
    assert [each.fix for each in told if each.operation == SECOND and each.code == "deadline"] != [""]


def test_what_the_governor_stopped_says_what_to_see_to() -> None:
    stopped = replace(gap("stopped"), why=f"{ENDED}: at 1 requests a second")
    assert "baseline" in balance(plan_of(), [result(gaps=(stopped,))]).required[0].fix


def gap(code: str, *, suite: str = "own", operation: str = FIRST, role: str = "ann") -> Gap:
    return Gap(what="w", why="y", code=code, suite=suite, operation=operation, role=role)


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        (gap("silent"), True),
        (gap("limited", role=""), True),
        (gap("unconfirmed"), True),
        (gap("silent", role="anonymous"), True),
        (gap("suite", operation="", role=""), True),
        (gap("schema", suite="", role=""), True),
        (gap("schema", suite="", operation="", role=""), True),
        (gap("silent", suite="mine"), False),
        (gap("odd-silent"), False),
        (gap("odd-unbound", suite=""), False),
        (gap("login", suite="", operation=""), True),
        (gap("login", suite="", operation="", role="ben"), False),
        (gap("role", suite="", operation="", role="ben"), False),
    ],
)
def test_a_pass_needs_what_a_gap_is_about(given: Gap, needed: bool) -> None:  # noqa: FBT001  # a table's column
    sums = balance(plan_of(), [result(gaps=(given,))])
    assert (given in sums.required, given in sums.optional) == (needed, not needed)


def test_a_gap_is_told_once_however_often_it_was_met() -> None:
    assert balance(plan_of(), [result(gaps=(gap("silent"),)), result(gaps=(gap("silent"), gap("silent")))]).required == (gap("silent"),)


def test_a_gap_that_explains_a_line_stands_for_it() -> None:
    sums = balance(plan_of(), [result(crossed=LINES[:-1], gaps=(gap("silent", operation=LINES[-1].operation, role=LINES[-1].role),))])
    assert codes(sums.required) == ["silent"]


def test_an_odd_request_explains_nothing_that_is_owed() -> None:
    odd = gap("odd-silent", operation=LINES[-1].operation, role=LINES[-1].role)
    sums = balance(plan_of(), [result(crossed=LINES[:-1], gaps=(odd,))])
    assert codes(sums.required) == ["not-run"]
    assert sums.optional == (odd,)


def test_the_lines_of_a_role_that_could_not_log_in_are_told_once_by_its_own_gap() -> None:
    lost = gap("login", suite="", operation="")
    plan = plan_of(gaps=(lost,))
    sums = balance(plan, [result(crossed=tuple(line for line in LINES if line.role != "ann"), allowed=((FIRST, "anonymous"),))])
    assert sums.required == (lost,)
    assert word(plan, sums)[0] is Word.INCONCLUSIVE


def test_a_role_that_nobody_requires_may_be_lost() -> None:
    plan = plan_of(gaps=(gap("login", suite="", operation=""),), policy=required(roles=()))
    sums = balance(plan, [result(crossed=tuple(line for line in LINES if line.role != "ann"), allowed=((FIRST, "anonymous"),))])
    assert sums.required == ()
    assert codes(sums.optional) == ["login"]


def test_what_the_level_forbids_is_an_exclusion_and_no_debt() -> None:
    left_out = Exclusion(what="w", why="safety.level", suite="own", operation=FIRST, role="ann")
    crossed = tuple(line for line in LINES if (line.operation, line.role) != (FIRST, "ann"))
    sums = balance(plan_of(), [result(crossed=crossed, exclusions=(left_out,))])
    assert sums.required == ()
    assert [(each.operation, each.role) for each in sums.exclusions] == [(FIRST, "ann")]


def test_an_exclusion_is_told_once_for_all_suites() -> None:
    told = [Exclusion(what="w", why="y", suite=suite, operation="PUT /things/{id}", role="ann") for suite in ("own", "other")]
    plan = plan_of(ledger=Ledger(lines=LINES, excluded=tuple(told)))
    during = Exclusion(what="again", why="the level", suite="own", operation="PUT /things/{id}", role="ann")
    assert balance(plan, [result(exclusions=(during,))]).exclusions == (
        Exclusion(what="w", why="y", operation="PUT /things/{id}", role="ann"),
    )


@pytest.mark.parametrize(
    ("answered", "share", "lacking"),
    [(2, 1.0, False), (1, 1.0, True), (1, 0.5, False), (0, 0.5, True), (0, 0.0, False)],
)
def test_so_many_operations_must_be_answered_on_both_sides(answered: int, share: float, lacking: bool) -> None:  # noqa: FBT001  # a table's column
    plan = plan_of(policy=required(operations_answered=share, operations_allowed=0))
    sums = balance(plan, [result(asked=(FIRST, SECOND)[:answered])])
    assert ("operations-answered" in codes(sums.required)) is lacking


@pytest.mark.parametrize(
    ("allowed", "share", "lacking"),
    [(2, 1.0, False), (1, 1.0, True), (1, 0.5, False), (0, 0.1, True), (0, 0.0, False)],
)
def test_so_many_operations_must_be_allowed_to_somebody(allowed: int, share: float, lacking: bool) -> None:  # noqa: FBT001  # a table's column
    plan = plan_of(policy=required(operations_allowed=share, roles=()))
    sums = balance(plan, [result(allowed=ALLOWED[:allowed])])
    assert ("operations-allowed" in codes(sums.required)) is lacking
    assert sums.unreached == (FIRST, SECOND)[allowed:]


def test_what_nobody_may_call_counts_for_no_share() -> None:
    lines = tuple(line for line in LINES if line.operation == FIRST)
    plan = plan_of(ledger=Ledger(lines=lines), policy=required(operations_allowed=1.0))
    sums = balance(plan, [result(crossed=lines, asked=(FIRST,), allowed=((FIRST, "ann"),))])
    assert (sums.required, sums.unreached) == ((), ())


def test_a_long_list_of_operations_is_cut_short() -> None:
    labels = [f"GET /{number}" for number in range(5)]
    lines = tuple(Owed(suite="own", operation=label, role="ann") for label in labels)
    operations = tuple(Operation(method="GET", path=label[4:]) for label in labels)
    plan = plan_of(operations=operations, ledger=Ledger(lines=lines), policy=required(operations_allowed=0, roles=()))
    sums = balance(plan, [result(crossed=lines, asked=(), allowed=())])
    assert [gap.what for gap in sums.required] == ["GET /0, GET /1, GET /2 and 2 more"]


def test_a_required_role_that_was_never_allowed_anything_is_a_gap() -> None:
    sums = balance(plan_of(policy=required(operations_allowed=0)), [result(allowed=((FIRST, "anonymous"),))])
    assert [(gap.code, gap.role) for gap in sums.required] == [("role-never-allowed", "ann")]


def test_a_role_that_is_known_to_be_lost_is_not_told_again() -> None:
    lost = gap("role", suite="", operation="")
    sums = balance(plan_of(gaps=(lost,), policy=required(operations_allowed=0)), [result(allowed=())])
    assert sums.required == (lost,)


def test_a_role_is_needed_also_where_no_suite_is() -> None:
    plan = plan_of(ledger=Ledger(), policy=required(suites=()))
    assert codes(balance(plan, [result(allowed=())]).required) == ["role-never-allowed"]


def test_a_required_suite_that_took_no_look_is_a_gap() -> None:
    plan = plan_of(policy=required(suites=("own", "headers")))
    sums = balance(plan, [result(), TrialResult(suite="headers", gaps=(gap("suite", suite="headers", operation="", role=""),))])
    assert sorted(codes(sums.required)) == ["suite", "suite-empty"]


def test_a_suite_of_the_ledger_that_took_no_look_is_a_gap_though_nobody_requires_it() -> None:
    sums = balance(plan_of(policy=required(suites=(), roles=(), operations_answered=0, operations_allowed=0)), [result(crossed=())])
    assert "suite-empty" in codes(sums.required)


def test_a_run_that_compared_nothing_never_passes_whatever_was_required() -> None:
    nothing = required(suites=(), roles=(), operations_answered=0, operations_allowed=0)
    plan = plan_of(ledger=Ledger(), policy=nothing)
    sums = balance(plan, [])
    assert codes(sums.required) == ["nothing-compared"]
    assert word(plan, sums) == (Word.INCONCLUSIVE, ["nothing-compared"])


def test_a_run_that_could_not_begin_says_so_once() -> None:
    plan = plan_of(
        ledger=Ledger(), operations=(), blocked="a side does not answer", gaps=(gap("unreachable", suite="", operation="", role=""),)
    )
    sums = balance(plan, [])
    assert codes(sums.required) == ["unreachable", "blocked"]
    assert word(plan, sums)[0] is Word.INCONCLUSIVE


def test_what_the_documents_show_is_folded_with_what_the_tests_found() -> None:
    sums = balance(plan_of(deltas=(delta("contract.x"),)), [result(deltas=(delta(), delta("contract.x", State.UNCHANGED)))])
    assert [(each.rule, each.state) for each in sums.deltas] == [("a.b", State.NEW), ("contract.x", State.NEW)]


@pytest.mark.parametrize(
    ("noisy", "pairs", "told"),
    [
        (0, 100, False),
        (20, 100, False),
        (21, 100, True),
        (NOISE_LEAST, NOISE_LEAST, True),
        (NOISE_LEAST - 1, NOISE_LEAST - 1, False),
    ],
)
def test_above_the_bound_noise_makes_a_comparison_untrue(noisy: int, pairs: int, told: bool) -> None:  # noqa: FBT001  # a table's column
    plan = plan_of()
    sums = balance(plan, [result(noisy=noisy, pairs=pairs)])
    assert word(plan, sums) == ((Word.INCONCLUSIVE, ["noise"]) if told else (Word.PASS, ["no-regression"]))


UNTRUE = Reason(code="same-build", text="t")
UNPROVEN = Reason(code="identity-unproven", text="t")
FAILURE = Reason(code="foreign-test-failed", text="t")


@pytest.mark.parametrize(
    ("changes", "results", "failures", "closing", "expected"),
    [
        ({}, [result(deltas=(delta(),))], [], Closing(), (Word.FAIL, ["a.b"])),
        (
            {},
            [result(deltas=(delta(),), gaps=(gap("silent"),))],
            [FAILURE],
            Closing(),
            (Word.FAIL, ["a.b", "foreign-test-failed", "silent"]),
        ),
        ({}, [result()], [FAILURE], Closing(), (Word.INCONCLUSIVE, ["foreign-test-failed"])),
        ({}, [result(gaps=(gap("silent"),))], [], Closing(), (Word.INCONCLUSIVE, ["silent"])),
        ({}, [result(gaps=(gap("odd-silent"),))], [], Closing(), (Word.PASS, ["no-regression"])),
        ({"untrue": (UNTRUE,)}, [result(deltas=(delta(),))], [], Closing(), (Word.INCONCLUSIVE, ["same-build", "not-to-be-relied-on"])),
        ({}, [result(deltas=(delta(),))], [], Closing(untrue=(UNTRUE,)), (Word.INCONCLUSIVE, ["same-build", "not-to-be-relied-on"])),
        ({}, [result(builds={"canary": {"1.0": 1}})], [], Closing(), (Word.INCONCLUSIVE, ["identity-mixed"])),
        ({"untrue": (UNPROVEN,)}, [result()], [], Closing(), (Word.INCONCLUSIVE, ["identity-unproven"])),
        ({}, [result(builds={"canary": {"": 30}})], [], Closing(), (Word.INCONCLUSIVE, ["identity-unproven"])),
        ({"policy": required(identity=False)}, [result(builds={"canary": {"": 9}})], [], Closing(), (Word.PASS, ["no-regression"])),
        ({"untrue": (UNPROVEN,), "policy": required(identity=False)}, [result()], [], Closing(), (Word.PASS, ["no-regression"])),
        ({"untrue": (UNTRUE,), "policy": required(identity=False)}, [result()], [], Closing(), (Word.INCONCLUSIVE, ["same-build"])),
        ({}, [result()], [], Closing(untrue=(UNPROVEN,)), (Word.INCONCLUSIVE, ["identity-unproven"])),
        ({}, [result()], [], Closing(leftovers=("one",)), (Word.PASS, ["no-regression"])),
    ],
)
def test_an_untrue_comparison_comes_before_findings_and_findings_before_gaps(
    changes: dict[str, Any],
    results: list[TrialResult],
    failures: list[Reason],
    closing: Closing,
    expected: tuple[Word, list[str]],
) -> None:
    plan = plan_of(**changes)
    assert word(plan, balance(plan, results), failures, closing) == expected


FRAME = Frame(run=RunLine(id="r-1", started="s", finished=True), budget_seconds=60.0, budget_requests=100)


def test_the_record_counts_what_the_run_came_to() -> None:
    unsteady = delta("c.d", State.UNSTEADY, repeats=Repeats(canary=1, asked_canary=6, asked_baseline=6))
    results = [
        result(
            deltas=(delta(), delta("e.f", severity=Severity.LOW), unsteady, delta("g.h", State.UNCHANGED)),
            gaps=(gap("silent"), gap("odd-silent")),
            allowed=ALLOWED[:1],
            requests={"baseline": 9, "canary": 11},
            governed=Governed(watched=8),
            builds={"canary": {"1.1": 5}},
            noisy=1,
            resent=2,
            tallies=(Tally(name="t", facts=(("k", 1),)),),
        )
    ]
    plan = plan_of(roles=(Role(name="anonymous"), Role(name="ann")), notes=("a note",))
    sums = balance(plan, results)
    closing = Closing(leftovers=("thing 7",), removed=3)
    made = record(plan, sums, decide(plan, sums, [], closing), closing, Gathered(results=results, tests={"t": "passed"}), FRAME)
    told = made.summary
    assert told.counts == {
        "new": 2, "unsteady": 1, "unchanged": 1, "absent": 0, "new_block": 1, "new_warn": 1, "pairs": 4, "noisy": 1, "resent": 2,
    }  # fmt: skip
    assert told.coverage == {"operations": 2, "answered": 2, "allowed": 1, "owed": 4, "roles": 2}
    assert told.budget == {"seconds": 60.0, "requests": 100, "sent_baseline": 9, "sent_canary": 11}
    assert [(line.code, line.required) for line in told.not_tested.gaps] == [("silent", True), ("odd-silent", False)]
    assert [(line.what, line.code) for line in told.not_tested.unreached] == [(SECOND, "unreached")]
    assert told.governor == GovernorLine(watched=8)
    assert made.roles == {"anonymous": False, "ann": True}
    assert made.operations == {FIRST: "allowed", SECOND: "answered"}
    assert (made.leftovers, made.notes, made.tests) == (("thing 7",), ("a note",), {"t": "passed"})
    assert made.tallies == (Tally(name="t", facts=(("k", 1),)),)
    assert told.verdict == "FAIL"


def test_the_record_holds_what_stands_behind_the_verdict() -> None:
    found, told = delta(suites=("own",), seen_new=1), delta("contract.x")
    cell = Cell(operation=FIRST, role="ann", baseline=Outcome.REFUSED, canary=Outcome.ALLOWED, baseline_status=403, canary_status=200)
    shown = Exhibit(baseline=Excerpt(status=403), canary=Excerpt(status=200))
    seen = Protection(operation=FIRST, name="X-Frame-Options", baseline="DENY", canary="DENY", change=Change.SAME)
    results = [
        result(
            deltas=(found,),
            exhibits={found.fingerprint: shown},
            cells=(cell,),
            protections=(seen,),
            gaps=(gap("silent"), gap("odd-silent")),
            began=12.0,
            ended=13.5,
            repeats=14,
            noise_asks=5,
            dropped=("zw1:0",),
        )
    ]
    waiver = Waiver(fingerprint="zw1:1", owner="ann", reason="r", expires=TODAY)
    policy = Policy(today=TODAY, require=Require(suites=("own", "headers")), waivers=(waiver,))
    plan = plan_of(deltas=(told,), policy=policy)
    sums = balance(plan, results)
    frame = replace(FRAME, began=10.0, phases=(Phase(name="logins", began=10.5, ended=11.0),))
    made = record(plan, sums, decide(plan, sums, [], Closing()), Closing(), Gathered(results=results), frame)
    assert made.exhibits == {found.fingerprint: shown}
    assert [(each.operation, each.role, each.baseline, each.canary) for each in made.matrix] == [(FIRST, "ann", "refused", "allowed")]
    assert [(each.name, each.operations, each.of) for each in made.headers] == [("X-Frame-Options", 1, 1)]
    assert made.suites["own"] == SuiteLine(seconds=1.5, tests=1, pairs=4, new=1, not_tested=2)
    assert made.suites["headers"] == SuiteLine(not_tested=1)
    assert [(each.name, each.start, each.seconds) for each in made.phases] == [("logins", 0.5, 0.5), ("suite own", 2.0, 1.5)]
    assert (made.surety.candidates, made.surety.confirmed, made.surety.dropped, made.surety.repeats) == (2, 1, 1, 14)
    assert [(each.fingerprint, each.state) for each in made.waivers] == [("zw1:1", "unused")]


def test_the_record_says_which_builds_were_meant_and_seen() -> None:
    plan = plan_of()
    sums = balance(plan, [result(builds={"canary": {"1.1": 5, "1.0": 1, "": 1}})])
    told = record(plan, sums, decide(plan, sums, [], Closing()), Closing(), Gathered(), FRAME).summary
    assert told.targets["canary"].build == "1.1"
    assert told.targets["canary"].builds_seen == {"1.1": 5, "1.0": 1}
    assert told.targets["baseline"].builds_seen == {}
    assert told.targets["baseline"].url == plan.targets[Side.BASELINE].url


def test_an_operation_that_neither_side_answered_is_recorded_as_such() -> None:
    plan = plan_of()
    sums = balance(plan, [result(asked=(FIRST,), allowed=())])
    made = record(plan, sums, decide(plan, sums, [], Closing()), Closing(), Gathered(), FRAME)
    assert made.operations == {FIRST: "answered", SECOND: "not answered"}


@pytest.mark.parametrize(("crossed", "lacking"), [(LINES[:1], ["not-run"]), ((*LINES[:1], Owed(suite="mine", operation="*")), [])])
def test_a_suite_that_owes_itself_alone_is_done_by_any_pair(crossed: tuple[Owed, ...], lacking: list[str]) -> None:
    plan = plan_of(ledger=Ledger(lines=(*LINES, Owed(suite="mine", operation="*"))))
    mine = TrialResult(suite="mine", crossed=crossed[1:])
    other = TrialResult(suite="mine", crossed=(Owed(suite="mine", operation="GET /other"),))
    assert codes(balance(plan, [result(), mine, other]).required) == lacking


def test_a_suite_that_was_left_out_is_on_the_record() -> None:
    out = Exclusion(what="suite errors", why='suites.skip has "errors"', suite="errors")
    plan = plan_of(ledger=Ledger(lines=LINES, excluded=(out,)))
    sums = balance(plan, [result()])
    told = record(plan, sums, decide(plan, sums, [], Closing()), Closing(), Gathered(), FRAME).summary
    assert [(line.what, line.why) for line in told.not_tested.exclusions] == [("suite errors", 'suites.skip has "errors"')]
