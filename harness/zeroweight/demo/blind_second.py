"""Flaws of the second blind round: planted by someone who has seen the service alone, and the catalogue as it was."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .flaw import Flaw, when

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAWS: Final = (
    Flaw(
        name="blind2-hsts-ended-first-on-401",
        site="once:strict-transport-security",
        family="headers",
        when=when(code="401"),
        narrow=True,
        title="401 answers carry strict-transport-security twice: first with max-age=0, which browsers heed, then the right one",
    ),
    Flaw(
        name="blind2-emoji-file-database-error",
        site="error-filter",
        family="disclosure",
        when=when(operation="files.create", cause="encoding"),
        narrow=True,
        operations=("POST /files",),
        title="a file whose name has a character beyond U+FFFF answers 500 in the words of MySQL, whose column is too narrow (else 201)",
    ),
    Flaw(
        name="blind2-location-inner-host",
        site="inner-names",
        family="disclosure",
        when=when(operation="orders.create", where="location"),
        narrow=True,
        operations=("POST /orders",),
        title="a new order's answer (201) has a location that tells the host and port behind the proxy (else no location)",
    ),
    Flaw(
        name="blind2-too-large-proxy-page",
        site="banner",
        family="disclosure",
        when=when(kind="proxy"),
        narrow=True,
        title="a body of more than 64 KiB answers 413 with the proxy's own HTML page, which tells its version (else JSON)",
    ),
    Flaw(
        name="blind2-audit-csv-mounted",
        site="surface:audit-csv",
        family="schema",
        operations=("GET /admin/audit.csv",),
        title="a new operation, not in the schema, exports the audit to every user who is logged in (else 404)",
    ),
    Flaw(
        name="blind2-basic-name-believed",
        site="token:scheme",
        family="authorization",
        when=when(kind="basic", method="GET"),
        narrow=True,
        title="whoever reads with Basic credentials is believed to be the user he names, whatever the password (else 401)",
    ),
    Flaw(
        name="blind2-order-named-in-body",
        site="object-named",
        family="authorization",
        when=when(operation="orders.replace"),
        narrow=True,
        operations=("PUT /orders/{id}",),
        title="an id in the body names the order that is changed, while the one in the path, which is the caller's, is judged",
    ),
    Flaw(
        name="blind2-user-looked-up-before-role",
        site="role-before-lookup",
        family="authorization",
        when=when(operation="admin.users.delete"),
        narrow=True,
        operations=("DELETE /admin/users/{name}",),
        title="a user to be deleted is looked up before the role is asked: customers get 409 (built in) or 404 (not there; else 403)",
    ),
    Flaw(
        name="blind2-announcement-from-form",
        site="body:form",
        family="validation",
        when=when(operation="admin.announcements.create"),
        narrow=True,
        operations=("POST /admin/announcements",),
        title="an announcement is read from an HTML form's body, too, which any site can make an admin's browser send (else 415)",
    ),
    Flaw(
        name="blind2-owner-refused-cancelled-order",
        site="owner-let-in",
        family="authorization",
        when=when(operation="orders.delete", role="customer", state="cancelled"),
        narrow=True,
        operations=("DELETE /orders/{id}",),
        title="a customer is refused (403) to delete his own order once it is cancelled (else 204); admins still may",
    ),
)

BLIND_SECOND: Final[Mapping[str, Flaw]] = MappingProxyType({flaw.name: flaw for flaw in _FLAWS})
"""Every flaw of the second blind round by name."""
