"""Requests of the run's own: schemas, identities, logins. They may follow redirects, but never leave the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, urljoin, urlsplit

from zeroweight.drivers.composing import NOBODY, Badge, Composer, Field
from zeroweight.drivers.connection import Dial, Timeouts, deliver
from zeroweight.drivers.httpx_line import HttpxLine
from zeroweight.drivers.limits import Lock, Meter
from zeroweight.drivers.trust import trust_others
from zeroweight.errors import Unreachable
from zeroweight.model.http import Response

_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One request of the run's own, to a whole URL; `what` is how it is spoken of, without credentials."""

    method: str
    what: str
    url: str
    fields: list[Field]
    body: bytes | None = None
    badge: Badge = NOBODY


class Errands:
    """Sends errands: to the target on one line of its own, to other allowed hosts on one line each."""

    __slots__ = ("_composer", "_lock", "_others", "_own", "_timeouts")

    def __init__(self, lock: Lock, composer: Composer, line: HttpxLine, timeouts: Timeouts) -> None:
        """Take the lock, the target's composer and a line to the target; dial nothing yet."""
        self._lock, self._composer, self._own, self._timeouts = lock, composer, line, timeouts
        self._others: dict[str, HttpxLine] = {}

    async def ask(self, meter: Meter, errand: Errand, *, follow: bool, cap: int) -> Response:
        """Send an errand and return its answer; raises Unreachable when none came, or when the lock forbids the way to it."""
        for _ in range(_HOPS + 1):
            response = await self._once(meter, errand, cap)
            if not follow or response.status not in _REDIRECTS or "location" not in response.headers:
                return response
            errand = self._redirected(errand, response)
        says = f"{errand.what} redirects more than {_HOPS} times"
        raise Unreachable(says, kind="protocol")

    async def close(self) -> None:
        """Close every connection."""
        for line in (self._own, *self._others.values()):
            await line.aclose()

    async def _once(self, meter: Meter, errand: Errand, cap: int) -> Response:
        """Send one request, wherever the lock allows."""
        if not self._lock.allows(errand.url):
            fix = "name its host in safety.hosts, should it belong to the service"
            says = f"{errand.what} leads to {_shown(errand.url)}, which is not allowed: {fix}"
            raise Unreachable(says, kind="protocol")
        target = target_of(errand.url)
        if self._lock.owns(errand.url):
            line = self._own
            request = self._composer.compose(errand.method, target, errand.fields, errand.body, errand.badge)
        else:
            dial = Dial.at(errand.url)
            line = self._other(dial)
            request = self._composer.abroad(errand.method, target, errand.fields, errand.body, host=dial.host)
        async with line.turn:
            sent = await deliver(line, request, meter, cap=cap)
        response, failure = sent.answer.response, sent.failure
        if failure is not None:
            says = f"{errand.what}: {failure.text}"
            raise Unreachable(says, kind=failure.kind)
        assert response is not None
        return response

    def _other(self, dial: Dial) -> HttpxLine:
        """Return the line to another allowed host."""
        key = f"{dial.scheme}:{dial.host.decode()}"
        if key not in self._others:
            self._others[key] = HttpxLine(dial, trust_others(self._lock.target), self._timeouts)
        return self._others[key]

    def _redirected(self, errand: Errand, response: Response) -> Errand:
        """Return the errand that a redirect asks for (RFC 9110 section 15.4); what was meant for one host never goes to another."""
        try:
            url = urljoin(errand.url, response.headers.all("location")[0])
        except ValueError as error:
            says = f"{errand.what} redirects to something that is no URL"
            raise Unreachable(says, kind="protocol") from error
        after = replace(errand, url=url)
        if response.status not in _KEEP_METHOD:
            after = replace(after, method="HEAD" if errand.method == "HEAD" else "GET", body=None)
        if self._same_host(errand.url, url):
            return after
        if after.body:
            says = f"{errand.what} sends its body on to {_shown(url)}, which is never done"
            raise Unreachable(says, kind="protocol")
        return replace(after, fields=[], badge=NOBODY)

    def _same_host(self, one: str, two: str) -> bool:
        """Whether two URLs lead to one host; the target's own names are one."""
        return (self._lock.owns(one) and self._lock.owns(two)) or _shown(one) == _shown(two)


def target_of(url: str) -> bytes:
    """Return the request target of a URL: path and query as they stand, only raw non-ASCII letters percent-encoded."""
    rest = url.partition("#")[0].partition("://")[2]
    cut = next((index for index, letter in enumerate(rest) if letter in "/?"), len(rest))
    path = quote(rest[cut:], safe=_PRINTABLE).encode()
    return path if path.startswith(b"/") else b"/" + path


def _shown(url: str) -> str:
    """Return scheme and host of a URL for a message, or `elsewhere` when it is not plainly one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "elsewhere"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:200]
