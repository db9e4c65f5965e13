"""What a baseline may suffer while a gate asks it: the gate must notice, ask less, and never call what it left out a PASS."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import scripts
from proxy import pass_on
from run_faults import NO_FILE
from target_faults import FOREIGN
from workshop import FAIL, INCONCLUSIVE, PASS, Result, Workshop, fault, faults_of

if TYPE_CHECKING:
    from proxy import Script, Turn

CALM: Final = 0.04
"""Seconds that the baseline takes for an answer while it is well."""
FIVEFOLD: Final = 5
WELL: Final = 60
"""Requests to the baseline for which it is well: so many that something is known of it."""
A_WHILE: Final = 100
"""Requests to the baseline for which it is slow, where it gets well again."""
SHARE: Final = 2
"""The pace of the last requests to a baseline that suffers is at most the first's by this."""
LAST: Final = 12
"""Requests that a pace is told from."""


@dataclass(kw_only=True)
class Watched:
    """A baseline that takes its time for each answer, and longer while it suffers; it notes when it is asked."""

    first: int = WELL
    """The request after which it suffers."""
    last: int = 1 << 30
    """The request after which it is well again."""
    suffering: Script = pass_on
    """What else it does while it suffers."""
    factor: float = FIVEFOLD
    asked: list[float] = field(default_factory=list)
    """When requests came while it suffered: seconds of the monotonic clock."""

    async def __call__(self, turn: Turn) -> None:
        """Answer late."""
        if not self.first < turn.number <= self.last:
            await asyncio.sleep(CALM)
            await pass_on(turn)
            return
        turn.proxy.fired = True
        self.asked.append(time.monotonic())
        await asyncio.sleep(CALM * self.factor)
        await self.suffering(turn)

    @property
    def fell(self) -> bool:
        """Whether it was asked less and less while it suffered."""
        early, late = self.asked[: LAST + 1], self.asked[-LAST - 1 :]
        return len(self.asked) > 2 * LAST and late[-1] - late[0] >= SHARE * (early[-1] - early[0])


def _told(shop: Workshop) -> dict[str, Any]:
    """Return what the record tells of the governor."""
    told: dict[str, Any] = json.loads((shop.output / "record.json").read_bytes())["summary"]["governor"]
    return told


def _spared(shop: Workshop, result: Result, baseline: Watched, why: str) -> Result:
    """Hold a result against what the baseline saw, and what the record and the terminal tell of it."""
    told = _told(shop)
    wrong = {
        f"the record tells of no {why}: {told}": not (told["slowed"] and told["lowest"] and told[why]),
        "the baseline was asked as fast as before": not baseline.fell,
        "the terminal does not say it": f"; slowed down {'once' if told['slowed'] == 1 else told['slowed']}" not in result.output,
    }
    return replace(result, trouble="; ".join([*filter(None, [result.trouble]), *(text for text, holds in wrong.items() if holds)]))


@fault("the baseline slows fivefold midway, for good", waits=True)
def baseline_slows_for_good(shop: Workshop) -> Result:
    baseline = Watched()
    gate = replace(shop.gate(baseline=baseline), seconds=40)
    result = _spared(shop, shop.run(gate, expected=INCONCLUSIVE, code="deadline"), baseline, "times")
    says = "raise budget.seconds; the run was slowed down"
    return result if says in result.output else replace(result, trouble=f"{result.trouble}; the gap does not say why time ran out")


@fault("the baseline fails midway, for good", waits=True)
def baseline_fails_for_good(shop: Workshop) -> Result:
    baseline = Watched(suffering=scripts.saying(500), factor=1)
    return _spared(shop, shop.run(shop.gate(baseline=baseline), expected=INCONCLUSIVE, code="stopped"), baseline, "failed")


@fault("the baseline slows fivefold for a while, with a flaw", waits=True)
def baseline_slows_with_flaw(shop: Workshop) -> Result:
    baseline = Watched(last=WELL + A_WHILE)
    gate = replace(shop.gate(FOREIGN, baseline=baseline), seconds=100)
    return _spared(shop, shop.run(gate, expected=FAIL), baseline, "times")


@fault("a governor that looks at nothing")
def governor_blind(shop: Workshop) -> Result:
    return _with_governor(shop, "lambda self, exchange: None", code="governor")


@fault("a governor that holds nothing", waits=True)
def governor_holds_nothing(shop: Workshop) -> Result:
    env = shop.copy()
    with (shop.folder / "copy" / "zeroweight" / "drivers" / "limits.py").open("a", encoding="utf-8") as file:
        file.write("\n\nMeter.hold = lambda self, rate: None\n")
    gate = shop.gate(baseline=Watched(suffering=scripts.saying(500), factor=1))
    return shop.run(gate, env=env, expected=INCONCLUSIVE, code="suite-broken")


@fault("a governor that breaks")
def governor_breaks(shop: Workshop) -> Result:
    return _with_governor(shop, "lambda self, exchange: 1 / 0", code="suite-broken")


@fault("an installation without the governor's file")
def governor_missing(shop: Workshop) -> Result:
    env = shop.copy()
    (shop.folder / "copy" / "zeroweight" / "drivers" / "governor.py").unlink()
    # Nothing of ours can be loaded then, so nothing can be written either; the status says it.
    return shop.run(shop.gate(), env=env, expected=frozenset({(NO_FILE, 10), *INCONCLUSIVE}))


def _with_governor(shop: Workshop, note: str, *, code: str) -> Result:
    """Run a gate by an installed copy whose governor takes notes in another way."""
    env = shop.copy()
    with (shop.folder / "copy" / "zeroweight" / "drivers" / "governor.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\nGovernor.note = {note}\n")
    return shop.run(shop.gate(), env=env, expected=INCONCLUSIVE, code=code)


FAULTS: Final = faults_of(globals())


@fault("the baseline slows fivefold for a while, and gets well again", waits=True)
def baseline_slows_for_a_while(shop: Workshop) -> Result:
    baseline = Watched(last=WELL + A_WHILE)
    gate = replace(shop.gate(baseline=baseline), seconds=100)
    return _spared(shop, shop.run(gate, expected=PASS), baseline, "times")


@fault("the baseline slows fivefold midway, for good, with two workers and time enough", waits=True)
def baseline_slows_under_workers(shop: Workshop) -> Result:
    baseline = Watched()
    gate = replace(shop.gate(baseline=baseline), seconds=100)
    # Whether a hundred seconds are enough is this machine's matter; that both workers go easy is not.
    result = _spared(shop, shop.run(gate, "-n", "2", expected=PASS | INCONCLUSIVE), baseline, "times")
    # Time may run out, and then because of the governor; any other reason is none.
    if "INCONCLUSIVE" in result.output and "raise budget.seconds; the run was slowed down" not in result.output:
        return replace(result, trouble=f"{result.trouble}; it is inconclusive for another reason")
    return result


CONTROLS: Final = (baseline_slows_for_a_while, baseline_slows_under_workers)
"""What must not be held against a canary: everything was asked in the end."""
