"""`zeroweight run`: the gate for Jobs, CI and compose, whose status can be trusted."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from zeroweight.plugin import place
from zeroweight.plugin.stop import PARENT

INCONCLUSIVE = 10
USAGE = 4
WORDS = {0: "PASS", 1: "FAIL"}
LONGEST = 2000
"""Characters of a termination message; Kubernetes cuts at 4096 bytes."""
LIGHT = "--assert=plain"
"""What pytest does not do for us: write modules anew so that their asserts explain themselves; where bytecode is not kept, at every start.

Suites assert nothing. Tests of the operator's own that run beside them do: their asserts hold as ever, and say less. `--assert=rewrite` on
the command line or in PYTEST_ADDOPTS brings it back. Hypothesis's plugin, which costs as much, stays: a pytest.ini may hold its options.
"""


@click.command(
    "run",
    short_help="Run the gate: 0 PASS, 1 FAIL, 10 INCONCLUSIVE.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.option(
    "--output", "--zeroweight-output", metavar="FOLDER", help="Where verdict.json and the reports go (default: what the file says)."
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="GATE.TOML [PYTEST ARGUMENTS]...")
def command(output: str | None, arguments: tuple[str, ...]) -> None:
    """Run the gate that GATE.TOML describes.

    The status is 0 for PASS, 1 for FAIL and 10 for INCONCLUSIVE (4: gate.toml is wrong), and the last line on stdout is the word.
    0 and 1 are given only where pytest's own status and the verdict.json of this very run agree; whatever else happens is 10.
    """
    if not arguments or arguments[0].startswith("-"):
        # A Job with a stray --help or --version must not be a PASS.
        click.echo(command.get_help(click.get_current_context()))
        given = f"it is {arguments[0]}" if arguments else "it is missing"
        click.echo(f"zeroweight: the first argument is the gate's file, like gate.toml; {given}", err=True)
        sys.exit(_said("INCONCLUSIVE", INCONCLUSIVE))
    sys.exit(run(arguments[0], arguments[1:], output=output))


def run(gate: str, arguments: tuple[str, ...], *, output: str | None = None) -> int:
    """Run pytest as a child on a gate file and return the status that its verdict deserves."""
    line = [sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "--tb=no", "-rN", "--zeroweight", gate]
    if output:
        line += ["--zeroweight-output", output]
    line += arguments
    run_id = uuid.uuid4().hex
    click.echo("zeroweight: " + shlex.join(line), err=True)
    told = place.folder(gate, option=output or "", sets=_sets(arguments)) / "verdict.json"
    with contextlib.suppress(OSError):  # the child tells of a folder that cannot be written
        # The child replaces it at once, but for arguments with which it never comes so far (--version, -p no:zeroweight).
        told.unlink()
    status = child(line, {"ZEROWEIGHT_RUN_ID": run_id})
    word, why = _verdict(told, run_id)
    if status == USAGE:
        return _said("INCONCLUSIVE", USAGE, why=why)
    agreed = status if WORDS.get(status) == word else INCONCLUSIVE
    said = WORDS.get(agreed, "INCONCLUSIVE")
    if agreed == INCONCLUSIVE != status:
        why = f"pytest ended with status {status}, and {told} says {word or 'nothing about this run'}"
        click.echo(f"zeroweight: {why}", err=True)
    return _said(said, agreed, why=why)


def _sets(arguments: tuple[str, ...]) -> list[str]:
    """Return the values of --zeroweight-set, in both ways of writing it."""
    after = [value for option, value in itertools.pairwise(arguments) if option == "--zeroweight-set"]
    return [*after, *(each.partition("=")[2] for each in arguments if each.startswith("--zeroweight-set="))]


def child(line: list[str], environment: Mapping[str, str]) -> int:
    """Run pytest as a child to its end, forwarding SIGTERM and SIGINT to it; should this process be killed, the child ends itself."""
    early: list[int] = []
    forward: Callable[[int], None] = early.append
    before = {number: signal.signal(number, lambda number, _: forward(number)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        lightly = {"PYTEST_ADDOPTS": f"{LIGHT} {os.environ.get('PYTEST_ADDOPTS', '')}".rstrip(), PARENT: str(os.getpid())}
        process = subprocess.Popen(line, env={**os.environ, **lightly, **environment})  # noqa: S603  # our own interpreter
        forward = process.send_signal
        for number in early:
            forward(number)
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _verdict(path: Path, run_id: str) -> tuple[str, str]:
    """Return the verdict of this very run and its first reason, or nothing."""
    try:
        told = json.loads(path.read_bytes())
        if told["run"]["id"] == run_id and told["run"]["finished"] is True:
            return str(told["verdict"]), str(told["reasons"][0]["text"]) if told["reasons"] else ""
    except (OSError, ValueError, LookupError, TypeError):
        pass  # no verdict of this run's
    return "", ""


def _said(word: str, status: int, *, why: str = "") -> int:
    """Say the word as the last line of stdout, and where a pod's termination message is read, if asked for; returns the status."""
    place_ = os.environ.get("ZEROWEIGHT_TERMINATION_FILE")
    if place_:
        line = " ".join(f"{word}: {why}".split()) if why else word
        try:
            Path(place_).write_text(line[:LONGEST] + "\n", encoding="utf-8")
        except OSError as error:
            click.echo(f"zeroweight: {place_} cannot be written: {error}", err=True)
    click.echo(word)
    return status
