"""The whole road of one pair, as a run goes it: composing, meter, level, timeouts, Exchange and Trace on both sides, and the comparing."""

from __future__ import annotations

import asyncio
import contextlib
import math
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zeroweight.drivers.governor import Governor
from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.limits import Meter
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import Probe, Scenario, Slot, probe_of
from zeroweight.model.role import Account
from zeroweight.model.target import Side, Target, Tls
from zeroweight.redact import Secret
from zeroweight.trial.bench import Builds
from zeroweight.trial.lanes import Lanes, together
from zeroweight.trial.objects import Journal, Objects

LANES: Final = 8
Ready = Callable[[int], Coroutine[Any, Any, None]]
"""Makes so many requests ready; what it returns sends them and reads their answers, and raises when one is not as it should be."""
BATCH: Final = 64
"""Scenarios that a suite sends at once, about."""
ROLE: Final = "someone"
TOKEN: Final = "Bearer 3f9c1c0e5e5d4a6bb1f0a7f7f0d6a1c2"
OPERATION: Final = Operation(method="POST", path="/things")
ENOUGH: Final = 1 << 30
"""Requests: more than any benchmark sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Who is asked: the origins of both sides, and the file of their authority (empty for plain HTTP)."""

    baseline: str
    canary: str
    authority: str = ""

    @property
    def pem(self) -> str:
        """The authority's certificate."""
        return Path(self.authority).read_text(encoding="utf-8") if self.authority else ""


Client = Callable[[Load], AbstractAsyncContextManager[Ready]]


def written(number: int, word: Any) -> dict[str, Any]:
    """Return the body of one request, about 110 bytes of JSON."""
    return {"name": f"thing {number:06}", "size": number % 97, "tags": ["small", "round"], "note": "in the second row", "word": word}


def told(number: int) -> Probe:
    """Return a probe of its own, with a word that is bound as it is sent."""
    return probe_of(OPERATION, role=ROLE).with_(json=written(number, Slot(name="unique")))


def scenarios(count: int) -> Iterator[Scenario]:
    """Yield so many scenarios of one probe, none like another; they are made as they are asked for."""
    return (Scenario.of(told(number)) for number in range(count))


def alike(baseline: Trace, canary: Trace) -> bool:
    """Whether both sides answered, and the same: status, header names in order, body."""
    for one, two in zip(baseline.exchanges, canary.exchanges, strict=True):
        old, new = one.response, two.response
        if old is None or new is None or old.status != new.status or old.body != new.body:
            return False
        if [name.lower() for name, _ in old.headers.raw] != [name.lower() for name, _ in new.headers.raw]:
            return False
    return True


Watch = Callable[[Exchange], None]
"""What is shown each exchange as it ends."""


@contextlib.asynccontextmanager
async def drivers(
    load: Load, *, driver: str, lanes: int = LANES, watch: Callable[[Mapping[Side, Meter]], Watch] | None = None
) -> AsyncIterator[Mapping[Side, HttpDriver]]:
    """Open both sides' drivers as a run does; with meters that allow all. `watch` makes of them what is shown each exchange."""
    meters = {side: Meter(side, ENOUGH, math.inf, math.inf) for side in Side}
    seen = watch(meters) if watch else None
    account = Account(role=ROLE, headers=(("Authorization", Secret(name="token", value=TOKEN)),))
    opened = {
        side: HttpDriver(
            Target(side=side, url=url, tls=Tls(ca=load.pem)),
            lanes=lanes,
            meter=meters[side],
            level=Level.OWN_OBJECTS,
            run="bench",
            accounts={ROLE: account},
            driver=driver,
            seen=seen,
        )
        for side, url in ((Side.BASELINE, load.baseline), (Side.CANARY, load.canary))
    }
    try:
        yield opened
    finally:
        for each in opened.values():
            await each.close()


async def pairs(both: Mapping[Side, HttpDriver], sent: Iterable[Scenario], *, lanes: int = LANES) -> None:
    """Send each scenario to both sides at once, over all lanes, and compare; raises where the two answers differ."""
    waiting = iter(enumerate(sent))
    baseline, canary = both[Side.BASELINE], both[Side.CANARY]

    async def lane(number: int) -> None:
        for index, scenario in waiting:
            words = {"unique": f"bench{index}"}
            old, new = await together(
                baseline.exchange(scenario, words, lane=number),
                canary.exchange(scenario, words, lane=number),
            )
            if not alike(old, new):
                raise RuntimeError(f"the two answers differ, or there is none: {old.failure or new.failure}")

    await asyncio.gather(*(lane(number) for number in range(lanes)))


def road(driver: str) -> Client:
    """Return the client that is one of our own drivers, asked on both sides of a pair; two answers are held equal, not judged."""

    @contextlib.asynccontextmanager
    async def client(load: Load) -> AsyncIterator[Ready]:
        async with drivers(load, driver=driver) as both:
            yield lambda count: pairs(both, list(scenarios(count // 2)))

    return client


@contextlib.asynccontextmanager
async def batches(load: Load) -> AsyncIterator[Ready]:
    """Ask by the wire as a run does: in batches, through the trial's own lanes, builds counted, and the governor watching."""

    def watch(meters: Mapping[Side, Meter]) -> Watch:
        builds, governor = Builds(header="x-build"), Governor(meters)

        def seen(exchange: Exchange) -> None:
            builds.note(exchange)
            governor.note(exchange)

        return seen

    with (
        tempfile.TemporaryDirectory(prefix="zeroweight-bench-") as folder,
        contextlib.closing(Journal(Path(folder) / "bench.jsonl")) as journal,
    ):
        async with drivers(load, driver="wire", watch=watch) as both:
            lanes = Lanes(both, lanes=LANES, in_turn=False, objects=Objects((), (), journal), control=Scenario.of(told(0)))
            yield lambda count: _batched(lanes, list(scenarios(count // 2)))


async def _batched(lanes: Lanes, sent: list[Scenario]) -> None:
    """Send scenarios batch by batch; raises where two answers differ."""
    for start in range(0, len(sent), BATCH):
        for look in await lanes.send(sent[start : start + BATCH], thrifty=True):
            if look.baseline is None or look.canary is None or not alike(look.baseline, look.canary):
                raise RuntimeError(f"no look, or one of two answers that differ: {look.gap}")
