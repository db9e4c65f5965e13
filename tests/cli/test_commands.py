"""What `zeroweight` says of itself."""

from __future__ import annotations

from pathlib import Path

from gating import COMMAND, run


def test_help_names_every_command(tmp_path: Path) -> None:
    ran = run(tmp_path, (COMMAND, "--help"))
    assert ran.status == 0
    commands = [line.split()[0] for line in ran.out.partition("Commands:")[2].splitlines() if line.strip()]
    assert commands == sorted(commands)
    assert {"demo", "doctor", "run"} <= set(commands)
    assert all(len(line.split()) > 3 for line in ran.out.partition("Commands:")[2].splitlines() if line.strip())


def test_the_version_is_told(tmp_path: Path) -> None:
    ran = run(tmp_path, (COMMAND, "--version"))
    assert (ran.status, "0.1.0" in ran.out) == (0, True)


def test_an_unknown_command_is_a_mistake(tmp_path: Path) -> None:
    ran = run(tmp_path, (COMMAND, "rum", "gate.toml"))
    assert ran.status not in {0, 1}
    assert "rum" in ran.err
