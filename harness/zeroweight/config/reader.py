"""The strict reader: a parsed document into a dataclass, or a ConfigError that names file, key and fix.

It knows types and notes, and no section of gate.toml.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeAlias, TypeVar, get_args

from zeroweight.config import shape
from zeroweight.config.note import Form, FromKey, Json, Location, MayBeEmpty, Misfit, Range, Rest
from zeroweight.config.secrets import PLACEHOLDER, Vault, is_reference, names_credential
from zeroweight.config.shape import Hint
from zeroweight.errors import ConfigError
from zeroweight.redact import Secret

Where: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys, and places in lists counted from 0."""
Table = TypeVar("Table")

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_QUOTE: Final = 60
_FEW: Final = 6
_SHORT: Final = 4
_ALIKE_SHORT: Final = 0.6
_ALIKE: Final = 0.72
_ELSEWHERE: Final = "Write env:NAME or file:PATH, and keep the secret there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads one document."""

    file: str
    """How the document is called in errors."""
    vault: Vault
    origins: Mapping[Where, str] = field(default_factory=dict)
    """Values that came from elsewhere, by where they would stand: `environment variable ZEROWEIGHT_CANARY_URL`."""

    def error(self, path: Where, what: str, fix: str) -> ConfigError:
        """Return the error about the value at a path, in the words of where it came from."""
        return ConfigError(what, where=self.origins.get(path) or f"{self.file}: {label(path)}", fix=fix)

    def table(self, kind: type[Table], raw: Any, path: Where = ()) -> Table:
        """Return the dataclass that a table writes."""
        if not isinstance(raw, Mapping):
            raise self._wrong_type(path, "a table", raw)
        known, rest = shape.keys(kind), shape.rest(kind)
        takes_rest = rest is not None and any(isinstance(note, Rest) and note.when in raw for note in rest.hint.notes)
        extra = [key for key in raw if key not in known]
        if extra and not takes_rest:
            raise self.unknown(path, extra[0], known)
        values = {known[key].attribute: self.value(known[key].hint, raw[key], (*path, key)) for key in raw if key in known}
        for entry in known.values():
            if entry.required and entry.attribute not in values:
                raise self.error((*path, entry.key), "this key is missing", f"Add {_example_line(entry)}")
        for entry in shape.entries(kind):
            if entry.hint.has(FromKey):
                values[entry.attribute] = str(path[-1]) if path else ""
        if rest is not None:
            values[rest.attribute] = {key: self._credential(key, raw[key], (*path, key)) for key in extra}
        return kind(**values)

    def unknown(self, path: Where, key: str, known: Iterable[str]) -> ConfigError:
        """Return the error about a key that is not among the known ones: with the nearest, else with all."""
        return self.error((*path, key), "this is not a known key", nearest(key, known))

    def value(self, hint: Hint, raw: Any, path: Where) -> Any:
        """Return the value of one key."""
        free = hint.note(Json)
        if free is not None:
            if not isinstance(raw, Mapping):
                raise self._wrong_type(path, "a table", raw)
            return self._free(raw, path, guarded=free.guarded)
        if isinstance(raw, str) and ({str, Secret} & set(hint.members) or hint.words()):
            return self._text(hint, raw, path)
        if isinstance(raw, list) and (listed := hint.member(tuple)) is not None:
            each = shape.hint_of(get_args(listed)[0])
            return tuple(self.value(each, item, (*path, number)) for number, item in enumerate(raw))
        if isinstance(raw, Mapping):
            if (table := hint.table()) is not None:
                return self.table(table, raw, path)
            if (mapping := hint.member(Mapping)) is not None:
                name, each = (shape.hint_of(part) for part in get_args(mapping))
                return {self._name(name, key, (*path, key)): self.value(each, item, (*path, key)) for key, item in raw.items()}
        return self._scalar(hint, raw, path)

    def _scalar(self, hint: Hint, raw: Any, path: Where) -> bool | float | date:
        """Return a boolean, number or date. In TOML as in Python a boolean is no number, and a moment is no date."""
        if isinstance(raw, bool):
            if bool in hint.members:
                return raw
        elif isinstance(raw, int | float) and (float in hint.members or (int in hint.members and isinstance(raw, int))):
            bounds = hint.note(Range)
            if (isinstance(raw, float) and math.isnan(raw)) or (bounds is not None and not bounds.holds(raw)):
                raise self.error(path, "the number is out of range", f"Write {bounds or 'a number'}")
            return raw if float not in hint.members else float(raw)
        elif isinstance(raw, date) and not isinstance(raw, datetime) and date in hint.members:
            return raw
        raise self._wrong_type(path, _wanted(hint), raw)

    def _text(self, hint: Hint, raw: str, path: Where) -> str | Secret:
        """Return a text, a secret or a fixed word; a reference is followed first, and what it gave is never shown."""
        form, words = hint.note(Form), hint.words()
        elsewhere = (form is None or form.elsewhere) and not (hint.has(Location) and raw.startswith("file:"))
        followed = elsewhere and is_reference(raw)
        try:
            text = self.vault.fetch(raw) if followed else raw
            if not text and not hint.has(MayBeEmpty):
                raise self.error(path, "the text is empty", "Give it a value, or leave the key out")
            if Secret in hint.members and str not in hint.members and not followed:
                raise self.error(path, "a secret must not be written here", _ELSEWHERE)
            if words and text not in words:
                what = f"{_quoted(raw)} is not one of the words for this key"
                raise self.error(path, what, nearest("" if followed else raw, words))
            text = form.read(text) if form is not None else text
            location = hint.note(Location)
            text = self._place(text, served=location.served) if location is not None else text
        except Misfit as misfit:
            shown = f": {_quoted(raw)}" if (form is None or form.quoted) and "@" not in raw and not is_reference(raw) else ""
            raise self.error(path, f"{misfit.what}{shown}", misfit.fix) from None
        return Secret(name=label(path), value=text) if followed and Secret in hint.members else text

    def _name(self, hint: Hint, raw: str, path: Where) -> str:
        """Return the name of a table or header: a key of the file, so no reference."""
        form = hint.note(Form)
        try:
            return form.read(raw) if form is not None else raw
        except Misfit as misfit:
            raise self.error(path, misfit.what, misfit.fix) from None

    def _credential(self, key: str, raw: Any, path: Where) -> str | Secret:
        """Return what a role brings to its login: a secret, or a plain text where the key does not name a credential."""
        members = (Secret,) if names_credential(key) else (str, Secret)
        value = self.value(Hint(members=members, notes=()), raw, path)
        assert isinstance(value, str | Secret)
        return value

    def _free(self, raw: Any, path: Where, *, guarded: bool) -> Any:
        """Return free JSON, with dates as ISO text and references as secrets."""
        if isinstance(raw, Mapping):
            return {key: self._free(value, (*path, key), guarded=guarded) for key, value in raw.items()}
        if isinstance(raw, list):
            return tuple(self._free(value, (*path, number), guarded=guarded) for number, value in enumerate(raw))
        if isinstance(raw, str) and is_reference(raw):
            return self._text(Hint(members=(str, Secret), notes=()), raw, path)
        named = next((part for part in reversed(path) if isinstance(part, str)), "")
        if guarded and names_credential(named) and not isinstance(raw, bool) and not (isinstance(raw, str) and PLACEHOLDER.fullmatch(raw)):
            raise self.error(path, "a secret must not be written here", f"{_ELSEWHERE}, or write ${named} and give each role its own")
        if isinstance(raw, float) and not math.isfinite(raw):
            raise self.error(path, "JSON has no such number", "Write a finite number")
        return raw if isinstance(raw, str | bool | int | float) else raw.isoformat()

    def _place(self, text: str, *, served: bool) -> str:
        """Return the absolute path of something that exists; what is served elsewhere as it is."""
        if served and (text.startswith("/") or "://" in text):
            return text
        try:
            path = (self.vault.folder / text.removeprefix("file:")).resolve()
            there = path.exists()
        except (OSError, ValueError, RuntimeError):
            there = False
        if not there:
            what, fix = "there is nothing at this path", "Write a path relative to the folder of this file"
            raise Misfit(what, fix)
        return f"file:{path}" if served else str(path)

    def _wrong_type(self, path: Where, wanted: str, raw: Any) -> ConfigError:
        """Return the error about a value of another type; the value is not shown."""
        unquoted = isinstance(raw, str) and wanted in {"true or false", "a number", "a whole number", "a date"}
        fix = f"Write {wanted} without quotes" if unquoted else f"Write {wanted}"
        return self.error(path, f"this must be {wanted}, not {_kind(raw)}", fix)


