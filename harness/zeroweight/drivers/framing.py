"""Whether a request can be read in one way only: where its head ends, where its body ends, and what its fields are called.

What one server takes for one request, another may take for two, or for a different one, and whoever comes next on the connection between
them meets what is left over (RFC 9112 sections 2.2, 3, 5, 6, 7.1, 11.2). Nothing is corrected here, only told: `twofold` tells what may
harm others, `ambiguous` also what only the connection that carried it should not outlive.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from zeroweight.model.http import Request

Field = tuple[bytes, bytes]
"""A header field as it is sent: name and value."""

_TOKEN: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++")
_CONTROLS: Final = bytes({*range(0x20), 0x7F})
_BLANKS: Final = re.compile(rb"[ \t\x0b\x0c]")
"""Where servers may part the words of a request line (RFC 9112 section 3)."""
_EMPTY: Final = b" \t"
_NUMBER: Final = re.compile(rb"0|[1-9][0-9]{0,17}+")
"""A length as everybody reads it: a zero in front would be octal to some."""

_USUAL: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BODIED: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose body every server expects; that of others a server may leave unread (RFC 9110 section 9.3)."""
_EXPECTED: Final = frozenset(method.encode() for method in _BODIED)

_HOST: Final = b"host"
_LENGTH: Final = b"content-length"
_CODING: Final = b"transfer-encoding"
_CONNECTION: Final = b"connection"
_EXPECT: Final = b"expect"
_UPGRADE: Final = b"upgrade"
_FRAMING: Final = frozenset({_HOST, _LENGTH, _CODING})
_LOOKED_AT: Final = frozenset({_CODING, _CONNECTION, _EXPECT, _UPGRADE})

_INNER: Final = re.compile(
    rb"[\t-\r\x1c-\x20\x85\xa0]*+[-!#$%&'*+.^_`|~0-9a-z]{1,32}+[\t\x0b-\r\x1c-\x20\x85\xa0][^\n]{0,65536}?[\t\x0b-\r\x1c-\x20\x85\xa0]HTTP/",
    re.IGNORECASE,
)
"""A request line at the beginning of a body, parted by whatever some server takes for a blank."""
_HARMLESS: Final = re.compile(rb"[\"(),/:;<=>?@\[\\\]{}]|[!-~]*+\Z|[a-z][a-z ]*+\Z")
"""What no server takes for a request: it begins with what begins no method; it is one word; or it is nothing but words in small letters,
without a path and a version."""

_CHUNK: Final = re.compile(
    rb"(?P<size>[0-9A-Fa-f]{1,15}+)"
    rb"(?:;[-!#$%&'*+.^_`|~0-9A-Za-z]++(?:=(?:[-!#$%&'*+.^_`|~0-9A-Za-z]++|\"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+\"))?+)*+\r\n"
)
"""The line before a chunk: its size, and extensions (RFC 9112 section 7.1.1)."""
_TRAILER: Final = re.compile(rb"(?P<name>[-!#$%&'*+.^_`|~0-9A-Za-z]++):[\t -~\x80-\xff]*+\r\n")

_LONGEST: Final = 4096
"""Bytes: the longest head whose field names are remembered."""
_SHOWN: Final = 40
"""Bytes of a name that are shown."""


def ambiguous(request: Request, head: bytes) -> str:
    """Return why a server may read a request otherwise than it is meant, or leave a part of it unread; empty when there is one way.

    `head` is the request line and the header fields as written, with the empty line. What is ambiguous must be the last on its connection:
    what is left over would meet the next request.
    """
    fields, body = request.headers.raw, request.body
    # The usual request is told by counting, without a look at each field: every control character of the head is one of our line ends.
    if (
        request.method in _USUAL
        and request.target
        and b" " not in request.target
        and len(head) - len(head.translate(None, _CONTROLS)) == 2 * len(fields) + 4
        and len(head) <= _LONGEST
    ):
        length = _measured(tuple([name for name, _ in fields]))
        if not body:
            if length is None or (length >= 0 and fields[length][1] == b"0"):
                return ""
        elif length is not None and length >= 0 and fields[length][1] == b"%d" % len(body) and request.method in _BODIED:
            return _begins_anew(request.method.encode(), body)
    method = request.method.encode("utf-8", "surrogateescape")
    return twofold(method, request.target, fields, body) or _unfinished(request.method, fields, body)


def twofold(method: bytes, target: bytes, fields: Sequence[Field], body: bytes, *, whole: bool = True) -> str:
    """Return why a server may read these parts of a request as another request, or as two; empty when there is one way to read them.

    `whole`: this is the body as it will be sent; else it has gaps, and a length or chunks that are told beforehand cannot be right.
    """
    return _line(method, target) or _names(fields) or _hosts(fields) or _framing(fields, body, whole=whole) or _begins_anew(method, body)


def whole_chunks(body: bytes) -> bool:
    """Whether a body is one whole sequence of chunks, trailers included, and nothing else (RFC 9112 section 7.1).

    Read strictly: line ends are CR LF, extensions are well-formed, and no trailer names a field that frames or routes a message.
    """
    at = 0
    while (line := _CHUNK.match(body, at)) is not None:
        size = int(line["size"], 16)
        at = line.end()
        if size == 0:
            return _ended(body, at)
        at += size
        if body[at : at + 2] != b"\r\n":
            return False
        at += 2
    return False


