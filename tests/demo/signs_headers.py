"""Signs and neighbours of what browsers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from demo.signs import ORDER, Shown, Sign, has, header

if TYPE_CHECKING:
    from demo.conftest import Shop

CSP: Final = "content-security-policy"
HSTS: Final = "strict-transport-security"
NOSNIFF: Final = "x-content-type-options"
FRAMES: Final = "x-frame-options"
REFERRER: Final = "referrer-policy"
REPORTED: Final = "content-security-policy-report-only"


def trusted(origin: str) -> Sign:
    """Show what a page of some origin is told that it may do."""

    def seen(shop: Shop) -> Any:
        headers = shop.ask("GET /me", "alice", headers={"origin": origin}).headers
        return headers.get("access-control-allow-origin"), headers.get("access-control-allow-credentials")

    return seen


def _gone(name: str, place: str, role: str | None = None, **more: Any) -> Shown:
    return has(name, place, role, **more), True, False


def flags(place: str) -> Sign:
    """Show which flags a cookie has; a stricter one is as good."""

    def seen(shop: Shop) -> Any:
        told = shop.ask(place).headers["set-cookie"].replace("Strict", "Lax").split("; ")
        return sorted(set(told) & {"Secure", "HttpOnly", "SameSite=Lax"})

    return seen


KEPT: Final = ["HttpOnly", "SameSite=Lax", "Secure"]

SIGNS: Final[dict[str, Shown]] = {
    "csp-gone": _gone(CSP, "GET /health"),
    "csp-gone-on-pages": _gone(CSP, "GET /account"),
    "csp-gone-on-posts": _gone(CSP, "POST /orders"),
    "csp-gone-on-head": _gone(CSP, "HEAD /"),
    "csp-only-reported": (lambda shop: (has(CSP, "GET /")(shop), has(REPORTED, "GET /")(shop)), (True, False), (False, True)),
    "hsts-gone": _gone(HSTS, "GET /nowhere"),
    "hsts-gone-on-errors": _gone(HSTS, "GET /orders"),
    "hsts-gone-on-deletes": _gone(HSTS, "DELETE /orders/1001", "alice"),
    "hsts-ended-on-login": (
        lambda shop: (header(HSTS, "POST /login")(shop) or "").startswith("max-age=0"),
        False,
        True,
    ),
    "nosniff-gone-on-errors": _gone(NOSNIFF, "GET /me"),
    "nosniff-gone-on-created": _gone(NOSNIFF, "POST /orders", "alice", json=ORDER),
    "nosniff-gone-for-admins": _gone(NOSNIFF, "GET /me", "admin"),
    "framing-allowed": _gone(FRAMES, "GET /me", "bob"),
    "framing-allowed-on-pages": _gone(FRAMES, "GET /help"),
    "framing-allowed-on-refusals": _gone(FRAMES, "GET /admin/audit", "alice"),
    "framing-allowed-by-value-on-help": (header(FRAMES, "GET /help"), "deny", "allowall"),
    "referrer-policy-gone": _gone(REFERRER, "GET /"),
    "referrer-policy-gone-on-search": _gone(REFERRER, "GET /search?q=a", "alice"),
    "referrer-policy-gone-when-missing": _gone(REFERRER, "GET /orders/0", "alice"),
    "referrer-policy-unsafe-on-pages": (
        lambda shop: (header(REFERRER, "GET /account")(shop) or "").split(", ")[-1],
        "no-referrer",
        "unsafe-url",
    ),
    "null-origin-trusted": (trusted("null"), (None, None), ("null", "true")),
    "nosniff-gone": _gone(NOSNIFF, "GET /nowhere"),
    "cookie-bare": (flags("GET /"), KEPT, []),
    "cookie-readable-on-account": (flags("GET /account"), KEPT, ["SameSite=Lax", "Secure"]),
    "any-origin-trusted": (trusted("https://evil.example"), (None, None), ("https://evil.example", "true")),
}

NEIGHBOURS: Final[dict[str, Sign]] = {
    "null-origin-trusted": trusted("https://evil.example"),
    "cookie-readable-on-account": flags("GET /help"),
    "csp-gone-on-pages": has(CSP, "GET /help?topic=" + "x" * 501),
    "csp-gone-on-posts": has(CSP, "GET /orders"),
    "csp-gone-on-head": has(CSP, "GET /"),
    "hsts-gone-on-errors": has(HSTS, "GET /health"),
    "hsts-gone-on-deletes": has(HSTS, "GET /orders/1001", "alice"),
    "hsts-ended-on-login": header(HSTS, "POST /orders"),
    "nosniff-gone-on-errors": has(NOSNIFF, "GET /health"),
    "nosniff-gone-on-created": has(NOSNIFF, "GET /orders", "alice"),
    "nosniff-gone-for-admins": has(NOSNIFF, "GET /me", "alice"),
    "framing-allowed-on-pages": has(FRAMES, "GET /health"),
    "framing-allowed-on-refusals": has(FRAMES, "GET /admin/audit"),
    "framing-allowed-by-value-on-help": header(FRAMES, "GET /account"),
    "referrer-policy-gone-on-search": has(REFERRER, "GET /me", "alice"),
    "referrer-policy-gone-when-missing": has(REFERRER, "GET /orders/1001"),
    "referrer-policy-unsafe-on-pages": header(REFERRER, "GET /health"),
}
