"""The words that are said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Where = Literal["body", "query", "header", "path", "below", "method", "content-type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One attack input and the sign that betrays its success (a sign is told to checks; the payload never judges)."""

    id: str
    family: str
    """The name of the payload file: `malformed`, …."""
    where: Where
    send: bytes = field(repr=False)
    name: str = ""
    """The header or query parameter; empty for every one that the operation has."""
    sign: str = ""
    cwe: int = 0
