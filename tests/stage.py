"""A stage for whole trials: two small services on loopback, and all that one process of a run opens to attack them."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from servers import Script, Server, Wire, answer, serving

from zeroweight.checks.check import Check
from zeroweight.drivers.http import HttpDriver, Timeouts
from zeroweight.drivers.limits import Meter
from zeroweight.errors import ToolFailed
from zeroweight.model.operation import Example, Operation
from zeroweight.model.outcome import Level
from zeroweight.model.payload import Payload
from zeroweight.model.request import Scenario
from zeroweight.model.resource import Resource
from zeroweight.model.role import ANONYMOUS, Account, Role
from zeroweight.model.target import Side, Target
from zeroweight.redact import Redactor, Secret
from zeroweight.trial.bench import Bench, Builds
from zeroweight.trial.lanes import Lanes
from zeroweight.trial.loop import Loop
from zeroweight.trial.objects import Journal, Objects
from zeroweight.trial.sentinel import Sentinels
from zeroweight.trial.trial import Trial

PING = Operation(method="GET", path="/ping")
ME = Operation(method="GET", path="/me", protected=frozenset(Side))
THINGS = Operation(method="GET", path="/things")
MAKE = Operation(method="POST", path="/things", valid=Example(media_type="application/json", body={"name": "n"}))
THING = Operation(method="GET", path="/things/{id}", resources={"id": "thing"})
CHANGE = Operation(
    method="PUT", path="/things/{id}", resources={"id": "thing"}, valid=Example(media_type="application/json", body={"name": "new"})
)
REMOVE = Operation(method="DELETE", path="/things/{id}", resources={"id": "thing"})
EVERYTHING = (PING, ME, THINGS, MAKE, THING, CHANGE, REMOVE)
RESOURCE = Resource(kind="thing", create="POST /things", body={"name": "n"}, remove="DELETE /things/{id}", owners=("ann",))
CONTROL = Scenario.of(PING.example())


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a service sees it; `number` counts its requests from 1, `nth` those of this method and path.

    A request that the driver sends once more on a fresh connection (design 8.6) is `resent`, and keeps its numbers.
    """

    side: Side
    method: str
    path: str
    fields: Mapping[str, str]
    body: bytes
    number: int
    nth: int
    resent: bool = False

    @property
    def token(self) -> str:
        """The bearer token that came with it."""
        return self.fields.get("authorization", "").removeprefix("Bearer ")


Service = Callable[[Call], "bytes | Awaitable[bytes | None] | None"]
"""What a service answers, or what must be awaited for it; None: it closes the connection without a word."""


def ok(body: bytes = b'{"ok": true}', *fields: bytes) -> bytes:
    return answer(body, *fields)


def status(line: str, *fields: bytes) -> bytes:
    return answer(b"{}", *fields, status=line.encode())


def steadfast(_: Call) -> bytes:
    return ok()


def token_of(role: str) -> str:
    return f"token-of-{role}"


def account(role: str, token: str = "") -> Account:
    return Account(role=role, headers=(("Authorization", Secret(name=f"{role} token", value=f"Bearer {token or token_of(role)}")),))


