"""Signs and neighbours of who may do what to whose things."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from demo.signs import CAROL, JSON, NEWS, ORDER, TEXT, XML, Shown, Sign, changes, forged, status

from zeroweight.demo.accounts import Account

if TYPE_CHECKING:
    from demo.conftest import Shop

DAVE: Final = Account(name="dave", role="customer", tenant="acme", display_name="Dave", email="dave@acme.example")
TWO: Final = {**ORDER, "quantity": 2}


def owners_listed(role: str | None) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask("GET /orders", role)
        return sorted(item["owner"] for item in answer.json()["items"]) if answer.is_success else answer.status_code

    return seen


def promoted(shop: Shop, **more: Any) -> Any:
    shop.ask("PUT /me", "bob", json={"display_name": "B", "email": "b@globex.example", **(more or {"role": "admin", "credit_limit": 5000})})
    told = shop.ask("GET /me", "bob").json()
    return told["role"], told["credit_limit"]


def carol_deleted(role: str) -> Sign:
    def seen(shop: Shop) -> Any:
        shop.ask("POST /admin/users", "admin", json=CAROL)
        shop.ask("DELETE /admin/users/carol", role)
        return any(user["name"] == "carol" for user in shop.ask("GET /admin/users", "admin").json()["items"])

    return seen


def reads_cancelled(cancelled: str) -> Sign:
    """Let alice cancel an order or none, and bob read it."""

    def seen(shop: Shop) -> Any:
        shop.ask(f"POST /orders/{cancelled}/cancel", "alice")
        return status("GET /orders/1001", "bob")(shop)

    return seen


def read_by_colleague(order: str) -> Sign:
    """Let another customer of alice's tenant read an order."""

    def seen(shop: Shop) -> Any:
        shop.app.service.store.add_user(DAVE, "a password")
        shop.tokens["dave"] = shop.app.service.tokens.issue("dave")
        return status(f"GET /orders/{order}", "dave")(shop)

    return seen


def outlived(name: str) -> Sign:
    """Show what the bearer of a token is told that has ended, or of one that is not his."""

    def seen(shop: Shop) -> Any:
        tokens = shop.app.service.tokens
        ended = tokens.issue(name, lifetime=-60)
        return status("GET /me", headers={"authorization": f"Bearer {ended}"})(shop)

    return seen


def own_and_foreign(place: str, **more: Any) -> Sign:
    """Show what the owner is told, and what another customer."""
    return lambda shop: [status(place, role, **more)(shop) for role in ("bob", "alice")]


SIGNS: Final[dict[str, Shown]] = {
    "orders-list-anonymous": (owners_listed(None), 401, ["alice", "bob"]),
    "order-read-anonymous": (status("GET /orders/1001"), 401, 200),
    "order-delete-anonymous": (changes("DELETE /orders/1001", "GET /orders/1001", "status", None), "open", 404),
    "file-read-anonymous": (status("GET /files/1001"), 401, 200),
    "audit-anonymous": (status("GET /admin/audit"), 401, 200),
    "announcement-anonymous-by-type": (status("POST /admin/announcements", content=json.dumps(NEWS), headers=TEXT), 401, 201),
    "announcement-anonymous-without-type": (status("POST /admin/announcements", content=json.dumps(NEWS)), 401, 201),
    "search-anonymous": (status("GET /search?q=a"), 401, 200),
    "search-anonymous-by-head": (status("HEAD /search?q=a"), 401, 200),
    "files-looked-up-for-anonymous": (status("GET /files/1001"), 401, "refused"),
    "authentication-gone": (status("GET /search?q=a"), 401, 200),
    "token-signature-unchecked": (forged("HS256", "AAAA"), 401, 200),
    "token-unsigned-believed": (forged("none", ""), 401, 200),
    "token-expired-believed": (outlived("alice"), 401, 200),
    "admin-users-open-to-customers": (status("GET /admin/users", "bob"), "refused", 200),
    "users-made-by-customers": (status("POST /admin/users", "bob", json=CAROL), "refused", 201),
    "users-deleted-by-customers": (carol_deleted("bob"), True, False),
    "audit-open-to-customers": (status("GET /admin/audit", "alice"), "refused", 200),
    "announcements-open-to-customers": (status("POST /admin/announcements", "bob", json=NEWS), "refused", 201),
    "admin-open-to-customers": (status("GET /admin/audit", "bob"), "refused", 200),
    "admin-open-to-bob": (status("GET /admin/audit", "bob"), "refused", 200),
    "order-read-foreign": (status("GET /orders/1001", "bob"), "refused", 200),
    "order-replace-foreign": (changes("PUT /orders/1001", "GET /orders/1001", "quantity", json=TWO), 1, 2),
    "order-delete-foreign": (changes("DELETE /orders/1001", "GET /orders/1001", "status"), "open", 404),
    "order-cancel-foreign": (changes("POST /orders/1001/cancel", "GET /orders/1001", "status"), "open", "cancelled"),
    "orders-foreign": (changes("POST /orders/1001/cancel", "GET /orders/1001", "status"), "open", "cancelled"),
    "file-read-foreign": (status("GET /files/1001", "bob"), "refused", 200),
    "file-delete-foreign": (changes("DELETE /files/1001", "GET /files/1001", "name"), "welcome.txt", 404),
    "files-foreign": (status("GET /files/1001", "bob"), "refused", 200),
    "order-replace-foreign-by-type": (
        own_and_foreign("PUT /orders/1001", content=json.dumps(ORDER), headers=TEXT),
        ["refused", 415],
        [200, 200],
    ),
    "order-replace-foreign-by-xml": (
        own_and_foreign("PUT /orders/1001", content=json.dumps(ORDER), headers=XML),
        ["refused", 415],
        [200, 200],
    ),
    "order-read-foreign-when-cancelled": (reads_cancelled("1001"), "refused", 200),
    "order-read-foreign-in-tenant": (read_by_colleague("1001"), "refused", 200),
    "orders-list-unscoped": (owners_listed("bob"), ["bob"], ["alice", "bob"]),
    "tenant-report-open": (status("GET /tenants/acme/report", "bob"), "refused", 200),
    "profile-role-writable": (promoted, ("customer", 100), ("admin", 5000)),
    "profile-credit-writable": (promoted, ("customer", 100), ("customer", 5000)),
    "bob-refused-orders": (status("GET /orders", "bob"), 200, "refused"),
    "customers-refused-search": (status("GET /search?q=a", "alice"), 200, "refused"),
    "audit-refused-to-admins": (status("GET /admin/audit", "admin"), 200, "refused"),
    "owners-refused-cancel": (status("POST /orders/1001/cancel", "alice"), 200, "refused"),
    "announcements-ask-for-token": (status("GET /announcements"), 200, 401),
    "order-create-validates-first": (status("POST /orders", json={"sku": "A1", "quantity": 0}), 401, 422),
    "bodies-judged-first": (status("POST /admin/users", content="{", headers=JSON), 401, 400),
    "announcement-judged-before-role": (status("POST /admin/announcements", "alice", json={}), "refused", 422),
    "order-delete-owner-late": (changes("DELETE /orders/1001", "GET /orders/1001", "status"), "open", 404),
}

