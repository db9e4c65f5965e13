"""Who answers: the build that each side says it is, read before the first probe and again after the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.naming import said
from zeroweight.errors import Unreachable
from zeroweight.model.target import Identity, Side
from zeroweight.verdict import Reason

HEADERS = ("x-build", "x-build-id", "x-version", "x-app-version", "x-service-version", "x-release", "x-revision", "x-commit", "x-git-sha")
"""Where services are known to say their build; looked at only when the operator named no place."""
ENDPOINTS = ("/version", "/build", "/info", "/actuator/info", "/healthz", "/health")
NAMELESS_MORE = 0.2
"""So much larger a share of nameless answers on the canary than on the baseline is no habit of the service: others answer for it."""
NAMELESS_FROM = 20
"""Fewer answers than this have no shares that could be held against each other."""
POINTERS = ("/build", "/version", "/commit", "/revision", "/build/version", "/git/commit/id", "/app/version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where the build was read, what each side said, and why the comparison would be untrue."""

    identity: Identity
    builds: Mapping[Side, str]
    untrue: tuple[Reason, ...] = ()
    unreachable: Mapping[Side, str] = field(default_factory=dict)


async def read(driver: HttpDriver, identity: Identity) -> str:
    """Return the build that a side says it is in the answer to `identity.get`, or nothing; raises Unreachable."""
    answer = await driver.plain("GET", identity.get)
    return said(answer, identity)


async def discover(drivers: Mapping[Side, HttpDriver], path: str) -> Identity:
    """Return a place where both sides name a build: the first where the two differ, else the first. Raises Unreachable.

    A version of the API or of the framework is the same on both sides; where another place tells them apart, that one names the build.
    """
    alike = Identity()
    headers = [Identity(header=name, get=path) for name in HEADERS]
    for endpoint in ("", *ENDPOINTS):
        places = [Identity(get=endpoint, pointer=pointer) for pointer in POINTERS] if endpoint else headers
        answers = [await driver.plain("GET", endpoint or path) for driver in drivers.values()]
        for place in places:
            builds = [said(answer, place) for answer in answers]
            if all(builds) and len(set(builds)) > 1:
                return place
            if all(builds) and not alike.get:
                alike = place
    return alike


async def prove(drivers: Mapping[Side, HttpDriver], identity: Identity, path: str, *, aa: bool) -> Proof:
    """Read both builds and say why the comparison would be untrue: `identity-unproven`, `identity-mismatch`, `same-build`.

    The proof's identity has a `get` also where a header carries the build: at the end the same answers are looked at.
    """
    silent: dict[Side, str] = {}
    for side, driver in drivers.items():
        try:
            await driver.plain("GET", path)
        except Unreachable as error:
            silent[side] = str(error)
    if silent:
        return Proof(identity=identity, builds={}, unreachable=silent)
    try:
        found = replace(identity, get=identity.get or path) if identity.header or identity.get else await discover(drivers, path)
        if not found.get:
            return Proof(identity=found, builds={}, untrue=(_unproven(),))
        builds = {side: await read(driver, found) for side, driver in drivers.items()}
    except Unreachable as error:
        return Proof(identity=identity, builds={}, untrue=(Reason(code="identity-unproven", text=str(error)),))
    return Proof(identity=found, builds=builds, untrue=tuple(_faults(drivers, found, builds, aa=aa)))


def _unproven() -> Reason:
    return Reason(
        code="identity-unproven",
        text='nothing proves which build answers; add to gate.toml: identity = { header = "x-build" }, the header that names the build',
    )


def _faults(drivers: Mapping[Side, HttpDriver], found: Identity, builds: Mapping[Side, str], *, aa: bool) -> list[Reason]:
    """Return what is wrong with two builds."""
    where = f"the header {found.header}" if found.header else f"{found.get} {found.pointer}"
    faults = [
        Reason(code="identity-unproven", text=f"the {side} does not say its build in {where}; see [identity]")
        for side, build in builds.items()
        if not build
    ]
    for side, driver in drivers.items():
        expected = driver.target.expect
        if expected and builds[side] and builds[side] != expected:
            text = f"the {side} is build {builds[side]}, not {expected} as {side}.expect says; is the rollout on another revision?"
            faults.append(Reason(code="identity-mismatch", text=text))
    if not aa and not faults and builds[Side.BASELINE] == builds[Side.CANARY]:
        text = f"both sides are build {builds[Side.CANARY]}: the canary's URL reaches the baseline (or say --zeroweight-aa)"
        faults.append(Reason(code="same-build", text=text))
    return faults


def drifted(proven: Mapping[Side, str], seen: Mapping[str, Mapping[str, int]]) -> tuple[Reason, ...]:
    """Say where other builds than the proven ones answered: arms swapped midway, or stable pods behind the canary's name."""
    faults = []
    for side, build in proven.items():
        others = {name: count for name, count in seen.get(side, {}).items() if build and name and name != build}
        if others:
            name, count = max(others.items(), key=lambda pair: pair[1])
            text = f"{count} answer(s) on the {side} came from build {name}, not {build}: the arms were mixed"
            faults.append(Reason(code="identity-mixed", text=text))
    return tuple(faults)


def nameless(proven: Mapping[Side, str], seen: Mapping[str, Mapping[str, int]]) -> tuple[Reason, ...]:
    """Say where too few answers named a build: an ingress that sends only some paths to the canary looks like this.

    A service that leaves its build out of some answers (of errors, mostly: a proxy may add the header to successes only) does so on both
    sides alike, however many they are; a side that named it in none of the run's answers is known by what was read before them alone.
    """
    tallies = {side: _tally(seen.get(side, {})) for side, build in proven.items() if build}
    faults = [
        _unnamed(f"the {side} named its build in none of {total} answers")
        for side, (lacking, total) in tallies.items()
        if total and lacking == total
    ]
    old, new = (tallies.get(side, (0, 0)) for side in Side)
    enough = min(old[1], new[1]) >= NAMELESS_FROM
    if not faults and enough and new[0] / new[1] - old[0] / old[1] > NAMELESS_MORE:
        text = f"{new[0]} of {new[1]} answers on the canary named no build, of the baseline's {old[0]} of {old[1]}"
        faults.append(_unnamed(text))
    return tuple(faults)


def _tally(counts: Mapping[str, int]) -> tuple[int, int]:
    """Return how many answers named no build, and how many there were."""
    return counts.get("", 0), sum(counts.values())


def _unnamed(text: str) -> Reason:
    return Reason(code="identity-unproven", text=f"{text}: does every path of its URL lead to it?")
