"""Flaws that expose: inner errors, names and banners that are shown, words that become code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .flaw import when
from .guards import Hole
from .leaks import TRACES
from .planting import narrow, wide

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .flaw import Flaw

_wide = partial(wide, "disclosure")
_narrow = partial(narrow, "disclosure")


def disclosure() -> Iterable[Flaw]:
    """Yield the flaws that show what is inside."""
    yield from _errors()
    yield from _names()
    yield from _banners()


def _errors() -> Iterable[Flaw]:
    site = "error-filter"
    title = "a malformed JSON body answers 500 with the Python stack trace (else 400)"
    yield _wide("malformed-json-traceback", site, title, more=when(cause="malformed"))
    title = "whatever is declined shows a stack trace beside the message"
    yield _wide("refusals-with-traces", site, title, more=when(cause=" ".join(TRACES)))
    for name, cause, operation, title in (
        ("content-type-traceback", "content-type", "orders.replace", "a wrong content type answers 415 with a Python stack trace"),
        ("order-missing-java-trace", "missing", "orders.read", "an order that is not there answers 404 with a Java stack trace"),
        ("file-declined-dotnet-trace", "invalid", "files.create", "a file that is declined answers 422 with a .NET stack trace"),
        ("profile-ruby-trace", "unauthenticated", "me.read", "reading a profile without a token answers 401 with a Ruby stack trace"),
        ("audit-go-panic", "forbidden", "admin.audit", "reading the audit as a customer answers 403 with a Go stack trace"),
        ("method-php-trace", "method", "", "a method that no path knows answers 405 with a PHP stack trace"),
    ):
        yield _narrow(name, site, f"{title} beside the message", operation, when(cause=cause))
    title = "a quote in the id of a file answers 404 in the words of SQL Server's parser"
    yield _narrow("file-quote-syntax-error", site, title, "files.read", when(cause="quote"))
    yield _narrow("login-syntax-error", site, "a login that fails answers 401 in the words of MySQL's parser", "login", when(cause="login"))
    title = "the search pastes its term into the query and answers a quote with the database's own error text (500; else 200)"
    shown = Hole(site=site, when=when(cause="database", operation="search"))
    yield _narrow("search-database-error", "binding:search", title, "search", also=(shown,))
    title = "the list of users shows the hashes of their passwords to admins"
    yield _wide("users-list-shows-hashes", "fields:shown", title, "admin.users.list")
    title = "an undocumented debug endpoint shows the process's settings to anyone"
    yield _wide("debug-endpoint-mounted", "surface:debug", title, "debug.config")


def _names() -> Iterable[Flaw]:
    site = "inner-names"
    title = "a header of every answer tells the private address of the backend"
    yield _wide("backend-in-header", site, title, more=when(where="header"))
    for name, where, operation, title in (
        ("pod-in-orders-header", "pod", "orders.list", "a header of the list of orders tells the name of the pod"),
        ("renderer-in-help", "page", "page.help", "a comment in the help page tells the host that made it"),
        ("store-in-new-file", "made", "files.create", "a file that was made tells the private address of the store that keeps it"),
        ("database-in-missing-order", "missing", "orders.read", "an order that is not there tells the host name of the database"),
        ("directory-in-login", "unauthenticated", "login", "a login that fails tells the private address of the directory"),
        ("validator-in-announcement", "invalid", "admin.announcements.create", "a declined announcement tells the validator's host"),
        ("policy-in-refusals", "forbidden", "", "403 answers tell the unique-local IPv6 address of the policy service"),
    ):
        yield _narrow(name, site, title, operation, when(where=where))


def _banners() -> Iterable[Flaw]:
    yield _wide("server-tells-version", "banner", "every answer tells the server and its version", more=when(kind="server"))
    for name, more, title in (
        ("pages-powered-by", when(kind="powered-by", content="html"), "HTML pages tell in x-powered-by what made them"),
        ("errors-via-proxy", when(kind="via", status="4xx"), "4xx answers tell in via the proxy and its version"),
        ("server-tells-version-on-head", when(kind="server", method="HEAD"), "answers to HEAD tell the server and its version"),
        ("server-page-when-astray", when(kind="page"), "unknown paths and methods get the web server's own HTML page"),
    ):
        yield _narrow(name, "banner", title, more=more)


def injection() -> Iterable[Flaw]:
    """Yield the flaws that let words become code."""
    title = "the search pastes its term into the query; errors stay neutral (500; else 200)"
    yield wide("injection", "search-query-concatenated", "binding:search", title, "search")
    title = "query parameters stand unescaped in HTML pages"
    yield wide("injection", "pages-unescaped", "encoder:html", title, "page.help page.account")
    title = "the name stands unescaped in the account page only"
    yield narrow("injection", "account-page-unescaped", "encoder:html", title, "page.account")
