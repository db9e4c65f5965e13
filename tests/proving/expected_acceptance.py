"""Expected of what is taken, what is answered, and what the schema says of both."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from expecting import CUSTOMERS, PAGES, Expected, alone, spots

if TYPE_CHECKING:
    from collections.abc import Mapping

_WEAKENED: Final = "validation.weakened"
_BROKEN: Final = "availability.server-error"
_SHAPE: Final = "contract.error-shape"
_SECURITY: Final = "contract.security-lost"

_TAKEN: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "content-type-unchecked": alone(_WEAKENED, "POST /orders", roles=("alice",)),
        "content-type-unchecked-anywhere": Expected(
            rule=_WEAKENED,
            at=(
                *spots("POST /orders", "PUT /orders/{id}", "PUT /me", "POST /files", roles=("alice",)),
                ("POST /admin/announcements", "admin"),
            ),
        ),
        "file-without-type-taken": alone(_WEAKENED, "POST /files", roles=("alice",)),
        "help-topic-unbounded": alone(_WEAKENED, "GET /help", roles=("anonymous",)),
    }
)

_ANSWERED: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "files-list-broken": alone(_BROKEN, "GET /files", roles=(*CUSTOMERS, "admin")),
        "pages-broken": alone(_BROKEN, *PAGES, roles=("anonymous", "alice")),
        "order-cancel-broken": alone(_BROKEN, "POST /orders/{id}/cancel", roles=CUSTOMERS),
        "profile-broken-for-admins": alone(_BROKEN, "GET /me", roles=("admin",)),
        "announcements-break-on-accept": alone(_BROKEN, "GET /announcements", roles=("anonymous",)),
        "order-breaks-on-odd-id": alone(_BROKEN, "GET /orders/{id}", roles=("alice",)),
        "file-breaks-without-type": alone(_BROKEN, "POST /files", roles=("alice",)),
        "search-breaks-on-long-term": alone(_BROKEN, "GET /search", roles=("alice",)),
        "options-breaks": Expected(rule=_BROKEN, at=(("GET /health", "anonymous"), ("GET /me", "alice"))),
        "profile-breaks-on-list": alone(_BROKEN, "PUT /me", roles=("alice",)),
        "blind-order-without-note-breaks": alone(_BROKEN, "POST /orders", roles=CUSTOMERS),
        "report-cut-short": alone("availability.silent", "GET /tenants/{tenant}/report", roles=("alice",)),
        "announcements-unbounded": alone("availability.unbounded-answer", "GET /announcements", roles=("anonymous", "alice")),
    }
)

_SHAPED: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "errors-flat": Expected(
            rule=_SHAPE, at=(("GET /me", "anonymous"), *spots("GET /admin/users", roles=CUSTOMERS), ("POST /orders", "alice"))
        ),
        "order-error-code-a-number": alone(_SHAPE, "POST /orders", roles=("alice",)),
        "missing-file-messages": alone(_SHAPE, "GET /files/{id}", roles=("alice",)),
        "profile-error-as-text": alone(_SHAPE, "PUT /me", roles=("alice",)),
        "orders-refused-empty": alone(_SHAPE, "GET /orders", roles=("anonymous",)),
    }
)

_TOLD: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "schema-security-lost": alone(_SECURITY, "GET /files/{id}", roles=("*",)),
        "schema-security-gone": alone(_SECURITY, "GET /me", "POST /orders", "DELETE /files/{id}", "GET /admin/users", roles=("*",)),
        "schema-security-optional": alone(_SECURITY, "POST /orders", roles=("*",)),
        # A note: the operation may have been removed for good.
        "audit-undocumented": Expected(rule="contract.operation-hidden", at=(("GET /admin/audit", "*"),), verdict="PASS"),
        "feedback-open-to-all": alone("inventory.public-write", "POST /feedback", roles=("anonymous",)),
        "statistics-unguarded": alone("inventory.unguarded", "GET /admin/stats", roles=("anonymous",)),
    }
)

ACCEPTANCE: Final[Mapping[str, Expected]] = MappingProxyType({**_TAKEN, **_ANSWERED, **_SHAPED, **_TOLD})
