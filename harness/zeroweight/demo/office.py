"""The office: what only admins may do, and the debug endpoint that nobody should reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .accounts import BUILT_IN, Account, variable
from .answers import DeclinedError, answer, nothing
from .fields import Body, Field
from .operations import Call, Operation, describe, items, record

if TYPE_CHECKING:
    from starlette.responses import Response

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
    return answer({"items": [{"name": user.name, "role": user.role, "tenant": user.tenant} for user in call.service.store.users()]})


def _create_user(call: Call) -> Response:
    name = call.body["name"]
    account = Account(name=name, role="customer", tenant=call.body["tenant"], display_name=name, email=f"{name}@shop.example")
    if not call.service.store.add_user(account, call.body["password"]):
        hidden = call.holds("error-filter", cause="taken")
        raise DeclinedError(409, "taken", "This name is taken." if hidden else _constraint(name))
    call.note("user created")
    return answer({"name": name, "role": account.role, "tenant": account.tenant}, 201)


def _constraint(name: str) -> str:
    """Say it in the database's words, which are not for callers."""
    return f'duplicate key value violates unique constraint "users_pkey"\nDETAIL:  Key (name)=({name}) already exists.'


def _lookup(call: Call) -> Response:
    account = call.service.store.user(call.request.path_params["name"])
    if account is None:
        raise DeclinedError(404, "missing", "There is no such user.")
    return answer(account.profile())


def _delete_user(call: Call) -> Response:
    name = call.request.path_params["name"]
    if any(account.name == name for account in BUILT_IN):
        raise DeclinedError(409, "built-in", "This user cannot be deleted.")
    if not call.service.store.remove_user(name):
        raise DeclinedError(404, "missing", "There is no such user.")
    call.note("user deleted")
    return nothing()


def _audit(call: Call) -> Response:
    lines = list(call.service.store.audit)
    return answer({"items": lines if "list-order" in call.service.benign else lines[::-1]})


def _announce(call: Call) -> Response:
    call.service.store.announce(call.body["title"], call.body["text"])
    call.note("announcement published")
    return answer(call.body, 201)


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
        ),
        describe("admin.audit", "GET /admin/audit", "Read the audit", _audit, access="admin", shape=items(record("who", "what"))),
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


def debug() -> Operation:
    """Tell the operation that a careless release leaves mounted."""
    return describe("debug.config", "GET /debug/config", "Show the settings", _settings, access="public", documented=False)
