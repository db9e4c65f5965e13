"""What a line on httpx cannot send as told: looked for beforehand, so that nothing is dialled or counted for what would then be refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from zeroweight.model.http import Request

_HOST: Final = b"host"
_FRAMING: Final = frozenset({_HOST, b"content-length", b"transfer-encoding"})
"""Fields that h11 refuses, moves, merges or acts upon: never sent otherwise than as they should be."""
_HOP: Final = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"upgrade"})
"""Fields that speak of an HTTP/1.1 connection; HTTP/2 has no place for them (RFC 9113 section 8.2.2)."""

# What h11 lets through (RFC 9112).
_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_VALUE = re.compile(rb"(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?")


def changed(request: Request) -> str:
    """Return why h11 would refuse the request, or change it on the way; empty when it is sent as told."""
    if not request.method.isascii() or not _TOKEN.fullmatch(request.method.encode()):
        return "the method is not a token"
    if not _TARGET.fullmatch(request.target):
        return "the request target has blanks, control characters or raw bytes above 0x7e, or is empty"
    for name, value in request.headers.raw:
        if not _TOKEN.fullmatch(name):
            return f"the header name {name[:40]!r} is not a token"
        if not _VALUE.fullmatch(value):
            return f"the value of the header {name.decode()} has control characters or blanks at its ends"
    return _misframed(request.headers.raw, len(request.body))


def homeless(request: Request) -> str:
    """Return what of the request has no place in HTTP/2; empty when nothing has none."""
    if request.method == "CONNECT":
        return "CONNECT has no target of its own in HTTP/2"
    for name, value in request.headers.raw:
        low = name.lower()
        if low in _HOP:
            return f"the header {name.decode()} has no place in HTTP/2"
        if low == b"te" and value.lower() != b"trailers":
            return "the header TE says more than HTTP/2 has a place for"
        if low == _HOST and not value:
            return "an empty Host has no place in HTTP/2"
    return ""


def _misframed(headers: Sequence[tuple[bytes, bytes]], length: int) -> str:
    """Return which field says of the body or the host what h11 would not send like that; empty when all is well."""
    framing = [(low, value) for name, value in headers if (low := name.lower()) in _FRAMING]
    names = [name for name, _ in framing]
    twice = next((name for name in names if names.count(name) > 1), b"")
    if twice:
        return f"{twice.decode()} stands twice"
    if b"transfer-encoding" in names:
        return "Transfer-Encoding would be framed anew"
    if not headers or headers[0][0].lower() != _HOST:
        return "Host is not the first field, where it would be put" if _HOST in names else "there is no Host"
    told = next((value for name, value in framing if name == b"content-length"), None)
    if told is None:
        return "the body has no Content-Length" if length else ""
    return "" if told == b"%d" % length else "Content-Length differs from the body's length"
