"""The benchmarks run and write what they promise; how large a figure is, no test says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "benchmarks"
LIMIT: Final = 240.0
TINY: Final = ("--rounds", "1", "--share", "0.004")
"""A few requests of each kind; a measuring that sends hardly anything goes the same way as one that sends thousands."""
CLIENTS: Final = {
    "wire",
    "wire-lanes",
    "wire-uvloop",
    "httpx-driver",
    "httpx-lanes",
    "httpx-lanes-plain",
    "httpx-shared",
    "httpx-shared-pairs",
    "httpx-shared-plain",
    "httpx-shared-pairs-plain",
    "requests",
    "aiohttp",
    "wrk",
    "wire-tls",
    "httpx-lanes-tls",
}


def bench(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    line = [sys.executable, str(FOLDER / "bench.py"), "--out", str(folder / "out" / "bench.json"), *arguments]
    return subprocess.run(line, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, timeout=LIMIT, check=False)


def written(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "out" / "bench.json").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    """Everything that one request costs, measured with tiny numbers."""
    folder = tmp_path_factory.mktemp("bench")
    ran = bench(folder, *TINY, "--only", "clients", "--only", "memory", "--only", "latency")
    assert ran.returncode == 0, ran.stderr
    return written(folder), ran


Small = tuple[dict[str, Any], subprocess.CompletedProcess[str]]


def test_the_document_says_its_version_the_machine_and_the_effort(small: Small) -> None:
    told, _ = small
    assert told["version"] == 1
    assert told["machine"]["cores"] >= 1
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", told["machine"]["python"])
    assert told["machine"]["libraries"]["httpx"][0].isdigit()
    assert told["effort"]["rounds"] == 1
    assert {"clients", "memory", "latency"} <= set(told)


def test_the_document_names_no_path_and_no_machine(small: Small) -> None:
    text = json.dumps(small[0])
    assert str(ROOT) not in text
    assert sys.prefix not in text
    assert os.uname().nodename not in text


def test_every_client_is_measured_or_says_what_it_lacks(small: Small) -> None:
    rows = {row["name"]: row for row in small[0]["clients"]["rows"]}
    assert set(rows) == CLIENTS
    for row in rows.values():
        assert not row.get("failed")
        if "cpu_us" in row:
            assert row["requests"] > 0
            assert 0 < row["cpu_us"]["least"] <= row["cpu_us"]["median"] <= row["cpu_us"]["most"]
            assert row["per_second"]["median"] > 0
        else:
            assert row["missing"].startswith("not installed: ")
    assert rows["wire"]["times_wire"] == {"least": 1.0, "median": 1.0}
    assert rows["httpx-lanes"]["times_wire"]["least"] > 0


def test_memory_and_latency_have_their_rows(small: Small) -> None:
    told, ran = small
    assert [row["before_kib"] > 0 for row in told["memory"]["rows"]] == [True] * 3
    assert [row["title"] for row in told["latency"]["rows"]] == [
        "a bare blocking socket",
        "wire, the line alone",
        "wire, the whole driver",
        "httpx line",
    ]
    assert all(row["seen"]["median"] > 0 for row in told["latency"]["rows"])
    assert [row["title"] for row in told["latency"]["order"]] == ["1 lane", "8 lanes"]
    for title in ("one request:", "memory of the wire", "one connection,", "both sides at once"):
        assert title in ran.stdout


@pytest.mark.parametrize(("ci", "status"), [pytest.param("", 0, id="by a person"), pytest.param("true", 1, id="by CI")])
def test_a_tool_that_is_missing_is_told_and_fails_only_ci(tmp_path: Path, ci: str, status: int) -> None:
    ran = bench(tmp_path, *TINY, "--only", "clients", "--client", "wrk", PATH=str(tmp_path), CI=ci)
    assert ran.returncode == status, ran.stderr
    assert "not installed: apt install wrk" in ran.stdout
    assert "wrk: the limit: missing: not installed: apt install wrk" in ran.stderr
    assert written(tmp_path)["clients"]["rows"][0]["missing"] == "not installed: apt install wrk"


def test_a_measuring_that_fails_is_told_and_fails_the_whole(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("raise ImportError('broken on purpose')\n", encoding="utf-8")
    ran = bench(tmp_path, *TINY, "--only", "clients", "--client", "wire-uvloop", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 1
    failed = written(tmp_path)["clients"]["rows"][0]["failed"]
    assert "broken on purpose" in failed
    assert str(tmp_path) not in failed


def test_a_part_that_breaks_takes_no_other_with_it(tmp_path: Path) -> None:
    script = """
import sys, bench, costs
def breaks(*_):
    raise OSError("no such file: /somewhere/in/this/machine/file.txt")
costs.run = breaks
sys.argv[1:] = ["--share", "0.004", "--only", "clients", "--only", "memory", "--out", "bench.json"]
sys.exit(bench.main())
"""
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    line = [sys.executable, "-c", script]
    ran = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    told = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert ran.returncode == 1
    assert ran.stderr == "bench: clients: failed: OSError: no such file: file.txt\n"
    assert told["clients"]["rows"] == [{"title": "clients", "failed": "OSError: no such file: file.txt"}]
    assert len(told["memory"]["rows"]) == 3


def test_each_seam_by_which_a_gate_is_watched_is_there() -> None:
    script = "import watching; watch = watching.Watch(); [watch.wrap(*seam) for seam in watching.SEAMS]; watch.watch_loops()"
    ran = subprocess.run([sys.executable, "-c", script], cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_thread_is_charged_to_the_innermost_phase_and_to_nothing_twice() -> None:
    script = """
import json, time, watching
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
watch = watching.Watch()
watch.enter("pytest")
with watch.within("write"):
    burn(0.05)
    with watch.within("judge"):
        burn(0.10)
print(json.dumps(watch.told() | {"whole": time.process_time()}))
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT, check=True)
    told = json.loads(ran.stdout)
    whole = told.pop("whole")
    assert told["judge"] >= 0.10
    assert 0.05 <= told["write"] < told["judge"]
    assert sum(told.values()) <= whole + 0.01
