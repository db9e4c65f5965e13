"""What a run does once after its last test: ask again who answers, and remove what it made, also what crashed workers made."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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

EARLIER = "earlier"
"""The folder, among a run's journals, that holds those of earlier runs, each in a folder named after its run."""

REMOVALS = "~close.jsonl"
"""The journal of the clean-up; it is read after those of all workers, since it speaks of what they made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How the end went."""

    leftovers: tuple[str, ...] = ()
    untrue: tuple[Reason, ...] = ()
    removed: int = 0


def close(plan: Plan, *, grace: float, rate: float = math.inf) -> Closing:
    """Hold both builds against the proven ones and clean up, within `grace` seconds; nothing that fails here is lost: it is told.

    Where the governor ended the run, `rate` is what it went down to, in requests a second to a side: the end goes no faster.
    """
    entries = _open(Path(plan.journals))
    earlier = _earlier(Path(plan.journals))
    if plan.blocked and not entries:
        return Closing(leftovers=earlier)
    grace = max(grace, LEAST_GRACE)
    shares = Shares(requests=SPARE_REQUESTS, rate=min(rate, plan.shares.rate), lanes=1, deadline=time.monotonic() + grace)
    # Only what this run's own journal names is removed, so the level of the attack does not hold here.
    drivers, _ = setup.open_drivers(
        plan.targets, shares, level=Level.DESTRUCTIVE, run=plan.run, accounts=plan.accounts, driver=plan.driver, hosts=plan.hosts
    )
    loop = Loop(plan.loop)
    try:
        told = loop.run(_close(plan, drivers, entries, grace))
        return replace(told, leftovers=told.leftovers + earlier)
    finally:
        try:
            loop.run(_hang_up(drivers))
        finally:
            loop.close()


def _open(folder: Path) -> dict[str, Entry]:
    """Return what the journals of a folder do not call removed, by its key."""
    return {entry.key: entry for entry in Journal.read(folder) if not entry.removed}


def _earlier(folder: Path) -> tuple[str, ...]:
    """Say what earlier runs left. It is not removed: since then an id may have become somebody else's (a fresh database)."""
    told = []
    for run in sorted((folder / EARLIER).glob("*")):
        fate = "could not remove it" if (run / REMOVALS).exists() else "was killed"
        told += [f"left by run {run.name}, which {fate}: {_name(entry)}; remove it by hand" for entry in _open(run).values()]
    return tuple(told)


async def _hang_up(drivers: Mapping[Side, HttpDriver]) -> None:
    for driver in drivers.values():
        await driver.close()


async def _close(plan: Plan, drivers: Mapping[Side, HttpDriver], entries: Mapping[str, Entry], grace: float) -> Closing:
    """Tidy up both sides at the same time, so that one that hangs costs the other nothing."""
    journal = Journal(Path(plan.journals) / REMOVALS)
    objects = Objects(plan.resources, plan.operations, journal)
    try:
        parts = await asyncio.gather(
            *(
                _side(plan, driver, Removing(objects, journal, {key: e for key, e in entries.items() if e.side is side}), grace)
                for side, driver in drivers.items()
            )
        )
    finally:
        journal.close()
    return Closing(
        leftovers=tuple(text for part in parts for text in part.leftovers),
        untrue=tuple(reason for part in parts for reason in part.untrue),
        removed=sum(part.removed for part in parts),
    )


@dataclass(frozen=True, slots=True)
class Removing:
    """What is to be removed on one side, how, and where it is written down that it is gone."""

    objects: Objects
    journal: Journal
    entries: Mapping[str, Entry]


async def _side(plan: Plan, driver: HttpDriver, what: Removing, grace: float) -> Closing:
    """Read one side's build, then remove what was made there; a clean-up that takes too long says nothing about who answers."""
    end = asyncio.get_running_loop().time() + grace
    late = f"the {driver.target.side} did not answer within the grace of {grace:g} s"
    untrue: tuple[Reason, ...] = ()
    try:
        async with asyncio.timeout_at(end):
            untrue = await _still(plan, driver)
    except (TimeoutError, Unreachable) as error:
        untrue = (Reason(code="identity-unproven", text=f"at the end: {str(error) or late}"),)
    forbidden = _hands_off(untrue)
    leftovers = tuple(_left(e, forbidden) for e in what.entries.values()) if forbidden else await _tidy(plan, driver, what, end, late)
    return Closing(leftovers=leftovers, untrue=untrue, removed=len(what.entries) - len(leftovers))


def _hands_off(untrue: Sequence[Reason]) -> str:
    """Say why nothing is removed: an id of this run's may be somebody else's where another build, or another store, answers now."""
    if any(reason.code == "identity-mixed" for reason in untrue):
        return "another build answers now, so its id may name something else"
    return ""


async def _tidy(plan: Plan, driver: HttpDriver, what: Removing, end: float, late: str) -> tuple[str, ...]:
    """Remove what was made on one side, newest first (an object may hold an older one); returns what is left. Silence ends it."""
    open_ = list(what.entries.items())
    leftovers: list[str] = []
    try:
        async with asyncio.timeout_at(end):
            while open_:
                why = await _remove(plan, driver, what.objects, open_[-1][1])
                key, entry = open_.pop()
                if why:
                    leftovers.append(_left(entry, why))
                    continue
                with contextlib.suppress(OSError):  # a full disk must not keep the others from being removed
                    what.journal.write(what="removed", key=key)
    except (TimeoutError, Unreachable) as error:
        leftovers += [_left(entry, str(error) or late) for _, entry in reversed(open_)]
    return tuple(leftovers)


def _name(entry: Entry) -> str:
    """Name an object so that a person finds it."""
    return f"{entry.kind} {entry.id if entry.id is not None else '(id unknown)'} of {entry.owner} on the {entry.side}"


def _left(entry: Entry, why: str) -> str:
    """Say what was left behind, and why."""
    return f"{_name(entry)}: {why}"


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
    return "" if is_gone(last) else f"its removal answered {last.status}"


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
