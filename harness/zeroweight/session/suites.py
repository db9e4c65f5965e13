"""Which suites run, where their files lie, and what each of them owes."""

from __future__ import annotations

import ast
from pathlib import Path

from zeroweight.config.model import Config
from zeroweight.errors import ConfigError, ToolFailed
from zeroweight.shipped import shipped

DEFAULT = ("operation", "role")
"""What a suite owes unless its module says otherwise by `OWES = (…)`; `OWES = ()` owes one look at anything."""


def name_of(path: Path) -> str:
    """Return a suite's name: its module's stem without `test_`."""
    return path.stem.removeprefix("test_")


def files(config: Config) -> dict[str, Path]:
    """Return suite → file: the shipped ones and those of `suites.paths`, but for skipped ones.

    Raises ConfigError where a path has none, and where two files are one suite: the one would run, and the other's debts be crossed off.
    """
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
        for path in own:
            name = name_of(path)
            if name not in config.suites.skip and found.get(name, path).resolve() != path.resolve():
                what = f"{path} and {found[name]} are both the suite {name}"
                raise ConfigError(what, where="suites.paths", fix="Rename one of them: a suite is called by its file's name")
            found[name] = path
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
        value = _told(node)
        if value is None:
            continue
        try:
            told = ast.literal_eval(value)
        except ValueError:
            return DEFAULT
        if isinstance(told, tuple) and all(part in DEFAULT for part in told) and (not told or "operation" in told):
            return tuple(str(part) for part in told)
    return DEFAULT


def _told(node: ast.stmt) -> ast.expr | None:
    """Return what a statement of a module says of `OWES`, with or without its type."""
    match node:
        case ast.Assign(targets=names, value=value) if any(isinstance(name, ast.Name) and name.id == "OWES" for name in names):
            return value
        case ast.AnnAssign(target=ast.Name(id="OWES"), value=value):
            return value
    return None
