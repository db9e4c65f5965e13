"""Whole gates by each driver and on each loop: who sends, and on what, changes nothing of what is found."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from gating import LIMIT, PLAIN, Case, Pairs, Ran, Runs, run, write
from loops import installed
from servers import Authority
from small_service import BASELINE_BUILD, CANARY_BUILD, Small, gate_file

FLAWS: Final = ("open-admin", "trace", "no-nosniff")
SERVICE: Final = "service "


def said(line: str) -> tuple[str, str]:
    """Return what puts lines in front of a gate.toml."""
    return SERVICE, f"{line}\n{SERVICE}"


WAYS: Final = {
    "wire": Case(flaws=FLAWS, more=""),
    "httpx": Case(flaws=FLAWS, more="", replaced=said('driver = "httpx"')),
    "httpx, by an option": Case(flaws=FLAWS, more="", args=("--zeroweight-set", "driver=httpx", "-n", "2")),
    "httpx, of one build": Case(more="", env={"ZEROWEIGHT_DRIVER": "httpx"}),
    "wire on uvloop": Case(flaws=FLAWS, more="", replaced=said('loop = "uvloop"')),
    "httpx on uvloop": Case(flaws=FLAWS, more="", replaced=said('driver = "httpx"\nloop = "uvloop"')),
}
OTHERS: Final = {
    "httpx": ("httpx", "asyncio"),
    "httpx, by an option": ("httpx", "asyncio"),
    "wire on uvloop": ("wire", "uvloop"),
    "httpx on uvloop": ("httpx", "uvloop"),
}


@pytest.fixture(scope="module")
def ways(pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    made = Runs(WAYS, lambda name, case: pairs.run(tmp_path_factory.mktemp(name.replace(" ", "-").replace(",", "")), case))
    yield made
    made.close()


def sent_by(ran: Ran) -> tuple[str, str]:
    """Return driver and loop, as the verdict's file names them."""
    return ran.verdict["run"]["driver"], ran.verdict["run"]["loop"]


def test_a_gate_goes_by_wire_on_asyncios_loop_unless_its_file_says_otherwise(ways: Runs) -> None:
    ways["wire"].said("FAIL", 1)
    assert sent_by(ways["wire"]) == ("wire", "asyncio")
    assert {"authorization", "disclosure", "headers"} <= {finding["rule"].partition(".")[0] for finding in ways["wire"].verdict["findings"]}


@pytest.mark.parametrize("way", OTHERS)
def test_every_driver_finds_the_same_on_every_loop(ways: Runs, way: str) -> None:
    installed(OTHERS[way][1])
    ran = ways[way]
    ran.said("FAIL", 1)
    assert sent_by(ran) == OTHERS[way]
    assert ran.findings == ways["wire"].findings
    assert ran.verdict["not_tested"] == ways["wire"].verdict["not_tested"]
    assert ran.codes == ways["wire"].codes


def test_one_build_against_itself_passes_by_the_reference_driver_too(ways: Runs) -> None:
    ways["httpx, of one build"].said("PASS", 0)
    assert sent_by(ways["httpx, of one build"]) == ("httpx", "asyncio")


# Over HTTP/2.


@dataclass(kw_only=True)
class Front:
    """A service behind a front that speaks HTTP/2."""

    url: str
    versions: dict[str, int] = field(default_factory=dict)
    """Version → requests that came by it; known when the front has gone."""


@contextlib.contextmanager
def front(service: Small, folder: Path) -> Iterator[Front]:
    """Run the front until the block ends. Without Node the test is skipped, and says what to install; under CI it fails."""
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("HTTP/2 needs a front: install Node.js 20 or later")
    line = [node, str(Path(__file__).with_name("http2_front.mjs")), str(folder), str(service.port)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        made = Front(url=f"https://127.0.0.1:{int(process.stdout.readline())}")
        yield made
        made.versions = json.loads(process.communicate(timeout=LIMIT)[0])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(("driver", "lanes_speak"), [("httpx", "2.0"), ("wire", "1.1")])
def test_a_gate_over_http_2_finds_what_a_gate_over_http_1_1_does(
    ways: Runs, pairs: Pairs, tmp_path: Path, driver: str, lanes_speak: str
) -> None:
    authority = Authority()
    authority.context(tmp_path, "127.0.0.1")
    baseline, canary = pairs.get(BASELINE_BUILD), pairs.get(CANARY_BUILD, FLAWS)
    with front(baseline, tmp_path) as old, front(canary, tmp_path) as new:
        file = f'driver = "{driver}"\n{gate_file(old, new)}'
        for side in (old, new):
            file = file.replace(f'url = "{side.url}"', f'url = "{side.url}", tls = {{ ca = "file:ca.pem" }}')
        write(tmp_path, {"gate.toml": file, "ca.pem": authority.pem})
        ran = run(tmp_path, PLAIN)
    ran.said("FAIL", 1)
    assert ran.findings == ways["wire"].findings
    for side in (old, new):
        most = max(side.versions, key=lambda version: side.versions[version])
        assert (most, "1.1" in side.versions) == (lanes_speak, True)
        assert set(side.versions) == {lanes_speak, "1.1"}
