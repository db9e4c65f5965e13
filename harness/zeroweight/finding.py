"""What was concluded: rules, evidence, findings, fingerprints."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from zeroweight.model.http import Exchange
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.model.request import Pointer
from zeroweight.model.target import Side


class Severity(IntEnum):
    """How bad; larger is worse. A note never blocks by default."""

    NOTE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The severity as it is written in gate.toml and reports."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Severity:
        """Return the severity that a word names; raises KeyError for an unknown one."""
        return cls[word.upper()]


class Confidence(StrEnum):
    """How sure a check is that its evidence means what the rule says."""

    TENTATIVE = "tentative"
    FIRM = "firm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A weakness in general. Ids are `<family>.<slug>`, never renamed, never reused."""

    id: str
    title: str
    severity: Severity
    cwe: int
    owasp: str = ""
    """OWASP API Security Top 10 2023 class: `API1:2023`."""
    wfc: str = ""
    """Web Fuzzing Commons fault code, where one exists."""
    remedy: str

    @property
    def family(self) -> str:
        """The part of the id before the dot: the file in `checks/` that holds the rule."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of the body: offset and length in characters of the text that was searched."""

    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderName:
    """A header field."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What shows a weakness, in one sentence. `cause` groups places that share one root: a leaf name, a signature."""

    says: str
    at: Span | Pointer | HeaderName | None = None
    parameter: str | None = None
    """Overrides the probe's parameter in the place."""
    confidence: Confidence = Confidence.FIRM
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """One side's answer as it may be shown: redacted first, then cut."""

    status: int = 0
    """0 when no answer came; `failure` then says why."""
    outcome: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    cut: int = 0
    """Characters of the body that were left out."""
    seconds: float = 0.0
    """Until the first byte."""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Both answers of a finding's most telling pair, and the request as a command that a person can run again."""

    baseline: Excerpt
    canary: Excerpt
    curl: str = ""
    """Against `$CANARY`, with `$ZEROWEIGHT_TOKEN_<ROLE>` in the place of each credential; never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule broken at a place on one side, with evidence."""

    rule: Rule
    place: Place
    side: Side
    evidence: Evidence

    @property
    def fingerprint(self) -> str:
        """What makes two findings the same."""
        return fingerprint(self.rule.id, self.place)


def fingerprint(rule: str, place: Place) -> str:
    """Return `zw1:` and 16 hex digits of rule and place: never of evidence, payload, host or test id."""
    text = f"{rule}\x1f{place.method}\x1f{place.path}\x1f{place.role}\x1f{place.parameter}"
    return f"zw1:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An exchange with what its answer meant to its caller, and how the plain request of the same caller fared on the same side.

    `plain` is None where no plain request was sent (then checks of odd inputs have no say). For a plain request it is its own outcome.
    `owner` is what the object's owner got for the same operation on the same side, None where the request is about nobody's object.
    """

    exchange: Exchange
    outcome: Outcome
    plain: Outcome | None = None
    owner: Outcome | None = None
    other_group: bool = False
    """Whether caller and owner are roles of different groups: staff and a customer, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What the baseline answered when it was asked the same again (K times): its own range is not a difference. Empty: not asked yet."""

    answers: tuple[Answer, ...] = ()

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that the baseline gave."""
        return frozenset(answer.exchange.status for answer in self.answers)

    @property
    def outcomes(self) -> frozenset[Outcome]:
        """Every outcome that the baseline gave."""
        return frozenset(answer.outcome for answer in self.answers)

    def ever_without(self, header: str) -> bool:
        """Whether the baseline itself left the header out at least once."""
        return any(answer.exchange.response is not None and header not in answer.exchange.response.headers for answer in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A small plain fact of a trial for run-wide checks."""

    name: str
    facts: tuple[tuple[str, str | int | bool], ...] = field(default_factory=tuple)
