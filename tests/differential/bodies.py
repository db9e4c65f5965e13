"""Hostile bodies: lengths, transfer codings, chunks, trailers, content codings, and more than anybody wants to read."""

from __future__ import annotations

import gzip
import zlib
from typing import Final

from differential.case import DIFFERS, HEAD, Case, Table, endless, ok, plain, says
from differential.observed import CAP, DEFAULT_CAP
from servers import answer

_CHUNKED: Final = b"Transfer-Encoding: chunked"
_HEAD: Final = b"HTTP/1.1 200 OK\r\n" + _CHUNKED + b"\r\n\r\n"
_OK: Final = b"2\r\nok\r\n0\r\n\r\n"
_EMPTY: Final = b"0\r\n\r\n"
_LONG: Final = b"%x\r\n" % (8 * DEFAULT_CAP) + b"x" * 8 * DEFAULT_CAP + b"\r\n"
"""The longest body that is read to its end, as one chunk."""


def _bomb(layers: int) -> bytes:
    data = b"x" * 50_000_000
    for _ in range(layers):
        data = gzip.compress(data, mtime=0)
    return data


def _coded(coding: bytes, body: bytes) -> bytes:
    return answer(body, b"Content-Encoding: " + coding)


_DEFLATE: Final = zlib.compressobj(wbits=-zlib.MAX_WBITS)
_BARE: Final = _DEFLATE.compress(b"plain") + _DEFLATE.flush()
_ZIPPED: Final = gzip.compress(b"plain", mtime=0)

