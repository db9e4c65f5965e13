"""Who is asked: the two sides, and how each is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from zeroweight.redact import Secret


class Side(StrEnum):
    """One of the two deployments that are compared."""

    BASELINE = "baseline"
    CANARY = "canary"

    @property
    def other(self) -> Side:
        """The side that this one is compared with."""
        return Side.CANARY if self is Side.BASELINE else Side.BASELINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a TLS connection is made: the authority to trust and the client's own certificate, as PEM text."""

    ca: str = ""
    cert: str = ""
    key: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One running deployment: side, base URL, pinned address, routing headers, TLS settings, expected identity."""

    side: Side
    url: str
    address: str = ""
    """`host:port` that is dialled instead of the URL's; nothing else is."""
    server_name: str = ""
    """SNI and Host, where they differ from the URL's host."""
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    """Routing headers, sent with every request."""
    tls: Tls = field(default_factory=Tls)
    expect: str = ""
    """The build that must answer; empty when the operator named none."""

    @property
    def secure(self) -> bool:
        """Whether the target is spoken to by HTTPS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def prefix(self) -> str:
        """The path before every operation's, without a trailing slash."""
        return urlsplit(self.url).path.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Where a deployment says which build it is: an answer's header, or a JSON pointer into one endpoint's answer."""

    header: str = ""
    get: str = ""
    pointer: str = ""
