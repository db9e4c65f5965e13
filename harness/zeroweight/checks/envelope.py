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

_OF_THE_SERVICE = frozenset(
    {
        *("node", "nodename", "nodeid", "server", "servername", "serverid", "host", "hostname", "instance", "instanceid", "instancename"),
        *("pod", "podname", "worker", "workerid", "replica", "backend", "cluster", "region", "zone", "datacenter", "servedby", "handledby"),
        *("took", "tookms", "elapsed", "elapsedms", "elapsedtime", "duration", "durationms", "durationseconds", "latency", "latencyms"),
        *("build", "buildid", "revision", "commit", "release", "apiversion", "environment", "meta", "metadata"),
    }
)
"""Fields (without `_` and `-`) in which a service speaks of itself: which node, how long it took, which build."""
_LARGEST_REMARK = 6
"""Members of an object that still reads as a remark."""
_LONGEST_REMARK = 120
"""Characters of a text that still reads as a remark: longer ones may be whole objects or pages."""

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
    """Whether `new` still tells the very failure that `old` does, with nothing beside it but remarks of the service about itself.

    A node's name next to `"ok": false` lets nobody in. Everything else there was handed out, and so is a remark about what was asked for
    (`asked`: the request's target).
    """
    if status_inside(old) is None or not isinstance(new, Mapping):
        return False
    told = {str(name).lower(): value for name, value in old.items() if str(name).lower() not in _BESIDE}
    now = {str(name).lower(): value for name, value in new.items()}
    more = {name: value for name, value in now.items() if name not in told and name not in _VOCABULARY}
    if not all(value in (None, "", [], {}) or _is_remark(name, value, asked.lower()) for name, value in more.items()):
        return False
    return all(name in now and _alike(value, now[name]) for name, value in told.items())


def _is_remark(name: str, value: Any, asked: str) -> bool:
    """Whether something beside a failure is a remark: a few short values in a field that speaks of the service, none of them asked for."""
    if name.replace("_", "").replace("-", "") not in _OF_THE_SERVICE or name in asked:
        return False
    held = list(value.values()) if isinstance(value, Mapping) else [value]
    return len(held) <= _LARGEST_REMARK and not any(
        isinstance(each, Mapping | list) or (isinstance(each, str) and (len(each) > _LONGEST_REMARK or (each and each.lower() in asked)))
        for each in held
    )


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
