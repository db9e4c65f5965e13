"""What every driver of requests offers, so that one can take another's place."""

from __future__ import annotations

from typing import Protocol

from zeroweight.model.http import Trace
from zeroweight.model.request import Bindings, Scenario
from zeroweight.model.target import Target


class Driver(Protocol):
    """Sends scenarios to one target over its lanes; whatever goes wrong is told in the trace, never raised."""

    @property
    def target(self) -> Target:
        """The deployment that this driver speaks to."""
        ...

    async def exchange(self, scenario: Scenario, bindings: Bindings, *, lane: int) -> Trace:
        """Run the scenario's steps in order on one lane's connection."""
        ...
