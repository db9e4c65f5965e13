"""What callers send, and how it is read: forms, JSON and query strings."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from flask import request
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from .house import holds, words

_LONGEST_NUMBER: Final = 9
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of a body."""

    name: str
    example: str | int
    kind: Literal["string", "integer"] = "string"
    required: bool = True
    least: int = 0
    most: int = 200
    pattern: str = ""
    default: Any = ""

    def schema(self) -> dict[str, Any]:
        """Describe it in OpenAPI's words."""
        bounds = ("minimum", "maximum") if self.kind == "integer" else ("minLength", "maxLength")
        shaped = {"pattern": self.pattern} if self.pattern else {}
        return {"type": self.kind, bounds[0]: self.least, bounds[1]: self.most, "example": self.example, **shaped}

    def take(self, value: object) -> Any:
        """Return the value as the library keeps it; UnprocessableEntity when it is not acceptable."""
        if self.kind == "integer":
            if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
                raise UnprocessableEntity(words(f"{self.name} must be a whole number from {self.least} to {self.most}"))
            return value
        if not isinstance(value, str) or not self.least <= len(value) <= self.most or not _writable(value):
            raise UnprocessableEntity(words(f"{self.name} must be a text of {self.least} to {self.most} characters"))
        if self.pattern and not re.fullmatch(self.pattern.strip("^$"), value):
            raise UnprocessableEntity(words(f"{self.name} does not look right"))
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What one kind of request carries, and in which content types."""

    fields: tuple[Field, ...]
    forms: bool = False
    """Whether a form will do."""
    json: bool = True
    names: tuple[str, ...] = field(default=())

    def schema(self) -> dict[str, Any]:
        """Describe it in OpenAPI's words."""
        needed = [field.name for field in self.fields if field.required]
        shape = {"type": "object", "required": needed, "properties": {field.name: field.schema() for field in self.fields}}
        kinds = (*(("application/json",) if self.json else ()), *(_FORMS[:1] if self.forms else ()))
        return {"required": True, "content": {kind: {"schema": shape} for kind in kinds}}

    def read(self, operation: str) -> dict[str, Any]:
        """Read the request's body; a 4xx exception when it cannot be read or a value is not acceptable."""
        kind = request.mimetype
        if self.forms and kind in _FORMS:
            sent: object = {name: self._typed(name, value) for name, value in request.form.items()}
        elif self.json and (kind == "application/json" or not holds("content-type", operation=operation)):
            sent = _parsed(operation)
        else:
            raise UnsupportedMediaType(words("this content type is not read here"))
        if not isinstance(sent, dict):
            raise UnprocessableEntity(words("an object is expected"))
        return {field.name: self._value(field, sent, operation) for field in self.fields}

    def _typed(self, name: str, value: str) -> object:
        """Forms know texts only: give a number where one is meant."""
        meant = any(field.name == name and field.kind == "integer" for field in self.fields)
        return whole(value) if meant else value

    def _value(self, field: Field, sent: dict[str, Any], operation: str) -> Any:
        if field.name in sent:
            return field.take(sent[field.name])
        if field.required:
            raise UnprocessableEntity(words(f"{field.name} is missing"))
        return field.default if holds("default", operation=operation) else sent[field.name]


def whole(text: str) -> int | str:
    """Read a short whole number; anything else stays as it is, for the field to decline."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else text


def asked(name: str, field: Field, operation: str) -> Any:
    """Read a parameter of the query string."""
    text = request.args.get(name)
    if text is None:
        return field.default
    if field.kind == "integer":
        number = whole(text)
        return field.take(number if holds("query", operation=operation) else int(text))
    return field.take(text)


def _parsed(operation: str) -> object:
    raw = request.get_data()
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        if not holds("malformed", operation=operation):
            raise  # the flaw: what the parser says reaches the last error page
        raise BadRequest(words("the body is not JSON")) from error


def _writable(text: str) -> bool:
    """Lone surrogates cannot be stored, and a NUL ends nothing well."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
