"""What no driver may do."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from zeroweight.drivers.limits import Lock, Meter, permitted, undecodable
from zeroweight.model.http import Failure
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent, Probe, Slot, Template, probe_of
from zeroweight.model.target import Side, Target

ORDER = Slot(name="order", owner="alice", kind="order")
ITEM = Slot(name="item", owner="alice", kind="item")

READ, OWN, ALL = Level.READ_ONLY, Level.OWN_OBJECTS, Level.DESTRUCTIVE


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


def asked(method: str, path: str = "/orders", **path_values: Any) -> Probe:
    """Return a request by alice; `path_values` may be slots."""
    operation = Operation(method=method, path=path)
    return probe_of(operation, role="alice").with_(path=path_values)


def malformed(body: bytes, *, kind: str = "application/json", family: str = "malformed", where: Any = "body") -> Probe:
    """Return a PUT on somebody's order with a broken body."""
    payload = Payload(id="m1", family=family, where=where, send=body)
    probe = asked("PUT", "/orders/{id}", id="1").with_(headers={"Content-Type": kind}, raw=body)
    return probe.with_(payload=payload, intent=Intent.INVALID, label="malformed: cut short")


CREDENTIALS = [
    "proxy-authorization",
    "x-api-key",
    "API-Key",
    "X-ApiKey",
    "x-auth-token",
    "X-Access-Token",
    "access_token",
    "x-amz-security-token",
    "x-client-secret",
    "x-session-id",
    "x-sid",
    "x-jwt",
    "x-goog-iap-jwt-assertion",
    "x-forwarded-user",
    "x-user-id",
    "x-password",
    "x-signature",
    "x-key",
]
NO_CREDENTIALS = [
    "x-csrf-token",
    "X-XSRF-TOKEN",
    "idempotency-key",
    "accept",
    "user-agent",
    "x-request-id",
    "origin",
    "traceparent",
]

BROKEN = malformed(b'{"a": ')


@pytest.mark.parametrize(
    ("level", "probe", "account", "allowed"),
    [
        (READ, asked("GET"), True, True),
        (READ, asked("HEAD"), True, True),
        (READ, asked("OPTIONS"), True, True),
        (READ, asked("get"), True, True),
        (READ, asked("GET", "/orders/{id}", id="1"), True, True),
        (READ, asked("POST"), True, False),
        (READ, asked("post"), True, False),
        (READ, asked("POST"), False, True),
        (READ, asked("DELETE", "/orders/{id}", id="1"), True, False),
        (READ, asked("DELETE", "/orders/{id}", id="1"), False, False),
        (READ, asked("DELETE", "/orders"), False, False),
        (READ, malformed(b'{"a": ').with_(method="DELETE"), False, False),
        (READ, asked("POST").with_(headers={"x-http-method-override": "DELETE"}), False, False),
        (READ, asked("PUT", "/orders/{id}", id="1"), False, True),
        (READ, asked("DELETE", "/orders/{id}", id=ORDER), True, False),
        (READ, asked("FOO"), True, False),
        (READ, asked("TRACE"), False, False),
        (READ, asked("CONNECT"), False, False),
        (READ, BROKEN, True, True),
        (READ, malformed(b'{"a": 1}'), True, False),
        (READ, asked("GET").with_(method="DELETE"), True, False),
        (READ, asked("GET").with_(headers={"X-HTTP-Method-Override": "DELETE"}), True, False),
        (READ, asked("GET").with_(headers={"X-HTTP-Method-Override": "HEAD"}), True, True),
        (READ, asked("GET").with_(query={"_method": "delete"}), True, False),
        (READ, asked("POST").with_(headers={"Authorization": "Bearer forged"}), False, False),
        (READ, asked("POST").with_(headers={"cookie": "sid=forged"}), False, False),
        (READ, asked("GET").with_(headers={"Authorization": "Bearer forged"}), False, True),
        *((READ, asked("POST").with_(headers={name: "forged"}), False, False) for name in CREDENTIALS),
        *((READ, asked("POST").with_(headers={name: "any"}), False, True) for name in NO_CREDENTIALS),
        (OWN, asked("POST"), True, True),
        (OWN, asked("POST", "/orders/{id}/cancel", id="1"), True, True),
        (OWN, asked("PUT", "/settings"), True, True),
        (OWN, asked("DELETE", "/orders/{id}", id=ORDER), True, True),
        (OWN, asked("PUT", "/orders/{id}", id=ORDER), True, True),
        (OWN, asked("PATCH", "/orders/{id}/items/{item}", id=ORDER, item=ITEM), True, True),
        (OWN, asked("PATCH", "/orders/{id}/items/{item}", id=ORDER, item="1"), True, True),
        (OWN, asked("PUT", "/groups/{group}/members/{id}", group="1", id=ORDER), True, False),
        (OWN, asked("DELETE", "/orders/{id}", id="1"), True, False),
        (OWN, asked("DELETE", "/orders/{id}"), True, False),
        (OWN, asked("PUT", "/orders/{id}", id="1"), True, False),
        (OWN, asked("PATCH", "/orders/{id}", id="1"), True, False),
        (OWN, asked("PURGE", "/orders/{id}", id="1"), True, False),
        (OWN, asked("POST", "/orders/{id}", id="1").with_(headers={"x-method-override": "delete"}), True, False),
        (OWN, asked("DELETE", "/orders/{id}", id="1"), False, True),
        (OWN, BROKEN, True, True),
        (OWN, replace(asked("DELETE", "/orders/{id}", id=ORDER), target=Template.of("/orders/1")), True, False),
        (OWN, asked("TRACE"), True, False),
        (OWN, asked("CONNECT"), False, False),
        (ALL, asked("DELETE", "/orders/{id}", id="1"), True, True),
        (ALL, asked("TRACE"), True, True),
        (ALL, asked("CONNECT"), True, True),
    ],
)
def test_a_level_permits_what_it_says_and_nothing_else(level: Level, probe: Probe, *, account: bool, allowed: bool) -> None:
    refusal = permitted(level, probe, account)
    assert (refusal is None) == allowed
    assert refusal is None or (refusal.kind == "level" and level.word in refusal.text)


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (BROKEN, True),
        (malformed(b"{'a': 1}"), True),
        (malformed(b'\xff\xfe{"a": 1}\xff'), True),
        (malformed(b'{"a": ', kind="application/vnd.api+json"), True),
        (malformed(b'{"a": 1, "a": 2}'), False),
        (malformed(b""), False),
        (malformed(b"  "), False),
        (malformed(b"[" * 200_000), False),
        (malformed(b"a=1&b", kind="application/x-www-form-urlencoded"), False),
        (malformed(b'{"a": ', family="sql"), False),
        (malformed(b'{"a": ', where="query"), False),
        (replace(BROKEN, intent=Intent.ATTACK), False),
        (replace(BROKEN, payload=None), False),
        (replace(BROKEN, body=None), False),
        (replace(BROKEN, body=Template.of('{"a": ', ORDER)), False),
        (replace(BROKEN, headers=(*BROKEN.headers, (b"content-type", Template.of("text/xml")))), False),
    ],
)
def test_only_what_no_server_can_read_counts_as_undecodable(probe: Probe, *, expected: bool) -> None:
    assert undecodable(probe) is expected


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


def test_a_slot_that_names_nobodys_object_is_no_danger() -> None:
    word: Mapping[str, Any] = {"id": Slot(name="unique")}
    assert permitted(OWN, asked("PUT", "/orders/{id}", **word), account_present=True) is None
