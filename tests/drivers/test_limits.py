"""What no driver may do."""

from __future__ import annotations

import asyncio
import math

import pytest

from zeroweight.drivers.limits import Lock, Meter
from zeroweight.model.http import Failure
from zeroweight.model.target import Side, Target


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def meter(clock: Clock, *, requests: int = 1000, rate: float = 10.0, seconds: float = 1000.0, burst: int = 1) -> Meter:
    return Meter(Side.CANARY, requests, rate, clock.now + seconds, burst=burst, clock=clock, sleep=clock.sleep)


def kinds(failures: list[Failure | None]) -> list[str]:
    return [failure.kind if failure else "" for failure in failures]


def test_a_budget_is_spent_once() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, requests=2)
        assert kinds([await limits.take() for _ in range(4)]) == ["", "", "budget", "budget"]
        assert (limits.sent, limits.left_requests) == (2, 0)

    asyncio.run(main())


def test_a_meter_shared_by_many_lanes_never_lets_more_out_than_its_budget() -> None:
    async def main() -> None:
        limits = meter(Clock(), requests=7)
        taken = await asyncio.gather(*(limits.take() for _ in range(20)))
        assert kinds(taken).count("") == 7
        assert limits.sent == 7

    asyncio.run(main())


def test_requests_leave_at_the_rate_after_a_small_burst() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, rate=10.0, burst=3)
        begun = clock.now
        left = []
        for _ in range(13):
            assert await limits.take() is None
            left.append(round(clock.now - begun, 6))
        assert left == [0, 0, 0, *(round(0.1 * index, 6) for index in range(1, 11))]

    asyncio.run(main())


def test_a_pause_fills_the_burst_and_no_more() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, rate=1.0, burst=2)
        clock.now += 100
        for _ in range(3):
            await limits.take()
        assert sum(clock.naps) == pytest.approx(1.0)

    asyncio.run(main())


def test_an_infinite_rate_never_waits() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, rate=math.inf)
        assert kinds([await limits.take() for _ in range(100)]) == [""] * 100
        assert clock.naps == []

    asyncio.run(main())


def test_another_rate_holds_from_the_next_request_on() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, rate=math.inf, burst=3)
        assert kinds([await limits.take() for _ in range(50)]) == [""] * 50
        limits.hold(2.0)
        began = clock.now
        for _ in range(4):
            await limits.take()
        # What was sent before counts: nobody gets a fresh burst by being slowed.
        assert clock.now - began == pytest.approx(1.5)
        limits.hold(math.inf)
        began = clock.now
        for _ in range(10):
            await limits.take()
        assert clock.now - began <= 0.5

    asyncio.run(main())


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan])
def test_a_meter_is_never_held_at_nothing(rate: float) -> None:
    limits = meter(Clock(), rate=10.0)
    with pytest.raises(ValueError, match="positive rate"):
        limits.hold(rate)
    assert limits.rate == 10.0


def test_nothing_leaves_after_the_deadline() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, seconds=5)
        assert await limits.take() is None
        assert limits.left_seconds == 5
        clock.now += 5
        assert kinds([await limits.take()]) == ["deadline"]
        assert (limits.sent, limits.left_seconds) == (1, 0)

    asyncio.run(main())


def test_a_request_whose_turn_comes_after_the_deadline_is_refused_at_once() -> None:
    async def main() -> None:
        clock = Clock()
        limits = meter(clock, rate=0.1, seconds=5)
        assert kinds([await limits.take(), await limits.take()]) == ["", "deadline"]
        assert clock.naps == []
        assert limits.sent == 1

    asyncio.run(main())


def test_a_stop_refuses_all_and_the_first_reason_stays() -> None:
    async def main() -> None:
        limits = meter(Clock())
        limits.stop("SIGTERM")
        limits.stop("later")
        assert await limits.take() == Failure(kind="stopped", text="SIGTERM")
        assert limits.sent == 0

    asyncio.run(main())


def test_who_waits_is_refused_soon_after_a_stop_and_not_counted() -> None:
    async def main() -> None:
        naps: list[float] = []

        async def sleep(seconds: float) -> None:
            naps.append(seconds)
            limits.stop("SIGTERM")

        limits = Meter(Side.CANARY, 10, 0.001, math.inf, burst=1, sleep=sleep)
        assert kinds([await limits.take(), await limits.take()]) == ["", "stopped"]
        assert limits.sent == 1
        assert naps == [0.25]

    asyncio.run(main())


