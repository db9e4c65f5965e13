"""A second small service, in another house style: envelopes, UUIDs, 404 for what is not yours, problem documents, no operation ids."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

TOKENS: Final = {"ann": "ann-3c0ffee-77", "ben": "ben-5ca1ab1e-12"}
ENVIRONMENT: Final = {"ANN": TOKENS["ann"], "BEN": TOKENS["ben"]}


@dataclass(kw_only=True)
class Other:
    """One running deployment; `leaky` lets anybody read the accounts."""

    build: str
    leaky: bool = False
    port: int = 0
    boxes: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The origin."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until it ends."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, asyncio.LimitOverrunError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, target, _ = head[0].split(" ", 2)
                status, told = self._answer(method, target.partition("?")[0], headers.get("authorization", ""), body)
                writer.write(self._wire(method, status, told))
                await writer.drain()
        writer.close()

    def _wire(self, method: str, status: int, told: Any) -> bytes:
        kind = "application/json" if status < 400 else "application/problem+json"
        body = json.dumps(told).encode()
        lines = [
            f"HTTP/1.1 {status} -",
            f"content-type: {kind}",
            f"x-revision: {self.build}",
            f"x-request-id: {uuid.uuid4()}",
            "content-security-policy: default-src 'none'",
            f"content-length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if method == "HEAD" else body)

    def _answer(self, method: str, path: str, said: str, body: bytes) -> tuple[int, Any]:
        public = {"/v2/spec": document(self.build), "/v2/ping": {"data": {"pong": True}, "errors": []}}
        if path in public:
            return 200, public[path]
        who = next((name for name, token in TOKENS.items() if said == f"Bearer {token}"), "")
        if path == "/v2/accounts" and self.leaky:
            who = who or "nobody"
        if not who:
            return 401, {"type": "about:blank", "title": "Unauthorized", "status": 401}
        own = {"/v2/accounts": [{"name": name} for name in TOKENS], "/v2/profile": {"name": who}}
        if path in own:
            return 200, {"data": own[path], "errors": []}
        if path == "/v2/boxes" and method == "POST":
            return self._make(who, body)
        box = path.removeprefix("/v2/boxes/")
        if self.boxes.get(box) != who:
            return 404, {"type": "about:blank", "title": "Not Found", "status": 404}
        return 200, {"data": {"id": box}, "errors": []}

    def _make(self, who: str, body: bytes) -> tuple[int, Any]:
        try:
            size = json.loads(body)["size"]
        except (ValueError, KeyError, TypeError):
            size = None
        if not isinstance(size, int) or isinstance(size, bool):
            return 422, {"type": "about:blank", "title": "size", "status": 422}
        box = str(uuid.uuid4())
        self.boxes[box] = who
        return 201, {"data": {"id": box}, "errors": []}


def document(build: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    ok: dict[str, Any] = {"responses": {"default": {"description": "an envelope"}}}
    locked: dict[str, Any] = {**ok, "security": [{"token": []}]}
    schema = {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}, "examples": [{"size": 3}]}
    where = [{"name": "box", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "boxes", "version": build},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/v2/ping": {"get": ok},
            "/v2/profile": {"get": locked},
            "/v2/accounts": {"get": locked},
            "/v2/boxes": {"post": {**locked, "requestBody": {"content": {"application/json": {"schema": schema}}}}},
            "/v2/boxes/{box}": {"get": {**locked, "parameters": where}},
        },
    }
