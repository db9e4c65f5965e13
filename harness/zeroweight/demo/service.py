"""The demo service: a small web shop, built whole or with chosen flaws, harmless changes and noise."""

from __future__ import annotations

import random
from functools import partial
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from . import office, orders, pages, people
from .answers import DeclinedError, answer
from .catalogue import BENIGN, FLAWS
from .envelope import Envelope
from .guards import Guards
from .leaks import server_page
from .noise import Noise, NoiseLayer
from .openapi import document
from .operations import Operation, Service, describe
from .pipeline import Door
from .refusals import refuse
from .release import CHANGES, Restyle
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from starlette.requests import Request


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
) -> Starlette:
    """Build one side's service; flaws and harmless changes by their catalogue names, unknown ones raise ValueError.

    `app.state.service` is the running service; whoever built it closes `app.state.service.store`.
    """
    chosen = [FLAWS[name] for name in _known(flaws, FLAWS)]
    service = Service(
        build=build,
        guards=Guards(hole for flaw in chosen for hole in flaw.holes),
        benign=frozenset(_known(benign, BENIGN)),
        store=Store(database),
        draw=random.Random(noise.seed) if noise else None,  # noqa: S311 - noise must be repeatable, not secret
    )
    layers = [Middleware(Envelope, service=service, noise=noise)]
    if restyled := service.benign & CHANGES:
        layers.append(Middleware(Restyle, benign=restyled))
    if noise is not None and service.draw is not None:
        layers.append(Middleware(NoiseLayer, noise=noise, draw=service.draw))
    app = Starlette(
        routes=_routes(service),
        middleware=layers,
        exception_handlers={HTTPException: _astray(service)},
    )
    # A slash too many is another path; some releases send on to the right one.
    app.router.redirect_slashes = "trailing-slash" in service.benign
    app.state.service = service
    return app


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


def _routes(service: Service) -> list[Route]:
    by_path = groupby(sorted(operations(service), key=attrgetter("path")), key=attrgetter("path"))
    routes = []
    for path, group in by_path:
        door = Door(service, group)
        routes.append(Route(path, door.answer, methods=list(door.operations)))
    return routes


def _astray(service: Service) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Make the answer to what no operation takes: an unknown path, a wrong method."""

    async def astray(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # registered for nothing else
        holds = partial(service.guards.holds, operation="none", method=request.method)
        known = error.status_code == 405  # noqa: PLR2004 - the status is the name
        # Starlette keeps methods in a set: sorted, two processes say the same.
        allow = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
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
