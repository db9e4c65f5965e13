"""Release: how a harmless release writes and sends the very same answers in another way."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHANGES: Final = frozenset({"json-spacing", "json-key-order", "page-footer", "compressed", "in-chunks"})
"""The harmless changes that are made here."""

_FOOTER: Final = b'<footer><p>The shop, since 1949. <a href="/help?topic=imprint">Imprint</a></p></footer></body>'


class Restyle:
    """The middleware that writes whole answers anew: spaces and order of keys in JSON, a footer on pages, compressed, or in chunks."""

    def __init__(self, app: ASGIApp, benign: frozenset[str]) -> None:
        """Wrap an application."""
        self.app = app
        self.benign = benign

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back when it is whole."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        packed = "compressed" in self.benign and any(key == b"accept-encoding" and b"gzip" in value for key, value in scope["headers"])
        start: Message = {}
        chunks: list[bytes] = []

        async def restyled(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._send(start, b"".join(chunks), send, packed=packed)

        await self.app(scope, receive, restyled)

    async def _send(self, start: Message, body: bytes, send: Send, *, packed: bool) -> None:
        if not body:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        headers = [(key, value) for key, value in start["headers"] if key != b"content-length"]
        body = self._written(body, dict(headers).get(b"content-type", b""))
        if packed:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        parts = [body]
        if "in-chunks" in self.benign:
            # Without a length the server sends chunks (RFC 9112, 7.1).
            parts = [body[: len(body) // 2], body[len(body) // 2 :]]
        else:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        for number, part in enumerate(parts, start=1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    def _written(self, body: bytes, kind: bytes) -> bytes:
        if kind == b"application/json" and self.benign & {"json-spacing", "json-key-order"}:
            content = json.loads(body)
            if "json-key-order" in self.benign:
                content = _turned(content)
            return json.dumps(content, indent=2 if "json-spacing" in self.benign else None).encode()
        if kind.startswith(b"text/html") and "page-footer" in self.benign:
            return body.replace(b"</body>", _FOOTER)
        return body


def _turned(content: Any) -> Any:
    """Give the same JSON with the keys of every object in the other order."""
    if isinstance(content, dict):
        return {key: _turned(value) for key, value in reversed(content.items())}
    return [_turned(item) for item in content] if isinstance(content, list) else content
