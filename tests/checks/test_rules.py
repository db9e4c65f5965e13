"""The list of rules is current, and every rule says what it is."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from zeroweight.checks.check import catalogue
from zeroweight.checks.rules import rules, text
from zeroweight.finding import Rule

STORED = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_stored_list_is_current() -> None:
    assert STORED.read_text(encoding="utf-8") == text(), "run: python -m zeroweight.checks.rules > docs/rules.md"


def test_every_rule_of_a_check_is_in_the_list_once() -> None:
    listed = re.findall(r"^\| `([^`]+)`", text(), re.MULTILINE)
    assert listed == sorted({check.rule.id for check in catalogue()})


def test_the_list_is_a_table_without_holes() -> None:
    rows = [line for line in text().splitlines() if line.startswith("| `")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is_and_what_mends_it(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", rule.id)
    assert importlib.util.find_spec(f"zeroweight.checks.{rule.family}") is not None
    assert rule.cwe > 0
    assert re.fullmatch(r"API(?:10|[1-9]):2023|", rule.owasp)
    assert rule.remedy.endswith(".")
    assert rule.title
    assert not rule.title.endswith(".")
