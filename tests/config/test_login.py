"""How a role logs in, whichever way it was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zeroweight.config.login import placeholders
from zeroweight.config.model import Config
from zeroweight.redact import Secret

Load = Callable[..., Config]


def _revealed(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value


@pytest.mark.parametrize(
    ("role", "kind", "credentials"),
    [
        ("alice", "json", {"user": "alice", "password": "password-of-alice", "tenant": "acme", "group": "customer"}),
        ("bob", "basic", {"user": "gate", "password": "password-of-bob", "group": "customer"}),
        ("admin", "api-key", {"value": "key-of-admin"}),
        ("clerk", "basic", {"user": "clerk", "password": "password-of-clerk"}),
        ("robot", "header", {"value": "secret-of-robot"}),
        ("partner", "api-key", {"value": "key-of-partner"}),
        ("edge", "header", {"value": "secret-of-edge"}),
        ("carried", "bearer", {"token": "token-of-carried"}),
    ],
)
def test_a_role_brings_what_its_kind_needs(loaded: Load, everything: str, role: str, kind: str, credentials: dict[str, str]) -> None:
    way = loaded(everything).way_in(role)
    assert way.login.kind == kind
    assert {key: _revealed(value) for key, value in way.credentials.items()} == credentials


def test_the_carrier_is_known_for_shorthand_and_named_login_alike(loaded: Load, everything: str) -> None:
    config = loaded(everything)
    assert (config.way_in("admin").login.place, config.way_in("admin").login.carrier) == ("cookie", "sid")
    assert (config.way_in("partner").login.place, config.way_in("partner").login.carrier) == ("query", "api_key")
    assert config.way_in("robot").login.carrier == "x-robot"


def test_a_login_body_is_filled_and_keeps_its_secrets(loaded: Load, everything: str) -> None:
    body = loaded(everything).way_in("alice").body
    assert body["user"] == "alice"
    assert body["shop"] == "acme"
    assert body["password"] == Secret(name="roles.alice.password", value="password-of-alice")
    assert body["client"] == {"secret": Secret(name="login.shop.json.client.secret", value="secret-of-client")}


def test_only_a_whole_text_is_a_placeholder() -> None:
    assert list(placeholders({"a": "$user", "b": ["$pin", "x $no"], "c": "$1", "d": {"e": "$e_mail"}})) == ["user", "pin", "e_mail"]
