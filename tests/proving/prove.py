"""Measure recall, false alarms and false passes: the front door of `make prove`. Writes build/prove.json.

python tests/proving/prove.py [--only flaws|benign|aa|faults] [--name NAME]... [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Final

import parts
from gates import Answer, Gates, Job
from parts import Item, Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("flaws", "benign", "aa", "faults")
LEAST: Final = {"flaws": 12, "benign": 6, "aa": 20, "faults": 35}
"""How many of each a proof needs."""
INCONCLUSIVE_BOUND: Final = 0.05
"""Share of the noisy A/A runs that may be INCONCLUSIVE."""


class Proof:
    """All that was tried, and the numbers made of it."""

    def __init__(self, chosen: Sequence[str]) -> None:
        """Begin the clock."""
        self.chosen = chosen
        self.items: list[Item] = []
        self.began = time.monotonic()

    def add(self, item: Item) -> None:
        """Take one result and tell it at once."""
        self.items.append(item)
        verdict, seconds = item.row["verdict"], item.row["seconds"]
        cpu = f"{item.row['cpu']:5.1f} CPU s" if "cpu" in item.row else ""
        say(f"{'ok ' if item.ok else 'BAD'} {item.part:<6} {item.name:<44} {verdict:<14} {seconds:6.1f} s {cpu:>11}  {item.says[:160]}")
        if not item.ok:
            say("      " + item.output.replace("\n", "\n      "))

    def rows(self, part: str) -> list[Row]:
        """Return the rows of a part."""
        return [item.row for item in self.items if item.part == part]

    def noisy(self) -> list[Row]:
        """Return the noisy A/A runs."""
        return [row for row in self.rows("aa") if row["name"].startswith("noise-")]

    def document(self, *, whole: bool) -> Row:
        """Make prove.json."""
        flaws, benign, aa, noisy = self.rows("flaws"), self.rows("benign"), self.rows("aa"), self.noisy()
        gates = [*flaws, *benign, *aa]
        broken = self.broken(whole=whole)
        caught = [row["caught"] for row in flaws if parts.BUSY not in row["name"]]
        totals = {
            "recall": _share(caught),
            # What no suite looks for yet counts as missed here: the demo has it all the same.
            "recall_of_catalogue": _share([*caught, *(False for _ in parts.later())]),
            "false_alarms": sum(row["verdict"] == "FAIL" for row in (*benign, *aa)),
            "false_passes": sum(map(parts.passes_falsely, self.rows("faults"))),
            "collateral": sum(len(row["collateral"]) for row in flaws),
            "seconds": round(time.monotonic() - self.began, 1),
            "cpu_per_run": round(sum(row["cpu"] for row in gates) / len(gates), 2) if gates else 0.0,
            "passed": sum(item.ok for item in self.items),
            "failed": sum(not item.ok for item in self.items) + len(broken),
            "below_bound": broken,
        }
        return {
            "flaws": flaws,
            "later": parts.later(),
            "blind": parts.blind(),
            "benign": benign,
            "aa": {
                "runs": len(noisy),
                "quiet_runs": len(aa) - len(noisy),
                "false_fails": sum(row["verdict"] == "FAIL" for row in aa),
                "inconclusive": sum(row["verdict"] == "INCONCLUSIVE" for row in noisy),
                "seeds": list(parts.SEEDS[: len(noisy)]),
                "noise": parts.noise_told(),
                "each": aa,
            },
            "faults": self.rows("faults"),
            "totals": totals,
        }

    def broken(self, *, whole: bool) -> list[str]:
        """Return every bound that the numbers as a whole do not keep; what is wrong with one item is told by that item."""
        told = [f"the expectations do not tell of {name} exactly once" for name in parts.untold()]
        noisy = self.noisy()
        unsure = sum(row["verdict"] == "INCONCLUSIVE" for row in noisy)
        if unsure > INCONCLUSIVE_BOUND * len(noisy):
            told.append(f"{unsure} of {len(noisy)} noisy A/A runs are INCONCLUSIVE; at most {INCONCLUSIVE_BOUND:.0%} may be")
        for part in self.chosen if whole else ():
            rows = self.noisy() if part == "aa" else self.rows(part)
            tried = sum(not row.get("control", False) and "+" not in row["name"] for row in rows)
            if tried < LEAST[part]:
                told.append(f"{tried} {part} were tried, and a proof needs {LEAST[part]}")
        return told


def _share(good: Sequence[bool]) -> float:
    return round(sum(good) / len(good), 4) if good else 0.0


def say(text: str) -> None:
    """Write a line at once: what takes minutes must be seen to move."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def prove_gates(proof: Proof, gates: Gates, chosen: Sequence[tuple[str, Job]], *, jobs: int) -> None:
    """Run the gates of flaws, harmless changes and A/A, so many at a time; noisy ones mostly wait, and stand in a queue of their own."""
    with ThreadPoolExecutor(jobs) as busy, ThreadPoolExecutor(2 * jobs) as idle:
        try:
            running = [(idle if job.noise else busy).submit(_tried, gates, part, job) for part, job in chosen]
            for done in as_completed(running):
                proof.add(done.result())
        finally:
            busy.shutdown(wait=False, cancel_futures=True)
            idle.shutdown(wait=False, cancel_futures=True)
            gates.close()


