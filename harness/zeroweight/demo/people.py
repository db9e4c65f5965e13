"""People: login, the profile, the tenant's report, the search, and what anyone may see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .accounts import LIFETIME, TENANTS
from .answers import DeclinedError, answer
from .fields import Body, Field
from .leaks import SYNTAX
from .operations import Call, Operation, describe, items, record

if TYPE_CHECKING:
    from starlette.responses import Response

_LOGIN: Final = Body(
    name="Login",
    fields=(
        Field(name="user", example="alice", bounds={"minLength": 1, "maxLength": 100}),
        Field(name="password", example="a password", bounds={"minLength": 1, "maxLength": 200}),
    ),
)
_PROFILE: Final = Body(
    name="NewProfile",
    fields=(
        Field(name="display_name", example="Alice", bounds={"minLength": 1, "maxLength": 80}),
        Field(name="email", example="alice@acme.example", bounds={"minLength": 3, "maxLength": 120}),
    ),
)
_CREDIT_LIMIT: Final = 1_000_000_000  # what fits any database
_TERM: Final = Field(name="q", example="anvil", bounds={"minLength": 1, "maxLength": 100})
_TENANT: Final = Field(name="tenant", example="acme", bounds={"minLength": 1})
_PROFILE_SHAPE: Final = record("name", "role", "tenant", "display_name", "email", "credit_limit", credit_limit={"type": "integer"})


_FEEDBACK: Final = Body(name="Feedback", fields=(Field(name="text", example="Well done.", bounds={"minLength": 1, "maxLength": 500}),))
_ATTACHMENT: Final = "data:image/svg+xml," + "M0 0L9 9" * 160_000
"""A picture that stands in the answer itself, 1.2 MiB of it."""


def _health(_call: Call) -> Response:
    return answer({"status": "ok"})


def _version(call: Call) -> Response:
    version = {"build": call.service.build}
    return answer({**version, "api": "v2.3.1"} if "api-versioned" in call.service.benign else version)


def _announcements(call: Call) -> Response:
    listed = call.service.store.announcements()
    if not call.holds("limit:answer"):
        listed = [{**each, "attachment": _ATTACHMENT} for each in listed]
    if "list-order" in call.service.benign:
        listed.reverse()
    return answer({"items": listed})


def _login(call: Call) -> Response:
    name = call.body["user"]
    if not call.service.store.knows(name, call.body["password"]):
        hidden = call.holds("error-filter", cause="login")
        raise DeclinedError(401, "unauthenticated", "User or password are wrong." if hidden else SYNTAX)
    return answer({"token": call.service.tokens.issue(name), "expires_in": LIFETIME})


def _me(call: Call) -> Response:
    return answer(call.known.profile())


def _replace_me(call: Call) -> Response:
    changed = replace(call.known, **call.body)
    role, limit = call.raw.get("role"), call.raw.get("credit_limit")
    if role in ("customer", "admin") and not call.holds("fields:me", field="role"):
        changed = replace(changed, role=role)
    if type(limit) is int and abs(limit) < _CREDIT_LIMIT and not call.holds("fields:me", field="credit_limit"):
        changed = replace(changed, credit_limit=limit)
    call.service.store.update_user(changed)
    return answer(changed.profile())


def _report(call: Call) -> Response:
    tenant = call.request.path_params["tenant"]
    if tenant not in TENANTS:
        raise DeclinedError(404, "missing", "There is no such tenant.")
    if call.known.tenant != tenant and call.holds("tenant:report"):
        raise DeclinedError(403, "forbidden", "This tenant is not yours.")
    return answer({"tenant": tenant, "orders": call.service.store.count_orders(tenant)})


def _search(call: Call) -> Response:
    store = call.service.store
    find = store.search if call.holds("binding:search") else store.search_pasted
    return answer({"items": find(call.query["q"])})


def operations() -> tuple[Operation, ...]:
    """Tell the operations of people."""
    product = record("sku", "name", "price", price={"type": "integer"})
    report = record("tenant", "orders", orders={"type": "integer"})
    token = record("token", "expires_in", expires_in={"type": "integer"})
    open_to_all = {"access": "public"}
    return (
        describe("health", "GET /health", "Say whether the service lives", _health, shape=record("status"), **open_to_all),
        describe("version", "GET /version", "Say which build answers", _version, shape=record("build"), **open_to_all),
        describe(
            "announcements.list",
            "GET /announcements",
            "List announcements",
            _announcements,
            shape=items(record("title", "text")),
            **open_to_all,
        ),
        describe("login", "POST /login", "Get a token", _login, body=_LOGIN, shape=token, declines=(401,), **open_to_all),
        describe("me.read", "GET /me", "Read your profile", _me, shape=_PROFILE_SHAPE),
        describe("me.replace", "PUT /me", "Change your profile", _replace_me, body=_PROFILE, shape=_PROFILE_SHAPE),
        describe(
            "tenants.report",
            "GET /tenants/{tenant}/report",
            "Read your tenant's report",
            _report,
            placeholders=(_TENANT,),
            shape=report,
            declines=(404,),
        ),
        describe("search", "GET /search", "Search the products", _search, query=(_TERM,), shape=items(product)),
    )


def _give_feedback(call: Call) -> Response:
    call.note("feedback given")
    return answer(call.body, 201)


def feedback() -> Operation:
    """Tell an operation that was not ready for a release: anybody may write."""
    return describe(
        "feedback.create",
        "POST /feedback",
        "Give feedback",
        _give_feedback,
        access="public",
        body=_FEEDBACK,
        status=201,
        shape=record("text"),
    )


def live() -> Operation:
    """Tell the operation that a harmless release brings."""
    return describe("health.live", "GET /health/live", "Say whether the process lives", _health, shape=record("status"), access="public")
