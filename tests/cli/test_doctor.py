"""`zeroweight doctor`: healthy is 0; whatever is wrong is 10, with the line that mends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gating import COMMAND, NARROW, Ran

Gate = Callable[..., Ran]
NO_LOGIN = """
[roles.bob]
login = "shop"
user = "bob"
password = "env:BOB_TOKEN"
[login.shop]
kind = "json"
request = "POST /logon"
json = { user = "$user", password = "$password" }
token = "/token"
"""
DOCTOR = (COMMAND, "doctor", "gate.toml")


def test_the_doctor_finds_a_healthy_pair_healthy(gate: Gate) -> None:
    ran = gate(line=DOCTOR, more="")
    assert ran.status == 0, ran.out
    assert "a run can PASS" in ran.out
    for said in ("baseline", "1.0.0", "canary", "1.1.0", "6 operations", "role alice", "role admin", "level own-objects", "budget"):
        assert said in ran.out
    assert "✗" not in ran.out
    assert ran.verdict["run"]["id"] == "yesterday"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"env": {"ALICE_TOKEN": "wrong"}}, ("alice", "roles.alice"), id="a credential that is not taken"),
        pytest.param(
            {"more": NO_LOGIN},
            ("role bob", "POST /logon", "roles.bob"),
            id="a login that is not there",
        ),
        pytest.param({"replaced": ("x-build", "x-nobody")}, ("identity-unproven", "x-nobody", "[identity]"), id="no identity"),
        pytest.param(
            {"replaced": ("/openapi.json", "/nowhere.json")}, ("schema of the canary", "/nowhere.json", "api.schema"), id="no schema"
        ),
    ],
)
def test_the_doctor_says_what_is_wrong_and_what_mends_it(gate: Gate, given: dict[str, object], words: tuple[str, ...]) -> None:
    ran = gate(line=DOCTOR, **given)
    assert ran.status == 10, ran.out
    wrong = " ".join(line for line in ran.out.splitlines() if "✗" in line)
    assert not [word for word in words if word not in wrong], ran.out
    assert "a run cannot PASS yet" in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_the_doctor_says_what_the_reference_driver_does_not_send(gate: Gate) -> None:
    ran = gate(line=DOCTOR, more="", replaced=("service ", 'driver = "httpx"\nservice '))
    assert ran.status == 0, ran.out
    assert "! driver httpx: " in ran.out
    assert 'driver = "wire"' in ran.out


def test_the_doctor_names_the_operators_mistake(gate: Gate) -> None:
    ran = gate(line=DOCTOR, replaced=("budget  ", "budgett"))
    assert (ran.status, "budgett" in ran.err) == (4, True)


def test_the_doctor_attacks_nothing(gate: Gate) -> None:
    ran = gate(line=DOCTOR, more=NARROW)
    assert ran.status == 0, ran.out
    assert "suites.skip leaves out headers, errors" in ran.out
    assert "passed" not in ran.out
