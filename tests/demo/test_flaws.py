"""Each flaw changes what it names, its neighbour is untouched, and no harmless change opens a guard.

A sign is what one request (or a few) shows of a guard: the first value is shown while it holds, the second once the flaw is in.
"""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from demo import test_blind as blind

from zeroweight.demo.catalogue import BENIGN, FLAWS
from zeroweight.demo.guards import SITES, Guards, Hole

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.conftest import Shop

    Sign = Callable[[Shop], Any]

ORDER = {"sku": "A1", "quantity": 1}


def has(header: str, place: str, role: str | None = None) -> Sign:
    return lambda shop: header in shop.ask(place, role).headers


def status(place: str, role: str | None = None, **more: Any) -> Sign:
    def seen(shop: Shop) -> Any:
        code = shop.ask(place, role, **more).status_code
        return "refused" if code in {403, 404} else code

    return seen


def says(text: str, place: str, role: str | None = None, **more: Any) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask(place, role, **more)
        return answer.status_code, text in answer.text

    return seen


def forged(algorithm: str) -> Sign:
    def seen(shop: Shop) -> Any:
        head, claims = ({"alg": algorithm}, {"sub": "alice", "exp": time.time() + 60})
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)]
        signature = "" if algorithm == "none" else "AAAA"
        return shop.ask("GET /me", headers={"authorization": f"Bearer {'.'.join(parts)}.{signature}"}).status_code

    return seen


def cancelled_by_bob(shop: Shop) -> Any:
    shop.ask("POST /orders/1001/cancel", "bob")
    return shop.ask("GET /orders/1001", "alice").json()["status"]


def deleted_by_bob(shop: Shop) -> Any:
    shop.ask("DELETE /orders/1001", "bob")
    return shop.ask("GET /orders/1001", "alice").status_code


def owners_listed(role: str | None) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask("GET /orders", role)
        return sorted(item["owner"] for item in answer.json()["items"]) if answer.is_success else answer.status_code

    return seen


def promoted(shop: Shop) -> Any:
    profile = {"display_name": "B", "email": "b@globex.example", "role": "admin", "credit_limit": 5000}
    shop.ask("PUT /me", "bob", json=profile)
    told = shop.ask("GET /me", "bob").json()
    return told["role"], told["credit_limit"]


def origin_trusted(shop: Shop) -> Any:
    headers = shop.ask("GET /me", "alice", headers={"origin": "https://evil.example"}).headers
    return headers.get("access-control-allow-origin"), headers.get("access-control-allow-credentials")


def secured(operation: tuple[str, str]) -> Sign:
    return lambda shop: shop.ask("GET /openapi.json").json()["paths"][operation[0]][operation[1]].get("security")


def posted(place: str, role: str | None, body: Any) -> Sign:
    return status(place, role, json=body)


JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}
XSS = "<script>alert(1)</script>"
NEWS = {"title": "t", "text": "x"}

SIGNS: dict[str, tuple[Sign, Any, Any]] = {
    "csp-gone": (has("content-security-policy", "GET /health"), True, False),
    "hsts-gone": (has("strict-transport-security", "GET /nowhere"), True, False),
    "nosniff-gone-on-errors": (has("x-content-type-options", "GET /me"), True, False),
    "framing-allowed-on-pages": (has("x-frame-options", "GET /help"), True, False),
    "referrer-policy-gone-on-search": (has("referrer-policy", "GET /search?q=a", "alice"), True, False),
    "any-origin-trusted": (origin_trusted, (None, None), ("https://evil.example", "true")),
    "malformed-json-traceback": (says("Traceback", "POST /orders", "alice", content="{", headers=JSON), (400, False), (500, True)),
    "content-type-traceback": (says("Traceback", "PUT /orders/1001", "alice", content="{}", headers=TEXT), (415, False), (415, True)),
    "search-database-error": (says("sqlite3.OperationalError: near ", "GET /search?q=a'b", "alice"), (200, False), (500, True)),
    "search-query-concatenated": (says("internal", "GET /search?q=a'b", "alice"), (200, False), (500, True)),
    "debug-endpoint-mounted": (status("GET /debug/config"), "refused", 200),
    "pages-unescaped": (says(XSS, f"GET /help?topic={XSS}"), (200, False), (200, True)),
    "account-page-unescaped": (says(XSS, f"GET /account?name={XSS}"), (200, False), (200, True)),
    "orders-list-anonymous": (owners_listed(None), 401, ["alice", "bob"]),
    "order-read-anonymous": (status("GET /orders/1001"), 401, 200),
    "token-signature-unchecked": (forged("HS256"), 401, 200),
    "token-unsigned-believed": (forged("none"), 401, 200),
    "admin-users-open-to-customers": (status("GET /admin/users", "bob"), "refused", 200),
    "admin-open-to-customers": (status("GET /admin/audit", "bob"), "refused", 200),
    "announcements-open-to-customers": (posted("POST /admin/announcements", "bob", NEWS), "refused", 201),
    "order-read-foreign": (status("GET /orders/1001", "bob"), "refused", 200),
    "order-delete-foreign": (deleted_by_bob, 200, 404),
    "order-cancel-foreign": (cancelled_by_bob, "open", "cancelled"),
    "files-foreign": (status("GET /files/1001", "bob"), "refused", 200),
    "orders-list-unscoped": (owners_listed("bob"), ["bob"], ["alice", "bob"]),
    "tenant-report-open": (status("GET /tenants/acme/report", "bob"), "refused", 200),
    "profile-role-writable": (promoted, ("customer", 100), ("admin", 5000)),
    "bob-refused-orders": (status("GET /orders", "bob"), 200, "refused"),
    "order-create-validates-first": (posted("POST /orders", None, {"sku": "A1", "quantity": 0}), 401, 422),
    "quantity-unbounded": (posted("POST /orders", "alice", {"sku": "A1", "quantity": 101}), 422, 201),
    "quantity-negative-on-replace": (posted("PUT /orders/1001", "alice", {"sku": "A1", "quantity": -1}), 422, 200),
    "sku-unchecked": (posted("POST /orders", "alice", {"sku": "a b", "quantity": 1}), 422, 201),
    "text-lengths-unchecked-on-profile": (posted("PUT /me", "alice", {"display_name": "", "email": ""}), 422, 200),
    "content-type-unchecked": (status("POST /orders", "alice", content=json.dumps(ORDER), headers=TEXT), 415, 201),
    "body-unlimited-on-files": (posted("POST /files", "alice", {"name": "n", "content": "x" * 70000}), 413, 201),
    "page-unlimited": (status("GET /orders?limit=101", "alice"), 422, 200),
    "files-list-broken": (status("GET /files", "alice"), 200, 500),
    "schema-security-lost": (secured(("/files/{id}", "get")), [{"bearer": []}], None),
    **blind.SIGNS,
}

