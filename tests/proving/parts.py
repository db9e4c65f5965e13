"""What each gate's answer is worth. Everything here is measured; nothing of it is known to the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import expectations
from docket import BUSY, HEAVY
from expected import BLIND, BLIND_SECOND, Expected
from gates import WORDS, Answer, Found, Job
from services import noise_line, service, services

from zeroweight.demo.noise import Noise

if TYPE_CHECKING:
    from workshop import Result

Row = dict[str, Any]
WHO: Final[Mapping[str, tuple[str, ...]]] = {"customer": ("alice", "bob")}
"""The demo's own roles, and the gate's that log in as them, where the names differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was tried: its row of prove.json, whether it went as it must, and what a person reads."""

    part: str
    name: str
    ok: bool
    row: Row
    says: str
    output: str = ""
    findings: frozenset[str] = frozenset()
    """All that the gate found, new or not, in words; without mere notes."""


def item(part: str, job: Job, answer: Answer) -> Item:
    """Weigh one gate's answer."""
    parts = ("flaws", "later", "settings", "benign", "aa", "command", "driver", "ablation")
    weigh = dict(zip(parts, (_flaw, _later, _setting, _benign, _aa, _command, _driver, _ablated), strict=True))
    # A note on an error's words may hang on what is drawn anew in every run: a token without a digit reads like a word.
    weighty = (each for each in answer.findings if each.severity != "note")
    findings = frozenset(f"{each}: {each.state}{', blocks' if each.blocks else ''}" for each in weighty)
    return replace(weigh[part](job, answer), findings=findings)


def _flaw(job: Job, answer: Answer) -> Item:
    """Weigh a flaw: FAIL, the rule at every named spot, new and confirmed, and nothing else that blocks but what was named beforehand."""
    flaw, wanted = _of(job)
    seen = {(each.operation, each.role) for each in answer.findings if each.rule == wanted.rule and each.state == "new" and each.confirmed}
    found = [spot for spot in wanted.at if spot in seen]
    missed = [spot for spot in wanted.at if spot not in seen]
    collateral = [str(each) for each in answer.blocking if not _own(each, wanted, flaw)]
    # A finding below what blocks is told, and changes no verdict by itself.
    blocks = wanted.verdict == "FAIL"
    caught = answer.verdict == wanted.verdict and not missed
    row = {
        "name": flaw.name,
        "family": flaw.family,
        "service": job.service,
        "narrow": flaw.narrow,
        "busy": len(job.benign) > 0,
        "expected_rule": wanted.rule,
        "blocks": blocks,
        "expected_place": [_spoken(spot) for spot in wanted.at],
        "verdict": answer.verdict,
        "found": [_spoken(spot) for spot in found],
        "collateral": collateral,
        "caught": caught,
        "blocking_rules": sorted({each.rule for each in answer.blocking}),
        **_cost(job, answer),
    }
    says = f"{wanted.rule} at {len(found)} of {len(wanted.at)} places"
    says += "".join(f"; missed {_spoken(spot)}" for spot in missed) + "".join(f"; collateral {each}" for each in collateral)
    return Item(part="flaws", name=job.name, ok=caught and not collateral, row=row, says=says, output=answer.output)


def _of(job: Job) -> tuple[Any, Expected]:
    """Return the flaw of a job, and what must be said of it."""
    return service(job.service).flaws[job.flaws[0]], expectations.expected(job.service)[job.flaws[0]]


def _own(found: Found, wanted: Expected, flaw: Any) -> bool:
    """Whether a blocking finding is the flaw's own, or was named beforehand: at the operations and as the roles that it is about."""
    if found.rule not in {wanted.rule, *wanted.also} or (flaw.operations and found.operation not in flaw.operations):
        return False
    return found.role == "*" or found.rule != wanted.rule or all(found.role in roles for roles in _only(flaw))


def _only(flaw: Any) -> Iterator[frozenset[str]]:
    """Yield the roles of the gate to which a flaw confines itself; nothing where it does not."""
    roles = getattr(flaw, "roles", ())
    if roles:
        yield frozenset(roles)
        return  # a stranger's circumstances speak of its own roles, and it has told the gate's
    holes: Sequence[Any] = getattr(flaw, "holes", ())
    if len(holes) == 1:  # several holes open each in its own circumstances
        when: Mapping[str, frozenset[str]] = holes[0].when
        yield from (frozenset(name for value in when[key] for name in WHO.get(value, (value,))) for key in ("role", "user") if key in when)


def _spoken(spot: tuple[str, str]) -> str:
    return f"{spot[0]} as {spot[1]}"


def _setting(job: Job, answer: Answer) -> Item:
    """Weigh a flaw under a narrower gate: caught is its rule at one of its operations at least; missing it is no failure here."""
    flaw, wanted = _of(job)
    operations = {operation for operation, _ in wanted.at}
    mine = [each for each in answer.findings if each.rule == wanted.rule and each.operation in operations]
    seen = any(each.state == "new" and each.confirmed for each in mine)
    row = {
        "name": flaw.name,
        "service": job.service,
        "family": flaw.family,
        "setting": job.name.rpartition("@")[2],
        "verdict": answer.verdict,
        "caught": seen and answer.verdict == wanted.verdict,
        **_cost(job, answer),
    }
    says = "caught" if row["caught"] else "not caught"
    # What two witnesses disagree about is no verdict, under any setting.
    return Item(part="settings", name=job.name, ok=answer.verdict in WORDS.values(), row=row, says=says, output=answer.output)


