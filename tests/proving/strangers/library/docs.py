"""The library's OpenAPI 3.0 document: partial, as such documents are (covers, logout and the staff page are not told)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .api import CHANGE, CONTACT, COPY, LIST, SESSION
from .site import BORROWING, LOGIN, NOTICE, PAGE, QUERY, REVIEW

if TYPE_CHECKING:
    from strangers.variant import Release

    from .reading import Body, Field

_TOLD: Final[tuple[tuple[str, str, str, str, Body | None], ...]] = (
    ("GET /", "Home page", "public", "200 html", None),
    ("GET /login", "Login form", "public", "200 html", None),
    ("POST /login", "Log in with the form", "public", "303", LOGIN),
    ("GET /books", "Search page", "public", "200 html", None),
    ("GET /books/{isbn}", "A book's page", "public", "200 html", None),
    ("POST /books/{isbn}/reviews", "Review a book", "member", "303", REVIEW),
    ("GET /loans", "Your loans, a page", "member", "200 html", None),
    ("POST /loans", "Borrow with the form", "member", "303", BORROWING),
    ("GET /loans/{number}", "A loan's page", "member", "200 html", None),
    ("GET /staff", "Staff page", "staff", "200 html", None),
    ("POST /staff/notices", "Publish a notice", "staff", "303", NOTICE),
    ("POST /api/session", "Log in", "public", "201 json", SESSION),
    ("GET /api/books", "Search", "public", "200 json", None),
    ("GET /api/books/{isbn}", "A book", "public", "200 json", None),
    ("GET /api/me", "Who you are", "member", "200 json", None),
    ("PUT /api/me", "Change your contact data", "member", "200 json", CONTACT),
    ("GET /api/loans", "Your loans", "member", "200 json", None),
    ("POST /api/loans", "Borrow", "member", "201 json", BORROWING),
    ("GET /api/loans/{number}", "A loan", "member", "200 json", None),
    ("PATCH /api/loans/{number}", "Note something on a loan", "member", "200 json", CHANGE),
    ("DELETE /api/loans/{number}", "Give a book back", "member", "204", None),
    ("POST /api/loans/{number}/renewal", "Renew a loan", "member", "200 json", None),
    ("GET /api/lists", "Your reading lists", "member", "200 json", None),
    ("POST /api/lists", "Make a reading list", "member", "201 json", LIST),
    ("GET /api/lists/{list_id}", "A reading list", "member", "200 json", None),
    ("PUT /api/lists/{list_id}", "Change a reading list", "member", "200 json", LIST),
    ("DELETE /api/lists/{list_id}", "Drop a reading list", "member", "204", None),
    ("GET /api/staff/members", "All members", "staff", "200 json", None),
    ("GET /api/staff/overdue", "Overdue loans", "staff", "200 json", None),
    ("GET /api/staff/report.csv", "All loans as CSV", "staff", "200 csv", None),
    ("POST /api/staff/copies", "Add a copy", "staff", "201 json", COPY),
    ("DELETE /api/staff/copies/{barcode}", "Withdraw a copy", "staff", "204", None),
)
_EXAMPLES: Final = {"isbn": "9780140449136", "number": "5001", "list_id": "5002", "barcode": "C5000"}
_KINDS: Final = {"html": "text/html", "json": "application/json", "csv": "text/csv"}
_SHAPES: Final[dict[str, dict[str, Any]]] = {"json": {"type": "object"}, "html": {"type": "string"}, "csv": {"type": "string"}}


def document(running: Release) -> dict[str, Any]:
    """Give the document of a running release."""
    paths: dict[str, dict[str, Any]] = {}
    told = [*_TOLD, ("GET /api/holds", "Books you wait for", "member", "200 json", None)] if running.brings("holds-operation") else _TOLD
    for operation, summary, access, answer, body in told:
        method, _, path = operation.partition(" ")
        entry: dict[str, Any] = {"summary": summary, "responses": _answers(answer, access, path)}
        parameters = [_parameter(name) for name in re.findall(r"\{(\w+)\}", path)]
        if operation in {"GET /books", "GET /api/books"}:
            parameters += [_asked(QUERY), _asked(PAGE)]
        if parameters:
            entry["parameters"] = parameters
        if body is not None:
            entry["requestBody"] = body.schema()
        if access != "public" and running.holds("docs-security", operation=operation):
            entry["security"] = [{"session": []}]
        paths.setdefault(path, {})[method.lower()] = entry
    return {
        "openapi": "3.0.3",
        "info": {"title": "Branch library", "version": running.build},
        "paths": paths,
        "components": {"securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "library_session"}}},
    }


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": _EXAMPLES[name]}


def _asked(field: Field) -> dict[str, Any]:
    schema = {key: value for key, value in field.schema().items() if key != "example"}
    return {"name": field.name, "in": "query", "required": False, "schema": schema, "example": field.example}


def _answers(answer: str, access: str, path: str) -> dict[str, Any]:
    status, _, kind = answer.partition(" ")
    told: dict[str, Any] = {"description": "Done"}
    if kind:
        told["content"] = {_KINDS[kind]: {"schema": _SHAPES[kind]}}
    refused = {} if access == "public" else {"401" if path.startswith("/api/") else "303": {"description": "Log in first"}}
    return {**refused, status: told, "404": {"description": "Not there, or not yours"}}
