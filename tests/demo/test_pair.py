"""The pair: starts, says who it is, and leaves nothing behind."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import psutil
import pytest

from zeroweight.demo.noise import Noise
from zeroweight.demo.pair import DemoError, Pair, config, environment


def _gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def test_both_sides_answer_with_their_builds_and_are_gone_afterwards() -> None:
    with Pair(flaws=["csp-gone"]) as pair:
        pids = (pair.baseline.pid, pair.canary.pid)
        baseline, canary = (httpx.get(f"{side.url}/version", trust_env=False) for side in (pair.baseline, pair.canary))
    assert baseline.headers["x-build"] == baseline.json()["build"] == "1.41.3"
    assert canary.headers["x-build"] == canary.json()["build"] == "1.42.0"
    assert "content-security-policy" in baseline.headers
    assert "content-security-policy" not in canary.headers
    assert all(_gone(pid) for pid in pids)


def test_the_pair_serves_https_that_its_own_authority_vouches_for() -> None:
    with Pair(tls=True) as pair:
        assert pair.authority is not None
        context = ssl.create_default_context(cafile=pair.authority)
        assert pair.canary.https_url is not None
        assert httpx.get(f"{pair.canary.https_url}/health", verify=context, trust_env=False).status_code == 200
        told = tomllib.loads(config(pair))
        assert told["canary"]["url"] == pair.canary.https_url
        assert told["canary"]["tls"] == {"ca": f"file:{pair.authority}"}


def test_a_failing_start_is_told_in_the_child_s_own_words_and_leaves_nothing() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(DemoError, match="the catalogue has no no-such-flaw"), Pair(flaws=["no-such-flaw"]):
        pass
    assert {child.pid for child in psutil.Process().children()} == before


def test_an_error_inside_the_context_still_stops_both_sides() -> None:
    pair, pids = Pair(), []

    def fail() -> None:
        with pair:
            pids.extend([pair.baseline.pid, pair.canary.pid])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(pids) == 2
    assert all(_gone(pid) for pid in pids)


def test_a_pair_that_is_not_running_says_so() -> None:
    with pytest.raises(DemoError, match="not running"):
        _ = Pair().baseline


def test_a_killed_parent_leaves_no_orphan() -> None:
    script = """
import time
from zeroweight.demo.pair import Pair
with Pair() as pair:
    print(pair.baseline.pid, pair.canary.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while not all(_gone(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(_gone(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE for pid in pids)


def test_both_sides_are_noisy_each_in_its_own_way() -> None:
    with Pair(noise=Noise(seed=3, unavailable=0, broken=0, latency=0.0005)) as pair:
        ids = []
        for side in (pair.baseline, pair.canary):
            with httpx.Client(base_url=side.url, trust_env=False) as client:
                login = {"user": "alice", "password": environment()["DEMO_ALICE_PASSWORD"]}
                token = client.post("/login", json=login).json()["token"]
                made = client.post("/orders", json={"sku": "A1", "quantity": 1}, headers={"authorization": f"Bearer {token}"})
                ids.append(made.json()["id"])
    assert ids[0] != ids[1]
    assert all(len(each) == 36 for each in ids)


def test_the_gate_file_is_toml_and_names_every_password() -> None:
    with Pair() as pair:
        text = config(pair)
    told = tomllib.loads(text)
    assert told["baseline"]["serves_users"] is False
    assert told["identity"] == {"header": "x-build"}
    assert {role["password"].removeprefix("env:") for role in told["roles"].values()} == set(environment())
    assert set(told["resources"]) == {"order", "file"}
    assert told["safety"]["shared_store"] is False


def test_a_database_file_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "shop.sqlite"
    command = [sys.executable, "-m", "zeroweight.demo.serve", "--parent-pipe", "--database", str(file)]
    for expected in (1, 2):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split('"')[3]
            with httpx.Client(base_url=url, trust_env=False) as client:
                login = {"user": "alice", "password": environment()["DEMO_ALICE_PASSWORD"]}
                client.headers["authorization"] = f"Bearer {client.post('/login', json=login).json()['token']}"
                assert len(client.get("/orders").json()["items"]) == expected
                assert client.post("/orders", json={"sku": "A1", "quantity": 1}).status_code == 201
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(10) == 0
