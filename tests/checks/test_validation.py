"""What input is taken: the rows of the table of transitions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from transitions import BOB, BODY, POST, A, I, M, R, check_row, odd, row

from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent

QUERY = Parameter(place="query", name="q")
ACCEPT = Parameter(place="header", name="accept")
TYPE = Parameter(place="header", name="Content-Type")
BELOW = Parameter(place="path", name="*")
ID = Parameter(place="path", name="id")
TRACE_ID = Parameter(place="header", name="X-Trace-Id")

TABLE = [
    row(I, A, "validation.weakened", **odd(A, parameter=BODY), **BOB),
    row((I, 400), (A, 201), "validation.weakened", intent=Intent.INVALID, plain=A, parameter=BODY, **BOB, **POST),
    row(R, A, "validation.weakened", **odd(A, parameter=BODY), **BOB),
    row(I, A, "validation.weakened", **odd(A, parameter=BODY)),
    # what the operation takes in
    row((I, 415), A, "validation.weakened", **odd(A, parameter=TYPE), **BOB, **POST),
    row(I, A, "validation.weakened", **odd(A, parameter=QUERY, parameters=(QUERY,)), **BOB),
    row(I, A, "validation.weakened", **odd(A, parameter=ID, parameters=(QUERY, ID)), **BOB),
    row(I, A, "validation.weakened", **odd(A, parameter=replace(TRACE_ID, name="x-trace-id"), parameters=(TRACE_ID,)), **BOB),
    # what it does not
    row((I, 406), A, "", **odd(A, parameter=ACCEPT), **BOB),
    row(I, A, "", **odd(A, parameter=QUERY), **BOB),
    row(I, A, "", **odd(A, parameter=QUERY, parameters=(replace(QUERY, name="Q"), replace(QUERY, place="cookie"))), **BOB),
    row(I, A, "", **odd(A, parameter=BELOW, parameters=(ID,)), **BOB),
    row((I, 400), A, "", **odd(A, verb="FOO", parameter=BODY), **BOB),
    row(I, A, "", **odd(A), **BOB),
    row(I, A, "", **BOB),
    row(I, A, "", **odd(None, parameter=BODY), **BOB),
    row(I, A, "", **odd(I, parameter=BODY), **BOB),
    row(M, A, "", **odd(A, parameter=BODY), **BOB),
    row(A, I, "", **odd(A, parameter=BODY), **BOB),
    row(I, R, "", **odd(A, parameter=BODY), **BOB),
]


@pytest.mark.parametrize(("old", "new", "more", "expected"), TABLE)
def test_a_transition_breaks_one_rule_or_none(
    old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str
) -> None:
    check_row(old, new, more, expected)
