"""What no driver may do: send more, faster, longer or elsewhere than the run was allowed to.

The meter is asked once for each request that is sent; the lock says which URLs may be dialled at all. Every driver that sends requests uses
these, whatever library or socket it is made of. How boldly it may ask, `levels` says.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from urllib.parse import SplitResult, urlsplit

from zeroweight.model.http import Failure
from zeroweight.model.target import Side, Target

_NAP = 0.25
"""Seconds: the longest sleep between two looks at whether the run was stopped."""

_PORTS = {"http": 80, "https": 443}


class Meter:
    """What one side may still be sent: a number of requests, a rate, and an end, on a clock that never jumps.

    Requests are granted in the order asked. A request that is refused is not counted.
    """

    __slots__ = ("_burst", "_clock", "_due", "_sleep", "_stopped", "deadline", "rate", "requests", "sent", "side")

    def __init__(  # the three limits, and what time is
        self,
        side: Side,
        requests: int,
        rate: float,
        deadline: float,
        *,
        burst: int = 4,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Set the limits; `rate` in requests per second (infinite: none), `deadline` an instant of `clock` in seconds.

        `burst` requests may leave at once after a pause. Raises ValueError when `rate` or `burst` allow nothing.
        """
        if not rate > 0 or burst < 1:
            what = f"a meter needs a positive rate and burst, not {rate} and {burst}"
            raise ValueError(what)
        self.side, self.requests, self.rate, self.deadline = side, requests, rate, deadline
        self.sent = 0
        self._burst, self._clock, self._sleep = burst, clock, sleep
        self._due = -math.inf
        self._stopped = ""

    @property
    def left_requests(self) -> int:
        """How many requests may still be sent."""
        return max(0, self.requests - self.sent)

    @property
    def left_seconds(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self.deadline - self._clock())

    def hold(self, rate: float) -> None:
        """Let requests leave at another rate from now on; who waits already keeps his turn. Raises ValueError when it allows nothing."""
        if not rate > 0:
            what = f"a meter needs a positive rate, not {rate}"
            raise ValueError(what)
        self.rate = rate

    def stop(self, reason: str) -> None:
        """Let nothing more out; who waits for his turn is refused within a quarter of a second. The first reason stays."""
        self._stopped = self._stopped or reason or "the run was stopped"

    async def take(self) -> Failure | None:
        """Count one request and wait until it may leave; a Failure (`stopped budget deadline`) when it may not."""
        refusal = self._refusal()
        if refusal is not None:
            return refusal
        now = self._clock()
        # The instant at which each request is due stands for the bucket: no timer refills it, and waiters stay in order.
        due = max(self._due, now - (self._burst - 1) / self.rate)
        if due >= self.deadline:
            return self._late()
        self._due = due + 1.0 / self.rate
        self.sent += 1
        if due <= now:
            return None
        return await self._wait(due)

    async def _wait(self, due: float) -> Failure | None:
        """Wait for an instant, looking up now and then; gives the request back when it may not leave after all."""
        granted = False
        try:
            while (left := due - self._clock()) > 0 and not self._stopped:
                await self._sleep(min(left, _NAP))
            if self._stopped:
                return Failure(kind="stopped", text=self._stopped)
            if self._clock() >= self.deadline:
                return self._late()
            granted = True
            return None
        finally:
            if not granted:
                self.sent -= 1

    def _refusal(self) -> Failure | None:
        """Return why nothing may be sent now, apart from the rate."""
        if self._stopped:
            return Failure(kind="stopped", text=self._stopped)
        if self.sent >= self.requests:
            return Failure(kind="budget", text=f"the {self.side} side's budget of {self.requests} requests is spent")
        return self._late() if self._clock() >= self.deadline else None

    def _late(self) -> Failure:
        """Return the Failure of a request that comes too late."""
        return Failure(kind="deadline", text=f"the run's time for the {self.side} side is over")


class Lock:
    """The only places that may be dialled: the target's own origin, its pinned address, and hosts that the operator named."""

    __slots__ = ("_hosts", "_own", "_scheme", "target")

    def __init__(self, target: Target, hosts: tuple[str, ...] = ()) -> None:
        """Take the target, and `safety.hosts` as `host` (its scheme's usual port) or `host:port`."""
        self.target = target
        url = urlsplit(target.url)
        self._scheme = url.scheme
        port = _port(url) or 0
        names = {((url.hostname or "").lower(), port)}
        if target.server_name:
            names.add((target.server_name.lower(), port))
        if target.address:
            pinned = urlsplit(f"//{target.address}")
            names.add(((pinned.hostname or "").lower(), pinned.port or port))
        self._own = frozenset(names)
        self._hosts = frozenset(host.lower() for host in hosts)

    def owns(self, url: str) -> bool:
        """Whether the URL is the target's own, under any of its names: scheme, host and port."""
        parts = _split(url)
        return parts is not None and parts.scheme == self._scheme and ((parts.hostname or "").lower(), _port(parts)) in self._own

    def names(self, authority: str) -> bool:
        """Whether a Host field's value (`host` or `host:port`) is a name of the target's own; its port may be left out."""
        parts = _split(f"{self._scheme}://{authority}/")
        if parts is None or parts.netloc != authority or authority.endswith(":"):
            return False
        host = (parts.hostname or "").lower()
        return any(host == name and parts.port in {None, port} for name, port in self._own)

    def allows(self, url: str) -> bool:
        """Whether an absolute URL may be dialled; False for everything that is not plainly a URL of an allowed host."""
        if self.owns(url):
            return True
        parts = _split(url)
        # A plain-text hop to another host would show what TLS hides: an https target leads to https only.
        if parts is None or (self._scheme == "https" and parts.scheme != "https"):
            return False
        host, port = (parts.hostname or "").lower(), _port(parts)
        name = f"[{host}]" if ":" in host else host
        return f"{name}:{port}" in self._hosts or (port == _PORTS[parts.scheme] and name in self._hosts)


def _split(url: str) -> SplitResult | None:
    """Return the parts of a plain absolute http or https URL; None for others, and for those that parsers read differently."""
    if "\\" in url or any(char <= " " or char == "\x7f" for char in url):
        return None
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and bool(parts.hostname) and "@" not in parts.netloc and _port(parts) is not None
    except ValueError:
        return None
    return parts if known else None


def _port(parts: SplitResult) -> int | None:
    """Return the port of a URL, or its scheme's; raises ValueError for one that is no number up to 65535."""
    return parts.port if parts.port is not None else _PORTS.get(parts.scheme)
