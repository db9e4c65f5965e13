"""Guard sites: the places in the demo's code where a protection is asked for by name.

The service never knows which flaw it carries. It asks `guards.holds("owner:orders", operation="orders.read", ...)` and does the
safe thing when the answer is yes. A flaw punches holes: a site, and the circumstances in which that site does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SITES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "authentication": "an operation that is not public asks who calls",
        "authentication-first": "who calls is asked before the body is looked at",
        "token:signature": "a token's signature is checked (kind: wrong | none | empty)",
        "role:admin": "admin operations are for admins",
        "grant": "a role that may call an operation is let in",
        "owner:orders": "an order is its owner's",
        "owner-first": "whose an object is is asked before the body is looked at and before anything is done",
        "staff": "an admin is let in to other people's objects",
        "owner:files": "a file is its owner's",
        "scope:orders": "the list of orders shows the caller's own",
        "tenant:report": "a tenant's report is for its members",
        "fields:me": "a profile's role and credit limit are not the user's to set",
        "validator:quantity": "a quantity is within its bounds (bound: minimum | maximum)",
        "validator:sku": "a SKU has its pattern (bound: pattern)",
        "validator:text": "texts are within their lengths (bound: minLength | maxLength)",
        "validator:type": "a number is not given as text",
        "content-type": "a body is read only when it says it is JSON",
        "limit:body": "a body is at most 64 KiB",
        "limit:page": "a page is at most 100 items",
        "binding:search": "the search term is bound, never pasted into the query",
        "encoder:html": "what the caller sent is escaped before it stands in HTML",
        "error-filter": "inner errors are not shown (cause: malformed | database | content-type | crash | taken | page)",
        "answers": "a valid request is answered (missing: an optional property that was not sent)",
        "surface:debug": "the debug endpoint is not mounted",
        "surface:lookup": "the unfinished lookup of one user is not mounted",
        "schema:security": "the schema says which operations need a token",
        "header:content-security-policy": "sent on every answer",
        "header:strict-transport-security": "sent on every answer",
        "header:x-content-type-options": "sent on every answer",
        "header:x-frame-options": "sent on every answer",
        "header:referrer-policy": "sent on every answer",
        "form:x-content-type-options": "the header is spelt as browsers know it",
        "cross-origin": "no foreign origin is allowed to read answers",
    }
)
"""Every site's name and what it holds. Each is asked somewhere in this package and has a flaw in the catalogue; a test says so."""

EVERYWHERE: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A site that does not hold, in the circumstances of `when` (every key must match one of its values; empty: always)."""

    site: str
    when: Mapping[str, frozenset[str]] = field(default_factory=lambda: EVERYWHERE)

    def covers(self, context: Mapping[str, str]) -> bool:
        """Say whether the site is open in this context; a key the context lacks never matches."""
        return all(context.get(key) in values for key, values in self.when.items())


class Guards:
    """All sites of one running service, with the holes its flaws made."""

    __slots__ = ("_holes",)

    def __init__(self, holes: Iterable[Hole] = ()) -> None:
        """Take the holes of all active flaws; a hole at an unknown site is a slip in the catalogue and raises ValueError."""
        self._holes: dict[str, list[Hole]] = {site: [] for site in SITES}
        for hole in holes:
            if hole.site not in SITES:
                message = f"no guard site is named {hole.site!r}"
                raise ValueError(message)
            self._holes[hole.site].append(hole)

    def holds(self, site: str, **context: str) -> bool:
        """Say whether the protection at this site is in force for this request; an unknown site raises KeyError."""
        return not any(hole.covers(context) for hole in self._holes[site])
