"""Phases follow each other and have an end."""

from __future__ import annotations

from zeroweight.session.clock import Clock


def test_a_phase_ends_where_the_next_begins_or_where_it_is_ended() -> None:
    clock = Clock()
    clock.begin("identity")
    clock.begin("schemas")
    clock.end()
    clock.end()
    clock.begin("cleaning up")
    first, second = clock.phases
    assert (first.name, second.name) == ("identity", "schemas")
    assert clock.began <= first.began <= first.ended <= second.began <= second.ended
    assert clock.seconds >= second.ended - clock.began


def test_a_clock_without_phases_goes() -> None:
    clock = Clock()
    clock.end()
    assert clock.phases == ()
    assert clock.seconds >= 0
