"""All that was tried, the numbers made of it, and the bounds that they must keep."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import ablation
import docket
import expectations
import parts
from parts import Item, Row
from services import DEMO, service, services

PARTS: Final = ("flaws", "settings", "benign", "aa", "command", "faults")
GATES: Final = ("flaws", "settings", "benign", "aa")
"""The parts whose gates are forked."""
LEAST: Final[Mapping[str, int]] = {"aa": 50, "faults": 35}
"""How many of each a proof needs, whatever the services are."""
LEAST_OF_SERVICE: Final[Mapping[str, Mapping[bool, int]]] = {"flaws": {True: 60, False: 10}, "benign": {True: 20, False: 5}}
"""How many of each the demo (True) and each stranger must have."""
NARROW: Final = 0.5
"""Share of the demo's flaws that must be narrow."""
INCONCLUSIVE_BOUND: Final = 0.05
"""Share of the A/A runs with the standard noise that may be INCONCLUSIVE."""


class Proof:
    """Gathers what was tried, and makes prove.json of it."""

    def __init__(self, chosen: Sequence[str]) -> None:
        """Begin the clock."""
        self.chosen = chosen
        self.items: list[Item] = []
        self.farm_cpu = 0.0
        self._began = time.monotonic()

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
            "flaws": flaws,
            "expected_later": parts.later(),
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
            "faults": self.rows("faults"),
            "ablation": ablation.told(flaws),
            "ablated": self.rows("ablation"),
            "corpus": "every gate runs with the full profile: all suites, all payloads; nothing is narrowed to a service",
            "totals": self._totals(whole=whole),
        }

    def _totals(self, *, whole: bool) -> Row:
        forked = [row for part in GATES for row in self.rows(part)]
        caught = [row["caught"] for row in self._plain()]
        broken = list(self._broken(whole=whole))
        shown = ("flaws", "benign", "aa")
        return {
            "recall": _share(caught),
            # What no suite looks for yet counts as missed here: the services have it all the same.
            "recall_of_catalogue": _share([*caught, *(False for _ in parts.later())]),
            "false_alarms": sum(row["verdict"] == "FAIL" for row in (*self.rows("benign"), *self.rows("aa"))),
            "false_passes": sum(map(parts.passes_falsely, self.rows("faults"))),
            "told_without_blocking": sum(row["caught"] and not row["blocks"] for row in self._plain()),
            "collateral": sum(len(row["collateral"]) for row in self.rows("flaws")),
            "gates": len(forked) + len(self.rows("command")) + len(self.rows("ablation")),
            "seconds": round(time.monotonic() - self._began, 1),
            "cpu_per_run": _mean([row["cpu"] for row in forked]),
            "cpu_per_command": _mean([row["cpu"] for row in self.rows("command")]),
            "farm_cpu_per_run": round(self.farm_cpu / len(forked), 2) if forked else 0.0,
            "requests_per_run": _mean([row["requests"] for row in forked]),
            "passed": sum(item.ok for item in self.items),
            "failed": sum(not item.ok for item in self.items) + len(broken),
            "wrong": [item.name for item in self.items if not item.ok and item.part not in shown],
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
        rows = [{**row, "forked_verdict": names.get(row["name"], "not run")} for row in self.rows("command")]
        each = [{**row, "agrees": row["forked_verdict"] in {row["verdict"], "not run"}} for row in rows]
        return {"agreeing": sum(row["agrees"] for row in each), "each": each}

    def _broken(self, *, whole: bool) -> Iterator[str]:
        """Yield every bound that the numbers as a whole do not keep; what is wrong with one item is told by that item."""
        yield from (f"the expectations do not tell of {name} exactly once" for name in expectations.untold())
        noisy = self._noisy()
        unsure = sum(row["verdict"] == "INCONCLUSIVE" for row in noisy)
        if unsure > INCONCLUSIVE_BOUND * len(noisy):
            yield f"{unsure} of {len(noisy)} A/A runs with the standard noise are INCONCLUSIVE; at most {INCONCLUSIVE_BOUND:.0%} may be"
        for row in self._command()["each"]:
            if not row["agrees"]:
                yield f"{row['name']} is {row['verdict']} by the command line, and {row['forked_verdict']} forked"
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
            flaws = service(DEMO).flaws.values()
            narrow = sum(flaw.narrow for flaw in flaws)
            if narrow < NARROW * len(flaws):
                yield f"{narrow} of the demo's {len(flaws)} flaws are narrow, and a proof needs {NARROW:.0%}"


def _tally(rows: Sequence[Row]) -> Row:
    return {"n": len(rows), "caught": sum(row["caught"] for row in rows)}


def _share(good: Sequence[bool]) -> float:
    return round(sum(good) / len(good), 4) if good else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 2) if values else 0.0
