"""Accounts: who may log in, and the tokens that say so afterwards."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from .guards import Guards

Role = Literal["customer", "admin"]

LIFETIME: Final = 3600
"""Seconds that a token is good for."""

# Few rounds: the accounts are made up, and a gate logs in often.
_ROUNDS: Final = 200
_SALT: Final = b"zeroweight-demo"
_HEADER_PARTS: Final = 3
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One user: the name, what he may do, where he belongs, and what his profile says."""

    name: str
    role: str
    tenant: str
    display_name: str
    email: str
    credit_limit: int = 100

    def profile(self) -> dict[str, Any]:
        """Give what the user himself sees."""
        return {
            "name": self.name,
            "role": self.role,
            "tenant": self.tenant,
            "display_name": self.display_name,
            "email": self.email,
            "credit_limit": self.credit_limit,
        }


BUILT_IN: Final = (
    Account(name="alice", role="customer", tenant="acme", display_name="Alice", email="alice@acme.example"),
    Account(name="bob", role="customer", tenant="globex", display_name="Bob", email="bob@globex.example"),
    Account(name="admin", role="admin", tenant="staff", display_name="Admin", email="admin@staff.example"),
)
"""The users every demo service starts with; they cannot be deleted."""

TENANTS: Final = frozenset(account.tenant for account in BUILT_IN)


def variable(name: str) -> str:
    """Name the environment variable that may hold a built-in user's password."""
    return f"DEMO_{name.upper()}_PASSWORD"


def password(name: str) -> str:
    """Give a built-in user's password: from the environment, else the fixed one of the demo."""
    return os.environ.get(variable(name), f"{name}-demo-password")


def digest(text: str) -> bytes:
    """Hash a password for keeping; lone surrogates are no reason to fail."""
    return hashlib.pbkdf2_hmac("sha256", text.encode(errors="surrogatepass"), _SALT, _ROUNDS)


def _pack(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def basic(credentials: str) -> str | None:
    """Give the name in the credentials of RFC 7617; the password is not looked at. Only a build with a hole at `token:scheme` asks."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """What a token says, and whether its signature is ours."""

    claims: dict[str, Any]
    signature: bytes
    unsigned: bool
    genuine: bool


class Tokens:
    """Stateless tokens in JWT's compact form (RFC 7519), signed HS256 with a secret of this process."""

    __slots__ = ("_secret", "_told")

    def __init__(self) -> None:
        """Make the secret; tokens of another process are refused."""
        self._secret = secrets.token_bytes(32)
        # Callers come again and again with the same few tokens.
        self._told = functools.lru_cache(maxsize=_REMEMBERED)(self._read)

    def issue(self, name: str, *, lifetime: int = LIFETIME) -> str:
        """Make a token for a user, good for so many seconds."""
        now = int(time.time())
        head = _pack(b'{"alg":"HS256","typ":"JWT"}')
        claims = {"sub": name, "iat": now, "exp": now + lifetime, "jti": secrets.token_hex(8)}
        signed = f"{head}.{_pack(json.dumps(claims).encode())}"
        return f"{signed}.{_pack(self._sign(signed))}"

    def subject(self, token: str, guards: Guards) -> str | None:
        """Say whose token this is; None for anything that is not a good one."""
        told = self._told(token)
        if told is None:
            return None
        kind = "none" if told.unsigned else "wrong" if told.signature else "empty"
        if not told.genuine and guards.holds("token:signature", kind=kind):
            return None
        name, expires = told.claims.get("sub"), told.claims.get("exp")
        alive = isinstance(expires, int | float) and (expires > time.time() or not guards.holds("token:expiry"))
        return name if alive and isinstance(name, str) else None

    def _read(self, token: str) -> _Token | None:
        """Take a token apart; None where it is none."""
        parts = token.split(".")
        if len(parts) != _HEADER_PARTS:
            return None
        try:
            head, claims = (json.loads(_unpack(part)) for part in parts[:2])
            signature = _unpack(parts[2])
        except (ValueError, RecursionError, binascii.Error):
            return None
        if not (isinstance(head, dict) and isinstance(claims, dict)):
            return None
        algorithm = head.get("alg")
        return _Token(
            claims=claims,
            signature=signature,
            unsigned=isinstance(algorithm, str) and algorithm.lower() == "none",
            genuine=algorithm == "HS256" and hmac.compare_digest(signature, self._sign(f"{parts[0]}.{parts[1]}")),
        )

    def _sign(self, signed: str) -> bytes:
        return hmac.digest(self._secret, signed.encode("utf-8", "surrogatepass"), "sha256")
