"""From a probe to the request as it is sent: slots filled, credentials and the house's own fields added, nothing of the probe changed."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote

from zeroweight.errors import ConfigError
from zeroweight.model.http import Failure, Headers, Request
from zeroweight.model.request import Bindings, Probe, Template
from zeroweight.model.role import Account
from zeroweight.model.target import Target
from zeroweight.redact import Secret

Field = tuple[bytes, bytes]
"""A header field as it is sent: name and value."""

_BREAKS = re.compile(rb"[\r\n\x00]")
_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
"""Fields that say how long a body is; a request that has one means it."""
_BODIED = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say how long their body is, even when they have none (RFC 9110 section 8.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """An account's credentials as bytes; made once for many requests."""

    headers: tuple[Field, ...] = ()
    query: tuple[Field, ...] = ()
    cookies: tuple[Field, ...] = ()
    names: frozenset[bytes] = frozenset()
    """The header names, lower case."""
    broken: str = ""
    """What a credential is called that would end a line of the head; with one, nothing is sent."""

    @classmethod
    def of(cls, account: Account) -> Badge:
        """Write an account's credentials as they travel."""
        return cls(
            headers=tuple((name.encode(), secret.reveal().encode()) for name, secret in account.headers),
            query=tuple((quote(name, safe="").encode(), quote(secret.reveal(), safe="").encode()) for name, secret in account.query),
            cookies=tuple((name.encode(), secret.reveal().encode()) for name, secret in account.cookies),
            names=frozenset(name.lower().encode() for name, _ in account.headers),
            broken=next((secret.name for name, secret in (*account.headers, *account.cookies) if _breaks(name, secret)), ""),
        )

    def __bool__(self) -> bool:
        """Whether there are any credentials at all."""
        return bool(self.headers or self.query or self.cookies)


NOBODY = Badge()
"""What anonymous wears."""


class Composer:
    """Writes requests to one target for one run."""

    __slots__ = ("_foreign", "_ids", "_own", "_prefix")

    def __init__(self, target: Target, *, run: str, host: bytes) -> None:
        """Prepare the fields that every request carries; `host` is the Host field. The target's routing headers win over them."""
        self._prefix = target.prefix.encode()
        self._ids = random.Random()  # noqa: S311  # names for traces, no secrets
        house: tuple[Field, ...] = (
            (b"Host", host),
            (b"User-Agent", b"zeroweight/" + _version()),
            (b"Accept", b"*/*"),
            # Asking for no compression spares us bombs, and both sides the question who compresses how.
            (b"Accept-Encoding", b"identity"),
            (b"x-zeroweight-run", run.encode()),
        )
        self._foreign = _named(house[1:])
        routing = written_fields(target.headers)
        for name, value in target.headers.items():
            if _breaks(name, value):
                what, fix = f"the header {name} has a line end or NUL in its value", "Give it as one line"
                raise ConfigError(what, where=f"gate.toml: {target.side}.headers", fix=fix)
        taken = {name.lower() for name, _ in routing}
        self._own = _named((*(field for field in house if field[0].lower() not in taken), *routing))

    def probe(self, probe: Probe, bindings: Bindings, badge: Badge) -> Request | Failure:
        """Write a probe's request; a Failure of kind `unbound` when a slot has no value or the bytes cannot be sent."""
        if badge.broken:
            return Failure(kind="unbound", text=f"the credential {badge.broken} has a line end or NUL in it")
        try:
            target = _filled(probe.target, bindings)
            # Absolute-form and asterisk-form targets are sent as they are: a prefix in front would make them something else.
            if target.startswith(b"/"):
                target = self._prefix + target
            fields = [(name, _filled(value, bindings)) for name, value in probe.headers]
            body = probe.body.fill(bindings) if probe.body is not None else None
        except KeyError as error:
            return Failure(kind="unbound", text=f"no value for the slot {error.args[0]!r}")
        except (TypeError, ValueError) as error:
            return Failure(kind="unbound", text=f"a slot's value cannot be written: {type(error).__name__}")
        return self.compose(probe.verb, target, fields, body, badge)

    def compose(self, method: str, target: bytes, fields: Iterable[Field], body: bytes | None, badge: Badge) -> Request:
        """Write any request to the target, without the target's path prefix."""
        return self._written(method, target, list(fields), body, badge, self._own)

    def abroad(self, method: str, target: bytes, fields: Iterable[Field], body: bytes | None, *, host: bytes) -> Request:
        """Write a request to another host that the operator named: without an account and routing headers."""
        return self._written(method, target, list(fields), body, NOBODY, ((b"host", (b"Host", host)), *self._foreign))

    def _written(  # all that a request is made of
        self, method: str, target: bytes, own: list[Field], body: bytes | None, badge: Badge, common: tuple[tuple[bytes, Field], ...]
    ) -> Request:
        """Put a request together: the house's fields, then credentials, then the request's own. The later wins where names meet."""
        names = {name.lower() for name, _ in own}
        taken = names | badge.names if badge.names else names
        headers = [field for name, field in common if name not in taken]
        if b"traceparent" not in names:
            # W3C trace context: fresh ids, sampled, so that the target's own traces can be found from a finding.
            headers.append((b"traceparent", b"00-%032x-%016x-01" % (self._ids.getrandbits(128) | 1, self._ids.getrandbits(64) | 1)))
        headers += [field for field in badge.headers if field[0].lower() not in names]
        if badge.cookies:
            own = _with_cookies(own, badge.cookies)
        if badge.query:
            target = _with_query(target, badge.query)
        headers += own
        content = body or b""
        if not names & _LENGTHS and (content or body is not None or method.upper() in _BODIED):
            headers.append((b"Content-Length", b"%d" % len(content)))
        return Request(method=method, target=target, headers=Headers(raw=tuple(headers)), body=content)


