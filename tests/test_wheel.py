"""The wheel, installed in a clean environment elsewhere: the only test of packaging that counts. Slow: pip fetches what it depends on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A wheel and the environment that it was installed in."""

    wheel: Path
    python: Path

    def run(self, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command, away from the checkout and without its environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "ZEROWEIGHT", "VIRTUAL_ENV"))}
        return subprocess.run(
            [str(self.python.with_name("zeroweight")), *arguments],
            cwd=folder,
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def data(self) -> Path:
        """Return the folder of the shipped data in the installed copy."""
        where = "import zeroweight, pathlib; print(pathlib.Path(zeroweight.__file__).parent / 'data')"
        told = subprocess.run([str(self.python), "-c", where], cwd=self.python.parent, capture_output=True, text=True, check=True)
        return Path(told.stdout.strip())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True, timeout=120)
    python = folder / "venv" / "bin" / "python"
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", f"zeroweight[demo] @ {wheel.as_uri()}"],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=600,
    )
    return Installed(wheel=wheel, python=python)


def verdict(folder: Path) -> dict[str, Any]:
    (found,) = folder.rglob("verdict.json")
    document = json.loads(found.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def told(result: subprocess.CompletedProcess[str]) -> str:
    return f"exit status {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"


@pytest.mark.parametrize("folder", ["suites", "payloads", "reports"])
def test_the_wheel_holds_what_is_shipped(installed: Installed, folder: str) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        inside = {
            name.removeprefix(f"zeroweight/data/{folder}/") for name in archive.namelist() if name.startswith(f"zeroweight/data/{folder}/")
        }
    shipped = {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert inside == shipped
    assert shipped


def test_the_wheel_leaves_no_names_at_the_top_but_its_own(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"zeroweight"}


def test_the_demo_gate_fails_the_flawed_canary_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    assert ROOT not in installed.data().parents
    result = installed.run("demo", folder=tmp_path)
    assert result.returncode == 1, told(result)
    assert verdict(tmp_path)["verdict"] == "FAIL"


def test_a_suite_missing_from_the_wheel_is_never_a_pass(installed: Installed, tmp_path: Path) -> None:
    # With a harmless change only: a flaw that another suite finds would be FAIL whatever is missing.
    lost = installed.data() / "suites" / "test_authorization.py"
    kept = lost.read_bytes()
    lost.unlink()
    try:
        result = installed.run("demo", "--flaw", "none", "--benign", "error-wording", folder=tmp_path)
    finally:
        lost.write_bytes(kept)
    assert result.returncode == 10, told(result)
    assert verdict(tmp_path)["verdict"] == "INCONCLUSIVE"
