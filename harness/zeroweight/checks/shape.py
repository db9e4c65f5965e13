"""The shape of JSON: which keys are there, and of which types their values are; never a value.

What comes and goes with the data is no shape: items of lists, keys that are data themselves (ids, names of fields), and `null`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from zeroweight.checks.mask import masked

Shape = Mapping[str, frozenset[str]]
"""JSON pointer → types of what is there; `*` stands for the items of a list and for keys that are data."""

ITEM = "*"
FIELD = "**"
"""Stands for a key that is the name of a field by what it holds alone; a record that became such a map has lost its keys."""
_MOST = 5000
"""Values of one answer that are looked at."""
_BY_FIELD = frozenset(
    {"errors", "fields", "violations", "details", "invalid_params", "invalidparams", "validation", "fielderrors", "field_errors"}
)
"""Names of objects whose keys are names of fields, in most house styles; unless one of the keys is a word that errors are told by."""
_MAY_BE_BY_FIELD = frozenset({"message", "messages", "error", "detail"})
"""Names of objects that are records or map names of fields to texts."""
_OF_ONE_KIND = frozenset({"ctx", "context", "params", "input"})
"""Members of an item in a list of errors that come with some kinds of error only: the bound that a number broke, say."""
_RECORD = frozenset({"code", "message", "msg", "detail", "title", "type", "status", "reason", "error"})


def shape(value: Any) -> Shape:
    """Return the shape of plain JSON; of a very large answer, that of its beginning."""
    found: dict[str, set[str]] = {}
    objects: Counter[str] = Counter()
    holding: Counter[str] = Counter()
    stack: list[tuple[str, str, Any]] = [("", "", value)]
    looked = 0
    while stack and looked < _MOST:
        looked += 1
        path, name, item = stack.pop()
        found.setdefault(path, set()).add(kind(item))
        if isinstance(item, dict):
            data = _by_field(name, item)
            members = [(f"{path}/{data or _token(key)}", key, each) for key, each in islice(item.items(), _MOST)]
            stack.extend(reversed(members))
            if not data:
                objects[path] += 1
                holding.update({member for member, _, _ in members})
        elif isinstance(item, list):
            stack.extend((f"{path}/{ITEM}", "", each) for each in reversed(item[:_MOST]))
    for path in holding.keys() & found.keys():
        if holding[path] < objects[path.rpartition("/")[0]]:
            found[path].add("null")  # one of several objects there does without it
    return {path: frozenset(kinds) for path, kinds in found.items()}


def kind(value: Any) -> str:
    """Return the JSON type of a value (RFC 8259 section 3)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def lost(old: Sequence[Shape], new: Shape) -> Iterator[str]:
    """Yield the keys that every old shape has and the new one has not, the topmost of each branch, where their object is still there."""
    for path in sorted(_always(old)):
        parent, _, leaf = path.rpartition("/")
        data = f"{parent}/{ITEM}" in new  # the keys there are data by now, so that none can be missed
        if path and leaf not in {ITEM, FIELD} and path not in new and not data and "object" in new.get(parent, ()):
            yield path


def retyped(old: Sequence[Shape], new: Shape) -> Iterator[tuple[str, str, str]]:
    """Yield (path, old types, new types) where a value is of a type that no old shape has there; `null` is no type."""
    for path in sorted(_always(old)):
        before = frozenset[str]().union(*(each[path] for each in old)) - {"null"}
        after = new.get(path, frozenset()) - {"null"}
        if before and after and not before & after:
            yield path, _words(before), _words(after)


def _always(old: Sequence[Shape]) -> set[str]:
    """Return the paths that every old shape has with a value, below lists in every item."""
    return set.intersection(*({path for path, kinds in each.items() if _steady(path, kinds)} for each in old)) if old else set()


def _steady(path: str, kinds: frozenset[str]) -> bool:
    """Whether all objects at a path's parent have it with a value, and would whatever kind of error an item tells."""
    parent, _, leaf = path.rpartition("/")
    return "null" not in kinds and not (leaf in _OF_ONE_KIND and parent.endswith(f"/{ITEM}"))


def _by_field(name: str, item: Mapping[str, Any]) -> str:
    """Return what stands for the keys of an object where they are data: it maps names of fields to messages."""
    if not item or _RECORD & item.keys():
        return ""
    texts = all(isinstance(each, str) for each in item.values())
    lists = all(isinstance(each, list) and each and all(isinstance(text, str) for text in each) for each in item.values())
    if name.lower() in _BY_FIELD or (lists and not _BY_FIELD & item.keys()):
        return ITEM
    return FIELD if texts and name.lower() in _MAY_BE_BY_FIELD else ""


def _token(key: str) -> str:
    """Write a key as a token of a JSON pointer (RFC 6901 section 3), with what is an id in it masked."""
    return masked(key).replace("~", "~0").replace("/", "~1")


def _words(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))
