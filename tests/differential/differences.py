"""Where the two kinds of line differ, and why: what is not written here is seen alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What each kind of line sees of one hostile server."""

    wire: str
    httpx: str
    why: str


_STRICT_LF: Final = "The wire ends lines by CR LF only; h11 takes LF alone as well, which RFC 9112 section 2.2 allows."
_FOLD: Final = (
    "The wire takes no folded value, which no server may send any more; h11 unfolds it, as RFC 9112 section 5.2 wants clients to do."
)
_VERSION: Final = "The wire reads HTTP/1.0 and HTTP/1.1 and nothing else; h11 takes any two digits."
_CTL: Final = "The wire takes no control character in a value but the tab (RFC 9110 section 5.5); h11 refuses NUL, CR and LF only."
_CODINGS: Final = "The wire takes the last coding for how the body is framed; h11 knows `chunked`, once, and nothing else."
_FRAME: Final = (
    "Two answers to the question where the body ends are one too many for the wire, and RFC 9112 section 6.3 lets it refuse them; "
    "h11 picks one."
)
_BEHIND: Final = "What stands behind an answer ends the wire's connection; httpx takes it for the next request's answer."
_UNKNOWN: Final = (
    "A body whose last transfer coding is not chunked ends with the connection (RFC 9112 section 6.3); the wire "
    "reads it like that and decodes nothing, h11 refuses it."
)
_EARLY: Final = "The wire tells an end by when it came; h11 takes an end within a size or a trailer for bad HTTP."

