"""The catalogue: every flaw a demo build can carry, and every harmless change a release may bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from .guards import Hole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Family = Literal["headers", "disclosure", "authorization", "validation", "availability", "schema", "injection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A guard site gone wrong in one build: removed, weakened, or removed in narrow circumstances only.

    `operations` names what changes ("METHOD /template"; empty: every operation the site guards), `also` the further holes that the same slip made.
    """

    name: str
    site: str
    title: str
    family: Family
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    narrow: bool = False
    operations: tuple[str, ...] = ()
    also: tuple[Hole, ...] = ()

    @property
    def holes(self) -> tuple[Hole, ...]:
        """All that this flaw opens."""
        return (Hole(site=self.site, when=self.when), *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benign:
    """A change that a release may make without weakening anything."""

    name: str
    title: str


def _when(**circumstances: str) -> Mapping[str, frozenset[str]]:
    """Read circumstances: values are separated by spaces."""
    return MappingProxyType({key: frozenset(values.split()) for key, values in circumstances.items()})


def _headers() -> Iterable[Flaw]:
    yield Flaw(
        name="csp-gone",
        site="header:content-security-policy",
        family="headers",
        title="content-security-policy is gone from every answer",
    )
    yield Flaw(
        name="hsts-gone",
        site="header:strict-transport-security",
        family="headers",
        title="strict-transport-security is gone from every answer",
    )
    yield Flaw(
        name="nosniff-gone-on-errors",
        site="header:x-content-type-options",
        family="headers",
        when=_when(status="4xx"),
        narrow=True,
        title="x-content-type-options is gone from 4xx answers",
    )
    yield Flaw(
        name="framing-allowed-on-pages",
        site="header:x-frame-options",
        family="headers",
        when=_when(content="html"),
        narrow=True,
        operations=("GET /", "GET /help", "GET /account"),
        title="x-frame-options is gone from HTML pages",
    )
    yield Flaw(
        name="referrer-policy-gone-on-search",
        site="header:referrer-policy",
        family="headers",
        when=_when(operation="search"),
        narrow=True,
        operations=("GET /search",),
        title="referrer-policy is gone from the answers of the search",
    )
    yield Flaw(
        name="any-origin-trusted",
        site="cross-origin",
        family="headers",
        title="the caller's Origin is echoed as allowed, with credentials",
    )


def _disclosure() -> Iterable[Flaw]:
    yield Flaw(
        name="malformed-json-traceback",
        site="error-filter",
        family="disclosure",
        when=_when(cause="malformed"),
        title="a malformed JSON body answers 500 with the Python stack trace (else 400)",
    )
    yield Flaw(
        name="content-type-traceback",
        site="error-filter",
        family="disclosure",
        when=_when(cause="content-type", operation="orders.replace"),
        narrow=True,
        operations=("PUT /orders/{id}",),
        title="a wrong content type answers 415 with a stack trace beside the message, on one operation",
    )
    yield Flaw(
        name="search-database-error",
        site="binding:search",
        family="disclosure",
        also=(Hole(site="error-filter", when=_when(cause="database", operation="search")),),
        narrow=True,
        operations=("GET /search",),
        title="the search pastes its term into the query and answers a quote with the database's own error text (500; else 200)",
    )
    yield Flaw(
        name="debug-endpoint-mounted",
        site="surface:debug",
        family="disclosure",
        operations=("GET /debug/config",),
        title="an undocumented debug endpoint shows the process's settings to anyone",
    )


def _injection() -> Iterable[Flaw]:
    yield Flaw(
        name="search-query-concatenated",
        site="binding:search",
        family="injection",
        operations=("GET /search",),
        title="the search pastes its term into the query; errors stay neutral (500; else 200)",
    )
    yield Flaw(
        name="pages-unescaped",
        site="encoder:html",
        family="injection",
        operations=("GET /help", "GET /account"),
        title="query parameters stand unescaped in HTML pages",
    )
    yield Flaw(
        name="account-page-unescaped",
        site="encoder:html",
        family="injection",
        when=_when(operation="page.account"),
        narrow=True,
        operations=("GET /account",),
        title="the name stands unescaped in the account page only",
    )


def _authorization() -> Iterable[Flaw]:
    yield Flaw(
        name="orders-list-anonymous",
        site="authentication",
        family="authorization",
        when=_when(operation="orders.list"),
        also=(Hole(site="scope:orders", when=_when(role="anonymous")),),
        narrow=True,
        operations=("GET /orders",),
        title="anonymous callers list everybody's orders",
    )
    yield Flaw(
        name="order-read-anonymous",
        site="authentication",
        family="authorization",
        when=_when(operation="orders.read"),
        also=(Hole(site="owner:orders", when=_when(operation="orders.read", role="anonymous")),),
        narrow=True,
        operations=("GET /orders/{id}",),
        title="anonymous callers read any order",
    )
    yield Flaw(
        name="token-signature-unchecked",
        site="token:signature",
        family="authorization",
        title="tokens with a wrong signature are believed",
    )
    yield Flaw(
        name="token-unsigned-believed",
        site="token:signature",
        family="authorization",
        when=_when(kind="none"),
        narrow=True,
        title="tokens that say alg=none are believed",
    )
    yield Flaw(
        name="admin-users-open-to-customers",
        site="role:admin",
        family="authorization",
        when=_when(operation="admin.users.list"),
        narrow=True,
        operations=("GET /admin/users",),
        title="customers list all users",
    )
    yield Flaw(
        name="admin-open-to-customers",
        site="role:admin",
        family="authorization",
        title="customers may call every admin operation",
        operations=("GET /admin/users", "POST /admin/users", "DELETE /admin/users/{name}", "GET /admin/audit", "POST /admin/announcements"),
    )
    yield Flaw(
        name="announcements-open-to-customers",
        site="role:admin",
        family="authorization",
        when=_when(operation="admin.announcements.create"),
        narrow=True,
        operations=("POST /admin/announcements",),
        title="customers publish announcements",
    )
    yield Flaw(
        name="order-read-foreign",
        site="owner:orders",
        family="authorization",
        when=_when(operation="orders.read"),
        narrow=True,
        operations=("GET /orders/{id}",),
        title="any customer reads any order",
    )
    yield Flaw(
        name="order-delete-foreign",
        site="owner:orders",
        family="authorization",
        when=_when(operation="orders.delete"),
        narrow=True,
        operations=("DELETE /orders/{id}",),
        title="any customer deletes any order",
    )
    yield Flaw(
        name="order-cancel-foreign",
        site="owner:orders",
        family="authorization",
        when=_when(operation="orders.cancel"),
        narrow=True,
        operations=("POST /orders/{id}/cancel",),
        title="any customer cancels any order",
    )
    yield Flaw(
        name="files-foreign",
        site="owner:files",
        family="authorization",
        operations=("GET /files/{id}", "DELETE /files/{id}"),
        title="any customer reads and deletes any file",
    )
    yield Flaw(
        name="orders-list-unscoped",
        site="scope:orders",
        family="authorization",
        operations=("GET /orders",),
        title="the list of orders shows everybody's",
    )
    yield Flaw(
        name="tenant-report-open",
        site="tenant:report",
        family="authorization",
        operations=("GET /tenants/{tenant}/report",),
        title="members of one tenant read another's report",
    )
    yield Flaw(
        name="profile-role-writable",
        site="fields:me",
        family="authorization",
        operations=("PUT /me",),
        title="a user sets his own role and credit limit",
    )
    yield Flaw(
        name="bob-refused-orders",
        site="grant",
        family="authorization",
        when=_when(operation="orders.list", user="bob"),
        narrow=True,
        operations=("GET /orders",),
        title="one customer (bob) is refused his own list of orders",
    )
    yield Flaw(
        name="order-create-validates-first",
        site="authentication-first",
        family="authorization",
        when=_when(operation="orders.create"),
        narrow=True,
        operations=("POST /orders",),
        title="the body is judged before the caller: anonymous gets 415, 400 or 422, and 401 only for a good body",
    )


def _validation() -> Iterable[Flaw]:
    yield Flaw(
        name="quantity-unbounded",
        site="validator:quantity",
        family="validation",
        operations=("POST /orders", "PUT /orders/{id}"),
        title="any integer is a quantity",
    )
    yield Flaw(
        name="quantity-negative-on-replace",
        site="validator:quantity",
        family="validation",
        when=_when(operation="orders.replace", bound="minimum"),
        narrow=True,
        operations=("PUT /orders/{id}",),
        title="a quantity may be zero or negative when an order is replaced",
    )
    yield Flaw(
        name="sku-unchecked",
        site="validator:sku",
        family="validation",
        operations=("POST /orders", "PUT /orders/{id}"),
        title="any text is a SKU",
    )
    yield Flaw(
        name="text-lengths-unchecked-on-profile",
        site="validator:text",
        family="validation",
        when=_when(operation="me.replace"),
        narrow=True,
        operations=("PUT /me",),
        title="profile texts have no bounds",
    )
    yield Flaw(
        name="content-type-unchecked",
        site="content-type",
        family="validation",
        when=_when(operation="orders.create"),
        narrow=True,
        operations=("POST /orders",),
        title="an order is read from a body of any content type",
    )
    yield Flaw(
        name="body-unlimited-on-files",
        site="limit:body",
        family="validation",
        when=_when(operation="files.create"),
        narrow=True,
        operations=("POST /files",),
        also=(Hole(site="validator:text", when=_when(operation="files.create", bound="maxLength")),),
        title="a file may be of any size",
    )
    yield Flaw(
        name="page-unlimited",
        site="limit:page",
        family="validation",
        operations=("GET /orders", "GET /files"),
        title="a page may be of any size",
    )


def _rest() -> Iterable[Flaw]:
    yield Flaw(
        name="files-list-broken",
        site="answers",
        family="availability",
        when=_when(operation="files.list"),
        narrow=True,
        operations=("GET /files",),
        title="the list of files answers 500 to valid requests",
    )
    yield Flaw(
        name="schema-security-lost",
        site="schema:security",
        family="schema",
        when=_when(operation="files.read"),
        narrow=True,
        operations=("GET /files/{id}",),
        title="the schema no longer says that reading a file needs a token (the service still asks for it)",
    )


FLAWS: Final[Mapping[str, Flaw]] = MappingProxyType(
    {flaw.name: flaw for flaws in (_headers(), _disclosure(), _injection(), _authorization(), _validation(), _rest()) for flaw in flaws}
)
"""Every flaw by name."""

BENIGN: Final[Mapping[str, Benign]] = MappingProxyType(
    {
        name: Benign(name=name, title=title)
        for name, title in {
            "optional-field": "orders tell an estimated delivery, a new optional field",
            "live-endpoint": "a new public operation GET /health/live, in the schema too",
            "not-found-text": "404 answers say it in other words",
            "list-order": "lists come oldest first",
            "stricter-headers": "permissions-policy is sent too, and the content-security-policy is stricter",
            "error-wording": "400, 415 and 422 answers say it in other words",
            "uuid-ids": "new objects have UUIDs for ids",
            "slower": "every answer takes 20 ms longer",
            "foreign-not-found": "other people's objects answer 404 where they answered 403",
        }.items()
    }
)
"""Every harmless change by name."""