@dataclass(kw_only=True)
class Stage:
    """Services, drivers, lanes, objects, sentinels and bench; open it by `with`."""

    baseline: Service = steadfast
    canary: Service = steadfast
    folder: Path
    lanes_a_side: int = 2
    in_turn: bool = False
    level: Level = Level.DESTRUCTIVE
    requests: int = 10_000
    roles: Sequence[str] = ("ann", "ben")
    resources: Sequence[Resource] = (RESOURCE,)
    checks: Sequence[Check] = ()
    payloads: Sequence[Payload] = ()
    known_good: Mapping[str, Scenario] = field(default_factory=dict)
    control: Scenario = CONTROL
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Role → the token that logging in again brings; a role without one cannot."""
    calls: list[Call] = field(default_factory=list, init=False)
    """What both services were asked, in the order in which it came in."""
    pauses: list[float] = field(default_factory=list, init=False)
    servers: dict[Side, Server] = field(default_factory=dict, init=False)
    enrolled: list[tuple[Side, str]] = field(default_factory=list, init=False)

    def __enter__(self) -> Self:
        self.loop = Loop()
        self._stack = contextlib.AsyncExitStack()
        self.loop.run(self._open())
        self.redactor = Redactor([Secret(name=f"{role} token", value=token_of(role)) for role in self.roles], key=b"k" * 16)
        self.journal = Journal(self.folder / "stage.jsonl")
        self.objects = Objects(self.resources, EVERYTHING, self.journal)
        self.lanes = Lanes(
            self.drivers,
            lanes=self.lanes_a_side,
            in_turn=self.in_turn,
            objects=self.objects,
            control=self.control,
            sleep=self.pauses.append,
        )
        self.sentinels = Sentinels(self.known_good, self.lanes, self._again)
        self.bench = Bench(
            loop=self.loop,
            lanes=self.lanes,
            objects=self.objects,
            sentinels=self.sentinels,
            meters=self.meters,
            builds=self.builds,
            roles={name: Role(name=name) for name in (ANONYMOUS, *self.roles)},
            level=self.level,
            checks=self.checks,
            payloads=self.payloads,
            redactor=self.redactor,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run(self._stack.aclose())
        self.loop.close()
        self.journal.close()

    def trial(self, suite: str = "own", operation: Operation | None = None) -> Trial:
        """Return a trial on this stage."""
        return Trial(self.bench, suite=suite, test=f"test_{suite}", operation=operation)

    def asked(self, side: Side, path: str = "", method: str = "") -> list[Call]:
        """Return what one side was asked, narrowed by path and method; what was sent twice counts once."""
        return [c for c in self.calls if c.side is side and path in {"", c.path} and method in {"", c.method} and not c.resent]

    async def _open(self) -> None:
        for side, service in ((Side.BASELINE, self.baseline), (Side.CANARY, self.canary)):
            self.servers[side] = await self._stack.enter_async_context(serving(self._script(side, service)))
        self.meters = {side: Meter(side, self.requests, math.inf, math.inf) for side in Side}
        self.builds = Builds(header="x-build")
        self.drivers = {
            side: HttpDriver(
                Target(side=side, url=server.url),
                lanes=self.lanes_a_side,
                meter=self.meters[side],
                level=self.level,
                run="r-1",
                accounts={role: account(role) for role in self.roles},
                timeouts=Timeouts(connect=30, total=30),
                seen=self.builds.note,
            )
            for side, server in self.servers.items()
        }
        for driver in self.drivers.values():
            self._stack.push_async_callback(driver.close)

    async def _again(self, side: Side, role: str) -> None:
        self.enrolled.append((side, role))
        if role not in self.tokens:
            raise ToolFailed(f"{role} cannot log in")
        self.drivers[side].enrol(account(role, self.tokens[role]))

    def _script(self, side: Side, service: Service) -> Script:
        async def script(wire: Wire) -> None:
            while True:
                call = self._call(side, await wire.request())
                self.calls.append(call)
                said = service(call)
                said = await said if inspect.isawaitable(said) else said
                if said is None:
                    return
                await wire.write(said)

        return script

    def _call(self, side: Side, request: bytes) -> Call:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        path = target.partition("?")[0]
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        mine = self.asked(side)
        before = next((c for c in mine if c.fields["traceparent"] == fields["traceparent"]), None)
        if before is not None:
            return replace(before, resent=True)
        nth = sum((c.method, c.path) == (method, path) for c in mine) + 1
        return Call(side=side, method=method, path=path, fields=fields, body=body, number=len(mine) + 1, nth=nth)


def mixed(usual: Service, **special: Service) -> Service:
    """Return a service with other answers for some paths, told by their last word: `mixed(usual, things=odd)`."""

    def service(call: Call) -> bytes | Awaitable[bytes | None] | None:
        return special.get(call.path.rpartition("/")[2], usual)(call)

    return service


class Shop:
    """A small store of things with owners: guards as they should be, but for those taken away by name."""

    def __init__(self, *, lacks: Sequence[str] = ()) -> None:
        self.lacks = lacks
        self.things: dict[str, str] = {}
        self.made = 0

    def __call__(self, call: Call) -> bytes | None:
        who = call.token.removeprefix("token-of-")
        if call.path == "/ping":
            return ok()
        if not who and "login" not in self.lacks:
            return status("401 No")
        if call.path == "/me":
            return ok(b'{"name": "%s"}' % who.encode())
        if call.path == "/things":
            return self._make(who) if call.method == "POST" else ok()
        return self._thing(call, who)

    def _make(self, who: str) -> bytes:
        self.made += 1
        self.things[str(self.made)] = who
        return answer(b'{"id": %d}' % self.made, status=b"201 Made")

    def _thing(self, call: Call, who: str) -> bytes:
        number = call.path.rpartition("/")[2]
        if number not in self.things:
            return status("404 No")
        if self.things[number] != who and "owner" not in self.lacks:
            return status("403 No")
        if call.method == "DELETE":
            del self.things[number]
        return ok(b'{"id": "%s"}' % number.encode())
