"""What is proven: which gates are run, and what each answer is worth. Everything here is measured; nothing of it is known to the gate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from expected import BLIND, EXPECTED, LATER, Expected
from gates import Answer, Found, Job

from zeroweight.demo.catalogue import BENIGN, FLAWS
from zeroweight.demo.noise import Noise
from zeroweight.demo.pair import BASELINE_BUILD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workshop import Result

SERVICE: Final = "orders"
BUSY: Final = "busy-release"
"""All harmless changes at once."""
UNDER_BUSY: Final = ("csp-gone", "malformed-json-traceback", "order-read-foreign", "admin-users-open-to-customers", "files-list-broken")
"""Flaws, of four families, that must be found under all harmless changes, too."""
SEEDS: Final = tuple(range(101, 121))
"""One noisy A/A run for each; odd ones hold one build against itself, even ones two builds of one code."""
QUIET_RUNS: Final = 3

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was tried: its row of prove.json, whether it went as it must, and what a person reads."""

    part: str
    name: str
    ok: bool
    row: Row
    says: str
    output: str = ""


def jobs(part: str) -> Iterator[Job]:
    """Yield a part's gates; names are unique over all parts."""
    match part:
        case "flaws":
            yield from (Job(name=name, flaws=(name,)) for name in EXPECTED)
            yield from (Job(name=f"{name}+{BUSY}", flaws=(name,), benign=tuple(BENIGN)) for name in UNDER_BUSY)
        case "benign":
            yield from (Job(name=name, benign=(name,)) for name in BENIGN)
            yield Job(name=BUSY, benign=tuple(BENIGN))
        case "aa":
            yield from (_same(f"noise-{seed}", seed, Noise(seed=seed)) for seed in SEEDS)
            yield from (_same(f"quiet-{number}", number, None) for number in range(1, QUIET_RUNS + 1))


def _same(name: str, number: int, noise: Noise | None) -> Job:
    if number % 2:
        return Job(name=name, noise=noise, canary_build=BASELINE_BUILD, arguments=("--zeroweight-aa",))
    return Job(name=name, noise=noise)


def item(part: str, job: Job, answer: Answer) -> Item:
    """Weigh one gate's answer."""
    return {"flaws": _flaw, "benign": _benign, "aa": _aa}[part](job, answer)


def _flaw(job: Job, answer: Answer) -> Item:
    """Weigh a flaw: FAIL, the rule at every named spot, new and confirmed, and nothing else that blocks but what was named beforehand."""
    flaw = FLAWS[job.flaws[0]]
    wanted = EXPECTED[flaw.name]
    seen = {(each.operation, each.role) for each in answer.findings if each.rule == wanted.rule and each.state == "new" and each.confirmed}
    found = [spot for spot in wanted.at if spot in seen]
    missed = [spot for spot in wanted.at if spot not in seen]
    collateral = [str(each) for each in answer.blocking if not _own(each, wanted, flaw.operations)]
    caught = answer.verdict == "FAIL" and not missed
    row = {
        "name": job.name,
        "family": flaw.family,
        "service": SERVICE,
        "narrow": flaw.narrow,
        "expected_rule": wanted.rule,
        "expected_place": [_spoken(spot) for spot in wanted.at],
        "verdict": answer.verdict,
        "found": [_spoken(spot) for spot in found],
        "collateral": collateral,
        "caught": caught,
        **_cost(answer),
    }
    says = f"{wanted.rule} at {len(found)} of {len(wanted.at)} places"
    says += "".join(f"; missed {_spoken(spot)}" for spot in missed) + "".join(f"; collateral {each}" for each in collateral)
    return Item(part="flaws", name=job.name, ok=caught and not collateral, row=row, says=says, output=answer.output)


def _own(found: Found, wanted: Expected, operations: Sequence[str]) -> bool:
    """Whether a blocking finding is the flaw's own, or was named beforehand: at the operations that the flaw changes."""
    return found.rule in {wanted.rule, *wanted.also} and (not operations or found.operation in operations)


def _spoken(spot: tuple[str, str]) -> str:
    return f"{spot[0]} as {spot[1]}"


def _benign(job: Job, answer: Answer) -> Item:
    row = {"name": job.name, "service": SERVICE, "verdict": answer.verdict, **_cost(answer)}
    return Item(part="benign", name=job.name, ok=answer.verdict == "PASS", row=row, says=_why(answer), output=answer.output)


def _aa(job: Job, answer: Answer) -> Item:
    """Weigh a run of one code against itself: never FAIL; INCONCLUSIVE is bounded over all noisy runs, and not allowed without noise."""
    allowed = {"PASS", "INCONCLUSIVE"} if job.noise else {"PASS"}
    row = {"name": job.name, "verdict": answer.verdict, "reasons": list(answer.reasons), "counts": answer.counts, **_cost(answer)}
    return Item(part="aa", name=job.name, ok=answer.verdict in allowed, row=row, says=_why(answer), output=answer.output)


def _why(answer: Answer) -> str:
    return "" if answer.verdict == "PASS" else "; ".join(answer.reasons[:3])


def _cost(answer: Answer) -> Row:
    return {"seconds": answer.seconds, "cpu": answer.cpu, "requests": answer.requests}


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


def later() -> list[Row]:
    """Tell the flaws that no check looks for yet."""
    return [{"name": name, "family": FLAWS[name].family, "narrow": FLAWS[name].narrow, "why": why} for name, why in LATER.items()]


def blind() -> Row:
    """Tell how the first run on the blind flaws went; what has been mended since counts among the flaws."""
    return {"n": len(BLIND), "caught_first_run": sum(BLIND.values()), "first_run": dict(BLIND)}


def untold() -> list[str]:
    """Return slips of the lists here: flaws that stand in none or in both, and names that are none."""
    told = [*EXPECTED, *LATER]
    return sorted({name for name in {*told, *FLAWS} if told.count(name) != 1 or name not in FLAWS})


def noise_told() -> Row:
    """Tell how noisy the noisy runs are."""
    plain = asdict(Noise())
    return {key: value for key, value in plain.items() if key not in {"seed", "spared"}}
