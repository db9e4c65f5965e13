"""What is sent, byte by byte, and with whose credentials; against real servers on loopback."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from driving import ALICE, GET, POST, ask, asked, driver_of, kind, meter, raw
from servers import Server, answer, serving, steady

from zeroweight.errors import ConfigError
from zeroweight.model.http import Exchange
from zeroweight.model.request import Form, Probe, Scenario, Slot, Step, Template
from zeroweight.model.role import Account
from zeroweight.model.target import Side, Target
from zeroweight.redact import Secret

BROKEN = Secret(name="mallory token", value="Bearer a\r\nX-B: 2")


@pytest.mark.parametrize(
    "target",
    [
        b"/orders",
        b"/a/../b",
        b"//evil.example/x",
        b"/a/./b//c",
        b"/%2e%2e/%2E%2e;x=1/",
        b"/orders?q=a+b&q=%27%20OR%201=1--&q",
        b"/orders?",
        b"/orders#fragment",
        b"/[]{}|\\^`<>\"'",
        b"http://other.example/x",
        b"*",
        b"orders",
    ],
)
def test_a_request_target_is_sent_as_the_template_gives_it(target: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[0] == b"GET " + target + b" HTTP/1.1"

    asked(steady(), raw(target), check=check)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"/a/../b", b"/shop/v1/a/../b"),
        (b"//x", b"/shop/v1//x"),
        (b"*", b"*"),
        (b"http://other.example/x", b"http://other.example/x"),
    ],
)
def test_the_prefix_stands_before_paths_only(given: bytes, sent: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[0] == b"GET " + sent + b" HTTP/1.1"

    asked(steady(), raw(given), url="/shop/v1/", check=check)


def test_every_request_carries_the_fields_of_the_house_once() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        lines = server.lines()
        trace = lines.pop(6).decode()
        assert lines == [
            b"GET /orders HTTP/1.1",
            b"Host: 127.0.0.1:%d" % server.port,
            b"User-Agent: zeroweight/0.1.0",
            b"Accept: */*",
            b"Accept-Encoding: identity",
            b"x-zeroweight-run: r-7",
        ]
        assert re.fullmatch(r"traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace)
        assert server.value("traceparent", 0) != server.value("traceparent", 1)
        request = exchanges[1].request
        assert request is not None
        assert [b": ".join(pair) for pair in request.headers.raw] == server.lines(1)[1:]

    asked(steady(), GET.example(), GET.example(), check=check)


def test_a_header_keeps_its_case_its_order_and_its_twin() -> None:
    fields = ((b"X-b", b"1"), (b"x-A", b"\xff\x80"), (b"X-B", b"2"), (b"EMPTY", b""))
    probe = replace(GET.example(), headers=tuple((name, Template.of(value)) for name, value in fields))

    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[-4:] == [b"X-b: 1", b"x-A: \xff\x80", b"X-B: 2", b"EMPTY: "]

    asked(steady(), probe, check=check)


def test_a_header_that_the_probe_sets_is_never_overridden() -> None:
    own = {
        "HOST": "evil.example",
        "user-agent": "curl",
        "ACCEPT": "text/html",
        "accept-encoding": "gzip",
        "X-Zeroweight-Run": "x",
        "traceParent": "00-1",
        "authorization": "Bearer forged",
        "x-route": "other",
    }

    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[1:] == [f"{name}: {value}".encode() for name, value in own.items()]

    asked(steady(), GET.example(role="alice").with_(headers=own), check=check, of_target={"headers": {"X-Route": "canary"}})


def test_routing_headers_go_with_every_request_and_win_over_the_house() -> None:
    headers = {
        "X-Route": Secret(name="route", value="canary"),
        "User-Agent": "probe",
        "Host": "shop.example",
        "Authorization": "Basic door",
    }

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert [kind(exchange) for exchange in exchanges] == ["", ""]
        assert server.value("x-route", 0) == "canary"
        assert server.value("user-agent", 0) == "probe"
        assert [line for line in server.lines(0) if line.startswith(b"Host:")] == [b"Host: shop.example"]
        assert server.value("authorization", 0) == "Basic door"
        assert [line for line in server.lines(1) if line.startswith(b"Authorization:")] == [b"Authorization: Bearer a-1"]

    asked(steady(), GET.example(), GET.example(role="alice"), check=check, of_target={"headers": headers})


@pytest.mark.parametrize("method", ["FOO", "get", "M-SEARCH", "DELETE", "Post"])
def test_a_method_is_sent_as_told(method: str) -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert server.lines()[0] == method.encode() + b" /orders HTTP/1.1"
        assert exchanges[0].status == 200

    asked(steady(), GET.example().with_(method=method), check=check)


@pytest.mark.parametrize(
    ("probe", "length", "body"),
    [
        (POST.example().with_(json={"a": [1]}), "10", b'{"a": [1]}'),
        (POST.example().with_(raw=b"\x00\xff\r\n"), "4", b"\x00\xff\r\n"),
        (POST.example(), "0", b""),
        (POST.example().with_(headers={"content-length": "3"}, raw=b"abc"), "3", b"abc"),
        (GET.example().with_(raw=b"abc"), "3", b"abc"),
        (GET.example().with_(raw=b""), "0", b""),
        (GET.example(), None, b""),
    ],
)
def test_a_body_is_sent_whole_with_its_length(probe: Probe, length: str | None, body: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.requests[0].partition(b"\r\n\r\n")[2] == body
        assert server.value("content-length") == length
        assert sum(line.lower().startswith(b"content-length") for line in server.lines()) == (length is not None)

    asked(steady(), probe, check=check)


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (raw(b"/a b"), "request target"),
        (raw(b"/\xff"), "request target"),
        (raw(b"/a\r\nX: y"), "request target"),
        (raw(b""), "request target"),
        (GET.example().with_(method="G T"), "method"),
        (GET.example().with_(method="GÉT"), "method"),
        (GET.example().with_(headers={"X A": "1"}), "header name"),
        (GET.example().with_(headers={"X-A": "1\r\nX-B: 2"}), "x-a"),
        (GET.example().with_(headers={"X-A": b"\x00"}), "x-a"),
        (GET.example().with_(headers={"X-A": " 1"}), "x-a"),
        (POST.example().with_(headers={"Content-Length": "5"}, raw=b"abc"), "Content-Length differs"),
        (POST.example().with_(headers={"Transfer-Encoding": "chunked"}, raw=b"0\r\n\r\n"), "Transfer-Encoding"),
        (replace(GET.example(), headers=((b"Host", Template.of("a")), (b"host", Template.of("b")))), "host stands twice"),
    ],
)
def test_what_the_reference_driver_cannot_send_as_told_is_not_sent_at_all(probe: Probe, why: str) -> None:
    limits = meter()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        failure = exchanges[0].failure
        assert failure is not None
        assert failure.kind == "unbound"
        assert "not sendable by this driver" in failure.text
        assert why.lower() in failure.text.lower()
        assert (server.connections, limits.sent, exchanges[0].request) == (0, 0, None)

    asked(steady(), probe, check=check, meter=limits, driver="httpx")


@pytest.mark.parametrize("form", [Form.TEXT, Form.SEGMENT, Form.JSON])
@pytest.mark.parametrize("value", ["a\r\nX-B: 2", "a\nb", "a\rb", "a\0b"])
def test_what_a_slot_holds_never_ends_a_line_of_the_head(value: str, form: Form) -> None:
    slot = Slot(name="word", form=form)
    limits = meter()
    in_header = replace(GET.example(), headers=((b"X-A", Template.of("a ", slot)),))
    in_target = replace(GET.example(), target=Template.of("/x?q=", slot))

    async def main() -> None:
        async with serving(steady()) as server:
            driver = driver_of(server, meter=limits)
            for probe, lines in ((in_header, 8), (in_target, 7)):
                exchange = (await driver.exchange(Scenario.of(probe), {"word": value}, lane=0)).exchanges[0]
                if form is Form.TEXT:
                    assert (kind(exchange), server.connections, limits.sent) == ("unbound", 0, 0)
                else:
                    assert (kind(exchange), exchange.status, len(server.lines())) == ("", 200, lines)
            await driver.close()

    asyncio.run(main())


def test_anonymous_carries_nothing_whoever_asked_before() -> None:
    script = steady(answer(b"{}", b"Set-Cookie: sid=from-server; Path=/"))
    probes = [GET.example(role=role) for role in ("alice", "bob", "eve", "anonymous", "bob")]

    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert server.connections == 1
        assert [server.value("authorization", index) for index in range(5)] == ["Bearer a-1", None, None, None, None]
        assert [server.value("cookie", index) for index in range(5)] == [None, "sid=b-2; lang=de", None, None, "sid=b-2; lang=de"]
        assert [server.lines(index)[0] for index in range(2, 4)] == [b"GET /orders?api%20key=e%263 HTTP/1.1", b"GET /orders HTTP/1.1"]
        assert "a-1" not in repr(exchanges)

    asked(script, *probes, check=check)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("sid=forged", "sid=forged; lang=de"),
        ("a=1; lang=fr", "a=1; lang=fr; sid=b-2"),
        ("lang=fr;sid=x", "lang=fr;sid=x"),
        ("", ""),
    ],
)
def test_a_cookie_of_the_probe_stays_and_the_jar_adds_only_other_names(given: str, sent: str) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.value("cookie") == sent

    asked(steady(), GET.example(role="bob").with_(headers={"Cookie": given}), check=check)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"/x?q=1", b"/x?q=1&api%20key=e%263"),
        (b"/x?", b"/x?api%20key=e%263"),
        (b"/x?api%20key=mine", b"/x?api%20key=mine"),
    ],
)
def test_a_query_credential_is_appended_unless_the_probe_has_its_own(given: bytes, sent: bytes) -> None:
    def check(server: Server, _: list[Exchange]) -> None:
        assert server.lines()[0] == b"GET " + sent + b" HTTP/1.1"

    asked(steady(), raw(given, role="eve"), check=check)


def test_an_actor_is_played_by_the_account_of_its_role() -> None:
    async def main() -> None:
        async with serving(steady()) as server:
            driver = driver_of(server)
            probe = GET.example(role="attacker")
            trace = await driver.exchange(Scenario(steps=(Step(probe=probe),), actors={"attacker": "alice"}), {}, lane=0)
            assert trace.failure is None
            assert server.value("authorization") == "Bearer a-1"
            driver.enrol(replace(ALICE, headers=(("Authorization", Secret(name="t", value="Bearer a-2")),)))
            await ask(driver, GET.example(role="alice"))
            assert server.value("authorization") == "Bearer a-2"
            await driver.close()

    asyncio.run(main())


def test_a_role_without_an_account_is_not_played_by_anonymous() -> None:
    def check(server: Server, exchanges: list[Exchange]) -> None:
        assert kind(exchanges[0]) == "unbound"
        assert server.connections == 0

    asked(steady(), GET.example(role="mallory"), check=check)


@pytest.mark.parametrize("account", [{"headers": (("Authorization", BROKEN),)}, {"cookies": (("sid", BROKEN),)}])
def test_a_credential_never_ends_a_line_of_the_head(account: dict[str, Any]) -> None:
    limits = meter()

    def check(server: Server, exchanges: list[Exchange]) -> None:
        failure = exchanges[0].failure
        assert failure is not None
        assert (failure.kind, server.connections, limits.sent) == ("unbound", 0, 0)
        assert "the credential mallory token" in failure.text
        assert "X-B" not in failure.text

    accounts = {"mallory": Account(role="mallory", **account)}
    asked(steady(), GET.example(role="mallory"), check=check, meter=limits, accounts=accounts)


def test_a_routing_header_with_a_line_end_is_the_operators_mistake() -> None:
    with pytest.raises(ConfigError, match=r"canary\.headers: the header X-Route has a line end or NUL in its value"):
        driver_of(Target(side=Side.CANARY, url="http://127.0.0.1:1", headers={"X-Route": "a\nX-B: 2"}))