def _tried(gates: Gates, part: str, job: Job) -> Item:
    """Run one gate and weigh its answer; a pair that does not come up is a failure of this one, and the others are tried."""
    try:
        answer = gates.run(job)
    except Exception as error:
        answer = Answer(verdict="none", output="".join(traceback.format_exception(error)))
    return parts.item(part, job, answer)


def prove_faults(proof: Proof, names: Sequence[str], *, jobs: int) -> None:
    """Run the faults of the harness, and their controls."""
    import faults  # noqa: PLC0415  # its pairs and proxies are needed by no other part

    controls = {each.name for each in faults.CONTROLS}
    for result in faults.run_all(names or None, jobs):
        proof.add(parts.fault(result, control=result.name in controls))


def table(document: Row) -> None:
    """Print what prove.json says, for people."""
    totals, faults = document["totals"], document["faults"]
    if document["flaws"]:
        _flaws(document)
    if document["benign"]:
        say("\nharmless changes")
        for row in document["benign"]:
            say(f"  {row['verdict']:<13} {row['name']}")
    if document["aa"]["each"]:
        _against_itself(document["aa"])
    if faults:
        say(f"\nfaults of the harness: {sum(not row['control'] for row in faults)}, {totals['false_passes']} false passes")
    whole = f" ({totals['recall_of_catalogue']:.0%} of the whole catalogue, what no suite looks for yet among it)"
    recall = f"{totals['recall']:.0%}{whole}" if document["flaws"] else "not measured"
    say(
        f"\nrecall {recall}, {totals['collateral']} collateral, {totals['false_alarms']} false alarms, "
        f"{totals['false_passes']} false passes; {totals['seconds']:.0f} s, {totals['cpu_per_run']:.1f} CPU s a gate run"
    )
    for text in totals["below_bound"]:
        say(f"below its bound: {text}")


def _flaws(document: Row) -> None:
    say("\nflaws")
    for row in document["flaws"]:
        caught, narrow = "caught" if row["caught"] else "MISSED", "narrow" if row["narrow"] else ""
        places = f"{len(row['found'])}/{len(row['expected_place'])}"
        more = f"  collateral {len(row['collateral'])}" if row["collateral"] else ""
        say(f"  {caught} {row['name']:<44} {row['family']:<14} {narrow:<7} {row['expected_rule']:<32} {places:>6} places{more}")
    for row in document["later"]:
        say(f"  later  {row['name']:<44} {row['family']:<14} {'narrow' if row['narrow'] else '':<7} {row['why']}")
    blind = document["blind"]
    say(f"  of {blind['n']} flaws that were planted blindly, {blind['caught_first_run']} were caught by the first gate that met them")


def _against_itself(aa: Row) -> None:
    seeds = ", ".join(map(str, aa["seeds"]))
    say(f"\none code against itself: {aa['runs']} runs with noise (seeds {seeds}), {aa['quiet_runs']} without")
    say(f"  {aa['false_fails']} FAIL, {aa['inconclusive']} INCONCLUSIVE")
    for row in aa["each"]:
        if row["verdict"] != "PASS":
            say(f"  {row['verdict']:<13} {row['name']}: {'; '.join(row['reasons'][:2])}")


def main() -> None:
    """Prove what the command line asks for; everything, if it asks for nothing."""
    parser = argparse.ArgumentParser(description="Measure recall, false alarms and false passes; writes build/prove.json.")
    parser.add_argument("--only", choices=PARTS, help="one part of four")
    parser.add_argument("--name", action="append", default=[], help="only what is named so (may be given again)")
    parser.add_argument("--jobs", type=int, default=2, help="gates that run at the same time (default: 2)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    chosen = (options.only,) if options.only else PARTS
    whole = not options.name
    gates = [(part, job) for part in chosen for job in parts.jobs(part) if whole or job.name in options.name]
    proof = Proof(chosen)
    say(f"{len(gates)} gates, {options.jobs} at a time" + (", then the faults" if "faults" in chosen else ""))
    prove_gates(proof, Gates(), gates, jobs=options.jobs)
    taken = {job.name for _, job in gates}
    named = [name for name in options.name if name not in taken]
    if "faults" in chosen and (whole or named):
        prove_faults(proof, named, jobs=options.jobs)
    order = {name: index for index, name in enumerate([job.name for part in PARTS for job in parts.jobs(part)])}
    proof.items.sort(key=lambda item: (PARTS.index(item.part), order.get(item.name, len(order))))
    document = proof.document(whole=whole)
    name = "prove.json" if chosen == PARTS and whole else "prove-part.json"
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    table(document)
    totals = document["totals"]
    say(f"{totals['passed']} passed, {totals['failed']} failed")
    sys.exit(bool(totals["failed"] or not totals["passed"]))


def _terminated(number: int, frame: FrameType | None) -> None:  # a signal handler's signature
    """End on SIGTERM as on Ctrl-C: children first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
