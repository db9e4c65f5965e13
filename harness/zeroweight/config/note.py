"""What a type hint of the model may say beyond its type: notes for the loader and for the JSON schema.

Notes stand in `Annotated[...]`. The loader and the schema read the same notes, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Misfit(Exception):  # not an error of the program: the loader turns it into a ConfigError with file and key
    """A text that is not of the form its key wants: what is wrong with it, and the fix; neither quotes the text."""

    def __init__(self, what: str, fix: str) -> None:
        """Keep both halves of the sentence."""
        self.what, self.fix = what, fix
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Doc:
    """What a key means, with its unit: the description in the JSON schema."""

    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """The key's name in the file, where it is not the attribute's (`in`, `rule`, `waiver`)."""

    name: str


@dataclass(frozen=True, slots=True)
class FromKey:
    """The attribute is not written as a key: it is the name of the table (`alice` of `[roles.alice]`)."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The attribute takes every key of the table that no other attribute has, provided that the table has the key `when`."""

    when: str


@dataclass(frozen=True, slots=True)
class MayBeEmpty:
    """The empty string is a value here; elsewhere it is a mistake."""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that are taken, bounds included unless `above` says that `low` itself is too low."""

    low: float
    high: float
    unit: str = ""
    above: bool = False

    def holds(self, number: float) -> bool:
        """Tell whether the number lies within; not-a-number does not."""
        return (self.low < number if self.above else self.low <= number) and number <= self.high

    def __str__(self) -> str:
        """Say the range in words, for the fix."""
        unit = f" {self.unit}" if self.unit else ""
        if self.above:
            return f"a number above {self.low:g} and up to {self.high:g}{unit}"
        return f"a number from {self.low:g} to {self.high:g}{unit}"


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a text: `read` gives it back (made regular) or raises Misfit; `pattern` is the same for JSON schema, never stricter.

    `quoted` is False where a text that does not fit might be a secret: the error does not show it then.
    """

    name: str
    read: Callable[[str], str]
    pattern: str
    quoted: bool = True
    elsewhere: bool = True
    """Whether the text may be written as `env:NAME` or `file:PATH`; names that errors repeat may not."""


@dataclass(frozen=True, slots=True)
class Location:
    """The text is a path on this machine, relative to the folder of gate.toml: made absolute, and it must exist.

    `served`: it may also be a `/path` of the service or a URL, which stay as they are; a path on this machine becomes `file:/…` then.
    """

    served: bool = False


@dataclass(frozen=True, slots=True)
class Json:
    """The value is free JSON: what TOML writes, with dates as ISO text and references to secrets resolved at any depth.

    `guarded`: literals are refused under keys that name a credential.
    """

    guarded: bool = False
