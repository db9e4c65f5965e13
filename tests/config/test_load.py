"""What a right file gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from zeroweight.config.load import from_urls, load
from zeroweight.config.model import Config, IdentityConfig
from zeroweight.errors import ConfigError
from zeroweight.redact import Secret

Load = Callable[..., Config]


def test_the_six_line_file_loads(loaded: Load, six_lines: str) -> None:
    config = loaded(six_lines)
    assert (config.service, config.baseline.url, config.canary.url) == ("orders", "http://orders-stable:8080", "http://orders-canary:8080")
    assert config.identity == IdentityConfig(header="x-build")
    assert config.api.schema == "/openapi.json"
    assert config.roles["alice"].bearer == Secret(name="roles.alice.bearer", value="token-of-alice")
    assert config.policy.fail_on == "medium"
    assert config.policy.require.suites is None
    assert config.output.formats == ("html",)


def test_every_key_loads(loaded: Load, everything: str, folder: Path) -> None:
    config = loaded(everything)
    assert config.baseline.tls.ca.startswith("-----BEGIN CERTIFICATE")
    assert isinstance(config.canary.tls.key, Secret)
    assert config.canary.headers == {"x-canary": Secret(name="canary.headers.x-canary", value="route-to-canary")}
    assert config.canary.expect == "1.42.0"
    assert config.resources["order"].body["day"] == "2027-01-31"
    assert config.resources["order"].body["lines"] == ({"n": 1.5},)
    assert config.policy.require.roles == ("alice",)
    assert config.policy.rules[0].until == date(2027, 1, 31)
    assert config.policy.rules[1].place == "*"
    assert config.suites.paths == (str(folder / "security"),)
    assert config.payloads.paths == (str(folder / "security" / "own.yaml"),)


def test_a_trailing_slash_is_taken_off_a_url(loaded: Load, six_lines: str) -> None:
    assert loaded(six_lines.replace("stable:8080", "stable:8080/shop/")).baseline.url == "http://orders-stable:8080/shop"


@pytest.mark.parametrize("written", ["openapi.yaml", "file:openapi.yaml"])
def test_a_schema_file_becomes_absolute(loaded: Load, six_lines: str, folder: Path, written: str) -> None:
    assert loaded(six_lines.replace("/openapi.json", written)).api.schema == f"file:{folder / 'openapi.yaml'}"


def test_a_schema_may_be_a_url(loaded: Load, six_lines: str) -> None:
    url = "https://specs.shop.example/orders.json"
    assert loaded(six_lines.replace("/openapi.json", url)).api.schema == url


def test_a_pair_of_urls_is_enough() -> None:
    config = from_urls("http://a:1", "http://b:2", "/openapi.json", identity="x-build", environment={})
    assert (config.service, config.baseline.url, config.canary.url) == ("b", "http://a:1", "http://b:2")
    assert config.identity == IdentityConfig(header="x-build")
    assert config.roles == {}


def test_a_pair_of_urls_is_checked_like_a_file() -> None:
    with pytest.raises(ConfigError, match=r"^options: canary\.url: the URL does not begin with http://"):
        from_urls("http://a:1", "b:2", environment={})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gate\.toml: there is no such file\. .*zeroweight init"):
        load(tmp_path / "gate.toml", environment={})


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the file cannot be read \(is a directory\)"):
        load(tmp_path, environment={})


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_bytes(b'service = "caf\xe9"')
    with pytest.raises(ConfigError, match=r"gate\.toml: byte 14 is not UTF-8"):
        load(tmp_path / "gate.toml", environment={})


@pytest.mark.parametrize(
    "text",
    ["x = " + "[" * 100_000, "x = " + "9" * 10_000, ".".join("a" * 3_000) + " = 1"],
    ids=["nested lists", "a number without end", "nested keys"],
)
def test_an_absurd_file_is_no_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"gate\.toml"):
        load(tmp_path / "gate.toml", environment={})
