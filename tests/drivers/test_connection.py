"""Both kinds of line see the same: every answer, every way not to answer, and when a request is sent once more."""

from __future__ import annotations

import asyncio
import math
import re
import time
from pathlib import Path

import pytest
from driving import HASTY, PATIENT
from lines import KINDS, LIMIT, alike, request, told, told_by_both
from servers import Authority, Script, Wire, answer, end_quietly, free_port, hang_up, once, reset, serving, silent, steady

from zeroweight.drivers.connection import Dial, Timeouts
from zeroweight.drivers.limits import Meter
from zeroweight.drivers.trust import trust
from zeroweight.drivers.wire import WireLine
from zeroweight.model.http import Request
from zeroweight.model.target import Side, Target, Tls

GET = request()
POST = request("POST", body=b"note=1")

each_kind = pytest.mark.parametrize("kind", KINDS)


# Answers.


@pytest.mark.parametrize(
    ("asks", "data", "status", "body"),
    [
        (
            GET,
            answer(b'{"id": 5}', b"X-Twin: a", b"x-twin:  b ", b"X-Raw: \xe9\xff", b"SET-cookie: a=1", b"set-cookie: b=2"),
            200,
            b'{"id": 5}',
        ),
        (GET, b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", 304, b""),
        (request("HEAD"), b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 200, b""),
        (GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n", 200, b"abcde"),
        (GET, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + answer(b"ok"), 200, b"ok"),
        (GET, b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", 302, b""),
        (GET, b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (GET, b"HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", 599, b""),
        (GET, answer(b"x\x9cK\xcb\xcf\x07\x00\x02\x82\x01E", b"Content-Encoding: deflate"), 200, b"foo"),
        (POST, answer(b"made", status=b"201 Created"), 201, b"made"),
        (request("FoO", b"*"), answer(b"odd"), 200, b"odd"),
        (request("GET", b"/a/../b%2f?x=%zz&y=[]|", (b"X-Twin", b"1"), (b"x-twin", b"2"), (b"X-Raw", b"\xe9")), answer(b"raw"), 200, b"raw"),
    ],
)
def test_an_answer_of_any_framing_is_seen_alike_and_keeps_the_connection(asks: Request, data: bytes, status: int, body: bytes) -> None:
    seen = alike(steady(data), asks, asks)
    assert [(sight.kind, sight.status, sight.body, sight.truncated) for sight in seen.sights] == [("", status, body, False)] * 2
    assert [(sight.fresh, sight.went) for sight in seen.sights] == [(True, True), (False, True)]
    assert (seen.connections, seen.taken) == (1, 2)
    assert seen.requests[0].startswith(f"{asks.method} ".encode() + asks.target + b" HTTP/1.1\r\nHost: shop.example\r\n")
    for delivery in seen.deliveries:
        timing = delivery.answer.timing
        assert 0 < timing.sent <= timing.first_byte <= timing.last_byte


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_an_answer_that_ends_with_its_connection_is_whole(data: bytes) -> None:
    seen = alike(once(data), GET, GET)
    assert [(sight.body, sight.fresh, sight.resent) for sight in seen.sights] == [(b"hello", True, False)] * 2
    assert seen.connections == 2


async def endless_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await wire.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")


async def changes_protocols(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello")


async def spoken_in_single_bytes(wire: Wire) -> None:
    await wire.request()
    for byte in answer(b"slowly"):
        await wire.write(bytes([byte]))


async def half_closed(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\n\r\nfine")
    wire.writer.write_eof()
    await wire.reader.read()


@pytest.mark.parametrize(
    ("script", "body", "truncated"),
    [
        (endless_body, b"x" * 10_000, True),
        (once(answer(b"y" * 10_001)), b"y" * 10_000, True),
        (once(answer(b"y" * 10_000)), b"y" * 10_000, False),
        (spoken_in_single_bytes, b"slowly", False),
        (half_closed, b"fine", False),
    ],
)
def test_odd_answers_are_seen_alike(script: Script, body: bytes, truncated: bool) -> None:  # noqa: FBT001  # a column of the table
    seen = alike(script, GET, cap=10_000)
    assert [(sight.status, sight.body, sight.truncated) for sight in seen.sights] == [(200, body, truncated)]


def test_a_change_of_protocols_is_an_answer_only_where_it_was_asked_for() -> None:
    wanted = request("GET", b"/", (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))
    seen = alike(changes_protocols, GET, wanted, wanted)
    assert [(sight.kind, sight.status, sight.body, sight.resent) for sight in seen.sights] == [
        ("protocol", 0, b"", False),
        ("", 101, b"", False),
        ("", 101, b"", False),
    ]
    assert seen.connections == 3


# Silences.


async def reset_in_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    wire.reset()


async def endless_headers(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await wire.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")


async def stuck_in_head(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 200 OK\r\nX-A:")
    await asyncio.Event().wait()


async def stuck_in_body(wire: Wire) -> None:
    await wire.request()
    await wire.write(answer(b"abc", length=10))
    await asyncio.Event().wait()


async def only_continue(wire: Wire) -> None:
    await wire.request()
    await wire.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (end_quietly, "closed"),
        (reset, "reset"),
        (once(answer(b"abc", length=10)), "closed"),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), "closed"),
        (once(b"HTTP/1.1 2"), "closed"),
        (once(b"garbage\r\n\r\n\r\n"), "protocol"),
        (once(b"\x16\x03\x01\x00\x02\x02\x28\r\n\r\n"), "protocol"),
        (once(b"SSH-2.0-OpenSSH_9.0\r\n\r\n"), "protocol"),
        (once(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "protocol"),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "protocol"),
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "protocol"),
        (once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), "protocol"),
        (endless_headers, "protocol"),
    ],
)
def test_every_silence_has_its_kind_and_is_never_resent_when_the_connection_was_fresh(script: Script, expected: str) -> None:
    seen = alike(script, GET, GET)
    assert [(sight.kind, sight.status, sight.stale, sight.resent, sight.went) for sight in seen.sights] == [
        (expected, 0, False, False, True)
    ] * 2
    assert seen.connections == 2
    assert all(delivery.failure and delivery.failure.text and not delivery.failure.ours for delivery in seen.deliveries)


@each_kind
@pytest.mark.parametrize("script", [hang_up, reset_in_body])
def test_an_end_that_races_the_request_is_closed_or_reset(kind: str, script: Script) -> None:
    seen = asyncio.run(told(kind, script, GET, GET))
    assert set(seen.kinds) <= {"closed", "reset"}
    assert [(sight.status, sight.resent) for sight in seen.sights] == [(0, False)] * 2
    assert seen.connections == 2


@each_kind
@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\n%s\r\n\r\n", b"%s\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-You: \x00%s\r\n\r\n"])
def test_what_a_failure_quotes_is_whole_or_left_out(kind: str, line: bytes) -> None:
    """Half of a credential that a target repeats would not be known as one."""
    failure = asyncio.run(told(kind, once(line % (b"tok-0123456789-" * 68)), GET)).deliveries[0].failure
    assert failure is not None
    assert (failure.kind, "tok-" in failure.text) == ("protocol", False)
    assert re.search("illegal|invalid|expected", failure.text, re.IGNORECASE)


@pytest.mark.parametrize("script", [silent, stuck_in_head, stuck_in_body, only_continue])
def test_an_answer_that_does_not_end_in_time_is_a_timeout(script: Script) -> None:
    seen = alike(script, GET, timeouts=HASTY)
    assert [(sight.kind, sight.status, sight.resent) for sight in seen.sights] == [("timeout", 0, False)]
    assert seen.connections == 1


def test_an_answer_that_the_run_cannot_wait_for_is_not_the_targets_silence() -> None:
    """The run ends at its deadline even where a target hangs, and the gap says so."""

    async def main() -> list[tuple[str, ...]]:
        soon = [Meter(Side.CANARY, 10, math.inf, time.monotonic() + 0.5) for _ in KINDS]
        both = await asyncio.gather(*(told(kind, silent, GET, limits=limits) for kind, limits in zip(KINDS, soon, strict=True)))
        return [one.kinds for one in both]

    assert asyncio.run(main()) == [("deadline",)] * 2


@each_kind
@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://no-such-host.invalid"])
def test_where_nobody_listens_the_connection_is_refused_and_nothing_went_out(kind: str, url: str) -> None:
    async def main() -> None:
        line = KINDS[kind](Dial.at(url.format(port=free_port())), None, PATIENT)
        found = await line.send(GET, cap=100)
        assert found.failure is not None
        assert (found.failure.kind, found.timing.sent, found.stale, found.fresh) == ("refused", 0.0, False, True)

    asyncio.run(main())


def test_a_request_that_cannot_be_written_is_said_to_be_ours() -> None:
    """Only httpx has such requests; the wire writes everything."""
    seen = asyncio.run(told("httpx", steady(), request("GET", b"/", (b"X-A", b"a\nb"))))
    assert seen.kinds == ("unbound",)
    assert seen.requests == ()
    assert all(delivery.failure is not None and delivery.failure.ours for delivery in seen.deliveries)


# The connection's life.


@pytest.mark.parametrize("ending", [end_quietly, reset])
def test_a_stale_connection_is_replaced_and_the_request_sent_once_more(ending: Script) -> None:
    async def script(wire: Wire) -> None:
        if wire.number == 1:
            await wire.request()
            await wire.write(answer(b"{}", status=b"500 Oops"))
            await ending(wire)
        else:
            await steady()(wire)

    seen = alike(script, GET, POST, GET)
    assert [(sight.status, sight.resent, sight.fresh) for sight in seen.sights] == [
        (500, False, True),
        (200, True, True),
        (200, False, False),
    ]
    assert (seen.connections, seen.taken, len(seen.requests)) == (2, 4, 4)
    assert seen.requests[1] == seen.requests[2]


def test_a_server_that_closes_right_after_an_error_costs_no_answer() -> None:
    seen = alike(once(answer(b"{}", b"Connection: close", status=b"500 Oops")), *[GET] * 4)
    assert [(sight.status, sight.resent) for sight in seen.sights] == [(500, False)] * 4
    assert seen.connections == 4


@each_kind
def test_a_server_that_closes_without_a_word_after_an_error_costs_no_answer(kind: str) -> None:
    """Whether its farewell is seen before the next request goes out is a race; the answers are not."""
    seen = asyncio.run(told(kind, once(answer(b"{}", status=b"500 Oops")), *[GET] * 4))
    assert [sight.status for sight in seen.sights] == [500] * 4
    assert seen.connections == 4


def test_a_request_is_never_sent_a_third_time() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        if wire.number == 1:
            await wire.write(answer())
            await wire.request()

    seen = alike(script, GET, GET)
    assert [(sight.kind, sight.resent) for sight in seen.sights] == [("", False), ("closed", True)]
    assert (seen.connections, len(seen.requests)) == (2, 3)


def test_a_resend_that_the_budget_forbids_is_the_budgets_failure() -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer())
        await wire.request()

    seen = alike(script, GET, GET, budget=2)
    assert [(sight.kind, sight.stale, sight.resent) for sight in seen.sights] == [("", False, False), ("budget", True, False)]
    assert len(seen.requests) == 2


@each_kind
def test_what_is_said_out_of_turn_ends_the_connection_before_the_next_request(kind: str) -> None:
    """Else the answer to nothing would be taken for the answer to the next request."""
    go, spoken = asyncio.Event(), asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer(b"asked for"))
        await go.wait()
        await wire.write(answer(b"not asked for"))
        spoken.set()

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            line = KINDS[kind](Dial.at(server.url), None, PATIENT)
            for connections in (1, 2):
                found = await line.send(GET, cap=1000)
                assert found.response is not None
                assert (found.response.body, server.connections) == (b"asked for", connections)
                go.set()
                await spoken.wait()
                while isinstance(line, WireLine) and line._wire and not line._wire.spent:  # noqa: ASYNC110  # it wakes readers only
                    await asyncio.sleep(0)  # httpx looks at the socket itself
            await line.aclose()

    asyncio.run(main())


