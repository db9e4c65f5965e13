"""What a request, a thousand of them and a whole gate cost on this machine: `make bench`. Nothing here is asserted.

Writes build/bench.json and prints tables; docs/measurements.md keeps what was measured when. `--only clients --rounds 3` narrows it,
`--quick` shows in less than a minute that all of it works.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import costs
import gate
import latency
import memory
import phases
from clients import KINDS
from rounds import QUICK, Effort, last_words

VERSION: Final = 1
OUT: Final = Path(__file__).resolve().parents[1] / "build" / "bench.json"
LIBRARIES: Final = (
    "zeroweight",
    "httptools",
    "httpx",
    "httpcore",
    "h11",
    "anyio",
    "sniffio",
    "requests",
    "urllib3",
    "aiohttp",
    "uvloop",
    "pytest",
)
Part = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the benchmarks: how it is measured and how it is shown."""

    run: Callable[[Effort], Part]
    shown: Callable[[Mapping[str, Any]], str]


SECTIONS: Final = {
    "clients": Section(run=costs.run, shown=costs.shown),
    "memory": Section(run=memory.run, shown=memory.shown),
    "latency": Section(run=latency.run, shown=latency.shown),
    "gate": Section(run=gate.run, shown=gate.shown),
    "phases": Section(run=phases.run, shown=phases.shown),
}


def machine() -> Part:
    """Return what the figures depend on; no name and no path of the machine."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what requests and gates cost on this machine.")
    parser.add_argument("--only", action="append", choices=SECTIONS, default=[], help="measure this part only (may be given again)")
    parser.add_argument("--client", action="append", choices=KINDS, default=[], help="of the clients, measure this one only (as above)")
    parser.add_argument("--rounds", type=int, default=0, help=f"rounds behind each figure (default: {Effort().rounds})")
    parser.add_argument("--share", type=float, default=0.0, help="share of the usual number of requests (default: 1)")
    parser.add_argument("--gates", type=int, default=0, help=f"runs of each whole gate (default: {Effort().gates})")
    parser.add_argument("--quick", action="store_true", help="one round of a tenth: less than a minute, figures that mean little")
    parser.add_argument("--out", type=Path, default=OUT, help="where the figures are written (default: build/bench.json)")
    return parser.parse_args()


def main() -> int:
    """Measure, print each table as it comes, write; 1 when something failed, or is missing where the variable CI is set."""
    options = _options()
    usual = QUICK if options.quick else Effort()
    effort = replace(usual, **{name: value for name in ("rounds", "share", "gates") if (value := getattr(options, name))})
    document: Part = {
        "version": VERSION,
        "taken": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "effort": asdict(effort),
    }
    for name, section in SECTIONS.items():
        if options.only and name not in options.only:
            continue
        try:
            told = costs.run(effort, options.client) if name == "clients" else section.run(effort)
            print(section.shown(told), flush=True)
        except Exception as error:  # whatever breaks one part must not take the figures of the others with it
            told = {"rows": [{"title": name, "failed": last_words(f"{type(error).__name__}: {error}")}]}
        document[name] = told
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    failed, missing = (list(_told(document, word)) for word in ("failed", "missing"))
    for line in (*failed, *missing):
        print(f"bench: {line}", file=sys.stderr)
    return 1 if failed or (missing and os.environ.get("CI")) else 0


def _told(document: Part, word: str) -> Iterator[str]:
    """Yield what could not be measured, and why: it `failed`, or what it needs is `missing`."""
    parts = [part for part in document.values() if isinstance(part, dict)]
    for row in (row for part in parts for rows in ("rows", "starts") for row in part.get(rows, ())):
        if row.get(word):
            yield f"{row['title']}: {word}: {row[word]}"


if __name__ == "__main__":
    sys.exit(main())