def label(path: Where) -> str:
    """Write a path as people do: `canary.url`, `[[waiver]] #2 expires`, `safety.hosts #1`."""
    text, tables = "", ""
    for index, part in enumerate(path):
        if isinstance(part, int):
            inner = index + 1 < len(path)
            tables, text = (f"[[{text}]] #{part + 1} ", "") if inner and not tables else ("", f"{tables}{text} #{part + 1}")
        else:
            key = part if _BARE.fullmatch(part) else json.dumps(part)
            text = f"{text}.{key}" if text else key
    return (tables + text).strip()


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the fix for an unknown word: the nearest known one, or all of them when none is near."""
    choices = list(known)
    # Of short words, one letter out of place is much ("ulr"); of long ones, the same likeness is chance ("driver", "waiver").
    close = difflib.get_close_matches(word, choices, n=1, cutoff=_ALIKE_SHORT if len(word) <= _SHORT else _ALIKE)
    if close:
        return f"Did you mean {close[0]}?" + (f" All: {', '.join(choices)}" if 1 < len(choices) <= _FEW else "")
    return f"Known here: {', '.join(choices)}" if choices else "None is known here; take it out"


def _quoted(text: str) -> str:
    """Return a text as it may stand in an error: in quotes, on one line, short."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole if len(whole) <= _LONGEST_QUOTE else f"{whole[:_LONGEST_QUOTE]}…", ensure_ascii=False)


