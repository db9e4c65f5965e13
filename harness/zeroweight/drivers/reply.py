"""The answer to one request, read by httptools as it comes: bytes in, and whether it is over.

What an answer may do to its reader is bounded here: the length of its head, interim answers included, and its body by the cap.
A request's method decides whether there is a body at all (RFC 9112 section 6.3), which the parser cannot know.
"""

from __future__ import annotations

import time
from typing import Final

import httptools

from zeroweight.drivers.body import Body
from zeroweight.drivers.coding import decoded
from zeroweight.model.http import Failure, Headers, Request, Response

_HEAD: Final = 100 * 1024
"""Bytes: the longest head of an answer that is read; as long as the one that httpx reads."""
_AROUND: Final = 4 * _HEAD
"""Bytes around the chunks of any body that are read: sizes, extensions, trailers. Eighty thousand chunks of one byte have as many."""
_SHARE: Final = 2
"""Bytes around its chunks that are read for each byte of a body beyond: each chunk costs a call, however little is in it."""
_LETTER: Final = ord("H")
_BODILESS: Final = frozenset({204, 304})
_VERSIONS: Final = frozenset({"1.0", "1.1"})
_FIRST: Final = 100
_SWITCHING: Final = 101
_FINAL: Final = 200
_REDIRECT: Final = 300
_FRAMING: Final = frozenset({b"connection", b"content-length", b"transfer-encoding", b"content-encoding"})


