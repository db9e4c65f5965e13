"""Signs and neighbours of what is taken, what is answered, and what the schema says of both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from demo.signs import ERROR, JSON, ORDER, TEXT, Shown, Sign, described, secured, shape, status

if TYPE_CHECKING:
    from demo.conftest import Shop

BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
NO_TYPE: Final = {"content-type": ""}
NOTE: Final = json.dumps({"name": "n", "content": "c"})
ODD: Final = {"accept": "application/x-nothing"}
STATS: Final = "GET /admin/stats"


def whole(place: str, role: str | None = None) -> Sign:
    """Show whether an answer comes to its end; the client inside this process notices by an assertion."""

    def seen(shop: Shop) -> Any:
        try:
            return shop.ask(place, role).status_code
        except AssertionError:
            return "cut short"

    return seen


def large(place: str) -> Sign:
    return lambda shop: len(shop.ask(place).content) > 1 << 20


SIGNS: Final[dict[str, Shown]] = {
    "quantity-unbounded": (status("POST /orders", "alice", json={"sku": "A1", "quantity": 101}), 422, 201),
    "quantity-negative-on-replace": (status("PUT /orders/1001", "alice", json={"sku": "A1", "quantity": -1}), 422, 200),
    "sku-unchecked": (status("POST /orders", "alice", json={"sku": "a b", "quantity": 1}), 422, 201),
    "text-lengths-unchecked-on-profile": (status("PUT /me", "alice", json={"display_name": "", "email": ""}), 422, 200),
    "help-topic-unbounded": (status("GET /help?topic=" + "x" * 501), 422, 200),
    "content-type-unchecked": (status("POST /orders", "alice", content=json.dumps(ORDER), headers=TEXT), 415, 201),
    "content-type-unchecked-anywhere": (status("PUT /orders/1001", "alice", content=json.dumps(ORDER), headers=TEXT), 415, 200),
    "file-without-type-taken": (status("POST /files", "alice", content=NOTE, headers=NO_TYPE), 415, 201),
    "body-unlimited-on-files": (status("POST /files", "alice", json={"name": "n", "content": "x" * 70000}), 413, 201),
    "page-unlimited": (status("GET /orders?limit=101", "alice"), 422, 200),
    "files-list-broken": (status("GET /files", "alice"), 200, 500),
    "pages-broken": (status("GET /"), 200, 500),
    "order-cancel-broken": (status("POST /orders/1001/cancel", "alice"), 200, 500),
    "profile-broken-for-admins": (status("GET /me", "admin"), 200, 500),
    "announcements-break-on-accept": (status("GET /announcements", headers=ODD), 200, 500),
    "announcements-unbounded": (large("GET /announcements"), False, True),
    "order-breaks-on-odd-id": (status("GET /orders/-1", "alice"), "refused", 500),
    "file-breaks-without-type": (status("POST /files", "alice", content=NOTE, headers=NO_TYPE), 415, 500),
    "search-breaks-on-long-term": (status("GET /search?q=" + "x" * 1001, "alice"), 422, 500),
    "options-breaks": (lambda shop: status("OPTIONS /health")(shop) == 500, False, True),
    "profile-breaks-on-list": (status("PUT /me", "alice", json=[]), 422, 500),
    "report-cut-short": (whole("GET /tenants/acme/report", "alice"), 200, "cut short"),
    "errors-flat": (shape("GET /me"), ERROR, (["code", "message"], "NoneType", "NoneType")),
    "order-error-code-a-number": (shape("POST /orders", "alice", json={}), ERROR, (["error"], "int", "str")),
    "missing-file-messages": (shape("GET /files/0", "alice"), ERROR, (["error"], "str", "list")),
    "profile-error-as-text": (shape("PUT /me", "alice", content="{}", headers=TEXT), ERROR, "text/plain"),
    "orders-refused-empty": (shape("GET /orders"), ERROR, "none"),
    "schema-security-lost": (secured("/files/{id}", "get"), BEARER, None),
    "schema-security-gone": (secured("/me", "put"), BEARER, None),
    "schema-security-optional": (secured("/orders", "post"), BEARER, [*BEARER, {}]),
    "audit-undocumented": (described("/admin/audit", "get"), (True, 200), (False, 200)),
    "feedback-open-to-all": (status("POST /feedback", json={"text": "t"}), "refused", 201),
    "statistics-unguarded": (status(STATS), "refused", 200),
    "latest-orders-public": (status("GET /latest-orders"), "refused", 200),
}

NEIGHBOURS: Final[dict[str, Sign]] = {
    "quantity-negative-on-replace": status("POST /orders", "alice", json={"sku": "A1", "quantity": -1}),
    "text-lengths-unchecked-on-profile": status("POST /files", "alice", json={"name": "", "content": ""}),
    "help-topic-unbounded": status("GET /account?name=" + "x" * 501),
    "content-type-unchecked": status("PUT /orders/1001", "alice", content=json.dumps(ORDER), headers=TEXT),
    "file-without-type-taken": status("POST /files", "alice", content=NOTE, headers=TEXT),
    "body-unlimited-on-files": status("POST /orders", "alice", json={**ORDER, "note": "x" * 70000}),
    "files-list-broken": status("GET /orders", "alice"),
    "order-cancel-broken": status("GET /orders/1001", "alice"),
    "profile-broken-for-admins": status("GET /me", "alice"),
    "announcements-break-on-accept": status("GET /announcements"),
    "order-breaks-on-odd-id": status("GET /orders/0", "alice"),
    "file-breaks-without-type": status("POST /files", "alice", content=NOTE, headers=TEXT),
    "search-breaks-on-long-term": status("GET /search?q=" + "x" * 999, "alice"),
    "options-breaks": status("PATCH /health"),
    "profile-breaks-on-list": status("PUT /me", "alice", content="7", headers=JSON),
    "report-cut-short": whole("GET /tenants/acme/report", "bob"),
    "order-error-code-a-number": shape("PUT /orders/1001", "alice", json={}),
    "missing-file-messages": shape("GET /orders/0", "alice"),
    "profile-error-as-text": shape("PUT /me", "alice", json={}),
    "orders-refused-empty": shape("GET /files"),
    "schema-security-lost": secured("/files/{id}", "delete"),
    "schema-security-optional": secured("/orders", "get"),
    "audit-undocumented": described("/admin/users", "get"),
}
