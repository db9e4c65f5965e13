"""Flaws of acceptance: what is taken that should be declined, what is not answered as it was, and what the schema says of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .flaw import when
from .guards import EVERYWHERE, Hole
from .planting import narrow, wide

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .flaw import Flaw

_PAGES: Final = "page.home page.help page.account"


def validation() -> Iterable[Flaw]:
    """Yield the flaws of what is accepted."""
    bodies = "orders.create orders.replace"
    yield wide("validation", "quantity-unbounded", "validator:quantity", "any integer is a quantity", bodies)
    yield wide("validation", "sku-unchecked", "validator:sku", "any text is a SKU", bodies)
    yield wide("validation", "page-unlimited", "limit:page", "a page may be of any size", "orders.list files.list")
    yield wide("validation", "content-type-unchecked-anywhere", "content-type", "every body is read, whatever its content type")
    minimum, longest, untyped = when(bound="minimum"), when(bound="maxLength"), when(type="missing")
    for name, site, operation, more, title in (
        ("quantity-negative-on-replace", "validator:quantity", "orders.replace", minimum, "a replaced order's quantity has no minimum"),
        ("text-lengths-unchecked-on-profile", "validator:text", "me.replace", EVERYWHERE, "profile texts have no bounds"),
        ("help-topic-unbounded", "validator:text", "page.help", longest, "a topic of the help may be of any length"),
        ("content-type-unchecked", "content-type", "orders.create", EVERYWHERE, "an order is read from a body of any content type"),
        ("file-without-type-taken", "content-type", "files.create", untyped, "a file is read from a body without a content type"),
    ):
        yield narrow("validation", name, site, title, operation, more)
    texts = Hole(site="validator:text", when=when(operation="files.create", bound="maxLength"))
    yield narrow("validation", "body-unlimited-on-files", "limit:body", "a file may be of any size", "files.create", also=(texts,))


def availability() -> Iterable[Flaw]:
    """Yield the flaws of what is not answered any more."""
    yield wide("availability", "pages-broken", "answers", "HTML pages answer 500", _PAGES, when(operation=_PAGES))
    title = "announcements come with pictures of 1.2 MiB each"
    yield wide("availability", "announcements-unbounded", "limit:answer", title, "announcements.list")
    for name, operation, more, title in (
        ("files-list-broken", "files.list", EVERYWHERE, "the list of files answers 500 to valid requests"),
        ("order-cancel-broken", "orders.cancel", EVERYWHERE, "cancelling an order answers 500"),
        ("profile-broken-for-admins", "me.read", when(role="admin"), "admins get 500 for their profile"),
    ):
        yield narrow("availability", name, "answers", title, operation, more)
    for name, operation, what, title in (
        (
            "announcements-break-on-accept",
            "announcements.list",
            "accept",
            "announcements answer 500 where no known type is accepted (else 200)",
        ),
        ("order-breaks-on-odd-id", "orders.read", "id", "an id that is neither number nor UUID answers 500 (else 404)"),
        ("file-breaks-without-type", "files.create", "no-type", "a body without a content type answers 500 (else 415)"),
        ("search-breaks-on-long-term", "search", "long", "a search term of more than 1,000 letters answers 500 (else 422)"),
        ("options-breaks", "", "options", "OPTIONS answers 500 (else 405)"),
        ("profile-breaks-on-list", "me.replace", "list", "a JSON list as body answers 500 (else 422)"),
    ):
        yield narrow("availability", name, "robust", title, operation, when(what=what))
    title = "a tenant's report is never sent to its end: the connection is closed"
    yield narrow("availability", "report-cut-short", "answers-whole", title, "tenants.report", when(status="2xx"))


def shapes() -> Iterable[Flaw]:
    """Yield the flaws of the shape of errors."""
    yield wide("schema", "errors-flat", "error-shape", "errors are no longer inside of `error`", more=when(kind="flat"))
    for name, kind, operation, cause, title in (
        ("order-error-code-a-number", "number", "orders.create", "invalid", "the code of a 422 answer is a number (else a text)"),
        ("missing-file-messages", "list", "files.read", "missing", "the message of a 404 answer is a list of texts (else a text)"),
        ("profile-error-as-text", "text", "me.replace", "content-type", "a 415 answer is plain text (else JSON)"),
        ("orders-refused-empty", "empty", "orders.list", "unauthenticated", "a 401 answer has no body (else JSON)"),
    ):
        yield narrow("schema", name, "error-shape", title, operation, when(kind=kind, cause=cause))


def schema() -> Iterable[Flaw]:
    """Yield the flaws of the schema, and of what is served beside it."""
    site, goes_on = "schema:security", "(the service still asks for it)"
    title = f"the schema no longer says that any operation needs a token {goes_on}"
    yield wide("schema", "schema-security-gone", site, title, more=when(kind="gone"))
    title = f"the schema no longer says that reading a file needs a token {goes_on}"
    yield narrow("schema", "schema-security-lost", site, title, "files.read")
    title = f"the schema says that a token may be sent to place an order, and need not {goes_on}"
    yield narrow("schema", "schema-security-optional", site, title, "orders.create", when(kind="optional"))
    title = "the schema no longer tells of the audit, which is still served"
    yield narrow("schema", "audit-undocumented", "schema:operation", title, "admin.audit")
    yield from _unfinished()


def _unfinished() -> Iterable[Flaw]:
    title = "a new operation, in the schema too, lets anybody write"
    yield wide("schema", "feedback-open-to-all", "surface:feedback", title, "feedback.create")
    title = "a new public operation shows everybody's latest orders"
    yield wide("schema", "latest-orders-public", "surface:latest", title, "latest.list")
    only = when(operation="admin.stats")
    open_ = (Hole(site="authentication", when=only), Hole(site="role:admin", when=only))
    title = "a new operation, for admins by the schema, answers anybody"
    yield wide("schema", "statistics-unguarded", "surface:stats", title, "admin.stats", also=open_)
