"""What is sent: probes told in full, and scenarios that can be run again."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from zeroweight.model.operation import Operation, Parameter
from zeroweight.model.payload import Payload
from zeroweight.model.place import Place
from zeroweight.redact import Secret

Bindings = Mapping[str, Any]
"""Slot name → the value of one side, plain JSON or a Secret."""


class Intent(StrEnum):
    """Why a probe is sent; checks judge odd inputs only where the plain request fared alike on both sides."""

    NORMAL = "normal"
    INVALID = "invalid"
    ATTACK = "attack"
    BURST = "burst"


class Form(StrEnum):
    """How a slot's value is written where it stands."""

    SEGMENT = "segment"
    """Percent-encoded, as one path segment or query value (RFC 3986 section 2.1)."""
    JSON = "json"
    """As a JSON value."""
    TEXT = "text"
    """As it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A value that differs per side (an id, a unique word), bound at send time."""

    name: str
    owner: str = ""
    """The role whose object it is; empty when it is nobody's."""
    kind: str = ""
    """The declared resource it names; empty for other values."""
    form: Form = Form.SEGMENT

    def write(self, value: Any) -> bytes:
        """Return the bound value's bytes in this slot's form; a secret is revealed here, as it is sent."""
        if isinstance(value, Secret):
            value = value.reveal()
        if self.form is Form.JSON:
            return jsonlib.dumps(value).encode()
        text = value if isinstance(value, str) else jsonlib.dumps(value)
        return quote(text, safe="").encode() if self.form is Form.SEGMENT else text.encode()


UNIQUE = Slot(name="unique", form=Form.TEXT)
"""A word made afresh for each ask, the same on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A JSON pointer (RFC 6901) into an answer."""

    path: str

    def find(self, value: Any) -> Any:
        """Return what the pointer names in plain JSON; raises LookupError when nothing is there."""
        for token in self.path.split("/")[1:] if self.path else ():
            key = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, Mapping):
                value = value[key]
            elif isinstance(value, list) and key.isascii() and key.isdigit():
                value = value[int(key)]
            else:
                raise LookupError(self.path)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Exact bytes with slots in between."""

    parts: tuple[bytes | Slot, ...] = ()

    def fill(self, bindings: Bindings) -> bytes:
        """Return the bytes for one side; raises KeyError with the slot's name when it is not bound."""
        return b"".join(part if isinstance(part, bytes) else part.write(bindings[part.name]) for part in self.parts)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, in order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    @classmethod
    def of(cls, *parts: bytes | str | Slot) -> Template:
        """Join parts; text is UTF-8."""
        return cls(parts=tuple(part.encode() if isinstance(part, str) else part for part in parts))

    @classmethod
    def json(cls, value: Any) -> Template:
        """Write plain JSON in which slots may stand in place of values, or `$unique` inside strings."""
        parts: list[bytes | Slot] = []
        text = b""
        for piece in _written(value):
            if isinstance(piece, Slot):
                parts += [*_unique(text), piece]
                text = b""
            else:
                text += piece
        return cls(parts=(*parts, *_unique(text)))


def _written(value: Any) -> Iterator[bytes | Slot]:
    """Yield plain JSON piece by piece, each slot in the place of a value."""
    if isinstance(value, Slot):
        yield replace(value, form=Form.JSON)
    elif isinstance(value, Mapping):
        for index, (key, item) in enumerate(value.items()):
            yield (b", " if index else b"{") + jsonlib.dumps(str(key)).encode() + b": "
            yield from _written(item)
        yield b"}" if value else b"{}"
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield b", " if index else b"["
            yield from _written(item)
        yield b"]" if value else b"[]"
    else:
        yield jsonlib.dumps(value).encode()


