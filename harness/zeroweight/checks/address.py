"""Internal addresses as texts write them: private, loopback, link-local, unique-local and carrier-grade NAT.

RFC 1918, 4193, 3927, 4291 and 6598. What only looks like one is left out: a version in four parts, a whole reserved block as policies
and manuals name it. So is the caller's own address, which the caller knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import unquote

from zeroweight.checks.leak import Sighting, sightings
from zeroweight.checks.passage import Passage
from zeroweight.finding import HeaderName

EPHEMERAL: Final = 32768
"""The first port that callers are given (IANA says 49152, Linux begins lower)."""

_OCTETS = r"(?:\.\d{1,3})"
_V4 = (
    rf"(?:10|127){_OCTETS}{{3}}|192\.168{_OCTETS}{{2}}|169\.254{_OCTETS}{{2}}|172\.(?:1[6-9]|2\d|3[01]){_OCTETS}{{2}}"
    rf"|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]){_OCTETS}{{2}}"
)
_V6 = r"(?i:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):(?i:[0-9a-f:]*[0-9a-f]|[0-9a-f:]*::|:)|::1"
ADDRESSES: Final = (_V4, _V6)

INTERNAL: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    ip_network(block)
    for block in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
_BLOCKS = frozenset(block.network_address for block in INTERNAL)

_VERSIONED = re.compile(r"version$|(?:^|[_-])(?:ver|v|build|release|firmware|revision|user[_-]?agent)$")
_VERSIONED_HEADER = re.compile(r"^(?:server|x-powered-by)$")
_VERSION_BEFORE = re.compile(
    r"(?i:\bv\.?|\b(?:version|ver|release|build|rev|revision|firmware|upgraded? to)\W{0,3})$"
    r"|(?<![\w+-])(?=[A-Z][A-Z\d_+-]*[a-z])[A-Z][\w+-]*/v?$"
)
"""A product before a slash has a capital (`Chrome/10.0.0.1`); a lower-case word is a host (`db/10.0.0.5`)."""
_CALLER = re.compile(
    r"^(?:x|cf)?(?:true|connecting|client|remote|caller|peer|visitor|real|source|src|user|your|login|last|from)+(?:ip|addr|address)$"
    r"|^x?forwarded(?:for)?$|^xenvoyexternaladdress$"
)
_CALLER_BEFORE = re.compile(
    r"\b(?:client|remote|caller|visitor|your|user|source)(?:'s)?[ _-]?(?:ip|addr)(?:[ _-]?addr)?(?:ess)?(?: is)?\W{0,3}$|\bfor=[\"\[]*$",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"/\d{1,3}\b")
_NUMBERS_BEFORE = re.compile(r"\d[\s,]+$")
_PORT = re.compile(r"\]?:(\d{1,5})(?!\d)")
_HEADING = re.compile(r"\.?\s+[A-Z][a-z]")
_GOES_ON = re.compile(r"\w|\.\d|[-+](?!\d+\.)\w")


def addresses(passage: Passage) -> Iterator[Sighting]:
    """Yield the internal addresses that a passage shows and that are neither versions or blocks nor the caller's own."""
    text = unquote(passage.text) if "%" in passage.text else passage.text
    for seen in sightings(text, ADDRESSES):
        if _is_internal(seen.text) and not _looks_so_only(seen, passage) and not _is_a_callers(seen, passage):
            yield seen


def _is_a_callers(seen: Sighting, passage: Passage) -> bool:
    """Whether the field or the words before say that it is the caller's own; a caller has no port or a high one."""
    port = _PORT.match(seen.after)
    if port and int(port[1]) < EPHEMERAL:
        return False
    return bool(_CALLER.search(passage.name.replace("_", "").replace("-", "")) or _CALLER_BEFORE.search(seen.before))


def _is_a_version(seen: Sighting, passage: Passage) -> bool:
    """Whether the field or the words before say that it is a version; one never has a port."""
    if _PORT.match(seen.after):
        return False
    in_header = isinstance(passage.at, HeaderName) and _VERSIONED_HEADER.search(passage.name)
    return bool(in_header or _VERSIONED.search(passage.name) or _VERSION_BEFORE.search(seen.before))


def _is_internal(text: str) -> bool:
    """Whether it is an address at all, and one of those blocks; leading zeros and odd groups make it none."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return False
    return any(address in block for block in INTERNAL if block.version == address.version)


def _looks_so_only(seen: Sighting, passage: Passage) -> bool:
    """Whether the text around says that this is a piece of something longer, a version, or a whole reserved block."""
    before = seen.before[-1:]
    if before.isalnum() or before in {".", "_", "-"} or (before == ":" and ":" in seen.text) or _GOES_ON.match(seen.after):
        return True
    if _is_a_version(seen, passage):
        return True
    if _BLOCK.match(seen.after) and ip_address(seen.text) in _BLOCKS:
        return True
    if passage.name or "<" not in passage.text:
        return False
    # Pages draw with lists of numbers, some of them run together (`l 4 10.25.3.7`), and number their sections (`10.3.2.1. The root node`).
    return bool(_NUMBERS_BEFORE.search(seen.before) or (before == ">" and _HEADING.match(seen.after)))
