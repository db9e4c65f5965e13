"""The first screen: promote or not, why, and how sure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zeroweight.writers.page_finding import CauseView
from zeroweight.writers.page_text import brief, cut
from zeroweight.writers.telling import ASKS, count, other_reasons, surety

ROWS = 5
"""Reasons that are seen at once; the rest is folded."""
BLOCKS = 4
"""Of these, rows for what blocks, where something is missing, too."""
MOST = 200
"""Reasons of each kind; the record has the rest."""
SENTENCE = 400
UNTRUE = frozenset({"identity-unproven", "identity-mixed", "identity-mismatch", "same-build", "noise", "canary-often-silent"})
"""Reasons for which the comparison itself proves nothing."""
LABELS = {
    "unsteady": "comes and goes",
    "usage": "never began",
    "unfinished": "not finished",
    "blocked": "never began",
    "writer-failed": "not written",
    "not-to-be-relied-on": "not proven",
    **dict.fromkeys(UNTRUE, "not proven"),
}
COLON = re.compile(": ")
MORE = re.compile(r" and \d+ more$")
"""How a verdict's reason tells that it stands for several gaps."""
ADVICE = {"PASS": "Promote it.", "FAIL": "Roll it back.", "INCONCLUSIVE": "Hold it."}
"""Verdict → what to do with the release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """One row of why. `kind` is `block`, `open` (something that a PASS needs is missing) or `pass`."""

    kind: str
    label: str
    text: str
    detail: str = ""
    severity: str = ""
    link: str = ""


def action(summary: Mapping[str, Any], build: str) -> str:
    """Return what the verdict asks of its reader, in the words of the terminal."""
    who = summary["service"] if summary["service"] not in {"", "?"} else "this canary"
    return f"{brief(f'{who} {build}'.strip(), 120)}: {ASKS[summary['verdict']]}"


def sentence(record: Mapping[str, Any], causes: Sequence[CauseView]) -> str:
    """Return the reason in one sentence or two."""
    summary = record["summary"]
    reasons, missing = summary["reasons"], len(other_reasons(record))
    if summary["verdict"] == "FAIL":
        return _blocked([cause for cause in causes if cause.blocks], missing)
    if summary["verdict"] == "PASS":
        return _passed(reasons, sum(cause.size for cause in causes if cause.state == "new"))
    first = _capital(brief(reasons[0]["text"], SENTENCE // 2)) if reasons else "The run left no reason"
    if reasons and (reasons[0]["code"] in UNTRUE or any(cause.blocks for cause in causes)):
        return f"The comparison itself proves nothing: {_ended(first)}"
    if not reasons or reasons[0]["code"] in {"usage", "unfinished", "blocked"}:
        return _ended(first)
    return f"Nothing new blocks, but {_missing(missing)}."


def why(record: Mapping[str, Any], causes: Sequence[CauseView]) -> tuple[tuple[ReasonView, ...], tuple[ReasonView, ...], int]:
    """Return the reasons that are seen at once, those that are folded, and how many are left out."""
    summary = record["summary"]
    left = [cause for cause in causes if cause.blocks]
    untested = {(line["code"], line["what"]) for line in summary["not_tested"]["gaps"]}
    others = [_other(reason, summary["verdict"], untested, causes) for reason in other_reasons(record)[:MOST]]
    blocks: list[ReasonView] = []
    rules = {cause.rule for cause in left}
    for reason in [reason for reason in summary["reasons"] if reason["code"] in rules][:MOST]:
        cause = _meant(reason, left)
        if cause:
            left.remove(cause)
            blocks.append(_block(cause))
    first = blocks[: BLOCKS if others else ROWS]
    shown = (*first, *others[: ROWS - len(first)])
    rest = (*blocks[len(first) :], *others[ROWS - len(first) :])
    return shown, rest, len(summary["reasons"]) - len(shown) - len(rest)


def sure(record: Mapping[str, Any], causes: Sequence[CauseView]) -> tuple[str, ...]:
    """Return how sure the run is, in sentences: confirmations, noise, who answered, A/A."""
    summary = record["summary"]
    told = (_repeats(record, causes), _aa(summary), _noise(summary, record["surety"]["noise_asks"]), _answered(summary))
    return tuple(line for line in told if line)


def _blocked(blocks: Sequence[CauseView], missing: int) -> str:
    places = count(sum(cause.size for cause in blocks), "place")
    worst = f", the worst is {blocks[0].severity}" if blocks else ""
    said = f"{count(len(blocks), 'cause')} at {places} {'blocks' if len(blocks) == 1 else 'block'}{worst}."
    return f"{said} Besides, {_missing(missing)}." if missing else said


def _passed(reasons: Sequence[Mapping[str, Any]], new: int) -> str:
    said = " ".join(_ended(_capital(reason["text"])) for reason in reasons[:1]) or "Nothing stands against it."
    return f"{said} The policy lets {count(new, 'new finding')} through." if new else said


def _capital(text: str) -> str:
    """Begin a sentence; a file's or a header's name stays as it is written."""
    return f"{text[:1].upper()}{text[1:]}" if text.partition(" ")[0].isalpha() else text


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _missing(number: int) -> str:
    return f"{count(number, 'thing')} that a PASS needs {'is' if number == 1 else 'are'} missing"


def _meant(reason: Mapping[str, Any], causes: Sequence[CauseView]) -> CauseView | None:
    """Return the cause that a reason is about: that of its rule, and of those the one whose first place it names."""
    found = [cause for cause in causes if cause.rule == reason["code"]]
    return next((cause for cause in found if f" at {cause.operation}" in reason["text"]), found[0] if found else None)


def _block(cause: CauseView) -> ReasonView:
    more = f" and {count(cause.size - 1, 'more place')}" if cause.size > 1 else ""
    where = f"{cause.operation}{f' as {cause.role}' if cause.role else ''}{more}"
    proof = cause.repeats or "not asked again"
    return ReasonView(
        kind="block",
        label="blocks",
        text=cause.title,
        detail=" · ".join(part for part in (where, cause.move, proof) if part),
        severity=cause.severity,
        link=cause.id,
    )


def _other(reason: Mapping[str, Any], verdict: str, untested: set[tuple[str, str]], causes: Sequence[CauseView]) -> ReasonView:
    code, text = reason["code"], cut(reason["text"], SENTENCE)
    if verdict == "PASS":
        return ReasonView(kind="pass", label="all asked", text=_capital(text))
    for colon in COLON.finditer(text):
        what, rest = text[: colon.start()], text[colon.end() :]
        if (code, MORE.sub("", what)) in untested:
            return ReasonView(kind="open", label="not tested", text=what, detail=rest, link="untested")
    unsteady = [cause for cause in causes if code == "unsteady" and cause.state == "unsteady" and text.startswith(cause.title)]
    return ReasonView(kind="open", label=LABELS.get(code, "missing"), text=_capital(text), link=unsteady[0].id if unsteady else "")


def _repeats(record: Mapping[str, Any], causes: Sequence[CauseView]) -> str:
    doubtful = sum(cause.size for cause in causes if cause.state == "new" and not cause.confirmed)
    said = f"{_capital(surety(record))}."
    return f"{said} {count(doubtful, 'new finding')} could not be confirmed." if doubtful else said


def _noise(summary: Mapping[str, Any], asked: int) -> str:
    noisy, pairs = summary["counts"].get("noisy", 0), summary["counts"].get("pairs", 0)
    more = f", learnt by asking the baseline {count(asked, 'more time')}" if asked else ""
    return f"Noise: {noisy} of {count(pairs, 'pair')}{more}." if pairs else ""


def _answered(summary: Mapping[str, Any]) -> str:
    """Tell which builds named themselves in the answers of each side."""
    found = []
    for side, target in summary.get("targets", {}).items():
        seen = sorted(target["builds_seen"].items(), key=lambda pair: -pair[1])[:5]
        told = " and ".join(f"{brief(build, 60)} ({count(times, 'answer')})" for build, times in seen)
        if seen:
            found.append(f"{brief(side, 20)} {told}{'' if len(seen) == 1 else ', more than one build'}")
    return f"Who answered: {'; '.join(found)}." if found else ""


def _aa(summary: Mapping[str, Any]) -> str:
    return "Both sides are meant to be the same build (A/A): every difference is noise." if summary["run"]["aa"] else ""
