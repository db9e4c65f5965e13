"""From configuration to nouns, and from a plan to open drivers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from zeroweight.checks.check import Check, catalogue
from zeroweight.compare import documented
from zeroweight.config.model import Config, TargetConfig
from zeroweight.corpus import payloads
from zeroweight.drivers.governor import Governor
from zeroweight.drivers.http import HttpDriver
from zeroweight.drivers.limits import Lock, Meter
from zeroweight.drivers.login import enrol
from zeroweight.drivers.naming import Introduction
from zeroweight.finding import Severity
from zeroweight.ledger import SHIPPED
from zeroweight.model.http import Exchange
from zeroweight.model.outcome import Level
from zeroweight.model.resource import Resource
from zeroweight.model.role import ANONYMOUS, Account, Login, LoginKind, Role
from zeroweight.model.target import Identity, Side, Target, Tls
from zeroweight.plan import Plan, Shares
from zeroweight.redact import Redactor, Secret
from zeroweight.trial.bench import Bench, Builds
from zeroweight.trial.candidate import Past
from zeroweight.trial.lanes import Lanes
from zeroweight.trial.loop import Loop
from zeroweight.trial.objects import Journal, Objects
from zeroweight.trial.sentinel import Sentinels
from zeroweight.verdict import Action, Clause, Policy, Require, Waiver


def target(side: Side, config: TargetConfig) -> Target:
    """Return a side's target."""
    return Target(
        side=side,
        url=config.url,
        address=config.address,
        server_name=config.server_name,
        headers=config.headers,
        tls=Tls(ca=config.tls.ca, cert=config.tls.cert, key=config.tls.key),
        expect=config.expect,
    )


def targets(config: Config) -> dict[Side, Target]:
    """Return both targets."""
    return {Side.BASELINE: target(Side.BASELINE, config.baseline), Side.CANARY: target(Side.CANARY, config.canary)}


def identity(config: Config) -> Identity:
    """Return where a deployment says which build it is; empty when nothing was configured."""
    told = config.identity
    return Identity(header=told.header, get=told.get, pointer=told.pointer) if told else Identity()


def roles(config: Config) -> tuple[Role, ...]:
    """Return every role, anonymous first."""
    named = [
        Role(name=name, login=_login(config, name), group=role.group, tenant=role.tenant, check=role.check)
        for name, role in config.roles.items()
    ]
    return (Role(name=ANONYMOUS), *named)


def _login(config: Config, role: str) -> Login:
    """Return how a role logs in."""
    way = config.way_in(role)
    login = way.login
    value = next((way.credentials[key] for key in ("token", "value", "password") if key in way.credentials), None)
    kind = LoginKind(login.kind)
    return Login(
        kind=kind,
        name=login.header if kind is LoginKind.JSON else login.carrier,
        place=login.place or "header",
        value=value if isinstance(value, Secret) and kind is not LoginKind.JSON else None,
        user=way.credentials.get("user", ""),
        request=login.request,
        body=way.body,
        token=login.token,
        prefix=login.prefix,
    )


def resources(config: Config) -> tuple[Resource, ...]:
    """Return the declared resources; without `owners` every role makes its own."""
    return tuple(
        Resource(
            kind=name,
            create=told.create,
            body=told.body,
            id=told.id,
            used=told.used,
            read=told.read,
            remove=told.remove,
            owners=told.owners or tuple(config.roles),
        )
        for name, told in config.resources.items()
    )


def policy(config: Config, *, today: dt.date | None = None) -> Policy:
    """Return the policy, its defaults filled in."""
    told = config.policy
    need = told.require
    suites = need.suites if need.suites is not None else tuple(s for s in SHIPPED if s not in config.suites.skip)
    return Policy(
        fail_on=Severity.of(told.fail_on),
        unconfirmed=Severity.of(told.unconfirmed),
        unsteady=told.unsteady,
        clauses=tuple(Clause(rule=r.rule, place=r.place, action=Action(r.action), until=r.until) for r in told.rules),
        waivers=tuple(
            Waiver(fingerprint=w.fingerprint, owner=w.owner, reason=w.reason, ticket=w.ticket, expires=w.expires) for w in config.waivers
        ),
        require=Require(
            identity=need.identity,
            roles=tuple(config.roles) if need.roles == "all" else need.roles,
            suites=suites,
            operations_answered=need.operations_answered,
            operations_allowed=need.operations_allowed,
        ),
        today=today or dt.datetime.now(tz=dt.UTC).date(),
    )


