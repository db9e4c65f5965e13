"""The demo service: a small web shop, built whole or with chosen flaws, harmless changes and noise."""

from __future__ import annotations

import random
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from . import office, orders, pages, people
from .answers import answer, failure
from .catalogue import BENIGN, FLAWS
from .envelope import Envelope
from .guards import Guards
from .noise import Noise, NoiseLayer
from .openapi import document
from .operations import Operation, Service, describe
from .pipeline import Door
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response


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
    if noise is not None and service.draw is not None:
        layers.append(Middleware(NoiseLayer, noise=noise, draw=service.draw))
    app = Starlette(
        routes=_routes(service),
        middleware=layers,
        exception_handlers={HTTPException: _astray(service)},
    )
    # A slash too many is another path: no redirects.
    app.router.redirect_slashes = False
    app.state.service = service
    return app


def operations(service: Service) -> tuple[Operation, ...]:
    """Tell all operations of a service, the undocumented ones too."""
    told = [
        *people.operations(),
        *orders.operations(optional_field="optional-field" in service.benign),
        *office.operations(),
        *pages.operations(),
    ]
    if "live-endpoint" in service.benign:
        told.append(people.live())
    if not service.guards.holds("surface:debug"):
        told.append(office.debug())
    if not service.guards.holds("surface:lookup"):
        told.append(office.lookup())
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

    async def astray(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # registered for nothing else
        if error.status_code != 405:  # noqa: PLR2004 - the status is the name
            text = "Sorry, we could not find that." if "not-found-text" in service.benign else "There is nothing here."
            return failure(404, "missing", text)
        response = failure(405, "method", "This method is not known here.")
        # Starlette keeps methods in a set: sorted, two processes say the same.
        response.headers["allow"] = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
        return response

    return astray


def _known(names: Iterable[str], catalogue: Iterable[str]) -> list[str]:
    unknown = sorted(set(names) - set(catalogue))
    if unknown:
        message = f"the catalogue has no {', '.join(unknown)}"
        raise ValueError(message)
    return sorted(set(names))
