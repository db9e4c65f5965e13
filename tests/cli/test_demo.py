"""`zeroweight demo`: what it lists and what it does not know; its runs are the proving ground's."""

from __future__ import annotations

from pathlib import Path

import pytest
from gating import COMMAND, run


def test_the_demo_lists_its_flaws(tmp_path: Path) -> None:
    ran = run(tmp_path, (COMMAND, "demo", "--list"))
    assert ran.status == 0
    flaws, _, harmless = ran.out.partition("harmless changes:")
    assert len(flaws.splitlines()) > 12
    assert len(harmless.splitlines()) > 6
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--flaw", "--benign"])
def test_the_demo_knows_no_other_flaw(tmp_path: Path, option: str) -> None:
    ran = run(tmp_path, (COMMAND, "demo", option, "csp-gonee"))
    assert ran.status not in {0, 1}
    assert "csp-gonee" in ran.err
    assert "zeroweight demo --list" in ran.err
    assert "Traceback" not in ran.err
    assert not list(tmp_path.iterdir())
