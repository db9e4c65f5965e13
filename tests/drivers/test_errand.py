"""Requests of the run's own, and where they may lead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from driving import ALICE, PATIENT, driver_of
from servers import Script, Server, Wire, answer, end_quietly, serving, steady

from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.limits import Lock
from zeroweight.errors import Unreachable
from zeroweight.model.outcome import Level
from zeroweight.model.target import Side, Target
from zeroweight.redact import Secret


def errand(script: Script, check: Callable[[Server, HttpDriver], Any], *, url: str = "", **more: Any) -> None:
    """Run a check that sends plain requests."""

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url + url, headers={"X-Route": "canary"}), **more)
            try:
                await check(server, driver)
            finally:
                await driver.close()

    asyncio.run(main())


def test_a_plain_request_is_answered_below_the_targets_url() -> None:
    async def check(server: Server, driver: HttpDriver) -> None:
        headers: Mapping[str, str | Secret] = {"Accept": "application/json", "X-Key": Secret(name="k", value="k-1")}
        response = await driver.plain("POST", "/login?next=/a/../b", headers=headers, body=b"{}", account=ALICE)
        assert response.json == {"ok": True}
        assert server.lines()[0] == b"POST /shop/login?next=/a/../b HTTP/1.1"
        assert [server.value(name) for name in ("x-key", "accept", "authorization", "x-route", "x-zeroweight-run")] == [
            "k-1",
            "application/json",
            "Bearer a-1",
            "canary",
            "r-7",
        ]
        await driver.plain("GET", f"{server.url}/health")
        assert server.lines()[0] == b"GET /health HTTP/1.1"
        assert server.value("authorization") is None
        assert driver.meter.sent == 2

    # Read-only binds what suites send; a login is the operator's own wish.
    errand(steady(answer(b'{"ok": true}')), check, url="/shop", level=Level.READ_ONLY)


def test_a_redirect_is_followed_only_when_wanted_and_within_the_target() -> None:
    async def script(wire: Wire) -> None:
        while True:
            line = (await wire.request()).split()[1]
            await wire.write(
                answer(b"{}", b"Location: ../new?x=1", status=b"301 Moved") if line == b"/shop/v1/old" else answer(b'{"new": 1}')
            )

    async def check(server: Server, driver: HttpDriver) -> None:
        assert (await driver.plain("GET", "/v1/old")).status == 301
        assert (await driver.plain("GET", "/v1/old", account=ALICE, follow=True)).json == {"new": 1}
        assert server.lines()[0] == b"GET /shop/new?x=1 HTTP/1.1"
        assert server.value("authorization") == "Bearer a-1"

    errand(script, check, url="/shop")


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(b"302 Found", b"GET", b""), (b"303 See", b"GET", b""), (b"307 Again", b"POST", b"abc"), (b"308 Always", b"POST", b"abc")],
)
def test_a_redirect_keeps_or_drops_the_body_as_the_rfc_says(status: bytes, method: bytes, body: bytes) -> None:
    async def check(server: Server, driver: HttpDriver) -> None:
        await driver.plain("POST", "/a", body=b"abc", follow=True)
        assert server.requests[1].startswith(method + b" /b ")
        assert server.requests[1].endswith(b"\r\n\r\n" + body)

    errand(steady(answer(b"", b"Location: /b", status=status), answer()), check)


def test_a_redirect_that_never_ends_is_given_up() -> None:
    async def check(server: Server, driver: HttpDriver) -> None:
        with pytest.raises(Unreachable, match="redirects more than 5 times"):
            await driver.plain("GET", "/a", follow=True)
        assert len(server.requests) == 6

    errand(steady(answer(b"", b"Location: /a", status=b"302 Found")), check)


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{other}/x", "//127.0.0.1:{other}/x", "file:///etc/passwd", "http://[x", "http://a@127.0.0.1:{port}/"]
)
def test_a_redirect_never_leads_out(place: str) -> None:
    async def main() -> None:
        async with serving(steady()) as other:

            async def script(wire: Wire) -> None:
                where = place.format(other=other.port, port=wire.server.port).encode()
                await steady(answer(b"", b"Location: " + where, status=b"302 Found"))(wire)

            async with serving(script) as server:
                driver = driver_of(server, timeouts=PATIENT)
                with pytest.raises(Unreachable):
                    await driver.plain("GET", "/a", follow=True)
                with pytest.raises(Unreachable, match=r"safety\.hosts"):
                    await driver.plain("GET", f"{other.url}/direct")
                await driver.close()
                assert (len(server.requests), other.connections) == (1, 0)

    asyncio.run(main())


def test_a_named_host_may_be_asked_but_gets_no_credentials_by_a_redirect() -> None:
    async def main() -> None:
        async with serving(steady(answer(b'{"idp": 1}'))) as other:
            moved = steady(
                answer(b"", b"Location: " + other.url.encode() + b"/token?x=1", status=b"302 Found"),
                answer(b"", b"Location: " + other.url.encode() + b"/token", status=b"307 Again"),
            )
            async with serving(moved) as server:
                target = Target(side=Side.CANARY, url=server.url, headers={"X-Route": "canary"})
                driver = driver_of(target, lock=Lock(target, (f"127.0.0.1:{other.port}",)))
                response = await driver.plain("GET", "/a", headers={"X-Key": "k"}, account=ALICE, follow=True)
                assert response.json == {"idp": 1}
                assert other.lines()[0] == b"GET /token?x=1 HTTP/1.1"
                assert other.value("host") == f"127.0.0.1:{other.port}"
                assert [other.value(name) for name in ("authorization", "x-key", "x-route")] == [None, None, None]
                with pytest.raises(Unreachable, match="body"):
                    await driver.plain("POST", "/a", body=b"password", follow=True)
                await driver.plain("POST", f"{other.url}/token", headers={"X-Key": "k"}, body=b"password")
                assert (len(other.requests), other.connections) == (2, 1)
                assert other.value("x-key") == "k"
                await driver.close()

    asyncio.run(main())


def test_a_plain_request_without_an_answer_says_how() -> None:
    async def check(_: Server, driver: HttpDriver) -> None:
        with pytest.raises(Unreachable, match="GET /a on the canary: ") as raised:
            await driver.plain("GET", "/a")
        assert raised.value.kind == "closed"
        driver.meter.stop("SIGTERM")
        with pytest.raises(Unreachable, match="SIGTERM") as raised:
            await driver.plain("GET", "/a")
        assert raised.value.kind == "stopped"

    errand(end_quietly, check)


def test_a_long_document_is_read_beyond_the_cap_of_exchanges() -> None:
    async def check(_: Server, driver: HttpDriver) -> None:
        response = await driver.plain("GET", "/openapi.json")
        assert (len(response.body), response.truncated) == (3_000_000, False)
        short = await driver.plain("GET", "/openapi.json", cap=1000)
        assert (len(short.body), short.truncated) == (1000, True)

    errand(steady(answer(b"x" * 3_000_000)), check)
