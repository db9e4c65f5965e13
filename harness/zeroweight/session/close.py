"""What a run does once after its last test: remove what it made, also what crashed workers made, and ask again who answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.login import enrol
from zeroweight.errors import ZeroweightError
from zeroweight.model.http import Trace
from zeroweight.model.outcome import Level
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.plan import Plan, Shares
from zeroweight.session import identity, setup
from zeroweight.trial.loop import Loop
from zeroweight.trial.objects import Entry, Journal, Objects, is_gone
from zeroweight.verdict import Reason

REFUSED = (401, 403)
SPARE_REQUESTS = 10_000
"""Clean-up is not stopped by the requests that the attack used up; its time is bounded by the grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How the end went."""

    leftovers: tuple[str, ...] = ()
    untrue: tuple[Reason, ...] = ()
    removed: int = 0


def close(plan: Plan, *, grace: float) -> Closing:
    """Clean up within `grace` seconds, and hold both builds against the proven ones; nothing that fails here is lost: it is told."""
    entries = [entry for entry in Journal.read(Path(plan.journals)) if not entry.removed]
    if plan.blocked and not entries:
        return Closing()
    shares = Shares(requests=SPARE_REQUESTS, rate=plan.shares.rate, lanes=1, deadline=time.monotonic() + grace)
    # Only what this run's own journal names is removed, so the level of the attack does not hold here.
    drivers, _ = setup.open_drivers(plan.targets, shares, level=Level.DESTRUCTIVE, run=plan.run, accounts=plan.accounts, hosts=plan.hosts)
    loop = Loop()
    try:
        return loop.run(_close(plan, drivers, entries))
    finally:
        try:
            loop.run(_hang_up(drivers))
        finally:
            loop.close()


async def _hang_up(drivers: Mapping[Side, HttpDriver]) -> None:
    for driver in drivers.values():
        await driver.close()


async def _close(plan: Plan, drivers: Mapping[Side, HttpDriver], entries: list[Entry]) -> Closing:
    """Remove, newest first (an object may hold an older one), then read both builds."""
    journal = Journal(Path(plan.journals) / "close.jsonl")
    objects = Objects(plan.resources, plan.operations, journal)
    leftovers: list[str] = []
    removed = 0
    try:
        for entry in reversed(entries):
            why = await _remove(plan, drivers[entry.side], objects, entry)
            if why:
                leftovers.append(
                    f"{entry.kind} {entry.id if entry.id is not None else '(id unknown)'} of {entry.owner} on the {entry.side}: {why}"
                )
            else:
                removed += 1
    finally:
        journal.close()
    return Closing(leftovers=tuple(leftovers), untrue=await _still(plan, drivers), removed=removed)


async def _remove(plan: Plan, driver: HttpDriver, objects: Objects, entry: Entry) -> str:
    """Remove one object as its owner; returns why it could not be done, or nothing."""
    if entry.id is None:
        return "its create was sent and its answer never seen, so it may or may not be there"
    probe = objects.removal(entry)
    if probe is None:
        return "the resource has no remove"
    trace = await driver.exchange(Scenario.of(probe), {}, lane=0)
    if trace.exchanges[-1].status in REFUSED and await _again(plan, driver, entry.owner):
        trace = await driver.exchange(Scenario.of(probe), {}, lane=0)
    return _why_left(trace)


async def _again(plan: Plan, driver: HttpDriver, owner: str) -> bool:
    """Log the owner in again: his token may have expired meanwhile."""
    role = next((each for each in plan.roles if each.name == owner), None)
    if role is None:
        return False
    try:
        driver.enrol(await enrol(driver, role))
    except ZeroweightError:
        return False
    return True


def _why_left(trace: Trace) -> str:
    last = trace.exchanges[-1]
    if last.failure is not None:
        return last.failure.text
    return "" if is_gone(last.status) else f"its removal answered {last.status}"


async def _still(plan: Plan, drivers: Mapping[Side, HttpDriver]) -> tuple[Reason, ...]:
    """Say where another build answers now than before the first probe."""
    if not plan.builds:
        return ()
    faults = []
    path = plan.control.steps[0].probe.operation.path if plan.control.steps else "/"
    for side, driver in drivers.items():
        try:
            build = await identity.read(driver, plan.identity, path if "{" not in path else "/")
        except ZeroweightError as error:
            faults.append(Reason(code="identity-unproven", text=f"at the end: {error}"))
            continue
        if build != plan.builds[side] and (build or plan.identity.get):
            text = f"at the end the {side} was build {build or '(none said)'}, not {plan.builds[side]}: it was replaced during the run"
            faults.append(Reason(code="identity-mixed", text=text))
    return tuple(faults)
