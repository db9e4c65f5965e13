"""`zeroweight report`: a report of a run that has been, from its record alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gating import COMMAND, Ran, run
from reported import plain, whole

from zeroweight.writers import markdown, page

REPORT = (COMMAND, "report")


def stored(folder: Path, document: Any = None, name: str = "record.json") -> Path:
    path = folder / name
    text = document if isinstance(document, str) else json.dumps(plain(whole()) if document is None else document)
    path.write_text(text, encoding="utf-8")
    return path


def report(folder: Path, *arguments: str) -> Ran:
    return run(folder, (*REPORT, *arguments))


@pytest.mark.parametrize(
    ("word", "place"), [("html", "report.html"), ("markdown", "report.md"), ("allure", "allure-results/categories.json")]
)
def test_a_report_is_written_beside_the_record(tmp_path: Path, word: str, place: str) -> None:
    (tmp_path / "out").mkdir()
    stored(tmp_path / "out")
    ran = report(tmp_path, "out/record.json", "--format", word)
    assert (ran.status, ran.err) == (0, "")
    assert (tmp_path / "out" / place).stat().st_size > 100
    assert ran.out == f"out/{place.partition('/')[0]}: FAIL of things, run r-1\n"


def test_html_is_what_is_written_unless_told_otherwise_and_a_folder_stands_for_its_record(tmp_path: Path) -> None:
    stored(tmp_path)
    assert report(tmp_path, ".").status == 0
    assert (tmp_path / "report.html").exists()


def test_it_is_what_the_run_itself_would_have_written(tmp_path: Path) -> None:
    stored(tmp_path)
    for word, module in (("html", page), ("markdown", markdown)):
        module.write(plain(whole()), tmp_path / "by-the-run")
        assert report(tmp_path, "record.json", "--format", word, "--output", "by-the-command").status == 0
        assert (tmp_path / "by-the-command").read_bytes() == (tmp_path / "by-the-run").read_bytes()


@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCONCLUSIVE"])
def test_the_status_says_whether_it_was_written_and_not_what_the_verdict_was(tmp_path: Path, verdict: str) -> None:
    stored(tmp_path, plain(whole(verdict=verdict)))
    assert report(tmp_path, "record.json", "--format", "markdown").status == 0


def without(key: str) -> dict[str, Any]:
    made = plain(whole())
    del made["summary"][key]
    return made


MISTAKES: Mapping[str, tuple[Any, tuple[str, ...], tuple[str, ...]]] = {
    "no such file": (None, ("nowhere.json",), ("nowhere.json", "no such file", "record.json that a run wrote")),
    "no JSON": ("{", ("record.json",), ("record.json", "not JSON")),
    "nothing in it": ("", ("record.json",), ("not JSON", "a part of it")),
    "nested without end": ("[" * 100_000, ("record.json",), ("not JSON",)),
    "another document": ([1], ("record.json",), ("this is not a record",)),
    "the verdict": (plain(whole())["summary"], ("record.json",), ("this is a verdict", "lies beside it")),
    "no version": ({"summary": {}}, ("record.json",), ("record.json: schema", "does not say its version")),
    "a later version": ({**plain(whole()), "schema": 99}, ("record.json",), ("record.json: schema", "version 99", "a later one")),
    "a key too few": (without("verdict"), ("record.json",), ("not a whole record", "verdict", "run the gate again")),
    "a key of the wrong kind": ({**plain(whole()), "leftovers": 7}, ("record.json",), ("not a whole record", "leftovers")),
    "no such place": (None, ("record.json", "--output", "gate.toml/report.html"), ("--output", "cannot be written")),
    "no such format": (None, ("record.json", "--format", "pdf"), ("'pdf'", "html", "markdown", "allure")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(tmp_path: Path, name: str) -> None:
    document, arguments, words = MISTAKES[name]
    stored(tmp_path, document)
    stored(tmp_path, "", "gate.toml")
    ran = report(tmp_path, *arguments)
    assert ran.status == (2 if name == "no such format" else 4)  # click's own status for what it can tell by itself
    said = ran.err.splitlines()[-1]
    assert not [word for word in words if word not in said], ran.err
    assert "Traceback" not in ran.out + ran.err
    assert not [*tmp_path.glob("report*")]


def test_a_missing_extra_is_told(tmp_path: Path) -> None:
    stored(tmp_path)
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text("import sys\nsys.modules['allure_commons'] = None\n")
    ran = run(tmp_path, (*REPORT, "record.json", "--format", "allure"), env={"PYTHONPATH": str(tmp_path / "hidden")})
    assert ran.status == 4
    assert "pip install 'zeroweight[allure]'" in ran.err
    assert "Traceback" not in ran.err


def test_what_a_later_version_added_is_let_pass(tmp_path: Path) -> None:
    stored(tmp_path, {**plain(whole()), "of_tomorrow": [1]})
    assert report(tmp_path, "record.json").status == 0
