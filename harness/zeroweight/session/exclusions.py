"""What a run leaves out by its operator's choice: operations and suites. Each with the line that did it, and no line without effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from zeroweight.config.model import Config
from zeroweight.drivers.levels import permitted
from zeroweight.errors import ConfigError
from zeroweight.ledger import SHIPPED
from zeroweight.model.look import Exclusion
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import Slot
from zeroweight.model.resource import Resource
from zeroweight.model.role import ANONYMOUS, Role

TAG = "tag:"


def excluded(operations: Sequence[Operation], exclude: Sequence[str]) -> tuple[list[Operation], list[Exclusion]]:
    """Take out what the operator never wants called."""
    kept: list[Operation] = []
    out: list[Exclusion] = []
    for operation in operations:
        line = next((each for each in exclude if each in _names(operation)), "")
        if line:
            out.append(Exclusion(what=operation.label, why=f'api.exclude has "{line}"', operation=operation.label))
        else:
            kept.append(operation)
    return kept, out


def _names(operation: Operation) -> tuple[str, ...]:
    """Return every line of `api.exclude` that means the operation."""
    return operation.label, *(TAG + tag for tag in operation.tags)


def without_effect(operations: Sequence[Operation], exclude: Sequence[str], others: Iterable[str] = ()) -> ConfigError | None:
    """Return the mistake of the first line that means nothing: by a slip of the pen, what must never be called would be.

    `others` are operations of the schema that no request can be made for.
    """
    known = dict.fromkeys([*(name for operation in operations for name in _names(operation)), *others])
    line = next((each for each in exclude if each not in known), None)
    if line is None:
        return None
    is_tag = line.startswith(TAG)
    close = difflib.get_close_matches(line, [name for name in known if name.startswith(TAG) is is_tag], n=1)
    fix = f"Did you mean {close[0]}?" if close else 'Name an operation as the schema does ("GET /path/{id}"), or a tag ("tag:name")'
    return ConfigError(f'"{line}" is no {"tag" if is_tag else "operation"} of the schema', where="api.exclude", fix=fix)


def suites_left_out(config: Config) -> tuple[Exclusion, ...]:
    """Return an Exclusion for each shipped suite that does not run, or that nothing is owed of: a PASS says nothing of it."""
    required = config.policy.require.suites
    found = []
    for name in SHIPPED:
        if name in config.suites.skip:
            why = f'suites.skip has "{name}"'
        elif required is not None and name not in required:
            why = f'policy.require.suites does not have "{name}"'
        else:
            continue
        found.append(Exclusion(what=f"suite {name}", why=why, suite=name))
    return tuple(found)


def left_out(
    operations: Sequence[Operation], roles: Sequence[Role], resources: Sequence[Resource], level: Level
) -> dict[tuple[str, str], str]:
    """Return (operation, role) → the line that forbids it, by the same rule that the drivers enforce."""
    owners = {resource.kind: resource.owners for resource in resources}
    out: dict[tuple[str, str], str] = {}
    for operation in operations:
        slots = {
            name: Slot(name=f"{kind}:{owners[kind][0]}", kind=kind, owner=owners[kind][0])
            for name, kind in operation.resources.items()
            if owners.get(kind)
        }
        for role in roles:
            refusal = permitted(level, operation.example(role=role.name).with_(path=slots), role.name != ANONYMOUS)
            if refusal is not None:
                out[operation.label, role.name] = f'safety.level = "{level.word}": {refusal.text}'
    return out
