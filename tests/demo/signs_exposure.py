"""Signs and neighbours of what exposes: errors, names, banners, words that become code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from demo.signs import CAROL, JSON, NEWS, ORDER, TEXT, Shown, Sign, has, says, status

if TYPE_CHECKING:
    from demo.conftest import Shop

XSS: Final = "<script>alert(1)</script>"
WRONG: Final = {"user": "alice", "password": "not hers"}
LONG: Final = "x" * 501
NAMELESS: Final = {"name": "", "content": ""}


def _shows(text: str, answered: Any, place: str, role: str | None = None, **more: Any) -> Shown:
    """Show that an answer of the same status says more than it should."""
    return says(text, place, role, **more), (answered, False), (answered, True)


def traces(shop: Shop) -> Any:
    """Say what of three refusals shows a trace."""
    return [says("\\n", place, "alice", **more)(shop)[1] for place, more in (("GET /admin/audit", {}), ("POST /files", {"json": NAMELESS}))]


SIGNS: Final[dict[str, Shown]] = {
    "malformed-json-traceback": (says("Traceback", "POST /orders", "alice", content="{", headers=JSON), (400, False), (500, True)),
    "refusals-with-traces": (traces, [False, False], [True, True]),
    "content-type-traceback": _shows("Traceback", 415, "PUT /orders/1001", "alice", content="{}", headers=TEXT),
    "order-missing-java-trace": _shows("OrderRepository.java:88", "refused", "GET /orders/0", "alice"),
    "file-declined-dotnet-trace": _shows("FilesController.cs:line 33", 422, "POST /files", "alice", json=NAMELESS),
    "profile-ruby-trace": _shows("auth.rb:22:in `decode'", 401, "GET /me"),
    "audit-go-panic": _shows("goroutine 73 [running]", "refused", "GET /admin/audit", "bob"),
    "method-php-trace": _shows("PHP Fatal error", 405, "PATCH /orders"),
    "file-quote-syntax-error": _shows("Unclosed quotation mark", "refused", "GET /files/'", "alice"),
    "users-list-shows-hashes": _shows('"password"', 200, "GET /admin/users", "admin"),
    "login-syntax-error": _shows("error in your SQL syntax", 401, "POST /login", json=WRONG),
    "search-database-error": (says("sqlite3.OperationalError: near ", "GET /search?q=a'b", "alice"), (200, False), (500, True)),
    "search-query-concatenated": (says("internal", "GET /search?q=a'b", "alice"), (200, False), (500, True)),
    "debug-endpoint-mounted": (status("GET /debug/config"), "refused", 200),
    "backend-in-header": _shows("10.42.7.19", 200, "GET /health"),
    "pod-in-orders-header": _shows("orders-7d9f8b6c5-x2x4z", 200, "GET /orders", "alice"),
    "renderer-in-help": _shows("web-2.shop.lan", 200, "GET /help"),
    "store-in-new-file": _shows("172.16.31.5", 201, "POST /files", "alice", json={"name": "n", "content": "c"}),
    "database-in-missing-order": _shows("db-3.prod.svc.cluster.local", "refused", "GET /orders/0", "alice"),
    "directory-in-login": _shows("192.168.40.12", 401, "POST /login", json=WRONG),
    "validator-in-announcement": _shows("validator.internal", 422, "POST /admin/announcements", "admin", json={}),
    "policy-in-refusals": _shows("fd12:3456:789a::17", "refused", "GET /admin/users", "alice"),
    "server-tells-version": _shows("nginx/1.25.3", 200, "GET /health"),
    "pages-powered-by": _shows("PHP/8.1.27", 200, "GET /"),
    "errors-via-proxy": _shows("squid/5.7", 401, "GET /me"),
    "server-tells-version-on-head": _shows("nginx/1.25.3", 200, "HEAD /health"),
    "server-page-when-astray": _shows("<center>nginx/1.25.3</center>", 405, "PATCH /orders"),
    "pages-unescaped": _shows(XSS, 200, f"GET /help?topic={XSS}"),
    "account-page-unescaped": _shows(XSS, 200, f"GET /account?name={XSS}"),
}

NEIGHBOURS: Final[dict[str, Sign]] = {
    "content-type-traceback": says("Traceback", "POST /orders", "alice", content="{}", headers=TEXT),
    "order-missing-java-trace": says(".java", "GET /files/0", "alice"),
    "file-declined-dotnet-trace": says(".cs", "PUT /me", "alice", json={}),
    "profile-ruby-trace": says(".rb", "GET /orders"),
    "audit-go-panic": says("goroutine", "GET /admin/users", "bob"),
    "method-php-trace": says("PHP", "GET /nowhere"),
    "file-quote-syntax-error": says("quotation", "GET /orders/'", "alice"),
    "login-syntax-error": says("SQL", "GET /me"),
    "search-database-error": status("GET /search?q=anvil", "alice"),
    "pod-in-orders-header": has("x-pod", "GET /files", "alice"),
    "renderer-in-help": says("<!--", "GET /account"),
    "store-in-new-file": says("172.16.", "POST /orders", "alice", json=ORDER),
    "database-in-missing-order": says("cluster.local", "GET /files/0", "alice"),
    "directory-in-login": says("ldap:", "GET /me"),
    "validator-in-announcement": says(".internal", "POST /admin/users", "admin", json={**CAROL, "name": "C"}),
    "policy-in-refusals": says("fd12:", "GET /orders/0", "alice"),
    "pages-powered-by": has("x-powered-by", "GET /health"),
    "errors-via-proxy": says("squid", "GET /health"),
    "server-tells-version-on-head": says("nginx", "GET /health"),
    "server-page-when-astray": says("nginx", "POST /admin/announcements", "alice", json=NEWS),
    "account-page-unescaped": says(XSS, f"GET /help?topic={XSS}"),
}