@each_kind
def test_a_line_that_is_given_up_in_the_middle_begins_anew(kind: str) -> None:
    asked = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        asked.set()
        if wire.number == 1:
            await asyncio.Event().wait()
        await wire.write(answer(b"fine"))

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(script) as server:
            line = KINDS[kind](Dial.at(server.url), None, PATIENT)
            waiting = asyncio.create_task(line.send(GET, cap=100))
            await asked.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            found = await line.send(GET, cap=100)
            await line.aclose()
            assert found.response is not None
            assert (found.response.body, found.fresh, server.connections) == (b"fine", True, 2)

    asyncio.run(main())


# TLS.


async def speaks_plainly(wire: Wire) -> None:
    await wire.write(b"no TLS here")
    await wire.reader.read()


async def says_nothing(_: Wire) -> None:
    await asyncio.Event().wait()


@each_kind
@pytest.mark.parametrize(
    ("name", "ours", "expected"), [("shop.example", True, ""), ("other.example", True, "tls"), ("shop.example", False, "tls")]
)
def test_tls_is_trusted_by_authority_and_name(kind: str, name: str, ours: bool, expected: str, tmp_path: Path) -> None:  # noqa: FBT001  # a column of the table
    authority = Authority()
    trusted = authority if ours else Authority()
    trusts = trust(Target(side=Side.CANARY, url="https://shop.example", tls=Tls(ca=trusted.pem)))
    seen = asyncio.run(
        told(kind, steady(), GET, GET, tls=authority.context(tmp_path, "shop.example"), trusts=trusts, server_name=name),
    )
    assert seen.kinds == (expected,) * 2
    assert [sight.went for sight in seen.sights] == [not expected] * 2
    assert len(seen.requests) == (0 if expected else 2)


