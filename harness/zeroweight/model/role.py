"""Who asks: roles, the accounts that play them, and how they log in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from zeroweight.redact import Secret

ANONYMOUS = "anonymous"
"""The role without credentials."""


class LoginKind(StrEnum):
    """A way in."""

    NONE = "none"
    BEARER = "bearer"
    HEADER = "header"
    API_KEY = "api-key"
    BASIC = "basic"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How one role logs in, the same on both sides; values are the role's own."""

    kind: LoginKind = LoginKind.NONE
    name: str = ""
    """The header, query parameter or cookie that carries the credential."""
    place: str = "header"
    """Where an API key goes: `header`, `query` or `cookie`."""
    value: Secret | None = None
    """The credential of the kinds bearer, header and api-key; the password of basic."""
    user: str | Secret = ""
    request: str = ""
    """`METHOD /path` of a JSON login."""
    body: Mapping[str, str | Secret] = field(default_factory=dict)
    token: str = ""
    """JSON pointer to the token in the login's answer: the login succeeded when it resolves, whatever the status."""
    prefix: str = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named identity and how it logs in on each side; `anonymous` is a role; roles of one group are peers."""

    name: str
    login: Login = field(default_factory=Login)
    group: str = ""
    tenant: str = ""
    check: str = ""
    """The session sentinel, `GET /me`; empty: the first operation that was allowed."""

    @property
    def anonymous(self) -> bool:
        """Whether this role sends no credentials."""
        return self.name == ANONYMOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One set of credentials of a role on one side, as they are put on a request."""

    role: str
    headers: tuple[tuple[str, Secret], ...] = ()
    query: tuple[tuple[str, Secret], ...] = ()
    cookies: tuple[tuple[str, Secret], ...] = ()
    """The account's own jar; no other account ever sees it, and anonymous has none."""
    learnt: tuple[Secret, ...] = ()
    """What a redactor must learn beside these: a token without the prefix that its header puts in front."""
