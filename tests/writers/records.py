"""Records for tests of the page: one of each verdict with all that a page can show, one of a run that never began, and large ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reported import finding, left, plain, whole

from zeroweight.finding import Excerpt, Exhibit
from zeroweight.record import CellLine, HeaderLine, NotTested, PhaseLine, PlaceLine, Record, RunLine, SuiteLine, WaiverLine, mistaken
from zeroweight.verdict import Reason

SEVERITIES = ("critical", "high", "medium", "low", "note")
WAIVED = "zw1:00000000000000aa"
OPERATIONS = ("GET /things/{id}", "DELETE /things/{id}", "PUT /things/{id}", *(f"GET /a/{number}" for number in range(20)))


def answer(status: int, body: str, **more: Any) -> Excerpt:
    """Return one side's answer."""
    headers = (("content-type", "application/json"), ("date", "Tue, 24 Nov 2026 14:19:23 GMT"), ("x-frame-options", "DENY"))
    return Excerpt(**{"status": status, "outcome": "allowed" if status < 300 else "refused", "headers": headers, "body": body} | more)


def exhibit(number: int = 0) -> Exhibit:
    """Return two answers that differ in status, header and body."""
    canary = "".join(f'"line {line}": "{number * line}", ' for line in range(9))
    return Exhibit(
        baseline=answer(403, '{"error": {"code": "forbidden", "message": "Your role may not do this."}}', seconds=0.0123),
        canary=answer(200, f'{{{canary}"owner": "ann"}}', headers=(("content-type", "application/json"),), seconds=0.5),
        curl=f'curl -sSi -H \'Authorization: Bearer \'"$ZEROWEIGHT_TOKEN_BEN" "$CANARY"/things/{number}',
    )


def fail() -> dict[str, Any]:
    """Return a plain FAIL with every state, severity, action, kind of cell and header, waiver and way of not being tested."""
    findings = [
        finding(severity=severity, rule=f"authorization.{severity}", title=f"A {severity} guard is gone", fingerprint=f"zw1:{number:016x}")
        for number, severity in enumerate(SEVERITIES)
    ]
    findings += [
        finding(rule="headers.lost", cause="h", fingerprint=f"zw1:{100 + number:016x}", suites=("headers",), place=_at(f"/a/{number}"))
        for number in range(30)
    ]
    findings += [
        finding(rule="headers.odd", action="waived", fingerprint=WAIVED, suites=("headers",)),
        finding(rule="errors.slow", action="warn", severity="low", confirmed=False, repeats="", fingerprint="zw1:00000000000000ab"),
        finding(rule="errors.shaky", state="unsteady", action="ignore", fingerprint="zw1:00000000000000ac", suites=("errors",)),
        finding(rule="errors.old", state="unchanged", action="ignore", fingerprint="zw1:00000000000000ad", suites=("errors",)),
        finding(rule="errors.gone", state="absent", action="ignore", fingerprint="zw1:00000000000000ae", suites=("errors",)),
    ]
    reasons = [Reason(code=each.rule, text=f"{each.severity}: {each.title} at GET /things/{{id}} as ben") for each in findings[:6]]
    gaps = (left(), left("GET /b as ann"), left("role cy", required=False, why="it could not log in", code="login"))
    made = whole(
        *findings,
        reasons=(*reasons, Reason(code="silent", text="GET /a as ann and 1 more: it stayed silent; look at it")),
        not_tested=NotTested(gaps=gaps, exclusions=_excluded(), unreached=(left("PUT /x", required=False, fix="", code="unreached"),)),
    )
    return plain(
        replace(
            made,
            policy={"fail_on": "medium"},
            exhibits={each.fingerprint: exhibit(number) for number, each in enumerate(findings[:8])},
            matrix=_matrix(),
            headers=_headers(),
            suites={
                name: SuiteLine(seconds=1.5, tests=4, pairs=9, new=3, unsteady=1, unchanged=1, absent=1) for name in ("headers", "errors")
            },
            phases=(PhaseLine(name="prepare", start=0, seconds=0.5), PhaseLine(name="suite headers", start=0.5, seconds=11.5)),
            waivers=tuple(
                WaiverLine(fingerprint=WAIVED, owner="o", reason="r", ticket="T-1", expires="2027-01-01", state=state, findings=1)
                for state in ("used", "unused", "expired")
            ),
            leftovers=tuple(f"thing {number} of ann on the canary: no remove" for number in range(9)),
        )
    )


