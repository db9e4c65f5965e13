"""Signs: what one request (or a few) shows of a guard, made of a few words."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx
    from demo.conftest import Shop

Sign = Callable[["Shop"], Any]
Shown = tuple[Sign, Any, Any]
"""A sign, what it shows while the guard holds, and what it shows once the flaw is in."""

ORDER: Final = {"sku": "A1", "quantity": 1}
CAROL: Final = {"name": "carol", "password": "carol-password", "tenant": "acme"}
NEWS: Final = {"title": "t", "text": "x"}
JSON: Final = {"content-type": "application/json"}
TEXT: Final = {"content-type": "text/plain"}
XML: Final = {"content-type": "application/xml"}


def code_of(answer: httpx.Response) -> Any:
    """Say the status, or that the caller is turned away: a release may say 404 for 403."""
    return "refused" if answer.status_code in {403, 404} else answer.status_code


def status(place: str, role: str | None = None, **more: Any) -> Sign:
    """Show the status of an answer."""
    return lambda shop: code_of(shop.ask(place, role, **more))


def header(name: str, place: str, role: str | None = None, **more: Any) -> Sign:
    """Show a header's value, in small letters."""

    def seen(shop: Shop) -> Any:
        value = shop.ask(place, role, **more).headers.get(name)
        return None if value is None else value.lower()

    return seen


def has(name: str, place: str, role: str | None = None, **more: Any) -> Sign:
    """Show whether a header is there."""
    return lambda shop: name in shop.ask(place, role, **more).headers


def says(text: str, place: str, role: str | None = None, **more: Any) -> Sign:
    """Show the status, and whether a text stands in the answer or its headers."""

    def seen(shop: Shop) -> Any:
        answer = shop.ask(place, role, **more)
        return code_of(answer), text in answer.text or any(text in value for value in answer.headers.values())

    return seen


def shape(place: str, role: str | None = None, **more: Any) -> Sign:
    """Show the media type of an error, its keys, and the types of what clients read; a field more is no other shape."""

    def seen(shop: Shop) -> Any:
        answer = shop.ask(place, role, **more)
        kind = answer.headers.get("content-type", "none").partition(";")[0]
        if kind != "application/json":
            return kind
        content = answer.json()
        error = content.get("error", {})
        return sorted(content.keys() & {"error", "code", "message"}), *(type(error.get(name)).__name__ for name in ("code", "message"))

    return seen


ERROR: Final = (["error"], "str", "str")
"""The shape of an error, as `shape` shows it."""


def changes(deed: str, look: str, name: str, role: str | None = "bob", **more: Any) -> Sign:
    """Let somebody do something to alice's order, and show what she then reads of it (its status where it is gone)."""

    def seen(shop: Shop) -> Any:
        shop.ask(deed, role, **more)
        answer = shop.ask(look, "alice")
        return answer.json()[name] if answer.is_success else answer.status_code

    return seen


def token(algorithm: str, signature: str, *, ends: float = 60) -> str:
    """Make a token that nobody issued."""
    claims = {"sub": "admin", "exp": time.time() + ends}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": algorithm}, claims)]
    return f"{'.'.join(parts)}.{signature}"


def forged(algorithm: str, signature: str) -> Sign:
    """Show what the bearer of a made-up token is told."""

    def seen(shop: Shop) -> Any:
        return code_of(shop.ask("GET /admin/audit", headers={"authorization": f"Bearer {token(algorithm, signature)}"}))

    return seen


def secured(path: str, method: str) -> Sign:
    """Show what the schema demands for an operation."""
    return lambda shop: shop.ask("GET /openapi.json").json()["paths"][path][method].get("security")


def described(path: str, method: str) -> Sign:
    """Show whether the schema tells of an operation, and what it answers."""

    def seen(shop: Shop) -> Any:
        told = shop.ask("GET /openapi.json").json()["paths"]
        return method in told.get(path, {}), code_of(shop.ask(f"{method.upper()} {path}", "admin"))

    return seen
