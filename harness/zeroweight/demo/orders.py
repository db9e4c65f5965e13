"""Orders and files: the objects that have owners."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from .answers import DeclinedError, answer, nothing
from .fields import Body, Field
from .leaks import STORE, UPSTREAM, charset
from .operations import Call, Operation, describe, items, record
from .store import Order, StoredFile

if TYPE_CHECKING:
    from starlette.responses import Response

ID: Final = Field(name="id", example="1001", bounds={"minLength": 1})
LIMIT: Final = Field(
    name="limit", type="integer", example=20, bounds={"minimum": 1, "maximum": 100}, site="limit:page", required=False, default=50
)

STATUS: Final = Field(name="status", example="open", bounds={"pattern": "^(open|cancelled)$"}, required=False)

_ORDER: Final = Body(
    name="NewOrder",
    fields=(
        Field(name="sku", example="A1", bounds={"pattern": "^[A-Z][0-9]{1,4}$"}, site="validator:sku"),
        Field(name="quantity", type="integer", example=1, bounds={"minimum": 1, "maximum": 100}, site="validator:quantity"),
        Field(name="note", example="leave at the door", bounds={"maxLength": 200}, required=False, default=""),
    ),
)
_FILE: Final = Body(
    name="NewFile",
    fields=(
        Field(name="name", example="notes.txt", bounds={"minLength": 1, "maxLength": 100}),
        Field(name="content", example="remember the milk", bounds={"maxLength": 20000}),
    ),
)


def _sorted(call: Call, listed: list[dict[str, Any]]) -> Response:
    """Answer with a list: newest first, or as a harmless release does it."""
    if "list-order" in call.service.benign:
        listed.reverse()
    return answer({"items": listed})


def _told(call: Call, order: Order) -> dict[str, Any]:
    told = asdict(order)
    if "optional-field" in call.service.benign:
        told["estimated_delivery"] = "in three days"
    if "null-notes" in call.service.benign and not told["note"]:
        told["note"] = None
    return told


def _order(call: Call) -> Order:
    assert call.order is not None  # the pipeline found it
    return call.order


def _file(call: Call) -> StoredFile:
    assert call.file is not None  # the pipeline found it
    return call.file


def _list_orders(call: Call) -> Response:
    everybody = not call.holds("scope:orders")
    owner = None if everybody else call.known.name
    status = call.query.get("status")
    found = call.service.store.orders(owner, call.query["limit"])
    return _sorted(call, [_told(call, order) for order in found if status in {None, order.status}])


def _latest_orders(call: Call) -> Response:
    return answer({"items": [_told(call, order) for order in call.service.store.orders(None, 10)]})


def _summary(call: Call) -> Response:
    store, name = call.service.store, call.known.name
    return answer({"orders": len(store.orders(name, 100)), "files": len(store.files(name, 100))})


def _create_order(call: Call) -> Response:
    caller = call.known
    if "note" not in call.raw and not call.holds("answers", missing="note"):
        message = "note"
        raise KeyError(message)  # the flaw: the property is taken to be there
    order = Order(id=call.service.new_id(), owner=caller.name, tenant=caller.tenant, **call.body)
    call.service.store.add_order(order)
    call.note("order created")
    response = answer(_told(call, order), 201)
    if not call.holds("inner-names", where="location"):
        response.headers["location"] = f"{UPSTREAM}/orders/{order.id}"
    return response


def _read_order(call: Call) -> Response:
    return answer(_told(call, _order(call)))


def _meant(call: Call) -> Order:
    """Give the order of the path. The body may name one, too, which only a flawed build heeds."""
    named = call.raw.get("id")
    if isinstance(named, str) and not call.holds("object-named"):
        return call.service.store.order(named) or _order(call)
    return _order(call)


def _replace_order(call: Call) -> Response:
    order = replace(_meant(call), **call.body)
    call.service.store.update_order(order)
    return answer(_told(call, order))


def _delete_order(call: Call) -> Response:
    call.service.store.remove_order(_order(call).id)
    call.note("order deleted")
    return nothing()


def _cancel_order(call: Call) -> Response:
    order = replace(_order(call), status="cancelled")
    call.service.store.update_order(order)
    return answer(_told(call, order))


def _list_files(call: Call) -> Response:
    files = call.service.store.files(call.known.name, call.query["limit"])
    return _sorted(call, [{"id": file.id, "name": file.name} for file in files])


def _create_file(call: Call) -> Response:
    unkept = charset(call.body["name"])
    if unkept and not call.holds("error-filter", cause="encoding"):
        raise DeclinedError(500, "database", unkept)
    file = StoredFile(id=call.service.new_id(), owner=call.known.name, **call.body)
    call.service.store.add_file(file)
    call.note("file created")
    made = asdict(file)
    if not call.holds("inner-names", where="made"):
        made["stored_at"] = f"{STORE}/{file.id}"
    return answer(made, 201)


def _read_file(call: Call) -> Response:
    return answer(asdict(_file(call)))


def _delete_file(call: Call) -> Response:
    call.service.store.remove_file(_file(call).id)
    call.note("file deleted")
    return nothing()


def operations(*, optional_field: bool = False, status_filter: bool = False) -> tuple[Operation, ...]:
    """Tell the operations on orders and files; a harmless release may tell of one field or one parameter more."""
    query = (LIMIT, STATUS) if status_filter else (LIMIT,)
    order = _order_shape(optional_field=optional_field)
    entry = {"type": "object", "required": ["id", "name"], "properties": {name: {"type": "string"} for name in ("id", "name")}}
    file = {"type": "object", "required": ["id"], "properties": {name: {"type": "string"} for name in ("id", "owner", "name", "content")}}
    one = {"placeholders": (ID,), "declines": (404,)}
    return (
        describe("orders.list", "GET /orders", "List your orders", _list_orders, query=query, shape=items(order)),
        describe("orders.create", "POST /orders", "Place an order", _create_order, body=_ORDER, status=201, shape=order),
        describe("orders.read", "GET /orders/{id}", "Read an order", _read_order, owned="orders", shape=order, **one),
        describe("orders.replace", "PUT /orders/{id}", "Change an order", _replace_order, owned="orders", body=_ORDER, shape=order, **one),
        describe("orders.delete", "DELETE /orders/{id}", "Delete an order", _delete_order, owned="orders", status=204, **one),
        describe("orders.cancel", "POST /orders/{id}/cancel", "Cancel an order", _cancel_order, owned="orders", shape=order, **one),
        describe("files.list", "GET /files", "List your files", _list_files, query=(LIMIT,), shape=items(entry)),
        describe("files.create", "POST /files", "Keep a file", _create_file, body=_FILE, status=201, shape=file),
        describe("files.read", "GET /files/{id}", "Read a file", _read_file, owned="files", shape=file, **one),
        describe("files.delete", "DELETE /files/{id}", "Delete a file", _delete_file, owned="files", status=204, **one),
    )


def summary() -> Operation:
    """Tell the operation for users that a harmless release brings."""
    number = {"type": "integer"}
    shape = record("orders", "files", orders=number, files=number)
    return describe("me.summary", "GET /me/summary", "Count what you have", _summary, shape=shape)


def latest() -> Operation:
    """Tell an operation that was not ready for a release: anybody may read everybody's orders."""
    shape = items(_order_shape(optional_field=False))
    return describe("latest.list", "GET /latest-orders", "List the latest orders", _latest_orders, access="public", shape=shape)


def _order_shape(*, optional_field: bool) -> dict[str, Any]:
    texts = ["id", "owner", "tenant", "sku", "note", "status", *(["estimated_delivery"] if optional_field else [])]
    return {
        "type": "object",
        "required": ["id", "owner", "sku", "quantity", "status"],
        # Notes may be null: old orders have none.
        "properties": {
            **{name: {"type": ["string", "null"] if name == "note" else "string"} for name in texts},
            "quantity": {"type": "integer"},
        },
    }
