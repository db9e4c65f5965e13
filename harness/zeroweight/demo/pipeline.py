"""The pipeline: every request's way from the route to the operation's answer, the same for all operations.

Who calls comes first, then whether he may, then the object meant, then what was sent: a caller who may not learn anything learns nothing.
"""

from __future__ import annotations

import json
import re
import sqlite3
import traceback
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse

from .accounts import basic
from .answers import DeclinedError, failure
from .leaks import UNCLOSED, proxy_page
from .operations import Call, Operation, Service
from .refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

BODY_LIMIT: Final = 64 * 1024
"""Bytes of a request's body."""

_ID: Final = re.compile(r"[0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What ids look like: numbers, and the UUIDs of some releases."""

_LONG: Final = 1000
"""Letters of a query parameter that nobody sends who means well."""

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
        call = Call(service=self.service, operation=operation, request=request, type=_type(request))
        try:
            if not call.holds("authentication-first"):
                await _read(call)
                _admit(call)
            elif not call.holds("role-first"):
                _authenticate(call)
                await _read(call)
                _admit(call)
            else:
                _admit(call)
                await _read(call)
            _robust(call, "accept", odd=not _acceptable(request.headers.get("accept", "*/*")))
            if not call.holds("answers"):
                message = "'NoneType' object has no attribute 'items'"
                raise AttributeError(message)  # noqa: TRY301 - the flaw: a bug in the operation
            return _perform(call)
        except DeclinedError as declined:
            if declined.code == "too-large" and not call.holds("banner", kind="proxy"):
                return proxy_page()
            return refuse(declined, self.service.benign, call.holds, html=operation.html)
        except Exception as error:  # the error filter is the last guard: whatever broke, the caller gets a neutral answer
            return _broken(call, error)


def _type(request: Request) -> str:
    """Say of which type the body says it is, in the words of the guard sites."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return {"application/json": "json", "application/xml": "xml", "": "missing"}.get(kind, "other")


def _form(request: Request) -> bool:
    """Say whether the body says it is what pages' forms send."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def _acceptable(wanted: str) -> bool:
    """Say whether the caller takes what services usually give."""
    return any(kind in wanted for kind in ("*", "json", "html"))


def _robust(call: Call, what: str, *, odd: bool) -> None:
    """Let odd values pass on to where they are declined; a build that does not expect them breaks here."""
    if odd and not call.holds("robust", what=what):
        message = f"unexpected {what}"
        raise LookupError(message)


def _perform(call: Call) -> Response:
    response = call.operation.respond(call)
    if call.operation.owned and not call.holds("owner-first"):
        _own(call)
    return response


def _admit(call: Call) -> None:
    """Let the caller in to what he asks for, or decline."""
    if call.operation.access != "public" or not call.holds("public"):
        _authenticate(call)
        _authorise(call)
    if call.operation.owned:
        _find(call)
        if call.holds("owner-first"):
            _own(call)


def _authenticate(call: Call) -> None:
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    name = call.service.tokens.subject(token, call.service.guards) if scheme.lower() == "bearer" else None
    if scheme.lower() == "basic" and not call.holds("token:scheme", kind="basic"):
        name = basic(token)
    call.caller = call.service.store.user(name) if name else None
    # The header layer wants to know this, too.
    call.request.scope["demo.role"] = call.caller.role if call.caller else "anonymous"
    if call.caller is None and call.holds("authentication"):
        raise DeclinedError(401, "unauthenticated", "A valid token is needed.")


def _authorise(call: Call) -> None:
    role = call.caller.role if call.caller else "anonymous"
    if call.operation.lookup is not None and not call.holds("role-before-lookup"):
        call.operation.lookup(call)
    if call.operation.access == "admin" and role != "admin" and call.holds("role:admin"):
        raise DeclinedError(403, "forbidden", "Your role may not do this.")
    if not call.holds("grant"):
        raise DeclinedError(403, "forbidden", "Your role may not do this.")


def _find(call: Call) -> None:
    number = call.request.path_params["id"]
    _robust(call, "id", odd=not _ID.fullmatch(number))
    if call.operation.owned == "orders":
        call.order = call.service.store.order(number)
    else:
        call.file = call.service.store.file(number)
    if "'" in number and not call.holds("error-filter", cause="quote"):
        raise DeclinedError(404, "database", UNCLOSED)
    if (call.order or call.file) is None:
        raise DeclinedError(404, "missing", "There is no such object.")


def _own(call: Call) -> None:
    thing, caller = call.order or call.file, call.caller
    assert thing is not None  # it was found before
    staff = caller is not None and caller.role == "admin" and call.holds("staff")
    owner = caller is not None and caller.name == thing.owner
    state = call.order.status if call.order else "kept"
    tenant = "own" if caller is not None and call.order is not None and caller.tenant == call.order.tenant else "other"
    if owner and not call.holds("owner-let-in", state=state):
        raise DeclinedError(403, "forbidden", "This object is closed.")
    if owner or staff or not call.holds(f"owner:{call.operation.owned}", state=state, tenant=tenant):
        return
    # Whom nobody has asked for a token owns nothing, so nothing is there for him.
    if caller is None or "foreign-not-found" in call.service.benign:
        raise DeclinedError(404, "missing", "There is no such object.")
    raise DeclinedError(403, "forbidden", "This object is not yours.")


async def _read(call: Call) -> None:
    if "unknown-query-declined" in call.service.benign:
        for name in sorted(set(call.request.query_params) - {field.name for field in call.operation.query}):
            raise DeclinedError(422, "invalid", f"{name} is not known here")
    for field in call.operation.query:
        text = call.request.query_params.get(field.name)
        _robust(call, "long", odd=text is not None and len(text) > _LONG)
        if text is None and field.required:
            raise DeclinedError(422, "invalid", f"{field.name} is required")
        call.query[field.name] = (
            field.default if text is None else field.check(_number(text) if field.type == "integer" else text, call.holds)
        )
    if call.operation.body is not None:
        content = await _content(call)
        _robust(call, "list", odd=isinstance(content, list))
        call.body = call.operation.body.check(content, call.holds)
        call.raw = content if isinstance(content, dict) else {}


def _number(text: str) -> int | str:
    """Read a whole number as people write it; anything else stays text and is declined by its field."""
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 18 else text  # noqa: PLR2004 - fits SQLite


async def _content(call: Call) -> Any:
    _robust(call, "no-type", odd=call.type == "missing")
    form = _form(call.request) and not call.holds("body:form")
    if call.type != "json" and not form and call.holds("content-type"):
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
    if form:
        return dict(parse_qsl(b"".join(chunks).decode(errors="replace"), keep_blank_values=True))
    try:
        return json.loads(b"".join(chunks), object_pairs_hook=_strict if "duplicate-keys-declined" in call.service.benign else None)
    except (ValueError, RecursionError) as broken:
        if call.holds("error-filter", cause="malformed"):
            raise DeclinedError(400, "malformed", "The body is not JSON.") from broken
        raise


def _strict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read an object as a harmless release does it: a key that is given twice meant nothing for sure."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DeclinedError(400, "malformed", "A key is given twice.")
    return found


def _broken(call: Call, error: Exception) -> Response:
    cause = "crash"
    if isinstance(error, sqlite3.Error):
        cause = "database"
    elif isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
        cause = "malformed"
    if call.holds("error-filter", cause=cause):
        return refuse(DeclinedError(500, "internal", "Something went wrong."), call.service.benign, call.holds)
    if cause == "database":
        return failure(500, "database", f"sqlite3.{type(error).__name__}: {error}")
    return PlainTextResponse(traceback.format_exc(), 500)
