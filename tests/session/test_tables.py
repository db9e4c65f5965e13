"""What stands behind a verdict, summed over tests and workers; which worker came first makes no difference."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from typing import Any

import pytest
from plans import TODAY

from zeroweight.compare import BOUND, Delta, Repeats, State
from zeroweight.finding import Excerpt, Exhibit, Severity, fingerprint
from zeroweight.model.governed import Governed
from zeroweight.model.look import Gap
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.record import CellLine, GovernorLine, PhaseLine, SuiteLine, Surety
from zeroweight.session import tables
from zeroweight.session.clock import Phase
from zeroweight.trial.protection import MOST, Change, Protection
from zeroweight.trial.result import TrialResult
from zeroweight.trial.yardstick import Cell
from zeroweight.verdict import Policy, Waiver

ALLOWED, REFUSED, BROKEN = Outcome.ALLOWED, Outcome.REFUSED, Outcome.BROKEN
STATUS = {ALLOWED: 200, REFUSED: 403, BROKEN: 500, Outcome.MISSING: 404, Outcome.SILENT: 0}
POLICY = Policy(today=TODAY)


def delta(path: str = "/x", rule: str = "a.b", state: State = State.NEW, **more: Any) -> Delta:
    place = Place(method="GET", path=path, role="ann")
    given: dict[str, Any] = {"severity": Severity.HIGH, "confirmed": state is State.NEW, "pairs": 1}
    given["seen_new"] = int(state in {State.NEW, State.UNSTEADY})
    return Delta(rule=rule, title=rule, place=place, fingerprint=fingerprint(rule, place), state=state, **{**given, **more})


# The matrix.


def cell(old: Outcome, new: Outcome, *, role: str = "ann", owner: str = "") -> Cell:
    return Cell(
        operation="GET /x", role=role, owner=owner, baseline=old, canary=new, baseline_status=STATUS[old], canary_status=STATUS[new]
    )


def one_cell(*cells: tuple[str, Cell]) -> CellLine:
    lines = {tables.matrix([TrialResult(suite=suite, cells=(each,)) for suite, each in order]) for order in itertools.permutations(cells)}
    ((line,),) = lines
    return line


def test_a_cell_says_how_each_side_answered() -> None:
    assert one_cell(("own", cell(REFUSED, ALLOWED, owner="ben"))) == CellLine(
        operation="GET /x", role="ann", owner="ben", baseline="refused", canary="allowed", baseline_status=403, canary_status=200
    )


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([("headers", (ALLOWED, ALLOWED)), ("authorization", (REFUSED, REFUSED))], (REFUSED, REFUSED)),
        ([("headers", (REFUSED, ALLOWED)), ("authorization", (REFUSED, REFUSED))], (REFUSED, ALLOWED)),
        ([("headers", (ALLOWED, BROKEN)), ("authorization", (REFUSED, ALLOWED))], (REFUSED, ALLOWED)),
        ([("headers", (ALLOWED, BROKEN)), ("authorization", (ALLOWED, REFUSED))], (ALLOWED, BROKEN)),
        ([("a", (ALLOWED, REFUSED)), ("b", (ALLOWED, ALLOWED)), ("c", (ALLOWED, ALLOWED))], (ALLOWED, REFUSED)),
    ],
)
def test_where_tests_disagree_the_worst_difference_is_told(cells: list[Any], told: tuple[Outcome, Outcome]) -> None:
    line = one_cell(*[(suite, cell(*pair)) for suite, pair in cells])
    assert (line.baseline, line.canary) == told


def test_each_role_and_owner_has_its_own_cell() -> None:
    cells = (cell(ALLOWED, ALLOWED), cell(ALLOWED, ALLOWED, role="ben"), cell(REFUSED, REFUSED, role="ben", owner="ann"))
    assert [(each.role, each.owner) for each in tables.matrix([TrialResult(suite="own", cells=cells)])] == [
        ("ann", ""),
        ("ben", ""),
        ("ben", "ann"),
    ]


# Headers.


def protection(path: str, old: str, new: str, change: Change, name: str = "X-Frame-Options") -> Protection:
    return Protection(operation=f"GET {path}", name=name, baseline=old, canary=new, change=change)


def headers(*seen: Protection, deltas: tuple[Delta, ...] = ()) -> list[tuple[str, str, int, int, str]]:
    made = {tables.headers([TrialResult(suite="own", protections=(each,)) for each in order], deltas) for order in (seen, seen[::-1])}
    (lines,) = made
    return [(line.baseline, line.canary, line.operations, line.of, line.change) for line in lines]


LOST = delta("/a", "headers.frame-options-lost")


def test_a_pair_of_values_is_told_once_with_how_many_operations_have_it() -> None:
    seen = [protection(f"/{path}", "DENY", "DENY", Change.SAME) for path in "abca"]
    seen.append(protection("/d", "DENY", "SAMEORIGIN", Change.CHANGED))
    assert headers(*seen) == [("DENY", "SAMEORIGIN", 1, 4, "changed"), ("DENY", "DENY", 3, 4, "same")]


def test_weaker_is_only_what_a_finding_says_is_new() -> None:
    """A header that one answer in ten lacks would else look lost on half of the operations."""
    seen = [protection(path, "DENY", "", Change.WEAKER) for path in ("/a", "/b")]
    seen += [protection(path, "DENY", "DENY", Change.SAME) for path in ("/a", "/b")]
    assert headers(*seen) == [("DENY", "DENY", 2, 2, "same")]
    assert headers(*seen, deltas=(LOST,)) == [("DENY", "", 1, 2, "weaker"), ("DENY", "DENY", 2, 2, "same")]
    unsteady = delta("/a", "headers.frame-options-lost", State.UNSTEADY)
    assert headers(*seen, deltas=(unsteady,)) == [("DENY", "DENY", 2, 2, "same")]


def test_what_was_so_each_time_is_told_though_no_finding_could_be_made_of_it() -> None:
    assert headers(protection("/a", "DENY", "", Change.WEAKER)) == [("DENY", "", 1, 1, "weaker")]


def test_stronger_is_only_what_was_so_each_time() -> None:
    by_chance = protection("/a", "", "DENY", Change.STRONGER), protection("/a", "DENY", "DENY", Change.SAME)
    always = protection("/b", "", "DENY", Change.STRONGER)
    assert headers(*by_chance, always) == [("", "DENY", 1, 2, "stronger"), ("DENY", "DENY", 1, 2, "same")]


def test_headers_stand_in_a_fixed_order_and_do_not_flood() -> None:
    seen = [protection(f"/{number}", str(number), "x", Change.CHANGED) for number in range(3 * MOST)]
    seen += [protection("/a", "1", "1", Change.SAME, name="Content-Security-Policy")]
    lines = tables.headers([TrialResult(suite="own", protections=tuple(seen))], ())
    assert [line.name for line in lines] == ["Content-Security-Policy"] + ["X-Frame-Options"] * MOST
    assert {line.of for line in lines[1:]} == {3 * MOST}


# Suites and phases.


def test_a_suite_is_summed_over_its_tests_and_one_that_never_ran_is_there() -> None:
    results = [
        TrialResult(suite="own", pairs=3, began=10.0, ended=11.5),
        TrialResult(suite="own", pairs=4, began=10.5, ended=11.0),
        TrialResult(suite="headers", pairs=1, began=1.0, ended=2.0),
    ]
    deltas = [
        delta("/a", suites=("headers", "own")),
        delta("/b", state=State.UNSTEADY, suites=("own",)),
        delta("/c", state=State.UNCHANGED, suites=("own",)),
        delta("/d", state=State.ABSENT, suites=("headers",)),
        delta("/e", "contract.x"),
    ]
    gaps = [Gap(what="w", why="y", suite="own"), Gap(what="w", why="y", suite="errors"), Gap(what="w", why="y")]
    assert tables.suites(("errors", "own"), results, deltas, gaps) == {
        "errors": SuiteLine(not_tested=1),
        "headers": SuiteLine(seconds=1.0, tests=1, pairs=1, new=1, absent=1),
        "own": SuiteLine(seconds=2.0, tests=2, pairs=7, new=1, unsteady=1, unchanged=1, not_tested=1),
    }


def test_phases_stand_on_the_runs_own_clock_in_order() -> None:
    known = [Phase(name="logins", began=100.25, ended=101.0), Phase(name="cleaning up", began=109.0, ended=110.0)]
    results = [
        TrialResult(suite="own", began=105.0, ended=106.0),
        TrialResult(suite="own", began=102.0, ended=103.0),
        TrialResult(suite="headers", began=103.0, ended=104.5),
    ]
    assert tables.phases(100.0, known, results) == (
        PhaseLine(name="logins", start=0.25, seconds=0.75),
        PhaseLine(name="suite own", start=2.0, seconds=4.0),
        PhaseLine(name="suite headers", start=3.0, seconds=1.5),
        PhaseLine(name="cleaning up", start=9.0, seconds=1.0),
    )


# How sure.


def test_how_sure_a_run_is() -> None:
    told = (delta("/t", "contract.x"),)
    unconfirmed = delta("/u", confirmed=False)
    dropped = delta("/d", state=State.UNSTEADY)
    deltas = (*told, delta("/a"), delta("/b"), unconfirmed, dropped, delta("/c", state=State.UNCHANGED), delta("/m", state=State.ABSENT))
    results = [
        # What another test confirmed was not dropped after all; what has no delta any more was noise.
        TrialResult(suite="own", repeats=14, noise_asks=5, dropped=(dropped.fingerprint, "zw1:noise")),
        TrialResult(suite="own", repeats=28, noise_asks=10, dropped=(delta("/a").fingerprint, "zw1:noise")),
    ]
    assert tables.surety(results, deltas, told) == Surety(candidates=5, repeats=42, confirmed=2, dropped=2, noise_asks=15, bound=BOUND)


def test_a_run_without_a_doubt() -> None:
    assert tables.surety([TrialResult(suite="own")], (), ()) == Surety(bound=BOUND)


# Waivers.


def waiver(path: str, *, days: int = 0) -> Waiver:
    return Waiver(fingerprint=delta(path).fingerprint, owner="ann", reason="known", ticket="T-1", expires=TODAY + dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("given", "state", "findings"),
    [
        (waiver("/new"), "used", 1),
        (waiver("/unsteady", days=1), "used", 1),
        (waiver("/unchanged"), "unused", 0),
        (waiver("/nowhere"), "unused", 0),
        (waiver("/new", days=-1), "expired", 1),
        (waiver("/nowhere", days=-1), "expired", 0),
    ],
)
def test_what_became_of_a_waiver(given: Waiver, state: str, findings: int) -> None:
    deltas = [delta(f"/{each.value}", state=each) for each in State]
    (line,) = tables.waivers(Policy(today=TODAY, waivers=(given,)), deltas)
    assert (line.state, line.findings) == (state, findings)
    assert (line.owner, line.reason, line.ticket, line.expires) == ("ann", "known", "T-1", given.expires.isoformat())


# Exhibits.


def exhibit(body: str = "") -> Exhibit:
    return Exhibit(baseline=Excerpt(), canary=Excerpt(body=body))


def shown(*deltas: Delta, body: str = "", policy: Policy = POLICY) -> list[str]:
    results = [TrialResult(suite="own", deltas=(each,), exhibits={each.fingerprint: exhibit(body)}) for each in deltas]
    made = {tuple(tables.exhibits(policy, order, deltas)) for order in (results, results[::-1])}
    (keys,) = made
    paths = {each.fingerprint: each.place.path for each in deltas}
    return [paths[key] for key in keys]


def test_what_blocks_is_shown_first() -> None:
    low = delta("/low", severity=Severity.LOW)
    troubling = delta("/half", state=State.UNSTEADY, repeats=Repeats(canary=5, asked_canary=10, asked_baseline=10))
    assert shown(low, troubling, delta("/block")) == ["/half", "/block", "/low"]


def test_one_leak_at_many_places_does_not_crowd_out_another() -> None:
    many = [delta(f"/{number:03}", cause="password") for number in range(tables.MOST_EXHIBITS + 50)]
    other = delta("/other", cause="token")
    keys = shown(*many, other)
    assert len(keys) == tables.MOST_EXHIBITS
    assert keys[: tables.FIRST_OF_A_CAUSE + 1] == ["/000", "/001", "/002", "/other"]


def test_exhibits_are_bounded_by_size() -> None:
    keys = shown(*[delta(f"/{number:03}") for number in range(150)], body="x" * 100_000)
    assert 15 <= len(keys) <= tables.LARGEST_EXHIBITS // 100_000


def test_only_what_is_news_is_shown() -> None:
    assert shown(delta("/a", state=State.UNCHANGED), delta("/b", state=State.ABSENT)) == []


def test_the_exhibit_of_the_test_that_decides_is_taken() -> None:
    found = [delta(state=State.UNSTEADY), delta(confirmed=False), delta(repeats=Repeats(canary=7, asked_canary=7, asked_baseline=7))]
    results = [
        TrialResult(suite="own", deltas=(each,), exhibits={each.fingerprint: exhibit(str(number))}) for number, each in enumerate(found)
    ]
    for order in itertools.permutations(results):
        (made,) = tables.exhibits(POLICY, order, (found[2],)).values()
        assert made.canary.body == "2"


def test_a_finding_whose_deciding_test_has_no_exhibit_is_shown_by_another() -> None:
    found = delta()
    results = [
        TrialResult(suite="own", deltas=(found,)),
        TrialResult(suite="own", deltas=(found,), exhibits={found.fingerprint: exhibit("b")}),
    ]
    assert [each.canary.body for each in tables.exhibits(POLICY, results, (found,)).values()] == ["b"]


# How the baseline was spared.


def test_what_governors_did_in_several_processes_is_one_line() -> None:
    told = (
        Governed(watched=5),
        Governed(watched=7, slowed=1, lowest=12.3456, times=3.2),
        Governed(watched=2, slowed=2, lowest=40.0, times=5.1449, failed=0.5),
    )
    lines = {tables.governor([TrialResult(suite="own", governed=each) for each in order]) for order in itertools.permutations(told)}
    assert lines == {
        GovernorLine(
            watched=14,
            slowed=3,
            lowest=12.346,
            times=5.14,
            failed=0.5,
            says="slowed down 3 times, to 12.3 requests/s at the lowest, since the baseline's answers took 5.1 times as long"
            " and 50% of the baseline's answers failed (5xx, 429 or none)",
        )
    }


@pytest.mark.parametrize(
    ("governed", "says"),
    [
        (Governed(watched=9), ""),
        (
            Governed(slowed=1, lowest=1.0, failed=1.0),
            "slowed down once, to 1 requests/s at the lowest, since 100% of the baseline's answers failed (5xx, 429 or none)",
        ),
        (
            Governed(slowed=6, lowest=1.0, times=5.0, stopped="s"),
            (
                "slowed down 6 times, to 1 requests/s at the lowest, since the baseline's answers took 5.0 times as long"
                "; the governor ended the run there"
            ),
        ),
        (Governed(times=5.0, stopped="at 0.5 requests a second …"), "ended by the governor: at 0.5 requests a second …"),
    ],
)
def test_what_a_governor_did_is_said_in_a_sentence(governed: Governed, says: str) -> None:
    assert tables.governor([TrialResult(suite="own", governed=governed)]).says == says


def test_a_run_without_a_result_did_nothing() -> None:
    assert tables.governor([]) == GovernorLine()


@pytest.mark.parametrize(
    ("told", "rate"),
    [
        ((), math.inf),
        ((Governed(watched=9, slowed=2, lowest=4.0),), math.inf),  # it was calm again, or went on
        ((Governed(lowest=1.0, slowed=1, stopped="x"), Governed(slowed=1, lowest=0.5)), 1.0),
        ((Governed(lowest=1.0, slowed=1, stopped="x"), Governed(slowed=1, lowest=0.5, stopped="y")), 0.5),
    ],
)
def test_the_end_of_a_run_that_the_governor_ended_goes_no_faster(told: tuple[Governed, ...], rate: float) -> None:
    assert tables.held([TrialResult(suite="own", governed=each) for each in told]) == rate
