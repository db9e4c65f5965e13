"""How plain requests fared, and what is held against it."""

from __future__ import annotations

from builders import exchange
from worlds import BASELINE, CANARY, Says, World, ask

from zeroweight.checks.check import catalogue
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent
from zeroweight.model.target import Side
from zeroweight.trial.yardstick import Cell, Yardstick


def cells(says: Says, *asked: str, owner: str = "") -> dict[str, tuple[str, str, int, int]]:
    world = World(says=says, checks=())
    world.take(*[ask(role=role, owner=owner) for role in asked])
    return {each.role: (each.baseline, each.canary, each.baseline_status, each.canary_status) for each in world.examiner.cells}


def test_each_role_has_a_cell_with_outcome_and_status_of_each_side() -> None:
    def opened(side: Side, asked: object) -> dict[str, int]:
        return {"status": 403 if side is BASELINE and getattr(asked, "role", "") == "ben" else 200}

    assert cells(opened, "ann", "ben") == {"ann": ("allowed", "allowed", 200, 200), "ben": ("refused", "allowed", 403, 200)}


def test_an_owner_is_known_before_strangers_are_judged() -> None:
    """A 404 is a refusal only where the owner is let in, whoever comes first in the batch."""
    world = World(says=lambda _, asked: {"status": 200 if asked.role == "ann" else 404}, checks=())
    world.take(ask(role="ben", owner="ann"), ask(role="ann", owner="ann"))
    assert [(each.role, each.owner, each.baseline) for each in world.examiner.cells] == [
        ("ann", "ann", "allowed"),
        ("ben", "ann", "refused"),
    ]


def test_silence_is_an_outcome_without_a_status() -> None:
    world = World(says=lambda side, _: {"failure": "timeout"} if side is CANARY else {}, checks=())
    world.take(ask(), thrice=True)
    (cell,) = world.examiner.cells
    assert cell == Cell(
        operation="GET /x", role="anonymous", baseline=Outcome.ALLOWED, canary=Outcome.SILENT, baseline_status=200, canary_status=0
    )


def test_odd_requests_are_no_cells() -> None:
    world = World(checks=catalogue())
    world.take(ask(intent=Intent.INVALID, label="odd"), ask(intent=Intent.BURST, label="burst"))
    assert world.examiner.cells == ()


def test_a_chance_error_is_renewed_and_a_real_one_stays() -> None:
    failing: Says = lambda side, _: {"status": 500 if side is CANARY else 200}  # noqa: E731  # a side in one line
    fine, broken = World(checks=()), World(says=failing, checks=())
    for again, canary in ((fine, (Outcome.ALLOWED, 200)), (broken, (Outcome.BROKEN, 500))):
        yardstick = Yardstick()
        first = broken.look(ask())
        assert first.baseline is not None
        assert first.canary is not None
        yardstick.take(zip(first.baseline.exchanges, first.canary.exchanges, strict=True))
        yardstick.renew([again.look(ask())])
        (cell,) = yardstick.cells()
        assert (cell.canary, cell.canary_status) == canary


def test_callers_of_another_group_are_apart() -> None:
    yardstick = Yardstick(groups={"ann": "customers", "ben": "customers", "sue": "staff"})
    apart = {role: yardstick.answer(exchange(role=role, owner="ann")).other_group for role in ("ann", "ben", "sue", "anonymous")}
    assert apart == {"ann": False, "ben": False, "sue": True, "anonymous": True}


def test_a_404_refuses_a_role_what_another_role_gets() -> None:
    """Some services hide what is not the caller's: whoever comes first, and on each side by itself."""

    def hidden(side: Side, asked: object) -> dict[str, int]:
        return {"status": 200 if getattr(asked, "role", "") == "ann" or side is CANARY else 404}

    assert cells(hidden, "ben", "ann") == {"ann": ("allowed", "allowed", 200, 200), "ben": ("refused", "allowed", 404, 200)}
    assert cells(lambda *_: {"status": 404}, "ben", "ann") == dict.fromkeys(("ann", "ben"), ("missing", "missing", 404, 404))


def test_a_404_refuses_nobody_what_only_a_peer_gets() -> None:
    """`/me/avatar` is there for one of two users: that is state. What staff gets and users do not is kept from them."""
    groups = {"ann": "users", "ben": "users", "sue": "staff"}

    def outcomes(allowed: str) -> dict[str, Outcome]:
        pairs = [
            tuple(exchange(200 if role == allowed else 404, role=role, path="/me/avatar", side=side) for side in (BASELINE, CANARY))
            for role in ("ben", "anonymous", "ann", "sue")
        ]
        yardstick = Yardstick(groups=groups)
        yardstick.take([(old, new) for old, new in pairs])
        return {cell.role: cell.baseline for cell in yardstick.cells()}

    refused, missing, allowed = Outcome.REFUSED, Outcome.MISSING, Outcome.ALLOWED
    assert outcomes("ann") == {"ann": allowed, "ben": missing, "sue": refused, "anonymous": refused}
    assert outcomes("sue") == {"ann": refused, "ben": refused, "sue": allowed, "anonymous": refused}


def test_an_odd_id_is_held_against_the_callers_own_object() -> None:
    world = World(says=lambda _, asked: {"status": 200 if asked.owner == asked.role else 403}, checks=())
    world.take(ask(role="ann", owner="ann"), ask(role="ben", owner="ann"))
    plain = {
        (role, owner): world.examiner._yardstick.answer(exchange(404, role=role, owner=owner, intent=Intent.INVALID, path="/x")).plain
        for role, owner in (("ann", ""), ("ben", ""), ("ann", "ben"))
    }
    assert plain == {("ann", ""): Outcome.ALLOWED, ("ben", ""): Outcome.REFUSED, ("ann", "ben"): None}