LENGTHS: Final[Table] = {
    "a length of 10 GB": Case(script=endless(answer(b"", length=10 * 2**30), b"x"), sees="200 100000 bytes cut"),
    "a length beyond 63 bits": Case(script=ok(b"Content-Length: 9223372036854775808", b"ok", then="close"), sees="closed"),
    "a length beyond 64 bits": Case(script=ok(b"Content-Length: 18446744073709551618", b"ok", then="close"), sees=DIFFERS),
    "a length of 40 digits": Case(script=ok(b"Content-Length: " + b"9" * 40, b"ok", then="close"), sees="protocol"),
    "a length of 10 000 digits": Case(script=ok(b"Content-Length: " + b"9" * 10_000, b"ok", then="close"), sees="protocol"),
    "a negative length": Case(script=ok(b"Content-Length: -2", b"ok"), sees="protocol"),
    "a length with a plus": Case(script=ok(b"Content-Length: +2", b"ok"), sees="protocol"),
    "a length in hex": Case(script=ok(b"Content-Length: 0x2", b"ok"), sees="protocol"),
    "a length with zeros in front": Case(script=ok(b"Content-Length: 002", b"ok"), sees="200 ok / kept: the same"),
    "a length with a fraction": Case(script=ok(b"Content-Length: 2.0", b"ok"), sees="protocol"),
    "a length with an underscore": Case(script=ok(b"Content-Length: 1_0", b"0123456789"), sees="protocol"),
    "a length in other digits": Case(script=ok("Content-Length: \u0662".encode(), b"ok"), sees="protocol"),
    "two numbers as a length": Case(script=ok(b"Content-Length: 2 2", b"ok"), sees="protocol"),
    "no number as a length": Case(script=ok(b"Content-Length: two", b"ok"), sees="protocol"),
    "an empty length": Case(script=ok(b"Content-Length:", b"ok", then="close"), sees="protocol"),
    "a length twice, equal": Case(script=ok(b"Content-Length: 2\nContent-Length: 2", b"ok"), sees=DIFFERS),
    "a length twice, not equal": Case(script=ok(b"Content-Length: 2\nContent-Length: 3", b"oka"), sees="protocol"),
    "a list of lengths, equal": Case(script=ok(b"Content-Length: 2, 2", b"ok"), sees=DIFFERS),
    "a list of lengths, not equal": Case(script=ok(b"Content-Length: 2, 3", b"ok"), sees="protocol"),
    "a length and chunks": Case(script=ok(b"Content-Length: 2\n" + _CHUNKED, _OK), sees=DIFFERS),
    "chunks and a length": Case(script=ok(_CHUNKED + b"\nContent-Length: 12", _OK), sees=DIFFERS),
    "a length too short": Case(script=ok(b"Content-Length: 2", b"okay"), sees=DIFFERS),
    "a length too long": Case(script=ok(b"Content-Length: 3", b"ok", then="close"), sees="closed"),
    "neither length nor chunks": Case(script=ok(b"X-A: b", b"ok", then="close"), sees="200 [X-A: b] ok"),
    "neither length nor chunks, but keep-alive": Case(script=ok(b"Connection: keep-alive", b"ok", then="close"), sees="200 ok"),
    "neither length nor chunks nor body": Case(script=ok(b"", then="close"), sees="200 no body"),
    "HEAD: a body all the same": Case(script=ok(b"Content-Length: 2", b"ok"), asks=HEAD, sees=DIFFERS),
    "HEAD: chunks all the same": Case(script=ok(_CHUNKED, _OK), asks=HEAD, sees=DIFFERS),
    "HEAD: a length and no body": Case(script=ok(b"Content-Length: 2"), asks=HEAD, sees="200 no body / kept: the same"),
    "HEAD: chunks are promised": Case(script=ok(_CHUNKED), asks=HEAD, sees="200 no body / kept: the same"),
    "HEAD: nothing is promised": Case(script=ok(b"X-A: b"), asks=HEAD, sees="200 [X-A: b] no body / kept: the same"),
    "HEAD: two lengths": Case(script=ok(b"Content-Length: 2\nContent-Length: 3"), asks=HEAD, sees="protocol"),
    "204 with a length": Case(script=plain(b"HTTP/1.1 204 No Content\nContent-Length: 2"), sees="204 no body / kept: the same"),
    "204 with a body": Case(script=plain(b"HTTP/1.1 204 No Content\nContent-Length: 2", b"ok"), sees=DIFFERS),
    "204 with chunks": Case(script=plain(b"HTTP/1.1 204 No Content\n" + _CHUNKED, _OK), sees=DIFFERS),
    "205 with a body": Case(script=plain(b"HTTP/1.1 205 Reset Content\nContent-Length: 2", b"ok"), sees="205 ok / kept: the same"),
    "304 with a length": Case(script=plain(b"HTTP/1.1 304 Not Modified\nContent-Length: 50"), sees="304 no body / kept: the same"),
    "304 with chunks promised": Case(script=plain(b"HTTP/1.1 304 Not Modified\n" + _CHUNKED), sees="304 no body / kept: the same"),
    "304 with a body": Case(script=plain(b"HTTP/1.1 304 Not Modified\nContent-Length: 2", b"ok"), sees=DIFFERS),
}

