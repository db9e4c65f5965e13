"""What keys of gate.toml must say together: each function looks at one matter and raises ConfigError at the first disagreement."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from zeroweight.config import form, shape
from zeroweight.config.login import LoginConfig, RoleConfig, placeholders
from zeroweight.config.model import Config, IdentityConfig, ResourceConfig, TargetConfig
from zeroweight.config.note import Misfit
from zeroweight.config.reader import Reader, nearest
from zeroweight.config.secrets import names_credential
from zeroweight.redact import Secret

NO_ALLURE: Final = "reports for Allure need the package allure-python-commons, which is not installed"
NO_ALLURE_FIX: Final = "Install it by: pip install 'zeroweight[allure]'"
NO_UVLOOP: Final = "this loop needs the package uvloop, which is not installed"
NO_UVLOOP_FIX: Final = "Install it by: pip install 'zeroweight[uvloop]', or write asyncio"

_ANONYMOUS: Final = "anonymous"
_CARRIES_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_WAYS: Final = ("bearer", "header", "api_key", "basic", "login")

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "bearer": (),
    "header": ("name",),
    "api-key": ("in", "name"),
    "basic": (),
    "json": ("request", "json", "token"),
}
"""What `[login.NAME]` must say, by kind."""
_POSSIBLE: Final[Mapping[str, tuple[str, ...]]] = {
    "bearer": (),
    "header": ("value",),
    "api-key": ("value",),
    "basic": ("user", "password"),
    "json": ("header", "prefix"),
}
"""What it may say besides."""
_BROUGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "bearer": ("token",),
    "header": ("value",),
    "api-key": ("value",),
    "basic": ("user", "password"),
    "json": (),
}
"""What a role must bring, unless the login says it; for json, what the body asks for."""


def agree(config: Config, reader: Reader) -> None:
    """Raise ConfigError, in the reader's words, if two keys contradict each other or one lacks its companion."""
    if config.identity is not None:
        _identity(config.identity, reader)
    _sides(config, reader)
    for login in config.logins.values():
        _login(login, reader)
    for role in config.roles.values():
        _role(role, config.logins, reader)
    for resource in config.resources.values():
        _resource(resource, config.roles, reader)
    _policy(config, reader)
    _output(config, reader)
    _loop(config, reader)


def _identity(identity: IdentityConfig, reader: Reader) -> None:
    fix = 'Write header = "x-build", or get = "/version" and pointer = "/build"'
    if not identity.header and not identity.get and not identity.pointer:
        raise reader.error(("identity",), "it names neither a header nor an endpoint", fix)
    if identity.header and (identity.get or identity.pointer):
        raise reader.error(("identity", "header"), "it stands beside get or pointer", "Keep either the header, or get and pointer")
    if bool(identity.get) != bool(identity.pointer):
        there, missing = ("get", "pointer") if identity.get else ("pointer", "get")
        raise reader.error(("identity", there), f"{there} needs {missing} beside it", f'Add {missing} = "/…"')


def _sides(config: Config, reader: Reader) -> None:
    _target("baseline", config.baseline, reader)
    _target("canary", config.canary, reader)
    if _whereabouts(config.baseline) == _whereabouts(config.canary):
        what = "this is the deployment that baseline.url names too"
        fix = "Give it its own url, or tell the sides apart by address or by routing headers"
        raise reader.error(("canary", "url"), what, fix)


