"""Where a weakness is."""

from __future__ import annotations

from dataclasses import dataclass

ANYWHERE = "*"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Method, path template, role, and parameter with its position (`query:q`, `body:/items/0/sku`); `*` for a whole target."""

    method: str = ANYWHERE
    path: str = ANYWHERE
    role: str = ANYWHERE
    parameter: str = ""

    @property
    def operation(self) -> str:
        """`METHOD /template`."""
        return self.method if self.path == ANYWHERE else f"{self.method} {self.path}"

    def __str__(self) -> str:
        """Say the place as a person would: `GET /orders/{id} as bob, query:q`."""
        who = "" if self.role == ANYWHERE else f" as {self.role}"
        return f"{self.operation}{who}{', ' + self.parameter if self.parameter else ''}"
