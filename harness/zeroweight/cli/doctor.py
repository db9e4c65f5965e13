"""`zeroweight doctor`: what a run with this file cannot test yet, and the line that mends it."""

from __future__ import annotations

import sys

import click

from zeroweight.cli.run import child


@click.command("doctor", short_help="Say what a run cannot test yet, and what mends it.")
@click.argument("gate", metavar="GATE.TOML")
def command(gate: str) -> None:
    """Prove routing, identity, schema, logins, level and budget, and attack nothing. The status is 0 when a run could PASS."""
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", "-p", "no:cacheprovider"]
    line += ["--zeroweight", gate, "--zeroweight-task", "doctor"]
    click.echo("zeroweight: " + " ".join(line), err=True)
    sys.exit(child(line, {}))
