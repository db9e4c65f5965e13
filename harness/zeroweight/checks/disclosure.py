"""What an answer tells about the inside: stack traces, database messages, internal addresses and names, versions.

Traces and messages are one-sided: an answer either has one or not, and what both sides show is old news by the comparison. Addresses,
names and versions are contrasts: two answers of one build show other ones (another pod, a newer release) in the same passages, so what
counts is a passage or a product of which the baseline's answer says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from zeroweight.checks.address import ADDRESSES, EPHEMERAL, addresses
from zeroweight.checks.banner import by_product, is_error
from zeroweight.checks.check import check, contrast
from zeroweight.checks.databases import DATABASES
from zeroweight.checks.echo import echoed, spoken
from zeroweight.checks.hostname import HOST_NAMES, host_names
from zeroweight.checks.leak import Families, Sighting, error_newly_told, first_leak, holds
from zeroweight.checks.mask import masked
from zeroweight.checks.passage import Passage, is_text, one_body, passages
from zeroweight.checks.traces import TRACES
from zeroweight.finding import Answer, Evidence, HeaderName, Noise, Rule, Severity
from zeroweight.model.http import Exchange, Response
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent

STACK_TRACE = Rule(
    id="disclosure.stack-trace",
    title="An answer contains a stack trace",
    severity=Severity.HIGH,
    cwe=209,
    owasp="API8:2023",
    remedy="Switch the debug mode off; answer errors with a short text and an id, and write the trace to the log under that id.",
)
DATABASE_ERROR = Rule(
    id="disclosure.database-error",
    title="An answer contains a database's error message",
    severity=Severity.HIGH,
    cwe=209,
    owasp="API8:2023",
    remedy="Catch database errors and answer a short text; bind parameters, since an input that reaches the parser may be an injection.",
)
INTERNAL_ADDRESS = Rule(
    id="disclosure.internal-address",
    title="An answer shows an address of the internal network",
    # By itself such an address helps an attacker little; but one that the baseline does not show comes from a debug output, a proxy that
    # no longer rewrites, or a wrong base URL, and those are worth stopping for.
    severity=Severity.MEDIUM,
    cwe=497,
    owasp="API8:2023",
    remedy="Look for debug output, a wrong base URL or a proxy that no longer rewrites; answer with public names only.",
)
HOST_NAME = Rule(
    id="disclosure.host-name",
    title="An answer shows the name of an internal host",
    severity=Severity.MEDIUM,  # as of an internal address
    cwe=497,
    owasp="API8:2023",
    remedy="Look for debug output, a wrong base URL or a header that names pods or backends; answer with public names only.",
)
VERSION_BANNER = Rule(
    id="disclosure.version-banner",
    title="An answer names a product with its version",
    severity=Severity.LOW,
    cwe=497,
    owasp="API8:2023",
    remedy="Switch version tokens off in the server and the framework, and replace their default error pages.",
)

_CAUSE = 120
"""Characters of the target's text that tell one root from another."""

Find = Callable[[Passage, Response], Iterator[Sighting]]
Own = frozenset[tuple[str, str]]
"""Names and ports by which targets are called."""


@check(STACK_TRACE, on=Exchange)
def stack_trace(exchange: Exchange) -> Iterator[Evidence]:
    """Find a stack trace of Python, Java or Kotlin, Rust, Go, .NET, PHP, Ruby or Node (CWE-209)."""
    return _told(exchange, TRACES, "a stack trace of")


@check(DATABASE_ERROR, on=Exchange)
def database_error(exchange: Exchange) -> Iterator[Evidence]:
    """Find an error message of a database or its driver (CWE-209)."""
    return _told(exchange, DATABASES, "an error message of")


def _told(exchange: Exchange, families: Families, what: str) -> Iterator[Evidence]:
    """Yield the first leak that the request did not bring itself."""
    if leak := first_leak(exchange, families):
        says = f"the answer ({exchange.status}) contains {what} {leak.source}: {leak.line}"
        yield Evidence(says=says, at=leak.span, cause=f"{leak.source}: {masked(leak.line[:_CAUSE])}")