DIFFERENCES: Final[Mapping[str, Difference]] = {
    "a greeting of SMTP": Difference(
        wire="protocol", httpx="timeout (answer was whole)", why="The wire judges each byte as it comes; h11 waits for the end of the head."
    ),
    "HTTP/0.9: a body and nothing else": Difference(
        wire="protocol", httpx="closed", why="The wire judges each byte as it comes; h11 waits for the end of a head, which never comes."
    ),
    "HTTP/2.0 in the status line": Difference(wire="protocol", httpx="200 HTTP/2.0 ok / kept: the same", why=_VERSION),
    "HTTP/9.9": Difference(wire="protocol", httpx="200 HTTP/9.9 ok / kept: the same", why=_VERSION),
    "HTTP/1.2": Difference(wire="protocol", httpx="200 HTTP/1.2 ok / kept: the same", why=_VERSION),
    "HTTP/0.9 in the status line": Difference(wire="protocol", httpx="200 HTTP/0.9 ok", why=_VERSION),
    "HTTP/1.0 that stays": Difference(
        wire="200 HTTP/1.0 ok / kept: the same",
        httpx="200 HTTP/1.0 ok",
        why="The wire keeps a connection of HTTP/1.0 when the server says keep-alive; h11 never does.",
    ),
    "an empty line first": Difference(
        wire="200 ok / kept: the same", httpx="protocol", why="The wire skips empty lines before an answer; h11 does not."
    ),
    "nothing but empty lines": Difference(
        wire="closed", httpx="protocol", why="To the wire no answer has begun when the connection ends; h11 takes the empty line for one."
    ),
    "NUL in the reason": Difference(
        wire="200 ok / kept: the same", httpx="protocol", why="The wire does not look at the reason, which nobody reads; h11 does."
    ),
    "a control character in a value": Difference(wire="protocol", httpx="200 [X-A: a\\x01b] ok / kept: the same", why=_CTL),
    "DEL in a value": Difference(wire="protocol", httpx="200 [X-A: a\\x7fb] ok / kept: the same", why=_CTL),
    "LF in the place of CR LF": Difference(wire="protocol", httpx="200 [X-A: a] ok / kept: the same", why=_STRICT_LF),
    "LF once": Difference(wire="protocol", httpx="200 [X-A: a] ok / kept: the same", why=_STRICT_LF),
    "LF for the empty line": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_STRICT_LF),
    "CR in the place of CR LF": Difference(
        wire="protocol", httpx="closed", why="The wire takes no CR without LF; to h11 the head just does not end."
    ),
    "a folded value": Difference(wire="protocol", httpx="200 [X-A: a b] ok / kept: the same", why=_FOLD),
    "a folded value, by a tab": Difference(wire="protocol", httpx="200 [X-A: a b] ok / kept: the same", why=_FOLD),
    "a folded length": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_FOLD),
    "a fold of nothing": Difference(wire="protocol", httpx="200 [X-A: a] ok / kept: the same", why=_FOLD),
    "Proxy-Connection: close": Difference(
        wire="200 [Proxy-Connection: close] ok",
        httpx="200 [Proxy-Connection: close] ok / kept: the same",
        why="The parser of the wire obeys it like Connection; only a connection is lost.",
    ),
    "a length beyond 64 bits": Difference(
        wire="protocol", httpx="closed", why="The wire knows that it cannot count so far; h11 counts on and misses the rest."
    ),
    "a length twice, equal": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_FRAME),
    "a list of lengths, equal": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_FRAME),
    "a length and chunks": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_FRAME),
    "chunks and a length": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_FRAME),
    "a length too short": Difference(wire="200 ok", httpx="200 ok / kept: protocol", why=_BEHIND),
    "HEAD: a body all the same": Difference(wire="200 no body", httpx="200 no body / kept: protocol", why=_BEHIND),
    "HEAD: chunks all the same": Difference(wire="200 no body", httpx="200 no body / kept: protocol", why=_BEHIND),
    "204 with a body": Difference(wire="204 no body", httpx="204 no body / kept: protocol", why=_BEHIND),
    "204 with chunks": Difference(wire="204 no body", httpx="204 no body / kept: protocol", why=_BEHIND),
    "304 with a body": Difference(wire="304 no body", httpx="304 no body / kept: protocol", why=_BEHIND),
    "transfer coding twice": Difference(
        wire="200 ok / kept: the same",
        httpx="protocol",
        why=_CODINGS,
    ),
    "chunked, chunked": Difference(wire="200 [Transfer-Encoding: chunked, chunked] ok / kept: the same", httpx="protocol", why=_CODINGS),
    "Chunked": Difference(
        wire="200 [Transfer-Encoding: Chunked] ok / kept: the same",
        httpx="200 ok / kept: the same",
        why="h11 writes the name of the coding in small letters; the wire shows what came.",
    ),
    "chunked before blanks": Difference(
        wire="protocol",
        httpx="200 ok / kept: the same",
        why="A tab behind the coding hides it from the parser of the wire, which then fails at once; h11 takes it off.",
    ),
    "chunked with a parameter": Difference(
        wire="200 [Transfer-Encoding: chunked;q=1] 2\\r\\nok\\r\\n0\\r\\n\\r\\n", httpx="protocol", why=_UNKNOWN
    ),
    "xchunked": Difference(wire="200 [Transfer-Encoding: xchunked] 2\\r\\nok\\r\\n0\\r\\n\\r\\n", httpx="protocol", why=_UNKNOWN),
    "chunked in quotes": Difference(wire='200 [Transfer-Encoding: "chunked"] 2\\r\\nok\\r\\n0\\r\\n\\r\\n', httpx="protocol", why=_UNKNOWN),
    "identity, chunked": Difference(wire="200 [Transfer-Encoding: identity, chunked] ok / kept: the same", httpx="protocol", why=_CODINGS),
    "gzip": Difference(wire="200 [Transfer-Encoding: gzip] 25 bytes", httpx="protocol", why=_UNKNOWN),
    "gzip, chunked": Difference(
        wire="200 [Transfer-Encoding: gzip, chunked] 25 bytes / kept: the same",
        httpx="protocol",
        why="The wire takes the last coding for how the body is framed, and leaves the inner one in it; h11 refuses it.",
    ),
    "chunked, gzip": Difference(wire="200 [Transfer-Encoding: chunked, gzip] 2\\r\\nok\\r\\n0\\r\\n\\r\\n", httpx="protocol", why=_UNKNOWN),
    "a size beyond 64 bits": Difference(
        wire="protocol", httpx="closed", why="The wire knows that it cannot count so far; h11 counts on and misses the rest."
    ),
    "a size of a thousand zeros": Difference(
        wire="200 ok / kept: the same", httpx="protocol", why="h11 takes twenty digits of a size at most; the wire counts what they say."
    ),
    "a blank behind a size": Difference(
        wire="protocol", httpx="200 ok / kept: the same", why="The wire takes no blank behind a size; h11 does."
    ),
    "an extension with CR in it": Difference(
        wire="protocol", httpx="200 ok / kept: the same", why="The wire takes no CR in a line; h11 looks for CR LF only."
    ),
    "a trailer that ends the connection": Difference(
        wire="200 ok",
        httpx="200 ok / kept: the same",
        why="The parser of the wire obeys Connection in a trailer, too; only a connection is lost.",
    ),
    "LF at the end of trailers": Difference(wire="protocol", httpx="200 ok / kept: the same", why=_STRICT_LF),
    "extensions of chunks without end": Difference(
        wire="protocol",
        httpx="200 100 bytes cut",
        why="The wire bounds what stands around the chunks of a body; h11 bounds each chunk's line only, httpx reads on until the body is.",
    ),
    "interim answers without end": Difference(
        wire="protocol",
        httpx="timeout (answer was whole)",
        why="To the wire interim answers are part of a head, which has a longest length; httpx reads them until the time is up.",
    ),
    "an interim answer that closes": Difference(
        wire="protocol",
        httpx="200 ok / kept: the same",
        why="The parser of the wire believes an interim answer that says that nothing will follow; h11 goes on.",
    ),
    "an interim answer of HTTP/1.0": Difference(
        wire="protocol",
        httpx="200 ok / kept: the same",
        why="The parser of the wire believes that nothing follows an answer of HTTP/1.0; h11 goes on.",
    ),
    "an interim answer behind the answer": Difference(wire="200 ok", httpx="200 ok / kept: the same", why=_BEHIND),
    "two answers at once": Difference(wire="200 ok", httpx="200 ok / kept: 200 other", why=_BEHIND),
    "an answer and garbage": Difference(wire="200 ok", httpx="200 ok / kept: protocol", why=_BEHIND),
    "an answer and an empty line": Difference(
        wire="200 ok / kept: the same",
        httpx="200 ok / kept: protocol",
        why="An empty line is no answer to the wire, neither behind one nor before the next; h11 takes it for a broken one.",
    ),
    "an early answer, and a long upload unread": Difference(
        wire="413 too large",
        httpx="reset",
        why="The wire reads while it writes, so the answer comes before the reset does; httpx writes on, and learns of the reset first.",
    ),
    "closes in a size": Difference(wire="closed", httpx="protocol", why=_EARLY),
    "closes in the trailers": Difference(wire="closed", httpx="protocol", why=_EARLY),
    "closes before the last empty line": Difference(wire="closed", httpx="protocol", why=_EARLY),
}
