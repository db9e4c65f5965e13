"""Expected of what exposes: errors, names of the inside, and banners."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from expecting import CUSTOMERS, PAGES, Expected, alone, spots

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRACE: Final = "disclosure.stack-trace"
_DATABASE: Final = "disclosure.database-error"
_ADDRESS: Final = "disclosure.internal-address"
_HOST: Final = "disclosure.host-name"
_BANNER: Final = "disclosure.version-banner"
_SHAPE: Final = "contract.error-shape"

_ERRORS: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        # What breaks while the error text is shown is a server error, too.
        "malformed-json-traceback": Expected(
            rule=_TRACE,
            at=(*spots("POST /orders", "PUT /orders/{id}", "PUT /me", "POST /files", roles=("alice",)), ("POST /login", "anonymous")),
            also=("availability.server-error",),
        ),
        "refusals-with-traces": Expected(
            rule=_TRACE, at=(("GET /me", "anonymous"), ("GET /admin/users", "alice"), ("POST /orders", "alice"))
        ),
        "content-type-traceback": alone(_TRACE, "PUT /orders/{id}", roles=("alice",)),
        "order-missing-java-trace": alone(_TRACE, "GET /orders/{id}", roles=("alice",)),
        "file-declined-dotnet-trace": alone(_TRACE, "POST /files", roles=("alice",)),
        "profile-ruby-trace": alone(_TRACE, "GET /me", roles=("anonymous",)),
        "audit-go-panic": alone(_TRACE, "GET /admin/audit", roles=CUSTOMERS),
        "method-php-trace": Expected(rule=_TRACE, at=(("GET /me", "anonymous"), ("POST /orders", "alice"))),
        "file-quote-syntax-error": alone(_DATABASE, "GET /files/{id}", roles=("alice",)),
        "login-syntax-error": alone(_DATABASE, "POST /login", roles=("anonymous", "alice")),
        "search-database-error": alone(_DATABASE, "GET /search", roles=("alice",), also=("availability.server-error",)),
        # The quote breaks the query; that it could be steered is for a later suite to show.
        "search-query-concatenated": alone("availability.server-error", "GET /search", roles=("alice",)),
        "blind-user-taken-constraint": alone(_DATABASE, "POST /admin/users", roles=("admin",)),
        # The page stands where JSON stood.
        "blind-help-stack-page": alone(_TRACE, "GET /help", roles=("anonymous",), also=(_SHAPE,)),
    }
)

_NAMES: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "backend-in-header": alone(_ADDRESS, "GET /", "GET /me", "POST /orders", roles=("anonymous", "alice")),
        "store-in-new-file": alone(_ADDRESS, "POST /files", roles=CUSTOMERS),
        "directory-in-login": alone(_ADDRESS, "POST /login", roles=("anonymous", "alice")),
        "policy-in-refusals": alone(_ADDRESS, "GET /admin/users", "GET /orders/{id}", roles=CUSTOMERS),
        "pod-in-orders-header": alone(_HOST, "GET /orders", roles=CUSTOMERS),
        "renderer-in-help": alone(_HOST, "GET /help", roles=("anonymous",)),
        "database-in-missing-order": alone(_HOST, "GET /orders/{id}", roles=("alice",)),
        "blind2-location-inner-host": alone(_HOST, "POST /orders", roles=CUSTOMERS),
        "validator-in-announcement": alone(_HOST, "POST /admin/announcements", roles=("admin",)),
    }
)

# A banner helps attackers and hurts nobody by itself: low, so it is told and does not block.
_BANNERS: Final[Mapping[str, Expected]] = MappingProxyType(
    {
        "server-tells-version": Expected(rule=_BANNER, at=spots("GET /", "GET /me", roles=("anonymous", "alice")), verdict="PASS"),
        "pages-powered-by": Expected(rule=_BANNER, at=spots(*PAGES, roles=("anonymous",)), verdict="PASS"),
        "errors-via-proxy": Expected(rule=_BANNER, at=(("GET /me", "anonymous"), ("GET /admin/users", "alice")), verdict="PASS"),
        # The page stands where JSON stood, and that blocks.
        "blind2-too-large-proxy-page": Expected(
            rule=_BANNER, at=(*spots("POST /orders", "PUT /me", roles=("alice",)), ("POST /login", "anonymous")), also=(_SHAPE,)
        ),
        "server-page-when-astray": Expected(rule=_BANNER, at=(("GET /me", "anonymous"), ("POST /orders", "alice")), also=(_SHAPE,)),
    }
)

EXPOSURE: Final[Mapping[str, Expected]] = MappingProxyType({**_ERRORS, **_NAMES, **_BANNERS})
