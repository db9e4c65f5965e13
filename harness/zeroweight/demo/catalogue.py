"""The catalogue: every flaw a demo build can carry, and every harmless change a release may bring."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from . import acceptance, access, exposure, harmless, protections
from .blind import BLIND
from .blind_second import BLIND_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .flaw import Benign, Flaw

FLAWS: Final[Mapping[str, Flaw]] = MappingProxyType(
    {
        flaw.name: flaw
        for flaws in (
            protections.headers(),
            exposure.disclosure(),
            exposure.injection(),
            access.authorization(),
            acceptance.validation(),
            acceptance.availability(),
            acceptance.shapes(),
            acceptance.schema(),
            BLIND.values(),
            BLIND_SECOND.values(),
        )
        for flaw in flaws
    }
)
"""Every flaw by name."""

BENIGN: Final[Mapping[str, Benign]] = harmless.BENIGN
"""Every harmless change by name."""
