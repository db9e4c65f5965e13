"""The bounds of a number."""

from __future__ import annotations

import math

from zeroweight.config.note import Range


def test_bounds_are_included_unless_the_number_must_lie_above() -> None:
    assert Range(0, 1).holds(0)
    assert Range(0, 1).holds(1)
    assert not Range(0, 1, above=True).holds(0)
    assert not Range(0, 1).holds(math.nan)
    assert not Range(0, 1).holds(10**400)


def test_a_range_is_told_with_its_unit() -> None:
    assert str(Range(1, 1024, "lanes")) == "a number from 1 to 1024 lanes"
    assert str(Range(0, 3600, "seconds", above=True)) == "a number above 0 and up to 3600 seconds"
