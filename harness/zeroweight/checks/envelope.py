"""Answers that say 200 outside and fail inside: `200 {"success": false, "code": 403, "message": "..."}`.

Only an answer that carries nothing else is read so: failure told by a field that exists for it, and no data beside it. An answer that
says `false` and still hands out an object was allowed, whatever it says of itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from zeroweight.checks.mask import masked

_FLAGS = frozenset({"success", "ok", "succeeded", "issuccess"})
_STATES = frozenset({"status", "result", "state"})
_FAILED = frozenset({"error", "fail", "failed", "failure"})
"""JSend's words for the state of an answer, and their neighbours."""
_ERRORS = frozenset({"error", "errors", "exception", "fault"})
_CODES = frozenset({"code", "status", "statuscode", "status_code", "httpstatus", "http_status", "errorcode", "error_code", "errcode"})
_TEXTS = frozenset({"message", "msg", "detail", "reason", "title", "error", "description", "error_description", "type"})

_BESIDE = frozenset(
    {
        *("details", "hint", "help", "documentation_url", "instance", "path", "timestamp", "time", "version", "jsonrpc"),
        *("requestid", "request_id", "traceid", "trace_id", "correlationid", "correlation_id"),
    }
)
_VOCABULARY = _FLAGS | _STATES | _ERRORS | _CODES | _TEXTS | _BESIDE
"""Every field that an answer may have which says nothing but a failure."""

_DATA = frozenset({"data", "result", "results", "item", "items", "payload", "content", "body", "value", "values", "record", "records"})
"""Fields that envelopes keep what was asked for in."""
_LARGEST_NOTE = 6
"""Members of an object that still reads as a remark (which node, how long it took)."""

_WORDS = (
    (401, ("unauthenticated", "unauthorized", "unauthorised", "not authenticated", "not logged in", "login required", "invalid token")),
    (403, ("forbidden", "permission", "access denied", "not allowed", "not authorized", "not authorised", "accessdenied")),
    (404, ("not found", "not_found", "notfound", "does not exist", "no such")),
    (429, ("too many", "rate limit", "rate_limit", "ratelimit", "throttl")),
)
UNSAID = 400
"""A failure that does not say of which kind it is."""
_HTTP_ERRORS = range(400, 600)


def status_inside(body: Any) -> int | None:
    """Return the HTTP status that an answer tells inside its body (plain JSON); None where the body tells no failure."""
    if not isinstance(body, Mapping) or not body:
        return None
    fields = {str(name).lower(): value for name, value in body.items()}
    if not _failed(fields) or _carries(fields):
        return None
    scopes = [fields, *_scopes(fields)]
    for scope in scopes:
        for name in _CODES & scope.keys():
            if (code := _number(scope[name])) in _HTTP_ERRORS:
                return code
    said = " ".join(str(scope[name]) for scope in scopes for name in sorted((_TEXTS | _CODES) & scope.keys())).lower()
    return next((code for code, words in _WORDS if any(word in said for word in words)), UNSAID)


def fails_alike(old: Any, new: Any, *, asked: str = "") -> bool:
    """Whether `new` still tells the very failure that `old` does, whatever small things a release put beside it.

    A node's name next to `"ok": false` lets nobody in. What may be the thing that was asked for (`asked`: the request's target) counts.
    """
    if status_inside(old) is None or not isinstance(new, Mapping):
        return False
    told = {str(name).lower(): value for name, value in old.items() if str(name).lower() not in _BESIDE}
    now = {str(name).lower(): value for name, value in new.items()}
    more = {name: value for name, value in now.items() if name not in told and name not in _VOCABULARY}
    if any(_may_be_asked_for(name, value, asked.lower()) for name, value in more.items()):
        return False
    return all(name in now and _alike(value, now[name]) for name, value in told.items())


def _may_be_asked_for(name: str, value: Any, asked: str) -> bool:
    """Whether something beside a failure may be what the caller wanted: a list, a grown or nested object, or one that the target names."""
    if not isinstance(value, Mapping | list) or not value:
        return False
    if isinstance(value, list) or len(value) > _LARGEST_NOTE or name in _DATA or name.rstrip("s") in asked:
        return True
    held = list(value.values())
    return any(isinstance(each, Mapping | list) or (isinstance(each, str) and each and each.lower() in asked) for each in held)


def _alike(old: Any, new: Any) -> bool:
    """Whether two told failures are one: values that differ from answer to answer (ids, dates, numbers) aside."""
    return masked(json.dumps(old, sort_keys=True)) == masked(json.dumps(new, sort_keys=True))


def _failed(fields: Mapping[str, Any]) -> bool:
    """Whether a field that exists for it says that the call failed."""
    if any(fields[name] is False for name in _FLAGS & fields.keys()):
        return True
    if any(str(fields[name]).lower() in _FAILED for name in _STATES & fields.keys()):
        return True
    told = any(fields[name] for name in _ERRORS & fields.keys())
    coded = any(_number(fields[name]) in _HTTP_ERRORS for name in _CODES & fields.keys())
    return (coded and (told or bool(_TEXTS & fields.keys()))) or (bool(fields.get("errors")) and fields.get("data", 0) is None)


def _carries(fields: Mapping[str, Any]) -> bool:
    """Whether anything but the failure itself is in the answer: an order whose status is `failed` is still an order."""
    return any(value not in (None, "", [], {}) and name not in _VOCABULARY for name, value in fields.items())


def _scopes(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects inside the error fields, and the `extensions` of GraphQL's errors (GraphQL specification section 7.1.2)."""
    for name in sorted(_ERRORS & fields.keys()):
        value = fields[name]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield {str(key).lower(): each for key, each in item.items()}
                if isinstance(item.get("extensions"), Mapping):
                    yield {str(key).lower(): each for key, each in item["extensions"].items()}


def _number(value: Any) -> int | None:
    """Return a status written as a number or as digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == len("404") else None
