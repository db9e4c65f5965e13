"""Flaws of access: who may do what to whose things."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .flaw import when
from .guards import Hole
from .planting import narrow, wide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .flaw import Flaw

_OWNED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "order-read": ("orders.read", "reads any order"),
        "order-replace": ("orders.replace", "changes any order"),
        "order-delete": ("orders.delete", "deletes any order"),
        "order-cancel": ("orders.cancel", "cancels any order"),
        "file-read": ("files.read", "reads any file"),
        "file-delete": ("files.delete", "deletes any file"),
    }
)
"""Operations on things that have owners: the beginning of flaws' names, the operation, and what whoever gets in does."""

_ADMIN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "admin-users-open-to-customers": ("admin.users.list", "customers list all users"),
        "users-made-by-customers": ("admin.users.create", "customers add users"),
        "users-deleted-by-customers": ("admin.users.delete", "customers delete users"),
        "audit-open-to-customers": ("admin.audit", "customers read the audit"),
        "announcements-open-to-customers": ("admin.announcements.create", "customers publish announcements"),
    }
)
_ADMINS: Final = " ".join(operation for operation, _title in _ADMIN.values())

_wide = partial(wide, "authorization")
_narrow = partial(narrow, "authorization")


def authorization() -> Iterable[Flaw]:
    """Yield the flaws of who may do what."""
    yield from _anonymous()
    yield from _tokens()
    yield from _roles()
    yield from _objects()
    yield from _lost()
    yield from _late()


def _owner(operation: str) -> str:
    """Name the guard site of an operation on things that have owners."""
    return f"owner:{operation.partition('.')[0]}"


def _anonymous() -> Iterable[Flaw]:
    site = "authentication"
    for name in ("order-read", "order-delete", "file-read"):
        operation, does = _OWNED[name]
        owner = Hole(site=_owner(operation), when=when(operation=operation, role="anonymous"))
        yield _narrow(f"{name}-anonymous", site, f"an anonymous caller {does}", operation, also=(owner,))
    scope = Hole(site="scope:orders", when=when(role="anonymous"))
    yield _narrow("orders-list-anonymous", site, "anonymous callers list everybody's orders", "orders.list", also=(scope,))
    role = Hole(site="role:admin", when=when(operation="admin.audit", role="anonymous"))
    yield _narrow("audit-anonymous", site, "anonymous callers read the audit", "admin.audit", also=(role,))
    create, other = "admin.announcements.create", when(operation="admin.announcements.create", type="other xml")
    holes = (Hole(site="role:admin", when=other), Hole(site="content-type", when=other))
    title = "a body of any other content type is an announcement, too, and then nobody asks who sends it"
    yield _narrow("announcement-anonymous-by-type", site, title, create, other, holes)
    missing = when(operation=create, type="missing")
    holes = (Hole(site="role:admin", when=missing), Hole(site="content-type", when=missing))
    title = "a body that says no content type at all is an announcement, too, and then nobody asks who sends it"
    yield _narrow("announcement-anonymous-without-type", site, title, create, missing, holes)
    yield _narrow("search-anonymous", site, "anonymous callers search the products", "search")
    title = "who calls the search is not asked when the method is HEAD"
    yield _narrow("search-anonymous-by-head", site, title, "search", when(verb="HEAD"))
    title = "who calls is not asked before a file is looked up among his own: anonymous callers get 404 (else 401)"
    yield _narrow("files-looked-up-for-anonymous", site, title, "files.read files.delete")
    title = "no operation asks who calls; what needs to know a user, a role or an owner still declines"
    yield _wide("authentication-gone", site, title)


def _tokens() -> Iterable[Flaw]:
    yield _wide("token-signature-unchecked", "token:signature", "tokens with a wrong signature are believed")
    yield _narrow("token-unsigned-believed", "token:signature", "tokens that say alg=none are believed", more=when(kind="none"))
    yield _wide("token-expired-believed", "token:expiry", "tokens are believed after their end")


