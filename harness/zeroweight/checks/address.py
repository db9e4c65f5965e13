"""Internal addresses as texts write them: private, loopback, link-local, unique-local and carrier-grade NAT.

RFC 1918, 4193, 3927, 4291 and 6598. What only looks like one is left out: a version in four parts, a whole reserved block as policies
and manuals name it, a sample value. So is the caller's own address, which the caller knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import unquote

from zeroweight.checks.leak import Sighting, sightings
from zeroweight.checks.passage import Passage

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

_VERSIONED = re.compile(r"version|build|release|firmware|revision|^v$|^ver$|user-?agent|^server$|powered-by")
_VERSION_BEFORE = re.compile(
    r"(?:\bv\.?|\b(?:version|ver|release|build|rev|revision|firmware|upgraded? to)\W{0,3}|[A-Za-z]/v?)$", re.IGNORECASE
)
_CALLER = re.compile(
    r"client|remote|caller|peer|visitor|forwarded|realip|external|(?:source|src|user|your|login|last|from)_?(?:ip|addr)|^(?:ip|ipaddr|ipaddress|origin)$"
)
_CALLER_BEFORE = re.compile(
    r"\b(?:client|remote|caller|peer|visitor|your|user|source)(?:[ _-]?(?:ip|addr|address|host)+)?(?: is)?\W{0,3}$|\bfor=[\"\[]*$",
    re.IGNORECASE,
)
_SAMPLES = frozenset({"example", "examples", "placeholder", "description", "hint", "help", "sample", "pattern"})
_BLOCK = re.compile(r"/\d{1,3}\b")
_NUMBERS_BEFORE = re.compile(r"\d[\s,]+$")
_PORT = re.compile(r":\d")
_HEADING = re.compile(r"\.?\s+[A-Z][a-z]")
_GOES_ON = re.compile(r"\w|\.\d|[-+](?!\d+\.)\w")


def addresses(passage: Passage) -> Iterator[Sighting]:
    """Yield the internal addresses that a passage shows and that are neither versions, blocks or samples nor the caller's own."""
    plain = passage.name.replace("_", "").replace("-", "")
    if passage.name in _SAMPLES or _VERSIONED.search(passage.name) or _CALLER.search(plain):
        return
    text = unquote(passage.text) if "%" in passage.text else passage.text
    for seen in sightings(text, ADDRESSES):
        if _is_internal(seen.text) and not _looks_so_only(seen, passage) and not _CALLER_BEFORE.search(seen.before):
            yield seen


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
    if _VERSION_BEFORE.search(seen.before) and not _PORT.match(seen.after):
        return True
    if _BLOCK.match(seen.after) and ip_address(seen.text) in _BLOCKS:
        return True
    if passage.name or "<" not in passage.text:
        return False
    # Pages draw with lists of numbers, some of them run together (`l 4 10.25.3.7`), and number their sections (`10.3.2.1. The root node`).
    return bool(_NUMBERS_BEFORE.search(seen.before) or (before == ">" and _HEADING.match(seen.after)))
