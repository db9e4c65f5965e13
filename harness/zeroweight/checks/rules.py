"""The reviewed list of rules: `python -m zeroweight.checks.rules > docs/rules.md`. A rule that comes or goes shows in its diff."""

from __future__ import annotations

import sys

from zeroweight.checks.check import catalogue
from zeroweight.finding import Rule

HEAD = """# Rules

Made by `python -m zeroweight.checks.rules > docs/rules.md`; a test holds it against the checks. Ids are never renamed and never reused.
A finding blocks by default from `medium` on.

| Rule | Severity | Title | CWE | OWASP API 2023 | To fix |
| --- | --- | --- | --- | --- | --- |
"""


def rules() -> tuple[Rule, ...]:
    """Return every rule once, ordered by id."""
    return tuple({check.rule.id: check.rule for check in catalogue()}.values())


def text() -> str:
    """Return the page."""
    return HEAD + "".join(
        f"| `{rule.id}` | {rule.severity.word} | {rule.title} | {rule.cwe or ''} | {rule.owasp} | {rule.remedy} |\n" for rule in rules()
    )


if __name__ == "__main__":
    sys.stdout.write(text())
