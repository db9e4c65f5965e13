"""All that a run did, saw and decided: one versioned document, from which alone every report is written.

`verdict.json` (`VerdictFile`) is its short form and the contract with machines; `record.json` (`Record`) adds what a reviewer wants.
Both hold plain data, already redacted. `python -m zeroweight.record verdict` (or `record`) writes their JSON Schemas.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from zeroweight.compare import Delta
from zeroweight.finding import Exhibit, Tally
from zeroweight.model.look import Exclusion, Gap
from zeroweight.redact import Redactor
from zeroweight.verdict import Action, Policy, Reason, Word

SCHEMA = 1
_HALF = re.compile("[\ud800-\udfff]")
"""The version of both documents; it rises when a field changes its meaning or goes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """Where a finding is."""

    method: str
    path: str
    role: str
    parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One fingerprint and what became of it."""

    rule: str
    title: str
    severity: str
    state: str
    action: str
    """What the policy makes of it: `block warn ignore waived`."""
    place: PlaceLine
    fingerprint: str
    confirmed: bool
    seen_new: int
    pairs: int
    evidence: tuple[str, ...]
    request: str = ""
    cause: str = ""
    repeats: str = ""
    """`canary 7 of 7, baseline 0 of 7`; empty where it was not asked again."""
    cwe: int = 0
    owasp: str = ""
    remedy: str = ""
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTestedLine:
    """Something that was owed or left out, why, whether a PASS needed it, and what mends it."""

    what: str
    why: str
    required: bool = False
    fix: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTested:
    """The three ways of not having been tested."""

    gaps: tuple[NotTestedLine, ...] = ()
    exclusions: tuple[NotTestedLine, ...] = ()
    unreached: tuple[NotTestedLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """Which run this was."""

    id: str
    started: str
    """ISO 8601, UTC."""
    seconds: float = 0.0
    finished: bool = False
    level: str = ""
    aa: bool = False
    """Whether the operator asked to hold the baseline against itself."""
    driver: str = ""
    """What sent the probes: `wire` or `httpx`; empty in records of before."""
    loop: str = ""
    """What sending ran on: `asyncio` or `uvloop`; empty in records of before."""
    command: str = ""
    """The command line that runs the same gate again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLine:
    """Which deployment stood on a side."""

    url: str
    build: str = ""
    expected: str = ""
    builds_seen: Mapping[str, int] = field(default_factory=dict)
    """Build → how many answers named it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorLine:
    """How the run went easy on the baseline; summed over its processes."""

    watched: int = 0
    """Exchanges of the baseline that the governor looked at."""
    slowed: int = 0
    """How often it lowered the rate."""
    lowest: float = 0.0
    """The lowest rate that it set in a process, in requests a second to a side; 0 where it set none."""
    times: float = 0.0
    """How many times as long as at first slow answers took, at the worst; 0 where slowness was not the reason."""
    failed: float = 0.0
    """The share of answers that were a 5xx, a 429 or none, at the worst; 0 where failing was not the reason."""
    stopped: str = ""
    """Why it ended the run; empty where it did not."""
    says: str = ""
    """All of it in a sentence; empty where it did nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFile:
    """`verdict.json`."""

    schema: int = SCHEMA
    service: str
    verdict: str
    reasons: tuple[Reason, ...]
    findings: tuple[FindingLine, ...] = ()
    not_tested: NotTested = field(default_factory=NotTested)
    coverage: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)
    governor: GovernorLine = field(default_factory=GovernorLine)
    targets: Mapping[str, TargetLine] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    run: RunLine


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """One cell of the authorization matrix: how a role's plain request fared on each side."""

    operation: str
    role: str
    owner: str = ""
    """The role whose object it was about; empty when it was nobody's."""
    baseline: str = ""
    """The outcome (`allowed refused invalid missing limited broken silent`); empty when it was not had."""
    canary: str = ""
    baseline_status: int = 0
    canary_status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLine:
    """One security header as both sides sent it with plain answers, and on how many of the operations it was so."""

    name: str
    baseline: str
    """The value; empty when it was absent."""
    canary: str
    operations: int
    of: int
    change: str
    """`weaker`, `stronger`, `same` or `changed` (another value that protects as well, as far as we can tell)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteLine:
    """What one suite came to. A finding that several suites saw counts in each."""

    seconds: float = 0.0
    tests: int = 0
    pairs: int = 0
    new: int = 0
    unsteady: int = 0
    unchanged: int = 0
    absent: int = 0
    not_tested: int = 0
    """Its gaps, the required and the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseLine:
    """A stretch of the run: `start` and `seconds` on the run's own clock."""

    name: str
    start: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surety:
    """How sure the run is of what it says."""

    candidates: int = 0
    """Differences that a rule named at first sight."""
    repeats: int = 0
    """Requests (scenarios, each on one side) that were sent again to believe or drop them."""
    confirmed: int = 0
    dropped: int = 0
    """Candidates that the baseline, asked again, showed just as well."""
    noise_asks: int = 0
    """How often the baseline was asked again to learn its own range."""
    bound: float = 0.0
    """The chance, run-wide, of believing a difference that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverLine:
    """A waiver of the policy, and what became of it: `used`, `unused` or `expired` (an expired one is ignored)."""

    fingerprint: str
    owner: str
    reason: str
    ticket: str
    expires: str
    state: str
    findings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`record.json`: the verdict file, and what stands behind it."""

    schema: int = SCHEMA
    summary: VerdictFile
    policy: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, bool] = field(default_factory=dict)
    """Role → whether the baseline ever allowed it something."""
    operations: Mapping[str, str] = field(default_factory=dict)
    """Operation → `allowed`, `answered` or `not answered`."""
    leftovers: tuple[str, ...] = ()
    """Objects that were made and could not be removed."""
    notes: tuple[str, ...] = ()
    tests: Mapping[str, str] = field(default_factory=dict)
    tallies: tuple[Tally, ...] = ()
    exhibits: Mapping[str, Exhibit] = field(default_factory=dict)
    """Fingerprint → both sides' answers; of the worst findings only, so that the record stays small."""
    matrix: tuple[CellLine, ...] = ()
    headers: tuple[HeaderLine, ...] = ()
    suites: Mapping[str, SuiteLine] = field(default_factory=dict)
    phases: tuple[PhaseLine, ...] = ()
    surety: Surety = field(default_factory=Surety)
    waivers: tuple[WaiverLine, ...] = ()


