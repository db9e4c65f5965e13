"""The table of transitions: short words for its rows, and how one is judged by every rule of the four families at once."""

from __future__ import annotations

from typing import Any

import pytest
from builders import answer

from zeroweight.checks.check import catalogue, compare_halves
from zeroweight.finding import Answer, Finding, Noise
from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

A, R, I, M, L, B, S = Outcome  # noqa: E741  # tables are read by letters: Allowed Refused Invalid Missing Limited Broken Silent
STATUS = {A: 200, R: 403, I: 422, M: 404, L: 429, B: 500, S: 0}
FAMILIES = {"authorization", "validation", "availability", "inventory"}
CHECKS = [check for check in catalogue() if check.rule.family in FAMILIES]

ODD = Intent.ATTACK
PROTECTED = tuple(Side)
BODY = Parameter(place="body", name="/sku")


def half(side: Side, meant: Outcome, status: int = 0, **more: Any) -> Answer:
    if meant is S:
        more = {"failure": "timeout", **more}
    return answer(meant, status or STATUS[meant], side=side, **more)


def judge(old: Answer, new: Answer, seen: Noise | None = None) -> list[Finding]:
    return compare_halves(CHECKS, old, new, seen or Noise())


def row(old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], expected: str, **more: Any) -> Any:
    return pytest.param(old, new, more, expected, id=f"{old}-{new} {expected} {more}")


BOB: dict[str, Any] = {"role": "bob"}
OWN: dict[str, Any] = {"role": "alice", "owner": "alice", "owner_got": A}
OTHERS: dict[str, Any] = {"role": "bob", "owner": "alice", "owner_got": A}
POST: dict[str, Any] = {"method": "POST", "path": "/orders"}


def odd(plain: Outcome | None, **more: Any) -> dict[str, Any]:
    return {"intent": ODD, "plain": plain, **more}


def check_row(old: Outcome | tuple[Outcome, int], new: Outcome | tuple[Outcome, int], more: dict[str, Any], expected: str) -> list[Finding]:
    """Judge one row and hold it to its expected rule, or to none. Header fields and failures are the canary's."""
    (old_meant, old_status), (new_meant, new_status) = (each if isinstance(each, tuple) else (each, STATUS[each]) for each in (old, new))
    shared = {name: value for name, value in more.items() if name not in {"fields", "failure"}}
    canary = {name: value for name, value in more.items() if name in {"fields", "failure"}}
    findings = judge(half(Side.BASELINE, old_meant, old_status, **shared), half(Side.CANARY, new_meant, new_status, **shared, **canary))
    assert [finding.rule.id for finding in findings] == ([expected] if expected else [])
    assert all(finding.side is Side.CANARY for finding in findings)
    return findings
