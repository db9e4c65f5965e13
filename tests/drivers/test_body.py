"""A body as it comes: the beginning kept, the rest hashed, an endless one left."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from zeroweight.drivers.body import Body


def taken(parts: Sequence[bytes], cap: int) -> tuple[Body, int]:
    """Return a body that took the parts until it wanted no more, and how many it took."""
    body = Body(cap)
    for number, part in enumerate(parts, start=1):
        if not body.take(part):
            return body, number
    body.ended = True
    return body, len(parts)


@pytest.mark.parametrize("parts", [[], [b""], [b"abc"], [b"a", b"bc"], [b"a", b"", b"b", b"c"], [b"abcdefgh"]])
def test_a_body_that_fits_is_kept_whole_and_has_no_digest(parts: list[bytes]) -> None:
    body, _ = taken(parts, 8)
    assert (body.kept, body.cut, body.digest) == (b"".join(parts), False, "")


@pytest.mark.parametrize("parts", [[b"abcdefghi"], [b"abcd", b"efghi"], [b"abcdefgh", b"i"], [b"a"] * 20])
def test_of_a_longer_one_the_beginning_is_kept_and_the_whole_is_hashed(parts: list[bytes]) -> None:
    body, _ = taken(parts, 8)
    whole = b"".join(parts)
    assert (body.kept, body.cut, body.digest) == (whole[:8], True, hashlib.sha256(whole).hexdigest())


def test_an_endless_one_is_left_and_what_never_ended_has_no_digest() -> None:
    body, number = taken([b"12345678"] * 1000, 8)
    assert (number, body.kept, body.cut, body.digest) == (9, b"12345678", True, "")
