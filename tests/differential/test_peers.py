"""Both kinds of line see the same of servers that others wrote, in the clear and in TLS."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from differential.behaviours import BEHAVIOURS, Behaviour
from differential.observed import Observed, dialled, observed
from differential.peer import NAME, PEERS, Missing, Peer, running
from lines import KINDS, request

from zeroweight.drivers.connection import Dial
from zeroweight.drivers.trust import trust
from zeroweight.model.target import Side, Target, Tls
from zeroweight.redact import Secret

Start = Callable[[str], Peer]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start each peer once. Where one is not installed its tests are skipped, and say what to install; under CI they fail."""
    with contextlib.ExitStack() as stack:
        started: dict[str, Peer | Missing] = {}

        def started_once(name: str) -> Peer:
            if name not in started:
                try:
                    started[name] = stack.enter_context(running(name, tmp_path_factory.mktemp(name)))
                except Missing as missing:
                    started[name] = missing
            peer = started[name]
            if isinstance(peer, Missing):
                (pytest.fail if os.environ.get("CI") else pytest.skip)(str(peer))
            return peer

        yield started_once


def seen_by_both(peer: Peer, behaviour: Behaviour, *, secure: bool) -> dict[str, tuple[Observed, ...]]:
    """Return what each kind of line saw of a behaviour."""
    dial = dialled("https", peer.secure, NAME) if secure else dialled("http", peer.plain)
    trusts = trust(Target(side=Side.CANARY, url=f"https://{NAME}", tls=Tls(ca=peer.authority.pem))) if secure else None
    asks = [behaviour.asks] * behaviour.times
    return {kind: asyncio.run(observed(kind, dial, asks, trusts=trusts, timeouts=behaviour.timeouts)) for kind in KINDS}


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("name", "behaviour"), [pytest.param(name, each, id=f"{name}-{what}") for what, each in BEHAVIOURS.items() for name in sorted(each.on)]
)
def test_a_peer_is_seen_alike_and_as_it_should_be(start: Start, name: str, behaviour: Behaviour, *, secure: bool) -> None:
    seen = seen_by_both(start(name), behaviour, secure=secure)
    assert seen["wire"] == seen["httpx"]
    for each in seen["wire"]:
        assert (each.kind, each.phase, each.status, each.version) == (behaviour.kind, behaviour.phase, behaviour.status, behaviour.version)
        assert (each.truncated, each.stale, each.resent) == (behaviour.truncated, False, False)
        assert behaviour.body is None or each.body == behaviour.body
        wanted = {field for field, _ in behaviour.fields}
        fields = tuple((field.lower(), value) for field, value in each.headers if field.lower() in wanted)
        assert fields == behaviour.fields
    assert [each.fresh for each in seen["wire"]] == [True] + [not behaviour.kept] * (behaviour.times - 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["nginx", "go", "node"])
def test_a_pinned_address_is_asked_under_its_name_and_shown_a_certificate(start: Start, kind: str, name: str) -> None:
    peer = start(name)
    certificate, key = peer.authority.issue("zeroweight", client=True)
    tls = Tls(ca=peer.authority.pem, cert=certificate, key=Secret(name="key", value=key))
    target = Target(side=Side.CANARY, url="https://elsewhere.example", address=f"127.0.0.1:{peer.mutual}", server_name=NAME, tls=tls)
    asks = [request("GET", b"/who")] * 2
    seen = asyncio.run(observed(kind, Dial.to(target), asks, trusts=trust(target)))
    assert [(each.status, each.body, each.fresh) for each in seen] == [
        (200, f"{NAME} CN=zeroweight".encode(), fresh) for fresh in (True, False)
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(PEERS))
def test_a_peer_that_demands_a_certificate_answers_nothing_without(start: Start, kind: str, name: str) -> None:
    """What becomes of the connection is each server's choice: an alert, or a page that says so (nginx)."""
    peer = start(name)
    target = Target(side=Side.CANARY, url=f"https://{NAME}", address=f"127.0.0.1:{peer.mutual}", tls=Tls(ca=peer.authority.pem))
    seen = asyncio.run(observed(kind, Dial.to(target), [request("GET", b"/plain")], trusts=trust(target)))
    assert seen[0].kind in {"tls", "closed", "reset"} or (name, seen[0].status) == ("nginx", 400)
    assert seen[0].status != 200


@pytest.mark.parametrize(("name", "tool"), [("nginx", "nginx"), ("go", "Go"), ("node", "Node.js")])
def test_a_peer_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, tool: str) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(Missing, match=f"{tool} is not there; install it"), running(name, tmp_path):
        pass
