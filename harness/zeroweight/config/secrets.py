"""Where secrets stand, `env:NAME` and `file:PATH`, and how they are fetched and gathered."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zeroweight.config.note import Misfit
from zeroweight.redact import Secret

PLACEHOLDER: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_-]*)")
"""`$user` in a login's body: the key `user` of the role that logs in."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CREDENTIAL: Final = re.compile(
    r"(?:passw(?:or)?d|passphrase|passcode|secret|token|api_?key)$|(?:^|[_-])(?:pwd|pass|key|value|pin|otp|bearer|credentials?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Where references are looked up: the environment, and the folder that relative paths start from."""

    environment: Mapping[str, str]
    folder: Path

    def fetch(self, reference: str) -> str:
        """Return what `env:NAME` or `file:PATH` stands for; raises Misfit, which never shows the value."""
        kind, _, name = reference.partition(":")
        value = self._variable(name) if kind == "env" else self._file(name)
        if not value:
            what = f"{'environment variable' if kind == 'env' else 'file'} {_spoken(name)} is empty"
            fix = "Give it a value"
            raise Misfit(what, fix)
        return value

    def _variable(self, name: str) -> str:
        if not _VARIABLE.fullmatch(name):
            what, fix = "env: is not followed by a variable's name", "Write env:NAME, like env:USER_TOKEN"
            raise Misfit(what, fix)
        value = self.environment.get(name)
        if value is None:
            what, fix = f"environment variable {name} is not set", f"Set {name}, or name another variable"
            raise Misfit(what, fix)
        if not is_text(value):
            what, fix = f"environment variable {name} is not UTF-8 text", "Store the value as text"
            raise Misfit(what, fix)
        return value

    def _file(self, name: str) -> str:
        """Return the file's text without the line ends at its end: editors and `kubectl` put one there."""
        if not name:
            what, fix = "file: is not followed by a path", "Write file:PATH, like file:/secrets/token"
            raise Misfit(what, fix)
        try:
            return (self.folder / name).read_text(encoding="utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            what, fix = f"file {_spoken(name)} is not UTF-8 text", "Store the value as text"
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or "not a path"
            what, fix = f"file {_spoken(name)} cannot be read ({why.lower()})", "Mount it, or name another file"
        raise Misfit(what, fix)


def _spoken(name: str) -> str:
    """Return a name as it may stand in an error: escaped where it would move the terminal's cursor."""
    return name if name.isprintable() else json.dumps(name)


def is_reference(text: str) -> bool:
    """Tell whether the text says where a value stands instead of being it."""
    return text.startswith(("env:", "file:"))


def is_text(value: str) -> bool:
    """Tell whether a value from the environment was text: Python marks stray bytes with surrogates, which cannot be sent."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def names_credential(key: str) -> bool:
    """Tell whether a key's name says that its value is a secret: `password`, `accessToken`, `api_key`."""
    return _CREDENTIAL.search(key) is not None


def references_in(document: Any) -> Iterator[str]:  # a TOML document
    """Yield the name of every environment variable that a document refers to."""
    if isinstance(document, str):
        if document.startswith("env:"):
            yield document.removeprefix("env:")
    elif isinstance(document, Mapping):
        for value in document.values():
            yield from references_in(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from references_in(value)


def secrets_in(value: Any) -> Iterator[Secret]:  # any part of the configuration
    """Yield every secret within dataclasses, mappings and tuples, in the order of the attributes."""
    if isinstance(value, Secret):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from secrets_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)
