"""Harmless changes: what a release may bring without weakening anything. Each is the neighbour of a family of flaws, one step away."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .flaw import Benign, Family

if TYPE_CHECKING:
    from collections.abc import Mapping

_TITLES: Final[Mapping[Family, Mapping[str, str]]] = MappingProxyType(
    {
        "headers": {
            "stricter-headers": "permissions-policy is sent too, and the content-security-policy is stricter",
            "header-order": "the headers come first and in another order",
            "header-values-respelt": "nosniff and DENY are written in other letters, which browsers read alike",
            "hsts-longer": "strict-transport-security holds for two years, and may be preloaded",
            "referrer-policy-list": "referrer-policy is a list whose last word, which counts, is the old one",
            "cookie-stricter": "the pages' cookie is SameSite=Strict where it was Lax",
            "not-stored": "cache-control says that no answer is to be stored",
        },
        "disclosure": {
            "server-named": "server and via name a kind of software, and no version",
            "edge-named": "x-served-by names the public place that served the answer",
            "api-versioned": "api-version and GET /version tell the version of the API, which is a promise and no banner",
            "error-links": "errors point to a document on a public host, by a public address, and name the API's version",
            "error-wording": "400, 415 and 422 answers say it in other words",
            "not-found-text": "404 answers say it in other words",
        },
        "authorization": {
            "foreign-not-found": "other people's objects answer 404 where they answered 403",
            "challenge-wording": "401 answers name the realm, and say that a token was no good",
            "summary-endpoint": "a new operation GET /me/summary, in the schema too, for whoever has a token",
            "options-answered": "OPTIONS tells the methods of a path (204) where it answered 405",
        },
        "validation": {
            "unknown-query-declined": "query parameters that no operation has are declined (422) where they were overlooked",
            "duplicate-keys-declined": "a body that gives a key twice is declined (400) where the last one won",
        },
        "availability": {
            "slower": "every answer takes 20 ms longer",
            "compressed": "answers are compressed for callers who can read that",
            "in-chunks": "answers are sent in chunks, without their length",
            "trailing-slash": "a path with a slash too many is sent on to the one without",
        },
        "schema": {
            "optional-field": "orders tell an estimated delivery, a new optional field",
            "trace-id": "errors tell a trace id, a new optional field",
            "live-endpoint": "a new public operation GET /health/live, in the schema too",
            "status-filter": "orders may be listed by their status, by a new optional parameter",
            "null-notes": "an order without a note tells null, as the schema allows, where it told an empty text",
            "uuid-ids": "new objects have UUIDs for ids",
            "time-format": "the audit tells times with fractions and an offset",
            "json-spacing": "JSON is written with spaces and line ends",
            "json-key-order": "the keys of JSON objects come in the other order",
            "list-order": "lists come oldest first",
        },
        "injection": {
            "page-footer": "pages have a footer",
        },
    }
)

BENIGN: Final[Mapping[str, Benign]] = MappingProxyType(
    {name: Benign(name=name, title=title, family=family) for family, told in _TITLES.items() for name, title in told.items()}
)
"""Every harmless change by name."""
