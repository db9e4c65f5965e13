"""Ways in: what `[login.NAME]` and `[roles.NAME]` say, and how the two are put together."""

# No postponed annotations here: the loader reads them, so they must be real at run time.

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from zeroweight.config import form
from zeroweight.config.note import Doc, FromKey, Json, Key, MayBeEmpty, Rest
from zeroweight.config.secrets import PLACEHOLDER
from zeroweight.redact import Secret

LoginKind: TypeAlias = Literal["bearer", "header", "api-key", "basic", "json"]
KeyPlace: TypeAlias = Literal["header", "query", "cookie"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginConfig:
    """A way in, named once: `[login.NAME]`; roles bring the credentials."""

    name: Annotated[str, FromKey()] = ""
    """NAME of `[login.NAME]`; empty for a role's shorthand."""
    kind: Annotated[LoginKind, Doc("How the credential travels.")]
    carrier: Annotated[
        str,
        Key("name"),
        form.PARAMETER,
        Doc("Kinds header and api-key: the header, query parameter or cookie that carries the credential."),
    ] = ""
    """Written `name` in the file."""
    place: Annotated[KeyPlace | None, Key("in"), Doc("Kind api-key: where the key goes.")] = None
    """Written `in` in the file."""
    value: Annotated[Secret | None, form.HEADER_VALUE, Doc("Kinds header and api-key: the credential of roles that bring none.")] = None
    user: Annotated[str | Secret, Doc("Kind basic: the user of roles that bring none.")] = ""
    password: Annotated[Secret | None, Doc("Kind basic: the password of roles that bring none.")] = None
    request: Annotated[str, form.OPERATION, Doc("Kind json: the login request.")] = ""
    json: Annotated[
        Mapping[str, Any], Json(guarded=True), Doc("Kind json: the login's body; $key stands for the key of that name of the role.")
    ] = field(default_factory=dict)
    token: Annotated[str, form.POINTER, Doc("Kind json: JSON pointer to the token in the answer; it decides whether the login worked.")] = (
        ""
    )
    header: Annotated[str, form.HEADER, Doc("Kind json: the header that carries the token.")] = "Authorization"
    prefix: Annotated[str, MayBeEmpty(), form.HEADER_VALUE, Doc("Kind json: what stands before the token in the header.")] = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderCredential:
    """A role's shorthand: a header and its value."""

    name: Annotated[str, form.HEADER, Doc("The header's name.")]
    value: Annotated[Secret, form.HEADER_VALUE, Doc("The header's value: env:NAME or file:PATH.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCredential:
    """A role's shorthand: an API key."""

    place: Annotated[KeyPlace, Key("in"), Doc("Where the key goes.")]
    name: Annotated[str, form.PARAMETER, Doc("The header, query parameter or cookie that carries the key.")]
    value: Annotated[Secret, form.HEADER_VALUE, Doc("The key: env:NAME or file:PATH.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicCredential:
    """A role's shorthand: HTTP Basic."""

    user: Annotated[str | Secret, Doc("The user's name; may be written plainly.")]
    password: Annotated[Secret, Doc("The password: env:NAME or file:PATH.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleConfig:
    """A named identity: exactly one of bearer, header, api_key, basic and login. `way_in` tells which."""

    name: Annotated[str, FromKey()]
    bearer: Annotated[Secret | None, form.HEADER_VALUE, Doc("The bearer token: env:NAME or file:PATH.")] = None
    header: Annotated[HeaderCredential | None, Doc("A header that carries the credential.")] = None
    api_key: Annotated[KeyCredential | None, Doc("An API key in a header, the query or a cookie.")] = None
    basic: Annotated[BasicCredential | None, Doc("HTTP Basic.")] = None
    login: Annotated[str, form.NAME, Doc("NAME of the [login.NAME] that this role logs in by.")] = ""
    group: Annotated[str, Doc("Roles of one group are peers: none may reach another's objects.")] = ""
    tenant: Annotated[str, Doc("The tenant that the role belongs to.")] = ""
    check: Annotated[str, form.OPERATION, Doc("Request that this role is surely allowed; default: the first that was.")] = ""
    credentials: Annotated[Mapping[str, str | Secret], Rest(when="login"), Doc("What the login needs: user, password, token, value, …")] = (
        field(default_factory=dict)
    )
    """Every other key of the role, for its login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """How one role logs in, and with what."""

    login: LoginConfig
    credentials: Mapping[str, str | Secret]
    """By kind: `token` (bearer), `value` (header, api-key), `user` and `password` (basic), the role's own keys (json)."""

    @property
    def body(self) -> Mapping[str, Any]:
        """The body of a JSON login, its placeholders filled in; secrets stay `Secret`."""
        filled: Mapping[str, Any] = _filled(self.login.json, self.credentials)
        return filled

    @property
    def pair(self) -> Secret | None:
        """What HTTP Basic encodes, `user:password`: it travels as one, so it is redacted as one."""
        if self.login.kind != "basic":
            return None
        user, password = self.credentials.get("user", ""), self.credentials.get("password", "")
        text = ":".join(part.reveal() if isinstance(part, Secret) else part for part in (user, password))
        return Secret(name=f"{password.name} with user" if isinstance(password, Secret) else "user and password", value=text)


def way_in(role: RoleConfig, logins: Mapping[str, LoginConfig]) -> WayIn:
    """Return how a role logs in; raises KeyError when its login is not among `logins`."""
    if role.bearer is not None:
        return WayIn(login=LoginConfig(kind="bearer"), credentials={"token": role.bearer})
    if role.header is not None:
        return WayIn(login=LoginConfig(kind="header", carrier=role.header.name), credentials={"value": role.header.value})
    if role.api_key is not None:
        login = LoginConfig(kind="api-key", carrier=role.api_key.name, place=role.api_key.place)
        return WayIn(login=login, credentials={"value": role.api_key.value})
    if role.basic is not None:
        return WayIn(login=LoginConfig(kind="basic"), credentials={"user": role.basic.user, "password": role.basic.password})
    login = logins[role.login]
    own = {"value": login.value, "user": login.user, "password": login.password, "tenant": role.tenant, "group": role.group}
    return WayIn(login=login, credentials={**{key: value for key, value in own.items() if value}, **role.credentials})


def placeholders(body: Any) -> Iterator[str]:  # free JSON
    """Yield the names that a login's body asks of a role: `user` for each text that is `$user` and nothing else."""
    if isinstance(body, str) and (match := PLACEHOLDER.fullmatch(body)):
        yield match[1]
    elif isinstance(body, Mapping):
        for value in body.values():
            yield from placeholders(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from placeholders(value)


def _filled(body: Any, credentials: Mapping[str, str | Secret]) -> Any:  # free JSON
    """Return the body with each placeholder replaced by the role's value."""
    if isinstance(body, str) and (match := PLACEHOLDER.fullmatch(body)):
        return credentials[match[1]]
    if isinstance(body, Mapping):
        return {key: _filled(value, credentials) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return tuple(_filled(value, credentials) for value in body)
    return body
