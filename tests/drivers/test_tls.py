"""Whom TLS trusts, and as whom it is spoken with: the same for lanes of both drivers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from driving import GET, ask, asked, driver_of, kind
from servers import Authority, Server, Wire, answer, free_port, hang_up, serving, steady

from zeroweight.drivers.http import LINES
from zeroweight.model.http import Exchange
from zeroweight.model.target import Side, Target, Tls
from zeroweight.redact import Secret

each_driver = pytest.mark.parametrize("by", LINES)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@each_driver
def test_a_pinned_address_is_dialled_under_the_targets_name(authority: Authority, tmp_path: Path, by: str) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "shop.example")) as server:
            address = f"127.0.0.1:{server.port}"
            tls = Tls(ca=authority.pem)
            named = Target(side=Side.CANARY, url="https://shop.example", address=address, tls=tls)
            routed = Target(side=Side.CANARY, url="https://other.example:444", address=address, server_name="shop.example", tls=tls)
            wrong = replace(routed, server_name="")
            hosts = []
            for target in (named, routed, wrong):
                driver = driver_of(target, driver=by)
                exchanges = await ask(driver, GET.example(), GET.example())
                hosts.append((kind(exchanges[0]), server.value("host")))
                await driver.close()
            assert hosts == [("", "shop.example"), ("", "shop.example"), ("tls", "shop.example")]
            assert len(server.requests) == 4

    asyncio.run(main())


@each_driver
def test_an_address_with_a_name_of_its_own_is_trusted_by_its_certificate(authority: Authority, tmp_path: Path, by: str) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1")) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=Tls(ca=authority.pem)), driver=by)
            assert (await ask(driver, GET.example()))[0].status == 200
            await driver.close()

    asyncio.run(main())


@each_driver
@pytest.mark.parametrize("ca", ["system", "other"])
def test_an_unknown_authority_is_a_tls_failure(authority: Authority, tmp_path: Path, ca: str, by: str) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1")) as server:
            tls = Tls(ca=Authority().pem) if ca == "other" else Tls()
            driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=tls), driver=by)
            exchange = (await ask(driver, GET.example()))[0]
            assert exchange.failure is not None
            assert (exchange.failure.kind, exchange.request) == ("tls", None)
            assert "certificate" in exchange.failure.text
            await driver.close()

    asyncio.run(main())


@each_driver
def test_plain_http_on_a_tls_port_and_the_reverse_are_told(authority: Authority, tmp_path: Path, by: str) -> None:
    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1")) as secure, serving(hang_up) as plain:
            for url, kinds in (
                (f"http://127.0.0.1:{secure.port}", {"closed", "reset", "protocol"}),
                (f"https://127.0.0.1:{plain.port}", {"tls"}),
            ):
                driver = driver_of(Target(side=Side.CANARY, url=url), driver=by)
                assert kind((await ask(driver, GET.example()))[0]) in kinds
                await driver.close()

    asyncio.run(main())


@each_driver
def test_a_client_certificate_is_shown_and_its_absence_is_a_tls_failure(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    certificate, key = authority.issue("zeroweight", client=True)

    async def main() -> None:
        async with serving(steady(), tls=authority.context(tmp_path, "127.0.0.1", demand=True)) as server:
            for tls, expected in (
                (Tls(ca=authority.pem, cert=certificate, key=Secret(name="key", value=key)), {""}),
                (Tls(ca=authority.pem), {"tls", "closed", "reset"}),
            ):
                driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=tls), driver=by)
                assert kind((await ask(driver, GET.example()))[0]) in expected
                await driver.close()

    asyncio.run(main())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("by", "offered", "agreed"),
    [
        ("wire", ["h2", "http/1.1"], "http/1.1"),
        ("wire", ["http/1.1"], "http/1.1"),
        ("wire", ["h2"], None),
        ("wire", [], None),
        ("httpx", ["h2", "http/1.1"], "h2"),
        ("httpx", ["http/1.1"], "http/1.1"),
        ("httpx", ["h2"], "h2"),
        ("httpx", [], None),
    ],
)
def test_lanes_offer_what_they_speak_and_errands_http_1_1(
    authority: Authority, tmp_path: Path, by: str, offered: Sequence[str], agreed: str | None
) -> None:
    """ALPN (RFC 7301); the errands of before and after show that one's offer is not the other's."""
    context = authority.context(tmp_path, "127.0.0.1")
    if offered:
        context.set_alpn_protocols(list(offered))
    heard: list[str | None] = []

    async def script(wire: Wire) -> None:
        heard.append(wire.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        if heard[-1] != "h2":
            await wire.request()
            await wire.write(answer(b"{}", b"Connection: close"))

    async def main() -> None:
        async with serving(script, tls=context) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=Tls(ca=authority.pem)), driver=by)
            await driver.plain("GET", "/")
            await ask(driver, GET.example())
            await driver.plain("GET", "/")
            await driver.close()

    asyncio.run(main())
    by_errands = "http/1.1" if "http/1.1" in offered else None
    assert heard == [by_errands, agreed, by_errands]


@each_driver
def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    def check(_: Server, exchanges: list[Exchange]) -> None:
        assert exchanges[0].status == 200

    asked(steady(), GET.example(), check=check, driver=by)
