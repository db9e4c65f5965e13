"""How type hints are read as keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zeroweight.config import shape
from zeroweight.config.login import LoginConfig, RoleConfig
from zeroweight.config.model import Config, Safety
from zeroweight.config.note import Doc


def _entries(table: type[Any]) -> Iterator[shape.Entry]:
    for entry in shape.entries(table):
        yield entry
        if (nested := entry.hint.table()) is not None:
            yield from _entries(nested)


def test_keys_are_called_as_in_the_file() -> None:
    assert {"name", "in"} <= set(shape.keys(LoginConfig))
    assert {"login", "waiver"} <= set(shape.keys(Config))


def test_the_name_of_a_table_and_the_rest_are_no_keys() -> None:
    assert not {"name", "credentials"} & set(shape.keys(RoleConfig))
    rest = shape.rest(RoleConfig)
    assert rest is not None
    assert rest.attribute == "credentials"


def test_none_is_no_member_and_words_keep_their_order() -> None:
    level = shape.keys(Safety)["level"]
    assert level.hint.words() == ("read-only", "own-objects", "destructive")
    assert not level.required


def test_every_key_says_what_it_means() -> None:
    assert [entry.key for entry in _entries(Config) if not entry.hint.has(Doc)] == []
