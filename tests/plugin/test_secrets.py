"""No credential occurs in anything that a run leaves behind, in no disguise: the service repeats all that it is sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from gating import OUT, WITH_ALLURE, Child, Pairs, Ran, write
from small_service import BASELINE_BUILD, CANARY_BUILD, Small, gate_file

SECRETS = {
    "ALICE_TOKEN": "bearer-of-alice+/=%41&x",
    "BOB_PASSWORD": 'pass"word\\of<bob>&co',
    "CAROL_PASSWORD": "basic-of-carol:with/slash",
    "DAVE_KEY": "key of dave?&=#/+",
    "ADMIN_TOKEN": "bearer-of-admin-~" + "".join(f"{number:03x}" for number in range(330)),
    "CANARY_ROUTE": "route-to-the-canary-4711",
}
ROLES = """
[canary.headers]
x-route = "env:CANARY_ROUTE"
[login.shop]
kind = "json"
request = "POST /login"
json = { user = "$user", password = "$password" }
token = "/token"
[roles.bob]
login = "shop"
user = "bob"
password = "env:BOB_PASSWORD"
[roles.carol]
basic = { user = "carol", password = "env:CAROL_PASSWORD" }
[roles.dave]
api_key = { in = "query", name = "key", value = "env:DAVE_KEY" }
[suites]
skip = ["headers"]
paths = ["own"]
"""
SUITE = """
import os, sys, logging, warnings
from zeroweight import Operation, Trial
OWES = ("operation",)
def test_raises(trial: Trial, operation: Operation) -> None:
    if operation.path != "/me":
        return
    looks = trial.send(operation.example(role=role) for role in trial.roles)
    said = [exchange for look in looks for half in (look.baseline, look.canary) for exchange in half.exchanges]
    plain = os.environ["ALICE_TOKEN"]
    long = os.environ["ADMIN_TOKEN"]  # pytest cuts locals, we cut the first line: half a token is none that anybody knows
    print([exchange.request for exchange in said], file=sys.stderr)
    print([exchange.response.body for exchange in said], plain)
    logging.getLogger().warning("sent %s", plain)
    raise ValueError("x" * 100 + long, "saw " + plain, [exchange.request.headers for exchange in said])
"""


def disguises(secret: str) -> set[str]:
    """Return the forms in which a secret must not occur."""
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        base64.b64encode(secret.encode()).decode().rstrip("="),
        repr(secret)[1:-1],
    }


@pytest.fixture(scope="module")
def leaky(pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Find a flaw, and let a suite raise, on a service that repeats everything."""
    folder = tmp_path_factory.mktemp("leaky")
    names = {name.partition("_")[0].lower(): secret for name, secret in SECRETS.items() if name != "CANARY_ROUTE"}
    baseline = pairs.street.open(Small(build=BASELINE_BUILD, tokens=names, echo=True))
    canary = pairs.street.open(Small(build=CANARY_BUILD, tokens=names, echo=True, flaws=frozenset({"trace", "open-admin"})))
    text = gate_file(baseline, canary).replace(f'canary   = {{ url = "{canary.url}" }}', "")
    table = f'[canary]\nurl = "{canary.url}"\n'
    (folder / "temporary").mkdir()
    write(folder, {"gate.toml": text + table + ROLES, "own/test_raises.py": SUITE})
    args = ("--zeroweight", "gate.toml", "--showlocals", "-vv", "-ra", "--junitxml=junit.xml", "--alluredir=allure", "--full-trace")
    with Child(folder, (*WITH_ALLURE, *args), env={**SECRETS, "TMPDIR": str(folder / "temporary")}) as child:
        yield child.end()


def test_the_run_came_to_findings_with_evidence(leaky: Ran) -> None:
    leaky.said("FAIL", 1)
    rules = {finding["rule"] for finding in leaky.verdict["findings"]}
    assert {"disclosure.stack-trace", "authorization.function-level"} <= rules
    assert "suite-broken" in leaky.codes
    lucky = json.loads((leaky.folder / OUT / "record.json").read_text())["roles"]
    assert lucky == {"anonymous": True, "alice": True, "bob": True, "carol": True, "dave": True, "admin": True}


def test_what_is_shown_of_answers_that_repeat_everything_is_marks_and_variables(leaky: Ran) -> None:
    made = json.loads((leaky.folder / OUT / "record.json").read_text())
    texts = [half["body"] + str(half["headers"]) for each in made["exhibits"].values() for half in (each["baseline"], each["canary"])]
    assert [text for text in texts if "[alice" in text or "[dave" in text or "[bob" in text]
    commands = " ".join(each["curl"] for each in made["exhibits"].values())
    assert "$ZEROWEIGHT_TOKEN_ALICE" in commands
    assert "$ZEROWEIGHT_HEADER_X_ROUTE" in commands


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_left_behind(leaky: Ran, name: str) -> None:
    texts = {"stdout": leaky.out, "stderr": leaky.err}
    for path in leaky.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            texts[str(path.relative_to(leaky.folder))] = path.read_text("utf-8", errors="replace")
    assert len([place for place in texts if place.startswith("allure")]) > 10
    leaks = [(place, form) for place, text in texts.items() for form in disguises(SECRETS[name]) if form in text]
    assert not leaks


def test_no_piece_of_a_long_token_is_left_behind(leaky: Ran) -> None:
    """Whoever cut the text: the target, a library, pytest or we."""
    token = SECRETS["ADMIN_TOKEN"]
    texts = {"stdout": leaky.out, "stderr": leaky.err}
    for path in leaky.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            texts[str(path.relative_to(leaky.folder))] = path.read_text("utf-8", errors="replace")
    pieces = [token[at : at + 16] for at in range(len(token) - 15)]
    assert not [place for place, text in texts.items() if any(piece in text for piece in pieces)]


def test_nothing_temporary_is_left_behind(leaky: Ran) -> None:
    assert not [path for path in Path(leaky.folder / "temporary").iterdir() if path.name.startswith("zeroweight-")]