@each_kind
@pytest.mark.parametrize(
    ("script", "timeouts", "expected"),
    [(hang_up, PATIENT, "tls"), (speaks_plainly, PATIENT, "tls"), (says_nothing, Timeouts(tls=1, total=30), "timeout")],
)
def test_a_handshake_that_comes_to_nothing_is_told(kind: str, script: Script, timeouts: Timeouts, expected: str) -> None:
    trusts = trust(Target(side=Side.CANARY, url="https://shop.example"))
    seen = asyncio.run(told(kind, script, GET, trusts=trusts, scheme="https", timeouts=timeouts))
    assert (seen.kinds, seen.sights[0].went, seen.sights[0].stale) == ((expected,), False, False)


# What differs.


def test_an_end_within_the_head_on_a_used_connection_is_stale_to_httpx_only() -> None:
    """The first byte is told by httpx only with the whole head; so an errand is sent once more, a probe is not."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer() if wire.number == 1 else b"HTTP/1.1 2")
        if wire.number == 1:
            await wire.request()
            await wire.write(b"HTTP/1.1 2")

    by_wire, by_httpx = asyncio.run(told_by_both(script, GET, GET))
    assert by_wire.kinds == by_httpx.kinds == ("", "closed")
    assert [sight.resent for sight in by_wire.sights] == [False, False]
    assert [sight.resent for sight in by_httpx.sights] == [False, True]
    assert by_wire.deliveries[1].answer.timing.first_byte > 0
    assert by_httpx.deliveries[1].answer.timing.first_byte == 0


def test_what_follows_an_answer_in_the_same_breath_is_the_next_ones_answer_to_httpx_only() -> None:
    """A probe must not be given another's answer; errands are few, and httpx has no way to tell."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(answer(b"asked for") + answer(b"not asked for"))
        await wire.request()

    by_wire, by_httpx = asyncio.run(told_by_both(script, GET, GET))
    assert [(sight.body, sight.fresh) for sight in by_wire.sights] == [(b"asked for", True), (b"asked for", True)]
    assert [(sight.body, sight.fresh) for sight in by_httpx.sights] == [(b"asked for", True), (b"not asked for", False)]
    assert (by_wire.connections, by_httpx.connections) == (2, 1)


# What both are made of.


@pytest.mark.parametrize(
    ("url", "dial"),
    [
        ("http://shop.example/v1", Dial(scheme="http", name="shop.example", port=80, server_name="shop.example", host=b"shop.example")),
        ("https://shop.example:443", Dial(scheme="https", name="shop.example", port=443, server_name="shop.example", host=b"shop.example")),
        ("http://[::1]:8080", Dial(scheme="http", name="::1", port=8080, server_name="::1", host=b"[::1]:8080")),
        (
            "http://b\u00fccher.example",
            Dial(scheme="http", name="xn--bcher-kva.example", port=80, server_name="xn--bcher-kva.example", host=b"xn--bcher-kva.example"),
        ),
    ],
)
def test_a_url_tells_where_a_connection_goes(url: str, dial: Dial) -> None:
    assert Dial.at(url) == dial


def test_a_pinned_address_is_dialled_under_the_name_it_is_known_by() -> None:
    target = Target(side=Side.CANARY, url="https://shop.example:444", address="127.0.0.1:9", server_name="canary.example")
    assert Dial.to(target) == Dial(scheme="https", name="127.0.0.1", port=9, server_name="canary.example", host=b"canary.example")
