"""Flaws of acceptance: what is taken that should be declined, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .flaw import Flaw, when
from .guards import Hole

if TYPE_CHECKING:
    from collections.abc import Iterable


def validation() -> Iterable[Flaw]:
    """Yield the flaws of what is accepted."""
    yield Flaw(
        name="quantity-unbounded",
        site="validator:quantity",
        family="validation",
        operations=("POST /orders", "PUT /orders/{id}"),
        title="any integer is a quantity",
    )
    yield Flaw(
        name="quantity-negative-on-replace",
        site="validator:quantity",
        family="validation",
        when=when(operation="orders.replace", bound="minimum"),
        narrow=True,
        operations=("PUT /orders/{id}",),
        title="a quantity may be zero or negative when an order is replaced",
    )
    yield Flaw(
        name="sku-unchecked",
        site="validator:sku",
        family="validation",
        operations=("POST /orders", "PUT /orders/{id}"),
        title="any text is a SKU",
    )
    yield Flaw(
        name="text-lengths-unchecked-on-profile",
        site="validator:text",
        family="validation",
        when=when(operation="me.replace"),
        narrow=True,
        operations=("PUT /me",),
        title="profile texts have no bounds",
    )
    yield Flaw(
        name="content-type-unchecked",
        site="content-type",
        family="validation",
        when=when(operation="orders.create"),
        narrow=True,
        operations=("POST /orders",),
        title="an order is read from a body of any content type",
    )
    yield Flaw(
        name="body-unlimited-on-files",
        site="limit:body",
        family="validation",
        when=when(operation="files.create"),
        narrow=True,
        operations=("POST /files",),
        also=(Hole(site="validator:text", when=when(operation="files.create", bound="maxLength")),),
        title="a file may be of any size",
    )
    yield Flaw(
        name="page-unlimited",
        site="limit:page",
        family="validation",
        operations=("GET /orders", "GET /files"),
        title="a page may be of any size",
    )


def rest() -> Iterable[Flaw]:
    """Yield the flaws of availability and of the schema."""
    yield Flaw(
        name="files-list-broken",
        site="answers",
        family="availability",
        when=when(operation="files.list"),
        narrow=True,
        operations=("GET /files",),
        title="the list of files answers 500 to valid requests",
    )
    yield Flaw(
        name="schema-security-lost",
        site="schema:security",
        family="schema",
        when=when(operation="files.read"),
        narrow=True,
        operations=("GET /files/{id}",),
        title="the schema no longer says that reading a file needs a token (the service still asks for it)",
    )
