"""What the gate must say of each flaw of the strangers, and which of their flaws no check or suite looks for yet.

As for the demo: this stands here and not in the strangers, nothing of the package may read it, and every flaw stands in exactly one of
the two.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import expected_clinic
import expected_library

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expecting import Expected

EXPECTED: Final[Mapping[str, Mapping[str, Expected]]] = MappingProxyType(
    {"library": expected_library.EXPECTED, "clinic": expected_clinic.EXPECTED}
)

LATER: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({"library": expected_library.LATER, "clinic": expected_clinic.LATER})
