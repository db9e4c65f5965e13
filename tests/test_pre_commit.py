"""The hooks before a commit: pre-commit takes them, and they are what `make lint` runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[1]
CONFIG: Final = ROOT / ".pre-commit-config.yaml"


def hooks() -> dict[str, dict[str, object]]:
    (repository,) = yaml.safe_load(CONFIG.read_text("utf-8"))["repos"]
    assert repository["repo"] == "local", "a commit must not depend on what the network says"
    return {hook["name"]: hook for hook in repository["hooks"]}


def test_pre_commit_accepts_the_configuration() -> None:
    line = [sys.executable, "-m", "pre_commit", "validate-config", str(CONFIG)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_are_what_make_lint_runs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert list(hooks()) == re.findall(r'echo "lint: ([^:"]+)"; ', makefile)


def test_the_hooks_call_the_tools_of_the_projects_own_environment() -> None:
    for name, hook in hooks().items():
        assert hook["language"] == "system"
        assert str(hook["entry"]).replace(" --force-exclude", "") == f".venv/bin/{name}"
