"""A plan with something in every room, for tests that need one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from stage import CONTROL, ME, PING, RESOURCE, THINGS

from zeroweight.ledger import Ledger, Owed
from zeroweight.model.outcome import Level
from zeroweight.model.request import Scenario
from zeroweight.model.role import ANONYMOUS, Role
from zeroweight.model.target import Identity, Side, Target
from zeroweight.plan import Plan, Shares
from zeroweight.verdict import Policy, Require

TODAY = dt.date(2027, 3, 14)
OPERATIONS = (THINGS, PING)
ROLES = (ANONYMOUS, "ann")
LINES = tuple(Owed(suite="own", operation=operation.label, role=role) for operation in OPERATIONS for role in ROLES)


def plan_of(**more: Any) -> Plan:
    """Return a plan that owes the suite `own` two operations as two roles; keywords change its parts."""
    given: dict[str, Any] = {
        "run": "r-1",
        "service": "things",
        "targets": {side: Target(side=side, url=f"http://{side}.example") for side in Side},
        "identity": Identity(header="x-build"),
        "builds": {Side.BASELINE: "1.0", Side.CANARY: "1.1"},
        "roles": tuple(Role(name=name) for name in ROLES),
        "accounts": {side: {} for side in Side},
        "resources": (RESOURCE,),
        "operations": OPERATIONS,
        "ledger": Ledger(lines=LINES),
        "known_good": {"ann": Scenario.of(ME.example(role="ann"))},
        "control": CONTROL,
        "level": Level.READ_ONLY,
        "in_turn": False,
        "shares": Shares(requests=1000, rate=100.0, lanes=2, deadline=1e12),
        "policy": Policy(today=TODAY, require=Require(roles=("ann",), suites=("own",))),
    }
    return Plan(**{**given, **more})