def finding_line(delta: Delta, action: Action) -> FindingLine:
    """Return a delta as it is written."""
    repeats = delta.repeats
    told = f"canary {repeats.canary} of {repeats.asked_canary}, baseline {repeats.baseline} of {repeats.asked_baseline}"
    place = delta.place
    return FindingLine(
        rule=delta.rule,
        title=delta.title,
        severity=delta.severity.word,
        state=delta.state,
        action=action,
        place=PlaceLine(method=place.method, path=place.path, role=place.role, parameter=place.parameter),
        fingerprint=delta.fingerprint,
        confirmed=delta.confirmed,
        seen_new=delta.seen_new,
        pairs=delta.pairs,
        evidence=delta.evidence,
        request=delta.request,
        cause=delta.cause,
        repeats=told if repeats.asked_canary else "",
        cwe=delta.cwe,
        owasp=delta.owasp,
        remedy=delta.remedy,
        suites=delta.suites,
    )


def gap_line(gap: Gap, *, required: bool) -> NotTestedLine:
    """Return a gap as it is written."""
    return NotTestedLine(what=gap.what, why=gap.why, required=required, fix=gap.fix, code=gap.code)


def exclusion_line(exclusion: Exclusion) -> NotTestedLine:
    """Return an exclusion as it is written."""
    return NotTestedLine(what=exclusion.what, why=exclusion.why, code="excluded")


def policy_lines(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain JSON."""
    plain: dict[str, Any] = json.loads(msgspec.json.encode(policy))
    return plain | {"fail_on": policy.fail_on.word, "unconfirmed": policy.unconfirmed.word}


def versions() -> dict[str, str]:
    """Return what this run was made with."""
    names = ("zeroweight", "pytest", "pytest-xdist", "httpx", "h2", "httptools", "schemathesis", "hypothesis")
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


UNFINISHED = Reason(code="unfinished", text="the run has not come to its end; if it is not running any more, it died")


def unfinished(run: RunLine, service: str) -> VerdictFile:
    """Return the verdict that stands while a run goes on: no reader can find yesterday's PASS."""
    return VerdictFile(service=service, verdict=Word.INCONCLUSIVE, reasons=(UNFINISHED,), run=run, versions=versions())


def unsealed(verdict: VerdictFile) -> VerdictFile:
    """Return a verdict as it stands until everybody has written: not finished, and a PASS not given yet, since it may be taken back."""
    passed = verdict.verdict == Word.PASS
    return replace(
        verdict,
        verdict=Word.INCONCLUSIVE if passed else verdict.verdict,
        reasons=(UNFINISHED,) if passed else verdict.reasons,
        run=replace(verdict.run, finished=False),
    )


def mistaken(run: RunLine, mistake: str) -> VerdictFile:
    """Return the verdict of a run that never began, because of the operator's mistake."""
    return replace(unfinished(replace(run, finished=True), "?"), reasons=(Reason(code="usage", text=mistake),))


def write(document: VerdictFile | Record, path: Path, redactor: Redactor) -> None:
    """Write a document, redacted, in one step: a reader finds the old one or the new one, never half of it. Raises OSError."""
    plain = _mended(redactor.plain(msgspec.to_builtins(document)))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(plain, file, indent=1, ensure_ascii=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mended(value: Any) -> Any:  # plain JSON is what it is
    """Return plain JSON with U+FFFD for halves of characters, keys included: no strict reader takes a file that holds one."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list | tuple) else value


def schema(document: type[VerdictFile | Record]) -> str:
    """Return a document's JSON Schema (draft 2020-12) as text; what a reader need not know today, he must let pass tomorrow."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(document)}
    return json.dumps(made, indent=1, ensure_ascii=True) + "\n"


def read(path: Path) -> Record:
    """Return a record from its file; raises ValueError (with what is wrong) and OSError."""
    return msgspec.json.decode(path.read_bytes(), type=Record)


if __name__ == "__main__":
    sys.stdout.write(schema({"verdict": VerdictFile, "record": Record}[sys.argv[1]]))
