"""A small service on loopback for runs that must be cheap: six operations, three roles, an OpenAPI document, and flaws to switch on.

It runs on a thread of the test's own process, so a test can hold a request back, and look at what was made and what was left.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, quote, urlsplit

from zeroweight.trial.loop import Loop

if TYPE_CHECKING:
    from types import TracebackType

BASELINE_BUILD: Final = "1.0.0"
CANARY_BUILD: Final = "1.1.0"
OBJECT: Final = "an object of the gate's own"
TOKENS: Final = {"alice": "tok-alice-5f2c9d17", "bob": "tok-bob-83be4410", "admin": "tok-admin-c0ffee42"}
ENVIRONMENT: Final = {f"{role.upper()}_TOKEN": token for role, token in TOKENS.items()}
_PATIENCE: Final = 100.0
"""Seconds after which a held request is let go whatever happens: no test may hang."""
_TRACE: Final = 'Traceback (most recent call last):\n  File "/srv/notes.py", line 41, in make\n    text = body["text"]\nKeyError: \'text\''


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(kw_only=True)
class Hold:
    """A door: requests of one method and path wait behind it until it is opened."""

    method: str
    path: str
    after: int = 0
    """So many are let through first."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    came: threading.Event = field(default_factory=threading.Event)

    async def pass_(self, asked: Asked) -> None:
        """Wait, if this request is meant."""
        if asked.method != self.method or not asked.path.startswith(self.path):
            return
        self.after -= 1
        if self.after < 0:
            self.came.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.opened.wait(), _PATIENCE)


@dataclass(kw_only=True)
class Small:
    """One running deployment of it. `flaws`: open-admin, trace, no-nosniff; `echo` makes errors repeat all that was sent."""

    build: str
    flaws: frozenset[str] = frozenset()
    echo: bool = False
    title: str = "notes"
    more_paths: Mapping[str, Any] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=lambda: dict(TOKENS))
    notes: dict[str, str] = field(default_factory=dict)
    """Id → owner, of what is there now."""
    texts: dict[str, str] = field(default_factory=dict)
    """Id → text, of all that was ever made."""
    made: int = 0
    count: int = 0
    logins: int = 0
    hold: Hold | None = None
    port: int = 0

    @property
    def url(self) -> str:
        """The origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def objects(self) -> list[str]:
        """The ids of the objects that a gate made for itself."""
        return [number for number, text in self.texts.items() if text == OBJECT]

    @property
    def left(self) -> list[str]:
        """Those of them that are still there."""
        return [number for number in self.objects if number in self.notes]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until it ends."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, asyncio.LimitOverrunError):
            while True:
                writer.write(await self._one(reader))
                await writer.drain()
        writer.close()

    async def _one(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        asked = Asked(method=method, path=parts.path, query=parse_qs(parts.query), headers=headers, body=body)
        self.count += 1
        if self.hold is not None:
            await self.hold.pass_(asked)
        status, answer = self._answer(asked)
        return self._wire(asked, status, answer)

    def _wire(self, asked: Asked, status: int, answer: Any) -> bytes:
        if self.echo and status >= 400 and isinstance(answer, dict):
            answer |= self._told(asked)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        kind = "text/plain" if isinstance(answer, str) else "application/json"
        lines = [f"HTTP/1.1 {status} Said", f"content-type: {kind}", "x-build: " + " ".join(self.build.splitlines())]
        if "no-nosniff" not in self.flaws:
            lines.append("x-content-type-options: nosniff")
        if self.echo:
            lines += [
                f"x-you-sent: {name}={value}" for name, value in asked.headers.items() if name in {"authorization", "x-key", "x-route"}
            ]
        body = b"" if status == 204 else text.encode()
        if status != 204:
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (b"" if asked.method == "HEAD" else body)

    def _told(self, asked: Asked) -> dict[str, Any]:
        """Repeat what was sent, in the disguises in which services do."""
        said = asked.headers.get("authorization", "")
        return {
            "headers": dict(asked.headers),
            "query": asked.query,
            "body": asked.body.decode("utf-8", "replace"),
            "again": [quote(said, safe=""), base64.b64encode(said.encode()).decode(), json.dumps(json.dumps(said))],
            "key again": [quote(key, safe="") for keys in asked.query.values() for key in keys],
        }

    def _who(self, asked: Asked) -> str:
        """Return the caller's role, or nothing: by bearer token, basic pair, or a key in the query."""
        said = asked.headers.get("authorization", "")
        for role, token in self.tokens.items():
            pair = base64.b64encode(f"{role}:{token}".encode()).decode()
            known = (f"Bearer {token}", f"Bearer session-of-{token}", f"Basic {pair}")
            if said in known or token in asked.query.get("key", []) or asked.headers.get("x-key") == token:
                return role
        return ""

    def _answer(self, asked: Asked) -> tuple[int, Any]:
        public = {"/openapi.json": self.document(), "/health": {"status": "up"}, "/version": {"build": self.build}}
        if asked.path in public:
            return 200, public[asked.path]
        if asked.path == "/login":
            return self._login(asked)
        who = self._who(asked)
        return self._known(asked, who) if who else (401, {"error": "who are you?"})

    def _known(self, asked: Asked, who: str) -> tuple[int, Any]:
        if asked.path == "/me":
            return 200, {"name": who}
        if asked.path == "/admin":
            return self._admin(who)
        if asked.path == "/notes" and asked.method == "POST":
            return self._make(asked, who)
        return self._note(asked, who)

    def _login(self, asked: Asked) -> tuple[int, Any]:
        self.logins += 1
        told = asked.json
        if isinstance(told, dict) and self.tokens.get(str(told.get("user"))) == told.get("password"):
            return 200, {"token": f"session-of-{told['password']}"}
        return 401, {"error": "wrong user or password"}

    def _admin(self, who: str) -> tuple[int, Any]:
        if who == "admin" or "open-admin" in self.flaws:
            return 200, {"users": sorted(self.tokens)}
        return 403, {"error": "not yours"}

    def _make(self, asked: Asked, who: str) -> tuple[int, Any]:
        told = asked.json
        if not isinstance(told, dict) or not isinstance(told.get("text"), str):
            return (400, {"error": _TRACE}) if "trace" in self.flaws else (400, {"error": "text is missing"})
        self.made += 1
        self.notes[str(self.made)] = who
        self.texts[str(self.made)] = told["text"]
        return 201, {"id": str(self.made)}

    def _note(self, asked: Asked, who: str) -> tuple[int, Any]:
        number = asked.path.removeprefix("/notes/")
        if asked.path == number or number not in self.notes:
            return 404, {"error": "there is no such thing"}
        if self.notes[number] != who:
            return 403, {"error": "not yours"}
        if asked.method == "DELETE":
            del self.notes[number]
            return 204, ""
        return (200, {"id": number, "owner": who}) if asked.method == "GET" else (405, {"error": "no such method"})

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        ok: dict[str, Any] = {"responses": {"200": {"description": "fine"}}}
        locked: dict[str, Any] = {**ok, "security": [{"bearer": []}]}
        number = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "example": "1"}]
        body = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
                    "example": {"text": "milk"},
                }
            },
        }
        return {
            "openapi": "3.0.3",
            "info": {"title": self.title, "version": self.build},
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "paths": {
                "/health": {"get": ok},
                "/me": {"get": locked},
                "/admin": {"get": locked},
                "/notes": {"post": {**locked, "requestBody": body}},
                "/notes/{id}": {"get": {**locked, "parameters": number}, "delete": {**locked, "parameters": number}},
                **self.more_paths,
            },
        }


