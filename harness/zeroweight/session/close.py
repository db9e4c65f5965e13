"""What a run does once after its last test: remove what it made, also what crashed workers made, and ask again who answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zeroweight.checks.outcome import outcome
from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.login import enrol
from zeroweight.errors import Unreachable, ZeroweightError
from zeroweight.model.http import Trace
from zeroweight.model.outcome import Level, Outcome
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.plan import Plan, Shares
from zeroweight.session import identity, setup
from zeroweight.trial.loop import Loop
from zeroweight.trial.objects import Entry, Journal, Objects, is_gone
from zeroweight.verdict import Reason

SPARE_REQUESTS = 10_000
"""Clean-up is not stopped by the requests that the attack used up; its time is bounded by the grace."""

DEAD = ("refused", "timeout")
"""Silences that the next request will meet as well; others (a reset, a farewell) are about one object."""

LEAST_GRACE = 1.0
"""Seconds that the end may take, whatever the configured grace: without asking again who answers, nothing is proven."""


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
    grace = max(grace, LEAST_GRACE)
    shares = Shares(requests=SPARE_REQUESTS, rate=plan.shares.rate, lanes=1, deadline=time.monotonic() + grace)
    # Only what this run's own journal names is removed, so the level of the attack does not hold here.
    drivers, _ = setup.open_drivers(plan.targets, shares, level=Level.DESTRUCTIVE, run=plan.run, accounts=plan.accounts, hosts=plan.hosts)
    loop = Loop()
    try:
        return loop.run(_close(plan, drivers, entries, grace))
    finally:
        try:
            loop.run(_hang_up(drivers))
        finally:
            loop.close()


async def _hang_up(drivers: Mapping[Side, HttpDriver]) -> None:
    for driver in drivers.values():
        await driver.close()


async def _close(plan: Plan, drivers: Mapping[Side, HttpDriver], entries: Sequence[Entry], grace: float) -> Closing:
    """Tidy up both sides at the same time, so that one that hangs costs the other nothing."""
    journal = Journal(Path(plan.journals) / "close.jsonl")
    objects = Objects(plan.resources, plan.operations, journal)
    try:
        parts = await asyncio.gather(
            *(_side(plan, driver, objects, [e for e in entries if e.side is side], grace) for side, driver in drivers.items())
        )
    finally:
        journal.close()
    return Closing(
        leftovers=tuple(text for part in parts for text in part.leftovers),
        untrue=tuple(reason for part in parts for reason in part.untrue),
        removed=sum(part.removed for part in parts),
    )


async def _side(plan: Plan, driver: HttpDriver, objects: Objects, entries: Sequence[Entry], grace: float) -> Closing:
    """Remove what was made on one side, newest first (an object may hold an older one), then read its build; silence ends it."""
    open_ = list(entries)
    leftovers: list[str] = []
    untrue: tuple[Reason, ...] = ()
    try:
        async with asyncio.timeout(grace):
            while open_:
                why = await _remove(plan, driver, objects, open_[-1])
                entry = open_.pop()
                if why:
                    leftovers.append(_left(entry, why))
            untrue = await _still(plan, driver)
    except (TimeoutError, Unreachable) as error:
        why = str(error) or f"the {driver.target.side} did not answer within the grace of {grace:g} s"
        leftovers += [_left(entry, why) for entry in reversed(open_)]
        untrue = (Reason(code="identity-unproven", text=f"at the end: {why}"),) if plan.builds else ()
    return Closing(leftovers=tuple(leftovers), untrue=untrue, removed=len(entries) - len(leftovers))


def _left(entry: Entry, why: str) -> str:
    """Say what was left behind, and why."""
    return f"{entry.kind} {entry.id if entry.id is not None else '(id unknown)'} of {entry.owner} on the {entry.side}: {why}"


async def _remove(plan: Plan, driver: HttpDriver, objects: Objects, entry: Entry) -> str:
    """Remove one object as its owner; returns why it could not be done, or nothing.

    Raises Unreachable when the side is dead, TimeoutError when it hangs.
    """
    if entry.id is None:
        return "its create was sent and no id came back, so it may or may not be there"
    probe = objects.removal(entry)
    if probe is None:
        return "the resource has no remove"
    trace = await driver.exchange(Scenario.of(probe), {}, lane=0)
    if outcome(trace.exchanges[-1], plan.context) is Outcome.REFUSED and await _again(plan, driver, entry.owner):
        trace = await driver.exchange(Scenario.of(probe), {}, lane=0)
    last = trace.exchanges[-1]
    if last.failure is not None and last.failure.kind == "deadline":
        raise TimeoutError  # the grace is over, whichever clock says so first
    if last.failure is not None and last.failure.kind in DEAD:
        raise Unreachable(f"the {entry.side} does not answer: {last.failure.text}", kind=last.failure.kind)
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


async def _still(plan: Plan, driver: HttpDriver) -> tuple[Reason, ...]:
    """Say where another build answers now than before the first probe; raises Unreachable."""
    side = driver.target.side
    if not plan.builds:
        return ()
    # An answer that names no build may be a gateway's, by chance; twice is no chance. Another build is one, however seldom.
    build = await identity.read(driver, plan.identity) or await identity.read(driver, plan.identity)
    if build == plan.builds[side]:
        return ()
    if not build:
        return (Reason(code="identity-unproven", text=f"at the end the {side} did not say its build any more"),)
    text = f"at the end the {side} was build {build}, not {plan.builds[side]}: it was replaced during the run"
    return (Reason(code="identity-mixed", text=text),)
