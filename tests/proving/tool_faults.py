"""What may be wrong with the gate itself: its installation, its suites and checks, its writers, its clock."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gate_file import KEPT, LEFT_OUT, Gate
from target_faults import FOREIGN
from workshop import FAIL, INCONCLUSIVE, Result, Workshop, fault, faults_of

_HEAD: Final = "from __future__ import annotations\nimport pytest\nfrom zeroweight import Operation, Trial\n"


def _own_suite(shop: Workshop, body: str, *, head: str = _HEAD, code: str = "") -> Result:
    """Run a gate with a suite of the operator's own besides the shipped ones."""
    shop.write("own/test_own.py", head + body)
    gate = replace(shop.gate(), more='[suites]\npaths = ["own"]\n')
    return shop.run(gate, expected=INCONCLUSIVE, code=code)


def _with_plugin(shop: Workshop, gate: Gate, source: str, *arguments: str) -> Result:
    """Run a gate beside a pytest plugin that does something."""
    shop.write("plugins/troubling.py", source)
    return shop.run(gate, "-p", "troubling", *arguments, env={"PYTHONPATH": str(shop.folder / "plugins")}, expected=INCONCLUSIVE)


@fault("every operation is excluded")
def everything_excluded(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), exclude=(*LEFT_OUT, *KEPT)), expected=INCONCLUSIVE)


@fault("an own suite sends nothing")
def suite_sends_nothing(shop: Workshop) -> Result:
    return _own_suite(shop, "def test_own(trial: Trial, operation: Operation) -> None:\n    pass\n")


@fault("an own suite has no test")
def suite_without_test(shop: Workshop) -> Result:
    return _own_suite(shop, "def helper() -> None:\n    pass\n", code="suite-empty")


@fault("an own suite raises")
def suite_raises(shop: Workshop) -> Result:
    return _own_suite(shop, "def test_own(trial: Trial, operation: Operation) -> None:\n    raise RuntimeError('oh')\n")


@fault("an own suite raises after it has sent everything")
def suite_raises_late(shop: Workshop) -> Result:
    sends = "    trial.send(trial.valid(operation, role=role) for role in trial.roles)\n"
    return _own_suite(shop, f"def test_own(trial: Trial, operation: Operation) -> None:\n{sends}    raise RuntimeError('oh')\n")


@fault("an own suite cannot be imported")
def suite_cannot_be_imported(shop: Workshop) -> Result:
    return _own_suite(shop, "import there_is_no_such_module\n", code="suite-broken")


@fault("an own suite calls pytest.skip")
def suite_skips(shop: Workshop) -> Result:
    return _own_suite(shop, "def test_own(trial: Trial, operation: Operation) -> None:\n    pytest.skip('not today')\n")


@fault("an own suite is marked to be skipped")
def suite_marked_skip(shop: Workshop) -> Result:
    return _own_suite(shop, "@pytest.mark.skip\ndef test_own(trial: Trial, operation: Operation) -> None:\n    pass\n", code="suite-empty")


@fault("an own suite is expected to fail")
def suite_marked_xfail(shop: Workshop) -> Result:
    return _own_suite(shop, "@pytest.mark.xfail\ndef test_own(trial: Trial, operation: Operation) -> None:\n    raise RuntimeError\n")


@fault("an own suite ends pytest and calls it a success")
def suite_exits_pytest(shop: Workshop) -> Result:
    return _own_suite(shop, "def test_own(trial: Trial, operation: Operation) -> None:\n    pytest.exit('bye', returncode=0)\n")


@fault("an own suite ends the process and calls it a success")
def suite_exits_process(shop: Workshop) -> Result:
    return _own_suite(shop, "def test_own(trial: Trial, operation: Operation) -> None:\n    __import__('os')._exit(0)\n")


@fault("an own suite calls sys.exit(0) when it has sent everything")
def suite_exits_late(shop: Workshop) -> Result:
    sends = "    trial.send(trial.valid(operation, role=role) for role in trial.roles)\n"
    return _own_suite(shop, f"def test_own(trial: Trial, operation: Operation) -> None:\n{sends}    raise SystemExit(0)\n")


@fault("an installation without a suite's file")
def suite_file_missing(shop: Workshop) -> Result:
    env = shop.copy(without=("suites/test_authorization.py",))
    return shop.run(shop.gate(), env=env, expected=INCONCLUSIVE, code="suite-empty")


