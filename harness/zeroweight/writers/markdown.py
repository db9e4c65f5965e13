"""The Markdown report, for a job's summary and a pull request's comment: verdict, why, one table; the rest folded.

Nothing that a target may have written stands outside code: no mention, image, link, number of an issue or tag of its making. Answers and
their differences stay in the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zeroweight.writers import harmless
from zeroweight.writers.telling import ASKS, SIGNS, Group, asked, count, counted, groups, left_out, other_reasons, place, surety

LARGEST = 60_000
"""Bytes of the whole: a comment holds 65,536 characters, a job's summary 1 MiB, and over either the whole is dropped."""
MOST_REASONS = 8
MOST_CAUSES = 20
"""Rows of the table; the page has them all."""
MOST_TOLD = 5
"""Causes that are told with evidence and a command."""
MOST_LEFT = 20
"""Rows of what was not tested, each with one reason."""
NARROW = 160
"""Characters of one cell."""
PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z ,;'()]|[:.](?= )|\.$|(?<=[A-Za-z])-(?=[A-Za-z])|(?<= )[0-9]{1,4}(?= |$))*")
"""Words that mean nothing to any Markdown: no mention, number of an issue, link or mark can be made of them."""
ACTIVE = re.compile(r"[!#$&*<>@\[\\\]^_`|~]|:(?=/)|(?<=www)\.", re.IGNORECASE)
"""What would mean something to some Markdown even between `<code>` tags, and what would make a link of an address by itself."""
CUT = "\n*Not all of it fitted; the page has the whole.*\n"


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write the report of a redacted plain record; raises OSError."""
    path.write_text(text(record), encoding="utf-8")


def text(record: Mapping[str, Any]) -> str:
    """Return the report, not larger than its bound: a room that does not fit is left out, and that is said."""
    made, room, fits = "", LARGEST - len(CUT.encode()), True
    for part in _parts(record):
        size = len(part.encode())
        fits = fits and size <= room
        if size <= room:
            made, room = made + part, room - size
    return made if fits else made + CUT


def code(words: str, width: int = NARROW) -> str:
    """Return words of anybody's as inert code on one line, fit for a table's cell and a list."""
    shown = harmless.line(words, width)
    return f"<code>{ACTIVE.sub(_numbered, shown)}</code>"


def _numbered(found: re.Match[str]) -> str:
    """Write a mark by its number; the comment keeps an address in two pieces, of which no link is made."""
    return f"&#{ord(found.group())};{'<!-- -->' if found.group() == '@' else ''}"


def plain(words: str) -> str:
    """Return words as they are where they mean nothing to any Markdown, else as code."""
    return words if PLAIN.fullmatch(words) and len(words) <= NARROW else code(words)


def fenced(words: str, language: str = "") -> str:
    """Return several lines as a block of code, whose fence is longer than any run of backticks in it."""
    shown = harmless.block(words)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence}{language}\n{shown}\n{fence}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def folded(title: str, *parts: str) -> str:
    """Return parts below a title that opens them; the title is ours."""
    return f"\n<details><summary>{title}</summary>\n\n{''.join(parts)}\n</details>\n"


def _parts(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rooms in the order in which a reader needs them; each is closed in itself."""
    told = record["summary"]
    found = groups(told["findings"])
    yield f"### {SIGNS[told['verdict']]} {told['verdict']}: {ASKS[told['verdict']]}\n\n{_who(told)}\n"
    yield _why(record)
    seen = [group for group in found if group.first["state"] in {"new", "unsteady"}]
    if seen:
        yield _findings(seen)
    yield f"\n{code(counted(record), 400)}<br>{code(asked(record), 400)}<br>{code('asked again: ' + surety(record), 400)}\n"
    yield from (
        _told(group, record) for group in seen[:MOST_TOLD] if group.first["action"] == "block" or group.first["state"] == "unsteady"
    )
    yield from _not_tested(told["not_tested"])
    yield _run(record)


def _who(told: Mapping[str, Any]) -> str:
    """Say which builds were held against each other."""
    sides = told["targets"]
    builds = " against ".join(
        f"{side} {code(sides[side]['build'] or 'of an unknown build')}" for side in ("canary", "baseline") if side in sides
    )
    return f"{code(told['service'])}: {builds}" if builds else code(told["service"])


