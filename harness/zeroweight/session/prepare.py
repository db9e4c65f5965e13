"""What a run does once before its first test: prove who answers, read the schemas, log in, write the ledger, make the Plan."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zeroweight.checks.check import catalogue, examine_contract
from zeroweight.compare import Delta, documented
from zeroweight.config.model import Config
from zeroweight.corpus import payloads
from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.openapi import Schema, contrasts, united
from zeroweight.errors import ToolFailed
from zeroweight.ledger import FAMILIES, RULES, Ledger, write
from zeroweight.model.contract import Change
from zeroweight.model.look import Gap
from zeroweight.model.operation import Operation
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.plan import Plan, Shares
from zeroweight.session import acquaint, doors, exclusions, identity, setup, suites
from zeroweight.shipped import shipped
from zeroweight.trial.loop import Loop

Say = Callable[[str], None]

LEAST_SHARE = 0.5
"""At least this share of the run's time is for sending, however large the grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known before anything is sent."""

    run: str
    config: Config
    aa: bool
    journals: Path
    began: float
    """When the run began, on the monotonic clock."""

    @property
    def deadline(self) -> float:
        """The instant at which sending ends: the grace is kept for tidying up."""
        budget = self.config.budget
        return self.began + max(budget.seconds - budget.grace, budget.seconds * LEAST_SHARE)


def prepare(start: Start, say: Say) -> Plan:
    """Make the Plan. What the targets do wrong becomes a Gap or a reason in it; raises ConfigError for the operator's mistakes."""
    config = start.config
    both = setup.targets(config)
    found = suites.files(config)
    shares = Shares(requests=config.budget.requests, rate=config.rate, lanes=config.budget.lanes, deadline=start.deadline)
    drivers, meters = setup.open_drivers(
        both,
        shares,
        level=setup.level(config),
        run=start.run,
        accounts={side: {} for side in Side},
        driver=config.driver,
        hosts=config.safety.hosts,
    )
    folders = payload_folders(config)
    lost = (*lost_payloads(folders), *lost_rules())
    owed = {name: suites.owes(found.get(name)) for name in dict.fromkeys((*setup.policy(config).require.suites, *_own(config, found)))}
    plan = Plan(
        run=start.run,
        service=config.service,
        targets=both,
        identity=setup.identity(config),
        builds={},
        roles=setup.roles(config),
        accounts={side: {} for side in Side},
        resources=setup.resources(config),
        operations=(),
        ledger=Ledger(excluded=exclusions.suites_left_out(config)),
        known_good={},
        control=Scenario(steps=()),
        level=setup.level(config),
        in_turn=config.safety.shared_store,
        shares=shares,
        driver=config.driver,
        loop=config.loop,
        hosts=config.safety.hosts,
        policy=setup.policy(config),
        stop_at_first_block=config.policy.stop == "first-block",
        payload_folders=tuple(map(str, folders)),
        journals=str(start.journals),
        secrets=config.secrets(),
        key=os.urandom(16),
    )
    loop = Loop(plan.loop)
    try:
        plan = loop.run(_prepare(plan, drivers, config, owed, say, aa=start.aa))
    finally:
        try:
            loop.run(_close(drivers))
        finally:
            loop.close()
    spent = max(meter.sent for meter in meters.values())
    return replace(plan, shares=replace(shares, requests=max(0, shares.requests - spent)), gaps=(*lost, *plan.gaps))


def payload_folders(config: Config) -> list[Path]:
    """Return the shipped payloads and the operator's own; an installation without payloads is noticed by `lost_payloads`."""
    try:
        folders = [shipped("payloads")]
    except ToolFailed:
        folders = []
    return [*folders, *map(Path, config.payloads.paths)]


def lost_payloads(folders: Sequence[Path]) -> tuple[Gap, ...]:
    """Return a Gap for each shipped family that this installation lacks; raises ConfigError for a payload file that cannot be read."""
    have = {payload.family for payload in payloads(folders)}
    return tuple(
        Gap(
            what=f"payloads {family}",
            why=f"this installation has none of this family, so the suite {suite} sends plain requests only",
            fix="install zeroweight again",
            code="payloads",
            suite=suite,
        )
        for suite, families in FAMILIES.items()
        for family in families
        if family not in have
    )


def lost_rules() -> tuple[Gap, ...]:
    """Return a Gap for the shipped rules that this installation has no check for: what nobody looks for cannot be found."""
    lost = sorted(RULES - {check.rule.id for check in catalogue()})
    why = "this installation has no check for them, so nobody looked"
    return (Gap(what=f"rules {', '.join(lost)}", why=why, fix="install zeroweight again", code="rules"),) if lost else ()


