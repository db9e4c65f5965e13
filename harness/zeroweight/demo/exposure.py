"""Flaws that expose: headers that are gone, inner things that are shown, words that become code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .flaw import Flaw, when
from .guards import Hole

if TYPE_CHECKING:
    from collections.abc import Iterable


def headers() -> Iterable[Flaw]:
    """Yield the flaws of headers."""
    yield Flaw(
        name="csp-gone",
        site="header:content-security-policy",
        family="headers",
        title="content-security-policy is gone from every answer",
    )
    yield Flaw(
        name="hsts-gone",
        site="header:strict-transport-security",
        family="headers",
        title="strict-transport-security is gone from every answer",
    )
    yield Flaw(
        name="nosniff-gone-on-errors",
        site="header:x-content-type-options",
        family="headers",
        when=when(status="4xx"),
        narrow=True,
        title="x-content-type-options is gone from 4xx answers",
    )
    yield Flaw(
        name="framing-allowed-on-pages",
        site="header:x-frame-options",
        family="headers",
        when=when(content="html"),
        narrow=True,
        operations=("GET /", "GET /help", "GET /account"),
        title="x-frame-options is gone from HTML pages",
    )
    yield Flaw(
        name="referrer-policy-gone-on-search",
        site="header:referrer-policy",
        family="headers",
        when=when(operation="search"),
        narrow=True,
        operations=("GET /search",),
        title="referrer-policy is gone from the answers of the search",
    )
    yield Flaw(
        name="any-origin-trusted",
        site="cross-origin",
        family="headers",
        title="the caller's Origin is echoed as allowed, with credentials",
    )


def disclosure() -> Iterable[Flaw]:
    """Yield the flaws that show what is inside."""
    yield Flaw(
        name="malformed-json-traceback",
        site="error-filter",
        family="disclosure",
        when=when(cause="malformed"),
        title="a malformed JSON body answers 500 with the Python stack trace (else 400)",
    )
    yield Flaw(
        name="content-type-traceback",
        site="error-filter",
        family="disclosure",
        when=when(cause="content-type", operation="orders.replace"),
        narrow=True,
        operations=("PUT /orders/{id}",),
        title="a wrong content type answers 415 with a stack trace beside the message, on one operation",
    )
    yield Flaw(
        name="search-database-error",
        site="binding:search",
        family="disclosure",
        also=(Hole(site="error-filter", when=when(cause="database", operation="search")),),
        narrow=True,
        operations=("GET /search",),
        title="the search pastes its term into the query and answers a quote with the database's own error text (500; else 200)",
    )
    yield Flaw(
        name="debug-endpoint-mounted",
        site="surface:debug",
        family="disclosure",
        operations=("GET /debug/config",),
        title="an undocumented debug endpoint shows the process's settings to anyone",
    )


def injection() -> Iterable[Flaw]:
    """Yield the flaws that let words become code."""
    yield Flaw(
        name="search-query-concatenated",
        site="binding:search",
        family="injection",
        operations=("GET /search",),
        title="the search pastes its term into the query; errors stay neutral (500; else 200)",
    )
    yield Flaw(
        name="pages-unescaped",
        site="encoder:html",
        family="injection",
        operations=("GET /help", "GET /account"),
        title="query parameters stand unescaped in HTML pages",
    )
    yield Flaw(
        name="account-page-unescaped",
        site="encoder:html",
        family="injection",
        when=when(operation="page.account"),
        narrow=True,
        operations=("GET /account",),
        title="the name stands unescaped in the account page only",
    )
