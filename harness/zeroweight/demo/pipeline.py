"""The pipeline: every request's way from the route to the operation's answer, the same for all operations.

Who calls comes first, then whether he may, then the object meant, then what was sent: a caller who may not learn anything learns nothing.
"""

from __future__ import annotations

import json
import sqlite3
import traceback
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import PlainTextResponse

from .answers import DeclinedError, failure, stack_page
from .operations import Call, Operation, Service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

BODY_LIMIT: Final = 64 * 1024
"""Bytes of a request's body."""

_GROWN_LIMIT: Final = 16 * 1024 * 1024  # what even a flawed build reads, for the sake of the machine it runs on


class Door:
    """All operations of one path."""

    def __init__(self, service: Service, operations: Iterable[Operation]) -> None:
        """Take the operations; one for each method."""
        self.service = service
        self.operations = {operation.method: operation for operation in operations}

    async def answer(self, request: Request) -> Response:
        """Answer one request; nothing is raised, whatever was sent."""
        operation = self.operations["GET" if request.method == "HEAD" else request.method]
        # The header layer has the same scope and wants to know.
        request.scope["demo.operation"] = operation.id
        call = Call(service=self.service, operation=operation, request=request)
        try:
            if call.holds("authentication-first"):
                _admit(call)
                await _read(call)
            else:
                await _read(call)
                _admit(call)
            if not call.holds("answers"):
                message = "'NoneType' object has no attribute 'items'"
                raise AttributeError(message)  # noqa: TRY301 - the flaw: a bug in the operation
            return _perform(call)
        except DeclinedError as declined:
            return _declined(call, declined)
        except Exception as error:  # the error filter is the last guard: whatever broke, the caller gets a neutral answer
            return _broken(call, error)


def _perform(call: Call) -> Response:
    response = call.operation.respond(call)
    if call.operation.owned and not call.holds("owner-first"):
        _own(call)
    return response


def _admit(call: Call) -> None:
    """Let the caller in to what he asks for, or decline."""
    if call.operation.access != "public":
        _authenticate(call)
        _authorise(call)
    if call.operation.owned:
        _find(call)
        if call.holds("owner-first"):
            _own(call)


def _authenticate(call: Call) -> None:
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    name = call.service.tokens.subject(token, call.service.guards) if scheme.lower() == "bearer" else None
    call.caller = call.service.store.user(name) if name else None
    if call.caller is None and call.holds("authentication"):
        raise DeclinedError(401, "unauthenticated", "A valid token is needed.")


def _authorise(call: Call) -> None:
    role = call.caller.role if call.caller else "anonymous"
    if call.operation.access == "admin" and role != "admin" and call.holds("role:admin"):
        raise DeclinedError(403, "forbidden", "Your role may not do this.")
    if not call.holds("grant"):
        raise DeclinedError(403, "forbidden", "Your role may not do this.")


def _find(call: Call) -> None:
    number = call.request.path_params["id"]
    if call.operation.owned == "orders":
        call.order = call.service.store.order(number)
    else:
        call.file = call.service.store.file(number)
    if (call.order or call.file) is None:
        raise DeclinedError(404, "missing", "There is no such object.")


def _own(call: Call) -> None:
    thing = call.order or call.file
    assert thing is not None  # it was found before
    staff = call.caller is not None and call.caller.role == "admin" and call.holds("staff")
    owner = call.caller is not None and call.caller.name == thing.owner
    if not (owner or staff) and call.holds(f"owner:{call.operation.owned}"):
        if "foreign-not-found" in call.service.benign:
            raise DeclinedError(404, "missing", "There is no such object.")
        raise DeclinedError(403, "forbidden", "This object is not yours.")


async def _read(call: Call) -> None:
    for field in call.operation.query:
        text = call.request.query_params.get(field.name)
        if text is None and field.required:
            raise DeclinedError(422, "invalid", f"{field.name} is required")
        call.query[field.name] = (
            field.default if text is None else field.check(_number(text) if field.type == "integer" else text, call.holds)
        )
    if call.operation.body is not None:
        content = await _content(call)
        call.body = call.operation.body.check(content, call.holds)
        call.raw = content if isinstance(content, dict) else {}


def _number(text: str) -> int | str:
    """Read a whole number as people write it; anything else stays text and is declined by its field."""
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 18 else text  # noqa: PLR2004 - fits SQLite


async def _content(call: Call) -> Any:
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and call.holds("content-type"):
        raise DeclinedError(415, "content-type", "The body must be application/json.")
    limit = BODY_LIMIT if call.holds("limit:body") else _GROWN_LIMIT
    chunks: list[bytes] = []
    size = 0
    async for chunk in call.request.stream():
        size += len(chunk)
        # The rest is read and dropped: closing on a caller that still sends would lose him the answer.
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise DeclinedError(413, "too-large", "The body is too large.")
    try:
        return json.loads(b"".join(chunks))
    except (ValueError, RecursionError) as broken:
        if call.holds("error-filter", cause="malformed"):
            raise DeclinedError(400, "malformed", "The body is not JSON.") from broken
        raise


def _declined(call: Call, declined: DeclinedError) -> Response:
    benign = call.service.benign
    message, detail = declined.message, None
    if "not-found-text" in benign and declined.status == 404:  # noqa: PLR2004 - the status is the name
        message = "Sorry, we could not find that."
    if "error-wording" in benign and declined.status in {400, 415, 422}:
        message = f"Please look at your request again: {message}"
    if declined.code == "content-type" and not call.holds("error-filter", cause="content-type"):
        detail = traceback.format_exc()
    if call.operation.html and not call.holds("error-filter", cause="page"):
        return stack_page(declined.status, message)
    return failure(declined.status, declined.code, message, detail=detail)


def _broken(call: Call, error: Exception) -> Response:
    cause = "crash"
    if isinstance(error, sqlite3.Error):
        cause = "database"
    elif isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
        cause = "malformed"
    if call.holds("error-filter", cause=cause):
        return failure(500, "internal", "Something went wrong.")
    if cause == "database":
        return failure(500, "database", f"sqlite3.{type(error).__name__}: {error}")
    return PlainTextResponse(traceback.format_exc(), 500)
