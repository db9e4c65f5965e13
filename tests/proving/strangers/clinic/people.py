"""Who works with the clinic: clinicians of two practices, an administrator, and the laboratory's machine."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["clinician", "admin", "lab"]

NORTH: Final = "3f0c1a52-6f0e-4a7b-9f5e-0d6f1f7c2a01"
SOUTH: Final = "8b7e4d90-2c1d-4f3a-8a6b-5e9d0c3b4a02"
PRACTICES: Final = {NORTH: "North Practice", SOUTH: "South Practice"}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone, or some machine, that may call."""

    name: str
    role: Role
    practice: str

    def told(self) -> dict[str, str]:
        """Tell what others may know."""
        return {"userName": self.name, "role": self.role, "practice_id": self.practice}


USERS: Final = (
    User(name="ada", role="clinician", practice=NORTH),
    User(name="cleo", role="clinician", practice=SOUTH),
    User(name="ivy", role="admin", practice=NORTH),
    User(name="lab", role="lab", practice=SOUTH),
)
PASSPHRASES: Final = {"ada": "stethoscope-on-tuesday", "cleo": "nine-white-coats", "ivy": "keys-to-the-cabinet"}
LAB_KEY: Final = "lab-4f9c2e7a51d8"


def _digest(passphrase: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(errors="replace"), b"clinic", 2000)


_kept = functools.cache(_digest)


class Desk:
    """Where tokens are given out and looked at."""

    def __init__(self) -> None:
        """Open with the people who work here."""
        self.users = {user.name: user for user in USERS}
        self._tokens: dict[str, str] = {}

    def log_in(self, name: str, passphrase: str) -> str | None:
        """Give a token; None when name and passphrase do not go together."""
        right = hmac.compare_digest(_digest(passphrase), _kept(PASSPHRASES.get(name, "-")))
        if not (right and name in PASSPHRASES):
            return None
        token = secrets.token_urlsafe(24)
        self._tokens[token] = name
        return token

    def caller(self, authorization: str | None, key: str | None) -> User | None:
        """Say who calls, by bearer token (RFC 6750) or by API key."""
        if key is not None:
            return self.users["lab"] if hmac.compare_digest(key.encode(errors="replace"), LAB_KEY.encode()) else None
        scheme, _, token = (authorization or "").partition(" ")
        name = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        return self.users.get(name) if name else None