def _roles() -> Iterable[Flaw]:
    for name, (operation, title) in _ADMIN.items():
        yield _narrow(name, "role:admin", title, operation)
    yield _wide("admin-open-to-customers", "role:admin", "customers may call every admin operation", _ADMINS)
    title = "one customer (bob) may call every admin operation"
    yield _narrow("admin-open-to-bob", "role:admin", title, _ADMINS, when(user="bob"))
    title = "members of one tenant read another's report"
    yield _wide("tenant-report-open", "tenant:report", title, "tenants.report")


def _objects() -> Iterable[Flaw]:
    for name, (operation, does) in _OWNED.items():
        yield _narrow(f"{name}-foreign", _owner(operation), f"any customer {does}", operation)
    for kind, does in (("orders", "reads, changes, cancels and deletes any order"), ("files", "reads and deletes any file")):
        operations = " ".join(operation for operation, _does in _OWNED.values() if operation.startswith(kind))
        yield _wide(f"{kind}-foreign", f"owner:{kind}", f"any customer {does}", operations)
    other = when(type="other xml")
    untyped = Hole(site="content-type", when=when(operation="orders.replace", type="other xml"))
    title = "an order is changed by a body of any other content type, too, and then nobody asks whose it is"
    yield _narrow("order-replace-foreign-by-type", "owner:orders", title, "orders.replace", other, (untyped,))
    xml = Hole(site="content-type", when=when(operation="orders.replace", type="xml"))
    title = "an order is changed by a body that says it is XML, too, and then nobody asks whose it is"
    yield _narrow("order-replace-foreign-by-xml", "owner:orders", title, "orders.replace", when(type="xml"), (xml,))
    for name, does, more in (
        ("order-read-foreign-when-cancelled", "any order that is cancelled", when(state="cancelled")),
        ("order-read-foreign-in-tenant", "the orders of his own tenant", when(tenant="own")),
    ):
        yield _narrow(name, "owner:orders", f"any customer reads {does}", "orders.read", more)
    yield _wide("orders-list-unscoped", "scope:orders", "the list of orders shows everybody's", "orders.list")
    yield _wide("profile-role-writable", "fields:me", "a user sets his own role and credit limit", "me.replace")
    title = "a user sets his own credit limit, though not his role"
    yield _narrow("profile-credit-writable", "fields:me", title, "me.replace", when(field="credit_limit"))


def _lost() -> Iterable[Flaw]:
    customers = when(role="customer")
    title = "one customer (bob) is refused his own list of orders"
    yield _narrow("bob-refused-orders", "grant", title, "orders.list", when(user="bob"))
    yield _narrow("customers-refused-search", "grant", "customers are refused the search", "search", customers)
    yield _narrow("audit-refused-to-admins", "grant", "admins are refused the audit", "admin.audit")
    title = "customers may not cancel orders any more, not even their own"
    yield _narrow("owners-refused-cancel", "grant", title, "orders.cancel", customers)
    title = "announcements are shown to callers with a token only; the schema still says that anyone may read them"
    yield _narrow("announcements-ask-for-token", "public", title, "announcements.list")


def _late() -> Iterable[Flaw]:
    first = "authentication-first"
    title = "the body is judged before the caller: anonymous gets 415, 400 or 422, and 401 only for a good body"
    yield _narrow("order-create-validates-first", first, title, "orders.create")
    yield _wide("bodies-judged-first", first, "every body is judged before the caller, his role, and whose the object is")
    title = "a customer's announcement is judged before his role: 415, 400 or 422, and 403 only for a good one"
    yield _narrow("announcement-judged-before-role", "role-first", title, "admin.announcements.create")
    title = "another's order is deleted first, refused after (403 as before)"
    yield _narrow("order-delete-owner-late", "owner-first", title, "orders.delete")
