"""What is seen over HTTP: exchanges and traces."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from zeroweight.model.request import Probe, Scenario
from zeroweight.model.target import Target


@dataclass(frozen=True, kw_only=True)
class Headers:
    """The header fields of a message: exact bytes, in order, duplicates kept; looked up without regard to case.

    Every check asks every answer for several fields: they are spelt out once, when first asked for.
    """

    raw: tuple[tuple[bytes, bytes], ...] = ()

    @cached_property
    def _values(self) -> Mapping[str, tuple[str, ...]]:
        """Name in lower case → its values, in order."""
        found: dict[str, list[str]] = {}
        for key, value in self.raw:
            found.setdefault(key.lower().decode("latin-1"), []).append(value.decode("latin-1").strip())
        return {name: tuple(values) for name, values in found.items()}

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, in order."""
        return self._values.get(name.lower(), ())

    def get(self, name: str, default: str = "") -> str:
        """Return a field's values joined by a comma (RFC 9110 section 5.3), or the default when it is absent."""
        return ", ".join(self.all(name)) or default

    def __contains__(self, name: object) -> bool:
        """Whether the field is there at all."""
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        """Yield the field names as they were sent."""
        return (key.decode("latin-1") for key, _ in self.raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was sent; holds credentials, so it lives in memory only."""

    method: str
    target: bytes
    headers: Headers = field(default_factory=Headers, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer as it came; the body is capped, and `truncated` tells so. Texts are made once, when first asked for."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False
    digest: str = ""
    """SHA-256 in hex of the whole body as it came, compressed where it was, when more came than is kept; empty if not all of that came."""
    version: str = "HTTP/1.1"

    @cached_property
    def media_type(self) -> str:
        """The media type without its parameters, lower case; empty when none was sent."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    @cached_property
    def text(self) -> str:
        """The body as text; what is not UTF-8 becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> Any:
        """The body as plain JSON; None when it is not JSON."""
        if self.media_type and "json" not in self.media_type:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def readable(self) -> str:
        """The text in which messages are looked for: strings taken out of JSON, HTML entities resolved, else the text itself."""
        if self.json is not None:
            return "\n".join(_strings(self.json))
        return html.unescape(self.text) if "<" in self.text or "&" in self.text else self.text


def _strings(value: Any) -> Iterator[str]:
    """Yield every string of plain JSON, HTML entities resolved; iterative, since nesting is the target's choice."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield html.unescape(item) if "&" in item else item
        elif isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, list):
            stack.extend(reversed(item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How an answer failed to come.

    Kinds of the target's silence: `refused reset timeout closed protocol tls`; of our own doing, when nothing was sent:
    `level budget deadline stopped unbound`.
    """

    kind: str
    text: str

    @property
    def ours(self) -> bool:
        """Whether nothing was sent, by our own rules."""
        return self.kind in {"level", "budget", "deadline", "stopped", "unbound"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Instants on the monotonic clock, in seconds."""

    sent: float = 0.0
    first_byte: float = 0.0
    last_byte: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the answer took to begin."""
        return max(0.0, self.first_byte - self.sent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A probe's request as sent and the response (or how it failed) at one target."""

    probe: Probe
    target: Target
    request: Request | None = None
    response: Response | None = None
    failure: Failure | None = None
    timing: Timing = field(default_factory=Timing)
    resent: bool = False
    """A kept-alive connection was closed by the server; the request was sent once more on a fresh one."""

    @property
    def status(self) -> int:
        """The status, or 0 when no answer came."""
        return self.response.status if self.response else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The exchanges of one scenario at one target, in order; ends early where a step got no answer or a capture failed."""

    scenario: Scenario
    target: Target
    exchanges: tuple[Exchange, ...] = ()
    lost: str = ""
    """Why a needed capture failed; empty when all went as told."""

    @property
    def judged(self) -> tuple[Exchange, ...]:
        """The exchanges that checks look at."""
        steps = self.scenario.steps
        return tuple(exchange for step, exchange in zip(steps, self.exchanges, strict=False) if step.judged)

    @property
    def failure(self) -> Failure | None:
        """The first failure; None when every step was answered."""
        for exchange in self.exchanges:
            if exchange.failure is not None:
                return exchange.failure
        return None
