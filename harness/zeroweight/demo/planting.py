"""Planting: flaws in few words, for the tables of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .flaw import Family, Flaw
from .guards import EVERYWHERE, Hole
from .places import at

if TYPE_CHECKING:
    from collections.abc import Mapping


def wide(  # the words of a flaw, in their order
    family: Family,
    name: str,
    site: str,
    title: str,
    operations: str = "",
    more: Mapping[str, frozenset[str]] = EVERYWHERE,
    also: tuple[Hole, ...] = (),
) -> Flaw:
    """Make a flaw of a whole guard site, or of one way in which it is asked; it shows at the operations named (none: all)."""
    return Flaw(name=name, site=site, family=family, when=more, operations=at(operations), also=also, title=title)


def narrow(  # the words of a flaw, in their order
    family: Family,
    name: str,
    site: str,
    title: str,
    operations: str = "",
    more: Mapping[str, frozenset[str]] = EVERYWHERE,
    also: tuple[Hole, ...] = (),
) -> Flaw:
    """Make a flaw of narrow circumstances: of the operations named (none: all), and of whatever else must match."""
    only = {**({"operation": frozenset(operations.split())} if operations else {}), **more}
    return Flaw(name=name, site=site, family=family, when=only, narrow=True, operations=at(operations), also=also, title=title)
