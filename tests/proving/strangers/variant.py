"""What sets one build of a stranger apart from another: flaws, harmless changes, and the places where they show."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

from zeroweight.demo.guards import Hole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Family = Literal["headers", "disclosure", "authorization", "validation", "availability", "schema", "injection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A slip that a release may bring; `operations` ("METHOD /template") and `roles` tell where it shows, empty: everywhere, everybody."""

    name: str
    title: str
    family: Family
    weakness: str
    holes: tuple[Hole, ...]
    narrow: bool = False
    operations: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Benign:
    """A change that weakens nothing; `beside` names the flaw that it is one step away from."""

    name: str
    title: str
    family: Family
    beside: str
    weakness: str = "none"
    narrow: bool = False
    operations: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


Variant = TypeVar("Variant", Flaw, Benign)


def hole(site: str, **when: str | tuple[str, ...]) -> Hole:
    """Make a hole; each circumstance is one value or several."""
    circumstances = {key: frozenset((values,) if isinstance(values, str) else values) for key, values in when.items()}
    return Hole(site=site, when=MappingProxyType(circumstances))


def catalogue(*told: Variant) -> Mapping[str, Variant]:
    """Put variants under their names; a name told twice raises ValueError."""
    named = {variant.name: variant for variant in told}
    if len(named) != len(told):
        message = "a variant's name is told twice"
        raise ValueError(message)
    return MappingProxyType(named)


class Release:
    """One build of a stranger: which protections hold in it, and which harmless changes it brings."""

    def __init__(
        self,
        *,
        build: str,
        flaws: Iterable[str],
        benign: Iterable[str],
        flaw_catalogue: Mapping[str, Flaw],
        benign_catalogue: Mapping[str, Benign],
    ) -> None:
        """Take the variants by name; an unknown name raises ValueError."""
        flaws, self.benign = tuple(flaws), frozenset(benign)
        unknown = sorted({*flaws} - {*flaw_catalogue} | self.benign - {*benign_catalogue})
        if unknown:
            message = f"the catalogue has no {', '.join(unknown)}"
            raise ValueError(message)
        self.build = build
        self._holes: dict[str, list[Hole]] = {}
        for name in flaws:
            for made in flaw_catalogue[name].holes:
                self._holes.setdefault(made.site, []).append(made)

    def whole(self, site: str) -> bool:
        """Say whether the protection at this site is in force everywhere."""
        return site not in self._holes

    def holds(self, site: str, **context: str) -> bool:
        """Say whether the protection at this site is in force here."""
        return not any(made.covers(context) for made in self._holes.get(site, ()))

    def brings(self, name: str) -> bool:
        """Say whether the release brings this harmless change."""
        return name in self.benign
