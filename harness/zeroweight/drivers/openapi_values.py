"""Valid values that need no generator: the document's own examples first, then the plainest value of a plain schema.

Whatever holds a keyword that is not understood here is left to the generator: a value made here is valid by construction or not made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from zeroweight.drivers.openapi_document import BadReference, Schema

NOTHING: Final[Any] = object()
"""No value could be made; None is a value."""

_DEEPEST: Final = 30
_MOST_PARTS: Final = 2_000
"""How many values one example may be made of: schemas can fan out without a cycle (2^30 leaves in 30 lines)."""
_LONGEST: Final = 4_096
_MOST_ITEMS: Final = 20

_SAID: Final = frozenset(
    {
        *("title", "description", "deprecated", "readOnly", "writeOnly", "nullable", "xml", "externalDocs", "$comment", "$defs"),
        *("definitions", "additionalProperties", "contentMediaType", "default", "example", "examples", "type"),
        *("$id", "$schema", "$anchor", "$dynamicAnchor", "discriminator"),
    }
)
"""Keywords that do not narrow the plain value of a schema."""
_NARROWS: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"format", "minLength", "maxLength"}),
    "integer": frozenset({"format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset({"format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "object": frozenset({"properties", "required"}),
}
"""Per type, the keywords that are understood."""
_FORMATS: Final[Mapping[str, str]] = {
    "": "1",
    "password": "1",
    "date": "2020-01-01",
    "date-time": "2020-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
}
"""The plainest text of a format. `1` fits an id, a count and a name alike; names and addresses are reserved ones (RFC 2606, 5737, 3849)."""


@dataclass(slots=True)
class Values:
    """Makes values for one schema; `made` counts the parts of one example."""

    schema: Schema
    made: int = 0
    _open: list[str] = field(default_factory=list)

    def value(self, node: Any) -> Any:
        """Return a valid value of a schema, or NOTHING."""
        self.made = 0
        with suppress(BadReference):
            return self._value(node)
        return NOTHING

    def parts(self, node: Any) -> dict[str, Any]:
        """Return the properties of an object's schema that can be made: they go over the generated ones."""
        self.made = 0
        with suppress(BadReference):
            resolved = self.schema.resolve(node)
            if isinstance(resolved, Mapping) and _kind(resolved) == "object":
                return {name: value for name, value in self._properties(resolved) if value is not NOTHING}
        return {}

    def documented(self, holder: Mapping[str, Any], schema: Any) -> Any:
        """Return the first documented example of a parameter or media type: its own, else its schema's; NOTHING when there is none."""
        if "example" in holder:
            return holder["example"]
        examples = holder.get("examples")
        if isinstance(examples, Mapping):
            for given in examples.values():
                with suppress(BadReference):
                    example = self.schema.resolve(given)
                    if isinstance(example, Mapping) and "value" in example:
                        return example["value"]
        with suppress(BadReference):
            resolved = self.schema.resolve(schema)
            if isinstance(resolved, Mapping):
                return _given(resolved)
        return NOTHING

    def _value(self, node: Any) -> Any:
        """Return a valid value of a schema, or NOTHING; raises BadReference."""
        self.made += 1
        if self.made > _MOST_PARTS or len(self._open) > _DEEPEST or node is False:
            return NOTHING
        reference = str(node.get("$ref", "")) if isinstance(node, Mapping) else ""
        if reference and reference in self._open:
            return NOTHING  # the schema needs itself: only the generator can tell how that ends
        self._open.append(reference)
        try:
            resolved = self.schema.resolve(node)
            if resolved is True or resolved == {}:
                return _FORMATS[""]
            if not isinstance(resolved, Mapping):
                return NOTHING
            given = _given(resolved)
            return self._made(resolved) if given is NOTHING else given
        finally:
            self._open.pop()

    def _made(self, schema: Mapping[str, Any]) -> Any:  # noqa: PLR0911  # one answer for each type
        """Return the plain value of a schema that documents none."""
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema:
                return self._joined(schema, keyword)
        kind = _kind(schema)
        words = {key for key in schema if not key.startswith("x-")} - _SAID
        if kind not in _NARROWS or words - _NARROWS[kind]:
            return NOTHING
        match kind:
            case "string":
                return _text(schema)
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case "array":
                return self._array(schema)
        properties = dict(self._properties(schema))
        required = schema.get("required")
        needed = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        if any(properties.get(name, NOTHING) is NOTHING for name in needed):
            return NOTHING
        return {name: value for name, value in properties.items() if value is not NOTHING}

    def _properties(self, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the properties worth sending: the required and the exemplified ones; all of them where none is required.

        A property that is never sent (`readOnly`) is left out. A document that requires nothing usually forgot to say what it requires.
        """
        properties = schema.get("properties")
        required = schema.get("required")
        for name, node in properties.items() if isinstance(properties, Mapping) else ():
            resolved = self.schema.resolve(node)
            read_only = isinstance(resolved, Mapping) and resolved.get("readOnly") is True
            exemplified = isinstance(resolved, Mapping) and bool({"example", "examples"} & set(resolved))
            if not read_only and (not required or name in required or exemplified):
                yield name, self._value(node)

    def _joined(self, schema: Mapping[str, Any], keyword: str) -> Any:
        """Return a value of a schema that is put together of others, where that is plain."""
        branches = schema[keyword]
        words = {key for key in schema if not key.startswith("x-")} - (_SAID - {"additionalProperties"}) - {keyword}
        if not isinstance(branches, list) or not branches or words:
            return NOTHING
        if keyword == "anyOf" or len(branches) == 1 or (keyword == "oneOf" and _one_or_null(branches)):
            values = (self._value(branch) for branch in branches)
            return next((value for value in values if value is not NOTHING and value is not None), NOTHING)
        if keyword == "oneOf":
            return NOTHING  # a value might fit two of them
        merged: dict[str, Any] = {}
        for branch in branches:
            resolved = self.schema.resolve(branch)
            closed = isinstance(resolved, Mapping) and resolved.get("additionalProperties", True) is not True
            value = self._value(branch)
            if not isinstance(value, dict) or closed or merged.keys() & value.keys():
                return NOTHING
            merged |= value
        return merged

    def _array(self, schema: Mapping[str, Any]) -> Any:
        """Return the shortest array that is allowed and shows an item."""
        least, most = schema.get("minItems", 0), schema.get("maxItems", _MOST_ITEMS)
        if not isinstance(least, int) or not isinstance(most, int) or least > min(most, _MOST_ITEMS):
            return NOTHING
        if most == 0:
            return []
        item = self._value(schema.get("items", True))
        if item is NOTHING:
            return [] if least == 0 else NOTHING
        if least > 1 and schema.get("uniqueItems"):
            return NOTHING
        return [item] * max(1, least)


def _one_or_null(branches: list[Any]) -> bool:
    """Tell whether a choice is between one schema and null."""
    kinds = [branch.get("type") if isinstance(branch, Mapping) else None for branch in branches]
    return len(branches) == len(("a schema", "null")) and kinds.count("null") == 1


def _given(schema: Mapping[str, Any]) -> Any:
    """Return the value that a schema documents: example, examples, const, default, the first of enum; NOTHING when none.

    A `default` of null says "absent", and is no example.
    """
    if "example" in schema:
        return schema["example"]
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return examples[0]
    if "const" in schema:
        return schema["const"]
    if schema.get("default") is not None:
        return schema["default"]
    enum = schema.get("enum")
    return enum[0] if isinstance(enum, list) and enum else NOTHING


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema's value; the first that is not null where there are many; told by the keywords when unsaid."""
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((item for item in kind if isinstance(item, str) and item != "null"), "null")
    if kind is None and "properties" in schema:
        return "object"
    return kind if isinstance(kind, str) else ""


def _text(schema: Mapping[str, Any]) -> Any:
    """Return the plain text of a string's schema; a number as text where nothing is asked of it."""
    text = _FORMATS.get(str(schema.get("format", "")))
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
    if text is None or not isinstance(least, int) or not isinstance(most, int) or least > min(most, _LONGEST):
        return NOTHING
    if text == _FORMATS[""]:
        return (text * max(1, least))[:most]
    return text if least <= len(text) <= most else NOTHING


def _number(schema: Mapping[str, Any]) -> Any:
    """Return 1 where it is allowed, else the nearest whole number that is; NOTHING when there is none.

    `exclusiveMinimum` is a switch of `minimum` in 3.0 and a bound of its own in 3.1 (JSON Schema draft 5 against 2020-12).
    """
    least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    most, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if above is True:
        least, above = None, least
    if below is True:
        most, below = None, most
    lowest = [*(math.ceil(bound) for bound in _bounds(least)), *(math.floor(bound) + 1 for bound in _bounds(above))]
    highest = [*(math.floor(bound) for bound in _bounds(most)), *(math.ceil(bound) - 1 for bound in _bounds(below))]
    value = min([max([1, *lowest]), *highest])
    return value if value >= max(lowest, default=value) else NOTHING


def _bounds(given: Any) -> Iterator[int | float]:
    """Yield a bound that is a number."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        yield given


def as_text(value: Any) -> str:
    """Return a plain JSON value as it is written in a path, a query or a header: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
