"""The session sentinel: a denial means nothing unless the session behind it was alive.

After each batch of a role its own known-good request must be allowed on both sides. Where it is not, the role logs in again and the batch
is asked once more, one scenario at a time with a living session in front of each: an attack that ends its own session is then seen for what
it is, and does not turn the answers after it into quiet denials. What cannot be had so is void.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from zeroweight.checks.outcome import Context, outcome
from zeroweight.errors import ZeroweightError
from zeroweight.model.http import Failure, Trace
from zeroweight.model.look import Gap, Look
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.trial.lanes import Lanes

Enrol = Callable[[Side, str], Awaitable[None]]
"""Log a role in again on one side; raises ZeroweightError when it cannot be done."""


SAMPLE = 5
"""So many denials of a living session are asked again first."""


class Sentinels:
    """Knows each role's known-good request, and what to do when it is refused."""

    def __init__(self, known_good: Mapping[str, Scenario], lanes: Lanes, enrol: Enrol, context: Context | None = None) -> None:
        """Take the roles' known-good requests; a role without one cannot be vouched for, and is not watched here."""
        self._context = context or Context()
        self._known_good = known_good
        self._lanes = lanes
        self._enrol = enrol
        self.renewed = 0
        self._unsent: Failure | None = None
        """Why the last known-good request could not be sent; None when it was."""

    async def guard(self, scenarios: Sequence[Scenario], looks: list[Look[Trace]]) -> list[Look[Trace]]:
        """Return the looks, those of a dead session asked again or void."""
        for role in dict.fromkeys(role for scenario in scenarios for role in roles_of(scenario)):
            if role not in self._known_good or self._lanes.dead:
                continue
            mine = [index for index, scenario in enumerate(scenarios) if role in roles_of(scenario) and looks[index].gap is None]
            if not mine:
                continue
            if await self._alive(role):
                await self._once_more([index for index in mine if _unauthenticated(looks[index], role)], scenarios, looks, role)
                continue
            for index in mine:
                if not await self._revive(role):
                    looks[index] = Look(gap=self._void(scenarios[index], role))
                    continue
                looks[index] = (await self._lanes.send([scenarios[index]]))[0]
            await self._revive(role)
        return looks

    async def _once_more(self, doubtful: Sequence[int], scenarios: Sequence[Scenario], looks: list[Look[Trace]], role: str) -> None:
        """Ask again what both sides answered with 401 although the session lives: a lock that passed by itself looks like this.

        Some services say 401 for every refusal: where the first few stay as they were, so does the rest.
        """
        for group in (doubtful[:SAMPLE], doubtful[SAMPLE:]):
            if not group:
                return
            again = await self._lanes.send([scenarios[index] for index in group])
            changed = [(index, look) for index, look in zip(group, again, strict=True) if not _unauthenticated(look, role)]
            for index, look in changed:
                looks[index] = look
            if not changed:
                return

    async def dead_on(self, side: Side, scenarios: Sequence[Scenario]) -> frozenset[str]:
        """Return the roles of some scenarios whose session is not alive on a side; they are logged in again."""
        dead = set()
        for role in {role for scenario in scenarios for role in roles_of(scenario)} & set(self._known_good):
            if not (await self._allowed(side, role) or await self._allowed(side, role)):
                dead.add(role)
                await self._revive(role)
        return frozenset(dead)

    async def _alive(self, role: str) -> bool:
        """Whether the known-good request is allowed on both sides; asked twice, since one answer may be chance."""
        return all([await self._allowed(side, role) or await self._allowed(side, role) for side in Side])

    async def _allowed(self, side: Side, role: str) -> bool:
        trace = await self._lanes.one(side, self._known_good[role])
        answers = trace.judged
        self._unsent = trace.failure if trace.failure is not None and trace.failure.ours else None
        return bool(answers) and outcome(answers[-1], self._context) is Outcome.ALLOWED

    async def _revive(self, role: str) -> bool:
        """Make sure that the role's session lives on both sides, logging in again where it does not."""
        for side in Side:
            if await self._allowed(side, role) or await self._allowed(side, role):
                continue
            try:
                await self._enrol(side, role)
            except ZeroweightError:
                return False
            self.renewed += 1
            if not await self._allowed(side, role):
                return False
        return True

    def _void(self, scenario: Scenario, role: str) -> Gap:
        what = (scenario.judged or tuple(step.probe for step in scenario.steps))[0].operation.label
        if self._unsent is not None:
            why = f"nothing may be sent any more to vouch for the session of {role}: {self._unsent.text}"
            return Gap(what=f"{what} as {role}", why=why, fix="raise the budget", code=self._unsent.kind)
        return Gap(
            what=f"{what} as {role}",
            why=f"the session of {role} was lost, and logging in again did not bring it back",
            fix=f"see whether {role}'s account is locked or its credentials expire; roles.{role}.check names its known-good request",
            code="session-lost",
        )


def _unauthenticated(look: Look[Trace], role: str) -> bool:
    """Whether both sides answered the role's credentials with 401 (RFC 9110 section 15.5.2): on one side alone it is a difference."""
    halves = [trace for trace in (look.baseline, look.canary) if trace is not None]
    return bool(halves) and all(
        any(exchange.status == HTTPStatus.UNAUTHORIZED and exchange.probe.role == role for exchange in half.judged) for half in halves
    )


def roles_of(scenario: Scenario) -> frozenset[str]:
    """Return every role that a scenario's steps are sent as, actors resolved."""
    return frozenset(scenario.actors.get(step.probe.role, step.probe.role) for step in scenario.steps)
