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
        # Who calls, and what he may
        "authentication": "an operation that is not public asks who calls",
        "authentication-first": "who calls is asked before the body is looked at",
        "token:signature": "a token's signature is checked (kind: wrong | none | empty)",
        "token:expiry": "a token ends",
        "token:scheme": "only a bearer token says who calls (kind: basic)",
        "public": "what is public asks for no token",
        "role:admin": "admin operations are for admins",
        "role-first": "what a role may is asked before the body is looked at",
        "role-before-lookup": "what a role may is asked before anything is looked up for an admin operation",
        "grant": "a role that may call an operation is let in",
        # Whose things they are
        "owner:orders": "an order is its owner's (state: of the order; tenant: own | other, the caller's)",
        "owner-first": "whose an object is is asked before the body is looked at and before anything is done",
        "owner-let-in": "an owner is let in to his own things (state: of the order)",
        "object-named": "which object is meant is told by the path alone, which is what was judged",
        "staff": "an admin is let in to other people's objects",
        "owner:files": "a file is its owner's",
        "scope:orders": "the list of orders shows the caller's own",
        "tenant:report": "a tenant's report is for its members",
        "fields:shown": "nobody is shown how passwords are kept",
        "fields:me": "a profile's role and credit limit are not the user's to set (field: role | credit_limit)",
        # What is taken
        "validator:quantity": "a quantity is within its bounds (bound: minimum | maximum)",
        "validator:sku": "a SKU has its pattern (bound: pattern)",
        "validator:text": "texts are within their lengths (bound: minLength | maxLength)",
        "validator:type": "a number is not given as text",
        "content-type": "a body is read only when it says it is JSON",
        "body:form": "a form is not read as a body",
        "limit:body": "a body is at most 64 KiB",
        "limit:page": "a page is at most 100 items",
        "limit:answer": "announcements come without their attachments, a few to a page",
        "binding:search": "the search term is bound, never pasted into the query",
        "encoder:html": "what the caller sent is escaped before it stands in HTML",
        # What is answered, and what is kept back
        "answers": "a valid request is answered (missing: an optional property that was not sent)",
        "answers-whole": "an answer is sent to its end",
        "robust": "odd requests are declined, and break nothing (what: accept | id | list | long | no-type | options)",
        "error-filter": "errors stay inside (cause: declining, malformed | database | crash | encoding | login | page | quote | taken)",
        "error-shape": "errors have the one shape that is documented (kind: flat | number | list | text | empty; cause: what was declined)",
        "inner-names": "addresses and names of the inside are not told (where: header | pod | page | made | location | an error's cause)",
        "banner": "nothing tells which software answers (kind: server | powered-by | via | page | proxy)",
        # What is there at all, and what the schema says of it
        "surface:debug": "the debug endpoint is not mounted",
        "surface:lookup": "the unfinished lookup of one user is not mounted",
        "surface:feedback": "the unfinished feedback form is not mounted",
        "surface:stats": "the unfinished statistics are not mounted",
        "surface:latest": "the unfinished list of everybody's latest orders is not mounted",
        "surface:audit-csv": "the unfinished export of the audit is not mounted",
        "schema:security": "the schema says which operations need a token (kind: gone | optional)",
        "schema:operation": "the schema tells of every operation that is meant for callers",
        # What browsers are told
        "header:content-security-policy": "sent on every answer",
        "header:strict-transport-security": "sent on every answer",
        "header:x-content-type-options": "sent on every answer",
        "header:x-frame-options": "sent on every answer",
        "header:referrer-policy": "sent on every answer",
        "form:content-security-policy": "the policy is enforced, not only reported",
        "form:strict-transport-security": "the header's max-age is above zero",
        "form:x-content-type-options": "the header is spelt as browsers know it",
        "form:x-frame-options": "the header has a value that browsers know",
        "form:referrer-policy": "the header has a value that keeps addresses back",
        "once:strict-transport-security": "the header is sent once: of two, browsers heed the first (RFC 6797, 8.1)",
        "cookie": "pages' cookie is kept from scripts, from plain HTTP and from other sites (flag: http-only | secure | same-site)",
        "cross-origin": "no foreign origin is allowed to read answers (origin: null | foreign)",
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

    def whole(self, site: str) -> bool:
        """Say whether the protection at this site is in force for every request; an unknown site raises KeyError."""
        return not self._holes[site]

    def holds(self, site: str, **context: str) -> bool:
        """Say whether the protection at this site is in force for this request; an unknown site raises KeyError."""
        holes = self._holes[site]
        return not holes or not any(hole.covers(context) for hole in holes)
