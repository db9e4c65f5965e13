"""Everything that workers need, frozen, made once before the first test."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from zeroweight.checks.outcome import Context
from zeroweight.compare import Delta
from zeroweight.ledger import Ledger
from zeroweight.model.look import Gap
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import Scenario
from zeroweight.model.resource import Resource
from zeroweight.model.role import Account, Role
from zeroweight.model.target import Identity, Side, Target
from zeroweight.redact import Secret
from zeroweight.verdict import Policy, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What one process may spend: requests and rate per side, lanes, and the instant (monotonic clock) at which sending ends."""

    requests: int
    rate: float
    lanes: int
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The run as it was decided before the first test. It holds credentials: it is handed from process to process, never to a file."""

    run: str
    service: str
    targets: Mapping[Side, Target]
    identity: Identity
    builds: Mapping[Side, str]
    """Side → the build that must answer; empty where none was proven."""
    roles: tuple[Role, ...]
    accounts: Mapping[Side, Mapping[str, Account]]
    resources: tuple[Resource, ...]
    operations: tuple[Operation, ...]
    ledger: Ledger
    known_good: Mapping[str, Scenario]
    """Role → its session sentinel."""
    control: Scenario
    level: Level
    in_turn: bool
    """The store is shared: the sides are asked one after the other."""
    shares: Shares
    driver: str = "wire"
    """What sends the probes: `wire` or `httpx`."""
    loop: str = "asyncio"
    """What sending runs on: `asyncio` or `uvloop`."""
    hosts: tuple[str, ...] = ()
    login_pages: tuple[str, ...] = ()
    """Masked texts of the pages by which this service asks for a login."""
    login_paths: tuple[str, ...] = ()
    """Paths to which it sends whoever must log in, where their names do not tell it."""
    workers: int = 1
    policy: Policy
    stop_at_first_block: bool = False
    payload_folders: tuple[str, ...] = ()
    journals: str = ""
    """The folder of the journals."""
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    key: bytes = field(default=b"", repr=False)
    """The run's redaction key: equal secrets look equal in all processes."""
    gaps: tuple[Gap, ...] = ()
    deltas: tuple[Delta, ...] = ()
    """What the two documents alone already show."""
    untrue: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    blocked: str = ""
    """Why nothing can be sent; tests are then not run at all."""

    @property
    def context(self) -> Context:
        """What outcomes are read by: what this service's login looks like."""
        return Context(login_pages=self.login_pages, login_paths=self.login_paths)

    def divided(self, workers: int) -> Plan:
        """Return the plan of one of several workers: its share of requests, rate and lanes."""
        if workers <= 1:
            return self
        shares = replace(
            self.shares,
            requests=self.shares.requests // workers,
            rate=self.shares.rate / workers,
            lanes=max(1, self.shares.lanes // workers),
        )
        return replace(self, shares=shares, workers=workers)

    def packed(self) -> str:
        """Return the plan as text for the worker channel (which carries plain values only)."""
        return base64.b85encode(pickle.dumps(self)).decode()

    @staticmethod
    def unpacked(text: str) -> Plan:
        """Return the plan that the controller packed; the text comes from our own parent process, over its own pipe."""
        plan = pickle.loads(base64.b85decode(text))  # noqa: S301
        assert isinstance(plan, Plan)
        return plan
