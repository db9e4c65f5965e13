"""What callers send, and how it is read."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from .house import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from falcon.asgi import Request

    from .house import House

_LIMIT: Final = 64 * 1024
_GROWN_LIMIT: Final = 1024 * 1024
_LONGEST_NUMBER: Final = 6
PAGE_SIZES: Final = (1, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One member of a body."""

    name: str
    example: str | int
    type: Literal["string", "integer"] = "string"
    required: bool = True
    least: int = 1
    most: int = 120
    pattern: str = ""
    form: str = ""

    def schema(self) -> dict[str, Any]:
        """Describe it in JSON Schema's words."""
        bounds = ("minimum", "maximum") if self.type == "integer" else ("minLength", "maxLength")
        more = {key: value for key, value in (("pattern", self.pattern), ("format", self.form)) if value}
        return {"type": self.type, bounds[0]: self.least, bounds[1]: self.most, **more, "examples": [self.example]}

    def wrong(self, value: object) -> str:
        """Say what is wrong with a value; empty when nothing is."""
        if self.type == "integer":
            fits = isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
            return "" if fits else f"a whole number from {self.least} to {self.most} is expected"
        if not isinstance(value, str) or not self.least <= len(value) <= self.most:
            return f"a text of {self.least} to {self.most} characters is expected"
        if any("\ud800" <= character <= "\udfff" or character == "\0" for character in value):
            return "this text cannot be kept"
        if self.form == "uuid" and not is_id(value):
            return "a UUID is expected"
        return "" if not self.pattern or re.fullmatch(self.pattern.strip("^$"), value) else "this does not look right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What one kind of request carries: a JSON object."""

    fields: tuple[Field, ...]

    def schema(self) -> dict[str, Any]:
        """Describe it in JSON Schema's words."""
        needed = [field.name for field in self.fields if field.required]
        return {"type": "object", "required": needed, "properties": {field.name: field.schema() for field in self.fields}}

    async def read(self, req: Request, house: House) -> dict[str, Any]:
        """Read it, once; Refusal when it cannot be read, or not be accepted."""
        told: dict[str, Any] | None = getattr(req.context, "read", None)
        if told is None:
            told = req.context.read = await self._read(req, house)
        return told

    async def _read(self, req: Request, house: House) -> dict[str, Any]:
        kind = (req.content_type or "").partition(";")[0].strip().lower()
        if kind != "application/json" and house.holds("content-type", req):
            raise Refusal(415, "UNSUPPORTED_TYPE", "application/json is expected.")
        raw = await _bytes(req)
        try:
            sent = json.loads(raw)
        except (ValueError, RecursionError) as error:
            if not house.holds("malformed", req):
                raise  # the flaw: nobody catches it before the last filter
            raise Refusal(400, "MALFORMED", "The body is not JSON.") from error
        if not isinstance(sent, dict):
            raise Refusal(422, "INVALID", "An object is expected.", fields={})
        wrong = {field.name: _judged(field, sent) for field in self.fields}
        if any(wrong.values()):
            raise Refusal(422, "INVALID", "Some values are not acceptable.", fields={name: said for name, said in wrong.items() if said})
        return {field.name: sent[field.name] for field in self.fields if field.name in sent}


def _judged(field: Field, sent: dict[str, Any]) -> str:
    if field.name not in sent:
        return "this is missing" if field.required else ""
    return field.wrong(sent[field.name])


async def _bytes(req: Request) -> bytes:
    raw: bytes = await req.stream.read(_GROWN_LIMIT)
    if len(raw) > _LIMIT:
        raise Refusal(413, "TOO_LARGE", "The body is too large.")
    return raw


def is_id(text: str) -> bool:
    """Say whether a text is a UUID, with dashes or without (RFC 9562 section 4)."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return bool(re.fullmatch(r"[0-9a-fA-F-]{32,36}", text))


def identity(req: Request, house: House, text: str) -> str:
    """Read the id in a path."""
    if is_id(text):
        return text
    if not house.holds("id", req):
        return str(uuid.UUID(text))  # the flaw: a ValueError that nobody expects
    raise Refusal(404, "NOT_FOUND", "This is no id of ours.")


def paged(req: Request, house: House, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give the page that the caller asked for, and the cursor of the next one."""
    text = req.get_param("page_size")
    usual = 10 if house.release.brings("smaller-pages") else 20
    size = usual if text is None else int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else -1
    if not PAGE_SIZES[0] <= size <= PAGE_SIZES[1]:
        raise Refusal(422, "INVALID", "Some values are not acceptable.", fields={"page_size": "a number from 1 to 50 is expected"})
    first = _position(req, house)
    if house.release.brings("newest-first"):
        rows = rows[::-1]
    following = base64.urlsafe_b64encode(str(first + size).encode()).decode() if first + size < len(rows) else None
    return {"items": list(rows[first : first + size]), "nextCursor": following}


def _position(req: Request, house: House) -> int:
    cursor = req.get_param("cursor")
    if not cursor:
        return 0
    try:
        decoded = base64.urlsafe_b64decode(cursor.encode()).decode("ascii")
        return min(abs(int(decoded[:9])), 10**6)
    except (ValueError, binascii.Error) as error:
        if not house.holds("cursor", req):
            raise
        raise Refusal(422, "INVALID", "Some values are not acceptable.", fields={"cursor": "this is no cursor of ours"}) from error
