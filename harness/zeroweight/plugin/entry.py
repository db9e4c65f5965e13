"""What every pytest run on this machine loads: options, and nothing else until they are used."""

from __future__ import annotations

import sys

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register our options; every name carries our prefix, so that no conftest of anybody's can clash."""
    group = parser.getgroup("zeroweight", "zeroweight: the security gate of a canary release")
    add = group.addoption
    add("--zeroweight", metavar="GATE.TOML", help="run the gate that this file describes; without paths, the shipped suites")
    add("--zeroweight-baseline", metavar="URL", help="the deployment that is trusted (in place of baseline.url)")
    add("--zeroweight-canary", metavar="URL", help="the deployment that is judged (in place of canary.url)")
    add("--zeroweight-schema", metavar="WHERE", help="the OpenAPI document: /path on both sides, a URL or a file (in place of api.schema)")
    add("--zeroweight-output", metavar="FOLDER", help="where verdict.json, record.json and the reports go (in place of output.folder)")
    add("--zeroweight-set", metavar="KEY=VALUE", action="append", default=[], help="set one key: --zeroweight-set budget.seconds=60")
    add("--zeroweight-aa", action="store_true", help="allow the same build on both sides: hold a deployment against itself")
    add("--zeroweight-task", metavar="NAME", choices=["doctor"], help="do this instead of a run: doctor")


def active(config: pytest.Config) -> bool:
    """Whether this pytest run is a gate, or a worker of one."""
    option = config.getoption
    return bool(option("--zeroweight") or option("--zeroweight-canary") or option("--zeroweight-baseline") or option("--zeroweight-task"))


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make our hooks known; their file imports nothing of ours."""
    from zeroweight import hooks  # noqa: PLC0415

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Begin the gate in the controller, or the runner in a worker; otherwise stay out of the way."""
    if not active(config):
        return
    if hasattr(config, "workerinput"):
        from zeroweight.plugin import worker  # noqa: PLC0415

        worker.begin(config)
    else:
        from zeroweight.plugin import gate  # noqa: PLC0415

        gate.begin(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell a suite that is run without a gate what it lacks; a foreign test's own `trial` is none of our business."""
    hands = vars(sys.modules.get("zeroweight.trial.trial", sys)).get("Trial")
    ours = "trial" in metafunc.fixturenames and hands is not None and hands in vars(metafunc.module).values()
    if ours and not active(metafunc.config):
        said = f"{metafunc.function.__name__} is a suite, and asks for a trial: run it by pytest --zeroweight GATE.TOML"
        raise pytest.Collector.CollectError(said)
