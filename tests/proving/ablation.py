"""Which rules the proof needs: a rule whose absence loses no flaw is unproven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import expectations
from gates import Job
from services import services

from zeroweight.checks.rules import rules
from zeroweight.finding import Rule, Severity

BLOCKS_FROM: Final = Severity.MEDIUM
"""What a finding must weigh to block, unless an operator says otherwise."""
ABLATED: Final = "without "
"""How the names of these gates begin."""

Row = dict[str, Any]


def told(flaws: Sequence[Row]) -> list[Row]:
    """Tell for each rule which flaws are lost by name without it, and which of these would even PASS; derived from the answers."""
    return [_told(rule, [row for row in flaws if not row["busy"]]) for rule in rules()]


def _told(rule: Rule, flaws: Sequence[Row]) -> Row:
    wanted = [row for row in flaws if row["expected_rule"] == rule.id]
    lost = [row for row in wanted if row["caught"]]
    row: Row = {
        "rule": rule.id,
        "flaws": len(wanted),
        "lost": [f"{each['service']}/{each['name']}" for each in lost],
        "no_longer_fail": [f"{each['service']}/{each['name']}" for each in lost if each["blocking_rules"] == [rule.id]],
    }
    if not lost:
        row["unproven"] = _why(rule, wanted)
    return row


def _why(rule: Rule, wanted: Sequence[Row]) -> str:
    if wanted:
        return "none of its flaws was caught"
    if rule.severity < BLOCKS_FROM:
        return f"a finding of severity {rule.severity.word} never blocks, and no flaw is expected to show only by it"
    return "no flaw of any service is expected to show by it"


def jobs() -> Iterator[Job]:
    """Yield a gate for each rule that a flaw needs: that flaw, and nobody who looks for it."""
    taken: set[str] = set()
    for each in services():
        for name, wanted in expectations.expected(each.name).items():
            if wanted.rule not in taken:
                taken.add(wanted.rule)
                yield Job(name=f"{ABLATED}{wanted.rule}", service=each.name, flaws=(name,), without=(wanted.rule,))
