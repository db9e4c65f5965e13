"""Content codings (RFC 9110 section 8.4.1) of answers that were sent compressed although none was asked for."""

from __future__ import annotations

import zlib

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS
_MEMBER = b"\x1f\x8b"
"""How a member of a gzip file begins; several may follow each other (RFC 1952 section 2.2)."""
_MEMBERS = 64
"""Members that are read; more is an attack on the reader."""
_MOST = 3
"""Codings one over another; more is an attack on the reader."""
_RATIO = 200
"""Times its own length that a body may grow; text grows three to twenty times, a bomb a thousand times and more in each coding."""
_SMALL = 64 * 1024
"""Bytes that a body may grow to whatever it was."""


def decoded(body: bytes, codings: str, *, cap: int) -> tuple[bytes, bool]:
    """Return the body without its gzip and deflate codings, `cap` bytes and _RATIO times its length at most, and whether there was more.

    A body in another coding, or broken, is returned as it came: what cannot be read is still evidence.
    """
    names = [name for name in (part.strip().lower() for part in codings.split(",")) if name and name != "identity"]
    if not body or not names or len(names) > _MOST or not {"gzip", "x-gzip", "deflate"}.issuperset(names):
        return body, False
    cap = min(cap, max(_SMALL, _RATIO * len(body)))
    plain, more = body, False
    for name in reversed(names):
        result = _inflate(plain, _GZIP_OR_ZLIB, cap)
        if result is None and name == "deflate":  # many servers leave out the zlib header that the RFC wants
            result = _inflate(plain, _BARE, cap)
        if result is None:
            return body, False
        plain, cut = result
        more = more or cut
    return plain, more


def _inflate(body: bytes, bits: int, cap: int) -> tuple[bytes, bool] | None:
    """Return `cap` bytes at most and whether there was more; None when this is not what it claims to be."""
    plain = b""
    for _ in range(_MEMBERS):
        machine = zlib.decompressobj(bits)
        try:
            plain += machine.decompress(body, cap - len(plain))
            more = not machine.eof and bool(machine.decompress(machine.unconsumed_tail, 1))
        except zlib.error:
            return None
        body = machine.unused_data
        if more or not body.startswith(_MEMBER):
            return plain, more
        if len(plain) >= cap:
            break
    return plain, True
