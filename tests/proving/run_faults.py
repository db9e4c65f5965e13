"""What may happen to a run, and how it may be narrowed: signals, budgets, folders, options, and what else pytest offers."""

from __future__ import annotations

import resource
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import scripts
from gate_file import Gate
from proxy import NotReachedError, Proxy, pass_on
from target_faults import FOREIGN, MIDWAY
from workshop import COMMAND, FAIL, INCONCLUSIVE, ROOT, STALE, USAGE, Child, Result, Workshop, at_request, fault, faults_of

if TYPE_CHECKING:
    from collections.abc import Callable

NO_FILE: Final = "none"
SUITES: Final = str(ROOT / "suites")
_LIMIT: Final = resource.RLIMIT_FSIZE
FAILING: Final = "def test_foreign() -> None:\n    assert False\n"
PASSING: Final = "def test_foreign() -> None:\n    assert True\n"


def _watched(shop: Workshop, *flaws: str) -> tuple[Gate, Proxy]:
    """Return a gate whose canary's requests can be counted."""
    pair = shop.pair(*flaws)
    proxy = shop.proxy(pair.canary.url, pass_on)
    return Gate(baseline=pair.baseline.url, canary=proxy.url), proxy


def _struck(shop: Workshop, deed: Callable[[Child], None], *arguments: str) -> Result:
    """Run a gate by the command and do something to it midway."""
    gate, proxy = _watched(shop)
    return shop.run(gate, *arguments, expected=INCONCLUSIVE, midway=at_request(proxy, MIDWAY, deed))


@fault("SIGTERM to the command midway")
def sigterm_midway(shop: Workshop) -> Result:
    return _struck(shop, lambda child: child.process.send_signal(signal.SIGTERM))


@fault("SIGINT to the command midway")
def sigint_midway(shop: Workshop) -> Result:
    return _struck(shop, lambda child: child.process.send_signal(signal.SIGINT))


@fault("SIGTERM to pytest itself midway")
def sigterm_to_pytest_midway(shop: Workshop) -> Result:
    return _struck(shop, lambda child: child.gate().send_signal(signal.SIGTERM))


@fault("SIGTERM midway, with two workers")
def sigterm_with_workers(shop: Workshop) -> Result:
    return _struck(shop, lambda child: child.process.send_signal(signal.SIGTERM), "-n", "2")


@fault("SIGKILL to pytest midway")
def sigkill_midway(shop: Workshop) -> Result:
    return _struck(shop, lambda child: child.gate().kill())


def _kill_a_worker(child: Child) -> None:
    workers = child.workers()
    if not workers:
        raise NotReachedError("no worker was found")
    workers[0].kill()


@fault("one of two workers is killed midway")
def worker_killed(shop: Workshop) -> Result:
    return replace(_struck(shop, _kill_a_worker, "-n", "2"), code="worker-died")


@fault("the disk is full from midway on")
def disk_full_midway(shop: Workshop) -> Result:
    def fill(child: Child) -> None:
        resource.prlimit(child.gate().pid, _LIMIT, (0, 0))

    return _struck(shop, fill)


@fault("verdict.json becomes a folder midway")
def verdict_unwritable_midway(shop: Workshop) -> Result:
    def block(_: Child) -> None:
        (shop.output / "verdict.json").unlink()
        (shop.output / "verdict.json").mkdir()

    return replace(_struck(shop, block), expected=frozenset({(NO_FILE, 10)}))


@fault("the output folder cannot be made")
def output_unwritable(shop: Workshop) -> Result:
    shop.write("occupied", "a file, not a folder")
    # Nothing can be written where the run was told to, and what lies elsewhere is none of its business.
    return shop.run(shop.gate(), "--zeroweight-output", "occupied", expected=frozenset({(NO_FILE, 4), (f"{STALE} PASS", 4)}))


@fault("half a second for a run")
def deadline_too_short(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), seconds=0.5), expected=INCONCLUSIVE)


@fault("fifty requests for a run")
def budget_spent(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), requests=50), expected=INCONCLUSIVE)


@fault("-k headers")
def narrowed_by_k(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "-k", "headers", expected=INCONCLUSIVE, code="suite-empty")


@fault("PYTEST_ADDOPTS='-k headers'")
def narrowed_by_environment(shop: Workshop) -> Result:
    return shop.run(shop.gate(), env={"PYTEST_ADDOPTS": "-k headers"}, expected=INCONCLUSIVE, code="suite-empty")


@fault("--deselect one test")
def narrowed_by_deselect(shop: Workshop) -> Result:
    test = f"{SUITES}/test_headers.py::test_headers[GET /me]"
    return shop.run(shop.gate(), "--rootdir", str(ROOT), "--deselect", test.removeprefix(f"{ROOT}/"), expected=INCONCLUSIVE, code="not-run")


