"""The envelope: the headers that every answer carries, whoever made it."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .noise import Noise
    from .operations import Service

SECURITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-security-policy": "default-src 'self'; object-src 'none'",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
    }
)
"""The five security headers of every answer. The policy leaves frames to x-frame-options: beside frame-ancestors its loss would be none."""

STRICTER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
)
"""What a harmless release may say instead or besides."""

_IGNORED: Final[Mapping[str, bytes]] = MappingProxyType({"x-content-type-options": b"no-sniff"})
"""Spellings that look right and that browsers take no notice of."""

_DELAY: Final = 0.02


class Envelope:
    """The outermost middleware: build, security headers, cross-origin answers, and the harmless delay."""

    def __init__(self, app: ASGIApp, service: Service, noise: Noise | None) -> None:
        """Wrap an application."""
        self.app = app
        self.service = service
        self.noise = noise
        headers = {**SECURITY, **STRICTER} if "stricter-headers" in service.benign else dict(SECURITY)
        self.headers = [(name, name.encode(), value.encode()) for name, value in headers.items()]
        self.build = (b"x-build", service.build.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and put the headers on the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "slower" in self.service.benign:
            await asyncio.sleep(_DELAY)

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._own(scope, message)]}
            await send(message)

        await self.app(scope, receive, sealed)

    def _own(self, scope: Scope, start: Message) -> list[tuple[bytes, bytes]]:
        guards = self.service.guards
        html = any(key == b"content-type" and value.startswith(b"text/html") for key, value in start["headers"])
        context = {
            "operation": scope.get("demo.operation", "none"),
            "method": scope["method"],
            "status": f"{start['status'] // 100}xx",
            "content": "html" if html else "other",
        }
        own = [self.build]
        for name, key, value in self.headers:
            if name in SECURITY and not guards.holds(f"header:{name}", **context):
                continue
            if not self._lost(name):
                right = name not in _IGNORED or guards.holds(f"form:{name}", **context)
                own.append((key, value if right else _IGNORED[name]))
        if not guards.holds("cross-origin", **context):
            own.extend(_trusting(scope))
        return own

    def _lost(self, name: str) -> bool:
        noise, draw = self.noise, self.service.draw
        return noise is not None and draw is not None and name == noise.absent_header and draw.random() < noise.absent_chance


def _trusting(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Echo the caller's origin as one that may read answers made with the user's credentials."""
    origin = next((value for key, value in scope["headers"] if key == b"origin"), None)
    if origin is None:
        return []
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"), (b"vary", b"origin")]
