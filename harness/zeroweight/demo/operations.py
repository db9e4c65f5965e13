"""Operations: what the service can be asked, told once, for the routes and for the schema alike."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from .accounts import Account, Tokens
from .answers import DeclinedError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from .fields import Body, Field
    from .guards import Guards
    from .store import Order, Store, StoredFile

Access = Literal["public", "user", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running service: its build, its guards, its harmless changes, and what it remembers."""

    build: str
    guards: Guards
    benign: frozenset[str]
    store: Store
    draw: random.Random | None = None
    tokens: Tokens = field(default_factory=Tokens)

    def new_id(self) -> str:
        """Give the id of a new object: the next number, or a UUID (drawn, when the side is noisy)."""
        if self.draw is not None:
            return str(uuid.UUID(int=self.draw.getrandbits(128), version=4))
        return str(uuid.uuid4()) if "uuid-ids" in self.benign else self.store.number()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method and path template: who may call it, what it reads, and the function that answers.

    `lookup` declines what is not there; the answering function calls it itself.
    """

    id: str
    method: str
    path: str
    summary: str
    respond: Callable[[Call], Response]
    access: Access = "user"
    owned: Literal["orders", "files"] | None = None
    body: Body | None = None
    query: tuple[Field, ...] = ()
    placeholders: tuple[Field, ...] = ()
    status: int = 200
    shape: dict[str, Any] | None = None
    html: bool = False
    documented: bool = True
    declines: tuple[int, ...] = ()
    lookup: Callable[[Call], None] | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    """One request on its way through the service; the pipeline fills in who calls, what is meant and what was sent."""

    service: Service
    operation: Operation
    request: Request
    type: str = "missing"
    caller: Account | None = None
    order: Order | None = None
    file: StoredFile | None = None
    body: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)

    def holds(self, site: str, **context: str) -> bool:
        """Ask a guard site about this call."""
        guards = self.service.guards
        if guards.whole(site):
            return True
        caller = self.caller
        return guards.holds(
            site,
            operation=self.operation.id,
            method=self.operation.method,
            verb=self.request.method,
            type=self.type,
            role=caller.role if caller else "anonymous",
            user=caller.name if caller else "anonymous",
            **context,
        )

    @property
    def known(self) -> Account:
        """Give the caller where the operation cannot do without one; a build that lost its authentication gets here too."""
        if self.caller is None:
            raise DeclinedError(401, "unauthenticated", "A valid token is needed.")
        return self.caller

    def note(self, what: str) -> None:
        """Write a line of the audit."""
        self.service.store.audit.append((self.caller.name if self.caller else "anonymous", what, datetime.now(UTC)))


def describe(name: str, place: str, summary: str, respond: Callable[[Call], Response], **more: Any) -> Operation:
    """Describe one operation; `place` is written METHOD /template."""
    method, _, path = place.partition(" ")
    return Operation(id=name, method=method, path=path, summary=summary, respond=respond, **more)


def record(*required: str, **properties: Any) -> dict[str, Any]:
    """Give the schema of an object: every name given is there, and a string unless told otherwise."""
    plain = {name: {"type": "string"} for name in required if name not in properties}
    return {"type": "object", "required": list(required), "properties": {**plain, **properties}}


def items(shape: dict[str, Any]) -> dict[str, Any]:
    """Give the schema of a list answer."""
    return record("items", items={"type": "array", "items": shape})