def level(config: Config) -> Level:
    """Return what the run may do."""
    return Level.of(config.level)


Watch = Callable[[Exchange], None]


def open_drivers(  # noqa: PLR0913  # all that both sides of a run are made of
    both: Mapping[Side, Target],
    shares: Shares,
    *,
    level: Level,
    run: str,
    accounts: Mapping[Side, Mapping[str, Account]],
    driver: str = "wire",
    hosts: tuple[str, ...] = (),
    seen: Watch | None = None,
    introduction: Introduction | None = None,
) -> tuple[dict[Side, HttpDriver], dict[Side, Meter]]:
    """Open one driver and one meter a side. Raises ConfigError for TLS material that cannot be used."""
    meters = {side: Meter(side, shares.requests, shares.rate, shares.deadline) for side in Side}
    drivers = {
        side: HttpDriver(
            both[side],
            lanes=shares.lanes,
            driver=driver,
            meter=meters[side],
            level=level,
            run=run,
            accounts=dict(accounts[side]),
            lock=Lock(both[side], hosts),
            seen=seen,
            introduction=introduction,
        )
        for side in Side
    }
    return drivers, meters


def checks(own: tuple[Check, ...] = ()) -> tuple[Check, ...]:
    """Return every check: the shipped ones and those that hooks gave."""
    return (*catalogue(), *own)


class Opened:
    """A bench and what must be closed behind it."""

    def __init__(self, plan: Plan, *, worker: str, own_checks: tuple[Check, ...] = ()) -> None:
        """Open drivers, journal and lanes for one process of the run."""
        self.redactor = Redactor(plan.secrets, key=plan.key)
        self._loop = Loop(plan.loop)
        self._journal = Journal(Path(plan.journals) / f"{worker}.jsonl")
        builds = Builds(header=plan.identity.header)

        def seen(exchange: Exchange) -> None:
            builds.note(exchange)
            self.governor.note(exchange)

        self._drivers, meters = open_drivers(
            plan.targets,
            plan.shares,
            level=plan.level,
            run=plan.run,
            accounts=plan.accounts,
            driver=plan.driver,
            hosts=plan.hosts,
            seen=seen,
            introduction=Introduction(identity=plan.identity, heard=builds.heard),
        )
        self.governor = Governor(meters)
        """Slows both sides while the baseline suffers; what it did travels with each result."""
        objects = Objects(plan.resources, plan.operations, self._journal)
        lanes = Lanes(self._drivers, lanes=plan.shares.lanes, in_turn=plan.in_turn, objects=objects, control=plan.control)
        by_name = {role.name: role for role in plan.roles}

        async def again(side: Side, role: str) -> None:
            account = await enrol(self._drivers[side], by_name[role])
            self._drivers[side].enrol(account)
            for secret in secrets_of(account):
                self.redactor.learn(secret)

        self.bench = Bench(
            loop=self._loop,
            lanes=lanes,
            objects=objects,
            sentinels=Sentinels(plan.known_good, lanes, again, plan.context),
            meters=meters,
            builds=builds,
            roles=by_name,
            level=plan.level,
            checks=checks(own_checks),
            payloads=payloads([Path(folder) for folder in plan.payload_folders]),
            redactor=self.redactor,
            # What the policy waives must not make a finding that blocks easier to believe.
            past=Past(decides=lambda finding: plan.policy.weigh(documented(finding)) is Action.BLOCK),
            workers=plan.workers,
            login_pages=plan.login_pages,
            login_paths=plan.login_paths,
        )

    def stop(self, why: str) -> None:
        """Let nothing more out: what is owed from here on is a Gap."""
        for driver in self._drivers.values():
            driver.meter.stop(why)

    def close(self) -> None:
        """Close connections, journal and loop."""

        async def _close() -> None:
            for driver in self._drivers.values():
                await driver.close()

        try:
            self._loop.run(_close())
        finally:
            self._loop.close()
            self._journal.close()


def secrets_of(account: Account) -> tuple[Secret, ...]:
    """Return every secret that an account carries."""
    return (*account.learnt, *(secret for part in (account.headers, account.query, account.cookies) for _, secret in part))
