"""The JSON schema of gate.toml, made from the same type hints and notes as the loader: `python -m zeroweight.config.schema`.

The schema is never stricter than the loader. It is looser where keys must agree with each other (agreement.py).
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, get_args

from zeroweight.config import form, shape
from zeroweight.config.model import Config
from zeroweight.config.note import Doc, Form, Json, MayBeEmpty, Range, Rest
from zeroweight.config.shape import Hint
from zeroweight.redact import Secret

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the schema as plain JSON; tables stand under `$defs` by the name of their class."""
    tables: dict[str, Any] = {}
    whole = _table(Config, tables)
    return {"$schema": _DIALECT, "title": "gate.toml", **whole, "$defs": dict(sorted(tables.items()))}


def text() -> str:
    """Return the schema as it stands in docs/gate.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(table: type[Any], tables: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a dataclass; nested ones are put into `tables`."""
    known = shape.keys(table)
    properties = {key: _property(entry, tables) for key, entry in known.items()}
    required = [key for key, entry in known.items() if entry.required]
    made: dict[str, Any] = {"description": inspect.cleandoc(table.__doc__ or ""), "type": "object"}
    rest = shape.rest(table)
    note = rest.hint.note(Rest) if rest is not None else None
    if note is None:
        return {**made, "properties": properties, "required": required, "additionalProperties": False}
    closed = {key: value for key, value in properties.items() if key != note.when}
    return {
        **made,
        "anyOf": [
            {"properties": closed, "required": required, "additionalProperties": False},
            {"properties": properties, "required": [*required, note.when], "additionalProperties": {"type": "string", "minLength": 1}},
        ],
    }


def _property(entry: shape.Entry, tables: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one key, with its description and, where it is plain, its default."""
    doc = entry.hint.note(Doc)
    described = {"description": doc.text} if doc is not None else {}
    default = entry.default
    plain = isinstance(default, str | bool | int | float) and default != ""
    return {**described, **_value(entry.hint, tables), **({"default": default} if plain else {})}


def _value(hint: Hint, tables: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value."""
    if hint.has(Json):
        return {"type": "object"}
    kinds = [*_texts(hint), *_numbers(hint)]
    if bool in hint.members:
        kinds.append({"type": "boolean"})
    if date in hint.members:
        kinds.append({"type": "string", "format": "date"})
    if (listed := hint.member(tuple)) is not None:
        kinds.append({"type": "array", "items": _value(shape.hint_of(get_args(listed)[0]), tables)})
    if (table := hint.table()) is not None:
        if table.__name__ not in tables:
            tables[table.__name__] = _table(table, tables)
        kinds.append({"$ref": f"#/$defs/{table.__name__}"})
    if (mapping := hint.member(Mapping)) is not None:
        name, each = (shape.hint_of(part) for part in get_args(mapping))
        pattern = name.note(Form)
        names = {"propertyNames": {"pattern": pattern.pattern}} if pattern is not None else {}
        kinds.append({"type": "object", **names, "additionalProperties": _value(each, tables)})
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _texts(hint: Hint) -> list[dict[str, Any]]:
    """Return what texts are taken: words, a form, a secret; each may stand elsewhere instead."""
    reference = {"pattern": form.REFERENCE}
    if hint.words():
        return [{"type": "string", "anyOf": [{"enum": list(hint.words())}, reference]}]
    if str in hint.members:
        wanted = hint.note(Form)
        least: dict[str, Any] = {} if hint.has(MayBeEmpty) else {"minLength": 1}
        choices = [] if wanted is None else [{"pattern": wanted.pattern}, *([reference] if wanted.elsewhere else [])]
        return [{"type": "string", **least, **({"anyOf": choices} if choices else {})}]
    return [{"type": "string", **reference}] if Secret in hint.members else []


def _numbers(hint: Hint) -> list[dict[str, Any]]:
    """Return what numbers are taken."""
    kind = "number" if float in hint.members else "integer" if int in hint.members else ""
    bounds = hint.note(Range)
    limits = {"exclusiveMinimum" if bounds.above else "minimum": bounds.low, "maximum": bounds.high} if bounds is not None else {}
    return [{"type": kind, **limits}] if kind else []


if __name__ == "__main__":
    sys.stdout.write(text())
