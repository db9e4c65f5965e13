from __future__ import annotations

from pathlib import Path

import pytest

import zeroweight.shipped
from zeroweight.errors import ToolFailed
from zeroweight.shipped import shipped

ROOT = Path(__file__).parents[1]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the package lie in a folder of the test's own."""
    place = tmp_path / "harness" / "zeroweight"
    place.mkdir(parents=True)
    monkeypatch.setattr(zeroweight.shipped, "__file__", str(place / "shipped.py"))
    return place


@pytest.mark.parametrize("folder", ["suites", "payloads", "reports"])
def test_a_checkout_has_every_shipped_folder(folder: str) -> None:
    place = shipped(folder)
    assert place == ROOT / folder
    assert any(place.iterdir())


def test_a_checkouts_folders_lie_beside_harness(package: Path) -> None:
    (package.parents[1] / "suites").mkdir()
    assert shipped("suites") == package.parents[1] / "suites"


def test_an_installed_package_carries_its_folders_with_it(package: Path) -> None:
    (package.parents[1] / "suites").mkdir()
    (package / "data" / "suites").mkdir(parents=True)
    assert shipped("suites") == package / "data" / "suites"


def test_a_folder_that_is_in_neither_place_is_a_broken_installation(package: Path) -> None:
    with pytest.raises(ToolFailed, match="this installation has no suites folder"):
        shipped("suites")


def test_a_file_of_that_name_is_no_folder(package: Path) -> None:
    (package.parents[1] / "suites").write_text("")
    with pytest.raises(ToolFailed):
        shipped("suites")
