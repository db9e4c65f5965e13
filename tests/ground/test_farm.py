"""The farm serves many variants in one process, and goes with the one who asked for them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from services import DEMO, services
from talk import HERE, GoneError, ProvingError, Talker

PATIENCE: Final = 60.0
ORDER: Final = {"sku": "A1", "quantity": 1}


@pytest.fixture(scope="module")
def farm() -> Iterator[Talker]:
    with Talker("farm.py") as talker:
        yield talker


def opened(farm: Talker, *, service: str = DEMO, flaws: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return farm.ask(do="open", service=service, build="1.41.3", flaws=list(flaws), benign=[], timeout=PATIENCE, **more)


def token(url: str, user: str) -> dict[str, str]:
    told = httpx.post(f"{url}/login", json={"user": user, "password": f"{user}-demo-password"}).json()
    return {"authorization": f"Bearer {told['token']}"}


def test_each_variant_has_a_port_and_its_own_flaws(farm: Talker) -> None:
    whole, flawed = opened(farm), opened(farm, flaws=("csp-gone",))
    assert whole["port"] != flawed["port"]
    assert "content-security-policy" in httpx.get(f"{whole['url']}/version").headers
    assert "content-security-policy" not in httpx.get(f"{flawed['url']}/version").headers


def test_variants_share_no_data(farm: Talker) -> None:
    one, other = (opened(farm)["url"] for _ in range(2))
    before = httpx.get(f"{other}/orders", headers=token(other, "alice")).json()
    assert httpx.post(f"{one}/orders", json=ORDER, headers=token(one, "alice")).status_code == 201
    assert httpx.get(f"{other}/orders", headers=token(other, "alice")).json() == before
    assert httpx.get(f"{other}/me", headers=token(one, "alice")).status_code == 401


@pytest.mark.parametrize("name", [each.name for each in services()])
def test_every_service_is_served_with_noise_and_without(farm: Talker, name: str) -> None:
    calm = opened(farm, service=name)["url"]
    broken = opened(farm, service=name, noise={"seed": 1, "unavailable": 1.0, "latency": 0.0})["url"]
    assert httpx.get(calm).status_code != 503
    assert httpx.get(broken).status_code == 503


def heard(url: str, request: bytes) -> bytes:
    """Send bytes and read until the other side closes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("flaws", "request_", "told"),
    [
        ((), b"GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", [b"HTTP/1.1 200", b'"build":"1.41.3"']),
        ((), b"HEAD /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", [b"HTTP/1.1 200", b"content-length: 18"]),
        ((), b"no request\r\n\r\n", [b"HTTP/1.1 400", b"Invalid HTTP request"]),
        (
            (),
            b"GET /health HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\n\r\nGET /version HTTP/1.1\r\nconnection: close\r\n\r\n",
            [b"HTTP/1.1 200", b"HTTP/1.1 404", b'"build":"1.41.3"'],
        ),
        (
            (),
            b"POST /login HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
            [b"HTTP/1.1 422", b"user is required"],
        ),
        # An answer that ends before its end: what there is of it comes, and then nothing.
        (("report-cut-short",), b"", [b"HTTP/1.1 200", b"content-length"]),
    ],
    ids=["whole", "head", "no request", "pipelined", "with a body", "cut short"],
)
def test_answers_come_whole_however_they_are_written(farm: Talker, flaws: tuple[str, ...], request_: bytes, told: list[bytes]) -> None:
    url = opened(farm, flaws=flaws)["url"]
    if not request_:
        line = f"GET /tenants/acme/report HTTP/1.1\r\nauthorization: {token(url, 'alice')['authorization']}\r\n\r\n"
        request_ = line.encode()
    answer = heard(url, request_)
    places = [answer.find(each) for each in told]
    assert -1 not in places, answer
    assert places == sorted(places)


def test_a_caller_who_waits_to_be_asked_for_his_body_is_asked(farm: Talker) -> None:
    parts = urlsplit(opened(farm)["url"])
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
        connection.sendall(b"POST /login HTTP/1.1\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize("service", [each.name for each in services()])
def test_a_body_in_parts_and_an_answer_that_waits_come_to_the_same_end(farm: Talker, service: str) -> None:
    noise = {"seed": 1, "latency": 0.001, "unavailable": 0.0, "broken": 0.0}
    place = {DEMO: "/login", "clinic": "/v1/auth/token", "library": "/api/session"}[service]
    head = f"POST {place} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4\r\nconnection: close\r\n\r\n"
    statuses = set()
    for how in (None, noise):
        parts = urlsplit(opened(farm, service=service, noise=how)["url"])
        for pieces in ((f"{head}nope",), (head, "nope"), (head, "no", "pe")):
            with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for piece in pieces:
                    connection.sendall(piece.encode())
                    farm.ask(do="cpu", timeout=PATIENCE)  # it has read the piece by then, or will with the next one
                statuses.add(b"".join(iter(lambda: connection.recv(65536), b""))[:12])
    assert statuses == {b"HTTP/1.1 400"}


def asked_until_it_is_gone(url: str) -> None:
    """Ask again and again: what is accepted while a variant closes down may still be answered."""
    for _ in range(10_000):
        httpx.get(url)


def test_a_closed_variant_takes_no_more_connections(farm: Talker) -> None:
    plot = opened(farm)
    count = farm.ask(do="cpu", timeout=PATIENCE)["open"]
    farm.ask(do="close", port=plot["port"], timeout=PATIENCE)
    assert farm.ask(do="cpu", timeout=PATIENCE)["open"] == count - 1
    with pytest.raises(httpx.TransportError):
        asked_until_it_is_gone(plot["url"])


def test_a_flaw_that_is_none_is_an_error_and_the_farm_goes_on(farm: Talker) -> None:
    with pytest.raises(ProvingError, match="no-such-flaw"):
        opened(farm, flaws=("no-such-flaw",))
    assert httpx.get(f"{opened(farm)['url']}/version").status_code == 200


def test_a_farm_ends_when_nobody_asks_any_more() -> None:
    farm = Talker("farm.py")
    url = opened(farm)["url"]
    farm.close()
    assert not farm.alive
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with pytest.raises(GoneError, match="farm"):
        opened(farm)


@pytest.mark.parametrize("script", ["farm.py", "zygote.py"])
def test_what_answers_goes_with_a_parent_that_is_killed(script: str) -> None:
    line = (
        f"import os, sys; sys.path.insert(0, {str(HERE)!r}); from talk import Talker; "
        f"print(Talker({script!r}).pid, flush=True); os.kill(os.getpid(), 9)"
    )
    told = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert told.returncode == -9
    with contextlib.suppress(psutil.NoSuchProcess):  # it was quick
        psutil.Process(int(told.stdout)).wait(PATIENCE)
    assert not psutil.pid_exists(int(told.stdout))


def test_an_answerer_that_dies_tells_its_last_words() -> None:
    with Talker("farm.py") as farm:
        psutil.Process(farm.pid).kill()
        with pytest.raises(GoneError, match="the farm is gone"):
            farm.ask(do="cpu", timeout=PATIENCE)