NEIGHBOURS: Final[dict[str, Sign]] = {
    "orders-list-anonymous": status("GET /orders/1001"),
    "order-read-anonymous": status("GET /orders"),
    "order-delete-anonymous": status("DELETE /orders/1001", "bob"),
    "file-read-anonymous": status("DELETE /files/1001"),
    "audit-anonymous": status("GET /admin/audit", "alice"),
    "announcement-anonymous-by-type": status("POST /admin/announcements", json=NEWS),
    "announcement-anonymous-without-type": status("POST /admin/announcements", content=json.dumps(NEWS), headers=TEXT),
    "search-anonymous": status("GET /me"),
    "search-anonymous-by-head": status("GET /search?q=a"),
    "files-looked-up-for-anonymous": status("GET /orders/1001"),
    "token-unsigned-believed": forged("HS256", "AAAA"),
    "admin-users-open-to-customers": status("GET /admin/audit", "bob"),
    "users-made-by-customers": status("GET /admin/users", "bob"),
    "users-deleted-by-customers": status("POST /admin/users", "bob", json=CAROL),
    "audit-open-to-customers": status("GET /admin/users", "alice"),
    "announcements-open-to-customers": status("GET /admin/users", "bob"),
    "admin-open-to-bob": status("GET /admin/audit", "alice"),
    "order-read-foreign": changes("POST /orders/1001/cancel", "GET /orders/1001", "status"),
    "order-replace-foreign": status("GET /orders/1001", "bob"),
    "order-delete-foreign": status("GET /orders/1001", "bob"),
    "order-cancel-foreign": status("GET /orders/1001", "bob"),
    "file-read-foreign": status("DELETE /files/1001", "bob"),
    "file-delete-foreign": status("GET /files/1001", "bob"),
    "order-replace-foreign-by-type": status("PUT /orders/1001", "bob", json=ORDER),
    "order-replace-foreign-by-xml": status("PUT /orders/1001", "bob", content=json.dumps(ORDER), headers=TEXT),
    "order-read-foreign-when-cancelled": reads_cancelled("0"),
    "order-read-foreign-in-tenant": read_by_colleague("1002"),
    "profile-credit-writable": lambda shop: promoted(shop, role="admin"),
    "bob-refused-orders": status("GET /orders", "alice"),
    "customers-refused-search": status("GET /search?q=a", "admin"),
    "audit-refused-to-admins": status("GET /admin/users", "admin"),
    "owners-refused-cancel": status("POST /orders/1001/cancel", "admin"),
    "announcements-ask-for-token": status("GET /announcements", "alice"),
    "order-create-validates-first": status("POST /files", json={}),
    "announcement-judged-before-role": status("POST /admin/users", "alice", json={}),
    "order-delete-owner-late": changes("POST /orders/1001/cancel", "GET /orders/1001", "status"),
}
