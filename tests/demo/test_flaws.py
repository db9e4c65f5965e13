"""Each flaw changes what it names, its neighbour is untouched, and no harmless change opens a guard.

A sign is what one request (or a few) shows of a guard: the first value is shown while it holds, the second once the flaw is in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from demo import signs_acceptance, signs_access, signs_exposure, signs_headers
from demo import test_blind as blind
from demo import test_blind_second as blind_second

from zeroweight.demo.catalogue import BENIGN, FLAWS
from zeroweight.demo.guards import SITES, Guards, Hole

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.conftest import Shop
    from demo.signs import Shown, Sign

TABLES = (signs_headers, signs_exposure, signs_access, signs_acceptance, blind, blind_second)
SIGNS: dict[str, Shown] = {name: shown for table in TABLES for name, shown in table.SIGNS.items()}
NEIGHBOURS: dict[str, Sign] = {name: sign for table in TABLES for name, sign in table.NEIGHBOURS.items()}


def test_every_flaw_has_a_sign_and_every_narrow_one_a_neighbour() -> None:
    assert set(SIGNS) == set(FLAWS)
    assert len(SIGNS) == sum(len(table.SIGNS) for table in TABLES)
    assert set(NEIGHBOURS) == {flaw.name for flaw in FLAWS.values() if flaw.narrow}


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_changes_what_it_names_and_not_its_neighbour(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, held, open_ = SIGNS[name]
    assert sign(open_shop()) == held
    assert sign(open_shop(flaws=[name])) == open_
    if name in NEIGHBOURS:
        assert NEIGHBOURS[name](open_shop()) == NEIGHBOURS[name](open_shop(flaws=[name]))


@pytest.mark.parametrize("benign", BENIGN)
def test_a_harmless_change_leaves_the_guards_holding_whose_neighbour_it_is(benign: str, open_shop: Callable[..., Shop]) -> None:
    for name, (sign, held, _open) in SIGNS.items():
        if FLAWS[name].family == BENIGN[benign].family:
            assert sign(open_shop(benign=[benign])) == held, name


def test_a_release_with_all_harmless_changes_leaves_every_guard_holding(open_shop: Callable[..., Shop]) -> None:
    for name, (sign, held, _open) in SIGNS.items():
        assert sign(open_shop(benign=BENIGN)) == held, name


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_shows_under_all_harmless_changes(name: str, open_shop: Callable[..., Shop]) -> None:
    sign, _held, open_ = SIGNS[name]
    assert sign(open_shop(flaws=[name], benign=BENIGN)) == open_


def test_every_site_has_a_flaw_and_is_asked_by_the_service(open_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    holds = Guards.holds

    def listening(self: Guards, site: str, **context: str) -> bool:
        asked.add(site)
        return holds(self, site, **context)

    monkeypatch.setattr(Guards, "holds", listening)
    # Where a guard is whole it need not be asked for each request; without that short cut every answer is the same.
    monkeypatch.setattr(Guards, "whole", lambda _self, _site: False)
    for sign, held, _open in SIGNS.values():
        assert sign(open_shop()) == held
    assert asked == set(SITES)
    assert {hole.site for flaw in FLAWS.values() for hole in flaw.holes} == set(SITES)


def test_about_half_of_the_flaws_are_narrow() -> None:
    assert 2 * sum(flaw.narrow for flaw in FLAWS.values()) >= len(FLAWS)


def test_a_flaw_names_operations_that_exist(open_shop: Callable[..., Shop]) -> None:
    paths = open_shop().ask("GET /openapi.json").json()["paths"]
    known = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    named = {operation for flaw in FLAWS.values() for operation in flaw.operations}
    admins = {"GET /admin/users/{name}", "GET /admin/stats", "GET /admin/audit.csv"}
    mounted = {"GET /debug/config", "POST /feedback", "GET /latest-orders", *admins}
    assert named - known == mounted


@pytest.mark.parametrize("name", [name for name, flaw in FLAWS.items() if flaw.operations and not flaw.site.startswith("schema:")])
def test_a_sign_asks_an_operation_that_its_flaw_names(name: str, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(flaws=[name])
    SIGNS[name][0](shop)
    named = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation)) + r"(\?.*)?") for operation in FLAWS[name].operations]
    assert any(each.fullmatch(place.replace("HEAD ", "GET ")) for each in named for place in shop.asked)


def test_unknown_names_are_slips(open_shop: Callable[..., Shop]) -> None:
    with pytest.raises(ValueError, match="no-such"):
        open_shop(flaws=["no-such"])
    with pytest.raises(ValueError, match="no-such"):
        open_shop(benign=["no-such"])
    with pytest.raises(ValueError, match="no-such"):
        Guards([Hole(site="no-such")])
    with pytest.raises(KeyError):
        Guards().holds("no-such")