def _later(job: Job, answer: Answer) -> Item:
    """Weigh a flaw that no suite looks for yet: it is missed, by PASS; one by which a gate says FAIL stands in the wrong list."""
    flaw = service(job.service).flaws[job.flaws[0]]
    told = sorted({each.rule for each in answer.findings if each.state == "new"})
    row = {
        "name": flaw.name,
        "service": job.service,
        "family": flaw.family,
        "narrow": flaw.narrow,
        "why": expectations.later(job.service)[flaw.name],
        "verdict": answer.verdict,
        "told": told,
        **_cost(job, answer),
    }
    says = f"found by {', '.join(told)}: it is to be expected from now on" if answer.verdict == "FAIL" else _why(answer)
    return Item(part="later", name=job.name, ok=answer.verdict == "PASS", row=row, says=says, output=answer.output)


def _benign(job: Job, answer: Answer) -> Item:
    name = job.benign[0] if len(job.benign) == 1 else BUSY
    row = {"name": name, "service": job.service, "verdict": answer.verdict, "reasons": list(answer.reasons), "counts": answer.counts}
    row |= _cost(job, answer)
    return Item(part="benign", name=job.name, ok=answer.verdict == "PASS", row=row, says=_why(answer), output=answer.output)


def _aa(job: Job, answer: Answer) -> Item:
    """Weigh a run of one code against itself: never FAIL; INCONCLUSIVE is bounded over all noisy runs, and not allowed without noise."""
    allowed = {"PASS", "INCONCLUSIVE"} if job.noise else {"PASS"}
    noise = "none" if job.noise is None else "heavy" if job.noise.unavailable == HEAVY.unavailable else "standard"
    row = {
        "name": job.name.rpartition("/")[2],
        "service": job.service,
        "noise": noise,
        "verdict": answer.verdict,
        "reasons": list(answer.reasons),
        "counts": answer.counts,
        **_cost(job, answer),
    }
    # One code without noise has nothing new to tell, whether it would block or not.
    news = answer.counts.get("new", 0) if noise == "none" else 0
    says = f"{news} new findings of one code" if news else _why(answer)
    return Item(part="aa", name=job.name, ok=answer.verdict in allowed and not news, row=row, says=says, output=answer.output)


def _command(job: Job, answer: Answer) -> Item:
    """Weigh what the real command line said; the forked gate's word is held against it when all is done."""
    name = job.name.removesuffix(" by command")
    row = {"name": name, "service": job.service, "verdict": answer.verdict, "reasons": list(answer.reasons), **_cost(job, answer)}
    return Item(part="command", name=job.name, ok=answer.verdict in WORDS.values(), row=row, says=_why(answer), output=answer.output)


def _driver(job: Job, answer: Answer) -> Item:
    """Weigh what the other driver's gate said; what the first driver's said is held against it when all is done."""
    name = job.name.removesuffix(f" by {job.driver}")
    row = {"name": name, "service": job.service, "driver": job.driver, "verdict": answer.verdict, **_cost(job, answer)}
    return Item(part="driver", name=job.name, ok=answer.verdict in WORDS.values(), row=row, says=_why(answer), output=answer.output)


def _ablated(job: Job, answer: Answer) -> Item:
    """Weigh a flaw without the check that finds it: that rule must be gone from the verdict."""
    rule = job.without[0]
    silent = all(each.rule != rule for each in answer.findings) and answer.verdict in WORDS.values()
    row = {"rule": rule, "name": job.flaws[0], "service": job.service, "verdict": answer.verdict, "silent": silent, **_cost(job, answer)}
    says = "nothing is told by the rule" if silent else "the rule still speaks"
    return Item(part="ablation", name=job.name, ok=silent, row=row, says=says, output=answer.output)


def _why(answer: Answer) -> str:
    return "" if answer.verdict == "PASS" else "; ".join(answer.reasons[:3])


def _cost(job: Job, answer: Answer) -> Row:
    return {"how": job.how, "seconds": answer.seconds, "cpu": answer.cpu, "requests": answer.requests}


def fault(result: Result, *, control: bool) -> Item:
    """Weigh a fault of the harness, or the control that shows that faults are tried on a gate that works."""
    row = {
        "name": result.name,
        "title": result.title,
        "control": control,
        "verdict": result.verdict,
        "status": result.status,
        "expected": sorted(f"{word} {status}" for word, status in result.expected),
        "seconds": round(result.seconds, 2),
    }
    says = f"{result.title}{f'; {result.trouble}' if result.trouble else ''}"
    return Item(part="faults", name=result.name, ok=result.ok, row=row, says=says, output=result.output)


def passes_falsely(row: Row) -> bool:
    """Whether a fault was answered by a PASS: the word or the status."""
    return not row["control"] and (row["verdict"] == "PASS" or row["status"] == 0)


def later() -> int:
    """Return how many flaws no suite looks for yet."""
    return sum(len(expectations.later(each.name)) for each in services())


def blind() -> Row:
    """Tell how the first run on the newest blind flaws went, and on earlier rounds'; what has been mended since counts among the flaws."""
    return {**_round(BLIND_SECOND), "earlier": [_round(BLIND)]}


def _round(first_run: Mapping[str, bool]) -> Row:
    return {"n": len(first_run), "caught_first_run": sum(first_run.values()), "first_run": dict(first_run)}


def noise_told() -> Row:
    """Tell how noisy the noisy runs are."""
    kinds = {"standard": noise_line(Noise()), "heavy": noise_line(HEAVY)}
    return {kind: {key: value for key, value in (told or {}).items() if key not in {"seed", "spared"}} for kind, told in kinds.items()}