def _whereabouts(target: TargetConfig) -> tuple[object, ...]:
    """Return all that decides which deployment answers."""
    parts = urlsplit(target.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    headers = {name.lower(): value.reveal() if isinstance(value, Secret) else value for name, value in target.headers.items()}
    return parts.hostname, port, parts.path, target.address, target.server_name, headers


def _target(side: str, target: TargetConfig, reader: Reader) -> None:
    seen: set[str] = set()
    for name, value in target.headers.items():
        if name.lower() in seen:
            raise reader.error((side, "headers", name), "this header is written twice, in other capitals", "Keep one of the two")
        if name.lower() in _CARRIES_CREDENTIALS and not isinstance(value, Secret):
            raise reader.error((side, "headers", name), "a secret must not be written here", "Write env:NAME or file:PATH")
        seen.add(name.lower())
    if bool(target.tls.cert) != bool(target.tls.key):
        there, missing = ("cert", "key") if target.tls.cert else ("key", "cert")
        raise reader.error((side, "tls", there), f"{there} needs {missing} beside it", f'Add {missing} = "file:PATH"')
    if urlsplit(target.url).scheme == "http" and (target.tls.ca or target.tls.cert):
        raise reader.error((side, "tls"), f"{side}.url is http, which speaks no TLS", f"Make {side}.url https, or take tls out")


def _login(login: LoginConfig, reader: Reader) -> None:
    path = ("login", login.name)
    needed, possible = _NEEDED[login.kind], _POSSIBLE[login.kind]
    for key, entry in shape.keys(LoginConfig).items():
        written = getattr(login, entry.attribute) != entry.default
        if key in needed and not written:
            raise reader.error((*path, key), f"{key} is missing: kind {login.kind} needs it", f"Add {key} to [login.{login.name}]")
        if written and key not in {"kind", *needed, *possible}:
            what = f"kind {login.kind} has no such key"
            raise reader.error(
                (*path, key), what, f"Take it out; kind {login.kind} has {', '.join([*needed, *possible]) or 'no other key'}"
            )
    if login.carrier and (login.kind == "header" or login.place == "header"):
        try:
            form.HEADER.read(login.carrier)
        except Misfit as misfit:
            raise reader.error((*path, "name"), misfit.what, misfit.fix) from None


def _role(role: RoleConfig, logins: Mapping[str, LoginConfig], reader: Reader) -> None:
    path = ("roles", role.name)
    if role.name == _ANONYMOUS:
        raise reader.error(path, "the role anonymous is always there and has no credentials", "Give this role another name")
    ways = [way for way in _WAYS if getattr(role, way)]
    if not ways:
        raise reader.error(path, "the role does not say how it logs in", 'Add bearer = "env:NAME", or header, api_key, basic or login')
    if len(ways) > 1:
        raise reader.error((*path, ways[1]), f"the role logs in by {ways[0]} already", f"Keep one of {' and '.join(ways)}")
    if role.api_key is not None and role.api_key.place == "header":
        try:
            form.HEADER.read(role.api_key.name)
        except Misfit as misfit:
            raise reader.error((*path, "api_key", "name"), misfit.what, misfit.fix) from None
    if not role.login:
        return
    if role.login not in logins:
        what = f"there is no [login.{role.login}]"
        raise reader.error((*path, "login"), what, nearest(role.login, logins))
    _brought(role, logins[role.login], reader)


def _brought(role: RoleConfig, login: LoginConfig, reader: Reader) -> None:
    """Compare what a role brings with what its login asks for."""
    path = ("roles", role.name)
    asked = dict.fromkeys(placeholders(login.json) if login.kind == "json" else _BROUGHT[login.kind])
    own = {"value": login.value, "user": login.user, "password": login.password}
    known = [*shape.keys(RoleConfig), *asked]
    for key, value in role.credentials.items():
        if key not in asked:
            what = f"this is not a known key, and login.{login.name} does not ask for it"
            raise reader.error((*path, key), what, nearest(key, known))
        if login.kind in {"bearer", "header", "api-key"}:
            try:
                form.HEADER_VALUE.read(value.reveal() if isinstance(value, Secret) else value)
            except Misfit as misfit:
                raise reader.error((*path, key), misfit.what, misfit.fix) from None
    for key in asked:
        if key in role.credentials or (login.kind != "json" and own.get(key)) or (key in {"group", "tenant"} and getattr(role, key)):
            continue
        example = '"env:NAME"' if names_credential(key) else '"…"'
        raise reader.error((*path, key), f"{key} is missing: login.{login.name} asks for it", f"Add {key} = {example} to the role")


def _resource(resource: ResourceConfig, roles: Iterable[str], reader: Reader) -> None:
    path = ("resources", resource.name)
    for number, owner in enumerate(resource.owners):
        if owner not in roles:
            raise reader.error((*path, "owners", number), f"there is no role {owner}", nearest(owner, roles))
    by_id = [
        (("read",), resource.read),
        (("remove",), resource.remove),
        *((("used", index), each) for index, each in enumerate(resource.used)),
    ]
    for key, operation in by_id:
        if operation and "{" not in operation:
            what = "the operation has no place for the id"
            raise reader.error((*path, *key), what, "Write its template, like GET /items/{id}")


def _policy(config: Config, reader: Reader) -> None:
    require = config.policy.require
    if require.roles != "all":
        for number, role in enumerate(require.roles):
            if role not in config.roles:
                what = f"there is no role {role}"
                raise reader.error(("policy", "require", "roles", number), what, nearest(role, config.roles))
    for number, suite in enumerate(require.suites or ()):
        if suite in config.suites.skip:
            what = f"suites.skip leaves {suite} out"
            raise reader.error(("policy", "require", "suites", number), what, "Take it out of one of the two")
    seen: set[str] = set()
    for number, waiver in enumerate(config.waivers):
        if waiver.fingerprint in seen:
            raise reader.error(("waiver", number, "fingerprint"), "this fingerprint is waived already", "Keep one of the two waivers")
        seen.add(waiver.fingerprint)


def _output(config: Config, reader: Reader) -> None:
    for number, word in enumerate(config.output.formats):
        if word == "allure" and importlib.util.find_spec("allure_commons") is None:
            raise reader.error(("output", "formats", number), NO_ALLURE, NO_ALLURE_FIX)


def _loop(config: Config, reader: Reader) -> None:
    if config.loop == "uvloop" and importlib.util.find_spec("uvloop") is None:
        raise reader.error(("loop",), NO_UVLOOP, NO_UVLOOP_FIX)
