"""Journals of earlier runs are compared before they are told of, and kept while they name what is still there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zeroweight.errors import ConfigError
from zeroweight.plugin.journals import Journals
from zeroweight.session.close import EARLIER
from zeroweight.trial.objects import Journal

ABOUT = {"service": "shop", "baseline": "http://a", "canary": "http://b"}


def opened(folder: Path, run: str = "r-1", **about: str) -> Journals:
    journals = Journals(folder, run, {**ABOUT, **about})
    journals.open()
    return journals


def note(folder: Path, number: Any = 17, *, removed: bool = False, name: str = "gw0") -> None:
    journal = Journal(folder / f"{name}.jsonl")
    journal.write(what="about", key="k", kind="order", owner="alice", side="canary")
    if number is not None:
        journal.write(what="made", key="k", id=number)
    if removed:
        journal.write(what="removed", key="k")
    journal.close()


def left(folder: Path, run: str = "r-0", **about: str) -> None:
    """Leave what a run leaves that could not remove an object."""
    journals = opened(folder, run, **about)
    note(journals.folder)
    journals.close(keep=True)


def told(journals: Journals) -> list[str]:
    return sorted(path.name for path in (journals.folder / EARLIER).glob("*"))


@pytest.mark.parametrize(
    ("number", "removed", "keep", "kept"),
    [
        (17, False, False, True),
        (17, False, True, True),
        (17, True, False, False),
        (17, True, True, False),
        (None, False, False, False),  # it was told, and no id helps to find it
        (None, False, True, True),
    ],
)
def test_journals_stay_while_something_is_left_open(tmp_path: Path, number: Any, *, removed: bool, keep: bool, kept: bool) -> None:
    journals = opened(tmp_path)
    note(journals.folder, number, removed=removed)
    journals.close(keep=keep)
    assert journals.folder.exists() is kept
    assert (tmp_path / "journals").exists() is kept


def test_an_earlier_runs_journals_are_taken_over_beside_the_runs_own(tmp_path: Path) -> None:
    left(tmp_path)
    journals = opened(tmp_path)
    assert journals.adopt() == 1
    assert Journal.read(journals.folder) == ()
    assert told(journals) == ["r-0"]
    assert [path.name for path in (tmp_path / "journals").iterdir()] == ["r-1"]


def test_what_is_taken_over_is_handed_on_until_it_is_gone(tmp_path: Path) -> None:
    left(tmp_path)
    for run in ("r-1", "r-2", "r-3"):
        journals = opened(tmp_path, run)
        assert journals.adopt() == 1
        journals.close(keep=False)
        assert told(journals) == ["r-0"]


def test_journals_of_other_deployments_are_let_be(tmp_path: Path) -> None:
    left(tmp_path, canary="http://c")
    journals = opened(tmp_path)
    assert (journals.adopt(), told(journals)) == (0, [])
    journals.close(keep=False)
    assert (tmp_path / "journals" / "r-0" / "gw0.jsonl").exists()


def test_a_run_of_the_same_id_is_an_earlier_run(tmp_path: Path) -> None:
    left(tmp_path, "r-1")
    journals = opened(tmp_path)
    assert Journal.read(journals.folder) == ()
    assert journals.adopt() == 1
    assert told(journals) == ["r-1 (2)"]


def test_a_run_of_the_same_id_against_other_deployments_is_let_be(tmp_path: Path) -> None:
    left(tmp_path, "r-1", canary="http://c")
    journals = opened(tmp_path)
    assert (journals.adopt(), told(journals), Journal.read(journals.folder)) == (0, [], ())


def test_a_run_of_the_same_id_that_lives_is_a_mistake(tmp_path: Path) -> None:
    living = opened(tmp_path)
    note(living.folder)
    with pytest.raises(ConfigError):
        opened(tmp_path)
    assert (living.folder / "gw0.jsonl").exists()
