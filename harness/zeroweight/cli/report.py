"""`zeroweight report`: a report of a run that has been, from its record alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from zeroweight.config.agreement import NO_ALLURE, NO_ALLURE_FIX
from zeroweight.errors import ConfigError
from zeroweight.record import SCHEMA, Record, read
from zeroweight.writers.formats import FORMATS
from zeroweight.writers.harmless import line

NAME = "record.json"
GIVE = f"Give the {NAME} that a run wrote into its output folder"


@click.command("report", short_help="Write a report of a run from its record.")
@click.argument("record", metavar="RECORD", type=click.Path(path_type=Path))
@click.option("--format", "word", type=click.Choice(tuple(FORMATS)), default="html", show_default=True, help="What is written.")
@click.option("--output", type=click.Path(path_type=Path), help="The file (for allure: the folder) to write; default: beside the record.")
def command(record: Path, word: str, output: Path | None) -> None:
    """Write a report from RECORD, the record.json of a run (or the folder that it lies in). Nothing is sent.

    The status is 0 when the report was written, whatever the run's verdict is, and 4 when it could not be.
    """
    source = record / NAME if record.is_dir() else record
    known = _read(source)
    chosen = FORMATS[word]
    target = output or source.parent / chosen.place
    try:
        chosen.write(asdict(known), target)
    except ImportError as error:
        if not (error.name or "").startswith("allure_commons"):
            raise
        raise ConfigError(NO_ALLURE, where=f"--format {word}", fix=NO_ALLURE_FIX) from None
    except OSError as error:
        what = f"{target} cannot be written ({(error.strerror or str(error)).lower()})"
        raise ConfigError(what, where="--output", fix="Name another place") from None
    told = known.summary
    click.echo(f"{line(str(target))}: {told.verdict} of {line(told.service)}, run {line(told.run.id)}")


def _read(path: Path) -> Record:
    """Return the record in a file; raises ConfigError with file, key and fix."""
    try:
        plain = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path), fix=GIVE) from None
    except OSError as error:
        raise ConfigError(f"it cannot be read ({(error.strerror or str(error)).lower()})", where=str(path), fix=GIVE) from None
    except (ValueError, RecursionError):
        raise ConfigError("this is not JSON, or only a part of it", where=str(path), fix=GIVE) from None
    _fit(plain, path)
    try:
        return read(path)
    except (ValueError, RecursionError) as error:
        what = f"this is not a whole record: {line(str(error))}"
        raise ConfigError(what, where=str(path), fix="Take the file as the run wrote it, or run the gate again") from None


def _fit(plain: Any, path: Path) -> None:
    """Raise ConfigError for a document that is something else than a record of a version that we know."""
    if not isinstance(plain, dict):
        raise ConfigError("this is not a record", where=str(path), fix=GIVE)
    if "summary" not in plain and "verdict" in plain:
        fix = f"Give the {NAME} that lies beside it"
        raise ConfigError("this is a verdict, and it does not hold what a report is made of", where=str(path), fix=fix)
    number = plain.get("schema")
    if not isinstance(number, int):
        raise ConfigError("it does not say its version", where=f"{path}: schema", fix=GIVE)
    if number > SCHEMA:
        what = f"it is of version {number}, and this Zeroweight knows versions up to {SCHEMA}"
        raise ConfigError(what, where=f"{path}: schema", fix="Use the Zeroweight that wrote it, or a later one")
