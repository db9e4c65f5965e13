"""PASS, FAIL or INCONCLUSIVE: by tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from zeroweight.compare import Delta, Repeats, State
from zeroweight.finding import Severity
from zeroweight.model.look import Gap
from zeroweight.model.place import Place
from zeroweight.verdict import Action, Case, Clause, Policy, Reason, Verdict, Waiver, Word, judge

TODAY = dt.date(2027, 3, 14)
DAY = dt.timedelta(days=1)
NOTE, LOW, MEDIUM, HIGH, CRITICAL = Severity
BLOCK, WARN, IGNORE, WAIVED = Action
PASS, FAIL, INCONCLUSIVE = Word


def delta(severity: Severity = HIGH, state: State = State.NEW, *, confirmed: bool = True, **more: Any) -> Delta:
    given: dict[str, Any] = {
        "rule": "headers.csp-lost",
        "title": "A title",
        "place": Place(method="GET", path="/static/{name}", role="ann"),
        "fingerprint": "zw1:0000000000000000",
    }
    return Delta(severity=severity, state=state, confirmed=confirmed, **{**given, **more})


def policy(**more: Any) -> Policy:
    return Policy(today=TODAY, **more)


def unsteady(canary: int, baseline: int = 0, asked: int = 10, severity: Severity = HIGH, **more: Any) -> Delta:
    repeats = Repeats(canary=canary, asked_canary=asked, baseline=baseline, asked_baseline=asked)
    return delta(severity, State.UNSTEADY, confirmed=False, repeats=repeats, **more)


def clause(rule: str = "*", action: Action = IGNORE, **more: Any) -> Clause:
    return Clause(rule=rule, action=action, **more)


def waiver(expires: dt.date = TODAY, fingerprint: str = "zw1:0000000000000000") -> Waiver:
    return Waiver(fingerprint=fingerprint, owner="ann@x.example", reason="known", expires=expires)


# What one delta does.


@pytest.mark.parametrize(
    ("given", "on", "action"),
    [
        # fail_on
        (delta(NOTE), {}, WARN),
        (delta(LOW), {}, WARN),
        (delta(MEDIUM), {}, BLOCK),
        (delta(HIGH), {}, BLOCK),
        (delta(CRITICAL), {}, BLOCK),
        (delta(NOTE), {"fail_on": NOTE}, BLOCK),
        (delta(HIGH), {"fail_on": CRITICAL}, WARN),
        (delta(CRITICAL), {"fail_on": CRITICAL}, BLOCK),
        # only what is new can block
        (delta(CRITICAL, State.UNSTEADY), {}, IGNORE),
        (delta(CRITICAL, State.UNCHANGED), {}, IGNORE),
        (delta(CRITICAL, State.ABSENT), {}, IGNORE),
        (delta(CRITICAL, State.UNCHANGED), {"clauses": (clause(action=BLOCK),)}, IGNORE),
        # unconfirmed
        (delta(MEDIUM, confirmed=False), {}, WARN),
        (delta(HIGH, confirmed=False), {}, BLOCK),
        (delta(MEDIUM, confirmed=False), {"unconfirmed": MEDIUM}, BLOCK),
        (delta(HIGH, confirmed=False), {"unconfirmed": CRITICAL}, WARN),
        (delta(LOW, confirmed=False), {"unconfirmed": NOTE}, WARN),  # fail_on still holds
        # clauses: the first that matches speaks
        (delta(), {"clauses": (clause(),)}, IGNORE),
        (delta(), {"clauses": (clause("headers.*", WARN),)}, WARN),
        (delta(), {"clauses": (clause("cors.*"),)}, BLOCK),
        (delta(), {"clauses": (clause("headers.csp-lost"), clause("headers.*", WARN))}, IGNORE),
        (delta(), {"clauses": (clause("headers.*", WARN), clause("headers.csp-lost"))}, WARN),
        (delta(), {"clauses": (clause("cors.*"), clause("headers.*", WARN))}, WARN),
        (delta(LOW), {"clauses": (clause(action=BLOCK),)}, BLOCK),
        (delta(LOW, confirmed=False), {"clauses": (clause(action=BLOCK),)}, BLOCK),
        (delta(), {"clauses": (clause(place="GET /static/*"),)}, IGNORE),
        (delta(), {"clauses": (clause(place="get /static/*"),)}, BLOCK),
        (delta(), {"clauses": (clause(place="POST *"),)}, BLOCK),
        (delta(place=Place()), {"clauses": (clause(place="GET *"),)}, BLOCK),
        (delta(place=Place()), {"clauses": (clause(),)}, IGNORE),
        # a date past: what was tolerated blocks
        (delta(), {"clauses": (clause(until=TODAY + DAY),)}, IGNORE),
        (delta(), {"clauses": (clause(until=TODAY),)}, IGNORE),
        (delta(), {"clauses": (clause(until=TODAY - DAY),)}, BLOCK),
        (delta(LOW), {"clauses": (clause(until=TODAY - DAY),)}, BLOCK),
        (delta(), {"clauses": (clause(until=TODAY - DAY), clause())}, BLOCK),  # it still matches first
        # waivers
        (delta(), {"waivers": (waiver(TODAY + DAY),)}, WAIVED),
        (delta(), {"waivers": (waiver(TODAY),)}, WAIVED),
        (delta(), {"waivers": (waiver(TODAY - DAY),)}, BLOCK),
        (delta(), {"waivers": (waiver(fingerprint="zw1:ffffffffffffffff"),)}, BLOCK),
        (delta(), {"waivers": (waiver(TODAY - DAY), waiver(TODAY + DAY))}, WAIVED),
        (delta(), {"waivers": (waiver(),), "clauses": (clause(action=BLOCK),)}, WAIVED),
        (delta(NOTE), {"waivers": (waiver(),)}, WAIVED),
        (delta(state=State.UNSTEADY), {"waivers": (waiver(),)}, IGNORE),
    ],
)
def test_what_a_delta_does(given: Delta, on: dict[str, Any], action: Action) -> None:
    assert policy(**on).weigh(given) is action


def test_a_worse_delta_never_does_less() -> None:
    force = [WARN, BLOCK]
    for confirmed, fail_on, unconfirmed in product((True, False), Severity, Severity):
        chosen = policy(fail_on=fail_on, unconfirmed=unconfirmed)
        actions = [force.index(chosen.weigh(delta(severity, confirmed=confirmed))) for severity in Severity]
        assert actions == sorted(actions)


@pytest.mark.parametrize(
    ("given", "on", "troubling"),
    [
        (unsteady(4), {}, True),
        (unsteady(3), {}, False),
        (unsteady(10), {}, True),
        (unsteady(10, 1), {}, True),
        (unsteady(6, 3), {}, False),
        (unsteady(1), {"unsteady": 0.1}, True),
        (unsteady(0), {"unsteady": 0.0}, False),
        (unsteady(5, severity=MEDIUM), {}, True),
        (unsteady(10, severity=LOW), {}, False),
        (unsteady(10, severity=MEDIUM), {"fail_on": HIGH}, False),
        (unsteady(10), {"waivers": (waiver(),)}, False),
        (unsteady(10), {"waivers": (waiver(TODAY - DAY),)}, True),
        (unsteady(10), {"clauses": (clause(action=WARN),)}, False),
        (unsteady(0, asked=0), {}, False),
        (delta(), {}, False),
        (replace(unsteady(10), state=State.UNCHANGED), {}, False),
    ],
)
def test_which_unsteady_delta_forbids_a_pass(given: Delta, on: dict[str, Any], troubling: bool) -> None:  # noqa: FBT001
    assert policy(**on).troubling(given) is troubling
    assert judge(policy(**on), Case(deltas=(given,))).word is (FAIL if given.state is State.NEW else INCONCLUSIVE if troubling else PASS)


# The precedence: untrue, then blocking, then missing, then PASS.

UNTRUE = (Reason(code="same-build", text="both are one"),)
GAPS = (Gap(what="GET /x as ann", why="silent", code="silent"),)
BROKE = (Reason(code="writer-failed", text="disk full"),)
BLOCKING, WARNING, OLD = delta(), delta(LOW), delta(state=State.UNCHANGED)
TROUBLE, CALM = unsteady(5, fingerprint="zw1:1"), unsteady(1, fingerprint="zw1:1")


@pytest.mark.parametrize(
    ("case", "word", "first"),
    [
        (Case(), PASS, "no-regression"),
        (Case(deltas=(WARNING,)), PASS, "no-regression"),
        (Case(deltas=(OLD,)), PASS, "no-regression"),
        (Case(deltas=(CALM,)), PASS, "no-regression"),
        (Case(deltas=(OLD, WARNING, CALM)), PASS, "no-regression"),
        (Case(deltas=(delta(MEDIUM, confirmed=False),)), PASS, "no-regression"),
        # something is missing
        (Case(gaps=GAPS), INCONCLUSIVE, "silent"),
        (Case(failures=BROKE), INCONCLUSIVE, "writer-failed"),
        (Case(deltas=(TROUBLE,)), INCONCLUSIVE, "unsteady"),
        (Case(deltas=(TROUBLE, WARNING, OLD)), INCONCLUSIVE, "unsteady"),
        (Case(gaps=GAPS, failures=BROKE), INCONCLUSIVE, "writer-failed"),
        (Case(gaps=GAPS, deltas=(TROUBLE,)), INCONCLUSIVE, "silent"),
        (Case(gaps=GAPS, deltas=(WARNING, OLD)), INCONCLUSIVE, "silent"),
        # a blocking delta is a FAIL, gaps or not
        (Case(deltas=(BLOCKING,)), FAIL, "headers.csp-lost"),
        (Case(deltas=(BLOCKING, OLD, WARNING)), FAIL, "headers.csp-lost"),
        (Case(deltas=(TROUBLE, BLOCKING)), FAIL, "headers.csp-lost"),
        (Case(deltas=(BLOCKING,), gaps=GAPS), FAIL, "headers.csp-lost"),
        (Case(deltas=(BLOCKING,), failures=BROKE), FAIL, "headers.csp-lost"),
        (Case(deltas=(BLOCKING, TROUBLE), gaps=GAPS, failures=BROKE), FAIL, "headers.csp-lost"),
        (Case(deltas=(delta(HIGH, confirmed=False),)), FAIL, "headers.csp-lost"),
        # an untrue comparison comes before everything
        (Case(untrue=UNTRUE), INCONCLUSIVE, "same-build"),
        (Case(untrue=UNTRUE, deltas=(WARNING,)), INCONCLUSIVE, "same-build"),
        (Case(untrue=UNTRUE, deltas=(BLOCKING,)), INCONCLUSIVE, "same-build"),
        (Case(untrue=UNTRUE, gaps=GAPS), INCONCLUSIVE, "same-build"),
        (Case(untrue=UNTRUE, failures=BROKE), INCONCLUSIVE, "same-build"),
        (Case(untrue=UNTRUE, deltas=(BLOCKING, TROUBLE), gaps=GAPS, failures=BROKE), INCONCLUSIVE, "same-build"),
    ],
)
def test_the_precedence(case: Case, word: Word, first: str) -> None:
    verdict = judge(policy(), case)
    assert (verdict.word, verdict.reasons[0].code) == (word, first)


def test_a_gap_is_never_a_pass() -> None:
    for deltas, untrue, failures in product(((), (WARNING,), (OLD,), (BLOCKING,), (TROUBLE,)), ((), UNTRUE), ((), BROKE)):
        assert judge(policy(), Case(deltas=deltas, untrue=untrue, failures=failures, gaps=GAPS)).word is not PASS


def test_more_trouble_never_turns_a_verdict_into_a_pass() -> None:
    passed = [
        (deltas, gaps, failures, untrue)
        for deltas, gaps, failures, untrue in product(((), (BLOCKING,)), ((), GAPS), ((), BROKE), ((), UNTRUE))
        if judge(policy(), Case(deltas=deltas, gaps=gaps, failures=failures, untrue=untrue)).word is PASS
    ]
    assert passed == [((), (), (), ())]


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_every_reason_is_told_the_deciding_ones_first() -> None:
    verdict = judge(policy(), Case(deltas=(BLOCKING, TROUBLE), gaps=GAPS, failures=BROKE))
    assert codes(verdict) == ["headers.csp-lost", "writer-failed", "silent", "unsteady"]


def test_findings_of_an_untrue_comparison_are_not_to_be_relied_on() -> None:
    verdict = judge(policy(), Case(untrue=UNTRUE, deltas=(BLOCKING, replace(BLOCKING, fingerprint="zw1:2", cause="other")), gaps=GAPS))
    assert codes(verdict) == ["same-build", "not-to-be-relied-on", "silent"]
    assert verdict.reasons[1].text.startswith("2 finding(s)")
    assert codes(judge(policy(), Case(untrue=UNTRUE))) == ["same-build"]


def test_a_blocking_reason_says_what_and_where() -> None:
    (reason,) = judge(policy(), Case(deltas=(BLOCKING,))).reasons
    assert reason.text == "high: A title at GET /static/{name} as ann"


def test_one_cause_at_many_places_is_told_once() -> None:
    places = [replace(BLOCKING, fingerprint=f"zw1:{n}", place=Place(method="GET", path=f"/{n}")) for n in range(3)]
    (reason,) = judge(policy(), Case(deltas=tuple(places))).reasons
    assert reason.text == "high: A title at GET /0 and 2 more places"


def test_gaps_of_one_cause_are_told_once_with_what_mends_them() -> None:
    gaps = [Gap(what=f"GET /{n}", why="spent", fix="raise it", code="budget") for n in range(3)]
    other = Gap(what="role ann", why="refused")
    reasons = judge(policy(), Case(gaps=(*gaps, other))).reasons
    assert [(r.code, r.text) for r in reasons] == [("budget", "GET /0 and 2 more: spent; raise it"), ("gap", "role ann: refused")]


def test_an_unsteady_reason_says_how_often() -> None:
    (reason,) = judge(policy(), Case(deltas=(TROUBLE,))).reasons
    assert "5 of 10 repeats on the canary, 0 of 10 on the baseline" in reason.text


def test_the_exit_codes_are_0_1_and_10() -> None:
    assert [word.exit_code for word in (PASS, FAIL, INCONCLUSIVE)] == [0, 1, 10]
