"""Plain records for tests of reports: one with something in every room, and the same with words of a hostile target's in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import msgspec

from zeroweight.finding import Excerpt, Exhibit
from zeroweight.record import (
    CellLine,
    FindingLine,
    HeaderLine,
    NotTested,
    NotTestedLine,
    PhaseLine,
    PlaceLine,
    Record,
    RunLine,
    SuiteLine,
    Surety,
    TargetLine,
    VerdictFile,
    WaiverLine,
)
from zeroweight.verdict import Reason

HOSTILE: Final[Mapping[str, str]] = {
    "markup": "<script>alert(1)</script><img src=http://evil.example/x onerror=\"a\"></code></td></table></details><h1 id='b'>",
    "style": "</style><style>*{display:none}</style><!-- --><svg/onload=evil()>",
    "escape": "\x1b[2J\x1b]0;pwned\x07\x9b31m",
    "bidi": "\u202egnp.exe\u2066\u200b\u00ad\U000e0041\u2028x\ufe0f\U000e0100",
    "nul": "a\x00b\x07\r\nPASS all is well",
    "lines": "\n" * 1_000_000,
    "surrogate": "caf\ud800\udfff\udce9",
    "workflow": "::error::evil\n  ::add-mask::evil\n##[error]evil ##vso[task.complete result=Succeeded]evil "
    "##teamcity[buildStatus status='SUCCESS']evil",
    "backticks": "`evil` ``evil`` ```\nevil\n``````````` evil",
    "table": "evil | evil \\| evil \\",
    "mention": "@evil evil@evil.example #123 GH-12 evil/evil#1 !7 ~bug :skull: $x^2$",
    "image": "![evil](http://evil.example/x.png) [evil](javascript:evil) <http://evil.example> www.evil.example http://evil.example",
    "list": "\n- [ ] evil\n# evil\n\n> evil\n\n    evil\n***\n| a |\n| - |\n",
    "long": "evil " * 40_000,
}
"""What a target may write wherever it is let."""
FIXED: Final = frozenset({"verdict", "state", "action", "severity", "change", "outcome", "fingerprint", "started", "expires"})
"""Keys whose words are the house's."""
NAMED: Final = frozenset({"exhibits", "targets", "counts", "coverage", "budget"})
"""Mappings whose keys are the house's."""


def finding(**more: Any) -> FindingLine:
    """Return a finding that blocks, unless told otherwise."""
    given: dict[str, Any] = {
        "rule": "authorization.opened",
        "title": "A guard is gone",
        "severity": "critical",
        "state": "new",
        "action": "block",
        "place": PlaceLine(method="GET", path="/things/{id}", role="ben", parameter="query:q"),
        "fingerprint": "zw1:0123456789abcdef",
        "confirmed": True,
        "seen_new": 3,
        "pairs": 4,
        "evidence": ("refused there, allowed here",),
        "request": "GET /things/1",
        "cause": "guard",
        "repeats": "canary 7 of 7, baseline 0 of 7",
        "cwe": 862,
        "owasp": "API1:2023",
        "remedy": "Put the guard back.",
        "suites": ("authorization",),
    }
    return FindingLine(**{**given, **more})


def left(what: str = "GET /a as ann", **more: Any) -> NotTestedLine:
    """Return something that was not tested, and that a PASS needs, unless told otherwise."""
    given: dict[str, Any] = {"why": "it stayed silent", "required": True, "fix": "look at it", "code": "silent"}
    return NotTestedLine(what=what, **{**given, **more})


def whole(*findings: FindingLine, verdict: str = "FAIL", **more: Any) -> Record:
    """Return a record with something in every room; `more` are fields of its summary."""
    given: dict[str, Any] = {
        "service": "things",
        "verdict": verdict,
        "reasons": (Reason(code="authorization.opened", text="critical: A guard is gone at GET /things/{id} as ben, query:q"),),
        "findings": findings or (finding(),),
        "not_tested": NotTested(
            gaps=(left(),), exclusions=(left("DELETE /a", required=False),), unreached=(left("PUT /a", required=False),)
        ),
        "coverage": {"operations": 4, "answered": 3, "allowed": 3, "owed": 9, "roles": 2},
        "counts": {"new": 1, "unsteady": 0, "unchanged": 2, "absent": 3, "pairs": 70, "noisy": 1, "resent": 0},
        "budget": {"seconds": 60, "requests": 100, "sent_canary": 9, "sent_baseline": 8},
        "targets": {side: TargetLine(url=f"http://{side}.example", build=f"{side}-build") for side in ("baseline", "canary")},
        "versions": {"python": "3.11.2"},
        "run": RunLine(
            id="r-1",
            started="2027-03-14T00:00:00+00:00",
            seconds=12.5,
            finished=True,
            level="read-only",
            command="zeroweight run gate.toml",
        ),
    }
    summary = VerdictFile(**{**given, **more})
    answers = [Excerpt(status=status, headers=(("x-a", "b"),), body='{"a": 1}', cut=3) for status in (403, 200)]
    return Record(
        summary=summary,
        roles={"ben": True},
        operations={"GET /things/{id}": "allowed"},
        leftovers=("thing 7 of ann on the canary: no remove",),
        notes=("a note",),
        tests={"suites/test_headers.py::test_headers[GET /a]": "passed"},
        exhibits={
            each.fingerprint: Exhibit(baseline=answers[0], canary=answers[1], curl='curl "$CANARY"/things/1')
            for each in summary.findings[:1]
        },
        matrix=(CellLine(operation="GET /things/{id}", role="ben", owner="ann", baseline="refused", canary="allowed"),),
        headers=(HeaderLine(name="x-frame-options", baseline="DENY", canary="", operations=3, of=4, change="weaker"),),
        suites={"authorization": SuiteLine(seconds=1.5, tests=4, pairs=9, new=1, not_tested=1)},
        phases=(PhaseLine(name="prepare", start=0.0, seconds=0.5),),
        surety=Surety(candidates=2, repeats=28, confirmed=1, dropped=1, noise_asks=5, bound=0.001),
        waivers=(WaiverLine(fingerprint="zw1:00", owner="o", reason="r", ticket="t", expires="2027-01-01", state="unused"),),
    )


def plain(record: Record) -> dict[str, Any]:
    """Return a record as writers are given it."""
    made: dict[str, Any] = msgspec.to_builtins(record)
    return made


def poisoned(words: str, *, verdict: str = "FAIL") -> dict[str, Any]:
    """Return a plain record in which every word that is not the house's is the target's."""
    return plain(_poisoned(whole(finding(), finding(fingerprint="zw1:1", state="unsteady", action="ignore"), verdict=verdict), words))


def _poisoned(value: Any, words: str, name: str = "") -> Any:
    if isinstance(value, str):
        return value if name in FIXED else words
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _poisoned(getattr(value, each.name), words, each.name) for each in fields(value)})
    if isinstance(value, Mapping):
        return {(key if name in NAMED else words): _poisoned(each, words) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_poisoned(each, words, name) for each in value)
    return value
