"""Which suites run, and what each owes: read from files that are not run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import zeroweight.shipped
from zeroweight.config.model import Config
from zeroweight.errors import ConfigError
from zeroweight.ledger import SHIPPED
from zeroweight.session.suites import DEFAULT, files, name_of, owes
from zeroweight.shipped import shipped


def config(*paths: Path, skip: tuple[str, ...] = ()) -> Config:
    told: Any = SimpleNamespace(suites=SimpleNamespace(paths=tuple(map(str, paths)), skip=skip))
    return told  # type: ignore[no-any-return]  # the one table that is looked at


def suite(folder: Path, name: str, text: str = "") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"test_{name}.py").write_text(text)
    return folder / f"test_{name}.py"


def test_the_shipped_suites_run_unless_they_are_skipped() -> None:
    assert set(files(config())) == set(SHIPPED)
    assert set(files(config(skip=("headers", "unknown")))) == set(SHIPPED) - {"headers"}


def test_own_suites_are_added_from_folders_and_files(tmp_path: Path) -> None:
    deep = suite(tmp_path / "own" / "deep", "mine")
    alone = suite(tmp_path / "else", "alone")
    suite(tmp_path / "else", "not_named")
    (tmp_path / "own" / "helper.py").write_text("")
    found = files(config(tmp_path / "own", alone))
    assert {name: found[name] for name in found if name not in SHIPPED} == {"mine": deep, "alone": alone}


def test_a_path_without_suites_is_the_operators_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"suites\.paths: no test_\*\.py in"):
        files(config(tmp_path))
    with pytest.raises(ConfigError):
        files(config(tmp_path / "none"))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    one, two = suite(tmp_path / "a", "mine"), suite(tmp_path / "b", "mine")
    with pytest.raises(ConfigError, match="both the suite mine"):
        files(config(one.parent, two.parent))
    with pytest.raises(ConfigError, match="both the suite headers"):
        files(config(suite(tmp_path / "c", "headers").parent))
    assert files(config(one.parent, one))["mine"] == one


@pytest.mark.parametrize(
    ("text", "owed"),
    [
        ("", DEFAULT),
        ('OWES = ("operation",)', ("operation",)),
        ('OWES = ("operation", "role")', ("operation", "role")),
        ('OWES = ("role", "operation")', ("role", "operation")),
        ('OWES: tuple[str, ...] = ("operation",)', ("operation",)),
        ('x = 1\nOWES = ALSO = ("operation",)', ("operation",)),
        ("OWES = ()", ()),
        ("OWES: tuple[str, ...] = ()", ()),
        # what is not understood owes the most
        ("OWES = []", DEFAULT),
        ('OWES = ("role",)', DEFAULT),
        ('OWES = ("nothing", "operation")', DEFAULT),
        ('OWES = ["operation"]', DEFAULT),
        ('OWES = "operation"', DEFAULT),
        ("OWES = None", DEFAULT),
        ("OWES = tuple(['operation'])", DEFAULT),
        ("OWES = (['operation'], 'operation')", DEFAULT),
        ("OWES: tuple[str, ...]", DEFAULT),
        ('if True:\n    OWES = ("operation",)', DEFAULT),
        ('def f():\n    OWES = ("operation",)', DEFAULT),
        ("OWES = (", DEFAULT),
        ("\x00", DEFAULT),
        ('raise SystemExit\nOWES = ("operation",)', ("operation",)),
    ],
)
def test_what_a_suite_owes_is_read_and_not_run(tmp_path: Path, text: str, owed: tuple[str, ...]) -> None:
    assert owes(suite(tmp_path, "x", text)) == owed


def test_a_suite_that_is_not_there_owes_the_most(tmp_path: Path) -> None:
    assert owes(None) == owes(tmp_path / "none.py") == DEFAULT


def test_a_suite_is_called_by_its_file() -> None:
    assert name_of(Path("/x/test_headers.py")) == "headers"
    assert all(name_of(path) in SHIPPED for path in shipped("suites").glob("test_*.py"))


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package lie where no shipped folder is."""
    monkeypatch.setattr(zeroweight.shipped, "__file__", str(tmp_path / "somewhere" / "zeroweight" / "shipped.py"))


@pytest.mark.usefixtures("bare")
def test_an_installation_that_lost_its_suites_has_its_operators_own(tmp_path: Path) -> None:
    assert files(config()) == {}
    assert list(files(config(suite(tmp_path / "own", "mine")))) == ["mine"]


def test_a_name_that_is_skipped_altogether_is_in_nobodys_way(tmp_path: Path) -> None:
    one, two = suite(tmp_path / "a", "mine"), suite(tmp_path / "b", "mine")
    assert "mine" not in files(config(one, two, skip=("mine",)))


@pytest.mark.parametrize(("name", "owed"), [("authorization", DEFAULT), ("headers", ("operation",)), ("errors", ("operation",))])
def test_the_shipped_suites_owe_what_they_say(name: str, owed: tuple[str, ...]) -> None:
    assert owes(shipped("suites") / f"test_{name}.py") == owed