def _why(record: Mapping[str, Any]) -> str:
    """Return the reasons that no row of the table tells."""
    reasons = other_reasons(record)
    lines = [f"- **{plain(each['code'])}**: {code(each['text'], 400)}\n" for each in reasons[:MOST_REASONS]]
    if len(reasons) > MOST_REASONS:
        lines.append(f"- and {count(len(reasons) - MOST_REASONS, 'more reason')}\n")
    return "\n" + "".join(lines) if lines else ""


def _findings(found: Sequence[Group]) -> str:
    """Return the one table: a row for each cause."""
    rows = [
        (
            _state(group.first),
            group.first["severity"],
            plain(group.first["title"]),
            code(place(group.first)) + group.more,
            code(group.first["repeats"]) if group.first["repeats"] else "",
            code(group.first["rule"]),
        )
        for group in found[:MOST_CAUSES]
    ]
    left = f"\nand {count(len(found) - MOST_CAUSES, 'more cause')}\n" if len(found) > MOST_CAUSES else ""
    return "\n" + table(("State", "Severity", "What", "Where", "Asked again", "Rule"), rows) + left


def _state(finding: Mapping[str, Any]) -> str:
    """Say what a finding does: in words, since colour and place alone tell nobody."""
    done = {"block": "**blocks**", "warn": "warns", "waived": "waived", "ignore": "ignored"}[finding["action"]]
    return f"new, {done}" if finding["state"] == "new" else str(finding["state"])


def _told(group: Group, record: Mapping[str, Any]) -> str:
    """Return one cause folded: what was seen, what to do, how to see it again, and at which places."""
    first = group.first
    seen = "".join(f"- {code(says, 400)}\n" for says in first["evidence"])
    mend = f"\nTo do: {plain(first['remedy'])}\n" if first["remedy"] else ""
    exhibit = record["exhibits"].get(first["fingerprint"])
    again = "\n" + fenced(harmless.command(exhibit["curl"]), "sh") if exhibit and exhibit["curl"] else ""
    places = "".join(f"- {code(place(each))} {code(each['fingerprint'])}\n" for each in group.findings[:MOST_CAUSES])
    left = len(group.findings) - MOST_CAUSES
    others = f"- and {count(left, 'more place')}\n" if left > 0 else ""
    return folded(f"{first['severity']}: {plain(first['title'])}", seen, mend, again, "\n", places, others)


def _not_tested(left: Mapping[str, Any]) -> Iterator[str]:
    """Yield the three ways of not having been tested, gaps first: they are as loud as findings."""
    for name, noun in (("gaps", "gap"), ("exclusions", "exclusion"), ("unreached", "unreached operation")):
        told = left_out(left[name])
        rows = [(*map(code, (each.what, each.why)), code(each.fix) if each.fix else "", "yes" if each.required else "") for each in told]
        if rows:
            columns = [at for at in range(4) if any(row[at] for row in rows)]
            head = [("What", "Why", "What mends it", "A PASS needs it")[at] for at in columns]
            shown = table(head, ([row[at] for at in columns] for row in rows[:MOST_LEFT]))
            more = f"\nand {count(len(rows) - MOST_LEFT, 'more reason')}\n" if len(rows) > MOST_LEFT else ""
            yield folded(f"Not tested: {count(len(left[name]), noun)}", shown, more)


def _run(record: Mapping[str, Any]) -> str:
    """Return which run this was, and how it is run again."""
    told = record["summary"]
    run = told["run"]
    facts = {
        "run": run["id"],
        "started": run["started"],
        "level": run["level"],
        "driver": " on ".join(part for part in (run["driver"], run["loop"]) if part),
        **{side: target["url"] for side, target in told["targets"].items()},
        "versions": ", ".join(f"{name} {number}" for name, number in told["versions"].items()),
        "left behind": "; ".join(record["leftovers"][:3]) + (" …" if len(record["leftovers"]) > 3 else ""),  # noqa: PLR2004
    }
    lines = "".join(f"- {name}: {code(value, 400)}\n" for name, value in facts.items() if value)
    again = "\n" + fenced(harmless.command(run["command"]), "sh") if run["command"] else ""
    return folded("This run", lines, again)
