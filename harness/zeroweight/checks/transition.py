"""From what the baseline's answer meant to what the canary's means, with all that is not evidence taken away.

Every rule about access, validation, availability and inventory speaks of one `Move`. What is left out here once, no rule need leave out
again: noise, consequences of another change, measuring bursts, and answers that only spell an address another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zeroweight.checks.envelope import fails_alike
from zeroweight.checks.outcome import canonical
from zeroweight.finding import Answer, Confidence, Evidence
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent, Probe
from zeroweight.model.role import ANONYMOUS

ODD = frozenset({Intent.INVALID, Intent.ATTACK})
"""Requests that are judged only where the plain request of the same caller fared alike on both sides."""

_UNLIKE = frozenset({Outcome.SILENT, Outcome.LIMITED})
"""What a baseline may answer that nothing can be compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One caller, one request: what it meant on the baseline (`old`) and what it means on the canary (`new`)."""

    old: Outcome
    new: Outcome
    baseline: Answer
    canary: Answer

    @property
    def probe(self) -> Probe:
        """What was asked, the same on both sides."""
        return self.canary.exchange.probe

    @property
    def odd(self) -> bool:
        """Whether the request was made odd on purpose."""
        return self.probe.intent in ODD

    @property
    def plain(self) -> Outcome | None:
        """How the plain request fared, the same on both sides whenever the request is odd."""
        return self.canary.plain

    @property
    def anonymous(self) -> bool:
        """Whether it was asked without credentials."""
        return self.probe.role == ANONYMOUS

    @property
    def foreign(self) -> bool:
        """Whether it was about an object of another role."""
        return bool(self.probe.owner) and self.probe.owner != self.probe.role

    def evidence(self, *, confidence: Confidence = Confidence.FIRM) -> Evidence:
        """Say the move in one sentence; its cause is the move itself: a shared guard moves many places alike."""
        says = f"the baseline answered {_said(self.baseline)}, the canary {_said(self.canary)}"
        return Evidence(says=says, confidence=confidence, cause=f"{self.old}→{self.new}")


def moves(baseline: Answer, canary: Answer) -> Iterator[Move]:
    """Yield the move of a pair whose outcomes differ; nothing where the difference is no evidence.

    That the baseline, too, answers so now and then excuses nothing here: how often each side does is counted when it is asked again.
    """
    if baseline.outcome is canary.outcome or baseline.outcome in _UNLIKE:
        return
    if judgeable(baseline, canary) and not (canary.outcome is Outcome.ALLOWED and _gives_nothing(baseline, canary)):
        yield Move(old=baseline.outcome, new=canary.outcome, baseline=baseline, canary=canary)


def judgeable(baseline: Answer, canary: Answer) -> bool:
    """Whether the pair is a look at this request, and not at a consequence of what already differs for the plain one."""
    intent = canary.exchange.probe.intent
    if intent is Intent.BURST:
        return False
    return intent not in ODD or (canary.plain is not None and baseline.plain is canary.plain)


def _gives_nothing(baseline: Answer, canary: Answer) -> bool:
    """Whether `allowed` opened nothing.

    A canonical redirect; OPTIONS (the Fetch standard demands preflights without credentials); the failure that the baseline told, with
    more beside it.
    """
    old, new = baseline.exchange.response, canary.exchange.response
    asked = canary.exchange.request.target.decode("latin-1") if canary.exchange.request else ""
    still_fails = old is not None and new is not None and old.status == new.status and fails_alike(old.json, new.json, asked=asked)
    return still_fails or canonical(canary.exchange) or canary.exchange.probe.verb == "OPTIONS"


def _said(answer: Answer) -> str:
    """Say an answer: its status and what it meant."""
    exchange = answer.exchange
    if exchange.response is None:
        return f"nothing ({exchange.failure.kind})" if exchange.failure else "nothing"
    return f"{exchange.status} ({answer.outcome})"
