"""docker-compose.yml and the gate.toml it uses: no container engine is needed to see that they agree with the demo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from zeroweight.config.load import load
from zeroweight.demo.catalogue import FLAWS
from zeroweight.demo.pair import BASELINE_BUILD, CANARY_BUILD, environment
from zeroweight.demo.serve import _options

ROOT: Final = Path(__file__).resolve().parents[1]
GATE: Final = ROOT / "deploy" / "compose.gate.toml"
SERVE: Final = ["/tmp/venv/bin/python", "-m", "zeroweight.demo.serve"]


@pytest.fixture
def services() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    found = document["services"]
    assert isinstance(found, dict)
    return found


def test_there_are_two_sides_and_a_gate(services: dict[str, Any]) -> None:
    assert set(services) == {"baseline", "canary", "gate"}
    assert services["gate"]["command"][1:] == ["run", "/src/deploy/compose.gate.toml"]
    assert services["gate"]["depends_on"] == {side: {"condition": "service_healthy"} for side in ("baseline", "canary")}


@pytest.mark.parametrize(("side", "build", "port"), [("baseline", BASELINE_BUILD, 8081), ("canary", CANARY_BUILD, 8082)])
def test_a_side_is_started_as_the_demo_wants(services: dict[str, Any], side: str, build: str, port: int) -> None:
    command = services[side]["command"]
    assert command[:3] == SERVE
    options = _options(command[3:])
    assert (options.build, options.port) == (build, port)
    assert set(options.flaw) <= set(FLAWS)
    assert bool(options.flaw) == (side == "canary")
    assert f"127.0.0.1:{port}/" in services[side]["healthcheck"]["test"][-1]


def test_the_gate_asks_the_sides_that_were_started() -> None:
    config = load(GATE, environment=environment())
    assert (config.baseline.url, config.baseline.expect) == ("http://127.0.0.1:8081", BASELINE_BUILD)
    assert (config.canary.url, config.canary.expect) == ("http://127.0.0.1:8082", CANARY_BUILD)
    assert config.level == "own-objects"


def test_every_container_shares_the_network_of_the_baseline(services: dict[str, Any]) -> None:
    assert [services[name].get("network_mode") for name in ("baseline", "canary", "gate")] == [None, "service:baseline", "service:baseline"]
    assert not any("ports" in service for service in services.values()), "a flawed demo is not published"


def test_containers_have_few_rights(services: dict[str, Any]) -> None:
    for service in services.values():
        assert re.match(r"\$\{DEMO_UID:-[1-9]", service["user"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert ".:/src:ro" in service["volumes"]


def test_the_passwords_reach_every_container(services: dict[str, Any]) -> None:
    for service in services.values():
        assert {
            name: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value) for name, value in service["environment"].items() if name.startswith("DEMO_")
        } == environment()
