"""The envelope: the headers that every answer carries, whoever made it."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .leaks import BACKEND, BANNERS, POD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .noise import Noise
    from .operations import Service

Header = tuple[bytes, bytes]

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

HARMLESS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "stricter-headers": {
            "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        },
        "hsts-longer": {"strict-transport-security": "max-age=63072000; includeSubDomains; preload"},
        "referrer-policy-list": {"referrer-policy": "strict-origin, no-referrer"},
        "header-values-respelt": {"x-content-type-options": "NoSniff", "x-frame-options": "deny"},
        "not-stored": {"cache-control": "no-store"},
        "server-named": {"server": "web", "via": "1.1 edge"},
        "edge-named": {"x-served-by": "edge-fra-3"},
        "api-versioned": {"api-version": "2.3.1"},
    }
)
"""What harmless releases say instead or besides."""

_IGNORED: Final[Mapping[str, Header]] = MappingProxyType(
    {
        "content-security-policy": (b"content-security-policy-report-only", b"default-src 'self'; object-src 'none'"),
        "strict-transport-security": (b"strict-transport-security", b"max-age=0; includeSubDomains"),
        "x-content-type-options": (b"x-content-type-options", b"no-sniff"),
        "x-frame-options": (b"x-frame-options", b"ALLOWALL"),
        "referrer-policy": (b"referrer-policy", b"unsafe-url"),
    }
)
"""What looks like a protection and is none: browsers take no notice of it, or do as if it were not there."""

_ASKED: Final = (
    *(f"{kind}:{name}" for kind in ("header", "form") for name in SECURITY),
    *("once:strict-transport-security", "answers-whole", "banner", "inner-names", "cross-origin"),
)
"""The guard sites that are asked here."""

_DELAY: Final = 0.02


class Envelope:
    """The outermost middleware: build, security headers, cross-origin answers, what headers give away, and the harmless delay."""

    def __init__(self, app: ASGIApp, service: Service, noise: Noise | None) -> None:
        """Wrap an application."""
        self.app = app
        self.service = service
        self.noise = noise
        headers = dict(SECURITY)
        for name, more in HARMLESS.items():
            headers.update(more if name in service.benign else {})
        self.headers = [(name, (name.encode(), value.encode())) for name, value in headers.items()]
        self.build = (b"x-build", service.build.encode())
        # A build without a hole here, and without noise, says the same on every answer.
        steady = all(map(service.guards.whole, _ASKED)) and (noise is None or noise.absent_header not in headers)
        self.always = self._own({"headers": ()}, {}) if steady else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and put the headers on the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "slower" in self.service.benign:
            await asyncio.sleep(_DELAY)
        whole = True

        async def sealed(message: Message) -> None:
            nonlocal whole
            if message["type"] == "http.response.start":
                own = self.always
                if own is None:
                    context = _context(scope, message)
                    whole = self.service.guards.holds("answers-whole", **context)
                    own = self._own(scope, context)
                headers = [*own, *message["headers"]] if "header-order" in self.service.benign else [*message["headers"], *own]
                message = {**message, "headers": headers}
            # An answer that is not sent to its end: the server closes the connection on the caller.
            if whole or message["type"] == "http.response.start":
                await send(message)

        await self.app(scope, receive, sealed)

    def _own(self, scope: Scope, context: Mapping[str, str]) -> list[Header]:
        guards = self.service.guards
        own = [self.build]
        for name, header in self.headers:
            if name in SECURITY and not guards.holds(f"header:{name}", **context):
                continue
            if not self._lost(name):
                right = name not in SECURITY or guards.holds(f"form:{name}", **context)
                own.append(header if right else _IGNORED[name])
        if "header-order" in self.service.benign:
            own.reverse()
        if not guards.holds("once:strict-transport-security", **context):
            own.insert(0, _IGNORED["strict-transport-security"])
        own.extend(header for kind, header in BANNERS.items() if not guards.holds("banner", kind=kind, **context))
        if not guards.holds("inner-names", where="header", **context):
            own.append((b"x-backend", BACKEND.encode()))
        if not guards.holds("inner-names", where="pod", **context):
            own.append((b"x-pod", POD.encode()))
        origin = next((value for key, value in scope["headers"] if key == b"origin"), None)
        if origin is not None and not guards.holds("cross-origin", origin="null" if origin == b"null" else "foreign", **context):
            own.extend(_trusting(origin))
        return own

    def _lost(self, name: str) -> bool:
        noise, draw = self.noise, self.service.draw
        return noise is not None and draw is not None and name == noise.absent_header and draw.random() < noise.absent_chance


def _context(scope: Scope, start: Message) -> Mapping[str, str]:
    """Tell what guard sites may ask about an answer."""
    html = any(key == b"content-type" and value.startswith(b"text/html") for key, value in start["headers"])
    return {
        "operation": scope.get("demo.operation", "none"),
        "method": scope["method"],
        "role": scope.get("demo.role", "anonymous"),
        "status": f"{start['status'] // 100}xx",
        "code": str(start["status"]),
        "content": "html" if html else "other",
    }


def _trusting(origin: bytes) -> list[Header]:
    """Echo the caller's origin as one that may read answers made with the user's credentials."""
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"), (b"vary", b"origin")]
