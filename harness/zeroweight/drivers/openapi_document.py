"""An OpenAPI document as plain JSON: read with limits, since a document is whatever the other end chose to send.

Nothing here fetches anything: a reference that leads out of the document is a fault of the part that uses it (DESIGN, section 8.8).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import unquote

import yaml

from zeroweight.errors import ToolFailed

MOST_BYTES: Final = 10 * 1024 * 1024
"""The largest document that is read: 10 MiB."""
DEEPEST: Final = 200
"""The deepest nesting that is read; written documents stay under 30, and everything below walks by recursion."""
MOST_VALUES: Final = 1_000_000
"""The most values that a document may hold once its YAML aliases are written out (a few lines of aliases can stand for billions)."""

LONGEST_CHAIN: Final = 20
"""The most references that may follow each other with nothing between."""

_SUPPORTED: Final = re.compile(r"3\.[01](?:\.\d+.*)?")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_DATA: Final = frozenset({"default", "enum", "const", "example", "examples", "externalValue"})
"""Keywords whose value is data: a `$ref` inside is a word, not a reference."""
_NAMES: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "content", "encoding", "headers"})
"""Keywords whose value maps names that the author chose: a property may be called `default`."""
_BASES: Final = frozenset({"$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"})
"""Keywords that move the base of references: with them, even `#/x` could lead out of the document."""


class BadReference(ToolFailed):
    """A reference that names nothing in its document, or leads out of it."""


class _Loader(_LOADER):  # type: ignore[misc, valid-type]  # the C loader where there is one; chosen at import
    """YAML by JSON's rules: no dates, and only true and false are booleans (OpenAPI 3.1, section 4.3)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in _LOADER.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One side's OpenAPI document, found to be usable."""

    source: str
    """Where it came from, in the operator's words; for messages only."""
    document: Mapping[str, Any] = field(repr=False)

    @property
    def version(self) -> str:
        """`3.0` or `3.1`."""
        return str(self.document["openapi"])[:3]

    def resolve(self, node: Any) -> Any:
        """Return what a node stands for once its references are followed; raises BadReference with the reason.

        In 3.1 the words beside a `$ref` hold as well (JSON Schema 2020-12, section 8.2.3.1); in 3.0 they are ignored.
        """
        seen: set[str] = set()
        beside: dict[str, Any] = {}
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in seen or len(seen) > LONGEST_CHAIN:
                what = f"the reference {reference[:100]} leads to references only"
                raise BadReference(what)
            seen.add(reference)
            if self.version != "3.0":
                beside = {**{key: value for key, value in node.items() if key != "$ref"}, **beside}
            node = self.named(reference)
        return {**node, **beside} if beside and isinstance(node, Mapping) else node

    def named(self, reference: str) -> Any:
        """Return what a reference names, one step; raises BadReference. Only JSON pointers into this document are followed."""
        if not reference.startswith("#"):
            what = f"the reference {reference[:100]} leads out of the document, and nothing is fetched"
            raise BadReference(what)
        node: Any = self.document
        pointer = unquote(reference[1:])
        for token in pointer.split("/")[1:]:
            key = token.replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isascii() and key.isdigit() and len(key) < len("1000000") and int(key) < len(node):
                node = node[int(key)]
            else:
                node = None
                break
        if node is None or (pointer and not pointer.startswith("/")):
            what = f"the reference {reference[:100]} names nothing in the document"
            raise BadReference(what)
        return node

    def fault(self, node: Any) -> str:
        """Say why a part of the document cannot be relied on: the first bad reference that it leads to; empty when there is none."""
        seen: set[str] = set()
        waiting = [node]
        while waiting:
            for reference in _references(waiting.pop()):
                if reference not in seen:
                    seen.add(reference)
                    try:
                        waiting.append(self.named(reference))
                        self.resolve({"$ref": reference})
                    except BadReference as error:
                        return str(error)
        return ""


def read(document: bytes, *, source: str) -> Schema:
    """Return the OpenAPI 3.0 or 3.1 document that the bytes (JSON or YAML, UTF-8) hold.

    Raises ToolFailed with one sentence that names the source and what is wrong with the document.
    """
    try:
        plain = _parse(document)
        _examine(plain)
    except ToolFailed as error:
        what = f"the API's schema from {source} cannot be used: {error}"
        raise ToolFailed(what) from None
    return Schema(source=source, document=plain)


def _examine(plain: Any) -> None:
    """Raise ToolFailed unless the plain value is an OpenAPI document that describes at least one path."""
    if not isinstance(plain, dict):
        what = "it holds no mapping, so it is not an OpenAPI document"
        raise ToolFailed(what)
    if "openapi" not in plain:
        what = "it is Swagger 2.0; convert it to OpenAPI 3.0 or 3.1" if "swagger" in plain else "it has no key `openapi`"
        raise ToolFailed(what)
    # An unquoted 3.1 in YAML is a number, and a common slip.
    if not _SUPPORTED.fullmatch(str(plain["openapi"])):
        what = f"it is OpenAPI {str(plain['openapi'])[:20]}, not 3.0 or 3.1"
        raise ToolFailed(what)
    if not isinstance(plain.get("paths"), dict) or not plain["paths"]:
        what = "it describes no paths"
        raise ToolFailed(what)


