"""All that was tried, the numbers made of it, and the bounds that they must keep."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import comb
from pathlib import Path
from typing import Final

import ablation
import docket
import expectations
import parts
from parts import Item, Row
from services import DEMO, service, services

PARTS: Final = ("flaws", "later", "settings", "benign", "aa", "command", "driver", "faults")
GATES: Final = ("flaws", "later", "settings", "benign", "aa")
"""The parts whose gates are forked."""
LEAST: Final[Mapping[str, int]] = {"aa": 50, "faults": 35}
"""How many of each a proof needs, whatever the services are."""
LEAST_OF_SERVICE: Final[Mapping[str, Mapping[bool, int]]] = {"flaws": {True: 60, False: 10}, "benign": {True: 20, False: 5}}
"""How many of each the demo (True) and each stranger must have."""
NARROW: Final = 0.5
"""Share of the demo's flaws that must be narrow."""
INCONCLUSIVE_BOUND: Final = 0.05
"""Share of the A/A runs with the standard noise that may be INCONCLUSIVE."""
CHANCE: Final = 0.01
"""The share is broken when so many INCONCLUSIVE runs are less probable than this: a few runs cannot tell 4 % from 6 %."""
BY_NOISE: Final = frozenset({"limited", "unsteady"})
"""Reasons that noise gives a run: 503s in all three asks, and what comes and goes. Any other is no chance."""
CATALOGUE_BOUND: Final = 0.78
"""Share of all that is planted which must be caught; it only rises. Without it a miss could be mended by calling it `later`."""
FLOORS: Final[Mapping[str, float]] = {"read-only": 0.6, "1-role": 0.6, "2-roles": 0.7, "noise": 0.85}
"""Share of the sample that must still be caught under each setting."""
CPU_BOUND: Final = 4.0
"""CPU s that a forked gate may take in the mean."""
TIME_WISHED: Final = 720
"""Seconds that the whole should take on two cores that do nothing else; told, and no bound: a machine may be busy."""


