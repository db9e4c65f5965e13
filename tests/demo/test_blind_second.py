"""The flaws of the second blind round: their signs, their neighbours, and what else they leave alone.

`test_flaws.py` runs these signs with its own; what one request cannot tell stands here.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from demo.signs import CAROL, NEWS, ORDER, Sign, status

from zeroweight.demo.blind_second import BLIND_SECOND
from zeroweight.demo.catalogue import FLAWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.conftest import Shop

LARGE = "x" * 70_000
MEMO = "\N{MEMO}.txt"
FORM = {"content-type": "application/x-www-form-urlencoded"}
NINE = {**ORDER, "quantity": 9}


def lasting(place: str, role: str | None = None) -> Sign:
    """Show what browsers make of strict-transport-security: the first one counts."""

    def seen(shop: Shop) -> Any:
        answer = shop.ask(place, role)
        sent = answer.headers.get_list("strict-transport-security")
        return answer.status_code, sent[0].startswith("max-age=0")

    return seen


def kept(name: str) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask("POST /files", "alice", json={"name": name, "content": MEMO})
        return answer.status_code, "Incorrect string value" in answer.text

    return seen


def located(place: str, **more: Any) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask(place, "alice", **more)
        return answer.status_code, ".internal" in answer.headers.get("location", "")

    return seen


def banner(place: str, role: str | None, **more: Any) -> Sign:
    def seen(shop: Shop) -> Any:
        answer = shop.ask(place, role, **more)
        return answer.status_code, answer.headers["content-type"].partition(";")[0], "Apache/" in answer.text

    return seen


def named(place: str, name: str, **more: Any) -> Sign:
    credentials = base64.b64encode(f"{name}:anything".encode()).decode()
    return status(place, headers={"authorization": f"Basic {credentials}"}, **more)


def replaced(body: dict[str, Any], *, looks: str = "1001", owner: str = "alice") -> Sign:
    """Let bob change his own order, and show what became of an order."""

    def seen(shop: Shop) -> Any:
        told = shop.ask("PUT /orders/1002", "bob", json=body).json()
        return told["id"], shop.ask(f"GET /orders/{looks}", owner).json()["quantity"]

    return seen


def deleted_when_cancelled(role: str, order: str = "1001") -> Sign:
    def seen(shop: Shop) -> Any:
        shop.ask(f"POST /orders/{order}/cancel", "alice")
        return status("DELETE /orders/1001", role)(shop)

    return seen


SIGNS: dict[str, tuple[Sign, Any, Any]] = {
    "blind2-hsts-ended-first-on-401": (lasting("GET /me"), (401, False), (401, True)),
    "blind2-emoji-file-database-error": (kept(MEMO), (201, False), (500, True)),
    "blind2-location-inner-host": (located("POST /orders", json=ORDER), (201, False), (201, True)),
    "blind2-too-large-proxy-page": (
        banner("POST /files", "alice", json={"name": "n", "content": LARGE}),
        (413, "application/json", False),
        (413, "text/html", True),
    ),
    "blind2-audit-csv-mounted": (status("GET /admin/audit.csv", "bob"), "refused", 200),
    "blind2-basic-name-believed": (named("GET /admin/audit", "admin"), 401, 200),
    "blind2-order-named-in-body": (replaced({**NINE, "id": "1001"}), ("1002", 1), ("1001", 9)),
    "blind2-user-looked-up-before-role": (status("DELETE /admin/users/alice", "bob"), "refused", 409),
    "blind2-announcement-from-form": (status("POST /admin/announcements", "admin", data=NEWS), 415, 201),
    "blind2-owner-refused-cancelled-order": (deleted_when_cancelled("alice"), 204, "refused"),
}

NEIGHBOURS: dict[str, Sign] = {
    "blind2-hsts-ended-first-on-401": lasting("GET /admin/audit", "bob"),
    "blind2-emoji-file-database-error": kept("\N{EURO SIGN}.txt"),
    "blind2-location-inner-host": located("POST /files", json={"name": "n", "content": "c"}),
    "blind2-too-large-proxy-page": banner("POST /files", "alice", json={"name": "n", "content": LARGE[:30_000]}),
    "blind2-basic-name-believed": named("POST /orders", "alice", json=ORDER),
    "blind2-order-named-in-body": replaced(NINE, looks="1002", owner="bob"),
    "blind2-user-looked-up-before-role": status("DELETE /admin/users/alice"),
    "blind2-announcement-from-form": status("PUT /me", "alice", data={"display_name": "A", "email": "a@acme.example"}),
    "blind2-owner-refused-cancelled-order": deleted_when_cancelled("admin"),
}

MORE: list[tuple[str, Sign, Any, Any]] = [
    ("blind2-hsts-ended-first-on-401", lasting("GET /orders/1001"), (401, False), (401, True)),
    (
        "blind2-too-large-proxy-page",
        banner("POST /login", None, content=LARGE, headers={"content-type": "application/json"}),
        (413, "application/json", False),
        (413, "text/html", True),
    ),
    ("blind2-basic-name-believed", named("GET /orders/1001", "alice"), 401, 200),
    ("blind2-user-looked-up-before-role", lambda shop: shop.ask("DELETE /admin/users/nobody", "bob").status_code, 403, 404),
]

ALIKE: list[tuple[str, Sign]] = [
    ("blind2-hsts-ended-first-on-401", lasting("GET /me", "alice")),
    ("blind2-audit-csv-mounted", lambda shop: shop.ask("GET /admin/audit", "bob").status_code),
    ("blind2-basic-name-believed", named("GET /me", "nobody")),
    ("blind2-basic-name-believed", status("GET /me", headers={"authorization": "Basic %%%"})),
    ("blind2-basic-name-believed", status("GET /me")),
    ("blind2-order-named-in-body", replaced({**NINE, "id": "0"}, looks="1002", owner="bob")),
    ("blind2-order-named-in-body", lambda shop: shop.ask("PUT /orders/1001", "bob", json={**NINE, "id": "1002"}).status_code),
    ("blind2-announcement-from-form", lambda shop: shop.ask("POST /admin/announcements", "bob", data=NEWS).status_code),
    ("blind2-announcement-from-form", status("POST /admin/announcements", "admin", content="{}", headers={"content-type": "text/plain"})),
    ("blind2-owner-refused-cancelled-order", deleted_when_cancelled("alice", "0")),
    ("blind2-owner-refused-cancelled-order", deleted_when_cancelled("bob")),
]


def carol_deleted(role: str) -> Sign:
    def seen(shop: Shop) -> Any:
        shop.ask("POST /admin/users", "admin", json=CAROL)
        return [shop.ask("DELETE /admin/users/carol", each).status_code for each in (role, "admin", "admin")]

    return seen


def test_the_blind_flaws_are_in_the_catalogue_with_signs_and_neighbours() -> None:
    assert set(SIGNS) == set(BLIND_SECOND) <= set(FLAWS)
    assert set(NEIGHBOURS) == {name for name, flaw in BLIND_SECOND.items() if flaw.narrow}
    assert all(name.startswith("blind2-") for name in BLIND_SECOND)


@pytest.mark.parametrize(("name", "sign", "held", "open_"), MORE)
def test_a_blind_flaw_shows_elsewhere_too(name: str, sign: Sign, held: Any, open_: Any, open_shop: Callable[..., Shop]) -> None:
    assert (sign(open_shop()), sign(open_shop(flaws=[name]))) == (held, open_)


@pytest.mark.parametrize(("name", "sign"), [*ALIKE, ("blind2-user-looked-up-before-role", carol_deleted("bob"))])
def test_a_blind_flaw_leaves_the_rest_alone(name: str, sign: Sign, open_shop: Callable[..., Shop]) -> None:
    assert sign(open_shop()) == sign(open_shop(flaws=[name]))


def test_users_are_deleted_once(open_shop: Callable[..., Shop]) -> None:
    assert carol_deleted("bob")(open_shop()) == [403, 204, 404]


@pytest.mark.parametrize("name", BLIND_SECOND)
def test_no_flaw_of_this_round_shows_in_the_schema(name: str, open_shop: Callable[..., Shop]) -> None:
    assert open_shop(flaws=[name]).ask("GET /openapi.json").content == open_shop().ask("GET /openapi.json").content
