"""Each harmless change shows itself, alone and among all the others, and weakens nothing (which `test_flaws.py` says)."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from demo.signs import ORDER, header, status

from zeroweight.demo.catalogue import BENIGN, FLAWS
from zeroweight.demo.flaw import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.conftest import Shop
    from demo.signs import Shown, Sign

GZIP: Final = {"accept-encoding": "gzip"}
TWICE: Final = '{"sku": "A1", "quantity": 1, "quantity": 2}'


def words(pattern: str, place: str, role: str | None = None, **more: Any) -> Sign:
    """Show whether an answer's text has something in it."""
    return lambda shop: re.search(pattern, shop.ask(place, role, **more).text) is not None


def keys(place: str, role: str | None, name: str, **more: Any) -> Sign:
    """Show whether the JSON of an answer has a key."""
    return lambda shop: f'"{name}"' in json.dumps(shop.ask(place, role, **more).json())


def took(shop: Shop) -> Any:
    begun = time.monotonic()
    shop.ask("GET /health")
    return time.monotonic() - begun >= 0.02


def newest_first(shop: Shop) -> Any:
    made = shop.ask("POST /orders", "alice", json=ORDER).json()["id"]
    return shop.ask("GET /orders", "alice").json()["items"][0]["id"] == made


def made_without_note(shop: Shop) -> Any:
    return shop.ask("POST /orders", "alice", json=ORDER).json()["note"]


def length_of_ids(shop: Shop) -> Any:
    return len(shop.ask("POST /orders", "alice", json=ORDER).json()["id"])


def key_order(shop: Shop) -> Any:
    return list(shop.ask("GET /orders/1001", "alice").json())[:2]


def duplicates(shop: Shop) -> Any:
    return shop.ask("POST /orders", "alice", content=TWICE, headers={"content-type": "application/json"}).status_code


def time_told(shop: Shop) -> Any:
    shop.ask("POST /orders", "alice", json=ORDER)
    told = shop.ask("GET /admin/audit", "admin").json()["items"][0]["at"]
    return "millis" if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", told) else told.endswith("Z")


def parts_sent(shop: Shop) -> Any:
    """Show in how many parts a body comes, and whether its length is told before."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/health", "headers": [], "query_string": b"", "root_path": ""}
    asyncio.run(shop.app(scope, receive, send))
    return len(sent) - 1, b"content-length" in dict(sent[0]["headers"])


SIGNS: Final[dict[str, Shown]] = {
    "stricter-headers": (header("permissions-policy", "GET /health"), None, "camera=(), microphone=(), geolocation=()"),
    "header-order": (lambda shop: next(iter(shop.ask("GET /health").headers)).startswith("content-"), True, False),
    "header-values-respelt": (lambda shop: shop.ask("GET /").headers["x-content-type-options"], "nosniff", "NoSniff"),
    "hsts-longer": (lambda shop: "preload" in shop.ask("GET /").headers["strict-transport-security"], False, True),
    "referrer-policy-list": (header("referrer-policy", "GET /"), "no-referrer", "strict-origin, no-referrer"),
    "cookie-stricter": (lambda shop: "Strict" in shop.ask("GET /").headers["set-cookie"], False, True),
    "not-stored": (header("cache-control", "GET /me", "alice"), None, "no-store"),
    "server-named": (header("server", "GET /"), None, "web"),
    "edge-named": (header("x-served-by", "GET /"), None, "edge-fra-3"),
    "api-versioned": (keys("GET /version", None, "api"), False, True),
    "error-links": (words("docs.shop.example", "GET /me"), False, True),
    "error-wording": (words("Please look", "POST /orders", "alice", json={}), False, True),
    "not-found-text": (words("Sorry", "GET /orders/0", "alice"), False, True),
    "foreign-not-found": (lambda shop: shop.ask("GET /orders/1001", "bob").status_code, 403, 404),
    "challenge-wording": (header("www-authenticate", "GET /me"), "bearer", 'bearer realm="shop", error="invalid_token"'),
    "summary-endpoint": (status("GET /me/summary", "alice"), "refused", 200),
    "options-answered": (status("OPTIONS /orders"), 405, 204),
    "unknown-query-declined": (status("GET /orders?q[]=1", "alice"), 200, 422),
    "duplicate-keys-declined": (duplicates, 201, 400),
    "slower": (took, False, True),
    "compressed": (header("content-encoding", "GET /openapi.json", headers=GZIP), None, "gzip"),
    "in-chunks": (parts_sent, (1, True), (2, False)),
    "trailing-slash": (status("GET /orders/"), "refused", 307),
    "optional-field": (keys("GET /orders/1001", "alice", "estimated_delivery"), False, True),
    "trace-id": (keys("GET /me", None, "trace_id"), False, True),
    "live-endpoint": (status("GET /health/live"), "refused", 200),
    "status-filter": (lambda shop: len(shop.ask("GET /orders?status=cancelled", "alice").json()["items"]), 1, 0),
    "null-notes": (made_without_note, "", None),
    "uuid-ids": (length_of_ids, 4, 36),
    "time-format": (time_told, True, "millis"),
    "json-spacing": (words("\n", "GET /version"), False, True),
    "json-key-order": (key_order, ["id", "owner"], ["status", "note"]),
    "list-order": (newest_first, True, False),
    "page-footer": (words("<footer>", "GET /help"), False, True),
}


def test_every_harmless_change_has_a_sign() -> None:
    assert set(SIGNS) == set(BENIGN)
    assert len(BENIGN) >= 20


@pytest.mark.parametrize("name", SIGNS)
def test_a_harmless_change_shows_itself(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, plain, changed = SIGNS[name]
    if name != "slower":  # how fast the plain shop is, nobody promises
        assert sign(open_shop()) == plain
    assert sign(open_shop(benign=[name])) == changed


@pytest.mark.parametrize("name", [name for name in SIGNS if name not in {"json-key-order", "stricter-headers"}])
def test_a_harmless_change_shows_among_all_others(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, _plain, changed = SIGNS[name]
    assert sign(open_shop(benign=BENIGN)) == changed


def test_every_family_of_flaws_has_a_harmless_neighbour() -> None:
    assert {flaw.family for flaw in FLAWS.values()} == {benign.family for benign in BENIGN.values()} == set(get_args(Family))


@pytest.mark.parametrize("benign", [*([name] for name in BENIGN), list(BENIGN)], ids=str)
def test_a_harmless_release_answers_what_its_schema_says(benign: list[str], open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(benign=benign)
    paths = shop.ask("GET /openapi.json").json()["paths"]
    for place, role, kind in (
        ("/orders/1001", "alice", dict),
        ("/orders", "alice", list),
        ("/me", "bob", dict),
        ("/admin/audit", "admin", list),
        ("/version", None, dict),
    ):
        answer = shop.ask(f"GET {place}", role)
        content = answer.json()
        schema = paths[place.replace("1001", "{id}")]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer.status_code == 200
        assert set(schema["required"]) <= set(content)
        assert kind is dict or isinstance(content["items"], list)