def _own(config: Config, found: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the suites that came from the operator's folders: what he adds, a run owes."""
    roots = [Path(text) for text in config.suites.paths]
    return tuple(name for name, path in found.items() if any(path == root or root in path.parents for root in roots))


async def _close(drivers: Mapping[Side, HttpDriver]) -> None:
    for driver in drivers.values():
        await driver.close()


async def _prepare(
    plan: Plan,
    drivers: Mapping[Side, HttpDriver],
    config: Config,
    owed: Mapping[str, Sequence[str]],
    say: Say,
    *,
    aa: bool,
) -> Plan:
    """Ask the pair what must be known; stops at the first thing without which no request makes sense."""
    where = config.api.schema
    path = where if where.startswith("/") else "/"
    say("identity")
    proof = await identity.prove(drivers, plan.identity, path, aa=aa)
    plan = replace(plan, identity=proof.identity, builds=proof.builds, untrue=proof.untrue)
    if proof.unreachable:
        gaps = [
            Gap(what=f"the {side}", why=f"it does not answer: {why}", fix=f"see {side}.url and whether it runs", code="unreachable")
            for side, why in proof.unreachable.items()
        ]
        return replace(plan, gaps=tuple(gaps), blocked="a side does not answer")
    if proof.untrue and plan.policy.require.identity:
        return replace(plan, blocked="it is not proven which build answers on each side")
    say("schemas")
    schemas, gaps = await acquaint.schemas(drivers, where)
    if not schemas:
        return replace(plan, gaps=tuple(gaps), blocked="neither side has a schema that can be read")
    # It may wait for a child process that makes examples; the loop goes on meanwhile.
    operations, unbuilt, notes = await asyncio.to_thread(united, schemas.get(Side.BASELINE), schemas.get(Side.CANARY))
    gaps += unbuilt
    mistake = exclusions.without_effect(operations, config.api.exclude, [gap.operation for gap in gaps])
    if mistake is not None and operations:
        if len(schemas) == len(Side):
            raise mistake
        # The line may mean an operation of the schema that was not got; or it is a slip, and what it means would be called.
        return replace(plan, gaps=tuple(gaps), blocked=str(mistake))
    kept, excluded = exclusions.excluded(operations, config.api.exclude)
    operations = acquaint.with_resources(kept, plan.resources)
    if not operations:
        gaps.append(
            Gap(what="operations", why="the schema has none that may be called", fix="see api.schema and api.exclude", code="schema")
        )
        return replace(plan, gaps=tuple(gaps), blocked="there is nothing to call")
    plan = replace(plan, deltas=_documented(schemas))
    say("logins")
    barred = [each.operation for each in excluded]
    context = await doors.learn(drivers, operations, plan.roles, barred=barred)
    met = await acquaint.log_in(drivers, plan.roles)
    await acquaint.vouch(drivers, plan.roles, operations, met, context)
    secrets = dict.fromkeys(plan.secrets)
    for accounts in met.accounts.values():
        for account in accounts.values():
            secrets |= dict.fromkeys(setup.secrets_of(account))
    able = tuple(role for role in plan.roles if all(role.name in met.accounts[side] for side in Side))
    left_out = exclusions.left_out(operations, able, plan.resources, plan.level)
    ledger = write(operations, [role.name for role in plan.roles], owed, left_out)
    return replace(
        plan,
        operations=operations,
        roles=able,
        accounts=met.accounts,
        known_good=met.known_good,
        control=next(iter(met.known_good.values()), Scenario.of(Operation(method="GET", path=path).example())),
        ledger=replace(ledger, excluded=(*plan.ledger.excluded, *ledger.excluded, *excluded)),
        login_pages=context.login_pages,
        login_paths=context.login_paths,
        secrets=tuple(secrets),
        gaps=(*gaps, *met.gaps),
        notes=notes,
    )


def _documented(schemas: Mapping[Side, Schema]) -> tuple[Delta, ...]:
    """Return what the two documents alone show; nothing where one of them is missing."""
    if len(schemas) < len(Side):
        return ()
    changes = [
        Change(kind=change.kind, method=change.method, path=change.path, says=change.says)
        for change in contrasts(schemas[Side.BASELINE], schemas[Side.CANARY])
    ]
    return tuple(documented(finding) for finding in examine_contract(catalogue(), changes))
