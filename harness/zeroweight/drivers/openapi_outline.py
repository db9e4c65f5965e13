"""The operations of one document, with as much of a valid request as the document itself gives away; no generator runs here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from zeroweight.drivers.openapi_document import BadReference, Schema
from zeroweight.drivers.openapi_values import NOTHING, Values
from zeroweight.drivers.openapi_writing import (
    IGNORED,
    NOT_THEIRS,
    TEMPLATE,
    TOKEN,
    VALUE,
    concrete,
    in_cookie,
    in_header,
    in_path,
    in_query,
    is_form,
    is_json,
    preferred,
)
from zeroweight.model.look import Gap
from zeroweight.model.operation import Example, Operation, Parameter
from zeroweight.model.target import Side

METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_PLACES: Final = frozenset({"path", "query", "header", "cookie"})
_BODILESS: Final = frozenset({"GET", "HEAD"})
"""RFC 9110, sections 9.3.1 and 9.3.2: a body here means nothing, and proxies refuse it."""
_FIX: Final = "Mend the API's schema, or give an example there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a generator has to add to an outline: parameters by their description, and the body."""

    parameters: tuple[Mapping[str, Any], ...] = ()
    content: Mapping[str, Any] | None = None
    """The media type object of the body."""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """Documented properties, which go over the generated ones."""

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.parameters) or self.content is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One operation, its example as far as it goes, what is still missing, and what never will be had."""

    operation: Operation
    missing: Missing = field(default_factory=Missing)
    gaps: tuple[Gap, ...] = ()


def schema_gap(what: str, why: str, fix: str = _FIX) -> Gap:
    """Return the Gap of an operation that the document does not describe well enough."""
    return Gap(what=what, why=why, fix=fix, code="schema", operation=what if " " in what else "")


def outlines(schema: Schema, *, sides: frozenset[Side]) -> tuple[tuple[Outline, ...], tuple[Gap, ...]]:
    """Return the outline of every operation, in the document's order, and a Gap for each that cannot be asked at all."""
    found = list(_outlines(schema, sides))
    return (
        tuple(item for item in found if isinstance(item, Outline)),
        tuple(item for item in found if isinstance(item, Gap)),
    )


def _outlines(schema: Schema, sides: frozenset[Side]) -> Iterator[Outline | Gap]:
    """Yield outlines and gaps in the document's order."""
    for path, given in schema.document["paths"].items():
        if path.startswith("x-"):
            continue
        if not TEMPLATE.fullmatch(path):
            yield schema_gap(
                ascii(path[:100]).strip("'"), "this is not a path template that can be sent", "Percent-encode it, and close each {"
            )
            continue
        try:
            item = schema.resolve(given)
        except BadReference as error:
            yield schema_gap(path, str(error), "Put the path's operations into the document itself")
            continue
        for key, described in item.items() if isinstance(item, Mapping) else ():
            label = f"{key.upper()} {path}"
            if key.lower() == "trace":
                yield schema_gap(label, "TRACE is never sent: it hands back credentials", "Take the operation out of the API's schema")
            elif key.lower() in METHODS and isinstance(described, Mapping):
                yield _Reader(schema, label).outline(item, described, sides)
            elif key.lower() in METHODS:
                yield schema_gap(label, "the operation is not described by a mapping")


