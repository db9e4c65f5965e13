"""Whatever goes wrong in TLS ends as a Failure of its kind, the same for both kinds of line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from differential.observed import Observed, dialled, observed, words
from differential.secure import NAME, SECURE, Secure
from lines import KINDS, request
from servers import Authority, serving

from zeroweight.drivers.trust import trust
from zeroweight.model.target import Side, Target, Tls


async def seen(kind: str, case: Secure, folder: Path) -> tuple[Observed, ...]:
    authority = Authority()
    context = case.server(authority, folder) if case.server else None
    trusts = trust(Target(side=Side.CANARY, url=f"{case.scheme}://{NAME}", tls=Tls(ca=authority.pem)))
    async with serving(case.script, tls=context) as server:
        times = 1 if case.sees.startswith("timeout") else 2
        dial = dialled(case.scheme, server.port, NAME)
        return await observed(kind, dial, [request()] * times, trusts=trusts, timeouts=case.timeouts)


@pytest.mark.parametrize("name", SECURE)
def test_what_goes_wrong_in_tls_is_seen_alike(name: str, tmp_path: Path) -> None:
    case = SECURE[name]
    by = {kind: asyncio.run(seen(kind, case, tmp_path)) for kind in KINDS}
    if case.races:
        assert {words(one) for one in by.values()} <= {case.sees, *case.races}
    else:
        assert {kind: words(one) for kind, one in by.items()} == {"wire": case.sees, "httpx": case.httpx or case.sees}
        assert (by["wire"] == by["httpx"]) == (case.httpx == "")


def test_where_the_two_differ_it_is_written_down_why() -> None:
    assert [name for name, case in SECURE.items() if bool(case.httpx) != case.why.endswith(".") or case.httpx == case.sees] == []
