"""The six lines of the README are enough for a service that nobody prepared: PASS and FAIL as planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import other_service
import pytest
from gating import COMMAND, Pairs, Ran, run, write

SMALL = """\
service  = "notes"
baseline = {{ url = "{baseline}" }}
canary   = {{ url = "{canary}" }}
identity = {{ header = "x-build" }}
api      = {{ schema = "/openapi.json" }}
roles.alice = {{ bearer = "env:ALICE_TOKEN" }}
"""
OTHER = """\
service  = "boxes"
baseline = {{ url = "{baseline}" }}
canary   = {{ url = "{canary}" }}
identity = {{ header = "x-revision" }}
api      = {{ schema = "/v2/spec" }}
roles.ann = {{ bearer = "env:ANN" }}
"""
FAST = {"ZEROWEIGHT_BUDGET_RATE": "5000", **other_service.ENVIRONMENT}
"""Six lines ask a baseline that serves users slowly; the tests have none."""


def gate(folder: Path, text: str, baseline: Any, canary: Any, command: str = "run") -> Ran:
    write(folder, {"gate.toml": text.format(baseline=baseline.url, canary=canary.url)})
    assert len((folder / "gate.toml").read_text().splitlines()) == 6
    return run(folder, (COMMAND, command, "gate.toml"), env=FAST)


@pytest.mark.parametrize(("flaws", "word", "status"), [((), "PASS", 0), (("open-admin",), "FAIL", 1)])
def test_the_small_service(pairs: Pairs, tmp_path: Path, flaws: tuple[str, ...], word: str, status: int) -> None:
    baseline, canary = pairs.fresh(*flaws)
    for side in (baseline, canary):
        side.notes["1"] = "alice"  # the id that the schema gives as its example is there, as on any service in use
    gate(tmp_path, SMALL, baseline, canary).said(word, status)


@pytest.mark.parametrize(("leaky", "word", "status"), [(False, "PASS", 0), (True, "FAIL", 1)])
def test_a_service_in_another_style(pairs: Pairs, tmp_path: Path, *, leaky: bool, word: str, status: int) -> None:
    baseline = pairs.street.open(other_service.Other(build="a1b2c3"))
    canary = pairs.street.open(other_service.Other(build="d4e5f6", leaky=leaky))
    ran = gate(tmp_path, OTHER, baseline, canary)
    ran.said(word, status)
    if leaky:
        assert {finding["place"]["path"] for finding in ran.verdict["findings"] if finding["action"] == "block"} == {"/v2/accounts"}


def test_the_doctor_says_what_six_lines_leave_untested(pairs: Pairs, tmp_path: Path) -> None:
    baseline, canary = pairs.fresh()
    ran = gate(tmp_path, SMALL, baseline, canary, command="doctor")
    assert ran.status == 0, ran.out
    assert "read-only" in ran.out
    assert "[resources.note]" in ran.out
