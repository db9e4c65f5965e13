"""What a role can own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind of object a role can own: how it is created, read back and removed (`METHOD /template` each)."""

    kind: str
    create: str
    body: Mapping[str, Any] = field(default_factory=dict)
    id: str = "/id"
    """JSON pointer to the id in the create's answer."""
    used: tuple[str, ...] = ()
    read: str = ""
    remove: str = ""
    owners: tuple[str, ...] = ()
