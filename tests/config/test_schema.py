"""docs/gate.schema.json is current, and takes and refuses what the loader does."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from zeroweight.config.model import Config
from zeroweight.config.schema import schema, text
from zeroweight.errors import ConfigError

Load = Callable[..., Config]
STORED = Path(__file__).parents[2] / "docs" / "gate.schema.json"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _errors(toml: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    return [error.message for error in validator.iter_errors(_plain(tomllib.loads(toml)))]


def _keys(node: Mapping[str, Any], tables: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield each key of the schema by where it stands; `*` for a name that the operator chooses."""
    if "$ref" in node:
        yield from _keys(tables[node["$ref"].rpartition("/")[2]], tables, path)
    for choice in node.get("anyOf", ()):
        yield from _keys(choice, tables, path)
    for key, value in node.get("properties", {}).items():
        yield (*path, key)
        yield from _keys(value, tables, (*path, key))
    for key in ("additionalProperties", "items"):
        if isinstance(node.get(key), Mapping) and ("$ref" in node[key] or "anyOf" in node[key]):
            yield from _keys(node[key], tables, path if key == "items" else (*path, "*"))


def _written(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield each key of a document, in the same words."""
    if isinstance(value, list):
        for item in value:
            yield from _written(item, path)
    elif isinstance(value, Mapping):
        named = path in {("roles",), ("login",), ("resources",)}
        for key, item in value.items():
            here = (*path, "*" if named else key)
            if not named:
                yield here
            yield from _written(item, here)


def test_the_stored_schema_is_current() -> None:
    assert STORED.read_text(encoding="utf-8") == text(), "run: python -m zeroweight.config.schema > docs/gate.schema.json"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_key_has_a_description() -> None:
    def undescribed(node: Any, name: str) -> Iterator[str]:
        if isinstance(node, Mapping):
            for key, value in node.get("properties", {}).items():
                if not value.get("description"):
                    yield f"{name}.{key}"
            for key, value in node.items():
                yield from undescribed(value, key)
        elif isinstance(node, list):
            for item in node:
                yield from undescribed(item, name)

    assert list(undescribed(schema(), "")) == []


def test_both_examples_are_valid(six_lines: str, everything: str) -> None:
    assert _errors(six_lines) == []
    assert _errors(everything) == []


def test_each_key_of_the_schema_is_accepted_by_the_loader(loaded: Load, everything: str, six_lines: str) -> None:
    loaded(everything)
    loaded(six_lines)
    written = set(_written(tomllib.loads(everything))) | set(_written(tomllib.loads(six_lines)))
    more = six_lines.replace("stable:8080", 'stable:8080", address = "10.0.0.1:1", server_name = "a.b", headers = { x = "1" }, expect = "1')
    more += 'login.plain = { kind = "basic", user = "gate", password = "env:BOB" }\n'
    loaded(more)
    written |= set(_written(tomllib.loads(more)))
    whole = schema()
    assert set(_keys(whole, whole["$defs"])) - written == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("service  =", "servise ="),
        ("{ url", "{ ulr"),
        ("{ header", "{ haeder"),
        ("{ schema", "{ shcema"),
        ("{ bearer", "{ baerer"),
        ('bearer = "env:ALICE_TOKEN"', 'bearer = "literal"'),
        ("http://orders-stable", "orders-stable"),
        ("http://orders-stable", "http://me:it@orders-stable"),
        ("/openapi.json", ""),
        ('service  = "orders"', "service = 1"),
        ('service  = "orders"', 'service = "orders"\nbudget.seconds = "120"'),
        ('service  = "orders"', 'service = "orders"\nbudget.seconds = 0'),
        ('service  = "orders"', 'service = "orders"\npolicy.fail_on = "severe"'),
        ('service  = "orders"', 'service = "orders"\noutput.formats = ["pdf"]'),
        ('service  = "orders"', 'service = "orders"\nprofile = "gate"'),
        ('service  = "orders"', 'service = "orders"\ndriver = "wires"'),
        ('service  = "orders"', 'service = "orders"\nloop = "trio"'),
    ],
)
def test_a_typo_is_refused_by_schema_and_loader_alike(loaded: Load, six_lines: str, old: str, new: str) -> None:
    wrong = six_lines.replace(old, new)
    assert wrong != six_lines
    assert _errors(wrong)
    with pytest.raises(ConfigError):
        loaded(wrong)


def test_the_schema_is_plain_json() -> None:
    assert json.loads(text()) == schema()
