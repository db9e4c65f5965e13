"""What an answer means to its caller, and what a run may do to its targets."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """What an answer means to its caller (the function that tells is in `checks/outcome.py`)."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    INVALID = "invalid"
    MISSING = "missing"
    LIMITED = "limited"
    BROKEN = "broken"
    SILENT = "silent"


class Level(IntEnum):
    """What a run may do; enforced in the drivers. Larger dares more."""

    READ_ONLY = 0
    OWN_OBJECTS = 1
    DESTRUCTIVE = 2

    @property
    def word(self) -> str:
        """The level as it is written in gate.toml."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def of(cls, word: str) -> Level:
        """Return the level that gate.toml names; raises KeyError for an unknown word."""
        return cls[word.upper().replace("-", "_")]
