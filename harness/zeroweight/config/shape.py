"""What a dataclass of the model looks like as a table: one place that reads its type hints, for loader, environment and schema alike."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from zeroweight.config.note import FromKey, Key, Rest

Note = TypeVar("Note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A type without its `None`, and the notes that stood beside it."""

    members: tuple[Any, ...]
    """The types of a union; one for a plain type."""
    notes: tuple[Any, ...]

    def note(self, kind: type[Note]) -> Note | None:
        """Return the note of this kind, if there is one."""
        return next((note for note in self.notes if isinstance(note, kind)), None)

    def has(self, kind: type[Any]) -> bool:
        """Tell whether there is a note of this kind."""
        return self.note(kind) is not None

    def words(self) -> tuple[str, ...]:
        """Return the fixed words that are allowed, in their order."""
        return tuple(word for member in self.members if get_origin(member) is Literal for word in get_args(member))

    def member(self, kind: type[Any]) -> Any | None:
        """Return the member that is, or is made of, this type (`tuple`, `Mapping`)."""
        return next((member for member in self.members if member is kind or _origin(member) is kind), None)

    def table(self) -> type[Any] | None:
        """Return the dataclass that is read here, if one is. A Secret is a dataclass too, but is written as text."""
        from_file = (
            member for member in self.members if dataclasses.is_dataclass(member) and member.__module__.startswith("zeroweight.config.")
        )
        return next((member for member in from_file if isinstance(member, type)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One attribute of a dataclass, as a key of its table."""

    attribute: str
    key: str
    hint: Hint
    required: bool
    default: Any


def hint_of(annotation: Any) -> Hint:
    """Return members and notes of an annotation."""
    notes: tuple[Any, ...] = ()
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        notes += tuple(more)
    members = get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)
    return Hint(members=tuple(member for member in members if member is not type(None)), notes=notes)


def entries(table: type[Any]) -> tuple[Entry, ...]:
    """Return the attributes of a dataclass in their order."""
    hints = get_type_hints(table, include_extras=True)
    found = []
    for field in dataclasses.fields(table):
        hint = hint_of(hints[field.name])
        renamed = hint.note(Key)
        default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        found.append(
            Entry(
                attribute=field.name,
                key=renamed.name if renamed else field.name,
                hint=hint,
                required=default is dataclasses.MISSING,
                default=default,
            )
        )
    return tuple(found)


def keys(table: type[Any]) -> Mapping[str, Entry]:
    """Return the keys that may be written in a table: all but its name and what takes the rest."""
    return {entry.key: entry for entry in entries(table) if not entry.hint.has(FromKey) and not entry.hint.has(Rest)}


def rest(table: type[Any]) -> Entry | None:
    """Return the attribute that takes the keys that no other has, if there is one."""
    return next((entry for entry in entries(table) if entry.hint.has(Rest)), None)


def _origin(annotation: Any) -> Any:
    return get_origin(annotation)