NEIGHBOURS: dict[str, Sign] = {
    "nosniff-gone-on-errors": has("x-content-type-options", "GET /health"),
    "framing-allowed-on-pages": has("x-frame-options", "GET /health"),
    "referrer-policy-gone-on-search": has("referrer-policy", "GET /me", "alice"),
    "content-type-traceback": says("Traceback", "POST /orders", "alice", content="{}", headers=TEXT),
    "search-database-error": status("GET /search?q=anvil", "alice"),
    "account-page-unescaped": says(XSS, f"GET /help?topic={XSS}"),
    "orders-list-anonymous": status("GET /orders/1001"),
    "order-read-anonymous": status("GET /orders"),
    "token-unsigned-believed": forged("HS256"),
    "admin-users-open-to-customers": status("GET /admin/audit", "bob"),
    "announcements-open-to-customers": status("GET /admin/users", "bob"),
    "order-read-foreign": cancelled_by_bob,
    "order-delete-foreign": status("GET /orders/1001", "bob"),
    "order-cancel-foreign": status("GET /orders/1001", "bob"),
    "bob-refused-orders": status("GET /orders", "alice"),
    "order-create-validates-first": posted("POST /files", None, {}),
    "quantity-negative-on-replace": posted("POST /orders", "alice", {"sku": "A1", "quantity": -1}),
    "text-lengths-unchecked-on-profile": posted("POST /files", "alice", {"name": "", "content": ""}),
    "content-type-unchecked": status("PUT /orders/1001", "alice", content=json.dumps(ORDER), headers=TEXT),
    "body-unlimited-on-files": posted("POST /orders", "alice", {**ORDER, "note": "x" * 70000}),
    "files-list-broken": status("GET /orders", "alice"),
    "schema-security-lost": secured(("/files/{id}", "delete")),
    **blind.NEIGHBOURS,
}


def test_every_flaw_has_a_sign_and_every_narrow_one_a_neighbour() -> None:
    assert set(SIGNS) == set(FLAWS)
    assert set(NEIGHBOURS) == {flaw.name for flaw in FLAWS.values() if flaw.narrow}


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_changes_what_it_names_and_not_its_neighbour(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, held, open_ = SIGNS[name]
    assert sign(open_shop()) == held
    assert sign(open_shop(flaws=[name])) == open_
    if name in NEIGHBOURS:
        assert NEIGHBOURS[name](open_shop()) == NEIGHBOURS[name](open_shop(flaws=[name]))


@pytest.mark.parametrize("benign", [*([name] for name in BENIGN), list(BENIGN)], ids=str)
def test_a_harmless_release_leaves_every_guard_holding(benign: list[str], open_shop: Callable[..., Shop]) -> None:
    for name, (sign, held, _open) in SIGNS.items():
        assert sign(open_shop(benign=benign)) == held, name


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_shows_under_all_harmless_changes(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, _held, open_ = SIGNS[name]
    assert sign(open_shop(flaws=[name], benign=BENIGN)) == open_


def test_every_site_has_a_flaw_and_is_asked_by_the_service(open_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    holds = Guards.holds

    def listening(self: Guards, site: str, **context: str) -> bool:
        asked.add(site)
        return holds(self, site, **context)

    monkeypatch.setattr(Guards, "holds", listening)
    for sign, _held, _open in SIGNS.values():
        sign(open_shop())
    assert asked == set(SITES)
    assert {hole.site for flaw in FLAWS.values() for hole in flaw.holes} == set(SITES)


def test_about_half_of_the_flaws_are_narrow() -> None:
    assert 2 * sum(flaw.narrow for flaw in FLAWS.values()) >= len(FLAWS)


def test_a_flaw_names_operations_that_exist(open_shop: Callable[..., Shop]) -> None:
    paths = open_shop().ask("GET /openapi.json").json()["paths"]
    known = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    named = {operation for flaw in FLAWS.values() for operation in flaw.operations}
    assert named - known == {"GET /debug/config", "GET /admin/users/{name}"}


def test_unknown_names_are_slips(open_shop: Callable[..., Shop]) -> None:
    with pytest.raises(ValueError, match="no-such"):
        open_shop(flaws=["no-such"])
    with pytest.raises(ValueError, match="no-such"):
        open_shop(benign=["no-such"])
    with pytest.raises(ValueError, match="no-such"):
        Guards([Hole(site="no-such")])
    with pytest.raises(KeyError):
        Guards().holds("no-such")