def _breaks(name: str, value: str | Secret) -> bool:
    """Whether a field would end a line: a credential may come from a target's answer, or from a file with a newline."""
    return bool(_BREAKS.search(f"{name}{value.reveal() if isinstance(value, Secret) else value}".encode()))


def _filled(template: Template, bindings: Bindings) -> bytes:
    """Return a template of the head for one side; raises ValueError for a slot's value that would end a line.

    What a probe says is meant; what a slot holds may come from a target's answer, which must not write our requests.
    """
    if len(template.parts) == 1 and isinstance(template.parts[0], bytes):
        return template.parts[0]
    for slot in template.slots:
        if _BREAKS.search(slot.write(bindings[slot.name])):
            raise ValueError(slot.name)
    return template.fill(bindings)


def _named(fields: Iterable[Field]) -> tuple[tuple[bytes, Field], ...]:
    """Put each field's lower-case name in front of it, so that the hot path need not."""
    return tuple((name.lower(), (name, value)) for name, value in fields)


def _with_cookies(own: list[Field], jar: tuple[Field, ...]) -> list[Field]:
    """Add the jar's cookies; a cookie that the request names itself stays as it is, and an empty Cookie field means none at all."""
    index = next((index for index, (name, _) in enumerate(own) if name.lower() == b"cookie"), None)
    if index is None:
        return [(b"Cookie", b"; ".join(name + b"=" + value for name, value in jar)), *own]
    field, given = own[index]
    if not given.strip():
        return own
    named = {pair.partition(b"=")[0].strip() for pair in given.split(b";")}
    more = [name + b"=" + value for name, value in jar if name not in named]
    own[index] = (field, b"; ".join([given, *more]))
    return own


def _with_query(target: bytes, query: tuple[Field, ...]) -> bytes:
    """Append credentials to the query; a parameter that the request names itself stays as it is."""
    _, mark, rest = target.partition(b"?")
    named = {pair.partition(b"=")[0] for pair in rest.split(b"&")}
    more = b"&".join(name + b"=" + value for name, value in query if name not in named)
    if not more:
        return target
    return target + (b"" if mark and not rest else b"&" if mark else b"?") + more


def written_fields(headers: Mapping[str, str | Secret]) -> list[Field]:
    """Return header fields as bytes, secrets revealed: for what is sent at once."""
    return [(name.encode(), (value.reveal() if isinstance(value, Secret) else value).encode()) for name, value in headers.items()]


@functools.cache
def _version() -> bytes:
    """Return our version, for the User-Agent field."""
    try:
        return version("zeroweight").encode()
    except PackageNotFoundError:  # run from a source tree that was never installed
        return b"0"