def _parse(document: bytes) -> Any:
    """Return the document as plain JSON values, nothing shared; raises ToolFailed."""
    if len(document) > MOST_BYTES:
        what = f"it is larger than {MOST_BYTES // 1024 // 1024} MiB"
        raise ToolFailed(what)
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        what = "it is not UTF-8 text"
        raise ToolFailed(what) from None
    if not text.strip():
        what = "it is empty"
        raise ToolFailed(what)
    deep = f"it is nested deeper than {DEEPEST} levels"
    try:
        value = json.loads(text)
    except RecursionError:
        raise ToolFailed(deep) from None
    except ValueError as wrong:
        if text.lstrip().startswith("{") and '"' in text[:100]:
            # It meant to be JSON; YAML's complaint would only confuse. (Flow YAML that begins so and is no JSON is not met in the wild.)
            what = f"it is not JSON ({str(wrong)[:100]})"
            raise ToolFailed(what) from None
        value = _parse_yaml(text)
    counted = iter(range(MOST_VALUES))
    return _plain(value, DEEPEST, counted)


def _parse_yaml(text: str) -> Any:
    """Return what YAML text says; raises ToolFailed.

    The events are counted first: the C loader dies of deep nesting without a word, and aliases cost nothing until they are walked.
    """
    try:
        _weigh(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader with fewer tags
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = f"it is neither JSON nor YAML ({getattr(wrong, 'problem', None) or 'cannot be read'}{where})"
        raise ToolFailed(what) from None
    except (ValueError, RecursionError, AttributeError, TypeError) as wrong:
        # PyYAML lets these through for odd tags and numbers (`!!int x`, `!!bool {}`).
        what = f"it is neither JSON nor YAML ({type(wrong).__name__})"
        raise ToolFailed(what) from None


def _weigh(text: str) -> None:  # noqa: C901  # one branch for each kind of event
    """Raise ToolFailed for YAML that is too deep, or too large once its aliases are written out."""
    weights: dict[str, int] = {}
    open_nodes: list[tuple[str, int]] = []
    weight = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in weights:
                what = "a YAML alias in it stands for itself or for nothing"
                raise ToolFailed(what)
            weight += weights[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            weight += 1
            if event.anchor:
                weights[event.anchor] = 1
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            open_nodes.append((event.anchor or "", weight))
            weights.pop(event.anchor or "", None)
            weight += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            anchor, before = open_nodes.pop()
            if anchor:
                weights[anchor] = weight - before
        if len(open_nodes) > DEEPEST:
            what = f"it is nested deeper than {DEEPEST} levels"
            raise ToolFailed(what)
        if weight > MOST_VALUES:
            what = f"it holds more than {MOST_VALUES:,} values once its aliases are written out"
            raise ToolFailed(what)


def _plain(value: Any, depth: int, counted: Iterator[int]) -> Any:
    """Return a copy made of plain JSON values with text as keys; raises ToolFailed for what is too deep, too much, or not JSON."""
    if next(counted, None) is None:
        what = f"it holds more than {MOST_VALUES:,} values"
        raise ToolFailed(what)
    if depth < 0:
        what = f"it is nested deeper than {DEEPEST} levels"
        raise ToolFailed(what)
    match value:
        case dict():
            return {_key(key): _plain(item, depth - 1, counted) for key, item in value.items()}
        case list():
            return [_plain(item, depth - 1, counted) for item in value]
        case str():
            return _unicode(value)
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case date():
            return value.isoformat()
    what = f"it holds a value that JSON cannot say ({type(value).__name__})"
    raise ToolFailed(what)


def _key(key: Any) -> str:
    """Return a mapping's key as text: YAML reads the status `200:` as a number."""
    return _unicode(key) if isinstance(key, str) else json.dumps(key, default=str)


def _unicode(text: str) -> str:
    r"""Return the text with lone surrogates (JSON's `\ud800`) replaced, since they cannot be sent."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _references(node: Any) -> Iterator[str]:
    """Yield every reference inside a node."""
    stack: list[tuple[Any, bool]] = [(node, False)]
    while stack:
        item, names = stack.pop()
        if isinstance(item, list):
            stack += [(child, False) for child in item]
        elif isinstance(item, Mapping):
            if isinstance(item.get("$ref"), str) and not names:
                yield item["$ref"]
            stack += [
                (child, not names and key in _NAMES) for key, child in item.items() if names or not (key in _DATA or key.startswith("x-"))
            ]


@dataclass(slots=True)
class Bundle:
    """The parts of a document that a generator needs, cut loose: only what is reachable, no base, no example, no way out."""

    schema: Schema
    definitions: dict[str, Any] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)

    def add(self, node: Any) -> Any:
        """Return the node with its references led to `definitions`, which is filled as needed; raises BadReference."""
        cut = self._cut(node, names=False)
        while self._waiting:
            reference = self._waiting.pop()
            self.definitions[self._names[reference]] = self._cut(self.schema.named(reference), names=False)
        return cut

    def _cut(self, node: Any, *, names: bool) -> Any:
        """Copy a node without what could lead out."""
        if isinstance(node, list):
            return [self._cut(item, names=False) for item in node]
        if not isinstance(node, Mapping):
            return node
        copy: dict[str, Any] = {}
        for key, value in node.items():
            if names:
                copy[key] = self._cut(value, names=False)
            elif key == "$ref" and isinstance(value, str):
                copy[key] = f"#/components/schemas/{self._name(value)}"
            elif key in {"default", "enum", "const"}:
                copy[key] = value
            elif key in _DATA or key in _BASES or key.startswith(("x-", "$dynamic", "$recursive")) or key == "discriminator":
                # A discriminator's mapping is a list of references, and may hold URLs.
                continue
            elif key == "id" and isinstance(value, str):
                continue  # draft 4's spelling of `$id`, which generators for 3.0 still honour
            else:
                copy[key] = self._cut(value, names=key in _NAMES)
        return copy

    def _name(self, reference: str) -> str:
        """Return the name under which a reference's goal is kept, and see to it that it is."""
        if reference not in self._names:
            self._names[reference] = f"part{len(self._names)}"
            self._waiting.append(reference)
        return self._names[reference]
