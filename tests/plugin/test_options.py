"""The command line that a run tells of itself holds nothing that is or may be a secret."""

from __future__ import annotations

import shlex

import pytest

from zeroweight.plugin.options import BY_COMMAND, KEPT_BACK, line
from zeroweight.redact import Redactor, Secret

SECRET = "it's-a-s3cret"
GATE = ("--zeroweight", "gate.toml")
KEPT = {
    "a foreign ini option": (("-o", f"rp_api_key={SECRET}"), ("-o", f"rp_api_key={KEPT_BACK}")),
    "the same in one word": ((f"-orp_api_key={SECRET}",), (f"-orp_api_key={KEPT_BACK}",)),
    "the same in full": (("--override-ini", f"addopts=--x {SECRET}"), ("--override-ini", f"addopts={KEPT_BACK}")),
    "the same in full and one word": ((f"--override-ini=a={SECRET}",), (f"--override-ini={KEPT_BACK}",)),
    "a foreign option": ((f"--portal-url={SECRET}",), (f"--portal-url={KEPT_BACK}",)),
    "a foreign option in two words": (("--portal", SECRET, "-v"), ("--portal", KEPT_BACK, "-v")),
    "a routing header": (("--zeroweight-set", f"canary.headers.x-key={SECRET}"), ("--zeroweight-set", f"canary.headers.x-key={KEPT_BACK}")),
    "the same in one word, quoted": (
        (f'--zeroweight-set=canary.headers."x-key"={SECRET}',),
        (f'--zeroweight-set=canary.headers."x-key"={KEPT_BACK}',),
    ),
    "a password": (("--zeroweight-set", f"roles.ann.password={SECRET}"), ("--zeroweight-set", f"roles.ann.password={KEPT_BACK}")),
    "a table": (("--zeroweight-set", f'roles.ann={{a="{SECRET}"}}'), ("--zeroweight-set", f"roles.ann={KEPT_BACK}")),
    "a login in an address": (
        (f"--zeroweight-canary=http://ann:{SECRET}@c.example/x",),
        (f"--zeroweight-canary=http://{KEPT_BACK}@c.example/x",),
    ),
    "a login in an address of its own": (("--zeroweight-canary", f"http://{SECRET}@c/"), ("--zeroweight-canary", f"http://{KEPT_BACK}@c/")),
    "a word that names a secret": ((f"api_token={SECRET}",), (f"api_token={KEPT_BACK}",)),
}
TOLD = (
    ("--zeroweight-set", "budget.seconds=60"),
    ("--zeroweight-set", "canary.headers.x-key=env:ROUTE"),
    ("--zeroweight-set=roles.ann.password=file:/run/secrets/ann",),
    ("--zeroweight-output", "out", "--zeroweight-canary=http://c.example"),
    ("--junitxml=junit.xml", "--alluredir", "allure", "--tb=no", "--showlocals", "suites/test_own.py"),
    ("-p", "no:randomly", "-n", "2", "-k", "not a", "-m", "x", "-vv", "tests/test_a.py::test_b[c=d]"),
)


@pytest.mark.parametrize("name", KEPT)
def test_what_may_be_a_secret_is_kept_back_and_its_name_is_told(name: str) -> None:
    given, told = KEPT[name]
    made = line([*GATE, *given], by_command=False)
    assert shlex.split(made) == ["pytest", *GATE, *told]
    assert "s3cret" not in made


@pytest.mark.parametrize("given", TOLD, ids=" ".join)
def test_what_is_known_to_be_no_secret_is_told_as_it_was_typed(given: tuple[str, ...]) -> None:
    assert shlex.split(line([*BY_COMMAND, "gate.toml", *given], by_command=True)) == ["zeroweight", "run", "gate.toml", *given]


def test_a_secret_that_quoting_would_cut_is_redacted_before_it_is_quoted() -> None:
    made = line([*GATE, "-k", f"not {SECRET}"], by_command=False, redactor=Redactor([Secret(name="ann password", value=SECRET)]))
    assert "s3cret" not in made
    assert "-k 'not [ann password:" in made
