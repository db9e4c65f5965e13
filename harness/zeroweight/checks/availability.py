"""Whether the canary still answers, and with an end."""

from __future__ import annotations

from collections.abc import Iterator

from zeroweight.checks.authorization import processed_unguarded
from zeroweight.checks.check import check, contrast
from zeroweight.checks.transition import Move, judgeable
from zeroweight.finding import Answer, Evidence, Noise, Rule, Severity
from zeroweight.model.outcome import Outcome

SERVER_ERROR = Rule(
    id="availability.server-error",
    title="The canary fails with a server error",
    severity=Severity.HIGH,
    cwe=755,
    owasp="API4:2023",
    remedy="Find the exception in the canary's log, mend it, and answer what the baseline answers.",
)
SILENT = Rule(
    id="availability.silent",
    title="The canary does not answer",
    severity=Severity.HIGH,
    cwe=400,
    owasp="API4:2023",
    remedy="Look for a hang, a crash or a dropped connection in the canary at the time of this request; bound what one request may cost.",
)
UNBOUNDED_ANSWER = Rule(
    id="availability.unbounded-answer",
    title="The canary's answer has no bound",
    severity=Severity.MEDIUM,
    cwe=770,
    owasp="API4:2023",
    remedy="Bound how much one answer returns: a page size with a maximum, whatever the caller asks for.",
)

_ALREADY_DOWN = frozenset({Outcome.BROKEN, Outcome.SILENT})
"""Where the plain request fares so on both sides, an odd one that fares so tells nothing new."""


def _fell(move: Move, to: Outcome) -> bool:
    """Whether the canary newly fares so, and not because its plain request does."""
    return move.new is to and move.old not in _ALREADY_DOWN and not (move.odd and move.plain in _ALREADY_DOWN)


@check(SERVER_ERROR, on=Move)
def server_error(move: Move) -> Iterator[Evidence]:
    """Any→broken (CWE-755: an exceptional condition handled badly), unless it is what a guard that runs late looks like."""
    if _fell(move, Outcome.BROKEN) and not processed_unguarded(move):
        yield move.evidence()


@check(SILENT, on=Move)
def silent(move: Move) -> Iterator[Evidence]:
    """Any answer→none; shown to checks only after three asks with a control in between (law 2). Requests we did not send say nothing."""
    failure = move.canary.exchange.failure
    if _fell(move, Outcome.SILENT) and not (failure and failure.ours):
        yield move.evidence()


@contrast(UNBOUNDED_ANSWER, on=Answer)
def unbounded_answer(baseline: Answer, canary: Answer, noise: Noise) -> Iterator[Evidence]:
    """One outcome, but the canary's body ran into the cap and the baseline's did not (CWE-770)."""
    new, old = canary.exchange.response, baseline.exchange.response
    if new is None or old is None or baseline.outcome is not canary.outcome or not judgeable(baseline, canary):
        return
    capped_before = any(each.exchange.response is not None and each.exchange.response.truncated for each in noise.answers)
    if new.truncated and not old.truncated and not capped_before:
        says = f"the baseline's answer ended after {len(old.body)} bytes, the canary's had not ended after {len(new.body)}"
        yield Evidence(says=says, cause="truncated")
