"""The faults of the harness: whatever breaks, the verdict is never PASS. `python tests/proving/faults.py [name ...]` tries them."""

from __future__ import annotations

import signal
import sys
import traceback
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import load_faults
import run_faults
import target_faults
import tool_faults
from proxy import pass_on
from target_faults import FOREIGN
from workshop import FAIL, PASS, Fault, Pairs, Result, Workshop, fault, named

if TYPE_CHECKING:
    from collections.abc import Sequence

WAITING: Final = 4
"""Faults that mostly wait are tried so many at a time, beside the others."""
TAIL: Final = 3000
"""Letters of a gate's output that are shown when it did wrong."""


@fault("a clean pair")
def clean_pair(shop: Workshop) -> Result:
    return shop.run(shop.gate(), expected=PASS)


@fault("a clean pair behind proxies that only pass on")
def clean_pair_behind_proxies(shop: Workshop) -> Result:
    return shop.run(shop.gate(baseline=pass_on, canary=pass_on), expected=PASS)


@fault("a clean pair, with two workers")
def clean_pair_with_workers(shop: Workshop) -> Result:
    return shop.run(shop.gate(), "-n", "2", expected=PASS)


@fault("a clean pair, by pytest itself")
def clean_pair_by_pytest(shop: Workshop) -> Result:
    return shop.pytest(shop.gate(), expected=PASS)


@fault("a clean pair, by an installed copy")
def clean_pair_by_copy(shop: Workshop) -> Result:
    return shop.run(shop.gate(), env=shop.copy(), expected=PASS)


@fault("a flawed canary")
def flawed_canary(shop: Workshop) -> Result:
    return shop.run(shop.gate(FOREIGN), expected=FAIL)


@fault("a flawed canary behind proxies that only pass on")
def flawed_canary_behind_proxies(shop: Workshop) -> Result:
    return shop.run(shop.gate(FOREIGN, baseline=pass_on, canary=pass_on), expected=FAIL)


CONTROLS: Final = (
    clean_pair,
    clean_pair_behind_proxies,
    clean_pair_with_workers,
    clean_pair_by_pytest,
    clean_pair_by_copy,
    flawed_canary,
    flawed_canary_behind_proxies,
    *load_faults.CONTROLS,
)
FAULTS: Final = (*target_faults.FAULTS, *load_faults.FAULTS, *run_faults.FAULTS, *tool_faults.FAULTS)


def try_on(pairs: Pairs, played: Fault) -> Result:
    """Play one fault; one that cannot be played is a failed one."""
    try:
        with Workshop(pairs) as shop:
            return named(played, played.run(shop))
    except Exception as error:  # whatever a fault breaks, the others are tried
        told = "".join(traceback.format_exception(error))
        return Result(
            name=played.name,
            title=played.title,
            verdict="none",
            status=None,
            seconds=0.0,
            expected=frozenset(),
            trouble=f"it could not be played: {error}",
            output=told,
        )


def run_all(names: Sequence[str] | None = None, jobs: int = 2, *, show: bool = False) -> list[Result]:
    """Try controls and faults (all, or the named ones), and return their results in the order of the lists."""
    every = (*CONTROLS, *FAULTS)
    unknown = sorted(set(names or ()) - {each.name for each in every})
    if unknown:
        raise ValueError(f"there is no fault {', '.join(unknown)}")
    chosen = [each for each in every if not names or each.name in names]
    results: dict[str, Result] = {}
    with ExitStack() as stack:
        pairs = stack.enter_context(Pairs())
        busy, idle = (stack.enter_context(ThreadPoolExecutor(size)) for size in (jobs, WAITING))
        running: list[Future[Result]] = [(idle if each.waits else busy).submit(try_on, pairs, each) for each in chosen]
        try:
            for done in as_completed(running):
                result = done.result()
                results[result.name] = result
                if show:
                    _show(result)
        except BaseException:  # a signal, mostly: nothing more is begun, and what runs is ended
            for each in running:
                each.cancel()
            pairs.abort()
            raise
    return [results[each.name] for each in chosen]


def _show(result: Result) -> None:
    """Write one line, and what the gate said where it did wrong."""
    words = "ok " if result.ok else "BAD"
    status = "killed" if result.status is None else str(result.status)
    more = " ".join([*result.codes[:4], *([f"[{result.trouble}]"] if result.trouble else [])])
    sys.stdout.write(f"{words} {result.name:<32} {result.verdict:<16} {status:>6} {result.seconds:6.1f} s  {more}\n")
    if not result.ok:
        wanted = ", ".join(f"{word}/{code}" for word, code in sorted(result.expected)) + (f" with {result.code}" if result.code else "")
        sys.stdout.write(f"    expected {wanted}; it said:\n    " + result.output[-TAIL:].replace("\n", "\n    ") + "\n")
    sys.stdout.flush()


def main() -> None:
    """Try what the command line names, and say whether all of it went as it should."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = run_all(sys.argv[1:] or None, show=True)
    bad = [result for result in results if not result.ok]
    sys.stdout.write(f"{len(results) - len(bad)} passed, {len(bad)} failed\n")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
