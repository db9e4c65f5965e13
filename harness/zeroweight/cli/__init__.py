"""The `zeroweight` command: one file per command, found by walking this folder."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import click

from zeroweight.errors import ZeroweightError


class Commands(click.Group):
    """Loads a command's file only when it is called or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return every command's name."""
        return sorted(module.name for module in pkgutil.iter_modules(__path__))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command of a file's name."""
        if name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{__name__}.{name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zeroweight")
def group() -> None:
    """Attack a canary and its baseline alike, compare, and say PASS, FAIL or INCONCLUSIVE."""


def main() -> None:
    """Run a command; our own errors are one sentence and status 4 (the operator's mistake) or 10."""
    try:
        group()
    except ZeroweightError as error:
        click.echo(f"zeroweight: {error}", err=True)
        sys.exit(4)