def test_a_cancelled_wait_gives_its_request_back() -> None:
    async def main() -> None:
        limits = Meter(Side.CANARY, 10, 0.001, math.inf, burst=1)
        assert await limits.take() is None
        waiting = asyncio.create_task(limits.take())
        await asyncio.sleep(0)
        assert limits.sent == 2
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert limits.sent == 1

    asyncio.run(main())


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (math.nan, 1), (1.0, 0)])
def test_a_meter_that_would_never_let_anything_out_is_not_made(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive rate"):
        Meter(Side.CANARY, 1, rate, math.inf, burst=burst)


SHOP = Target(side=Side.CANARY, url="https://shop.example/api", address="10.0.0.7:8443", server_name="canary.shop.example")
LOCAL = Target(side=Side.CANARY, url="http://127.0.0.1:8001")


@pytest.mark.parametrize(
    ("target", "url", "allowed"),
    [
        (SHOP, "https://shop.example/login", True),
        (SHOP, "https://SHOP.example:443/", True),
        (SHOP, "https://canary.shop.example/", True),
        (SHOP, "https://10.0.0.7:8443/", True),
        (SHOP, "http://shop.example/", False),
        (SHOP, "https://shop.example:444/", False),
        (SHOP, "https://10.0.0.7/", False),
        (SHOP, "https://shop.example.evil.example/", False),
        (SHOP, "https://evil.example/?https://shop.example/", False),
        (SHOP, "https://shop.example@evil.example/", False),
        (SHOP, "https://evil.example\\@shop.example/", False),
        (SHOP, "https://shop.example /", False),
        (SHOP, "https://shop.example\r\n.evil.example/", False),
        (SHOP, "https://shop.example:99999/", False),
        (SHOP, "https://[shop.example/", False),
        (SHOP, "//shop.example/", False),
        (SHOP, "/login", False),
        (SHOP, "", False),
        (SHOP, "file:///etc/passwd", False),
        (SHOP, "https://login.example/", True),
        (SHOP, "https://login.example:8443/", False),
        (SHOP, "http://login.example/", False),
        (SHOP, "https://idp.example:9443/token", True),
        (SHOP, "https://idp.example/token", False),
        (SHOP, "https://[::1]/token", True),
        (LOCAL, "http://127.0.0.1:8001/x", True),
        (LOCAL, "http://127.0.0.1:8002/x", False),
        (LOCAL, "http://localhost:8001/x", False),
        (LOCAL, "http://169.254.169.254/latest/meta-data", False),
        (LOCAL, "http://login.example/", True),
        (LOCAL, "https://login.example/", True),
    ],
)
def test_a_lock_opens_for_the_target_and_named_hosts_only(target: Target, url: str, *, allowed: bool) -> None:
    assert Lock(target, ("login.example", "IDP.example:9443", "[::1]")).allows(url) is allowed


@pytest.mark.parametrize(
    ("authority", "own"),
    [
        ("shop.example", True),
        ("SHOP.example:81", True),
        ("front.example", True),
        ("front.example:81", True),
        ("[::1]", True),
        ("[::1]:8000", True),
        ("shop.example:80", False),
        ("[::1]:81", False),
        ("shop.example:", False),
        ("shop.example:99999", False),
        ("shop.example.", False),
        ("shop.example/", False),
        ("shop.example?", False),
        ("shop.example#", False),
        ("shop.example\\", False),
        ("shop.example, other.example", False),
        (" shop.example", False),
        ("a@shop.example", False),
        ("::1", False),
        ("[::1", False),
        ("login.example", False),
        ("\xff", False),
        ("\0", False),
        (":81", False),
        ("", False),
    ],
)
def test_a_host_is_the_targets_own_under_each_of_its_names_only(authority: str, *, own: bool) -> None:
    target = Target(side=Side.CANARY, url="https://shop.example:81/v1", address="[::1]:8000", server_name="front.example")
    assert Lock(target, ("login.example",)).names(authority) is own
