"""The words for reports, in gate.toml and on the command line, and what stands behind each."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from reported import plain, whole

from zeroweight.config.model import FormatWord
from zeroweight.writers.formats import FORMATS, JUNIT

DOCUMENT = Path(__file__).parents[2] / "docs" / "reports.md"


def test_each_word_of_gate_toml_has_a_writer_but_for_pytests_own() -> None:
    assert {*FORMATS, "junit"} == set(typing.get_args(FormatWord))


@pytest.mark.parametrize("word", FORMATS)
def test_each_writer_writes_where_it_is_told_to(word: str, tmp_path: Path) -> None:
    place = tmp_path / FORMATS[word].place
    FORMATS[word].write(plain(whole()), place)
    files = [place] if place.is_file() else [*place.iterdir()]
    assert sum(file.stat().st_size for file in files) > 1000


def test_no_two_reports_share_a_place() -> None:
    assert len({kind.place for kind in FORMATS.values()}) == len(FORMATS)


def test_the_page_on_reports_names_every_place_and_word() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert [kind.place for kind in FORMATS.values() if f"`{kind.place}" not in text] == []
    assert JUNIT in text
    assert [word for word in typing.get_args(FormatWord) if f'`"{word}"`' not in text] == []
