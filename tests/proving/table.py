"""The proof for people: counts by service and family, then only what is not as it should be, then the totals."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
WIDE: Final = 140


def lines(document: Row) -> Iterator[str]:
    """Yield the table of a prove.json."""
    yield from _flaws(document)
    yield from _settings(document)
    yield from _harmless(document)
    yield from _against_itself(document["aa"])
    yield from _ablation(document)
    tried = [row for row in document["faults"] if not row["control"]]
    if tried:
        yield f"faults of the harness: {len(tried)}, {document['totals']['false_passes']} false passes"
    command = document["command"]
    if command["each"]:
        yield f"by the real command line: {len(command['each'])} gates, {command['agreeing']} with the verdict of the forked gate"
    yield from _driver(document["driver"])
    yield from _amiss(document)
    yield from _totals(document["totals"], measured=bool(document["flaws"]))


def _grouped(rows: Sequence[Row], *keys: str) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row)
    return groups


def _flaws(document: Row) -> Iterator[str]:
    plain = [row for row in document["flaws"] if not row["busy"]]
    busy = [row for row in document["flaws"] if row["busy"]]
    if not plain:
        return
    later = _grouped(document["expected_later"] if document["whole"] else (), "service", "family")
    yield ""
    yield f"{'service':<10}{'family':<16}{'flaws':>6}{'narrow':>8}{'caught':>8}{'collateral':>12}{'for later':>11}"
    groups = _grouped(plain, "service", "family")
    services = {row["service"]: number for number, row in reversed([*enumerate(plain)])}
    for service, family in sorted({*groups, *later}, key=lambda key: (services.get(key[0], len(plain)), key)):
        rows = groups.get((service, family), [])
        yield f"{service:<10}{family:<16}" + _columns((*_counts(rows), len(later.get((service, family), []))))
    yield f"{'all':<26}" + _columns((*_counts(plain), sum(map(len, later.values()))))
    if busy:
        yield f"{'under all harmless changes':<26}" + _columns(_counts(busy))
    quiet = document["totals"]["told_without_blocking"]
    if quiet:
        yield f"{quiet} of those caught are told and do not block: their rule's severity is below what blocks by default"
    blind = document["blind"]
    yield f"blind round: {blind['caught_first_run']} of {blind['n']} caught by the first gate that met them"
    for earlier in blind["earlier"]:
        yield f"  an earlier round: {earlier['caught_first_run']} of {earlier['n']}"
    yield ""


def _counts(rows: Sequence[Row]) -> tuple[int, int, int, int]:
    caught, narrow = sum(row["caught"] for row in rows), sum(row["narrow"] for row in rows)
    return len(rows), narrow, caught, sum(len(row["collateral"]) for row in rows)


def _columns(counts: Sequence[int]) -> str:
    return "".join(f"{count:>{width}}" for count, width in zip(counts, (6, 8, 8, 12, 11), strict=False))


def _settings(document: Row) -> Iterator[str]:
    for title, tallies in (("level", document["levels"]), ("roles", document["roles"])):
        if any(tally["n"] for tally in tallies.values()):
            told = (f"{key} {tally['caught']} of {tally['n']}" for key, tally in tallies.items())
            yield f"caught by {title}: {', '.join(told)}"
    if document["noise"]["n"]:
        yield f"caught under the standard noise: {document['noise']['caught']} of {document['noise']['n']}"


def _harmless(document: Row) -> Iterator[str]:
    groups = _grouped(document["benign"], "service")
    if groups:
        told = (f"{service} {sum(row['verdict'] == 'PASS' for row in rows)} of {len(rows)}" for (service,), rows in groups.items())
        yield f"harmless changes that pass: {', '.join(told)}"


def _against_itself(aa: Row) -> Iterator[str]:
    for (noise,), rows in _grouped(aa["each"], "noise").items():
        words = [row["verdict"] for row in rows]
        failed, unsure = words.count("FAIL"), words.count("INCONCLUSIVE")
        yield f"one code against itself, noise {noise}: {len(rows)} runs, {failed} FAIL, {unsure} INCONCLUSIVE"


def _ablation(document: Row) -> Iterator[str]:
    rows = document["ablation"]
    if not (document["flaws"] and document["whole"]):
        return
    unproven = [row["rule"] for row in rows if "unproven" in row]
    yield f"ablation: {len(rows) - len(unproven)} of {len(rows)} rules lose a flaw by their absence; unproven: {len(unproven)}"
    yield from textwrap.wrap(", ".join(unproven), WIDE, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _driver(driver: Row) -> Iterator[str]:
    rows = [row for row in driver["each"] if row["agrees"] is not None]
    if rows:
        yield f"sent by httpx instead of the wire: {len(rows)} gates, {driver['agreeing']} with the same verdict and findings"
    for row in rows:
        if not row["agrees"]:
            said = f"{row['verdict']} by {row['driver']}, {row['first_verdict']} by the wire"
            yield f"  DISAGREES {row['name']}: {said}{_few('only here', row['only_here'])}{_few('only there', row['only_there'])}"


def _amiss(document: Row) -> Iterator[str]:
    """Yield what is not as it should be."""
    for row in document["flaws"]:
        if not row["caught"] or row["collateral"]:
            what = "collateral" if row["caught"] else "MISSED"
            missed = [place for place in row["expected_place"] if place not in row["found"]]
            busy = " under all harmless changes" if row["busy"] else ""
            yield (
                f"  {what} {row['service']}/{row['name']}{busy}: {row['verdict']}, {row['expected_rule']} at {len(row['found'])} of "
                f"{len(row['expected_place'])} places" + _few("missed", missed) + _few("collateral", row["collateral"])
            )
    for row in (*document["benign"], *document["aa"]["each"]):
        if row["verdict"] != "PASS":
            yield f"  {row['verdict']} {row['service']}/{row['name']}: {'; '.join(row['reasons'][:2])[:200]}"
    for row in document["command"]["each"]:
        if not row["agrees"]:
            yield f"  DISAGREES {row['name']}: {row['verdict']} by command, {row['forked_verdict']} forked"
    for row in document["expected_later"]:
        if row["verdict"] != "PASS":
            yield f"  FOR LATER, BUT {row['verdict']} {row['service']}/{row['name']}: {', '.join(row['told'][:3])}"
    told = {row["name"] for part in ("flaws", "benign", "expected_later") for row in document[part]}
    yield from (f"  WRONG {name}" for name in document["totals"]["wrong"] if name.rpartition("/")[2] not in told)


def _few(what: str, things: Sequence[str]) -> str:
    more = f" and {len(things) - 3} more" if len(things) > 3 else ""
    return f"; {what} {', '.join(things[:3])}{more}" if things else ""


def _totals(totals: Row, *, measured: bool) -> Iterator[str]:
    planted = f" of what is expected, {totals['recall_of_catalogue']:.0%} of all that is planted"
    recall = f"{totals['recall']:.1%}{planted}" if measured else "not measured"
    yield ""
    yield (
        f"recall {recall}, {totals['collateral']} collateral, {totals['false_alarms']} false alarms, {totals['false_passes']} false passes"
    )
    yield (
        f"{totals['gates']} gates in {totals['seconds']:.0f} s; {totals['cpu_per_run']:.2f} CPU s a gate run, "
        f"and {totals['farm_cpu_per_run']:.2f} CPU s of the services it asked"
    )
    yield from (f"below its bound: {text}" for text in totals["below_bound"])