def _unique(text: bytes) -> Iterator[bytes | Slot]:
    """Put the UNIQUE slot where a text says `$unique`."""
    for index, piece in enumerate(text.split(b"$unique")):
        if index:
            yield UNIQUE
        if piece:
            yield piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One request, told in full, the same for both sides but for slots, host and credentials."""

    operation: Operation
    role: str = "anonymous"
    method: str | None = None
    """Default: the operation's."""
    target: Template
    """The exact request target, before the target's own path prefix is put in front."""
    headers: tuple[tuple[bytes, Template], ...] = ()
    body: Template | None = None
    payload: Payload | None = None
    parameter: Parameter | None = None
    """Where the payload was put."""
    intent: Intent = Intent.NORMAL
    label: str = ""
    """What a report calls it: `malformed: body cut short`."""
    path: Mapping[str, Any] = field(default_factory=dict)
    """The values that stand in the path, so that `with_` can change one of them."""

    @property
    def verb(self) -> str:
        """The method that is sent."""
        return self.method or self.operation.method

    @property
    def place(self) -> Place:
        """Where a weakness that this probe shows would be."""
        return Place(
            method=self.operation.method,
            path=self.operation.path,
            role=self.role,
            parameter=str(self.parameter) if self.parameter else "",
        )

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot of target, headers and body."""
        found = list(self.target.slots)
        for _, value in self.headers:
            found += value.slots
        return tuple(found + list(self.body.slots if self.body else ()))

    @property
    def owner(self) -> str:
        """The role whose object the request is about; empty when it is about none."""
        return next((slot.owner for slot in self.slots if slot.owner), "")

    def as_(self, role: str) -> Probe:
        """Return the same request, sent by another role."""
        return replace(self, role=role)

    def with_(  # noqa: PLR0913  # one keyword for each part of a request
        self,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        json: Any = None,
        raw: bytes | None = None,
        method: str | None = None,
        payload: Payload | None = None,
        parameter: Parameter | None = None,
        intent: Intent | None = None,
        label: str | None = None,
    ) -> Probe:
        """Return the request with some parts changed; a slot may stand for any path value and inside `json`."""
        changes: dict[str, Any] = {}
        if path is not None or query is not None:
            values = {**self.path, **(path or {})}
            old = b"" if query is not None else _query_of(self.target)
            new = b"&".join(quote(k, safe="").encode() + b"=" + quote(v, safe="").encode() for k, v in (query or {}).items())
            changes |= {"path": values, "target": _target(self.operation, values, old or new)}
        kept = self.headers
        if headers is not None:
            given = {name.lower().encode() for name in headers}
            kept = tuple(pair for pair in kept if pair[0].lower() not in given)
            kept += tuple((name.encode(), Template.of(value)) for name, value in headers.items())
        if json is not None:
            changes["body"] = Template.json(json)
            if not any(name.lower() == b"content-type" for name, _ in kept):
                kept += ((b"content-type", Template.of(b"application/json")),)
        if raw is not None:
            changes["body"] = Template.of(raw)
        for name, value in (("method", method), ("payload", payload), ("parameter", parameter), ("intent", intent), ("label", label)):
            if value is not None:
                changes[name] = value
        return replace(self, headers=kept, **changes)


def _query_of(target: Template) -> bytes:
    """Return the query of a target without its `?`."""
    last = target.parts[-1] if target.parts else b""
    return last.partition(b"?")[2] if isinstance(last, bytes) else b""


def _target(operation: Operation, values: Mapping[str, Any], query: bytes) -> Template:
    """Write the path template with its values, and the query behind it."""
    parts: list[bytes | str | Slot] = []
    for index, piece in enumerate(operation.path.split("{")):
        if index == 0:
            parts.append(piece)
            continue
        name, _, rest = piece.partition("}")
        value = values.get(name, "1")
        if isinstance(value, Slot):
            parts.append(replace(value, form=Form.SEGMENT))
        else:
            parts.append(Slot(name=name).write(value))
        parts.append(rest)
    tail = parts.pop()
    assert not isinstance(tail, Slot)
    tail = tail.encode() if isinstance(tail, str) else tail
    return Template.of(*parts, tail + (b"?" + query if query else b""))


def probe_of(operation: Operation, *, role: str) -> Probe:
    """Return the operation's valid example as a probe."""
    valid = operation.valid
    query = b"&".join(quote(name, safe="").encode() + b"=" + quote(value, safe="").encode() for name, value in valid.query)
    headers = [(name.encode(), Template.of(value)) for name, value in valid.headers]
    body: Template | None = None
    if valid.raw is not None or valid.media_type:
        headers.append((b"content-type", Template.of(valid.media_type or "application/json")))
        body = Template.of(valid.raw) if valid.raw is not None else Template.json(valid.body)
    return Probe(
        operation=operation,
        role=role,
        target=_target(operation, valid.path, query),
        headers=tuple(headers),
        body=body,
        path=dict(valid.path),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One probe of a scenario, what is captured from its answer, and whether checks look at it."""

    probe: Probe
    captures: Mapping[str, Pointer] = field(default_factory=dict)
    """Slot name → where its value stands in the answer; a step whose capture fails ends the scenario there."""
    judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A recipe that can be run again: the probes in order, what each captures, and the undo. A lone probe is a scenario of one."""

    steps: tuple[Step, ...]
    actors: Mapping[str, str] = field(default_factory=dict)
    """Actor → role: each run plays these by accounts of that role."""
    undo: tuple[Step, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, probe: Probe) -> Scenario:
        """Return the scenario of one probe."""
        return cls(steps=(Step(probe=probe),), name=probe.label)

    @property
    def judged(self) -> tuple[Probe, ...]:
        """The probes whose answers are judged."""
        return tuple(step.probe for step in self.steps if step.judged)