@functools.lru_cache(maxsize=256)
def _measured(names: tuple[bytes, ...]) -> int | None:
    """Return where Content-Length stands among the names of a plain request's fields: None when it does not, -1 when they are not plain."""
    low = [_plain(name) for name in names]
    if not all(_TOKEN.fullmatch(name) for name in names) or low.count(_HOST) != 1 or not _LOOKED_AT.isdisjoint(low):
        return -1
    lengths = [index for index, name in enumerate(low) if name == _LENGTH]
    return None if not lengths else lengths[0] if len(lengths) == 1 else -1


def _plain(name: bytes) -> bytes:
    """Return a name as lenient servers know it: small letters, and an underscore is a hyphen to some."""
    return name.lower().replace(b"_", b"-")


def _values(fields: Iterable[Field], wanted: bytes) -> list[bytes]:
    """Return the values of a field without blanks at their ends, in order."""
    return [value.strip(_EMPTY) for name, value in fields if _plain(name) == wanted]


def _options(fields: Iterable[Field]) -> set[bytes]:
    """Return what Connection says: names of fields that go no further than the next hop, and `close`."""
    return {option.strip(_EMPTY).lower() for value in _values(fields, _CONNECTION) for option in value.split(b",")}


def _line(method: bytes, target: bytes) -> str:
    """Return what is doubtful about the request line."""
    if not _TOKEN.fullmatch(method):
        return "the method is not a token"
    if not target:
        return "the request target is empty"
    if _breaks(target):
        return "the request target has CR, LF or NUL in it"
    return "the request target has blanks in it" if _BLANKS.search(target) else ""


def _names(fields: Iterable[Field]) -> str:
    """Return what is doubtful about where fields begin and end."""
    for name, value in fields:
        if not _TOKEN.fullmatch(name):
            return f"the header name {name[:_SHOWN]!r} is not a token"
        if _breaks(value):
            return f"the value of the header {name[:_SHOWN].decode()} has CR, LF or NUL in it"
    return ""


def _hosts(fields: Iterable[Field]) -> str:
    """Return what is doubtful about whom the request is for."""
    count = len(_values(fields, _HOST))
    return "" if count == 1 else "there are two Hosts" if count else "there is no Host"


def _framing(fields: Sequence[Field], body: bytes, *, whole: bool) -> str:
    """Return what is doubtful about where the body ends."""
    options = _options(fields)
    dropped = next((name.decode() for name in sorted(_FRAMING) if name in options), "")
    if dropped:
        return f"Connection has {dropped} taken off on the way"
    lengths, codings = _values(fields, _LENGTH), _values(fields, _CODING)
    fault = _coded(lengths, codings, body, whole=whole) if codings else _counted(lengths, body, whole=whole)
    return fault or ("Expect leaves it open whether the body is read" if body and _values(fields, _EXPECT) else "")


def _counted(lengths: Sequence[bytes], body: bytes, *, whole: bool) -> str:
    """Return what is doubtful about a body with Content-Length, or without."""
    if len(lengths) > 1:
        return "Content-Length stands twice"
    if not lengths:
        return "the body has neither Content-Length nor Transfer-Encoding" if body and whole else ""
    if not _NUMBER.fullmatch(lengths[0]):
        return "Content-Length is not a plain number"
    if whole and int(lengths[0]) == len(body):
        return ""
    return f"Content-Length is not the body's length of {len(body)}" if whole else "Content-Length is told before the body is known"


def _coded(lengths: Sequence[bytes], codings: Sequence[bytes], body: bytes, *, whole: bool) -> str:
    """Return what is doubtful about a body with Transfer-Encoding."""
    if lengths:
        return "Transfer-Encoding stands beside Content-Length"
    if list(codings) != [b"chunked"]:
        return "Transfer-Encoding is not exactly chunked"
    return "" if whole and whole_chunks(body) else "the body is not one whole sequence of chunks"


def _ended(body: bytes, at: int) -> bool:
    """Whether nothing but trailers and the empty line is left of a body behind its last chunk."""
    while (line := _TRAILER.match(body, at)) is not None:
        if _plain(line["name"]) in _FRAMING:
            return False
        at = line.end()
    return body[at:] == b"\r\n"


def _begins_anew(method: bytes, body: bytes) -> str:
    """Return what is doubtful about a body that a server may take for the next request, should it not know that there is a body.

    Where the method has servers expect a body, one is doubtful that begins like a request; else any that may, however leniently it is read.
    """
    if method not in _EXPECTED and not _HARMLESS.match(body):
        return f"a server may leave the body of {method.decode('latin-1')} unread, and take it for the next request"
    return "the body begins like a request of its own" if _INNER.match(body) else ""


def _unfinished(method: str, fields: Iterable[Field], body: bytes) -> str:
    """Return why a connection should not outlive a request that can be read in one way only."""
    if body and method not in _BODIED:
        return f"a server may leave the body of {method} unread"
    if _values(fields, _UPGRADE):
        return "an upgrade was asked for"
    return "Connection says that nothing follows" if b"close" in _options(fields) else ""


def _breaks(text: bytes) -> bool:
    """Whether some server may end a line within a text (RFC 9110 section 5.5)."""
    return b"\r" in text or b"\n" in text or b"\0" in text
