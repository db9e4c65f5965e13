"""From pytest's options to a configuration, and to the command line that runs the same gate again."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from zeroweight.config.load import from_urls, load
from zeroweight.config.model import Config
from zeroweight.config.secrets import is_reference, names_credential
from zeroweight.errors import ConfigError
from zeroweight.redact import Redactor

BY_COMMAND = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "--tb=no", "-rN", "--zeroweight")
"""What `zeroweight run` puts in front of the words that it was given."""
KEPT_BACK = "[kept back]"
OURS = ("--zeroweight", "--output")
"""How the options begin whose values are no secrets, but for what is set by a key."""
_PYTESTS = re.compile(
    r"""--(?:alluredir|assert|basetemp|capture|color|confcutdir|deselect|dist|durations|ignore|import-mode|junit-?prefix|junit-?xml|log-level
        |log-file|max-worker-restart|maxfail|maxprocesses|numprocesses|rootdir|show-capture|tb|tx|verbosity)""",
    re.VERBOSE,
)
"""Options of pytest's and of two of its plugins that take a value, and never a secret one."""
_FLAGS = re.compile(
    r"""--(?:cache-clear|clean-alluredir|collect-only|co|disable-warnings|exitfirst|full-trace|keep-duplicates|last-failed|lf|no-header
        |no-summary|noconftest|quiet|showlocals|strict-config|strict-markers|trace-config|verbose)""",
    re.VERBOSE,
)
"""Options that take none: the word behind one is a word by itself."""
_LOGIN = re.compile(r"(?<=://)[^/@\s]+(?=@)")


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


def again(config: pytest.Config, redactor: Redactor | None = None) -> str:
    """Return the command line of this run as its caller typed it, without what is or may be a secret."""
    arguments = [str(argument) for argument in config.invocation_params.args]
    return line(arguments, by_command="ZEROWEIGHT_RUN_ID" in os.environ, redactor=redactor)


def line(arguments: Sequence[str], *, by_command: bool, redactor: Redactor | None = None) -> str:
    """Return pytest's arguments as a command line; those that `zeroweight run` gave it as that command's own words.

    Each word is redacted before it is quoted: a secret that quoting has cut is not known any more.
    """
    told = list(arguments)
    ours = by_command and tuple(told[: len(BY_COMMAND)]) == BY_COMMAND
    begin = ["zeroweight", "run"] if ours else ["pytest"]
    known = redactor or Redactor()
    return shlex.join([*begin, *(known.text(word) for word in _told(told[len(BY_COMMAND) :] if ours else told))])


def _told(arguments: Sequence[str]) -> Iterator[str]:
    """Yield words as they may be told. Of options that are nobody's we know the name is kept, since any of them may carry a key."""
    before = ""
    for word in arguments:
        name, equals, value = word.partition("=")
        if before in {"-o", "--override-ini"}:
            yield f"{name}={KEPT_BACK}" if equals else word
        elif before == "--zeroweight-set":
            yield _setting(word)
        elif word.startswith("-o") and equals:
            yield f"{name}={KEPT_BACK}"
        elif name == "--zeroweight-set" and equals:
            yield f"{name}={_setting(value)}"
        elif word.startswith("--"):
            yield _login_aside(word) if not equals or _harmless(name) else f"{name}={KEPT_BACK}"
        elif before.startswith("--") and not _harmless(before) and not _FLAGS.fullmatch(before) and not word.startswith("-"):
            yield KEPT_BACK
        else:
            yield _setting(_login_aside(word))
        before = "" if equals and word.startswith("--") else word


def _harmless(option: str) -> bool:
    """Tell whether an option's value is known to be no secret."""
    return option.startswith(OURS) or _PYTESTS.fullmatch(option) is not None


def _setting(text: str) -> str:
    """Return NAME=VALUE without its value where that may be a secret, a routing header or a whole table; a reference is none of these."""
    key, equals, value = text.partition("=")
    secret = names_credential(key.strip(" \"'")) or ".headers." in key or value.lstrip().startswith("{")
    return f"{key}={KEPT_BACK}" if equals and secret and not is_reference(value) else text


def _login_aside(text: str) -> str:
    """Return a text without the name and password that an address may hold."""
    return _LOGIN.sub(KEPT_BACK, text)
