"""Noise: what makes two copies of one healthy service answer differently. All chances are per answer, drawn from a seeded generator."""

from __future__ import annotations

import asyncio
import json
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .answers import failure

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How noisy a side is. Chances are 0..1; latency is log-normal around `latency` seconds, spread by the factor `latency_spread`."""

    seed: int = 0
    random_ids: float = 1.0
    shuffled_lists: float = 0.3
    unavailable: float = 0.01
    broken: float = 0.005
    latency: float = 0.002
    latency_spread: float = 3.0
    null_chance: float = 0.5
    null_field: str = "note"
    absent_chance: float = 0.1
    absent_header: str = "referrer-policy"
    spared: frozenset[str] = field(default_factory=lambda: frozenset({"/openapi.json"}))

    def __post_init__(self) -> None:
        """Take lists for `spared` too: noise comes as JSON to a child process."""
        object.__setattr__(self, "spared", frozenset(self.spared))


class NoiseLayer:
    """The middleware that makes the noise; ids are made by the service, from `draw`."""

    def __init__(self, app: ASGIApp, noise: Noise, draw: random.Random) -> None:
        """Wrap an application."""
        self.app = app
        self.noise = noise
        self.draw = draw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer late, wrongly, or with the same facts in another shape."""
        if scope["type"] != "http" or scope["path"] in self.noise.spared:
            await self.app(scope, receive, send)
            return
        noise, draw = self.noise, self.draw
        if noise.latency > 0:
            await asyncio.sleep(min(draw.lognormvariate(math.log(noise.latency), math.log(noise.latency_spread)), noise.latency * 30))
        fate = draw.random()
        if fate < noise.unavailable:
            await failure(503, "unavailable", "Try again later.")(scope, receive, send)
        elif fate < noise.unavailable + noise.broken:
            await failure(500, "internal", "Something went wrong.")(scope, receive, send)
        else:
            await self.app(scope, receive, self._altered(send))

    def _altered(self, send: Send) -> Send:
        start: Message = {}
        chunks: list[bytes] = []

        async def altered(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            chunks.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(chunks)
            if any(key == b"content-type" and value == b"application/json" for key, value in start["headers"]):
                body = self._reshaped(body)
            headers = [(key, value) for key, value in start["headers"] if key != b"content-length"]
            if body:
                headers.append((b"content-length", str(len(body)).encode()))
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return altered

    def _reshaped(self, body: bytes) -> bytes:
        content = json.loads(body)
        if self.draw.random() < self.noise.null_chance:
            _blank(content, self.noise.null_field)
        if isinstance(content, dict) and isinstance(content.get("items"), list) and self.draw.random() < self.noise.shuffled_lists:
            self.draw.shuffle(content["items"])
        return json.dumps(content, separators=(",", ":")).encode()


def _blank(content: Any, name: str) -> None:
    for item in content if isinstance(content, list) else [content]:
        if isinstance(item, dict):
            if name in item:
                item[name] = None
            for value in item.values():
                _blank(value, name)
