"""Paths: which operation a request is for; what no operation takes is answered here, too.

Starlette's own router does the same, for services with many mounts and layers; here it would cost more than the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import compile_path
from starlette.websockets import WebSocketClose

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One path template, the methods that are known at it, and what answers them."""

    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    answer: Callable[[Request], Awaitable[Response]]

    @classmethod
    def to(cls, template: str, methods: Iterable[str], answer: Callable[[Request], Awaitable[Response]]) -> Way:
        """Make the way; whoever may GET may ask for the HEAD alone."""
        known = frozenset(methods)
        pattern, _, _ = compile_path(template)
        return cls(template=template, pattern=pattern, methods=known | {"HEAD"} if "GET" in known else known, answer=answer)


class Paths:
    """The application behind all layers: finds the way that a request goes."""

    def __init__(
        self, ways: Iterable[Way], astray: Callable[[Request, frozenset[str] | None], Response], *, redirect_slashes: bool
    ) -> None:
        """Take the ways, in the order in which they are tried.

        `astray` answers what goes none of them, and is told which methods are known at the path, None where it is no path at all. With
        `redirect_slashes` a path that lacks a slash at its end, or has one too many, is sent on to the right one.
        """
        self._ways = tuple(ways)
        # At most paths one way or two may be meant, and which these are does not change.
        fixed = (way.template for way in self._ways if "{" not in way.template)
        self._fixed = {path: tuple(way for way in self._ways if way.pattern.match(path)) for path in fixed}
        self._astray = astray
        self._redirect_slashes = redirect_slashes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        elif scope["type"] == "http":
            response = await self._answer(Request(scope, receive, send))
            await response(scope, receive, send)
        else:
            raise NotImplementedError(scope["type"])  # so the server learns that there is no lifespan

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        path, method = scope["path"], scope["method"]
        known: frozenset[str] | None = None
        for way in self._meant(path):
            match = way.pattern.match(path)
            if match is None:
                continue
            if method in way.methods:
                scope["path_params"] = match.groupdict()
                return await way.answer(request)
            known = way.methods if known is None else known
        if known is None and self._redirect_slashes and path != "/":
            other = path.rstrip("/") if path.endswith("/") else f"{path}/"
            if any(way.pattern.match(other) for way in self._ways):
                return RedirectResponse(str(URL(scope={**scope, "path": other})))
        return self._astray(request, known)

    def _meant(self, path: str) -> Sequence[Way]:
        return self._fixed.get(path, self._ways)
