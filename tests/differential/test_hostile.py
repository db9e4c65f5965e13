"""Whatever a server does ends, within bounds, as an answer or as a Failure; both kinds of line see the same, or differ as written down."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from differential.case import DIFFERS
from differential.differences import DIFFERENCES
from differential.hostile import CASES, TABLES, told
from lines import KINDS

MEMORY: Final = 32 << 20
"""Bytes that a line and its server may use together."""
SAID: Final = 24 << 20
"""Bytes that a server may get rid of, those in the system's own buffers included."""


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_server_is_seen_alike_or_as_written_down(name: str) -> None:
    case, difference = CASES[name], DIFFERENCES.get(name)
    by = {kind: asyncio.run(told(kind, case)) for kind in KINDS}
    if difference is not None:
        assert {kind: one.words for kind, one in by.items()} == {"wire": difference.wire, "httpx": difference.httpx}
        assert difference.wire != difference.httpx, "this is no difference any more: take it from the table"
    elif case.races:
        assert {one.words for one in by.values()} <= {case.sees, *case.races}
    else:
        assert by["wire"].words == case.sees
        assert by["wire"].seen == by["httpx"].seen
        assert by["wire"].connections == by["httpx"].connections
    for kind, one in by.items():
        assert one.peak < MEMORY, kind
        assert one.written < SAID or kind in case.until_time, kind
        assert [each.status > 0 for each in one.seen] == [not each.kind for each in one.seen], "an answer or a Failure, never both or none"


def test_there_are_many_hostile_servers_and_no_name_stands_twice() -> None:
    assert len(CASES) == sum(map(len, TABLES.values())) >= 60


def test_every_difference_is_of_a_hostile_server_and_says_why() -> None:
    assert DIFFERENCES.keys() <= CASES.keys()
    assert [name for name, each in DIFFERENCES.items() if not each.why.endswith(".")] == []
    unsaid = [name for name, case in CASES.items() if (case.sees == DIFFERS) != (name in DIFFERENCES)]
    assert unsaid == [], "what both see stands in the case, what only one of them sees in the table of differences"
