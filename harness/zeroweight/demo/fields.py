"""Fields: what bodies and query parameters are made of, how they are checked, and how the schema tells of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .answers import DeclinedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPES: dict[str, type] = {"integer": int, "string": str, "boolean": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One named value: its JSON Schema (type and bounds), an example, and the guard site that keeps the bounds."""

    name: str
    example: Any
    site: str = "validator:text"
    type: Literal["integer", "string"] = "string"
    bounds: Mapping[str, Any] = field(default_factory=dict)
    required: bool = True
    default: Any = None

    def schema(self) -> dict[str, Any]:
        """Give the value's JSON Schema."""
        return {"type": self.type, **self.bounds}

    def check(self, value: object, holds: Callable[..., bool]) -> Any:
        """Give the value if it is good, else decline with 422. The type is no guard: what comes after could not work without it."""
        if self.type == "integer" and isinstance(value, str) and _numeric(value) and not holds("validator:type"):
            value = int(value)
        reason = self._reason(value, holds)
        if reason is not None:
            raise DeclinedError(422, "invalid", f"{self.name} {reason}")
        return value

    def _reason(self, value: object, holds: Callable[..., bool]) -> str | None:
        """Say what is wrong with the value; None when nothing is."""
        if type(value) is not _TYPES[self.type]:
            return f"must be of type {self.type}"
        if isinstance(value, str) and not _encodable(value):
            return "must be valid Unicode without NUL"
        for bound, limit in self.bounds.items():
            if not _within(value, bound, limit) and holds(self.site, bound=bound):
                return f"must keep {bound} {limit}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A JSON object that an operation reads; properties it does not know are ignored."""

    name: str
    fields: tuple[Field, ...]

    def schema(self) -> dict[str, Any]:
        """Give the object's JSON Schema."""
        return {
            "type": "object",
            "required": [each.name for each in self.fields if each.required],
            "properties": {each.name: each.schema() for each in self.fields},
            "example": self.example(),
        }

    def example(self) -> dict[str, Any]:
        """Give a body that is accepted."""
        return {each.name: each.example for each in self.fields}

    def check(self, content: object, holds: Callable[..., bool]) -> dict[str, Any]:
        """Give the known fields of a good body, defaults filled in, else decline with 422."""
        if not isinstance(content, dict):
            raise DeclinedError(422, "invalid", "the body must be a JSON object")
        values: dict[str, Any] = {}
        for each in self.fields:
            if each.name in content:
                values[each.name] = each.check(content[each.name], holds)
            elif each.required:
                raise DeclinedError(422, "invalid", f"{each.name} is required")
            else:
                values[each.name] = each.default
        return values


def _encodable(text: str) -> bool:
    """Say whether SQLite can keep the text as it is: JSON may spell lone surrogates and NUL."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _numeric(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18  # noqa: PLR2004 - fits SQLite


def _within(value: Any, bound: str, limit: Any) -> bool:
    match bound:
        case "minimum":
            return bool(value >= limit)
        case "maximum":
            return bool(value <= limit)
        case "minLength":
            return bool(len(value) >= limit)
        case "maxLength":
            return bool(len(value) <= limit)
        case "pattern":
            # JSON Schema's `$` is the very end; Python's would let a newline through.
            return re.search(limit.replace("$", r"\Z"), value) is not None
        case _:
            message = f"no bound is named {bound!r}"
            raise ValueError(message)
