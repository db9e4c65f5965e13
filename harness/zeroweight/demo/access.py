"""Flaws of access: who may do what to whose things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .flaw import Flaw, when
from .guards import Hole

if TYPE_CHECKING:
    from collections.abc import Iterable


def authorization() -> Iterable[Flaw]:
    """Yield the flaws of who may do what."""
    yield Flaw(
        name="orders-list-anonymous",
        site="authentication",
        family="authorization",
        when=when(operation="orders.list"),
        also=(Hole(site="scope:orders", when=when(role="anonymous")),),
        narrow=True,
        operations=("GET /orders",),
        title="anonymous callers list everybody's orders",
    )
    yield Flaw(
        name="order-read-anonymous",
        site="authentication",
        family="authorization",
        when=when(operation="orders.read"),
        also=(Hole(site="owner:orders", when=when(operation="orders.read", role="anonymous")),),
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
        when=when(kind="none"),
        narrow=True,
        title="tokens that say alg=none are believed",
    )
    yield Flaw(
        name="admin-users-open-to-customers",
        site="role:admin",
        family="authorization",
        when=when(operation="admin.users.list"),
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
        when=when(operation="admin.announcements.create"),
        narrow=True,
        operations=("POST /admin/announcements",),
        title="customers publish announcements",
    )
    yield Flaw(
        name="order-read-foreign",
        site="owner:orders",
        family="authorization",
        when=when(operation="orders.read"),
        narrow=True,
        operations=("GET /orders/{id}",),
        title="any customer reads any order",
    )
    yield Flaw(
        name="order-delete-foreign",
        site="owner:orders",
        family="authorization",
        when=when(operation="orders.delete"),
        narrow=True,
        operations=("DELETE /orders/{id}",),
        title="any customer deletes any order",
    )
    yield Flaw(
        name="order-cancel-foreign",
        site="owner:orders",
        family="authorization",
        when=when(operation="orders.cancel"),
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
        when=when(operation="orders.list", user="bob"),
        narrow=True,
        operations=("GET /orders",),
        title="one customer (bob) is refused his own list of orders",
    )
    yield Flaw(
        name="order-create-validates-first",
        site="authentication-first",
        family="authorization",
        when=when(operation="orders.create"),
        narrow=True,
        operations=("POST /orders",),
        title="the body is judged before the caller: anonymous gets 415, 400 or 422, and 401 only for a good body",
    )
