"""What a flaw is, and what a harmless change is."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from .guards import Hole

if TYPE_CHECKING:
    from collections.abc import Mapping

Family = Literal["headers", "disclosure", "authorization", "validation", "availability", "schema", "injection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A guard site gone wrong in one build: removed, weakened, or removed in narrow circumstances only.

    `operations` names what changes ("METHOD /template"; empty: every operation the site guards), `also` the further holes of the same slip.
    """

    name: str
    site: str
    title: str
    family: Family
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    narrow: bool = False
    operations: tuple[str, ...] = ()
    also: tuple[Hole, ...] = ()

    @property
    def holes(self) -> tuple[Hole, ...]:
        """All that this flaw opens."""
        return (Hole(site=self.site, when=self.when), *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benign:
    """A change that a release may make without weakening anything; `family` is that of the flaws whose neighbour it is."""

    name: str
    title: str
    family: Family


def when(**circumstances: str) -> Mapping[str, frozenset[str]]:
    """Read circumstances: values are separated by spaces."""
    return MappingProxyType({key: frozenset(values.split()) for key, values in circumstances.items()})