class Proof:
    """Gathers what was tried, and makes prove.json of it."""

    def __init__(self, chosen: Sequence[str]) -> None:
        """Begin the clock."""
        self.chosen = chosen
        self.items: list[Item] = []
        self.farm_cpu = 0.0
        self._began = time.monotonic()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")

    def add(self, item: Item) -> None:
        """Take one result."""
        self.items.append(item)

    def order(self, names: Sequence[str]) -> None:
        """Put the results in the order of what was planned; faults come last, in their own."""
        places = {name: place for place, name in enumerate(names)}
        self.items.sort(key=lambda item: places.get(item.name, len(places)))

    def rows(self, part: str) -> list[Row]:
        """Return the rows of a part."""
        return [item.row for item in self.items if item.part == part]

    def document(self, *, whole: bool) -> Row:
        """Make prove.json."""
        flaws, aa = self.rows("flaws"), self.rows("aa")
        noisy = self._noisy()
        return {
            "whole": whole,
            "tree": {**_tree(), "began": self._started},
            "flaws": flaws,
            "expected_later": self.rows("later"),
            "blind": parts.blind(),
            **self._narrower(),
            "benign": self.rows("benign"),
            "aa": {
                "runs": len(aa),
                "false_fails": sum(row["verdict"] == "FAIL" for row in aa),
                "inconclusive": sum(row["verdict"] == "INCONCLUSIVE" for row in aa),
                "inconclusive_standard": sum(row["verdict"] == "INCONCLUSIVE" for row in noisy),
                "noise": parts.noise_told(),
                "each": aa,
            },
            "command": self._command(),
            "driver": self._driver(),
            "faults": self.rows("faults"),
            "ablation": ablation.told(flaws),
            "ablated": self.rows("ablation"),
            "corpus": "every gate runs with the full profile: all suites, all payloads; nothing is narrowed to a service",
            "totals": self._totals(whole=whole),
        }

    def _totals(self, *, whole: bool) -> Row:
        forked = [row for part in GATES for row in self.rows(part)]
        by_driver = self.rows("driver")
        caught = [row["caught"] for row in self._plain()]
        broken = list(self._broken(whole=whole))
        costs = sorted(row["cpu"] for row in forked)
        return {
            "recall": _share(caught),
            # What no suite looks for yet counts as missed here: the services have it all the same.
            "recall_of_catalogue": _share([*caught, *[False] * parts.later()]),
            "false_alarms": sum(row["verdict"] == "FAIL" for row in (*self.rows("benign"), *self.rows("aa"))),
            "false_passes": sum(map(parts.passes_falsely, self.rows("faults"))),
            "told_without_blocking": sum(row["caught"] and not row["blocks"] for row in self._plain()),
            "collateral": sum(len(row["collateral"]) for row in self.rows("flaws")),
            "gates": sum(len(self.rows(part)) for part in (*GATES, "command", "driver", "ablation")),
            "seconds": round(time.monotonic() - self._began, 1),
            "within_wished_time": time.monotonic() - self._began <= TIME_WISHED,
            "cpu_per_run": _mean(costs),
            "cpu_of_95_percent": costs[int(0.95 * (len(costs) - 1))] if costs else 0.0,
            "cpu_most": costs[-1] if costs else 0.0,
            "cpu_per_command": _mean([row["cpu"] for row in self.rows("command")]),
            "cpu_by_httpx": _mean([row["cpu"] for row in by_driver]),
            "farm_cpu_per_run": round(self.farm_cpu / len([*forked, *by_driver]), 2) if forked or by_driver else 0.0,
            "requests_per_run": _mean([row["requests"] for row in forked]),
            "passed": sum(item.ok for item in self.items),
            "failed": sum(not item.ok for item in self.items) + len(broken),
            "wrong": [item.name for item in self.items if not item.ok],
            "below_bound": broken,
        }

    def _plain(self) -> list[Row]:
        """Return the flaws that stand alone."""
        return [row for row in self.rows("flaws") if not row["busy"]]

    def _narrower(self) -> Row:
        """Tally what narrower gates still catch of their sample, beside what the whole gate catches of the same flaws."""
        names = {(row["service"], row["name"]) for row in self.rows("settings")}
        same = _tally([row for row in self._plain() if (row["service"], row["name"]) in names])
        return {
            "levels": {"own-objects": same, "read-only": _tally(self._under("read-only"))},
            "roles": {"1": _tally(self._under("1-role")), "2": _tally(self._under("2-roles")), "all": same},
            "noise": _tally(self._under("noise")),
            "settings": {
                "sample": f"{len(names)} of the {len(self._plain())} flaws: one in so many of each service, in order",
                "caught": "the named rule, new and confirmed, at one of the named operations; that a narrower gate misses it is no failure",
                "each": self.rows("settings"),
            },
        }

    def _under(self, setting: str) -> list[Row]:
        return [row for row in self.rows("settings") if row["setting"] == setting]

    def _noisy(self) -> list[Row]:
        """Return the A/A runs with the standard noise."""
        return [row for row in self.rows("aa") if row["noise"] == "standard"]

    def _command(self) -> Row:
        """Hold the real command line against the forked gates of the same names."""
        names = {item.name: item.row["verdict"] for item in self.items if item.part in GATES}
        alone = "not run" if set(self.chosen) != set(PARTS) else ""
        noisy = {item.name: item.row for item in self.items if item.part == "aa" and item.row["noise"] != "none"}
        rows = [{**row, "forked_verdict": names.get(row["name"], "not run")} for row in self.rows("command")]
        each = [
            {
                **row,
                "agrees": row["forked_verdict"] in {row["verdict"], alone}
                or (row["name"] in noisy and _by_chance(row, noisy[row["name"]])),
            }
            for row in rows
        ]
        return {"agreeing": sum(row["agrees"] for row in each), "each": each}

    def _driver(self) -> Row:
        """Hold the gates that another driver sent for against those of the same names: the verdict, and every finding."""
        first = {item.name: item for item in self.items if item.part in GATES}
        whole = set(self.chosen) == set(PARTS)
        each = [_compared(item, first.get(item.row["name"]), whole=whole) for item in self.items if item.part == "driver"]
        return {"agreeing": sum(row["agrees"] is True for row in each), "each": each}

    def _broken(self, *, whole: bool) -> Iterator[str]:
        """Yield every bound that the numbers as a whole do not keep; what is wrong with one item is told by that item."""
        yield from (f"the expectations do not tell of {name} exactly once" for name in expectations.untold())
        noisy = self._noisy()
        unsure = sum(row["verdict"] == "INCONCLUSIVE" for row in noisy)
        if _at_least(unsure, len(noisy), INCONCLUSIVE_BOUND) < CHANCE:
            yield f"{unsure} of {len(noisy)} A/A runs with the standard noise are INCONCLUSIVE; at most {INCONCLUSIVE_BOUND:.0%} may be"
        for setting, floor in FLOORS.items():
            tally = _tally(self._under(setting))
            if whole and tally["caught"] < floor * tally["n"]:
                yield f"{tally['caught']} of {tally['n']} flaws are caught under {setting}, and {floor:.0%} must be"
        costs = [row["cpu"] for part in GATES for row in self.rows(part)]
        if _mean(costs) > CPU_BOUND:
            yield f"a gate takes {_mean(costs)} CPU s, and may take {CPU_BOUND}"
        for row in self._command()["each"]:
            if not row["agrees"]:
                yield f"{row['name']} is {row['verdict']} by the command line, and {row['forked_verdict']} forked"
        for row in self._driver()["each"]:
            if row["agrees"] is False:
                yield f"{row['name']} is {row['verdict']} by {row['driver']}, {row['first_verdict']} by the wire, or by other findings"
        if whole:
            yield from self._too_few()

    def _too_few(self) -> Iterator[str]:
        for part in set(self.chosen) & set(LEAST):
            tried = sum(not row.get("control", False) for row in self.rows(part))
            if tried < LEAST[part]:
                yield f"{tried} {part} were tried, and a proof needs {LEAST[part]}"
        for part in sorted(set(self.chosen) & set(LEAST_OF_SERVICE)):
            for each in services():
                rows = self._plain() if part == "flaws" else [row for row in self.rows(part) if row["name"] != docket.BUSY]
                tried, least = sum(row["service"] == each.name for row in rows), LEAST_OF_SERVICE[part][each.name == DEMO]
                if tried < least:
                    yield f"{tried} {part} of {each.name} were tried, and a proof needs {least}"
        if "flaws" in self.chosen:
            caught = sum(row["caught"] for row in self._plain())
            if caught < CATALOGUE_BOUND * (len(self._plain()) + parts.later()):
                yield f"{caught} of {len(self._plain()) + parts.later()} planted flaws are caught, and {CATALOGUE_BOUND:.0%} must be"
            flaws = service(DEMO).flaws.values()
            narrow = sum(flaw.narrow for flaw in flaws)
            if narrow < NARROW * len(flaws):
                yield f"{narrow} of the demo's {len(flaws)} flaws are narrow, and a proof needs {NARROW:.0%}"