class Reply:
    """Reads one answer; what came behind it, or before its head, is noted, and nothing ever raised."""

    __slots__ = (
        "_begun",
        "_bodily",
        "_body",
        "_fed",
        "_fields",
        "_framing",
        "_parser",
        "_past",
        "_request",
        "_size",
        "failure",
        "first",
        "keep",
        "last",
        "over",
        "status",
        "version",
    )

    def __init__(self, request: Request, cap: int) -> None:
        """Wait for the answer to a request; keep `cap` bytes of its body."""
        self._request = request
        self._body = Body(cap)
        self._fields: list[tuple[bytes, bytes]] = []
        self._framing: dict[bytes, bytes] = {}
        self._fed = 0
        self._bodily, self._size = 0, -1
        """How much had been fed when the body last grew, and to what."""
        self._begun = False
        """Something came that is not an empty line."""
        self._past = False
        """The head is whole: fields that come now are trailers."""
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self.status, self.version = 0, ""
        self.over = self.keep = False
        self.failure: Failure | None = None
        """How the answer failed to come."""
        self.first = self.last = 0.0
        """Instants of the monotonic clock, in seconds: when the answer began and ended."""

    def feed(self, data: bytes) -> bool:
        """Take what came; whether the answer is over."""
        if self._parser is None:
            self.keep = False
            return True
        if not self.first:
            self.first = time.monotonic()
        self._fed += len(data)
        if not self._begun and not self._begins(bytes(data)):
            return True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end(keep=False)
        except httptools.HttpParserError as error:
            if self.over:
                self.keep = False  # what is broken stands behind the answer
            else:
                self.fail("protocol", f"not HTTP: {error}")
        if not self.over:
            self._bound()
        if self.over:
            self._parser = None  # it knows our methods, and we know it: nothing should wait for the garbage collector
        return self.over

    def end(self) -> bool:
        """Take note that nothing more will come; whether the answer is over, which it always is."""
        if not self.over:
            if self._past and self._to_the_end():
                self._end(keep=False)
            elif not self.first:
                self.fail("closed", "the server closed the connection without sending an answer")
            else:
                self.fail("closed", "the server closed the connection before the answer was whole")
        self.keep, self._parser = False, None
        return True

    def fail(self, kind: str, text: str) -> None:
        """End without an answer; the first reason stays."""
        if not self.over:
            self.failure, self.over, self.keep = Failure(kind=kind, text=text), True, False
        self._parser = None

    def response(self) -> Response:
        """Return the answer; only when it is over, and nothing failed."""
        body, more = self._body.kept, False
        coding = self._framing.get(b"content-encoding")
        if coding is not None:
            body, more = decoded(body, coding.decode("latin-1"), cap=self._body.cap)
        return Response(
            status=self.status,
            headers=Headers(raw=tuple([(name, value.rstrip(b" \t")) for name, value in self._fields])),
            body=body,
            truncated=more or self._body.cut,
            digest=self._body.digest,
            version=self.version,
        )

    # What httptools tells.

    def on_message_begin(self) -> None:
        """Take note of an answer that nobody asked for, behind ours."""
        if self.over:
            self.keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head."""
        if self._past:
            return
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Learn how long the answer is, from its head."""
        parser = self._parser
        if self.over or parser is None:
            return
        status, version = parser.get_status_code(), parser.get_http_version()
        if version not in _VERSIONS or status < _FIRST:
            self.fail("protocol", f"not HTTP/1: an answer of version {version} with status {status}")
            return
        if status < _FINAL and status != _SWITCHING:
            return
        self._past = True
        self.status, self.version = status, f"HTTP/{version}"
        for name, value in self._fields:
            low = name.lower()
            if low in _FRAMING:
                self._framing[low] = self._framing[low] + b", " + value if low in self._framing else value
        if self._fed > _HEAD and sum(len(name) + len(value) + 4 for name, value in self._fields) > _HEAD:
            self.fail("protocol", f"not HTTP: a head of more than {_HEAD} bytes")
        elif status == _SWITCHING or (self._request.method == "CONNECT" and status < _REDIRECT):
            self._switch(status)
        elif status in _BODILESS or self._request.method == "HEAD":
            # Not the parser's to say: it takes a head without a length for one whose body ends with the connection.
            options = {option.strip().lower() for option in self._framing.get(b"connection", b"").split(b",")}
            self._end(keep=b"close" not in options and (version == "1.1" or b"keep-alive" in options))
        elif b"transfer-encoding" in self._framing and self._hidden():
            self.fail("protocol", "not HTTP that can be read: a tab or a comma behind the transfer coding chunked")

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        if self.over:
            self.keep = False
        elif not self._body.take(part):
            self._end(keep=False)

    def on_message_complete(self) -> None:
        """End, or go on after an interim answer (RFC 9110 section 15.2)."""
        if self.over:
            return
        if not self._past:
            self._fields.clear()
            return
        self._body.ended = True
        assert self._parser is not None
        self._end(keep=self._parser.should_keep_alive())

    def _begins(self, data: bytes) -> bool:
        """Whether this may be the beginning of an answer, empty lines left aside; the parser would take one of RTSP as well."""
        letters = data.lstrip(b"\r\n")
        self._begun = bool(letters)
        if self._begun and letters[0] != _LETTER:
            self.fail("protocol", "not HTTP: expected an answer")
        return not self.over

    def _bound(self) -> None:
        """End when there is too much that is not body: altogether, or since the body last grew.

        The second bound is what one line may have, and all trailers: the parser puts a line together anew for each part of it that comes.
        """
        size = self._body.size
        if not self._past:
            if self._fed > _HEAD:
                self.fail("protocol", f"not HTTP: a head of more than {_HEAD} bytes")
        elif self._size != size:
            self._bodily, self._size = self._fed, size
            if self._fed > _AROUND + (1 + _SHARE) * size:
                self.fail("protocol", "not HTTP: too much around the chunks of a body")
        elif self._fed - self._bodily > _HEAD:
            self.fail("protocol", f"not HTTP: more than {_HEAD} bytes without any of the body")

    def _end(self, *, keep: bool) -> None:
        """Take note that the answer is whole."""
        if not self.over:
            self.over, self.keep, self.last = True, keep, time.monotonic()

    def _switch(self, status: int) -> None:
        """End where another protocol would begin."""
        if status == _SWITCHING and "upgrade" not in self._request.headers:
            self.fail("protocol", "not HTTP/1: a change of protocols that was not asked for")
        else:
            self._end(keep=False)

    def _to_the_end(self) -> bool:
        """Whether the body is whatever comes until the connection ends (RFC 9112 section 6.3, item 8)."""
        codings = self._framing.get(b"transfer-encoding")
        if codings is not None:
            return codings.rpartition(b",")[2].strip().lower() != b"chunked"
        return b"content-length" not in self._framing

    def _hidden(self) -> bool:
        """Whether the last transfer coding is chunked, and the parser misses it: it lets only blanks stand behind it.

        Lists may end in tabs and commas (RFC 9110 section 5.6.1); the chunks would be taken for a body that never ends.
        """
        codings = self._framing[b"transfer-encoding"].rstrip(b" ")
        clean = codings.rstrip(b" \t,")
        return clean != codings and clean.rpartition(b",")[2].strip(b" \t").lower() == b"chunked"
