"""The page in a real Chromium: what axe says, what it asks for and lets happen, how it is by keyboard, without scripts, on paper."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pytest
from reported import HOSTILE, poisoned
from web.chromium import Missing, look
from writers import records

from zeroweight.writers import page

PAGES: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "pass": records.passed,
    "fail": records.fail,
    "inconclusive": records.unsure,
    "never-began": records.never_began,
    **{f"hostile-{name}": partial(poisoned, HOSTILE[name]) for name in ("markup", "style", "lines")},
    "large": partial(records.many, 5_000, bodies=200),
}
LARGE: Final = "large"
SMALL: Final = [name for name in PAGES if name != LARGE]
OWN: Final = [name for name in SMALL if not name.startswith("hostile")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Open every page once and return what the browser saw; skip where it is not installed, but not in continuous integration."""
    folder = tmp_path_factory.mktemp("pages")
    for name, made in PAGES.items():
        page.write(made(), folder / f"{name}.html")
    try:
        return look(folder, PAGES)
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.mark.parametrize("name", SMALL)
def test_axe_finds_no_violation_in_light_and_dark_on_wide_and_narrow_screens(seen: Any, name: str) -> None:
    looks = seen[name]["accessibility"]
    assert {(look["scheme"], look["width"]) for look in looks} == {(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)}
    assert [look["violations"] for look in looks] == [[], [], [], []]
    assert all(look["passes"] > 20 for look in looks)


@pytest.mark.parametrize("name", SMALL)
def test_nothing_sticks_out_of_the_screen(seen: Any, name: str) -> None:
    assert [look["overflow"] for look in seen[name]["accessibility"]] == [0, 0, 0, 0]


@pytest.mark.parametrize("name", PAGES)
def test_no_request_leaves_the_page_and_nothing_complains(seen: Any, name: str) -> None:
    safety = seen[name]["safety"]
    assert [safety[kind] for kind in ("requests", "console", "errors", "dialogs")] == [[], [], [], []]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_runs_one_script_and_links_only_to_itself(seen: Any, name: str) -> None:
    safety = seen[name]["safety"]
    assert safety["scripts"] == 1
    assert [safety[kind] for kind in ("handlers", "links", "dangling", "doubles")] == [0, 0, 0, 0]


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_own_policy_lets_no_other_script_and_no_markup_in(seen: Any, name: str) -> None:
    assert (seen[name]["safety"]["markupRefused"], seen[name]["safety"]["scriptRefused"]) == (True, True)


def test_keys_walk_the_list_and_only_the_list(seen: Any) -> None:
    handling = seen["fail"]["handling"]
    assert [handling[step] for step in ("outside", "first", "next", "back")] == ["", "c1", "c2", "c1"]
    assert (handling["opened"], handling["closed"]) == (10, 0)
    assert "j" in handling["typed"]


def test_filters_say_how_many_findings_are_shown(seen: Any) -> None:
    handling = seen["fail"]["handling"]
    assert handling["atFirst"] == handling["reset"] == "10 of 11 shown"
    assert handling["none"] == "0 of 11 shown"


def test_a_link_to_a_finding_that_the_filters_hide_shows_it(seen: Any) -> None:
    assert seen["fail"]["handling"]["linked"] is True


def test_the_look_can_be_changed(seen: Any) -> None:
    assert seen["fail"]["handling"]["theme"] == "dark"


def test_a_page_without_findings_has_no_list_to_walk(seen: Any) -> None:
    assert seen["never-began"]["handling"] is None


@pytest.mark.parametrize("name", OWN)
def test_everything_can_be_read_without_scripts(seen: Any, name: str) -> None:
    plain = seen[name]["plain"]
    assert plain["findings"] == plain["visible"]
    assert plain["controls"] == 0


@pytest.mark.parametrize(("name", "word"), [("pass", "✓ PASS"), ("fail", "✕ FAIL"), ("inconclusive", "? INCONCLUSIVE")])
def test_the_first_screen_says_what_why_how_sure_and_what_was_not_tested(seen: Any, name: str, word: str) -> None:
    plain = seen[name]["plain"]
    assert plain["badge"] == word
    assert plain["firstScreen"] < 900


@pytest.mark.parametrize("name", OWN)
def test_paper_is_white_and_has_no_controls(seen: Any, name: str) -> None:
    plain = seen[name]["plain"]
    assert (plain["paper"], plain["paperControls"]) == ("rgb(255, 255, 255)", 0)
    assert plain["pdf"] > 10_000


def test_five_thousand_findings_open_and_can_be_searched(seen: Any) -> None:
    handling = seen[LARGE]["handling"]
    assert handling["atFirst"] == "5000 of 5000 shown"
    assert (handling["next"], handling["none"], handling["closed"]) == ("c2", "0 of 5000 shown", 0)
