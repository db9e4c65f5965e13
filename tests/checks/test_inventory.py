"""What is served at all: the rows of the table of transitions."""

from __future__ import annotations

from typing import Any

import pytest
from transitions import BOB, POST, PROTECTED, A, I, M, R, check_row, row

from zeroweight.model.outcome import Outcome
from zeroweight.model.target import Side

TABLE = [
    row(M, A, "inventory.new-operation", **BOB),
    row(M, A, "inventory.new-operation", **BOB, protected=PROTECTED),
    row(M, A, "inventory.new-operation", **BOB, **POST),
    row(M, A, "inventory.public-read"),
    row(M, (A, 201), "inventory.public-write", **POST),
    row((I, 405), (A, 201), "inventory.public-write", **POST),
    row(M, A, "inventory.unguarded", protected=(Side.CANARY,)),
    row(M, A, "inventory.unguarded", protected=PROTECTED, **POST),
    row(M, A, "inventory.public-read", protected=(Side.BASELINE,)),
    row(M, A, "inventory.undocumented", documented=()),
    row(M, A, "inventory.undocumented", documented=(Side.BASELINE,), **BOB),
    row((I, 501), A, "inventory.undocumented", documented=(), method="DELETE", **BOB),
    row(M, R, "", documented=()),
    row(M, I, "", documented=()),
    row(M, (A, 204), "", documented=(), verb="OPTIONS"),
    row((I, 400), A, "", documented=()),
]


@pytest.mark.parametrize(("old", "new", "more", "expected"), TABLE)
def test_a_transition_breaks_one_rule_or_none(
    old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str
) -> None:
    check_row(old, new, more, expected)
