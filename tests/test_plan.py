"""The plan goes to workers whole, and each gets his share."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace

import pytest
from plans import plan_of

from zeroweight.compare import Delta, State
from zeroweight.finding import Severity
from zeroweight.model.look import Gap
from zeroweight.model.place import Place
from zeroweight.model.role import Account
from zeroweight.model.target import Side
from zeroweight.plan import Plan, Shares
from zeroweight.redact import Secret
from zeroweight.verdict import Policy, Reason, Waiver

TOKEN = Secret(name="ann token", value="the-token-itself")
DELTA = Delta(rule="own.rule", title="t", severity=Severity.LOW, place=Place(), fingerprint="zw1:0", state=State.NEW)


def full() -> Plan:
    account = Account(role="ann", headers=(("Authorization", TOKEN),))
    return replace(
        plan_of(),
        accounts={side: {"ann": account} for side in Side},
        secrets=(TOKEN,),
        key=b"0123456789abcdef",
        gaps=(Gap(what="a", why="b"),),
        deltas=(DELTA,),
        untrue=(Reason(code="c", text="d"),),
        policy=Policy(
            today=dt.date(2027, 1, 31),
            waivers=(Waiver(fingerprint="zw1:0", owner="ann", reason="known", expires=dt.date(2027, 1, 31)),),
        ),
    )


def test_a_worker_unpacks_what_the_controller_packed() -> None:
    plan = full()
    there = Plan.unpacked(plan.packed())
    assert [field.name for field in fields(Plan) if getattr(there, field.name) != getattr(plan, field.name)] == []
    assert there.accounts[Side.CANARY]["ann"].headers[0][1].reveal() == "the-token-itself"


def test_a_packed_plan_is_plain_text_for_the_worker_channel() -> None:
    packed = full().packed()
    assert isinstance(packed, str)
    assert packed.isascii()


def test_a_plan_shows_no_credential() -> None:
    assert "the-token-itself" not in repr(full())
    assert "0123456789abcdef" not in repr(full())


@pytest.mark.parametrize(
    ("workers", "requests", "rate", "lanes"),
    [
        (0, 1000, 90.0, 8),
        (1, 1000, 90.0, 8),
        (2, 500, 45.0, 4),
        (3, 333, 30.0, 2),
        (9, 111, 10.0, 1),
        (16, 62, 5.625, 1),
        (2000, 0, 0.045, 1),
    ],
)
def test_workers_share_requests_rate_and_lanes(workers: int, requests: int, rate: float, lanes: int) -> None:
    plan = replace(plan_of(), shares=Shares(requests=1000, rate=90.0, lanes=8, deadline=77.0))
    part = plan.divided(workers)
    assert part.shares == Shares(requests=requests, rate=rate, lanes=lanes, deadline=77.0)
    assert part.workers == max(1, workers)


@pytest.mark.parametrize("workers", range(1, 40))
def test_all_workers_together_spend_no_more_than_the_run_may(workers: int) -> None:
    plan = replace(plan_of(), shares=Shares(requests=1000, rate=90.0, lanes=8, deadline=77.0))
    shares = plan.divided(workers).shares
    assert shares.requests * workers <= 1000
    assert shares.rate * workers == pytest.approx(90.0)
    assert shares.lanes >= 1


def test_a_share_is_the_same_plan_otherwise() -> None:
    part = full().divided(4)
    assert replace(part, shares=full().shares, workers=1) == full()
