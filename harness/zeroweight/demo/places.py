"""Places: where operations are, by their ids, so that flaws name them as callers do."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from . import office, orders, pages, people

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        operation.id: f"{operation.method} {operation.path}"
        for operation in (
            *people.operations(),
            *orders.operations(),
            *office.operations(),
            *pages.operations(),
            *(office.debug(), office.lookup(), office.stats(), office.audit_csv(), people.feedback(), orders.latest()),
        )
    }
)


def at(*names: str) -> tuple[str, ...]:
    """Give the places ("METHOD /template") of operations; an unknown id raises KeyError."""
    return tuple(_PLACES[name] for each in names for name in each.split())
