"""What a release promises: changes between the API documents that loosen it. They are compared whole, so nothing is asked again."""

from __future__ import annotations

from collections.abc import Iterator

from zeroweight.checks.check import check
from zeroweight.finding import Evidence, Rule, Severity
from zeroweight.model.contract import Change

SECURITY_LOST = Rule(
    id="contract.security-lost",
    title="The schema no longer demands credentials",
    severity=Severity.MEDIUM,
    cwe=1059,
    owasp="API9:2023",
    remedy="Put the operation's security requirement back, or waive the finding if the operation was meant to become public.",
)
OPERATION_HIDDEN = Rule(
    id="contract.operation-hidden",
    title="The schema no longer has an operation",
    severity=Severity.NOTE,
    cwe=1059,
    owasp="API9:2023",
    remedy="Nothing, if the operation was removed; if it is still served, document it.",
)


@check(SECURITY_LOST, on=Change)
def security_lost(change: Change) -> Iterator[Evidence]:
    """Clients and gateways that are configured from the document stop sending or demanding credentials."""
    if change.kind == "security-lost":
        yield Evidence(says=change.says, cause="security")


@check(OPERATION_HIDDEN, on=Change)
def operation_hidden(change: Change) -> Iterator[Evidence]:
    """Name an operation that only the baseline's document has; it is still probed on both sides."""
    if change.kind == "operation-hidden":
        yield Evidence(says=change.says, cause="hidden")
