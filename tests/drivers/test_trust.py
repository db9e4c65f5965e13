"""Which certificates are taken as they are given, and which are the operator's mistake."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from driving import driver_of
from servers import Authority, Wire, answer, serving

from zeroweight.drivers.trust import trust, trust_others
from zeroweight.errors import ConfigError
from zeroweight.model.target import Side, Target, Tls
from zeroweight.redact import Secret


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_plain_http_trusts_nobody() -> None:
    assert trust(Target(side=Side.CANARY, url="http://shop.example")) is None


def test_the_targets_authority_alone_is_trusted_there_and_beside_the_systems_elsewhere(authority: Authority) -> None:
    target = Target(side=Side.CANARY, url="https://shop.example", tls=Tls(ca=authority.pem))
    own, others = trust(target), trust_others(target)
    assert own is not None
    for context in (own, others):
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert own.cert_store_stats()["x509_ca"] == 1
    assert others.cert_store_stats()["x509_ca"] > 1


def test_http_1_1_is_asked_for_and_got(authority: Authority, tmp_path: Path) -> None:
    context = authority.context(tmp_path, "127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    agreed: list[str | None] = []

    async def script(wire: Wire) -> None:
        agreed.append(wire.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await wire.request()
        await wire.write(answer())

    async def main() -> None:
        async with serving(script, tls=context) as server:
            driver = driver_of(Target(side=Side.CANARY, url=server.url, tls=Tls(ca=authority.pem)))
            assert (await driver.plain("GET", "/")).status == 200
            await driver.close()

    asyncio.run(main())
    assert agreed == ["http/1.1"]


def test_certificates_that_cannot_be_used_are_the_operators_mistake(authority: Authority) -> None:
    certificate, key = authority.issue("zeroweight", client=True)
    _, other = authority.issue("zeroweight", client=True)
    _, locked = authority.issue("zeroweight", client=True, password=b"secret")
    for tls, where in (
        (Tls(ca="nonsense"), "canary.tls.ca"),
        (Tls(cert=certificate), "canary.tls.cert"),
        (Tls(cert="nonsense", key=Secret(name="k", value=key)), "canary.tls.cert"),
        (Tls(cert=certificate, key=Secret(name="k", value=other)), "canary.tls.cert"),
        (Tls(cert=certificate, key=Secret(name="k", value=locked)), "canary.tls.cert"),
    ):
        with pytest.raises(ConfigError) as raised:
            driver_of(Target(side=Side.CANARY, url="https://shop.example", tls=tls))
        assert raised.value.where == where
