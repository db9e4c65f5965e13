"""A shop to talk to: the demo service inside this process, one client for all roles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from zeroweight.demo.accounts import password
from zeroweight.demo.service import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zeroweight.demo import service


@dataclass(kw_only=True)
class Shop:
    app: service.Shop
    tokens: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The places of all requests, as they were written."""

    def ask(self, place: str, role: str | None = None, **more: Any) -> httpx.Response:
        """Send one request, written METHOD /path, as a built-in user or as nobody."""
        self.asked.append(place)
        method, _, path = place.partition(" ")
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers.setdefault("authorization", f"Bearer {self.token(role)}")
        return asyncio.run(self._send(method, path, headers=headers, **more))

    def token(self, name: str) -> str:
        if name not in self.tokens:
            login = {"user": name, "password": password(name)}
            self.tokens[name] = self.ask("POST /login", json=login).json()["token"]
        return self.tokens[name]

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://shop.example") as client:
            return await client.request(method, path, **more)


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    opened: list[service.Shop] = []

    def open_one(**choices: Any) -> Shop:
        opened.append(build(build="1.0.0", **choices))
        return Shop(app=opened[-1])

    yield open_one
    for app in opened:
        app.service.store.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()
