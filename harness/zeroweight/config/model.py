"""What gate.toml says, as plain frozen data: one class per table, one attribute per key.

Only strings, numbers, dates, secrets, tuples and mappings; no nouns of the house, so that a file can be read, checked and described
without them. An absent text is the empty string. What one key must look like stands in its type, for the loader and the JSON schema
alike; what keys must say together stands in agreement.py.
"""

# No postponed annotations here: the loader reads them, so they must be real at run time.

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from zeroweight.config import form
from zeroweight.config.login import LoginConfig, RoleConfig, WayIn, way_in
from zeroweight.config.note import Doc, FromKey, Json, Key, Location, Range
from zeroweight.config.secrets import secrets_in
from zeroweight.redact import Secret

Level: TypeAlias = Literal["read-only", "own-objects", "destructive"]
SeverityWord: TypeAlias = Literal["note", "low", "medium", "high", "critical"]
FormatWord: TypeAlias = Literal["html", "markdown", "junit", "allure"]
DriverWord: TypeAlias = Literal["wire", "httpx"]
LoopWord: TypeAlias = Literal["asyncio", "uvloop"]

_Method = Annotated[str, form.OPERATION]
_Name = Annotated[str, form.NAME]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where the API is described, and what of it is never called."""

    schema: Annotated[
        str, form.SCHEMA, Location(served=True), Doc("OpenAPI document: /path that both sides serve, a URL, or a file beside gate.toml.")
    ]
    """`/path`, `https://…`, or `file:` and an absolute path."""
    exclude: Annotated[
        tuple[Annotated[str, form.EXCLUSION], ...], Doc("Operations (METHOD /template) and tags (tag:NAME) that are never called.")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConfig:
    """Where a deployment says which build it is: one header of every answer, or a pointer into one endpoint's answer."""

    header: Annotated[str, form.HEADER, Doc("Header of every answer that carries the build.")] = ""
    get: Annotated[str, form.PATH, Doc("Path of the endpoint that tells the build; goes with pointer.")] = ""
    pointer: Annotated[str, form.POINTER, Doc("JSON pointer to the build in the answer to get.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a TLS connection is made, as PEM text; each key is written as file:PATH or env:NAME."""

    ca: Annotated[str, form.CERTIFICATE, Doc("The authority to trust instead of the system's: file:PATH of a PEM file.")] = ""
    cert: Annotated[str, form.CERTIFICATE, Doc("The client's certificate: file:PATH of a PEM file; goes with key.")] = ""
    key: Annotated[Secret | None, form.PRIVATE_KEY, Doc("The client's private key: file:PATH of a PEM file; goes with cert.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    """One side: where it is, how it is reached, and which build must answer."""

    url: Annotated[str, form.URL, Doc("Base URL, http or https; without credentials.")]
    """Never ends with a slash."""
    address: Annotated[str, form.ADDRESS, Doc("host:port that is dialled instead of the URL's; nothing else is dialled.")] = ""
    server_name: Annotated[str, form.SERVER_NAME, Doc("SNI and Host, where they differ from the URL's host.")] = ""
    headers: Annotated[
        Mapping[Annotated[str, form.HEADER], Annotated[str | Secret, form.HEADER_VALUE]],
        Doc("Routing headers, sent with every request to this side."),
    ] = field(default_factory=dict)
    expect: Annotated[str, form.HEADER_VALUE, Doc("The build that must answer.")] = ""
    tls: Annotated[Tls, Doc("How TLS is spoken with this side.")] = field(default_factory=Tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineConfig(TargetConfig):
    """The side that is trusted."""

    serves_users: Annotated[bool, Doc("Whether real users reach the baseline; then only reading is allowed by default.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceConfig:
    """A kind of object that a role can own: `[resources.NAME]`."""

    name: Annotated[str, FromKey()]
    create: Annotated[str, form.OPERATION, Doc("The operation that makes one.")]
    body: Annotated[Mapping[str, Any], Json(), Doc("The JSON body of create.")] = field(default_factory=dict)
    id: Annotated[str, form.POINTER, Doc("JSON pointer to the id in the answer to create.")] = "/id"
    used: Annotated[tuple[_Method, ...], Doc("Operations that take the id; default: inferred.")] = ()
    read: Annotated[str, form.OPERATION, Doc("The operation that reads one back.")] = ""
    remove: Annotated[str, form.OPERATION, Doc("The operation that removes one.")] = ""
    owners: Annotated[tuple[_Name, ...], Doc("Roles that make their own; default: every role.")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What may be done to the targets."""

    level: Annotated[
        Level | None,
        Doc("What may be sent; default: read-only if the baseline serves users or the store is shared, else own-objects."),
    ] = None
    """None: not written; `Config.level` is what holds."""
    shared_store: Annotated[bool, Doc("Whether both sides write to one database.")] = True
    hosts: Annotated[tuple[Annotated[str, form.HOST], ...], Doc("Hosts that may be reached beyond the pair.")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetConfig:
    """What a run may spend."""

    seconds: Annotated[float, Range(0, 86_400, "seconds", above=True), Doc("Longest run, in seconds.")] = 120
    requests: Annotated[int, Range(1, 10_000_000, "requests"), Doc("Most requests to each side.")] = 6000
    rate: Annotated[
        float | None,
        Range(0, 100_000, "requests a second", above=True),
        Doc("Most requests per second and side; default: 20 where the baseline serves users, else 100."),
    ] = None
    """None: not written; `Config.rate` is what holds."""
    lanes: Annotated[int, Range(1, 1024, "lanes"), Doc("Connections that ask each side at the same time.")] = 8
    grace: Annotated[float, Range(0, 3600, "seconds"), Doc("Seconds in which a run that was told to stop cleans up the targets.")] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """What a PASS needs beyond the absence of blocking findings."""

    identity: Annotated[bool, Doc("Whether the identity of both sides must be proven.")] = True
    roles: Annotated[
        Literal["all"] | tuple[_Name, ...], Doc("Roles that must have been allowed at least once; all: each declared one.")
    ] = "all"
    suites: Annotated[tuple[Annotated[str, form.SUITE], ...] | None, Doc("Suites that must have run; default: the shipped ones.")] = None
    operations_answered: Annotated[float, Range(0, 1), Doc("Share of the operations that must have answered on both sides.")] = 1.0
    operations_allowed: Annotated[
        float, Range(0, 1), Doc("Share of the operations within the level that must have been allowed at least once.")
    ] = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """What is done about findings of a rule at a place; the first rule that matches decides."""

    rule: Annotated[str, form.RULE, Doc("A rule's id; * stands for anything.")]
    place: Annotated[str, form.PLACE, Doc("METHOD /template; * stands for anything.")] = "*"
    action: Annotated[Literal["block", "warn", "ignore"], Doc("What a matching finding does to the verdict.")]
    until: Annotated[date | None, Doc("The last day on which action counts; afterwards the rule blocks.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyConfig:
    """What the operator blocks on, requires and tolerates."""

    fail_on: Annotated[SeverityWord, Doc("A new finding this severe, or more, fails the canary.")] = "medium"
    stop: Annotated[Literal["never", "first-block"], Doc("Whether the first blocking finding ends the run.")] = "never"
    unconfirmed: Annotated[SeverityWord, Doc("A finding that could not be repeated blocks from this severity on.")] = "high"
    unsteady: Annotated[
        float, Range(0, 1), Doc("Share of repeats on the canary from which an unsteady finding makes the run inconclusive.")
    ] = 0.4
    require: Annotated[Require, Doc("What a PASS needs beyond the absence of blocking findings.")] = field(default_factory=Require)
    rules: Annotated[tuple[PolicyRule, ...], Key("rule"), Doc("Exceptions by rule and place; the first that matches decides.")] = ()
    """Written `[[policy.rule]]` in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverConfig:
    """A fingerprint accepted by an owner, with a reason, until a date."""

    fingerprint: Annotated[str, form.FINGERPRINT, Doc("The finding, as the report prints it: zw1: and 16 hex digits.")]
    owner: Annotated[str, Doc("Who accepts it.")]
    reason: Annotated[str, Doc("Why it is accepted.")]
    ticket: Annotated[str, Doc("Where it is being mended.")] = ""
    expires: Annotated[date, Doc("The last day on which the waiver counts.")]

    def expired(self, today: date) -> bool:
        """Tell whether the waiver no longer counts; on the day `expires` it still does."""
        return today > self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Suites:
    """Which suites run."""

    paths: Annotated[tuple[Annotated[str, Location()], ...], Doc("Folders or files of own suites, relative to gate.toml.")] = ()
    """Absolute."""
    skip: Annotated[tuple[Annotated[str, form.SUITE], ...], Doc("Suites that do not run; reports say so.")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadsConfig:
    """Where payloads come from beyond the shipped ones."""

    paths: Annotated[tuple[Annotated[str, Location()], ...], Doc("Folders or files of own payloads, relative to gate.toml.")] = ()
    """Absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is written, and where."""

    formats: Annotated[tuple[FormatWord, ...], Doc("Reports to write beside the record; junit is written by pytest itself.")] = ("html",)
    folder: Annotated[str, Doc("Folder for record and reports, relative to the working directory; made if need be.")] = "zeroweight-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that gate.toml, environment and options say together, checked."""

    service: Annotated[str, Doc("The service's name, in reports.")]
    driver: Annotated[
        DriverWord, Doc("What sends the probes: wire (exact bytes, HTTP/1.1), or httpx (the reference; HTTP/2 where a side speaks it).")
    ] = "wire"
    loop: Annotated[LoopWord, Doc("The event loop that sending runs on; uvloop needs: pip install 'zeroweight[uvloop]'.")] = "asyncio"
    api: Annotated[Api, Doc("Where the API is described.")]
    identity: Annotated[IdentityConfig | None, Doc("Where a deployment says which build it is; default: discovered.")] = None
    baseline: Annotated[BaselineConfig, Doc("The deployment that is trusted.")]
    canary: Annotated[TargetConfig, Doc("The deployment that is judged.")]
    logins: Annotated[Mapping[_Name, LoginConfig], Key("login"), Doc("Ways in, named once.")] = field(default_factory=dict)
    """Written `[login.NAME]` in the file."""
    roles: Annotated[Mapping[_Name, RoleConfig], Doc("Identities to act as, besides anonymous.")] = field(default_factory=dict)
    resources: Annotated[Mapping[_Name, ResourceConfig], Doc("Kinds of objects that roles can own.")] = field(default_factory=dict)
    safety: Annotated[Safety, Doc("What may be done to the targets.")] = field(default_factory=Safety)
    budget: Annotated[BudgetConfig, Doc("What a run may spend.")] = field(default_factory=BudgetConfig)
    policy: Annotated[PolicyConfig, Doc("What blocks, what is required, what is tolerated.")] = field(default_factory=PolicyConfig)
    waivers: Annotated[tuple[WaiverConfig, ...], Key("waiver"), Doc("Findings accepted by an owner until a date.")] = ()
    """Written `[[waiver]]` in the file."""
    suites: Annotated[Suites, Doc("Which suites run.")] = field(default_factory=Suites)
    payloads: Annotated[PayloadsConfig, Doc("Own attack inputs.")] = field(default_factory=PayloadsConfig)
    output: Annotated[Output, Doc("What is written, and where.")] = field(default_factory=Output)

    @property
    def level(self) -> Level:
        """What may be sent: as written, else own-objects where no user and no other side can be harmed, else read-only."""
        if self.safety.level is not None:
            return self.safety.level
        return "read-only" if self.baseline.serves_users or self.safety.shared_store else "own-objects"

    @property
    def rate(self) -> float:
        """Most requests per second and side: as written, else low where real users share the baseline."""
        if self.budget.rate is not None:
            return self.budget.rate
        return 20 if self.baseline.serves_users else 100

    def way_in(self, role: str) -> WayIn:
        """Return how a role logs in and with what; raises KeyError for a role that is not declared."""
        return way_in(self.roles[role], self.logins)

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret, once each, and what HTTP Basic makes of user and password: all that a Redactor must know."""
        pairs = (way.pair for way in map(self.way_in, self.roles))
        return tuple(dict.fromkeys([*secrets_in(self), *(pair for pair in pairs if pair is not None)]))