def _kind(raw: Any) -> str:
    """Name the TOML type of a value."""
    if isinstance(raw, bool):
        return "a boolean"
    for kind, name in ((str, "a text"), (int, "a whole number"), (float, "a number with a point"), (Mapping, "a table"), (list, "a list")):
        if isinstance(raw, kind):
            return name
    return "a date" if isinstance(raw, date) and not isinstance(raw, datetime) else "a time"


def _wanted(hint: Hint) -> str:
    """Name what a key takes."""
    names = []
    if hint.words():
        names.append("one of " + ", ".join(hint.words()))
    if str in hint.members:
        names.append("a text")
    elif Secret in hint.members:
        names.append("env:NAME or file:PATH")
    listed = hint.member(tuple)
    if listed is not None:
        tables = shape.hint_of(get_args(listed)[0]).table() is not None
        names.append("an array of tables" if tables else "a list")
    if hint.table() is not None or hint.member(Mapping) is not None:
        names.append("a table")
    simple = ((bool, "true or false"), (float, "a number"), (int, "a whole number"), (date, "a date"))
    names.extend(name for kind, name in simple if kind in hint.members)
    return " or ".join(names)


def _example(hint: Hint) -> str:
    """Return what a missing key could be, as TOML."""
    if hint.words():
        return json.dumps(hint.words()[0])
    if (table := hint.table()) is not None:
        needed = (f"{key} = {_example(each.hint)}" for key, each in shape.keys(table).items() if each.required)
        return f"{{ {', '.join(needed)} }}"
    if Secret in hint.members and str not in hint.members:
        return '"env:NAME"'
    if date in hint.members:
        return "2027-01-31"
    form = hint.note(Form)
    return json.dumps(form.name if form else "…", ensure_ascii=False)


def _example_line(entry: shape.Entry) -> str:
    """Return the line that adds a missing key."""
    return f"{entry.key} = {_example(entry.hint)}"
