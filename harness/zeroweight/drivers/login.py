"""Logs a role in on one side: from what gate.toml says to the account whose credentials travel with each request."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator

from zeroweight.drivers.http import HttpDriver
from zeroweight.errors import ToolFailed, Unreachable
from zeroweight.model.http import Response
from zeroweight.model.request import Pointer
from zeroweight.model.role import Account, Login, LoginKind, Role
from zeroweight.model.target import Side
from zeroweight.redact import Secret

_AUTHORIZATION = "Authorization"

_REMEDIES = {
    401: "check the role's user and password, and that the account exists on this side",
    403: "check the role's user and password, and that the account exists on this side",
    404: "check login.request in gate.toml",
    405: "check login.request in gate.toml",
    429: "the service limits logins: lower safety.rate or wait",
    2: "check login.token, the JSON pointer to the token, and the role's user and password",
    3: "it redirects: write the final address into login.request",
    5: "the service is broken there: look at its log",
}
"""A status, or its class, of a login's answer → what to look at first."""


_ASKS = 3
_PAUSE = 0.3
"""Seconds between two asks of a login."""
_PASSING = frozenset({429, 500, 502, 503, 504})
"""Statuses that may pass by themselves (RFC 9110 section 15.6, RFC 6585 section 4)."""


async def enrol(driver: HttpDriver, role: Role) -> Account:
    """Return the role's account on the driver's side; only the kind `json` sends anything.

    The driver does not use the account until it is told (`driver.enrol`). Raises ToolFailed when the login was refused or cannot be
    read, Unreachable when it was not answered: one sentence with role, side, request, status and what to look at, without any secret.
    """
    login, side = role.login, driver.target.side
    match login.kind:
        case LoginKind.NONE:
            return Account(role=role.name)
        case LoginKind.BEARER:
            return _carried(role, _AUTHORIZATION, "header", _prefixed(_value(role, side), login.prefix))
        case LoginKind.HEADER:
            return _carried(role, login.name, "header", _value(role, side))
        case LoginKind.API_KEY:
            return _carried(role, login.name, login.place, _value(role, side))
        case LoginKind.BASIC:
            return _carried(role, _AUTHORIZATION, "header", _basic(role, side))
        case LoginKind.JSON:
            return await _asked(driver, role)


def _value(role: Role, side: Side) -> Secret:
    """Return the credential that the configuration gives."""
    if role.login.value is None:
        what = f"role {role.name} cannot log in on the {side}: its {role.login.kind} login has no value; add it to the login in gate.toml"
        raise ToolFailed(what)
    return role.login.value


def _prefixed(secret: Secret, prefix: str) -> Secret:
    """Return the secret as a header's value."""
    return Secret(name=secret.name, value=prefix + secret.reveal())


def _basic(role: Role, side: Side) -> Secret:
    """Return user and password as RFC 7617 wants them: UTF-8, joined by the first colon, base64."""
    user = _revealed(role.login.user)
    if ":" in user:
        what = (
            f"role {role.name} cannot log in on the {side}: a basic login's user must not contain a colon; correct login.user in gate.toml"
        )
        raise ToolFailed(what)
    pair = f"{user}:{_value(role, side).reveal()}"
    return Secret(name=f"{role.name} password", value="Basic " + base64.b64encode(pair.encode()).decode())


def _carried(role: Role, name: str, place: str, secret: Secret) -> Account:
    """Return the account that carries one credential in a header, the query or a cookie."""
    pairs = ((name, secret),)
    match place:
        case "query":
            return Account(role=role.name, query=pairs)
        case "cookie":
            return Account(role=role.name, cookies=pairs)
        case _:
            return Account(role=role.name, headers=pairs)


async def _asked(driver: HttpDriver, role: Role) -> Account:
    """Ask the service for a token; the login succeeded when the token's pointer resolves to a text, whatever the status."""
    login, who = role.login, f"role {role.name} could not log in on the {driver.target.side}"
    method, _, path = login.request.partition(" ")
    body = json.dumps(login.body, default=_shown).encode()
    for left in reversed(range(_ASKS)):
        try:
            response = await driver.plain(method, path.strip(), headers={"Content-Type": "application/json"}, body=body)
        except Unreachable as error:
            if not left:
                what = f"{who}: {error}; check that the service is up and login.request is right"
                raise Unreachable(what, kind=error.kind) from error
        else:
            # Only what says nothing about the credentials is asked again: a wrong password thrice would lock the account.
            if response.status not in _PASSING:
                break
        await asyncio.sleep(_PAUSE)
    token = _token(response, login)
    if token is None:
        what = f"{who}: {login.request} answered {response.status} without a token at {login.token}; {_remedy(response)}"
        raise ToolFailed(what)
    bare = Secret(name=f"{role.name} token", value=token)
    return Account(
        role=role.name,
        headers=((login.name or _AUTHORIZATION, _prefixed(bare, login.prefix)),),
        cookies=tuple(_jar(role, response)),
        learnt=(bare,),
    )


def _token(response: Response, login: Login) -> str | None:
    """Return the token of a login's answer; None when there is none."""
    try:
        found = Pointer(path=login.token).find(response.json)
    except (LookupError, ValueError):
        return None
    return found if isinstance(found, str) and found else None


def _remedy(response: Response) -> str:
    """Return what to look at first, by the answer's status."""
    return _REMEDIES.get(response.status) or _REMEDIES.get(response.status // 100, "check login.body and login.request in gate.toml")


def _jar(role: Role, response: Response) -> Iterator[tuple[str, Secret]]:
    """Yield the cookies that the login's answer sets, the last of each name; removed ones are left out."""
    jar: dict[str, str] = {}
    for line in response.headers.all("set-cookie"):
        pair, *attributes = line.split(";")
        name, mark, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not mark or not name:
            continue
        if value and not any(_ends(attribute) for attribute in attributes):
            jar[name] = value
        else:
            jar.pop(name, None)
    for name, value in jar.items():
        yield name, Secret(name=f"{role.name} cookie {name}", value=value)


def _ends(attribute: str) -> bool:
    """Whether a cookie's attribute removes it at once (RFC 6265 section 5.2.2)."""
    name, _, value = attribute.partition("=")
    return name.strip().lower() == "max-age" and (value.strip().startswith("-") or value.strip() == "0")


def _shown(value: object) -> str:
    """Return a secret inside a login's body as what it is; raises TypeError for what JSON cannot say."""
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} in a login's body")


def _revealed(value: str | Secret) -> str:
    """Return a text that may be secret."""
    return value.reveal() if isinstance(value, Secret) else value
