"""Changes between two API documents: only what loosens is a finding."""

from __future__ import annotations

import pytest

from zeroweight.checks.check import catalogue, examine_contract
from zeroweight.compare import documented
from zeroweight.finding import Severity
from zeroweight.model.contract import Change
from zeroweight.model.place import Place


def change(kind: str) -> Change:
    return Change(kind=kind, method="GET", path="/x/{id}", says="the document says otherwise")


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("security-lost", ["contract.security-lost"]),
        ("operation-hidden", ["contract.operation-hidden"]),
        ("security-added", []),
        ("operation-added", []),
        ("unheard-of", []),
        ("", []),
    ],
)
def test_a_change_is_found_by_the_rule_for_its_kind(kind: str, rules: list[str]) -> None:
    found = examine_contract(catalogue(), [change(kind)])
    assert [each.rule.id for each in found] == rules
    assert {each.place for each in found} <= {Place(method="GET", path="/x/{id}")}
    assert {each.evidence.says for each in found} <= {"the document says otherwise"}


def test_each_change_is_a_finding_of_its_own_with_one_cause() -> None:
    changes = [Change(kind="security-lost", method="GET", path=f"/{number}", says="s") for number in range(3)]
    found = examine_contract(catalogue(), changes)
    assert len({each.fingerprint for each in found}) == 3
    assert len({each.evidence.cause for each in found}) == 1


def test_a_lost_requirement_blocks_and_a_hidden_operation_does_not() -> None:
    severities = [
        documented(each).severity
        for kind in ("security-lost", "operation-hidden")
        for each in examine_contract(catalogue(), [change(kind)])
    ]
    assert severities == [Severity.MEDIUM, Severity.NOTE]
