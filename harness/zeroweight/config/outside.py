"""What environment and options say beyond the file: `ZEROWEIGHT_CANARY_URL`, `canary.url=…`, laid over the document."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from zeroweight.config import shape
from zeroweight.config.model import Config
from zeroweight.config.note import Misfit
from zeroweight.config.reader import Where, nearest
from zeroweight.config.secrets import is_text, references_in
from zeroweight.config.shape import Hint
from zeroweight.errors import ConfigError
from zeroweight.redact import Secret

_PREFIX: Final = "ZEROWEIGHT_"
RESERVED: Final = frozenset({"ZEROWEIGHT_RUN_ID", "ZEROWEIGHT_TERMINATION_FILE", "ZEROWEIGHT_TASK"})
"""Variables that mean something else than a key of gate.toml."""

_LINK: Final = re.compile(r"_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)$")
"""What Kubernetes sets in every pod for a Service called `zeroweight-…`: not the operator's words."""
_NEAR_KEY: Final = 0.6
_NEAR_NAME: Final = 0.85


def scalars(table: type[Any] = Config, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Hint]]:
    """Yield each key of a fixed section that takes one value: what environment and options can set."""
    for key, entry in shape.keys(table).items():
        nested = entry.hint.table()
        if nested is not None:
            yield from scalars(nested, (*path, key))
        elif {str, Secret, bool, int, float, date} & set(entry.hint.members) or entry.hint.words():
            yield (*path, key), entry.hint


_BY_OPTION: Final = {".".join(path): (path, hint) for path, hint in scalars()}
_BY_VARIABLE: Final = {_PREFIX + "_".join(path).upper(): (path, hint) for path, hint in scalars()}


def overlay(
    document: Mapping[str, Any], *, environment: Mapping[str, str], overrides: Mapping[str, str]
) -> tuple[dict[str, Any], dict[Where, str]]:
    """Return the document with what environment, then options say, and where each such value came from."""
    merged, origins = _copied(document), {}
    _refuse_near_misses(environment, spared=RESERVED | set(references_in(document)))
    for name, (path, hint) in _BY_VARIABLE.items():
        if name in environment:
            origins.update(_lay(merged, path, hint, environment[name], where=f"environment variable {name}"))
    for option, text in overrides.items():
        where = f"option {option}"
        if option not in _BY_OPTION:
            what = "there is no such key, or it takes more than one value"
            raise ConfigError(what, where=where, fix=nearest(option, _BY_OPTION))
        path, hint = _BY_OPTION[option]
        origins.update(_lay(merged, path, hint, text, where=where))
    return merged, origins


def _copied(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with tables of its own."""
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in document.items()}


def _lay(document: dict[str, Any], path: tuple[str, ...], hint: Hint, text: str, *, where: str) -> dict[Where, str]:
    """Put one value into the document. Where the file has no table to put it in, the file's own mistake is told instead."""
    table: Any = document
    for key in path[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            return {}
    try:
        table[path[-1]] = _typed(hint, text)
    except Misfit as misfit:
        raise ConfigError(misfit.what, where=where, fix=misfit.fix) from None
    return {path: where}


def _typed(hint: Hint, text: str) -> str | bool | float | date:
    """Return the value that a text stands for; raises Misfit."""
    if not text:
        what, fix = "it is set but empty", "Give it a value, or take it away"
        raise Misfit(what, fix)
    if not is_text(text):
        what, fix = "it is not UTF-8 text", "Store the value as text"
        raise Misfit(what, fix)
    if str in hint.members or Secret in hint.members or hint.words():
        return text
    what, fix = "this is not a date", "Write it like 2027-01-31"
    try:
        if bool in hint.members:
            what, fix = "this is neither true nor false", "Write true or false"
            return {"true": True, "false": False}[text.lower()]
        if float in hint.members:
            what, fix = "this is not a number", "Write digits, with a point if need be"
            return float(text)
        if int in hint.members:
            what, fix = "this is not a whole number", "Write digits only"
            return int(text)
        return date.fromisoformat(text)
    except (KeyError, ValueError):
        raise Misfit(what, fix) from None


def _refuse_near_misses(environment: Mapping[str, str], *, spared: frozenset[str] | set[str]) -> None:
    """Raise ConfigError for a variable that looks like a misspelt key; others that begin alike are somebody else's."""
    sections = {path[0].upper(): [name for name, (other, _) in _BY_VARIABLE.items() if other[0] == path[0]] for path, _ in scalars()}
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in _BY_VARIABLE or name in spared or _LINK.search(name):
            continue
        close = difflib.get_close_matches(
            name.removeprefix(_PREFIX), [known.removeprefix(_PREFIX) for known in _BY_VARIABLE], 1, _NEAR_NAME
        )
        for section, known in sections.items():
            start = f"{_PREFIX}{section}_"
            if name.startswith(start) and not close:
                near = difflib.get_close_matches(name.removeprefix(start), [each.removeprefix(start) for each in known], 1, _NEAR_KEY)
                close = [f"{section}_{each}" for each in near]
        if close:
            what = "this variable sets no key of gate.toml"
            raise ConfigError(what, where=f"environment variable {name}", fix=f"Did you mean {_PREFIX}{close[0]}?")
