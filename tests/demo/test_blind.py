"""The flaws of the blind round: their signs, their neighbours, and what else they leave alone.

`test_flaws.py` runs these signs with its own; what one request cannot tell stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from demo.signs import CAROL, Sign, forged, header, status

from zeroweight.demo.blind import BLIND
from zeroweight.demo.catalogue import FLAWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.conftest import Shop

ORDER = {"sku": "A1", "quantity": 1, "note": "n"}
LONG = "x" * 501


def taken(name: str) -> Sign:
    """Add a user twice, and say what the second answer tells."""

    def seen(shop: Shop) -> Any:
        shop.ask("POST /admin/users", "admin", json={**CAROL, "name": name})
        answer = shop.ask("POST /admin/users", "admin", json={**CAROL, "name": name})
        return answer.status_code, "violates unique constraint" in answer.text, f"({name}) already exists" in answer.text

    return seen


def stack(place: str) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask(place)
        return answer.status_code, answer.headers["content-type"].partition(";")[0], "&nbsp;at Layer.handle" in answer.text

    return seen


def replaced_by_bob(body: Any) -> Sign:
    """Let bob replace alice's order: what he is told, and what became of it."""

    def seen(shop: Shop) -> Any:
        told = status("PUT /orders/1001", "bob", json=body)(shop)
        return told, shop.ask("GET /orders/1001", "alice").json()["quantity"]

    return seen


def ordered(**changes: Any) -> Sign:
    body = {key: value for key, value in {**ORDER, **changes}.items() if value is not None}
    return status("POST /orders", "alice", json=body)


def replaced(**changes: Any) -> Sign:
    body = {key: value for key, value in {**ORDER, **changes}.items() if value is not None}
    return status("PUT /orders/1001", "alice", json=body)


SIGNS: dict[str, tuple[Sign, Any, Any]] = {
    "blind-nosniff-misspelt-on-file": (header("x-content-type-options", "GET /files/1001", "alice"), "nosniff", "no-sniff"),
    "blind-csp-gone-when-astray": (lambda shop: header("content-security-policy", "PATCH /orders")(shop) is None, False, True),
    "blind-user-taken-constraint": (taken("carol"), (409, False, False), (409, True, True)),
    "blind-help-stack-page": (stack(f"GET /help?topic={LONG}"), (422, "application/json", False), (422, "text/html", True)),
    "blind-token-signature-empty": (forged("HS256", ""), 401, 200),
    "blind-order-replace-owner-late": (replaced_by_bob({"sku": "A1"}), ("refused", 1), (422, 1)),
    "blind-admin-refused-files": (status("GET /files/1001", "admin"), 200, "refused"),
    "blind-quantity-as-text": (ordered(quantity="5"), 422, 201),
    "blind-order-without-note-breaks": (ordered(note=None), 201, 500),
    "blind-user-lookup-mounted": (status("GET /admin/users/alice", "bob"), 405, 200),
}

NEIGHBOURS: dict[str, Sign] = {
    "blind-nosniff-misspelt-on-file": header("x-content-type-options", "GET /orders/1001", "alice"),
    "blind-csp-gone-when-astray": header("content-security-policy", "GET /orders/0", "alice"),
    "blind-user-taken-constraint": status("DELETE /admin/users/alice", "admin"),
    "blind-help-stack-page": stack(f"GET /account?name={LONG}"),
    "blind-token-signature-empty": forged("HS256", "AAAA"),
    "blind-order-replace-owner-late": status("DELETE /orders/1001", "bob"),
    "blind-admin-refused-files": status("GET /orders/1001", "admin"),
    "blind-quantity-as-text": replaced(quantity="5"),
    "blind-order-without-note-breaks": replaced(note=None),
}

MORE: list[tuple[str, Sign, Any, Any]] = [
    ("blind-nosniff-misspelt-on-file", header("x-content-type-options", "GET /files/1001", "bob"), "nosniff", "no-sniff"),
    ("blind-csp-gone-when-astray", lambda shop: header("content-security-policy", "GET /nowhere")(shop) is None, False, True),
    ("blind-help-stack-page", stack("GET /help?topic=%00"), (422, "application/json", False), (422, "text/html", True)),
    ("blind-order-replace-owner-late", replaced_by_bob({**ORDER, "quantity": 9}), ("refused", 1), ("refused", 9)),
    ("blind-order-replace-owner-late", status("PUT /orders/1001", "bob", content="{}"), "refused", 415),
    ("blind-user-lookup-mounted", status("GET /admin/users/alice"), 405, 401),
]

