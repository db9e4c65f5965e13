"""Which suites run, where their files lie, and what each of them owes."""

from __future__ import annotations

import ast
from pathlib import Path

from zeroweight.config.model import Config
from zeroweight.errors import ConfigError, ToolFailed
from zeroweight.shipped import shipped

DEFAULT = ("operation", "role")
"""What a suite owes unless its module says otherwise by `OWES = (…)`."""


def name_of(path: Path) -> str:
    """Return a suite's name: its module's stem without `test_`."""
    return path.stem.removeprefix("test_")


def files(config: Config) -> dict[str, Path]:
    """Return suite → file: the shipped ones and those of `suites.paths`, but for skipped ones. Raises ConfigError where a path has none."""
    found: dict[str, Path] = {}
    try:
        found = {name_of(path): path for path in sorted(shipped("suites").glob("test_*.py"))}
    except ToolFailed:
        found = {}
    for text in config.suites.paths:
        place = Path(text)
        own = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
        if not own:
            raise ConfigError(f"no test_*.py in {text}", where="suites.paths", fix="Name a folder of suites, or take the line out")
        found |= {name_of(path): path for path in own}
    return {name: path for name, path in found.items() if name not in config.suites.skip}


def owes(path: Path | None) -> tuple[str, ...]:
    """Return what a suite file owes; read, not run. A file that is not there owes the most."""
    if path is None:
        return DEFAULT
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return DEFAULT
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(name, ast.Name) and name.id == "OWES" for name in node.targets):
            try:
                told = ast.literal_eval(node.value)
            except ValueError:
                return DEFAULT
            if isinstance(told, tuple) and all(part in DEFAULT for part in told) and "operation" in told:
                return tuple(str(part) for part in told)
    return DEFAULT
