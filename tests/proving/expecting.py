"""What an expectation is: the rule that a flaw must show, where, and what the verdict then is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Spot = tuple[str, str]
"""An operation and a role: where a finding lies. The parameter is free."""

ROLES: Final = ("anonymous", "alice", "bob", "admin")
CUSTOMERS: Final = ("alice", "bob")
BODIES: Final = ("PUT /me", "POST /orders", "PUT /orders/{id}", "POST /files", "POST /admin/users", "POST /admin/announcements")
"""The operations that read a body, but for the public POST /login."""
PAGES: Final = ("GET /", "GET /help", "GET /account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The rule that must be found at each of these spots, and the rules that may be found besides, at the flaw's own operations.

    `verdict` is PASS where the rule's severity is below what blocks by default: the finding is told, and stands in nobody's way.
    """

    rule: str
    at: tuple[Spot, ...]
    also: tuple[str, ...] = ()
    verdict: Literal["FAIL", "PASS"] = "FAIL"


def spots(*operations: str, roles: tuple[str, ...]) -> tuple[Spot, ...]:
    """Give every spot of some operations and roles."""
    return tuple((operation, role) for operation in operations for role in roles)


def alone(rule: str, *operations: str, roles: tuple[str, ...], also: tuple[str, ...] = ()) -> Expected:
    """Expect one rule at every spot of some operations and roles."""
    return Expected(rule=rule, at=spots(*operations, roles=roles), also=also)
