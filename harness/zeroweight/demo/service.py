"""The demo service: a small web shop, built whole or with chosen flaws, harmless changes and noise."""

from __future__ import annotations

import random
from functools import partial
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import Response

from . import office, orders, pages, people
from .answers import DeclinedError, answer
from .catalogue import BENIGN, FLAWS
from .envelope import Envelope
from .guards import Guards
from .leaks import server_page
from .noise import Noise, NoiseLayer
from .openapi import document
from .operations import Operation, Service, describe
from .paths import Paths, Way
from .pipeline import Door
from .refusals import refuse
from .release import CHANGES, Restyle
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

UNFINISHED: Final[Mapping[str, Callable[[], Operation]]] = MappingProxyType(
    {
        "surface:debug": office.debug,
        "surface:lookup": office.lookup,
        "surface:audit-csv": office.audit_csv,
        "surface:feedback": people.feedback,
        "surface:stats": office.stats,
        "surface:latest": orders.latest,
    }
)
"""Operations that a careless release mounts, by the guard site that keeps each out."""


def build(
    *,
    build: str,
    flaws: Iterable[str] = frozenset(),
    benign: Iterable[str] = frozenset(),
    noise: Noise | None = None,
    database: Path | None = None,
) -> Shop:
    """Build one side's service; flaws and harmless changes by their catalogue names, unknown ones raise ValueError.

    `app.service` is the running service; whoever built it closes `app.service.store`.
    """
    chosen = [FLAWS[name] for name in _known(flaws, FLAWS)]
    service = Service(
        build=build,
        guards=Guards(hole for flaw in chosen for hole in flaw.holes),
        benign=frozenset(_known(benign, BENIGN)),
        store=Store(database),
        draw=random.Random(noise.seed) if noise else None,  # noqa: S311 - noise must be repeatable, not secret
    )
    app: ASGIApp = Paths(_ways(service), _astray(service), redirect_slashes="trailing-slash" in service.benign)
    if noise is not None and service.draw is not None:
        app = NoiseLayer(app, noise=noise, draw=service.draw)
    if restyled := service.benign & CHANGES:
        app = Restyle(app, benign=restyled)
    return Shop(service, ServerErrorMiddleware(Envelope(app, service=service, noise=noise)))


class Shop:
    """One side's service as an ASGI application, all layers in place."""

    def __init__(self, service: Service, app: ASGIApp) -> None:
        """Take the running service, and the outermost layer of what answers for it."""
        self.service = service
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)


def operations(service: Service) -> tuple[Operation, ...]:
    """Tell all operations of a service, the undocumented ones too."""
    told = [
        *people.operations(),
        *orders.operations(optional_field="optional-field" in service.benign, status_filter="status-filter" in service.benign),
        *office.operations(),
        *pages.operations(),
    ]
    if "live-endpoint" in service.benign:
        told.append(people.live())
    if "summary-endpoint" in service.benign:
        told.append(orders.summary())
    told.extend(unfinished() for site, unfinished in UNFINISHED.items() if not service.guards.holds(site))
    schema = document(service.build, told, service.guards)
    told.append(describe("schema", "GET /openapi.json", "This document", lambda _call: answer(schema), access="public", documented=False))
    return tuple(told)


def _ways(service: Service) -> Iterator[Way]:
    by_path = groupby(sorted(operations(service), key=attrgetter("path")), key=attrgetter("path"))
    for path, group in by_path:
        door = Door(service, group)
        yield Way.to(path, door.operations, door.answer)


def _astray(service: Service) -> Callable[[Request, frozenset[str] | None], Response]:
    """Make the answer to what no operation takes: an unknown path, a wrong method."""

    def astray(request: Request, methods: frozenset[str] | None) -> Response:
        holds = partial(service.guards.holds, operation="none", method=request.method)
        known = methods is not None
        # Sorted: two processes keep a set in two orders, and must say the same.
        allow = ", ".join(sorted(methods or ()))
        declined = DeclinedError(404, "missing", "There is nothing here.")
        if known:
            declined = DeclinedError(405, "method", "This method is not known here.")
        if known and request.method == "OPTIONS":
            if not holds("robust", what="options"):
                declined = DeclinedError(500, "internal", "Something went wrong.")
            elif "options-answered" in service.benign:
                return Response(status_code=204, headers={"allow": f"{allow}, OPTIONS"})
        if holds("banner", kind="page"):
            response = refuse(declined, service.benign, holds)
        else:
            response = server_page(declined.status, "Not Allowed" if known else "Not Found")
        if known:
            response.headers["allow"] = allow
        return response

    return astray


def _known(names: Iterable[str], catalogue: Iterable[str]) -> list[str]:
    unknown = sorted(set(names) - set(catalogue))
    if unknown:
        message = f"the catalogue has no {', '.join(unknown)}"
        raise ValueError(message)
    return sorted(set(names))
