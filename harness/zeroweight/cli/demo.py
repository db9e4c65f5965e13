"""`zeroweight demo`: a baseline and a flawed canary on this machine, and the gate between them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from zeroweight.cli.run import run

DEFAULT_FLAWS = ("csp-gone", "order-read-foreign", "malformed-json-traceback", "admin-users-open-to-customers")


@click.command("demo", short_help="Try the gate on a flawed demo pair on this machine.", context_settings={"ignore_unknown_options": True})
@click.option("--flaw", "flaws", multiple=True, help="A flaw to plant in the canary (default: four of them); `none` plants none.")
@click.option("--benign", "benign", multiple=True, help="A harmless change to make to the canary.")
@click.option("--noise", is_flag=True, help="Let both sides answer as unsteadily as real ones do.")
@click.option("--list", "listing", is_flag=True, help="List flaws and harmless changes.")
@click.option("--keep", is_flag=True, help="Leave the pair running afterwards, until Ctrl-C.")
@click.option("--output", default="zeroweight-out", show_default=True, help="Where verdict and reports go.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(  # one parameter for each option
    flaws: tuple[str, ...], benign: tuple[str, ...], arguments: tuple[str, ...], output: str, *, noise: bool, listing: bool, keep: bool
) -> None:
    """Start the demo pair, run the gate between its two sides, and exit with the gate's own status."""
    try:
        from zeroweight.demo.catalogue import BENIGN, FLAWS  # noqa: PLC0415  # an extra
        from zeroweight.demo.noise import Noise  # noqa: PLC0415
        from zeroweight.demo.pair import Pair, config, environment  # noqa: PLC0415
    except ImportError as error:
        click.echo(f"zeroweight: the demo needs {error.name}; install it by: pip install 'zeroweight[demo]'", err=True)
        sys.exit(4)
    if listing:
        for title, entries in (("flaws", FLAWS), ("harmless changes", BENIGN)):
            click.echo(f"{title}:")
            for name, entry in entries.items():
                click.echo(f"  {name:<36} {entry.title}")
        return
    chosen = tuple(name for name in flaws or DEFAULT_FLAWS if name != "none")
    for name in (*chosen, *benign):
        if name not in FLAWS and name not in BENIGN:
            raise click.UsageError(f"there is no {name}; see `zeroweight demo --list`")
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    with Pair(flaws=frozenset(chosen), benign=frozenset(benign), noise=Noise() if noise else None) as pair:
        gate = folder / "gate.toml"
        gate.write_text(config(pair), encoding="utf-8")
        os.environ.update(environment())
        click.echo(
            f"baseline {pair.baseline.url}, canary {pair.canary.url} with {', '.join(chosen) or 'no flaw'}; the gate's file is {gate}"
        )
        status = run(str(gate), arguments, output=output)
        if keep:
            click.echo("the pair runs on; Ctrl-C ends it")
            click.pause("")
    sys.exit(status)
