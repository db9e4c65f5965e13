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
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ablation
import docket
import faults
import parts
import table
from gates import Answer, Gates, Job
from parts import Item
from proof import PARTS, Proof
from talk import GoneError
from workshop import Fault, Pairs

if TYPE_CHECKING:
    from types import FrameType

ROOT: Final = Path(__file__).resolve().parents[2]
WAITING: Final = 3
"""So many that mostly wait run beside each one that does not."""


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


def prove(proof: Proof, gates: Gates, chosen: Sequence[tuple[str, Job]], played: Sequence[Fault], *, jobs: int) -> None:
    """Run gates and faults, so many at a time; what mostly waits stands in a queue of its own beside them, the longest first."""
    left = len(chosen) + len(played)
    with ExitStack() as stack:
        pairs = stack.enter_context(Pairs())
        busy, idle = (stack.enter_context(ThreadPoolExecutor(size)) for size in (jobs, WAITING * jobs))
        waiting = sorted((each for each in chosen if each[1].waits), key=_turned_away, reverse=True)
        running = [
            *((idle if each.waits else busy).submit(_played, pairs, each) for each in played),
            *(idle.submit(_tried, gates, *each) for each in waiting),
            *(busy.submit(_tried, gates, *each) for each in chosen if not each[1].waits),
        ]
        try:
            for done in as_completed(running):
                left -= 1
                item = done.result()
                proof.add(item)
                say(told(item, left))
            proof.farm_cpu = gates.farm_cpu()
        except BaseException:  # a signal, mostly: nothing more is begun, and what runs is ended
            for each in running:
                each.cancel()
            pairs.abort()
            raise
        finally:
            gates.close()


def _turned_away(chosen: tuple[str, Job]) -> float:
    """Return how often its services turn a gate away, which then waits: the more, the longer it takes."""
    noise = chosen[1].noise
    return noise.unavailable if noise else 0.0


def _played(pairs: Pairs, fault: Fault) -> Item:
    """Play one fault of the harness, or a control."""
    return parts.fault(faults.try_on(pairs, fault), control=fault in faults.CONTROLS)


def _tried(gates: Gates, part: str, job: Job) -> Item:
    """Run one gate and weigh its answer; a pair that does not come up is a failure of this one, and the others are tried."""
    try:
        answer = gates.answer(job)
    except GoneError:
        raise  # nothing can be tried any more
    except Exception as error:
        answer = Answer(verdict="none", output="".join(traceback.format_exception(error)))
    return parts.item(part, job, answer)


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
    if chosen == ("driver",):
        every += docket.by_wire()  # else there would be nothing to hold it against
    gates = [(part, job) for part, job in every if whole or job.name in options.name]
    tricks = (*faults.CONTROLS, *faults.FAULTS) if "faults" in chosen else ()
    played = [each for each in tricks if whole or each.name in options.name]
    unknown = sorted({*options.name} - {job.name for _, job in gates} - {each.name for each in played})
    if unknown:
        parser.error(f"nothing is named {', '.join(unknown)}")
    proof = Proof(chosen)
    say(f"{len(gates)} gates and {len(played)} faults, {options.jobs} at a time, and beside them what mostly waits")
    try:
        prove(proof, Gates(), gates, played, jobs=options.jobs)
    except GoneError as error:
        sys.exit(f"prove: {error}")
    except KeyboardInterrupt:
        sys.exit("prove: ended by a signal; nothing was written")
    proof.order([*(job.name for _, job in every), *(each.name for each in tricks)])
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
