"""What can be asked: the operations of the API's schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zeroweight.model.target import Side

if TYPE_CHECKING:
    from zeroweight.model.request import Probe

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110 section 9.2.1: methods that ask for no change (TRACE is never sent by this project)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One input of an operation: where it goes (`path`, `query`, `header`, `cookie`, `body`) and its name or JSON pointer."""

    place: str
    name: str
    required: bool = False

    def __str__(self) -> str:
        """`query:q`; a parameter without a name is the whole body."""
        return f"{self.place}:{self.name}" if self.name else self.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The parts of one valid request, as plain JSON values; `body` is the value before encoding, `raw` the bytes to be sent."""

    path: Mapping[str, Any] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = ""
    body: Any = None
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method and path template of the API's schema (the union of both sides' schemas)."""

    method: str
    path: str
    id: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    valid: Example = field(default_factory=Example)
    documented: frozenset[Side] = frozenset(Side)
    """The sides whose schema has the operation."""
    protected: frozenset[Side] = frozenset()
    """The sides whose schema demands credentials for it."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """Path parameter → the declared resource whose id it takes."""

    @property
    def label(self) -> str:
        """`METHOD /template`: how an operation is written everywhere."""
        return f"{self.method} {self.path}"

    @property
    def safe(self) -> bool:
        """Whether the method asks for no change."""
        return self.method in SAFE

    def example(self, *, role: str = "anonymous") -> Probe:
        """Return one valid request, with the schema's own values for ids."""
        from zeroweight.model.request import probe_of  # noqa: PLC0415  # Probe holds an Operation: one of the two must wait

        return probe_of(self, role=role)
