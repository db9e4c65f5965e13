"""What a release promises: changes between the API documents that loosen it, and errors that clients can no longer read.

Documents are compared whole, so nothing is asked again. Errors are compared where both sides decline alike: what the change of an outcome
brings with it is told by the rules about outcomes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import unquote_plus, urlsplit

from zeroweight.checks.check import check, contrast
from zeroweight.checks.leak import error_newly_told
from zeroweight.checks.mask import masked
from zeroweight.checks.shape import kind, lost, retyped, shape
from zeroweight.finding import Answer, Evidence, Noise, Rule, Severity
from zeroweight.model.contract import Change
from zeroweight.model.http import Exchange, Response
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent

SECURITY_LOST = Rule(
    id="contract.security-lost",
    title="The schema no longer demands credentials",
    severity=Severity.MEDIUM,
    cwe=1059,
    owasp="API9:2023",
    remedy="Put the operation's security requirement back, or waive the finding if the operation was meant to become public.",
)
OPERATION_HIDDEN = Rule(
    id="contract.operation-hidden",
    title="The schema no longer has an operation",
    severity=Severity.NOTE,
    cwe=1059,
    owasp="API9:2023",
    remedy="Nothing, if the operation was removed; if it is still served, document it.",
)
ERROR_SHAPE = Rule(
    id="contract.error-shape",
    title="An error has lost the shape that clients read",
    severity=Severity.MEDIUM,
    cwe=439,
    owasp="API8:2023",
    remedy="Answer this error through the error filter again: the media type, the keys and the types that clients know; new keys are fine.",
)
ERROR_WORDING = Rule(
    id="contract.error-wording",
    title="The page or text of an error is another one",
    severity=Severity.NOTE,
    cwe=439,
    owasp="API8:2023",
    remedy="Nothing, if it was meant; if it is a server's default page, put the service's own error page back.",
)

_DECLINED = frozenset({Outcome.REFUSED, Outcome.INVALID, Outcome.MISSING, Outcome.BROKEN})
"""What an error means. `limited` is left out: which layer says it depends on who counts first."""
_NO_CLIENT = frozenset({Intent.ATTACK, Intent.BURST})
"""What these are told is no client's contract."""
_SAME_WORD = frozenset({400, 422})
"""Two statuses for one thing: the input is wrong (RFC 9110 sections 15.5.1 and 15.5.21)."""
_SHORTEST_ECHO = 4
"""Characters of a piece of the request's target that are masked in a page; shorter ones stand in other words."""

_XML = re.compile(r"/xml$|(?:^|[^l])\+xml$")
"""Media types of XML that programs read (RFC 7303); not `application/xhtml+xml`, which people read."""
_SEPARATORS = re.compile(r"[/?&=]")
_LONGEST = 100_000
"""Characters of a page that are compared."""


@check(SECURITY_LOST, on=Change)
def security_lost(change: Change) -> Iterator[Evidence]:
    """Clients and gateways that are configured from the document stop sending or demanding credentials."""
    if change.kind == "security-lost":
        yield Evidence(says=change.says, cause="security")


@check(OPERATION_HIDDEN, on=Change)
def operation_hidden(change: Change) -> Iterator[Evidence]:
    """Name an operation that only the baseline's document has; it is still probed on both sides."""
    if change.kind == "operation-hidden":
        yield Evidence(says=change.says, cause="hidden")


