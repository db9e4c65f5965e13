"""Getting acquainted with the pair before the first test: schemas, accounts, and a known-good request for each role."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from zeroweight.checks.outcome import Context, backing_off, outcome
from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.login import enrol
from zeroweight.drivers.openapi import Schema, read
from zeroweight.errors import ToolFailed, Unreachable, ZeroweightError
from zeroweight.model.http import Trace
from zeroweight.model.look import Gap
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Scenario
from zeroweight.model.resource import Resource
from zeroweight.model.role import Account, Role
from zeroweight.model.target import Side

TRIED = 16
"""At most so many operations are tried to find a role's known-good request."""
OK = 200


async def schemas(drivers: Mapping[Side, HttpDriver], where: str) -> tuple[dict[Side, Schema], list[Gap]]:
    """Fetch and read the schema of each side; a path is asked of both, a file or URL speaks for both."""
    found: dict[Side, Schema] = {}
    gaps: list[Gap] = []
    for side, driver in drivers.items():
        try:
            if where.startswith("file:"):
                document = await asyncio.to_thread(Path(where.removeprefix("file:")).read_bytes)
            else:
                answer = await driver.plain("GET", where, follow=True)
                if answer.status != OK:
                    raise ToolFailed(f"GET {where} on the {side} answered {answer.status}, not a schema")
                document = answer.body
            found[side] = read(document, source=f"{where} of the {side}")
        except (ZeroweightError, OSError) as error:
            gaps.append(Gap(what=f"schema of the {side}", why=str(error), fix="see api.schema", code="schema"))
    return found, gaps


def with_resources(operations: Sequence[Operation], resources: Sequence[Resource]) -> tuple[Operation, ...]:
    """Tell each operation which of its path parameters take a declared resource's id."""
    made = []
    for operation in operations:
        taken: dict[str, str] = {}
        for resource in resources:
            name = _takes(operation, resource)
            if name:
                taken[name] = resource.kind
        made.append(replace(operation, resources=taken) if taken else operation)
    return tuple(made)


def _takes(operation: Operation, resource: Resource) -> str:
    """Return the path parameter that takes the resource's id: the one behind the create's path, else the last one."""
    names = [piece.partition("}")[0] for piece in operation.path.split("{")[1:]]
    behind = resource.create.partition(" ")[2].rstrip("/") + "/{"
    nested = operation.path.startswith(behind)
    told = operation.label in {*resource.used, resource.read, resource.remove}
    if not names or not (told if resource.used else told or nested):
        return ""
    return operation.path[len(behind) :].partition("}")[0] if nested else names[-1]


@dataclass(slots=True, kw_only=True)
class Acquaintance:
    """Who could log in, and how each session is vouched for."""

    accounts: dict[Side, dict[str, Account]] = field(default_factory=lambda: {side: {} for side in Side})
    known_good: dict[str, Scenario] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


async def log_in(drivers: Mapping[Side, HttpDriver], roles: Sequence[Role]) -> Acquaintance:
    """Log every role in, once a side; a role that cannot is a Gap and plays no part."""
    met = Acquaintance()
    for role in roles:
        for side, driver in drivers.items():
            try:
                account = await enrol(driver, role)
            except (ToolFailed, Unreachable) as error:
                met.gaps.append(Gap(what=f"role {role.name}", why=str(error), fix=f"see roles.{role.name}", code="login", role=role.name))
                continue
            met.accounts[side][role.name] = account
            driver.enrol(account)
    return met


async def vouch(
    drivers: Mapping[Side, HttpDriver],
    roles: Sequence[Role],
    operations: Sequence[Operation],
    met: Acquaintance,
    context: Context | None = None,
) -> None:
    """Find each role's known-good request: allowed on both sides and refused to anonymous, so that it tells a live session from a dead.

    What anonymous may do as well vouches for nobody, also where the operator named it: a dead token would be allowed there, too.
    """
    asker = _Asker(drivers, context or Context())
    for role in roles:
        if role.anonymous or any(role.name not in met.accounts[side] for side in Side):
            continue
        for operation in _candidates(role, operations):
            scenario = Scenario.of(operation.example(role=role.name))
            if operation.label in asker.open and not role.check:
                continue
            if await asker.everywhere(scenario) and await asker.closed(operation):
                met.known_good[role.name] = scenario
                break
        else:
            met.gaps.append(_unvouched(role, is_open=role.check in asker.open))


def _unvouched(role: Role, *, is_open: bool) -> Gap:
    """Return the Gap of a role without a known-good request."""
    line = f"roles.{role.name}.check"
    why = (
        "no request was found that both sides allow to it and refuse to anonymous:"
        " its credential is not taken, or the schema has no such request"
    )
    fix = f'see the credential of roles.{role.name}, or name a request that only {role.name} may call: {line} = "GET /path"'
    if is_open:
        why = f"{role.check}, its {line}, is not refused to anonymous, so it cannot tell a living session from a dead one"
        fix = f'name a request that only {role.name} may call: {line} = "GET /path", or take the line out'
    elif role.check:
        why = f"{role.check}, its {line}, is not allowed to it on both sides: its credential is not taken, or it may not do this"
    return Gap(what=f"role {role.name}", why=why, fix=fix, code="role", role=role.name)


def _candidates(role: Role, operations: Sequence[Operation]) -> list[Operation]:
    """Return operations to try, the likeliest first: the role's own, then reads without path parameters, protected ones first."""
    if role.check:
        method, _, path = role.check.partition(" ")
        known = [operation for operation in operations if operation.label == role.check]
        return known or [Operation(method=method, path=path)]
    reads = [operation for operation in operations if operation.method == "GET"]
    return sorted(reads, key=lambda each: ("{" in each.path, not each.protected, each.path))[:TRIED]


class _Asker:
    """Asks both sides, and remembers what is open to anybody."""

    def __init__(self, drivers: Mapping[Side, HttpDriver], context: Context) -> None:
        """Know nothing yet."""
        self._drivers = drivers
        self._context = context
        self._closed: dict[str, bool] = {}

    @property
    def open(self) -> set[str]:
        """The operations that a side does not refuse to anonymous."""
        return {label for label, closed in self._closed.items() if not closed}

    async def everywhere(self, scenario: Scenario) -> bool:
        """Whether both sides allow the request."""
        return all([await self._outcome(driver, scenario) is Outcome.ALLOWED for driver in self._drivers.values()])

    async def closed(self, operation: Operation) -> bool:
        """Whether both sides answer anonymous, and neither allows it; where one does, its dead sessions could not be seen."""
        if operation.label not in self._closed:
            scenario = Scenario.of(operation.example())
            found = [await self._outcome(driver, scenario) for driver in self._drivers.values()]
            self._closed[operation.label] = not {Outcome.ALLOWED, Outcome.LIMITED, Outcome.SILENT} & set(found)
        return self._closed[operation.label]

    async def _outcome(self, driver: HttpDriver, scenario: Scenario) -> Outcome:
        """Ask up to three times where an answer may be chance."""
        found = Outcome.SILENT
        for _ in range(3):
            trace: Trace = await driver.exchange(scenario, {"unique": "known-good"}, lane=0)
            last = trace.exchanges[-1]
            found = outcome(last, self._context)
            if found not in {Outcome.BROKEN, Outcome.LIMITED, Outcome.SILENT} and backing_off(last) is None:
                break
        return found
