"""The catalogue: every flaw a demo build can carry, and every harmless change a release may bring."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from . import acceptance, access, exposure
from .blind import BLIND
from .flaw import Benign, Flaw

if TYPE_CHECKING:
    from collections.abc import Mapping

FLAWS: Final[Mapping[str, Flaw]] = MappingProxyType(
    {
        flaw.name: flaw
        for flaws in (
            exposure.headers(),
            exposure.disclosure(),
            exposure.injection(),
            access.authorization(),
            acceptance.validation(),
            acceptance.rest(),
            BLIND.values(),
        )
        for flaw in flaws
    }
)
"""Every flaw by name."""

BENIGN: Final[Mapping[str, Benign]] = MappingProxyType(
    {
        name: Benign(name=name, title=title)
        for name, title in {
            "optional-field": "orders tell an estimated delivery, a new optional field",
            "live-endpoint": "a new public operation GET /health/live, in the schema too",
            "not-found-text": "404 answers say it in other words",
            "list-order": "lists come oldest first",
            "stricter-headers": "permissions-policy is sent too, and the content-security-policy is stricter",
            "error-wording": "400, 415 and 422 answers say it in other words",
            "uuid-ids": "new objects have UUIDs for ids",
            "slower": "every answer takes 20 ms longer",
            "foreign-not-found": "other people's objects answer 404 where they answered 403",
        }.items()
    }
)
"""Every harmless change by name."""
