"""`zeroweight run`: the gate for Jobs, CI and compose, whose status can be trusted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from types import FrameType

import click

INCONCLUSIVE = 10
USAGE = 4
WORDS = {0: "PASS", 1: "FAIL"}


@click.command("run", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.option("--output", metavar="FOLDER", help="Where verdict.json and the reports go (default: what the file says).")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="GATE.TOML [PYTEST ARGUMENTS]...")
def command(output: str | None, arguments: tuple[str, ...]) -> None:
    """Run the gate that GATE.TOML describes.

    The status is 0 for PASS, 1 for FAIL and 10 for INCONCLUSIVE (4: gate.toml is wrong), and the last line on stdout is the word.
    0 and 1 are given only where pytest's own status and the verdict.json of this very run agree; whatever else happens is 10.
    """
    if not arguments or arguments[0] in {"-h", "--help"}:
        click.echo(command.get_help(click.get_current_context()))
        # A Job with a stray --help must not be a PASS.
        sys.exit(INCONCLUSIVE)
    sys.exit(run(arguments[0], arguments[1:], output=output))


def run(gate: str, arguments: tuple[str, ...], *, output: str | None = None) -> int:
    """Run pytest as a child on a gate file and return the status that its verdict deserves."""
    line = [sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "--tb=no", "-rN", "--zeroweight", gate]
    if output:
        line += ["--zeroweight-output", output]
    line += arguments
    run_id = uuid.uuid4().hex
    click.echo("zeroweight: " + " ".join(line), err=True)
    folder = Path(output or os.environ.get("ZEROWEIGHT_OUTPUT_FOLDER") or _folder(gate))
    with contextlib.suppress(OSError):  # the child tells of a folder that cannot be written
        # The child replaces it at once, but for arguments with which it never comes so far (--version, -p no:zeroweight).
        (folder / "verdict.json").unlink()
    status = _child(line, {**os.environ, "ZEROWEIGHT_RUN_ID": run_id})
    word = _word(folder / "verdict.json", run_id)
    if status == USAGE:
        return USAGE
    agreed = status if WORDS.get(status) == word else INCONCLUSIVE
    said = WORDS.get(agreed, "INCONCLUSIVE")
    _terminate(said, folder / "verdict.json", run_id)
    click.echo(said)
    return agreed


def _child(line: list[str], environment: dict[str, str]) -> int:
    """Run the child to its end, forwarding SIGTERM and SIGINT to it."""
    child = subprocess.Popen(line, env=environment)  # noqa: S603  # our own interpreter

    def forward(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a signal handler's signature
        child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _folder(gate: str) -> str:
    """Return the folder that the file names; the child has told of whatever is wrong with the file."""
    import tomllib  # noqa: PLC0415  # only where no option names the folder

    try:
        return str(tomllib.loads(Path(gate).read_text("utf-8")).get("output", {}).get("folder", "zeroweight-out"))
    except (OSError, ValueError, AttributeError):
        return "zeroweight-out"


def _word(path: Path, run_id: str) -> str:
    """Return the verdict of this very run, or nothing."""
    try:
        told = json.loads(path.read_bytes())
        return str(told["verdict"]) if told["run"]["id"] == run_id and told["run"]["finished"] else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _terminate(word: str, path: Path, run_id: str) -> None:
    """Write the one-line verdict where a pod's termination message is read, if asked for."""
    place = os.environ.get("ZEROWEIGHT_TERMINATION_FILE")
    if not place:
        return
    reason = ""
    if _word(path, run_id) == word:
        reasons = json.loads(path.read_bytes())["reasons"]
        reason = f": {reasons[0]['text']}" if reasons else ""
    try:
        Path(place).write_text(f"{word}{reason}\n", encoding="utf-8")
    except OSError as error:
        click.echo(f"zeroweight: {place} cannot be written: {error}", err=True)
