"""The body of an answer as it comes: kept up to a cap, then only hashed, then hung up on."""

from __future__ import annotations

import hashlib
from typing import Final

_FLOOD: Final = 8
"""Times the cap that are read of a body, for its digest; what goes on beyond is taken for endless."""


class Body:
    """Collects the parts of one body; holds `cap` bytes at most, whatever comes."""

    __slots__ = ("_hash", "_kept", "cap", "ended", "size")

    def __init__(self, cap: int) -> None:
        """Keep up to `cap` bytes."""
        self.cap, self.size = cap, 0
        """The most that is kept, and how much came."""
        self._kept: bytes | bytearray = b""
        self._hash: hashlib._Hash | None = None
        self.ended = False
        """Whether the end came; whoever reads says so."""

    def take(self, part: bytes) -> bool:
        """Take the next part; False when no more is wanted, and the connection should go."""
        self.size += len(part)
        if self.size <= self.cap:
            if self._kept:
                # A body comes in one part as a rule; only what comes in several is put together.
                self._kept = bytearray(self._kept) if isinstance(self._kept, bytes) else self._kept
                self._kept += part
            else:
                self._kept = part
            return True
        if self._hash is None:
            self._kept = bytes(self._kept)
            self._hash = hashlib.sha256(self._kept)
            room = self.cap - len(self._kept)
            self._kept += part[:room]
        self._hash.update(part)
        return self.size <= self.cap * _FLOOD

    @property
    def kept(self) -> bytes:
        """The beginning of the body, as it came; all of it when it is no longer than the cap."""
        return bytes(self._kept)

    @property
    def cut(self) -> bool:
        """Whether there was more than is kept."""
        return self.size > self.cap

    @property
    def digest(self) -> str:
        """SHA-256 in hex of a body that is cut and came to its end; else empty."""
        return self._hash.hexdigest() if self._hash is not None and self.cut and self.ended else ""
