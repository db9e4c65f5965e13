"""A WSGI application inside the farm's event loop: no threads to hand each request to, which costs more than to answer it.

Good for applications that never wait: while one answers, nothing else of the farm does.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from a2wsgi.wsgi import build_environ

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Answering = Callable[..., Iterable[bytes]]
"""A WSGI application (PEP 3333)."""


class InLoop:
    """An ASGI application that calls a WSGI application where it stands."""

    def __init__(self, application: Answering) -> None:
        """Wrap the application."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body is read first."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])  # so uvicorn learns that there is no lifespan
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, headers, content = self._called(scope, bytes(body))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _called(self, scope: Scope, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        environ: Any = build_environ(scope, io.BytesIO(body))  # type: ignore[arg-type]  # bytes that are all there, for those that come in parts
        begun: list[Any] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
            begun[:] = [status, headers]
            return written.append

        chunks = self._application(environ, start_response)
        try:
            written.extend(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        status, headers = begun
        lowered = [(name.strip().lower().encode("latin1"), value.strip().encode("latin1")) for name, value in headers]
        return int(status.partition(" ")[0]), lowered, b"".join(written)
