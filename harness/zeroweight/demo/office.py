"""The office: what only admins may do, and the debug endpoint that nobody should reach."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from .accounts import BUILT_IN, Account, variable
from .answers import DeclinedError, answer, nothing
from .fields import Body, Field
from .leaks import constraint
from .operations import Call, Operation, describe, items, record

if TYPE_CHECKING:
    from datetime import datetime

_PRECISE: Final = "time-format"
"""The harmless change that tells times to the millisecond."""
_NAME: Final = Field(name="name", example="carol", bounds={"pattern": "^[a-z][a-z0-9-]{2,39}$"})
_USER: Final = Body(
    name="NewUser",
    fields=(
        _NAME,
        Field(name="password", example="a long password", bounds={"minLength": 8, "maxLength": 200}),
        Field(name="tenant", example="acme", bounds={"pattern": "^(acme|globex)$"}),
    ),
)
_ANNOUNCEMENT: Final = Body(
    name="NewAnnouncement",
    fields=(
        Field(name="title", example="Sale", bounds={"minLength": 1, "maxLength": 100}),
        Field(name="text", example="All anvils at half price.", bounds={"maxLength": 1000}),
    ),
)


def _users(call: Call) -> Response:
    store = call.service.store
    listed = [{"name": user.name, "role": user.role, "tenant": user.tenant} for user in store.users()]
    if not call.holds("fields:shown"):
        listed = [{**user, "password": store.kept(user["name"])} for user in listed]
    return answer({"items": listed})


def _create_user(call: Call) -> Response:
    name = call.body["name"]
    account = Account(name=name, role="customer", tenant=call.body["tenant"], display_name=name, email=f"{name}@shop.example")
    if not call.service.store.add_user(account, call.body["password"]):
        hidden = call.holds("error-filter", cause="taken")
        raise DeclinedError(409, "taken", "This name is taken." if hidden else constraint(name))
    call.note("user created")
    return answer({"name": name, "role": account.role, "tenant": account.tenant}, 201)


def _lookup(call: Call) -> Response:
    account = call.service.store.user(call.request.path_params["name"])
    if account is None:
        raise DeclinedError(404, "missing", "There is no such user.")
    return answer(account.profile())


def _deletable(call: Call) -> None:
    name = call.request.path_params["name"]
    if any(account.name == name for account in BUILT_IN):
        raise DeclinedError(409, "built-in", "This user cannot be deleted.")
    if call.service.store.user(name) is None:
        raise DeclinedError(404, "missing", "There is no such user.")


def _delete_user(call: Call) -> Response:
    _deletable(call)
    call.service.store.remove_user(call.request.path_params["name"])
    call.note("user deleted")
    return nothing()


def _audit(call: Call) -> Response:
    benign = call.service.benign
    precise = _PRECISE in benign
    lines = [{"who": who, "what": what, "at": _time(at, precise=precise)} for who, what, at in call.service.store.audit]
    return answer({"items": lines if "list-order" in benign else lines[::-1]})


def _audit_csv(call: Call) -> Response:
    lines = [f"{who},{what},{_time(at, precise=_PRECISE in call.service.benign)}" for who, what, at in call.service.store.audit]
    return Response("".join(f"{line}\r\n" for line in ["who,what,at", *lines]), media_type="text/csv")


@lru_cache(maxsize=1024)
def _time(at: datetime, *, precise: bool) -> str:
    """Tell a time (RFC 3339); whoever reads the audit reads the same lines again."""
    return at.isoformat(timespec="milliseconds") if precise else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _announce(call: Call) -> Response:
    call.service.store.announce(call.body["title"], call.body["text"])
    call.note("announcement published")
    return answer(call.body, 201)


def _statistics(call: Call) -> Response:
    store = call.service.store
    return answer({"users": len(store.users()), "actions": len(store.audit)})


def _settings(call: Call) -> Response:
    return answer({"build": call.service.build, "debug": True, "environment": [variable(account.name) for account in BUILT_IN]})


def operations() -> tuple[Operation, ...]:
    """Tell the operations of admins."""
    user = record("name", "role", "tenant")
    announcement = record("title", "text")
    return (
        describe("admin.users.list", "GET /admin/users", "List all users", _users, access="admin", shape=items(user)),
        describe(
            "admin.users.create",
            "POST /admin/users",
            "Add a customer",
            _create_user,
            access="admin",
            body=_USER,
            status=201,
            shape=user,
            declines=(409,),
        ),
        describe(
            "admin.users.delete",
            "DELETE /admin/users/{name}",
            "Delete a user",
            _delete_user,
            access="admin",
            status=204,
            placeholders=(_NAME,),
            declines=(404, 409),
            lookup=_deletable,
        ),
        describe("admin.audit", "GET /admin/audit", "Read the audit", _audit, access="admin", shape=items(record("who", "what", "at"))),
        describe(
            "admin.announcements.create",
            "POST /admin/announcements",
            "Publish an announcement",
            _announce,
            access="admin",
            body=_ANNOUNCEMENT,
            status=201,
            shape=announcement,
        ),
    )


def lookup() -> Operation:
    """Tell the operation that was not ready for a release."""
    return describe(
        "admin.users.read",
        "GET /admin/users/{name}",
        "Read a user's profile",
        _lookup,
        placeholders=(_NAME,),
        shape=record("name", "role", "tenant", "display_name", "email"),
        declines=(404,),
    )


def stats() -> Operation:
    """Tell another operation that was not ready for a release."""
    shape = record("users", "actions", users={"type": "integer"}, actions={"type": "integer"})
    return describe("admin.stats", "GET /admin/stats", "Count users and actions", _statistics, access="admin", shape=shape)


def audit_csv() -> Operation:
    """Tell an operation that was not ready for a release: the audit for spreadsheets, to whoever has a token."""
    return describe("admin.audit.csv", "GET /admin/audit.csv", "Export the audit", _audit_csv, documented=False)


def debug() -> Operation:
    """Tell the operation that a careless release leaves mounted."""
    return describe("debug.config", "GET /debug/config", "Show the settings", _settings, access="public", documented=False)
