"""The farm serves many variants in one process, and goes with the one who asked for them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

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
