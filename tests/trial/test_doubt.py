"""What asking again costs is counted; whom it believes is tested where differences are settled (test_settle)."""

from __future__ import annotations

from typing import Any

from worlds import BASELINE, LEAK, World, ask, guard_lost, only, steady

from zeroweight.checks.check import catalogue
from zeroweight.compare import State
from zeroweight.finding import Finding
from zeroweight.model.request import Probe
from zeroweight.model.target import Side
from zeroweight.trial.candidate import KIN, KIN_REPEATS, Past
from zeroweight.trial.doubt import BASELINE_ASKS


def test_what_was_asked_again_is_counted_by_sides() -> None:
    world = World(says=guard_lost)
    delta = only(world)
    assert (delta.repeats.asked_canary, world.examiner.repeats, world.examiner.noise_asks) == (7, 14, BASELINE_ASKS)
    assert world.examiner.dropped == ()


def test_what_could_not_be_asked_is_not_counted() -> None:
    world = World(says=guard_lost, lives=2)
    only(world)
    assert world.examiner.repeats == 4


def test_what_the_baseline_does_just_as_well_is_dropped() -> None:
    turn = iter(range(10**6))

    def mostly(side: Side, _: Probe) -> dict[str, Any]:
        return {"status": 500 if side is not BASELINE or next(turn) else 200}

    world = World(says=mostly, checks=catalogue())
    delta = only(world)
    assert delta.state is State.UNSTEADY
    assert world.examiner.dropped == (delta.fingerprint,)
    assert (world.examiner.repeats, world.examiner.noise_asks) == (0, BASELINE_ASKS)


def test_what_a_contrast_takes_for_the_baselines_own_range_is_dropped() -> None:
    turn = iter(range(10**6))
    world = World(says=lambda side, _: steady(side is BASELINE and next(turn) % 2 == 0))
    world.take(ask())
    assert world.settle() == {}
    assert len(world.examiner.dropped) == 1


# Kin, and the policy.


def known(decides: set[str], places: int = KIN) -> World:
    """Return a process that knows a cause from some places, of which only those with these paths decide anything."""
    past = Past(decides=lambda finding: finding.place.path in decides)
    world = World(says=guard_lost, past=past)
    world.take(*[ask(f"/{number}") for number in range(places)])
    assert all(delta.confirmed for delta in world.settle().values())
    return world.next()


def test_kin_that_is_waived_makes_nothing_that_blocks_easier_to_believe() -> None:
    later = known({"/more"})
    assert only(later, ask("/more")).repeats.asked_canary > KIN_REPEATS


def test_what_decides_nothing_itself_is_believed_like_its_kin() -> None:
    later = known(set())
    delta = only(later, ask("/more"))
    assert (delta.confirmed, delta.repeats.asked_canary) == (True, KIN_REPEATS)


def test_two_places_that_block_are_not_enough_though_a_third_is_waived() -> None:
    later = known({"/0", "/1", "/more"})
    assert only(later, ask("/more")).repeats.asked_canary > KIN_REPEATS


def test_kin_that_blocks_everywhere_decides_nothing_any_more() -> None:
    later = known({"/0", "/1", "/2", "/more"})
    assert only(later, ask("/more")).repeats.asked_canary == KIN_REPEATS


def test_whether_a_finding_decides_is_asked_of_the_finding() -> None:
    asked: list[Finding] = []

    def never(finding: Finding) -> bool:
        asked.append(finding)
        return False

    past = Past(decides=never)
    world = World(says=lambda side, _: steady(guarded=True, body=b"leak" if side is not BASELINE else b""), past=past)
    only(world)
    assert {each.rule for each in asked} == {LEAK}
    assert dict(past.causes) == {("own.leak", "leak", False): 1}
