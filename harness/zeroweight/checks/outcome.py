"""What an answer means to its caller: one function, one table.

A status alone does not tell it. A login page comes as 200, a refusal as a redirect, a 404 hides what its owner can read, and some
services say 200 to everything. So the function takes the exchange and a context; rules then speak in transitions between outcomes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from zeroweight.checks.envelope import UNSAID, status_inside
from zeroweight.checks.mask import masked
from zeroweight.model.http import Exchange, Response
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent

LONGEST_WAIT = 5.0
"""Seconds: what a `Retry-After` is capped to; a gate has a deadline, and a target's word is not one."""

_REFUSED = frozenset({401, 402, 403, 407, 419, 440, 451, 498, 511})
"""RFC 9110 section 15.5 and RFC 6585; 419, 440 and 498 are how some frameworks say that the session or token does not count."""
_LIMITED = frozenset({420, 429})
_BACKING_OFF = _LIMITED | {503}
_MISSING = frozenset({404, 410})
_NOT_MINE = frozenset({501, 505})
"""RFC 9110 sections 15.6.2 and 15.6.6: the method or the version is not served. The server judged the request; nothing broke."""

_DOORS = frozenset(
    {
        *("login", "log-in", "log_in", "logon", "signin", "sign-in", "sign_in", "authenticate", "auth", "authorize", "oauth", "oauth2"),
        *("sso", "saml", "saml2", "openid-connect", "cas", "sessions", "session"),
        *("denied", "access-denied", "access_denied", "accessdenied", "forbidden", "unauthorized", "unauthorised", "401", "403"),
    }
)
"""Path segments of pages to which a caller is sent who may not pass."""
_NOT_DOORS = frozenset({"callback", "logout", "signout", "sign-out", "sign_out"})
_EXTENSION = re.compile(r"\.(?:html?|php|aspx?|jsp|do|action)$")
_TAGS = re.compile(r"<[a-z][^\s<>/]*|\s(?:name|type)\s*=\s*[\"']?[^\s\"'>]*|\s[a-z-]+(?==)")
"""Tags and attribute names, and of fields also their names and types: a form for a new password is not the login's."""
_PASSWORD = re.compile(r"type\s*=\s*[\"']?password", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What must be known beside the exchange: what the object's owner got, and what this service's login looks like."""

    owner: Outcome | None = None
    others: bool = False
    """Whether another role was allowed the very same plain request, about nobody's object, on the same side."""
    login_pages: tuple[str, ...] = ()
    """Masked texts of the pages that ask for a login (see `masked`)."""
    login_paths: tuple[str, ...] = ()
    """Paths of the login, where their names do not tell it."""
    envelopes: bool = True
    """Whether a 200 whose body tells nothing but a failure is read as that failure."""


def outcome(exchange: Exchange, context: Context | None = None) -> Outcome:
    """Return what the answer means to its caller. Silence is silence, whoever's fault: `Failure.ours` tells the caller of this."""
    context = context or Context()
    response = exchange.response
    if response is None:
        return Outcome.SILENT
    status = response.status
    if redirects(response):
        return Outcome.REFUSED if _to_a_door(response.headers.get("location"), context) else Outcome.ALLOWED
    if status == HTTPStatus.OK:
        if context.login_pages and is_login_page(response, context.login_pages):
            return Outcome.REFUSED
        status = (status_inside(response.json) if context.envelopes else None) or status
        if status == UNSAID and exchange.probe.intent is Intent.NORMAL and _kept_from(exchange, context):
            return Outcome.REFUSED
    if status in _MISSING:
        return Outcome.REFUSED if _kept_from(exchange, context) else Outcome.MISSING
    return _by_status(status)


def _kept_from(exchange: Exchange, context: Context) -> bool:
    """Whether a failure that names no reason keeps a stranger from what its owner gets, or a role from what another one gets.

    The owner himself is never refused so: what he asked for oddly is not there.
    """
    probe = exchange.probe
    if context.others and not probe.owner and probe.intent is Intent.NORMAL:
        return True
    return context.owner is Outcome.ALLOWED and probe.role != probe.owner


def _by_status(status: int) -> Outcome:
    """Return what a status means by itself (RFC 9110 section 15)."""
    if status in _REFUSED:
        return Outcome.REFUSED
    if status in _LIMITED:
        return Outcome.LIMITED
    if status < HTTPStatus.BAD_REQUEST:
        return Outcome.ALLOWED
    # 400, 409, 415, 422 and every other 4xx: the server understood who asks, and does not want what is asked.
    invalid = status < HTTPStatus.INTERNAL_SERVER_ERROR or status in _NOT_MINE
    return Outcome.INVALID if invalid else Outcome.BROKEN


def redirects(response: Response) -> bool:
    """Whether the answer sends its caller elsewhere; 300 and 304 do not."""
    return response.status in {301, 302, 303, 307, 308}


def canonical(exchange: Exchange) -> bool:
    """Whether the answer only spells the same address another way: a slash more, another case, HTTPS. It gave nothing away."""
    response = exchange.response
    if response is None or exchange.request is None or not redirects(response):
        return False
    asked, told = _path(exchange.request.target.decode("latin-1")), _path(response.headers.get("location"))
    return bool(asked and told) and _plain(asked) == _plain(told)


def _plain(path: str) -> str:
    """Return a path without what canonical redirects change."""
    return re.sub("/+", "/", unquote(path)).rstrip("/").lower()


def _to_a_door(location: str, context: Context) -> bool:
    """Whether a redirect leads to a login or to a page that says no."""
    path = _path(location)
    if any(_plain(path) == _plain(known) for known in context.login_paths):
        return True
    segments = [_EXTENSION.sub("", segment) for segment in _plain(path).split("/")]
    return bool(_DOORS & set(segments)) and segments[-1] not in _NOT_DOORS


def _path(address: str) -> str:
    """Return the path of an address or request target; nothing where it cannot be taken apart: a target may send anything, and so do we."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def is_login_page(response: Response, login_pages: tuple[str, ...]) -> bool:
    """Whether the answer is one of the login pages: the same masked text, or the same tags and attributes around a password field."""
    if "<" not in response.text:
        return False  # whatever it is, it is no page
    text = masked(response.text)
    if text in login_pages:
        return True
    return bool(_PASSWORD.search(text)) and any(_skeleton(text) == _skeleton(page) for page in login_pages)


def asks_for_password(response: Response) -> bool:
    """Whether the answer has a field for a password."""
    return bool(_PASSWORD.search(response.text))


def _skeleton(page: str) -> list[str]:
    """Return the tags, attribute names and fields of a page, in order."""
    return _TAGS.findall(page.lower())


def backing_off(exchange: Exchange, *, now: datetime | None = None) -> float | None:
    """Return how many seconds a 429 or 503 asks to wait (`Retry-After`, RFC 9110 section 10.2.3), at most 5; None for other answers.

    Without the field, or where it cannot be read, one second.
    """
    response = exchange.response
    if response is None or response.status not in _BACKING_OFF:
        return None
    asked = response.headers.get("retry-after")
    seconds = 1.0
    if asked.isascii() and asked.isdigit():
        seconds = float(asked[:9])
    elif asked:
        try:
            until = parsedate_to_datetime(asked)
        except (ValueError, OverflowError):
            return seconds
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)