class _Reader:
    """Reads one operation; collects its gaps and what is missing on the way."""

    def __init__(self, schema: Schema, label: str) -> None:
        self.schema = schema
        self.label = label
        self.values = Values(schema)
        self.gaps: list[Gap] = []
        self.absent: list[Mapping[str, Any]] = []
        self.body = Missing()

    def gap(self, why: str) -> None:
        """Note something that cannot be had."""
        self.gaps.append(schema_gap(self.label, why))

    def outline(self, item: Mapping[str, Any], described: Mapping[str, Any], sides: frozenset[Side]) -> Outline:
        """Return the outline of the operation."""
        method, _, path = self.label.partition(" ")
        parameters = self.parameters(item, described, path)
        example = self.request(parameters)
        body_parameters: tuple[Parameter, ...] = ()
        if described.get("requestBody") is not None:
            example, body_parameters = self.with_body(example, described["requestBody"], bodiless=method in _BODILESS)
        tags = described.get("tags")
        operation = Operation(
            method=method,
            path=path,
            id=str(described.get("operationId") or ""),
            tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
            parameters=tuple(
                Parameter(place=parameter["in"], name=parameter["name"], required=_required(parameter)) for parameter in parameters
            )
            + body_parameters,
            valid=example,
            documented=sides,
            protected=sides if _protected(self.schema, described) else frozenset(),
        )
        return Outline(operation=operation, missing=replace(self.body, parameters=tuple(self.absent)), gaps=tuple(self.gaps))

    def parameters(self, item: Mapping[str, Any], described: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
        """Return the descriptions of the operation's parameters; its own go before its path's (OpenAPI 3.1, section 4.8.10)."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        wanted = [piece.partition("}")[0] for piece in path.split("{")[1:]]
        for name in wanted:
            # Many documents forget to describe a path parameter; it is there all the same.
            found["path", name] = {"in": "path", "name": name, "schema": {}}
        for given in (*_list(item.get("parameters")), *_list(described.get("parameters"))):
            try:
                parameter = self.schema.resolve(given)
            except BadReference as error:
                self.gap(f"a parameter cannot be read: {error}")
                continue
            if not isinstance(parameter, Mapping) or parameter.get("in") not in _PLACES or not isinstance(parameter.get("name"), str):
                self.gap("a parameter has no name, or is at no known place")
                continue
            place, name = parameter["in"], parameter["name"]
            if (place == "path" and name not in wanted) or (place == "header" and name.lower() in IGNORED):
                continue
            found[place, name] = parameter
        return list(found.values())

    def request(self, parameters: list[Mapping[str, Any]]) -> Example:
        """Return the example's path, query and headers; what needs a generator is put aside."""
        path: dict[str, Any] = {}
        query: list[tuple[str, str]] = []
        headers: list[tuple[str, str]] = []
        cookies: list[str] = []
        for parameter in filter(_required, parameters):
            place, name = parameter["in"], parameter["name"]
            value = self.parameter_value(parameter)
            if place == "path":
                path[name] = "1" if value is NOTHING else in_path(value)
            elif value is NOTHING:
                continue
            elif place == "query":
                query += in_query(parameter, value)
            elif place == "cookie" and TOKEN.fullmatch(name):
                cookies.append(in_cookie(name, value))
            elif place == "header" and TOKEN.fullmatch(name) and name.lower() not in NOT_THEIRS and VALUE.fullmatch(in_header(value)):
                headers.append((name, in_header(value)))
            else:
                self.gap(f"the required {place} parameter {name[:60]!a} cannot be sent as it is described")
        if cookies:
            headers.append(("cookie", "; ".join(cookies)))
        return Example(path=path, query=tuple(query), headers=tuple(headers))

    def parameter_value(self, parameter: Mapping[str, Any]) -> Any:
        """Return the value of a required parameter; NOTHING when it is left to the generator, or can never be had."""
        schema, holder = parameter.get("schema"), parameter
        content = parameter.get("content")
        if isinstance(content, Mapping) and content:
            holder = next(iter(content.values()))
            holder = holder if isinstance(holder, Mapping) else {}
            schema = holder.get("schema")
        value = self.values.documented(holder, schema)
        if value is NOTHING and (value := self.values.value({} if schema is None else schema)) is NOTHING:
            fault = self.fault(schema, schema)
            if fault:
                self.gap(f"the required {parameter['in']} parameter {parameter['name'][:60]!a} has no value: {fault}")
            else:
                self.absent.append(parameter)
        return value

    def fault(self, node: Any, schema: Any) -> str:
        """Say why a generator would be no use for a node with a schema; empty when there is hope."""
        if not isinstance(schema, (Mapping, bool)):
            return f"its schema is written as a {type(schema).__name__}, not as a mapping"
        return self.schema.fault(node)

    def with_body(self, example: Example, given: Any, *, bodiless: bool) -> tuple[Example, tuple[Parameter, ...]]:
        """Return the example with its body, and the body's parameters: the whole (``) and each property at the top (`/name`)."""
        try:
            described = self.schema.resolve(given)
        except BadReference as error:
            self.gap(f"the request body cannot be read: {error}")
            return example, ()
        content = described.get("content") if isinstance(described, Mapping) else None
        name = preferred(content) if isinstance(content, Mapping) else ""
        if not name or bodiless:
            if not bodiless or described.get("required") is True:
                self.gap(
                    "a request body is not sent with this method" if bodiless else "the request body has no media type that can be sent"
                )
            return example, ()
        media = content[name] if content and isinstance(content[name], Mapping) else {}
        required = described.get("required") is True
        parameters = (Parameter(place="body", name="", required=required), *self.properties(media.get("schema")))
        return self.filled(replace(example, media_type=concrete(name)), media), parameters

    def properties(self, node: Any) -> tuple[Parameter, ...]:
        """Return the properties at the top of a body's schema, also where it is joined by allOf, as parameters."""
        found: dict[str, Parameter] = {}
        waiting, seen = [node], 0
        while waiting and seen < len(METHODS) * 10:
            seen += 1
            try:
                schema = self.schema.resolve(waiting.pop(0))
            except BadReference:
                continue
            if not isinstance(schema, Mapping):
                continue
            required = _list(schema.get("required"))
            properties = schema.get("properties")
            for name in properties if isinstance(properties, Mapping) else ():
                pointer = "/" + name.replace("~", "~0").replace("/", "~1")
                found.setdefault(pointer, Parameter(place="body", name=pointer, required=name in required))
            waiting += _list(schema.get("allOf"))
        return tuple(found.values())

    def filled(self, example: Example, media: Mapping[str, Any]) -> Example:
        """Return the example with its body as far as it can be told without a generator."""
        schema = media.get("schema", {})
        value = self.values.documented(media, schema)
        if value is NOTHING:
            value = self.values.value(schema)
        if is_json(example.media_type):
            if value is not NOTHING:
                return with_json(example, value)
            example = with_json(example, {})
        elif is_form(example.media_type):
            if isinstance(value, str) and not example.media_type.startswith("multipart/"):
                return replace(example, body=value, raw=value.encode())
            example = replace(example, body=value if isinstance(value, Mapping) else None, raw=b"")
        elif isinstance(value, str):
            return replace(example, body=value, raw=value.encode())
        else:
            example = replace(example, body=None if value is NOTHING else value, raw=b"")
        fault = self.fault(media, schema)
        if fault:
            self.gap(f"no valid request body can be made: {fault}")
        else:
            self.body = Missing(content=media, parts=self.values.parts(schema))
        return example


def with_json(example: Example, value: Any) -> Example:
    """Return the example with a JSON body.

    `$unique` in a text also fixes the bytes: a document gives us no slots.
    """
    text = json.dumps(value)
    return replace(example, body=value, raw=text.encode() if "$unique" in text else None)


def _required(parameter: Mapping[str, Any]) -> bool:
    """Tell whether a parameter must be sent."""
    return parameter["in"] == "path" or parameter.get("required") is True


def _protected(schema: Schema, described: Mapping[str, Any]) -> bool:
    """Tell whether an operation demands credentials: its own `security` goes before the root's, and `{}` among it means none are needed."""
    own = described.get("security")
    demands = own if isinstance(own, list) else _list(schema.document.get("security"))
    return bool(demands) and all(demand != {} for demand in demands)


def _list(value: Any) -> list[Any]:
    """Return a list as it is, and nothing for anything else."""
    return value if isinstance(value, list) else []
