"""Refusals: how the service says no, in one place for all that it declines."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from .answers import DeclinedError, failure
from .leaks import NAMES, TRACES, stack_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

_SHAPES: Final = ("flat", "number", "list", "text", "empty")
_JUDGED: Final = frozenset({400, 415, 422})


def refuse(declined: DeclinedError, benign: frozenset[str], holds: Callable[..., bool], *, html: bool = False) -> Response:
    """Answer what was declined; `holds` asks a guard site about the request."""
    cause, message = declined.code, _worded(declined, benign)
    if html and not holds("error-filter", cause="page"):
        return stack_page(declined.status, message)
    more: dict[str, str] = {}
    if cause in TRACES and not holds("error-filter", cause=cause):
        more["detail"] = TRACES[cause]
    if cause in NAMES and not holds("inner-names", where=cause):
        message = f"{message} {NAMES[cause]}"
    if "trace-id" in benign:
        more["trace_id"] = secrets.token_hex(16)
    kind = next((kind for kind in _SHAPES if not holds("error-shape", kind=kind, cause=cause)), "")
    challenge = 'Bearer realm="shop", error="invalid_token"' if "challenge-wording" in benign else "Bearer"
    return failure(declined.status, cause, message, kind=kind, challenge=challenge, **more)


def _worded(declined: DeclinedError, benign: frozenset[str]) -> str:
    """Say it as the release words it; what a harmless release says of itself is public: a document's address, the API's version."""
    message = declined.message
    if "not-found-text" in benign and declined.code == "missing":
        message = "Sorry, we could not find that."
    if "error-wording" in benign and declined.status in _JUDGED:
        message = f"Please look at your request again: {message}"
    if "error-links" in benign:
        message = f"{message} See https://docs.shop.example/v2.3.1/errors or http://93.184.216.34/errors (API v2)."
    return message