class Street:
    """The thread on which small services run; leaving the context ends them all."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        """Start the thread."""
        self._loop = Loop()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop everything."""
        for server in self._servers:
            self._loop.run(self._stop(server))
        self._loop.close()

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()

    def open(self, service: Any) -> Any:
        """Let a service (whatever has `serve` and `port`) listen; returns it."""

        async def listen() -> asyncio.Server:
            return await asyncio.start_server(service.serve, "127.0.0.1", 0)

        server = self._loop.run(listen())
        service.port = server.sockets[0].getsockname()[1]
        self._servers.append(server)
        return service

    def hold(self, service: Small, method: str, path: str, *, after: int = 0) -> Hold:
        """Hold requests back from now on."""

        async def make() -> Hold:
            return Hold(method=method, path=path, after=after)

        service.hold = self._loop.run(make())
        return service.hold

    def release(self, service: Small) -> None:
        """Let them go."""

        async def go() -> None:
            if service.hold is not None:
                service.hold.opened.set()
                service.hold = None

        self._loop.run(go())


def gate_file(baseline: Any, canary: Any, *, roles: tuple[str, ...] = ("alice", "admin"), more: str = "", grace: float = 10) -> str:
    """Return a gate.toml for a pair; `more` are further tables."""
    given = "\n".join(f'roles.{role} = {{ bearer = "env:{role.upper()}_TOKEN" }}' for role in roles)
    return f"""\
service  = "notes"
baseline = {{ url = "{baseline.url}", serves_users = false }}
canary   = {{ url = "{canary.url}" }}
identity = {{ header = "x-build" }}
api      = {{ schema = "/openapi.json" }}
safety   = {{ level = "own-objects", shared_store = false }}
budget   = {{ seconds = 100, rate = 5000, grace = {grace} }}
{given}

[resources.note]
create = "POST /notes"
body = {{ text = "{OBJECT}" }}
id = "/id"
read = "GET /notes/{{id}}"
used = ["GET /notes/{{id}}", "DELETE /notes/{{id}}"]
remove = "DELETE /notes/{{id}}"
owners = ["alice"]
{more}"""
