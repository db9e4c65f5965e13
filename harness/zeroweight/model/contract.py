"""What changed between the two sides' API documents."""

from __future__ import annotations

from dataclasses import dataclass

from zeroweight.model.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of security or reach between the documents: `security-lost security-added operation-added operation-hidden`."""

    kind: str
    method: str
    path: str
    says: str

    @property
    def place(self) -> Place:
        """The operation, for whoever calls it."""
        return Place(method=self.method, path=self.path)
