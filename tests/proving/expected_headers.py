"""Expected of headers that are gone or protect no more: the rule is the header's, the spots are those of the circumstances."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from expecting import CUSTOMERS, PAGES, ROLES, Expected, Spot, spots

if TYPE_CHECKING:
    from collections.abc import Mapping

_RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "csp": "headers.csp-lost",
        "hsts": "headers.hsts-lost",
        "nosniff": "headers.nosniff-lost",
        "framing": "headers.frame-options-lost",
        "referrer-policy": "headers.referrer-policy-lost",
    }
)
_EVERYWHERE: Final = spots("GET /", "GET /me", "GET /orders/{id}", "POST /login", roles=ROLES)
_ERRORS: Final = (*spots("GET /me", "GET /orders", roles=("anonymous",)), *spots("GET /admin/users", roles=CUSTOMERS))
_ON_PAGES: Final = spots(*PAGES, roles=("anonymous", "alice"))

_SPOTS: Final[Mapping[str, tuple[Spot, ...]]] = MappingProxyType(
    {
        "csp-gone": _EVERYWHERE,
        "csp-gone-on-pages": _ON_PAGES,
        "csp-gone-on-posts": spots("POST /orders", "POST /login", roles=("anonymous", "alice")),
        "csp-only-reported": _EVERYWHERE,
        "hsts-gone": _EVERYWHERE,
        "hsts-gone-on-errors": _ERRORS,
        "hsts-gone-on-deletes": spots("DELETE /orders/{id}", "DELETE /files/{id}", roles=CUSTOMERS),
        "blind2-hsts-ended-first-on-401": spots("GET /me", "GET /orders", "POST /orders", roles=("anonymous",)),
        "hsts-ended-on-login": spots("POST /login", roles=ROLES),
        "nosniff-gone": _EVERYWHERE,
        "nosniff-gone-on-errors": _ERRORS,
        "nosniff-gone-on-created": spots("POST /orders", "POST /files", roles=CUSTOMERS),
        "nosniff-gone-for-admins": spots("GET /me", "GET /admin/users", "GET /orders/{id}", roles=("admin",)),
        "framing-allowed": _EVERYWHERE,
        "framing-allowed-on-pages": _ON_PAGES,
        "framing-allowed-on-refusals": (*spots("GET /admin/users", roles=CUSTOMERS), ("GET /tenants/{tenant}/report", "bob")),
        "framing-allowed-by-value-on-help": spots("GET /help", roles=ROLES),
        "referrer-policy-gone": _EVERYWHERE,
        "referrer-policy-gone-on-search": spots("GET /search", roles=ROLES),
        # Ids that are none, and paths below those that are known.
        "referrer-policy-gone-when-missing": (("GET /orders/{id}", "alice"), ("GET /me", "anonymous")),
        "referrer-policy-unsafe-on-pages": _ON_PAGES,
        "blind-nosniff-misspelt-on-file": spots("GET /files/{id}", roles=ROLES),
        "blind-csp-gone-when-astray": spots("GET /me", "POST /orders", roles=("anonymous",)),
    }
)


def _rule(name: str) -> str:
    return next(rule for header, rule in _RULES.items() if name.removeprefix("blind-").removeprefix("blind2-").startswith(header))


HEADERS: Final[Mapping[str, Expected]] = MappingProxyType({name: Expected(rule=_rule(name), at=at) for name, at in _SPOTS.items()})