@contrast(INTERNAL_ADDRESS, on=Answer)
def internal_address(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Find a private, loopback, link-local, unique-local or carrier-grade-NAT address in a passage where the baseline shows none."""
    del noise  # how often each side shows one is counted when it is asked again
    return _newly_shown(baseline, canary, ADDRESSES, lambda passage, _: addresses(passage), "the internal address")


@contrast(HOST_NAME, on=Answer)
def host_name(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Find the name of an internal host or a pod in a passage where the baseline shows none."""
    del noise  # as above
    return _newly_shown(
        baseline, canary, HOST_NAMES, lambda passage, response: host_names(passage, response.media_type), "the internal host name"
    )


@contrast(VERSION_BANNER, on=Answer)
def version_banner(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Find a product with a version where the baseline does not give that product's; another version of it is no news."""
    del noise  # as above
    old, new = baseline.exchange.response, canary.exchange.response
    if old is None or new is None or _not_compared(baseline, canary):
        return
    found = by_product(new, body=not (one_body(old, new) and is_error(old) is is_error(new)))
    if not found:
        return
    known = by_product(old).keys()
    asked = spoken(canary.exchange.request)
    for key, banner in found.items():
        text = f"{banner.product}/{banner.version}"
        if key not in known and not echoed(text, asked):
            where = f"header {banner.header}" if banner.header else "body"
            says = f"the canary's answer ({new.status}) names {banner.product} {banner.version} in its {where}; the baseline's does not"
            at = HeaderName(name=banner.header) if banner.header else None
            yield Evidence(says=says, at=at, parameter="", cause=key)
            return


def _newly_shown(baseline: Answer, canary: Answer, patterns: tuple[str, ...], find: Find, what: str) -> Iterator[Evidence]:
    """Yield the first sighting of the canary's answer that is nobody's own word and stands where the baseline's answer has none."""
    old, new = baseline.exchange.response, canary.exchange.response
    if old is None or new is None or not _may_hold(new, patterns, body=not one_body(old, new)) or _not_compared(baseline, canary):
        return
    own = _own(baseline.exchange) | _own(canary.exchange)
    places, names = _known(old, patterns, find, own)
    asked = ""
    for passage in passages(new):
        if passage.where in places or (passage.written and canary.outcome is Outcome.ALLOWED):
            continue
        for seen in find(passage, new):
            asked = asked or spoken(canary.exchange.request)
            if seen.text.lower() in names or _is_own(seen, own) or echoed(seen.text, asked):
                continue
            in_header = isinstance(passage.at, HeaderName)
            if not in_header and error_newly_told(baseline.exchange, canary.exchange):
                return  # headers come first: what is left is the error's
            says = f"the canary's answer ({new.status}) shows {what} {seen.text} in {passage.where}; the baseline's shows none there"
            yield Evidence(says=says, at=passage.at, parameter="" if in_header else None, cause=passage.where)
            return


def _known(response: Response, patterns: tuple[str, ...], find: Find, own: Own) -> tuple[set[str], set[str]]:
    """Return the passages in which an answer shows anything of the kind, and what it shows there; of many alike, the first.

    A target's own name is no such thing: a link to itself must not hide that another host stands in its place.
    """
    places: set[str] = set()
    names: set[str] = set()
    if _may_hold(response, patterns):
        for passage in passages(response):
            if passage.where not in places and (shown := _shown(passage, response, find, own)):
                places.add(passage.where)
                names.update(shown)
    return places, names


def _shown(passage: Passage, response: Response, find: Find, own: Own) -> list[str]:
    """Return what a passage shows of the kind, beside a target's own names."""
    return [seen.text.lower() for seen in find(passage, response) if not _is_own(seen, own)]


def _may_hold(response: Response, patterns: tuple[str, ...], *, body: bool = True) -> bool:
    """Whether anything of the kind stands in the answer's bytes; `body`: whether its body is looked at, too."""
    values = b"\n".join([value for _, value in response.headers.raw])
    return holds((values, response.body) if body and is_text(response) else (values,), patterns)


def _not_compared(baseline: Answer, canary: Answer) -> bool:
    """Whether the halves are no look at the same thing: a burst, or what a caller sees who was let in on the canary only."""
    let_in = canary.outcome is Outcome.ALLOWED and baseline.outcome is not Outcome.ALLOWED
    return let_in or canary.exchange.probe.intent is Intent.BURST


def _own(exchange: Exchange) -> Own:
    """Return the names and ports by which a target is called: what it says of itself under them is known."""
    target = exchange.target
    address = urlsplit(target.url)
    port = str(address.port or (443 if target.secure else 80))
    host, _, dialled = target.address.rpartition(":")
    return frozenset({((address.hostname or "").lower(), port), (target.server_name.lower(), port), (host.strip("[]").lower(), dialled)})


def _is_own(seen: Sighting, own: Own) -> bool:
    """Whether it is a target's own name, short or in full; its address with another service's port is somebody else.

    With an ephemeral port it is a caller on the target's host.
    """
    name = seen.text.lower()
    port = _port(seen.after)
    return any(
        host
        and (name == host or name.startswith(f"{host}.") or host.startswith(f"{name}."))
        and (port in {"", mine} or int(port) >= EPHEMERAL)
        for host, mine in own
    )


def _port(after: str) -> str:
    """Return the port that stands right behind a name; empty where there is none."""
    digits = after.removeprefix("]").removeprefix(":") if after.startswith((":", "]:")) else ""
    return digits[: len(digits) - len(digits.lstrip("0123456789"))]