def passed() -> dict[str, Any]:
    """Return a plain PASS with nothing but an old finding."""
    reason = Reason(code="no-regression", text="everything owed was asked on both sides; nothing new blocks")
    old = finding(state="unchanged", action="ignore")
    made = whole(old, verdict="PASS", reasons=(reason,), not_tested=NotTested(exclusions=_excluded()))
    same = (CellLine(operation="GET /a", role="ben", baseline="allowed", canary="allowed", baseline_status=200, canary_status=200),)
    return plain(replace(made, exhibits={}, matrix=same, headers=_headers()[-1:], waivers=(), leftovers=(), notes=()))


def unsure() -> dict[str, Any]:
    """Return a plain INCONCLUSIVE: things are missing, and one finding comes and goes."""
    shaky = finding(state="unsteady", action="ignore", rule="errors.shaky", fingerprint="zw1:00000000000000ac")
    reasons = (
        Reason(code="silent", text="GET /a as ann: it stayed silent; look at it"),
        Reason(code="unsteady", text="A guard is gone at GET /things/{id} as ben, query:q came and went"),
    )
    return plain(whole(shaky, verdict="INCONCLUSIVE", reasons=reasons, not_tested=NotTested(gaps=(left(),))))


def never_began() -> dict[str, Any]:
    """Return the plain record of a run that the operator's mistake ended before it began: nearly every field is empty."""
    run = RunLine(id="r-1", started="2027-03-14T00:00:00+00:00")
    return plain(Record(summary=mistaken(run, "gate.toml: unknown key `polcy`; did you mean `policy`?")))


def many(number: int, *, causes: int | None = None, bodies: int = 0) -> dict[str, Any]:
    """Return a plain FAIL with so many findings, each a cause of its own unless told otherwise, and as many exhibits as are wanted."""
    findings = [
        finding(
            rule=f"errors.r{each % (causes or number)}",
            cause="",
            severity=SEVERITIES[each % 5],
            fingerprint=f"zw1:{each:016x}",
            place=_at(f"/v1/{each}/things/{{id}}"),
        )
        for each in range(number)
    ]
    made = plain(whole(*findings))
    made["summary"]["findings"] = made["summary"]["findings"][:number]
    shown = plain(replace(whole(), exhibits={each.fingerprint: exhibit(at) for at, each in enumerate(findings[:bodies])}))["exhibits"]
    return made | {"exhibits": shown}


def _at(path: str) -> PlaceLine:
    return PlaceLine(method="GET", path=path, role="ben")


def _excluded() -> tuple[Any, ...]:
    return tuple(left(f"DELETE /{number}", required=False, why=f"reason {number % 4}", fix="", code="excluded") for number in range(9))


def _matrix() -> tuple[CellLine, ...]:
    moves = (("refused", "allowed", 403, 200), ("allowed", "refused", 200, 403), ("allowed", "broken", 200, 500), ("refused", "", 401, 0))
    cells = [
        CellLine(operation=OPERATIONS[0], role="ben", owner=owner, baseline=b, canary=c, baseline_status=was, canary_status=now)
        for owner, (b, c, was, now) in zip(("ann", "", "ben", "cy"), moves, strict=True)
    ]
    return (
        *cells,
        *(
            CellLine(operation=operation, role=role, baseline=outcome, canary=outcome, baseline_status=status, canary_status=status)
            for operation in OPERATIONS
            for role, outcome, status in (("anonymous", "refused", 401), ("ann", "allowed", 200))
        ),
    )


def _headers() -> tuple[HeaderLine, ...]:
    values = (("weaker", "DENY", ""), ("changed", "a", "b"), ("stronger", "", "nosniff"), ("same", "no-referrer", "no-referrer"))
    return tuple(
        HeaderLine(name=f"x-{change}", baseline=baseline, canary=canary, operations=3, of=4, change=change)
        for change, baseline, canary in values
    )