ALIKE: list[tuple[str, Sign]] = [
    ("blind-nosniff-misspelt-on-file", header("x-content-type-options", "DELETE /files/1001", "alice")),
    ("blind-csp-gone-when-astray", header("content-security-policy", "GET /me")),
    ("blind-user-taken-constraint", lambda shop: shop.ask("POST /admin/users", "admin", json=CAROL).status_code),
    ("blind-help-stack-page", stack("GET /help?topic=orders")),
    ("blind-token-signature-empty", forged("none", "")),
    ("blind-token-signature-empty", status("GET /me", "alice")),
    ("blind-order-replace-owner-late", replaced(quantity=3)),
    ("blind-order-replace-owner-late", status("PUT /orders/1001", json={})),
    ("blind-order-replace-owner-late", status("PUT /orders/0", "bob", json={})),
    ("blind-order-replace-owner-late", status("POST /orders/1001/cancel", "bob")),
    ("blind-admin-refused-files", status("DELETE /files/1001", "admin")),
    ("blind-admin-refused-files", status("GET /files/1001", "alice")),
    ("blind-quantity-as-text", ordered(quantity="five")),
    ("blind-quantity-as-text", ordered(quantity="500")),
    ("blind-quantity-as-text", ordered(quantity=True)),
    ("blind-order-without-note-breaks", ordered()),
    ("blind-order-without-note-breaks", ordered(note="")),
    ("blind-user-lookup-mounted", status("GET /admin/users", "bob")),
    ("blind-user-lookup-mounted", status("DELETE /admin/users/alice", "bob")),
]


def test_the_blind_flaws_are_in_the_catalogue_with_signs_and_neighbours() -> None:
    assert set(SIGNS) == set(BLIND) <= set(FLAWS)
    assert set(NEIGHBOURS) == {name for name, flaw in BLIND.items() if flaw.narrow}
    assert all(name.startswith("blind-") for name in BLIND)


@pytest.mark.parametrize("name", BLIND)
def test_a_blind_flaw_changes_what_it_names_and_not_its_neighbour(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, held, open_ = SIGNS[name]
    assert (sign(open_shop()), sign(open_shop(flaws=[name]))) == (held, open_)
    if name in NEIGHBOURS:
        assert NEIGHBOURS[name](open_shop()) == NEIGHBOURS[name](open_shop(flaws=[name]))


@pytest.mark.parametrize(("name", "sign", "held", "open_"), MORE)
def test_a_blind_flaw_shows_elsewhere_too(name: str, sign: Sign, held: Any, open_: Any, open_shop: Callable[..., Shop]) -> None:
    assert (sign(open_shop()), sign(open_shop(flaws=[name]))) == (held, open_)


@pytest.mark.parametrize(("name", "sign"), ALIKE)
def test_a_blind_flaw_leaves_the_rest_alone(name: str, sign: Sign, open_shop: Callable[..., Shop]) -> None:
    assert sign(open_shop()) == sign(open_shop(flaws=[name]))


def test_the_schema_tells_of_the_lookup_only_where_it_is_mounted(open_shop: Callable[..., Shop]) -> None:
    plain, flawed = (open_shop(flaws=flaws).ask("GET /openapi.json").json()["paths"] for flaws in ([], ["blind-user-lookup-mounted"]))
    added = flawed["/admin/users/{name}"].pop("get")
    assert added["security"] == [{"bearer": []}]
    assert flawed == plain


@pytest.mark.parametrize("name", [name for name in BLIND if name != "blind-user-lookup-mounted"])
def test_no_other_blind_flaw_shows_in_the_schema(name: str, open_shop: Callable[..., Shop]) -> None:
    assert open_shop(flaws=[name]).ask("GET /openapi.json").content == open_shop().ask("GET /openapi.json").content
