"""The shop finds its operations as Starlette's router does, which knows more and costs more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from zeroweight.demo.paths import Paths, Way

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

TEMPLATES = {
    "/": ("GET",),
    "/help": ("GET",),
    "/orders": ("GET", "POST"),
    "/orders/latest": ("GET",),
    "/orders/{id}": ("GET", "PUT", "DELETE"),
    "/orders/{id}/cancel": ("POST",),
    "/{any}/report": ("GET",),
}
PATHS = (
    *("/", "", "//", "/help", "/help/", "/help//", "//help", "/Help", "/help%0a", "/help%20", "/help?topic=x", "/nowhere", "/nowhere/"),
    *("/orders", "/orders/", "/orders/latest", "/orders/latest/", "/orders/1", "/orders/1/", "/orders/1/2", "/orders/1/cancel"),
    *(
        "/orders/a%2Fb",
        "/orders/%0a",
        "/orders/%C3%A9",
        "/orders/%ff",
        "/orders/..",
        "/orders/report",
        "/a/report",
        "/a/b/report",
        "/%7Bany%7D/report",
    ),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO")


def door(template: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(f"{template} {request.method} {dict(request.path_params)}")

    return answer


def ours(*, redirect_slashes: bool) -> ASGIApp:
    def astray(_: Request, methods: frozenset[str] | None) -> Response:
        return PlainTextResponse(f"astray {sorted(methods or ())}", 404 if methods is None else 405)

    return Paths((Way.to(path, methods, door(path)) for path, methods in TEMPLATES.items()), astray, redirect_slashes=redirect_slashes)


def theirs(*, redirect_slashes: bool) -> ASGIApp:
    async def astray(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        allow = (error.headers or {}).get("Allow", "")
        return PlainTextResponse(f"astray {sorted(allow.split(', ')) if allow else []}", error.status_code)

    routes = [Route(path, door(path), methods=methods) for path, methods in TEMPLATES.items()]
    app = Starlette(routes=routes, exception_handlers={HTTPException: astray})
    app.router.redirect_slashes = redirect_slashes
    return app


async def said(app: ASGIApp) -> dict[str, tuple[int, str, str]]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
        found = {}
        for path in PATHS:
            for method in METHODS:
                answer = await client.request(method, path)
                found[f"{method} {path}"] = (answer.status_code, answer.headers.get("location", ""), answer.text)
        return found


@pytest.mark.parametrize("redirect_slashes", [False, True])
def test_every_path_and_method_is_answered_as_by_starlettes_router(*, redirect_slashes: bool) -> None:
    here = asyncio.run(said(ours(redirect_slashes=redirect_slashes)))
    assert here == asyncio.run(said(theirs(redirect_slashes=redirect_slashes)))
    assert len({status for status, _, _ in here.values()}) == (4 if redirect_slashes else 3)
