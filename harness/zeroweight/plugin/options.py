"""From pytest's options to a configuration, and to the command line that runs the same gate again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from zeroweight.config.load import from_urls, load
from zeroweight.config.model import Config
from zeroweight.errors import ConfigError

BY_COMMAND = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "--tb=no", "-rN", "--zeroweight")
"""What `zeroweight run` puts in front of the words that it was given."""


def configured(config: pytest.Config) -> Config:
    """Read gate.toml, or make a configuration of the URLs alone; options win over everything. Raises ConfigError."""
    option = config.getoption
    overrides = dict(_pair(text) for text in option("--zeroweight-set"))
    for name, key in (("baseline", "baseline.url"), ("canary", "canary.url"), ("schema", "api.schema"), ("output", "output.folder")):
        if option(f"--zeroweight-{name}"):
            overrides[key] = option(f"--zeroweight-{name}")
    if option("--zeroweight"):
        return load(Path(option("--zeroweight")), overrides=overrides)
    baseline, canary = overrides.pop("baseline.url", ""), overrides.pop("canary.url", "")
    if not (baseline and canary):
        raise ConfigError(
            "a gate compares two deployments, and they are not both named",
            where="options",
            fix="Give --zeroweight GATE.TOML, or both --zeroweight-baseline and --zeroweight-canary",
        )
    return from_urls(baseline, canary, overrides.pop("api.schema", "/openapi.json"), overrides=overrides)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"{text!r} is not KEY=VALUE", where="--zeroweight-set", fix="Write --zeroweight-set budget.seconds=60")
    return key.strip(), value


def again(config: pytest.Config) -> str:
    """Return the command line of this run as its caller typed it; not redacted yet."""
    return line([str(argument) for argument in config.invocation_params.args], by_command="ZEROWEIGHT_RUN_ID" in os.environ)


def line(arguments: Sequence[str], *, by_command: bool) -> str:
    """Return pytest's arguments as a command line; those that `zeroweight run` gave it as that command's own words."""
    told = list(arguments)
    if by_command and tuple(told[: len(BY_COMMAND)]) == BY_COMMAND:
        return shlex.join(["zeroweight", "run", *told[len(BY_COMMAND) :]])
    return shlex.join(["pytest", *told])