CODINGS: Final[Table] = {
    "transfer coding twice": Case(script=ok(_CHUNKED + b"\n" + _CHUNKED, _OK), sees=DIFFERS),
    "chunked, chunked": Case(script=ok(b"Transfer-Encoding: chunked, chunked", _OK), sees=DIFFERS),
    "Chunked": Case(script=ok(b"Transfer-Encoding: Chunked", _OK), sees=DIFFERS),
    "chunked behind blanks": Case(script=ok(b"Transfer-Encoding: \t chunked", _OK), sees="200 ok / kept: the same"),
    "chunked before blanks": Case(script=ok(b"Transfer-Encoding: chunked \t", _OK), sees=DIFFERS),
    "chunked before a tab, to HEAD": Case(script=ok(b"Transfer-Encoding: chunked\t"), asks=HEAD, sees="200 no body / kept: the same"),
    "chunked before a blank": Case(script=ok(b"Transfer-Encoding: chunked ", _OK), sees="200 ok / kept: the same"),
    "chunked before a comma": Case(script=ok(b"Transfer-Encoding: chunked,", _OK), sees="protocol"),
    "chunked with a parameter": Case(script=ok(b"Transfer-Encoding: chunked;q=1", _OK, then="close"), sees=DIFFERS),
    "xchunked": Case(script=ok(b"Transfer-Encoding: xchunked", _OK, then="close"), sees=DIFFERS),
    "chunked in quotes": Case(script=ok(b'Transfer-Encoding: "chunked"', _OK, then="close"), sees=DIFFERS),
    "identity": Case(script=ok(b"Transfer-Encoding: identity\nContent-Length: 2", b"ok", then="close"), sees="protocol"),
    "identity, chunked": Case(script=ok(b"Transfer-Encoding: identity, chunked", _OK), sees=DIFFERS),
    "gzip": Case(script=ok(b"Transfer-Encoding: gzip", _ZIPPED, then="close"), sees=DIFFERS),
    "gzip, chunked": Case(script=ok(b"Transfer-Encoding: gzip, chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(_ZIPPED), _ZIPPED)), sees=DIFFERS),
    "chunked, gzip": Case(script=ok(b"Transfer-Encoding: chunked, gzip", _OK, then="close"), sees=DIFFERS),
    "an empty transfer coding": Case(script=ok(b"Transfer-Encoding:", b"ok", then="close"), sees="protocol"),
    "HTTP/1.0 with chunks": Case(script=plain(b"HTTP/1.0 200 OK\n" + _CHUNKED, _OK, then="close"), sees="200 HTTP/1.0 ok"),
    "a transfer coding with a blank before its colon": Case(script=ok(b"Transfer-Encoding : chunked", _OK, then="close"), sees="protocol"),
}

CHUNKS: Final[Table] = {
    "chunks, split everywhere": Case(script=says(*(bytes([byte]) for byte in _HEAD + _OK)), sees="200 ok / kept: the same"),
    "a size of capitals": Case(script=ok(_CHUNKED, b"A\r\n0123456789\r\n" + _EMPTY), sees="200 0123456789 / kept: the same"),
    "no size": Case(script=ok(_CHUNKED, b"\r\nok\r\n" + _EMPTY), sees="protocol"),
    "a size that is no number": Case(script=ok(_CHUNKED, b"zz\r\nok\r\n" + _EMPTY), sees="protocol"),
    "a negative size": Case(script=ok(_CHUNKED, b"-2\r\nok\r\n" + _EMPTY), sees="protocol"),
    "a size with a plus": Case(script=ok(_CHUNKED, b"+2\r\nok\r\n" + _EMPTY), sees="protocol"),
    "a size with 0x": Case(script=ok(_CHUNKED, b"0x2\r\nok\r\n" + _EMPTY), sees="protocol"),
    "a size beyond 64 bits": Case(script=ok(_CHUNKED, b"10000000000000002\r\nok\r\n" + _EMPTY, then="close"), sees=DIFFERS),
    "a size of 64 bits": Case(script=ok(_CHUNKED, b"ffffffffffffffff\r\nok", then="close"), sees="closed"),
    "a size of a thousand zeros": Case(script=ok(_CHUNKED, b"0" * 1000 + b"2\r\nok\r\n" + _EMPTY), sees=DIFFERS),
    "a size without end": Case(script=endless(_HEAD, b"0"), sees="protocol", times=1, cap=1000),
    "a blank before a size": Case(script=ok(_CHUNKED, b" 2\r\nok\r\n" + _EMPTY), sees="protocol"),
    "a blank behind a size": Case(script=ok(_CHUNKED, b"2 \r\nok\r\n" + _EMPTY), sees=DIFFERS),
    "an extension": Case(script=ok(_CHUNKED, b'2;a=b;c="d e"\r\nok\r\n' + _EMPTY), sees="200 ok / kept: the same"),
    "an extension of 600 kB": Case(script=ok(_CHUNKED, b"2;" + b"x" * 600_000 + b"\r\nok\r\n" + _EMPTY), sees="protocol"),
    "an extension without end": Case(script=endless(_HEAD + b"2;", b"x"), sees="protocol", times=1, cap=1000),
    "an extension with LF in it": Case(script=ok(_CHUNKED, b"2;a\nb\r\nok\r\n" + _EMPTY), sees="protocol"),
    "an extension with CR in it": Case(script=ok(_CHUNKED, b"2;a\rb\r\nok\r\n" + _EMPTY), sees=DIFFERS),
    "LF behind a size": Case(script=ok(_CHUNKED, b"2\nok\r\n" + _EMPTY), sees="protocol"),
    "LF behind a chunk": Case(script=ok(_CHUNKED, b"2\r\nok\n" + _EMPTY), sees="protocol"),
    "nothing behind a chunk": Case(script=ok(_CHUNKED, b"2\r\nok" + _EMPTY), sees="protocol"),
    "something behind a chunk": Case(script=ok(_CHUNKED, b"2\r\nokXX" + _EMPTY), sees="protocol"),
    "a chunk too long": Case(script=ok(_CHUNKED, b"1\r\nok\r\n" + _EMPTY), sees="protocol"),
    "trailers": Case(script=ok(_CHUNKED, b"2\r\nok\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n"), sees="200 ok / kept: the same"),
    "a trailer that frames": Case(
        script=ok(_CHUNKED, b"2\r\nok\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"), sees="protocol"
    ),
    "a trailer that ends the connection": Case(script=ok(_CHUNKED, b"2\r\nok\r\n0\r\nConnection: close\r\n\r\n"), sees=DIFFERS),
    "a trailer without a colon": Case(script=ok(_CHUNKED, b"2\r\nok\r\n0\r\nX-Sum\r\n\r\n"), sees="protocol"),
    "NUL in a trailer": Case(script=ok(_CHUNKED, b"2\r\nok\r\n0\r\nX-Sum: \0\r\n\r\n"), sees="protocol"),
    "a trailer of 600 kB": Case(script=ok(_CHUNKED, b"2\r\nok\r\n0\r\nX-Sum: " + b"7" * 600_000 + b"\r\n\r\n"), sees="protocol"),
    "a trailer without end": Case(script=endless(_HEAD + b"2\r\nok\r\n0\r\nX-Sum: ", b"7"), sees="protocol", times=1, cap=1000),
    "trailers without end": Case(script=endless(_HEAD + b"0\r\n", b"X-Sum: 7\r\n"), sees="protocol", times=1, cap=1000),
    "a long body, and a trailer without end": Case(
        script=endless(_HEAD + _LONG + b"0\r\nX-Sum: ", b"7"), sees="protocol", times=1, cap=DEFAULT_CAP
    ),
    "a long body, and trailers without end": Case(
        script=endless(_HEAD + _LONG + b"0\r\n", b"X-Sum: 7\r\n"), sees="protocol", times=1, cap=DEFAULT_CAP
    ),
    "a long body, and an extension without end": Case(
        script=endless(_HEAD + _LONG + b"1;", b"x"), sees="protocol", times=1, cap=DEFAULT_CAP
    ),
    "LF at the end of trailers": Case(script=ok(_CHUNKED, b"2\r\nok\r\n0\r\n\n"), sees=DIFFERS),
    "chunks of one byte without end": Case(script=endless(_HEAD, b"1\r\nx\r\n"), sees="200 200 bytes cut", times=1, cap=200),
    "chunks without end": Case(script=endless(_HEAD, b"1000\r\n" + b"x" * 4096 + b"\r\n"), sees="200 100000 bytes cut"),
    "extensions of chunks without end": Case(
        script=endless(_HEAD, b"1;" + b"e" * 4000 + b"\r\nx\r\n"),
        sees=DIFFERS,
        times=1,
        cap=100,
    ),
}

CONTENT: Final[Table] = {
    "a body of the cap": Case(
        script=says(answer(b"x" * CAP)),
        sees="200 100000 bytes / kept: the same",
    ),
    "a body longer than the cap": Case(
        script=says(answer(b"x" * (CAP + 1))),
        sees="200 100000 bytes cut hashed / kept: the same",
    ),
    "a body longer than the cap, in chunks": Case(
        script=ok(_CHUNKED, b"%x\r\n" % (2 * CAP) + b"x" * 2 * CAP + b"\r\n" + _EMPTY),
        sees="200 100000 bytes cut hashed / kept: the same",
    ),
    "a body without end": Case(script=endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), sees="200 100000 bytes cut"),
    "gzip, a bomb": Case(
        script=says(_coded(b"gzip", _bomb(1))),
        sees="200 [Content-Encoding: gzip] 100000 bytes cut / kept: the same",
    ),
    "gzip, a bomb in a bomb": Case(
        script=says(_coded(b"gzip, gzip", _bomb(2))),
        sees="200 [Content-Encoding: gzip, gzip] 65536 bytes cut / kept: the same",
    ),
    "gzip, a bomb in three": Case(
        script=says(_coded(b"gzip, gzip, gzip", _bomb(3))),
        sees="200 [Content-Encoding: gzip, gzip, gzip] 65536 bytes cut / kept: the same",
    ),
    "gzip, broken": Case(
        script=says(_coded(b"gzip", b"\x1f\x8b\x08not gzip")),
        sees="200 [Content-Encoding: gzip] 11 bytes / kept: the same",
    ),
    "gzip, not at all": Case(script=says(_coded(b"gzip", b"plain")), sees="200 [Content-Encoding: gzip] plain / kept: the same"),
    "gzip, cut off": Case(script=says(_coded(b"gzip", _ZIPPED[:-6])), sees="200 [Content-Encoding: gzip] plain / kept: the same"),
    "gzip, with garbage behind": Case(
        script=says(_coded(b"gzip", _ZIPPED + b"garbage")),
        sees="200 [Content-Encoding: gzip] plain / kept: the same",
    ),
    "gzip, two members": Case(
        script=says(_coded(b"gzip", _ZIPPED + gzip.compress(b" text", mtime=0))),
        sees="200 [Content-Encoding: gzip] plain text / kept: the same",
    ),
    "gzip, wrong sum": Case(
        script=says(_coded(b"gzip", _ZIPPED[:-8] + bytes(8))),
        sees="200 [Content-Encoding: gzip] 25 bytes / kept: the same",
    ),
    "gzip, of nothing": Case(script=says(_coded(b"gzip", b"")), sees="200 [Content-Encoding: gzip] no body / kept: the same"),
    "GZIP": Case(script=says(_coded(b"GZIP", _ZIPPED)), sees="200 [Content-Encoding: GZIP] plain / kept: the same"),
    "x-gzip": Case(script=says(_coded(b"x-gzip", _ZIPPED)), sees="200 [Content-Encoding: x-gzip] plain / kept: the same"),
    "deflate": Case(
        script=says(_coded(b"deflate", zlib.compress(b"plain"))),
        sees="200 [Content-Encoding: deflate] plain / kept: the same",
    ),
    "deflate, bare": Case(script=says(_coded(b"deflate", _BARE)), sees="200 [Content-Encoding: deflate] plain / kept: the same"),
    "identity as content coding": Case(
        script=says(_coded(b"identity", b"plain")),
        sees="200 [Content-Encoding: identity] plain / kept: the same",
    ),
    "an unknown content coding": Case(script=says(_coded(b"zz", b"plain")), sees="200 [Content-Encoding: zz] plain / kept: the same"),
    "twenty content codings": Case(
        script=says(_coded(b", ".join([b"gzip"] * 20), b"plain")),
        sees="200 [Content-Encoding: 118 bytes] plain / kept: the same",
    ),
    "a content coding twice": Case(
        script=says(answer(gzip.compress(_ZIPPED, mtime=0), b"Content-Encoding: gzip", b"Content-Encoding: gzip")),
        sees="200 [Content-Encoding: gzip; Content-Encoding: gzip] plain / kept: the same",
    ),
    "gzip, asked for by HEAD": Case(
        script=says(_coded(b"gzip", b"")),
        asks=HEAD,
        sees="200 [Content-Encoding: gzip] no body / kept: the same",
    ),
}
