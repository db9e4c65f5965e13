"""Where secrets stand, and which keys name one."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeroweight.config.note import Misfit
from zeroweight.config.secrets import Vault, names_credential, references_in, secrets_in
from zeroweight.redact import Secret


@pytest.mark.parametrize("key", ["password", "userPassword", "passwd", "access_token", "accessToken", "api_key", "apikey", "pin", "VALUE"])
def test_a_key_that_names_a_credential_is_known(key: str) -> None:
    assert names_credential(key)


@pytest.mark.parametrize("key", ["user", "email", "shipping", "monkey", "tenant", "token_type", "bypass", "keyboard"])
def test_a_key_that_does_not_is_left_alone(key: str) -> None:
    assert not names_credential(key)


def test_a_file_loses_the_line_end_at_its_end_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b" two\nlines \r\n")
    assert Vault(environment={}, folder=tmp_path).fetch("file:secret") == " two\nlines "
    assert Vault(environment={}, folder=Path("/")).fetch(f"file:{tmp_path}/secret") == " two\nlines "


def test_a_file_with_a_line_end_only_is_empty(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(Misfit, match="file secret is empty"):
        Vault(environment={}, folder=tmp_path).fetch("file:secret")


def test_secrets_and_references_are_found_at_any_depth() -> None:
    one, two = Secret(name="one", value="1"), Secret(name="two", value="2")
    assert list(secrets_in({"a": ({"b": one},), "c": [two, "x"]})) == [one, two]
    assert list(references_in({"a": ["env:A", {"b": "env:B"}], "c": "file:C"})) == ["A", "B"]