@contrast(ERROR_SHAPE, on=Answer)
def error_shape(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Tell one error that is no JSON (or XML) any more, or lost a key, or has another type (CWE-439). A new value or key is no break."""
    halves = _errors(baseline, canary)
    if halves is None or not _form(halves[0]):
        return
    old, new = halves
    broken = next(_broken([old, *_habit(baseline, noise)], new), None)
    if broken and not error_newly_told(baseline.exchange, canary.exchange):
        says, cause = broken
        yield Evidence(says=f"the error ({new.status}) {says}", cause=cause)


@contrast(ERROR_WORDING, on=Answer)
def error_wording(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """Tell one error to a plain request whose page or text differs after masking; what programs read is a matter of its shape."""
    halves = _errors(baseline, canary)
    if halves is None or canary.exchange.probe.intent is not Intent.NORMAL:
        return
    old, new = halves
    if old.status < HTTPStatus.BAD_REQUEST or not old.body or _form(old) or _form(new):
        return
    known = {_template(baseline.exchange), *(_template(each.exchange) for each in noise.answers)}
    if _template(canary.exchange) in known or error_newly_told(baseline.exchange, canary.exchange):
        return
    # One page answers many operations: the media type and the status tell its places from another page's.
    yield Evidence(says=f"the error ({new.status}) is told by another {new.media_type or 'text'}", cause=f"{new.media_type} {new.status}")


def _errors(baseline: Answer, canary: Answer) -> tuple[Response, Response] | None:
    """Return both responses where they are one and the same error, to be compared, and not the same bytes."""
    old, new = baseline.exchange.response, canary.exchange.response
    if old is None or new is None or (old.body == new.body and old.media_type == new.media_type):
        return None
    if baseline.outcome is not canary.outcome or canary.outcome not in _DECLINED or not _same_status(old.status, new.status):
        return None
    probe = canary.exchange.probe
    if probe.intent in _NO_CLIENT or probe.verb == "HEAD" or old.truncated or new.truncated:
        return None
    # Where a plain request is known, it must fare alike. An id that nobody has belongs to no plain request, and clients ask for such ids.
    return (old, new) if baseline.plain is canary.plain else None


def _same_status(old: int, new: int) -> bool:
    """Whether two statuses are one answer; redirects have no shape."""
    redirects = range(300, 400)
    return old not in redirects and (old == new or {old, new} <= _SAME_WORD)


def _habit(baseline: Answer, noise: Noise) -> Iterator[Response]:
    """Yield what the baseline answered when asked again, as far as it meant the same."""
    for each in noise.answers:
        if each.exchange.response is not None and each.outcome is baseline.outcome:
            yield each.exchange.response


def _broken(seen: list[Response], new: Response) -> Iterator[tuple[str, str]]:
    """Yield what a client can no longer read, in words, and its cause; what the baseline itself does now and then is no change."""
    form, forms = _form(new), {_form(each) for each in seen}
    if form not in forms:
        yield f"is {_form(seen[0])} on the baseline and {form or _formless(new)} on the canary", f"media type {new.media_type}"
    if new.json is None:
        return
    shapes = [shape(each.json) for each in seen if each.json is not None]
    now = shape(new.json)
    for path, before, after in retyped(shapes, now):
        yield f"has {after} at {path or 'its root'} where the baseline has {before}", f"type {path}"
    for path in lost(shapes, now):
        yield f"has lost the key {path}", f"key {path}"


def _form(response: Response) -> str:
    """Return the form of a body that programs read: JSON as it is, XML as it is called; empty for all that is for people."""
    if isinstance(response.json, dict | list):
        return "JSON"
    return "XML" if _XML.search(response.media_type) and response.body else ""


def _formless(response: Response) -> str:
    """Say what a body is that programs cannot read."""
    if not response.body:
        return "empty"
    if "json" in response.media_type:
        return "no valid JSON" if response.json is None else f"a bare {kind(response.json)}"
    return response.media_type or "of no media type"


def _template(exchange: Exchange) -> str:
    """Return an answer's text with what is no word of its own masked: ids, times, numbers, the target's name, what was asked for."""
    if exchange.response is None:
        return ""
    names = {exchange.target.url, urlsplit(exchange.target.url).netloc, exchange.target.server_name, exchange.target.address}
    said = exchange.request.target.decode("latin-1") if exchange.request else ""
    pieces = {piece for part in _SEPARATORS.split(said) if len(piece := unquote_plus(part)) >= _SHORTEST_ECHO}
    return masked(exchange.response.text[:_LONGEST], own={*names, *pieces, *map(html.escape, pieces)})
