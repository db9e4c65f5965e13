"""Expected of who may do what to whose things."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from expecting import BODIES, CUSTOMERS, Expected, alone, spots

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANONYMOUS: Final = "authorization.anonymous-access"
_OBJECT: Final = "authorization.object-level"
_FUNCTION: Final = "authorization.function-level"
_LATE: Final = "authorization.guard-late"
_LATE_MISSING: Final = "authorization.guard-late-missing"
_ROLE_LATE: Final = "authorization.role-guard-late"
_LOST: Final = "authorization.access-lost"

_OWNED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "order-read": "GET /orders/{id}",
        "order-replace": "PUT /orders/{id}",
        "order-delete": "DELETE /orders/{id}",
        "order-cancel": "POST /orders/{id}/cancel",
        "file-read": "GET /files/{id}",
        "file-delete": "DELETE /files/{id}",
    }
)
_FOREIGN: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        **{f"{name}-foreign": alone(_OBJECT, operation, roles=CUSTOMERS) for name, operation in _OWNED.items()},
        "orders-foreign": alone(_OBJECT, *(each for name, each in _OWNED.items() if name.startswith("order")), roles=CUSTOMERS),
        "files-foreign": alone(_OBJECT, *(each for name, each in _OWNED.items() if name.startswith("file")), roles=CUSTOMERS),
        # The owner's own order is changed by such a body, too.
        "order-replace-foreign-by-type": alone(_OBJECT, "PUT /orders/{id}", roles=("alice",), also=("validation.weakened",)),
        "order-replace-foreign-by-xml": alone(_OBJECT, "PUT /orders/{id}", roles=("alice",), also=("validation.weakened",)),
        "tenant-report-open": alone(_FUNCTION, "GET /tenants/{tenant}/report", roles=("bob",)),
    }
)

_NOBODY: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        **{
            f"{name}-anonymous": alone(_ANONYMOUS, _OWNED[name], roles=("anonymous",))
            for name in ("order-read", "order-delete", "file-read")
        },
        # One of the orders has an address in its note, in the words of the customer who wrote it.
        "orders-list-anonymous": alone(_ANONYMOUS, "GET /orders", roles=("anonymous",), also=("disclosure.internal-address",)),
        "audit-anonymous": alone(_ANONYMOUS, "GET /admin/audit", roles=("anonymous",)),
        # Admins send such bodies, too.
        "announcement-anonymous-by-type": alone(
            _ANONYMOUS, "POST /admin/announcements", roles=("anonymous",), also=("validation.weakened", _FUNCTION)
        ),
        "announcement-anonymous-without-type": alone(
            _ANONYMOUS, "POST /admin/announcements", roles=("anonymous",), also=("validation.weakened", _FUNCTION)
        ),
        "search-anonymous": alone(_ANONYMOUS, "GET /search", roles=("anonymous",)),
        "files-looked-up-for-anonymous": alone(_LATE_MISSING, "GET /files/{id}", "DELETE /files/{id}", roles=("anonymous",)),
        # Only the search needs to know nobody; bodies are judged before somebody is missed, and nobody owns nothing.
        "authentication-gone": alone(_ANONYMOUS, "GET /search", roles=("anonymous",), also=(_LATE, _LATE_MISSING)),
    }
)

# A customer's request gets as far as the operation, which finds its name taken or its body bad.
_CALLED: Final = (_ROLE_LATE,)
_OPENED: Final = ("GET /admin/users", "GET /admin/audit", "POST /admin/announcements")
_ROLES: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "admin-users-open-to-customers": alone(_FUNCTION, "GET /admin/users", roles=CUSTOMERS),
        "audit-open-to-customers": alone(_FUNCTION, "GET /admin/audit", roles=CUSTOMERS),
        "announcements-open-to-customers": alone(_FUNCTION, "POST /admin/announcements", roles=CUSTOMERS, also=_CALLED),
        # The schema's example is one name: added once, and taken ever after.
        "users-made-by-customers": alone(_ROLE_LATE, "POST /admin/users", roles=CUSTOMERS, also=(_FUNCTION,)),
        "admin-open-to-customers": alone(_FUNCTION, *_OPENED, roles=CUSTOMERS, also=_CALLED),
        "admin-open-to-bob": alone(_FUNCTION, *_OPENED, roles=("bob",), also=_CALLED),
    }
)

_REFUSED: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "bob-refused-orders": alone(_LOST, "GET /orders", roles=("bob",)),
        "customers-refused-search": alone(_LOST, "GET /search", roles=CUSTOMERS),
        "audit-refused-to-admins": alone(_LOST, "GET /admin/audit", roles=("admin",)),
        "owners-refused-cancel": alone(_LOST, "POST /orders/{id}/cancel", roles=CUSTOMERS),
        "announcements-ask-for-token": alone(_LOST, "GET /announcements", roles=("anonymous",)),
        "blind-admin-refused-files": alone(_LOST, "GET /files/{id}", roles=("admin",)),
    }
)

_TOO_LATE: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "order-create-validates-first": alone(_LATE, "POST /orders", roles=("anonymous",)),
        # Roles and owners are asked after the body, too.
        "bodies-judged-first": Expected(rule=_LATE, at=spots(*BODIES, roles=("anonymous",)), also=(_ROLE_LATE,)),
        "announcement-judged-before-role": alone(_ROLE_LATE, "POST /admin/announcements", roles=("alice",)),
        "blind-order-replace-owner-late": alone(_ROLE_LATE, "PUT /orders/{id}", roles=("alice",)),
    }
)

ACCESS: Final[Mapping[str, Expected]] = MappingProxyType({**_FOREIGN, **_NOBODY, **_ROLES, **_REFUSED, **_TOO_LATE})
