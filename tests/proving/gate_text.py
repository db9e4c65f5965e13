"""A gate.toml with fewer roles than its author wrote: read, narrowed, written again."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Any


def with_roles(text: str, number: int) -> str:
    """Keep so many roles, of the group that has the most (of peers first: one tells of itself, two tell of each other)."""
    told = tomllib.loads(text)
    roles: dict[str, Any] = told["roles"]
    sizes = Counter(role.get("group", "") for role in roles.values())
    # Sorting is stable: within a group they stay in the author's order.
    chosen = sorted(roles, key=lambda name: -sizes[roles[name].get("group", "")])[:number]
    told["roles"] = {name: role for name, role in roles.items() if name in chosen}
    resources = {}
    for name, resource in told.get("resources", {}).items():
        owners = [owner for owner in resource.get("owners", chosen) if owner in chosen]
        if owners:
            resources[name] = {**resource, "owners": owners}
    told["resources"] = resources
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in told.items())


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    """Write a value inline; JSON's spelling of text, numbers and truth is TOML's, too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False)
    return str(value)  # a date
