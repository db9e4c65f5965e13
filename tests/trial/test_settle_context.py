"""What is judged beside what: consequences, checks that raise, evidence that leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from builders import probe
from worlds import BASELINE, CANARY, LOST, Says, World, ask, broken, guard_lost, lost, only, steady

from zeroweight.checks.check import catalogue, contrast
from zeroweight.compare import State
from zeroweight.finding import Evidence, Noise
from zeroweight.model.http import Exchange
from zeroweight.model.operation import Parameter
from zeroweight.model.request import Intent, Probe, Scenario, Step
from zeroweight.model.target import Side
from zeroweight.redact import Redactor, Secret

# Consequences are not findings.


def statuses(**codes: tuple[int, int]) -> Says:
    """Answer by the word in a probe's label: (baseline, canary)."""

    def says(side: Side, asked: Probe) -> dict[str, Any]:
        return {"status": codes[asked.label or "plain"][side is CANARY]}

    return says


def odd(**more: Any) -> Scenario:
    return ask(label="odd", intent=Intent.INVALID, parameter=Parameter(place="body", name="/a"), role="ann", method="POST", **more)


@pytest.mark.parametrize(
    ("codes", "rules"),
    [
        ({"plain": (200, 200), "odd": (422, 500)}, {"availability.server-error"}),
        ({"plain": (200, 500), "odd": (422, 500)}, {"availability.server-error"}),  # the plain one, and nothing after it
        ({"plain": (403, 200), "odd": (403, 422)}, {"authorization.function-level"}),
        ({"plain": (403, 200), "odd": (403, 200)}, {"authorization.function-level"}),
        ({"plain": (500, 500), "odd": (422, 500)}, set()),
        ({"plain": (200, 200), "odd": (422, 200)}, {"validation.weakened"}),
    ],
)
def test_odd_requests_are_judged_only_where_the_plain_one_fared_alike(codes: dict[str, tuple[int, int]], rules: set[str]) -> None:
    families = {"availability", "authorization", "validation"}
    world = World(says=statuses(**codes), checks=[each for each in catalogue() if each.rule.family in families])
    world.take(odd(), ask(role="ann", method="POST"))  # whatever comes first in the batch
    deltas = world.settle()
    assert {delta.rule for delta in deltas.values() if delta.state is State.NEW} == rules
    if codes["plain"][0] != codes["plain"][1]:
        assert all(not delta.place.parameter for delta in deltas.values())


def test_without_the_plain_request_an_odd_one_has_no_say() -> None:
    world = World(says=statuses(odd=(422, 500)), checks=catalogue())
    world.take(odd())
    assert world.settle() == {}


def test_a_404_is_a_refusal_where_the_owner_is_let_in_whoever_comes_first() -> None:
    def says(side: Side, asked: Probe) -> dict[str, Any]:
        return {"status": 200 if asked.role == "ann" or side is CANARY else 404}

    world = World(says=says, checks=catalogue())
    world.take(ask("/x/{id}", role="ben", owner="ann"), ask("/x/{id}", role="ann", owner="ann"))
    assert {delta.rule for delta in world.settle().values()} == {"authorization.object-level"}


# Checks that raise.


def test_a_check_that_raises_is_a_gap_and_the_others_go_on() -> None:
    world = World(says=guard_lost, checks=(broken, lost))
    delta = only(world, ask(), ask("/x"))
    assert (delta.rule, delta.confirmed) == ("own.lost", True)
    (gap,) = world.examiner.gaps("own")
    assert (gap.code, gap.what, gap.suite) == ("check-raised", "check own.leak", "own")
    assert "a bug" in gap.why


def test_a_check_that_raises_only_when_asked_again_is_a_gap_too() -> None:
    seen = iter(range(10**6))

    @contrast(LOST, on=Exchange)
    def late(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
        if next(seen) > 8:
            raise ValueError("late")
        yield from lost.two(baseline, canary, noise) if lost.two else ()

    world = World(says=guard_lost, checks=(late,))
    assert only(world).state is not State.NEW
    assert [gap.code for gap in world.examiner.gaps("own")] == ["check-raised"]


# Evidence leaves redacted.


def test_evidence_and_request_leave_redacted_and_never_cut_in_half() -> None:
    token = "T0KEN-" + "x" * 60
    target = b"/x?" + b"p" * 130 + b"&key=" + token.encode()
    world = World(
        says=lambda side, _: {"target": target, "body": f"leak {token}".encode() if side is CANARY else b""},
        redactor=Redactor([Secret(name="key", value=token)]),
    )
    delta = only(world)
    assert "T0KEN" not in repr(delta)
    assert delta.request.startswith("GET /x?ppp")
    assert "[key:" in delta.evidence[0]
    assert len(delta.request) <= 160


def test_steps_of_a_scenario_are_judged_each_at_its_place() -> None:
    def second(side: Side, asked: Probe) -> dict[str, Any]:
        return steady(side is BASELINE or asked.operation.path != "/b")

    steps = (Step(probe=probe(path="/a")), Step(probe=probe(path="/b")))
    world = World(says=second)
    assert only(world, Scenario(steps=steps, name="two")).place.path == "/b"
    assert world.asked == [("two", 7)]
