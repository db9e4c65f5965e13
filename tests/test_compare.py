"""What became of fingerprints, and how a difference is believed."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from fractions import Fraction
from math import comb
from typing import Any

import pytest
from builders import exchange
from hypothesis import given, settings
from hypothesis import strategies as st

from zeroweight.compare import (
    BOUND,
    EVIDENCE,
    MOST_REPEATS,
    Delta,
    Repeats,
    State,
    believed,
    causes,
    documented,
    fisher,
    merge,
    repeats_needed,
    split,
)
from zeroweight.finding import Evidence, Finding, Rule, Severity
from zeroweight.model.look import Look
from zeroweight.model.place import ANYWHERE, Place
from zeroweight.model.target import Side

PLACE = Place(method="GET", path="/x/{id}", role="ann")
RULE = Rule(id="own.rule", title="A rule", severity=Severity.HIGH, cwe=1, remedy="Mend it.")


def delta(fingerprint: str = "zw1:0", state: State = State.NEW, **more: Any) -> Delta:
    given_: dict[str, Any] = {"rule": "own.rule", "title": "A rule", "severity": Severity.HIGH, "place": PLACE}
    return Delta(fingerprint=fingerprint, state=state, **{**given_, **more})


def finding(side: Side = Side.CANARY, *, place: Place = PLACE, says: str = "seen", rule: Rule = RULE) -> Finding:
    return Finding(rule=rule, place=place, side=side, evidence=Evidence(says=says))


def counted(hits: int, asked: int, other_hits: int, other_asked: int) -> Fraction:
    """Count, one by one, the ways of dealing the marks that are at least as one-sided."""
    total = asked + other_asked
    deals = [sum(1 for index in deal if index < asked) for deal in itertools.combinations(range(total), hits + other_hits)]
    return Fraction(sum(mine >= hits for mine in deals), len(deals))


# Fisher's exact test.


@pytest.mark.parametrize(
    ("table", "chance"),
    [
        ((3, 4, 1, 4), Fraction(17, 70)),  # the lady tasting tea: three of four cups (Fisher 1935)
        ((4, 4, 0, 4), Fraction(1, 70)),
        ((7, 7, 0, 7), Fraction(1, 3432)),
        ((8, 8, 0, 8), Fraction(1, 12870)),
        ((12, 12, 0, 12), Fraction(1, 2704156)),
        ((0, 7, 0, 7), Fraction(1)),
        ((7, 7, 7, 7), Fraction(1)),
        ((0, 7, 7, 7), Fraction(1)),
        ((2, 3, 1, 5), Fraction(16, 56)),
    ],
)
def test_known_values_of_fishers_test(table: tuple[int, int, int, int], chance: Fraction) -> None:
    assert fisher(*table) == pytest.approx(float(chance), rel=1e-12)


def test_fishers_test_is_what_counting_every_deal_gives() -> None:
    for asked, other in itertools.product(range(1, 6), range(1, 6)):
        for hits, other_hits in itertools.product(range(asked + 1), range(other + 1)):
            expected = float(counted(hits, asked, other_hits, other))
            assert fisher(hits, asked, other_hits, other) == pytest.approx(expected, rel=1e-12), (hits, asked, other_hits, other)


@pytest.mark.parametrize(("asked", "other"), [(0, 0), (0, 7), (7, 0)])
def test_what_was_not_asked_on_a_side_proves_nothing(asked: int, other: int) -> None:
    assert fisher(asked, asked, 0, other) == 1.0
    assert Repeats(canary=asked, asked_canary=asked, asked_baseline=other).chance == 1.0
    assert Repeats().share == 0.0


# How many repeats, and whom to believe.


@pytest.mark.parametrize(
    ("candidates", "repeats"), [(0, 7), (1, 7), (3, 7), (4, 8), (10, 8), (12, 8), (13, 9), (40, 9), (100, 10), (500, 11), (700, 11)]
)
def test_a_steady_difference_needs_so_many_repeats(candidates: int, repeats: int) -> None:
    assert repeats_needed(candidates) == repeats
    assert 1 / comb(2 * repeats, repeats) <= BOUND / max(1, candidates) < 1 / comb(2 * repeats - 2, repeats - 1)


def test_nobody_is_asked_more_than_twelve_times() -> None:
    assert MOST_REPEATS == 12
    assert [repeats_needed(candidates) for candidates in (706, 2704, 10**9)] == [12, 12, 12]


@pytest.mark.parametrize("candidates", [1, 2, 10, 100, 2704])
def test_as_many_repeats_as_are_needed_are_enough(candidates: int) -> None:
    n = repeats_needed(candidates)
    steady = Repeats(canary=n, asked_canary=n, baseline=0, asked_baseline=n)
    assert believed([steady] * candidates) == [True] * candidates
    assert believed([steady], before=candidates - 1) == [True]


def result(hits: int, other: int = 0, asked: int = 7) -> Repeats:
    return Repeats(canary=hits, asked_canary=asked, baseline=other, asked_baseline=asked)


@pytest.mark.parametrize(
    ("results", "before", "passed"),
    [
        ([], 0, []),
        ([result(7)], 0, [True]),
        ([result(6)], 0, [False]),
        ([result(7, 1)], 0, [False]),
        ([result(7)] * 3, 0, [True] * 3),
        ([result(7)] * 4, 0, [False] * 4),  # 1/3432 does not pass a bound of 1e-3 / 4
        ([result(7), result(7), result(7), result(8, asked=8)], 0, [True] * 4),  # the best goes first and leaves three
        ([result(7), result(8, asked=8)], 2, [True, True]),
        ([result(7), result(8, asked=8)], 3, [False, True]),
        ([result(7)], 3, [False]),  # what was judged before goes on counting
        ([result(0), result(7)], 0, [False, True]),
        ([result(8, asked=8), result(3), result(8, asked=8)], 0, [True, False, True]),
    ],
)
def test_holms_step_down(results: list[Repeats], before: int, passed: list[bool]) -> None:
    assert believed(results, before=before) == passed


@settings(max_examples=200)
@given(st.lists(st.builds(result, st.integers(0, 7), st.integers(0, 7)), max_size=8), st.integers(0, 5), st.randoms())
def test_belief_does_not_depend_on_the_order_of_candidates(results: list[Repeats], before: int, chance: random.Random) -> None:
    passed = believed(results, before=before)
    order = list(range(len(results)))
    chance.shuffle(order)
    assert [believed([results[index] for index in order], before=before)[order.index(index)] for index in range(len(results))] == passed
    worst = max((each.chance for each, good in zip(results, passed, strict=True) if good), default=0)
    assert all(each.chance >= worst for each, good in zip(results, passed, strict=True) if not good)


def test_more_candidates_never_make_a_difference_easier_to_believe() -> None:
    for hits in range(8):
        verdicts = [believed([result(hits)], before=before)[0] for before in range(6)]
        assert verdicts == sorted(verdicts, reverse=True)


# Pair by pair.


def test_a_pair_is_split_into_new_both_and_gone() -> None:
    other, third = replace(PLACE, role="ben"), replace(PLACE, role="cat")
    old = [finding(Side.BASELINE, says="old"), finding(Side.BASELINE, place=other)]
    new = [finding(says="new"), finding(place=third)]
    only_new, both, gone = split(old, new)
    assert [each.place.role for each in only_new] == ["cat"]
    assert [(each.side, each.evidence.says) for each in both] == [(Side.CANARY, "new")]
    assert [each.place.role for each in gone] == ["ben"]


def test_evidence_does_not_make_two_findings_of_one() -> None:
    only_new, both, _ = split([finding(Side.BASELINE, says="a")], [finding(says="b"), finding(says="c")])
    assert (only_new, len(both)) == ([], 1)


def test_a_side_that_showed_nothing_makes_everything_new_or_gone() -> None:
    assert [len(part) for part in split([], [finding()])] == [1, 0, 0]
    assert [len(part) for part in split([finding(Side.BASELINE)], [])] == [0, 0, 1]


# Folding.


def test_states_win_in_this_order() -> None:
    assert sorted(State, key=lambda state: -state.rank) == [State.NEW, State.UNSTEADY, State.UNCHANGED, State.ABSENT]


@pytest.mark.parametrize("states", list(itertools.permutations(State)))
def test_the_worst_state_wins_in_any_order(states: tuple[State, ...]) -> None:
    for length in range(1, 5):
        (merged,) = merge(delta(state=state) for state in states[:length])
        assert merged.state is max(states[:length], key=lambda state: state.rank)


DELTAS = st.builds(
    delta,
    fingerprint=st.sampled_from(["zw1:0", "zw1:1"]),
    state=st.sampled_from(State),
    confirmed=st.booleans(),
    pairs=st.integers(1, 5),
    seen_new=st.integers(0, 5),
    evidence=st.lists(st.sampled_from("abcdef"), max_size=3, unique=True).map(tuple),
    request=st.sampled_from(["GET /a", "GET /b"]),
    repeats=st.builds(result, st.integers(0, 7), st.integers(0, 7)),
    suites=st.sampled_from([("headers",), ("errors",)]),
)


@settings(max_examples=300)
@given(st.lists(DELTAS, max_size=6), st.randoms())
def test_which_worker_came_first_makes_no_difference(deltas: list[Delta], chance: random.Random) -> None:
    shuffled = list(deltas)
    chance.shuffle(shuffled)
    merged = merge(deltas)
    assert merge(shuffled) == merged
    assert sum(each.pairs for each in merged) == sum(each.pairs for each in deltas)
    assert sum(each.seen_new for each in merged) == sum(each.seen_new for each in deltas)
    assert len({each.fingerprint for each in merged}) == len(merged)


@settings(max_examples=200)
@given(st.lists(DELTAS, min_size=1, max_size=6), st.integers(0, 6))
def test_merging_shards_first_changes_nothing_that_a_verdict_looks_at(deltas: list[Delta], cut: int) -> None:
    def looked_at(merged: tuple[Delta, ...]) -> set[object]:
        return {(d.fingerprint, d.state, d.confirmed, d.repeats.baseline > 0, d.repeats.share, d.pairs, d.seen_new) for d in merged}

    assert looked_at(merge((*merge(deltas[:cut]), *merge(deltas[cut:])))) == looked_at(merge(deltas))


def test_a_confirmed_delta_outweighs_an_unconfirmed_one_of_its_state() -> None:
    for deltas in itertools.permutations([delta(confirmed=False, pairs=2), delta(confirmed=True, pairs=1)]):
        (merged,) = merge(deltas)
        assert (merged.confirmed, merged.pairs) == (True, 3)


def test_evidence_is_kept_once_and_briefly_and_suites_are_joined() -> None:
    (merged,) = merge([delta(evidence=("a", "b"), suites=("errors",)), delta(evidence=("b", "c", "d"), suites=("errors", "headers"))])
    assert len(merged.evidence) == EVIDENCE == len(set(merged.evidence))
    assert merged.suites == ("errors", "headers")


def test_the_worst_stands_first() -> None:
    low = delta("zw1:1", severity=Severity.LOW)
    high = delta("zw1:2", severity=Severity.HIGH)
    unsteady = delta("zw1:3", State.UNSTEADY, severity=Severity.CRITICAL)
    assert [d.fingerprint for d in merge([low, unsteady, high])] == ["zw1:2", "zw1:1", "zw1:3"]


# Causes.


def test_deltas_of_one_cause_are_told_once_with_the_worst_severity() -> None:
    here = [delta(f"zw1:{n}", cause="password", severity=Severity.HIGH if n == 2 else Severity.MEDIUM) for n in range(3)]
    elsewhere = delta("zw1:9", cause="token")
    other_rule = delta("zw1:8", rule="own.other", cause="password", severity=Severity.CRITICAL)
    told = causes([*here, elsewhere, other_rule])
    assert [(each.rule, each.cause, len(each.deltas)) for each in told] == [
        ("own.other", "password", 1),
        ("own.rule", "password", 3),
        ("own.rule", "token", 1),
    ]
    assert told[1].severity is Severity.HIGH
    assert causes([]) == ()


def test_what_the_documents_show_is_new_and_needs_no_repeats() -> None:
    made = documented(finding(says="it says so"))
    assert (made.state, made.confirmed, made.pairs, made.seen_new) == (State.NEW, True, 1, 1)
    assert (made.evidence, made.rule, made.place, made.repeats) == (("it says so",), "own.rule", PLACE, Repeats())


# Places and looks: plain data that is compared.


@pytest.mark.parametrize(
    ("place", "said", "operation"),
    [
        (Place(), "*", ANYWHERE),
        (PLACE, "GET /x/{id} as ann", "GET /x/{id}"),
        (Place(method="GET", path="/x", parameter="query:q"), "GET /x, query:q", "GET /x"),
        (replace(PLACE, parameter="body:/a"), "GET /x/{id} as ann, body:/a", "GET /x/{id}"),
    ],
)
def test_a_place_is_said_as_a_person_would(place: Place, said: str, operation: str) -> None:
    assert (str(place), place.operation) == (said, operation)


def test_a_look_has_two_halves_or_says_why_not() -> None:
    half = exchange()
    look = Look(baseline=half, canary=half)
    assert (look.gap, look.thrice) == (None, False)
    assert look.baseline is look.canary
