"""Flaws of the blind round: planted by someone who has not seen how the gate works."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .flaw import Flaw, when

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAWS: Final = (
    Flaw(
        name="blind-nosniff-misspelt-on-file",
        site="form:x-content-type-options",
        family="headers",
        when=when(operation="files.read"),
        narrow=True,
        operations=("GET /files/{id}",),
        title="x-content-type-options says 'no-sniff', which browsers ignore, on the answers of one operation: reading a file",
    ),
    Flaw(
        name="blind-csp-gone-when-astray",
        site="header:content-security-policy",
        family="headers",
        when=when(operation="none", status="4xx"),
        narrow=True,
        title="content-security-policy is gone from the answers that no operation makes: 404 on unknown paths, 405 on wrong methods",
    ),
    Flaw(
        name="blind-user-taken-constraint",
        site="error-filter",
        family="disclosure",
        when=when(cause="taken"),
        narrow=True,
        operations=("POST /admin/users",),
        title="adding a user whose name is taken answers 409 with the database's words on its unique constraint (PostgreSQL's form)",
    ),
    Flaw(
        name="blind-help-stack-page",
        site="error-filter",
        family="disclosure",
        when=when(cause="page", operation="page.help"),
        narrow=True,
        operations=("GET /help",),
        title="a declined topic (422) of the help page is answered with an HTML page that shows a Node stack trace (else JSON)",
    ),
    Flaw(
        name="blind-token-signature-empty",
        site="token:signature",
        family="authorization",
        when=when(kind="empty"),
        narrow=True,
        title="tokens that say alg=HS256 and end with an empty signature are believed: it is compared over the length that was given",
    ),
    Flaw(
        name="blind-order-replace-owner-late",
        site="owner-first",
        family="authorization",
        when=when(operation="orders.replace"),
        narrow=True,
        operations=("PUT /orders/{id}",),
        title="another's order is changed first, refused after: 403 as before for a good body, but 415, 400 or 422 for a bad one",
    ),
    Flaw(
        name="blind-admin-refused-files",
        site="staff",
        family="authorization",
        when=when(operation="files.read"),
        narrow=True,
        operations=("GET /files/{id}",),
        title="admins are refused customers' files (403) when they read them; deleting them and reading orders still works",
    ),
    Flaw(
        name="blind-quantity-as-text",
        site="validator:type",
        family="validation",
        when=when(operation="orders.create"),
        narrow=True,
        operations=("POST /orders",),
        title="a new order's quantity may be text made of digits (201; else 422)",
    ),
    Flaw(
        name="blind-order-without-note-breaks",
        site="answers",
        family="availability",
        when=when(operation="orders.create", missing="note"),
        narrow=True,
        operations=("POST /orders",),
        title="an order without the optional note answers a neutral 500 (else 201)",
    ),
    Flaw(
        name="blind-user-lookup-mounted",
        site="surface:lookup",
        family="schema",
        operations=("GET /admin/users/{name}",),
        title="a new operation, in the schema too, shows any user's profile to every user who is logged in (else 405)",
    ),
)

BLIND: Final[Mapping[str, Flaw]] = MappingProxyType({flaw.name: flaw for flaw in _FLAWS})
"""Every flaw of the blind round by name."""
