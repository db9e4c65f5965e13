"""Visits to a stranger in the same process: who calls, what is asked, and what is seen of the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

import httpx

Sees = Callable[[httpx.Response], object]
"""What is looked at of an answer."""

Question = tuple[str, str, Mapping[str, Any]]
"""A role, "METHOD /path", and what else goes with the request."""

ANONYMOUS: Final = "anonymous"
_ORIGIN: Final = "https://stranger.test"
_CHANGING: Final = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16,32}|\d{4,})\b")

_CHANGING_HEADERS: Final = frozenset({"content-length", "date", "etag", "set-cookie"})


@dataclass(kw_only=True)
class Visit:
    """One running stranger, and who has logged in there."""

    app: Any
    service: ModuleType
    accounts: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def ask(self, role: str, said: str, **more: Any) -> httpx.Response:
        """Ask "METHOD /path" as a role; redirects are not followed."""
        return self.ask_all([(role, said, more)])[0]

    def ask_all(self, questions: Iterable[Question]) -> list[httpx.Response]:
        """Ask one question after the other."""
        return asyncio.run(self._ask_all(questions))

    async def _ask_all(self, questions: Iterable[Question]) -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        answers = []
        async with httpx.AsyncClient(transport=transport, base_url=_ORIGIN, trust_env=False) as client:
            for role, said, more in questions:
                if role not in self.accounts:
                    self.accounts[role] = await self._enrol(client, role)
                method, _, path = said.partition(" ")
                headers = {**self.accounts[role], **more.get("headers", {})}
                answers.append(await client.request(method, path, **{**more, "headers": headers}))
                client.cookies.clear()
        return answers

    async def _enrol(self, client: httpx.AsyncClient, role: str) -> Mapping[str, str]:
        secrets = self.service.environment()
        if role == ANONYMOUS:
            return {}
        if self.service.NAME == "library":
            body = {"email": f"{role}@readers.example", "password": secrets[f"LIBRARY_{role.upper()}_PASSWORD"]}
            answer = await client.post("/api/session", json=body)
            client.cookies.clear()
            return {"X-CSRF-Token": answer.json()["csrf_token"], "Cookie": answer.headers["set-cookie"].partition(";")[0]}
        if role == "lab":
            return {"X-Api-Key": secrets["CLINIC_LAB_KEY"]}
        body = {"userName": role, "passphrase": secrets[f"CLINIC_{role.upper()}_PASSPHRASE"]}
        answer = await client.post("/v1/auth/token", json=body)
        return {"Authorization": f"Bearer {answer.json()['data']['accessToken']}"}


def start(service: ModuleType, *, flaws: tuple[str, ...] = (), benign: tuple[str, ...] = ()) -> Visit:
    """Build a stranger and stand before its door."""
    return Visit(app=service.build(build="1.0.0", flaws=flaws, benign=benign), service=service)


def outcome(answer: httpx.Response) -> str:
    """Say what an answer means to its caller."""
    if answer.status_code >= 500:
        return "broken"
    to_login = answer.is_redirect and answer.headers["location"].startswith("/login")
    told = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None
    error = told.get("error") if isinstance(told, dict) else None
    inside = isinstance(error, dict) and error.get("code") == "NO_ACCESS"
    if to_login or inside or answer.status_code in {401, 403, 404}:
        return "refused"
    return "invalid" if answer.status_code >= 400 else "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is seen of one answer, without what is different each time."""

    status: int
    outcome: str
    headers: Mapping[str, str]
    shape: object


def seen(answer: httpx.Response) -> Seen:
    """Look at an answer."""
    told = answer.headers.get("content-type", "")
    headers = {name: value for name, value in answer.headers.items() if name not in _CHANGING_HEADERS}
    if answer.is_redirect:
        headers["location"] = _CHANGING.sub("#", headers["location"])
    return Seen(
        status=answer.status_code,
        outcome=outcome(answer),
        headers=headers,
        shape=shape(answer.json()) if told.startswith("application/json") else told,
    )


def shape(told: object) -> object:
    """Give the keys and types of a JSON value; a list has the shape of its first item."""
    if isinstance(told, dict):
        return {key: shape(value) for key, value in told.items()}
    if isinstance(told, list):
        return [shape(item) for item in told[:1]]
    return type(told).__name__


def tour(visit: Visit, roles: tuple[str, ...], schema: str) -> dict[tuple[str, str], Seen]:
    """Ask each documented operation as each role, with the document's examples; what removes things comes last."""
    document = visit.ask(ANONYMOUS, f"GET {schema}").json()
    operations = sorted(_requests(document), key=lambda found: found[0].startswith("DELETE"))
    asked = {(operation, role): (role, said, more) for operation, said, more in operations for role in (ANONYMOUS, *roles)}
    return dict(zip(asked, map(seen, visit.ask_all(asked.values())), strict=True))


def _requests(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for template, told in document["paths"].items():
        for method, entry in told.items():
            path = template
            for parameter in entry.get("parameters", ()):
                if parameter["in"] == "path":
                    path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
            yield f"{method.upper()} {template}", f"{method.upper()} {path}", _body(entry)


def _body(entry: Mapping[str, Any]) -> dict[str, Any]:
    if "requestBody" not in entry:
        return {}
    (kind, told), *_rest = entry["requestBody"]["content"].items()
    examples = {name: value.get("example", *value.get("examples", ())) for name, value in told["schema"]["properties"].items()}
    return {"json" if kind == "application/json" else "data": examples}