@fault("-m nothing")
def narrowed_by_mark(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "-m", "nothing", expected=INCONCLUSIVE, code="suite-empty")


@fault("-x with a failing test in front")
def stopped_by_x(shop: Workshop) -> Result:
    foreign = str(shop.write("test_foreign.py", FAILING))
    return shop.run(shop.gate(), "-x", foreign, SUITES, expected=INCONCLUSIVE, code="foreign-test-failed")


@fault("--maxfail=1 with a flaw")
def stopped_by_maxfail(shop: Workshop) -> Result:
    return shop.run(shop.gate(FOREIGN), "--maxfail=1")


@fault("--stepwise with a flaw")
def stopped_by_stepwise(shop: Workshop) -> Result:
    return shop.pytest(shop.gate(FOREIGN), "--stepwise")


@fault("--lf after a run that failed, with the flaw gone")
def narrowed_by_last_failed(shop: Workshop) -> Result:
    before = shop.pytest(shop.gate(FOREIGN), expected=FAIL)
    if not before.ok:
        return before
    return shop.pytest(shop.gate(), "--lf", expected=INCONCLUSIVE, code="not-run")


@fault("--collect-only")
def collect_only(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--collect-only", expected=INCONCLUSIVE)


@fault("pytest --collect-only")
def collect_only_by_pytest(shop: Workshop) -> Result:
    return shop.pytest(shop.gate(), "--collect-only", expected=INCONCLUSIVE)


@fault("--setup-plan")
def setup_plan(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--setup-plan", expected=INCONCLUSIVE)


@fault("only a foreign test is named")
def only_a_foreign_test(shop: Workshop) -> Result:
    return shop.run(shop.gate(), str(shop.write("test_foreign.py", PASSING)), expected=INCONCLUSIVE, code="suite-empty")


@fault("-p no:zeroweight")
def plugin_switched_off(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "-p", "no:zeroweight", expected=frozenset({(NO_FILE, 4), *USAGE}))


@fault("a stray --help behind the gate file")
def stray_help(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--help", expected=INCONCLUSIVE)


@fault("a stray --version behind the gate file")
def stray_version(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--version", expected=frozenset({(NO_FILE, 10), *INCONCLUSIVE}))


@fault("a stray --fixtures behind the gate file")
def stray_fixtures(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--fixtures", expected=INCONCLUSIVE)


@fault("a stray --markers behind the gate file")
def stray_markers(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--markers", expected=INCONCLUSIVE)


@fault("a stray task behind the gate file: it only looks")
def stray_task(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "--zeroweight-task", "doctor", expected=frozenset({(NO_FILE, 10), *INCONCLUSIVE}))


@fault("zeroweight run --help, in place of a gate file")
def help_for_a_gate(shop: Workshop) -> Result:
    return shop.command([COMMAND, "run", "--help"], expected=frozenset({(f"{STALE} PASS", 10)}))


@fault("yesterday's PASS and a gate file that is not TOML")
def broken_gate_file(shop: Workshop) -> Result:
    shop.write("gate.toml", 'service = "orders\n[api')
    return shop.command([COMMAND, "run", "gate.toml"], expected=USAGE)


@fault("yesterday's PASS and a gate file with an unknown key")
def wrong_gate_file(shop: Workshop) -> Result:
    shop.write("gate.toml", shop.gate().text() + "\n[unknown]\nkey = 1\n")
    return shop.command([COMMAND, "run", "gate.toml"], expected=USAGE)


@fault("yesterday's PASS and no gate file")
def missing_gate_file(shop: Workshop) -> Result:
    return shop.command([COMMAND, "run", "gate.toml"], expected=USAGE)


@fault("a foreign test fails in the same run")
def foreign_test_fails(shop: Workshop) -> Result:
    foreign = str(shop.write("test_foreign.py", FAILING))
    return shop.run(shop.gate(), SUITES, foreign, expected=INCONCLUSIVE, code="foreign-test-failed")


@fault("SIGTERM while a side hangs", waits=True)
def sigterm_while_hanging(shop: Workshop) -> Result:
    pair = shop.pair()
    proxy = shop.proxy(pair.canary.url, scripts.after(MIDWAY, scripts.hanging))
    gate = Gate(baseline=pair.baseline.url, canary=proxy.url)
    deed = at_request(proxy, MIDWAY + 2, lambda child: child.process.send_signal(signal.SIGTERM))
    return shop.run(gate, expected=INCONCLUSIVE, midway=deed)


FAULTS: Final = faults_of(globals())