def _compared(item: Item, first: Item | None, *, whole: bool) -> Row:
    """Tell what two drivers' gates say otherwise; None agrees with nothing where only a part was to be proven."""
    if first is None:
        return {**item.row, "first_verdict": "not run", "only_here": [], "only_there": [], "agrees": False if whole else None}
    here, there = sorted(item.findings - first.findings), sorted(first.findings - item.findings)
    agrees = item.row["verdict"] == first.row["verdict"] and not here and not there
    return {**item.row, "first_verdict": first.row["verdict"], "only_here": here, "only_there": there, "agrees": agrees}


def _tree() -> Row:
    """Tell which tree was measured; nothing where there is no git."""
    try:
        commit, changed = (_git(*words) for words in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"commit": commit, "changed": bool(changed)}


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=Path(__file__).parent, check=True, capture_output=True, text=True).stdout.strip()


def _at_least(hits: int, tried: int, chance: float) -> float:
    """Return how probable at least so many hits are, each with that chance (the binomial distribution's upper tail)."""
    return sum(comb(tried, k) * chance**k * (1 - chance) ** (tried - k) for k in range(hits, tried + 1))


def _tally(rows: Sequence[Row]) -> Row:
    return {"n": len(rows), "caught": sum(row["caught"] for row in rows)}


def _share(good: Sequence[bool]) -> float:
    return round(sum(good) / len(good), 4) if good else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 2) if values else 0.0


def _by_chance(one: Row, other: Row) -> bool:
    """Whether two runs under noise differ as noise makes them: one is INCONCLUSIVE, and for nothing but what noise did to its answers."""
    open_ = [row for row in (one, other) if row["verdict"] == "INCONCLUSIVE"]
    codes = {reason.partition(":")[0] for row in open_ for reason in row["reasons"]}
    return {one["verdict"], other["verdict"]} <= {"PASS", "INCONCLUSIVE"} and bool(codes) and codes <= BY_NOISE
