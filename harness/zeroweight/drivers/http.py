"""Asks one target over HTTP: scenarios on lanes for suites, plain requests for all else that a run must ask (always by httpx)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from zeroweight.drivers.composing import NOBODY, Badge, Composer, written_fields
from zeroweight.drivers.connection import Dial, Line, Timeouts, deliver
from zeroweight.drivers.errand import Errand, Errands, target_of
from zeroweight.drivers.httpx_line import HttpxLane, HttpxLine
from zeroweight.drivers.levels import permitted
from zeroweight.drivers.limits import Lock, Meter
from zeroweight.drivers.naming import EVERY, Introduction, said
from zeroweight.drivers.trust import trust
from zeroweight.drivers.wire import WireLine
from zeroweight.model.http import Exchange, Failure, Response, Trace
from zeroweight.model.outcome import Level
from zeroweight.model.request import Bindings, Probe, Scenario, Step
from zeroweight.model.role import ANONYMOUS, Account
from zeroweight.model.target import Target
from zeroweight.redact import Secret

__all__ = ["HttpDriver", "Timeouts"]

LINES: Final[Mapping[str, type[WireLine | HttpxLane]]] = {"wire": WireLine, "httpx": HttpxLane}
"""Of what a lane is made, by the name of its driver: exact bytes at little cost, or the reference, which also speaks HTTP/2."""

_DOCUMENT = 16 << 20
"""Bytes: the longest document that is read for the run itself (a schema, a login's answer)."""


class HttpDriver:
    """Sends to one target, within its meter and level; each lane is one kept-alive connection, used by one scenario at a time.

    Whatever the target does ends as a Failure; only CancelledError (and what the `seen` observer raises) leaves `exchange`.
    """

    def __init__(  # noqa: PLR0913  # all that one side of a run is made of
        self,
        target: Target,
        *,
        lanes: int,
        driver: str = "wire",
        meter: Meter,
        level: Level,
        run: str,
        accounts: Mapping[str, Account] | None = None,
        timeouts: Timeouts | None = None,
        body_cap: int = 1 << 20,
        lock: Lock | None = None,
        seen: Callable[[Exchange], None] | None = None,
        introduction: Introduction | None = None,
    ) -> None:
        """Dial nothing yet; raises ConfigError when the target's certificates cannot be used.

        `driver` is a name of LINES; `accounts` maps a role to its account on this side; `body_cap` counts bytes; `seen` is called with each
        exchange as it ends; `introduction` is how each new connection of a lane is asked which build it leads to.
        """
        self.target, self.level = target, level
        self.meter = meter
        """What every request is taken from; a run that cleans up after a stop puts a new one here."""
        self.lock = lock or Lock(target)
        self._seen, self._cap = seen, body_cap
        self._answers = 0
        self._introduction = introduction if introduction is not None and introduction.needed else None
        self._badges = {role: Badge.of(account) for role, account in (accounts or {}).items()}
        dial, context, patience = Dial.to(target), trust(target), timeouts or Timeouts()
        self._composer = Composer(target, run=run, host=dial.host)
        self._lanes = tuple(LINES[driver](dial, context, patience) for _ in range(lanes))
        self._errands = Errands(self.lock, self._composer, HttpxLine(dial, context, patience), patience)

    def enrol(self, account: Account) -> None:
        """Let a role be played by this account from the next request on."""
        self._badges[account.role] = Badge.of(account)

    async def exchange(self, scenario: Scenario, bindings: Bindings, *, lane: int) -> Trace:
        """Send the steps in order on one lane; the trace ends where a step got no answer or a capture failed.

        Nothing at all is sent when one of the steps dares more than the run's level.
        """
        refusal = self._refusal(scenario, scenario.steps)
        if refusal is not None:
            exchange = Exchange(probe=scenario.steps[0].probe, target=self.target, failure=refusal)
            self._tell(exchange)
            return Trace(scenario=scenario, target=self.target, exchanges=(exchange,))
        line = self._lanes[lane]
        exchanges: list[Exchange] = []
        lost = ""
        async with line.turn:
            for step in scenario.steps:
                exchange = await self._ask(step.probe, scenario, bindings, line)
                exchanges.append(exchange)
                self._tell(exchange)
                if exchange.failure is not None:
                    break
                if step.captures:
                    bindings, lost = _capture(step, exchange, bindings)
                    if lost:
                        break
        return Trace(scenario=scenario, target=self.target, exchanges=tuple(exchanges), lost=lost)

    async def plain(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes | None = None,
        account: Account | None = None,
        follow: bool = False,
        cap: int = _DOCUMENT,
    ) -> Response:
        """Send a request of the run's own (a schema, an identity, a login), under the meter and the lock but not the level.

        `target` is a path below the target's URL, or a whole URL that the lock allows. `follow` follows up to five redirects within the
        lock; headers, account and body never go to another host that way. Raises Unreachable when no answer came, or none may be sought.
        """
        errand = Errand(
            method=method,
            what=f"{method} {target} on the {self.target.side}",
            url=self.target.url.rstrip("/") + target if target.startswith("/") else target,
            fields=written_fields(headers or {}),
            body=body,
            badge=Badge.of(account) if account is not None else NOBODY,
        )
        return await self._errands.ask(self.meter, errand, follow=follow, cap=cap)

    async def close(self) -> None:
        """Close every connection."""
        for line in self._lanes:
            await line.aclose()
        await self._errands.close()

    def _refusal(self, scenario: Scenario, steps: Sequence[Step]) -> Failure | None:
        """Return the first Failure by which the level forbids one of the steps."""
        for number, step in enumerate(steps):
            refusal = permitted(self.level, step.probe, bool(self._badge(step.probe, scenario)), self.lock)
            if refusal is not None:
                return replace(refusal, text=f"step {number + 1}: {refusal.text}") if number else refusal
        return None

    def _badge(self, probe: Probe, scenario: Scenario) -> Badge | None:
        """Return the credentials that the probe is sent with; None when its role has no account."""
        role = scenario.actors.get(probe.role, probe.role)
        return NOBODY if role == ANONYMOUS else self._badges.get(role)

    async def _ask(self, probe: Probe, scenario: Scenario, bindings: Bindings, line: Line) -> Exchange:
        """Send one probe and return what came of it."""
        badge = self._badge(probe, scenario)
        if badge is None:
            text = f"the role {scenario.actors.get(probe.role, probe.role)} has no account on the {self.target.side}"
            return Exchange(probe=probe, target=self.target, failure=Failure(kind="unbound", text=text))
        request = self._composer.probe(probe, bindings, badge)
        if isinstance(request, Failure):
            return Exchange(probe=probe, target=self.target, failure=request)
        sent = await deliver(line, request, self.meter, cap=self._cap)
        answer = sent.answer
        if answer.response is not None:
            self._answers += 1
            if answer.fresh or self._answers % EVERY == 0:
                await self._introduce(line)
        return Exchange(
            probe=probe,
            target=self.target,
            request=request if answer.timing.sent else None,
            response=answer.response,
            failure=sent.failure,
            timing=answer.timing,
            resent=sent.resent,
        )

    async def _introduce(self, line: Line) -> None:
        """Ask a new connection, and any one now and then, which build it leads to; what we may not ask any more names nothing."""
        if self._introduction is None:
            return
        identity = self._introduction.identity
        request = self._composer.compose("GET", target_of(self.target.url.rstrip("/") + identity.get), [], None, NOBODY)
        sent = await deliver(line, request, self.meter, cap=self._cap)
        response, failure = sent.answer.response, sent.failure
        if response is not None:
            self._introduction.heard(self.target.side, said(response, identity))
        elif failure is not None and not failure.ours:
            self._introduction.heard(self.target.side, "")

    def _tell(self, exchange: Exchange) -> None:
        """Show an exchange to the observer."""
        if self._seen is not None:
            self._seen(exchange)


def _capture(step: Step, exchange: Exchange, bindings: Bindings) -> tuple[Bindings, str]:
    """Return the bindings with what the step captures, and why one of them failed; null is no value."""
    if not step.captures:
        return bindings, ""
    known, lost = dict(bindings), ""
    for name, pointer in step.captures.items():
        try:
            # An error may name somebody else's object: only a success is captured from (RFC 9110 section 15.3).
            good = exchange.response is not None and 200 <= exchange.status < 300  # noqa: PLR2004
            value = pointer.find(exchange.response.json) if good and exchange.response is not None else None
        except (LookupError, ValueError):
            value = None
        if value is None:
            probe = exchange.probe
            lost = lost or f"{probe.verb} {probe.operation.path} answered {exchange.status} without {name!r} at {pointer.path}"
        else:
            known[name] = value
    return known, lost