@fault("an installation without suites")
def suites_missing(shop: Workshop) -> Result:
    return shop.run(shop.gate(), env=shop.copy(without=("suites",)), expected=INCONCLUSIVE)


@fault("an installation without payloads")
def payloads_missing(shop: Workshop) -> Result:
    return shop.run(shop.gate(), env=shop.copy(without=("payloads",)), expected=INCONCLUSIVE, code="payloads")


@fault("an installation with an empty payloads folder")
def payloads_empty(shop: Workshop) -> Result:
    return shop.run(shop.gate(), env=shop.copy(without=("payloads/malformed.yaml",)), expected=INCONCLUSIVE, code="payloads")


@fault("an installation without the file of some checks")
def checks_missing(shop: Workshop) -> Result:
    env = shop.copy()
    (shop.folder / "copy" / "zeroweight" / "checks" / "validation.py").unlink()
    return shop.run(shop.gate(), env=env, expected=INCONCLUSIVE, code="rules")


_RAISING_CHECK: Final = """
from zeroweight import Exchange, Rule, Severity, check

rule = Rule(id="own.raises", title="raises", severity=Severity.LOW, cwe=0, owasp="", remedy="")

@check(rule, on=Exchange)
def raising(exchange: Exchange):
    raise RuntimeError("oh")
    yield

def pytest_zeroweight_checks():
    return [raising]
"""


@fault("a check raises")
def check_raises(shop: Workshop) -> Result:
    return replace(_with_plugin(shop, shop.gate(), _RAISING_CHECK), code="check-raised")


@fault("the hook that brings checks raises")
def checks_hook_raises(shop: Workshop) -> Result:
    return _with_plugin(shop, shop.gate(), "def pytest_zeroweight_checks():\n    raise RuntimeError('oh')\n")


@fault("a writer raises")
def writer_raises(shop: Workshop) -> Result:
    source = """
from zeroweight.writers import page

def broken(*_, **__):
    raise RuntimeError("oh")

page.write = broken
"""
    return replace(_with_plugin(shop, shop.gate(), source), code="writer-failed")


@fault("a verdict hook raises")
def verdict_hook_raises(shop: Workshop) -> Result:
    source = "def pytest_zeroweight_verdict(verdict, record):\n    raise RuntimeError('oh')\n"
    return replace(_with_plugin(shop, shop.gate(), source), code="writer-failed")


@fault("a verdict hook ends the process")
def verdict_hook_exits(shop: Workshop) -> Result:
    return _with_plugin(shop, shop.gate(), "def pytest_zeroweight_verdict(verdict, record):\n    raise SystemExit(0)\n")


_JUMP: Final = """
import datetime
import time

BY = {days} * 86400
began = []
real_time, real_date = time.time, datetime.datetime

def jumped():
    return real_time() + (BY if len(began) > 2 else 0)

class Jumping(real_date):
    @classmethod
    def now(cls, tz=None):
        return real_date.fromtimestamp(jumped(), tz)

time.time = jumped
datetime.datetime = Jumping

def pytest_runtest_setup(item):
    began.append(item)
"""


@fault("the clock jumps forward by a day midway, with a flaw")
def clock_jumps_forward(shop: Workshop) -> Result:
    return replace(_with_plugin(shop, shop.gate(FOREIGN), _JUMP.format(days=1)), expected=FAIL)


@fault("the clock jumps back by two days midway, with a flaw whose waiver ended yesterday")
def clock_jumps_back(shop: Workshop) -> Result:
    before = shop.run(shop.gate(FOREIGN), expected=FAIL)
    if not before.ok:
        return before
    told = json.loads((shop.output / "verdict.json").read_bytes())
    yesterday = datetime.now(tz=UTC).date() - timedelta(days=1)
    waivers = [
        f'[[waiver]]\nfingerprint = "{finding["fingerprint"]}"\nowner = "o"\nreason = "r"\nexpires = {yesterday}\n'
        for finding in told["findings"]
        if finding["state"] == "new"
    ]
    gate = replace(shop.gate(FOREIGN), more="".join(waivers))
    return replace(_with_plugin(shop, gate, _JUMP.format(days=-2)), expected=FAIL)


FAULTS: Final = faults_of(globals())
