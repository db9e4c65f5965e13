"""Measure recall, false alarms and false passes: the front door of `make prove`. Writes build/prove.json.

python tests/proving/prove.py [--only flaws|settings|benign|aa|command|faults|ablation] [--name NAME]... [--jobs 2] [--every 8]

With ABLATE=1 in the environment each rule's check is switched off once for real; without it that is derived from the answers.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ablation
import docket
import parts
import table
from gates import Answer, Gates, Job
from parts import Item
from proof import PARTS, Proof
from talk import GoneError

if TYPE_CHECKING:
    from types import FrameType

ROOT: Final = Path(__file__).resolve().parents[2]


def say(text: str) -> None:
    """Write a line at once: what takes minutes must be seen to move."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def told(item: Item, left: int) -> str:
    """Say in one line how something went; what went wrong is told in full."""
    row = item.row
    cpu = f"{row['cpu']:4.1f} CPU s" if "cpu" in row else ""
    line = f"{'ok ' if item.ok else 'BAD'} {left:>4} {item.name:<52} {row['verdict']:<14}{row['seconds']:6.1f} s {cpu:>11}"
    # What pytest says before the gate's own summary is of no help here.
    words = item.output.rpartition("= zeroweight =")[2]
    return line if item.ok else f"{line}  {item.says}\n      " + words.replace("\n", "\n      ")


def prove_gates(proof: Proof, gates: Gates, chosen: Sequence[tuple[str, Job]], *, jobs: int) -> None:
    """Run gates, so many at a time; noisy ones mostly wait, and stand in a queue of their own."""
    left = len(chosen)
    with ThreadPoolExecutor(jobs) as busy, ThreadPoolExecutor(2 * jobs) as idle:
        try:
            running = [(idle if job.noise else busy).submit(_tried, gates, part, job) for part, job in chosen]
            for done in as_completed(running):
                left -= 1
                item = done.result()
                proof.add(item)
                say(told(item, left))
            proof.farm_cpu = gates.farm_cpu()
        finally:
            busy.shutdown(wait=False, cancel_futures=True)
            idle.shutdown(wait=False, cancel_futures=True)
            gates.close()


def _tried(gates: Gates, part: str, job: Job) -> Item:
    """Run one gate and weigh its answer; a pair that does not come up is a failure of this one, and the others are tried."""
    try:
        answer = gates.answer(job)
    except GoneError:
        raise  # nothing can be tried any more
    except Exception as error:
        answer = Answer(verdict="none", output="".join(traceback.format_exception(error)))
    return parts.item(part, job, answer)


def prove_faults(proof: Proof, names: Sequence[str], *, jobs: int) -> None:
    """Run the faults of the harness, and their controls; each is told as it ends."""
    import faults  # noqa: PLC0415  # its pairs and proxies are needed by no other part

    controls = {each.name for each in faults.CONTROLS}
    for result in faults.run_all(names or None, jobs, show=True):
        proof.add(parts.fault(result, control=result.name in controls))


def main() -> None:
    """Prove what the command line asks for; everything, if it asks for nothing."""
    parser = argparse.ArgumentParser(description="Measure recall, false alarms and false passes; writes build/prove.json.")
    parser.add_argument("--only", choices=(*PARTS, "ablation"), help="one part")
    parser.add_argument("--name", action="append", default=[], help="only what is named so (may be given again)")
    parser.add_argument("--jobs", type=int, default=2, help="gates that run at the same time (default: 2)")
    parser.add_argument("--every", type=int, default=docket.EVERY, help="one flaw in so many under narrower gates, 1 for all (default: 8)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    ablate = bool(os.environ.get("ABLATE"))
    chosen = (options.only,) if options.only else (*PARTS, *(("ablation",) if ablate else ()))
    whole = not options.name
    every = [(part, job) for part in chosen for job in _jobs(part, options.every)]
    gates = [(part, job) for part, job in every if whole or job.name in options.name]
    proof = Proof(chosen)
    say(f"{len(gates)} gates, {options.jobs} at a time" + (", then the faults" if "faults" in chosen else ""))
    try:
        prove_gates(proof, Gates(), gates, jobs=options.jobs)
        named = [name for name in options.name if name not in {job.name for _, job in gates}]
        if "faults" in chosen and (whole or named):
            prove_faults(proof, named, jobs=options.jobs)
    except GoneError as error:
        sys.exit(f"prove: {error}")
    except KeyboardInterrupt:
        sys.exit("prove: ended by a signal; nothing was written")
    proof.order([job.name for _, job in every])
    document = proof.document(whole=whole)
    name = "prove.json" if set(PARTS) <= set(chosen) and whole else "prove-part.json"
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for line in table.lines(document):
        say(line)
    totals = document["totals"]
    say(f"{totals['passed']} passed, {totals['failed']} failed")
    sys.exit(bool(totals["failed"] or not totals["passed"]))


def _jobs(part: str, every: int) -> Iterable[Job]:
    return ablation.jobs() if part == "ablation" else docket.jobs(part, every=every)


def _terminated(number: int, frame: FrameType | None) -> None:  # a signal handler's signature
    """End on SIGTERM as on Ctrl-C: children first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
