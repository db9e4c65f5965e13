"""Both answers of a finding, side by side: what changed as chips, then line by line. Every cost has a cap: a target chooses the input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import Any

from zeroweight.writers.page_text import Piece, brief, pieces
from zeroweight.writers.telling import count

LINES = 200
"""Lines of each answer that are compared; difflib is quadratic in them."""
CHARACTERS = 8_192
"""Characters of each answer that are compared, after JSON has been laid out in lines."""
TOKENS = 300
"""A line of more words than this is marked as a whole."""
WORDS = 1_500
"""Words of one difference that are compared; the lines after them are marked as a whole."""
ALIKE = 0.34
"""Lines less alike than this are marked as a whole: words picked out of unrelated lines are confetti."""
CONTEXT = 2
"""Equal lines that are shown around a change."""
CHIPS = 6
CHIP = 60
"""Characters of a value in a chip."""
ROW = 105
"""Characters of markup that a row or a chip costs beside its text."""
RESTLESS = frozenset(
    {"age", "content-length", "date", "etag", "expires", "last-modified", "request-id", "server-timing", "traceparent", "x-request-id"}
)
"""Headers that differ from answer to answer and tell nothing of a release; the lines show them, the chips do not."""
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One changed part: status, header or JSON pointer. `kind` is `changed`, `added` or `lost`."""

    kind: str
    name: str
    before: str = ""
    after: str = ""

    @property
    def size(self) -> int:
        """How many characters the chip takes on the page."""
        return ROW + len(escape(self.name)) + len(escape(self.before)) + len(escape(self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the two answers. `kind` is `same`, `changed`, `added`, `lost`, or `fold` for equal lines that are left out."""

    kind: str
    left_number: int = 0
    left: tuple[Piece, ...] = ()
    right_number: int = 0
    right: tuple[Piece, ...] = ()

    @property
    def size(self) -> int:
        """How many characters the row takes on the page: a quote costs six."""
        return ROW + sum(len(escape(piece.text)) + 11 * bool(piece.mark) for piece in (*self.left, *self.right))


def chips(baseline: Mapping[str, Any], canary: Mapping[str, Any], builds: tuple[str, str]) -> tuple[tuple[Chip, ...], int]:
    """Return the changed parts of two excerpts, the status first, and how many more there are; a build's own name is no change."""
    before, after = _parts(baseline), _parts(canary)
    both = [name for name in before if name in after and before[name] != after[name]]
    found = [
        *(Chip(kind="changed", name=name, before=before[name], after=after[name]) for name in both),
        *(Chip(kind="lost", name=name, before=before[name]) for name in before if name not in after),
        *(Chip(kind="added", name=name, after=after[name]) for name in after if name not in before),
    ]
    telling = [chip for chip in found if (chip.before, chip.after) != builds]
    short = (Chip(kind=c.kind, name=brief(c.name, CHIP), before=brief(c.before, CHIP), after=brief(c.after, CHIP)) for c in telling[:CHIPS])
    return tuple(short), max(0, len(telling) - CHIPS)


def rows(baseline: Mapping[str, Any], canary: Mapping[str, Any]) -> tuple[Row, ...]:
    """Return two excerpts line by line, with long runs of equal lines folded."""
    return tuple(_fold(list(_side_by_side(_lines(baseline), _lines(canary)))))


def marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two texts of one line with the words that differ marked."""
    return _words(TOKEN.findall(left), TOKEN.findall(right))


def _parts(excerpt: Mapping[str, Any]) -> dict[str, str]:
    """Return an answer's named parts: status, headers, and JSON leaves by pointer."""
    found = {"status": str(excerpt["status"] or excerpt["failure"] or "no answer")}
    for name, value in excerpt["headers"]:
        key = name.lower()
        if key not in RESTLESS:
            found[key] = f"{found[key]}, {value}" if key in found else value
    data = _json(excerpt["body"])
    return found | (dict(_leaves(data)) if isinstance(data, dict | list) else {})


def _leaves(data: Any, pointer: str = "body") -> Iterator[tuple[str, str]]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(data, list) and data:
        for index, value in enumerate(data):
            yield from _leaves(value, f"{pointer}/{index}")
    else:
        yield pointer, json.dumps(data, ensure_ascii=False)


def _json(text: str) -> Any:
    """Return what a text says as JSON; None where it is none, is too deep, or says one key twice (laid out anew, it would hide one)."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands there twice")
    return made


def _lines(excerpt: Mapping[str, Any]) -> list[str]:
    """Return an answer as lines: status and outcome, headers by name, body; JSON laid out, everything within the caps."""
    if not excerpt["status"]:
        return [f"no answer: {excerpt['failure'] or 'it is not known why'}"]
    headers = sorted((name.lower(), value) for name, value in excerpt["headers"])
    lines = [f"{excerpt['status']} {excerpt['outcome']}", *(f"{name}: {value}" for name, value in headers), ""]
    body = excerpt["body"]
    data = _json(body)
    if isinstance(data, dict | list):
        try:
            body = json.dumps(data, indent=2, ensure_ascii=False)
        except RecursionError:
            body = excerpt["body"]
    text = "\n".join([*lines, body.replace("\r\n", "\n")])
    kept = text[:CHARACTERS].split("\n", LINES)[:LINES]
    left_out = max(0, len(text) - len("\n".join(kept))) + excerpt["cut"]
    return [*kept, f"… {count(left_out, 'more character')}, left out"] if left_out else kept


def _side_by_side(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    words = WORDS
    for what, i, i_end, j, j_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for step in range(max(i_end - i, j_end - j)):
            at, to = i + step, j + step
            if what == "equal":
                same = tuple(pieces(left[at]))
                yield Row(kind="same", left_number=at + 1, left=same, right_number=to + 1, right=same)
            elif at < i_end and to < j_end:
                tokens = TOKEN.findall(left[at]), TOKEN.findall(right[to])
                words -= len(tokens[0]) + len(tokens[1])
                marked = _words(*tokens) if words >= 0 else (tuple(pieces(left[at])), tuple(pieces(right[to])))
                yield Row(kind="changed", left_number=at + 1, left=marked[0], right_number=to + 1, right=marked[1])
            elif at < i_end:
                yield Row(kind="lost", left_number=at + 1, left=tuple(pieces(left[at])))
            else:
                yield Row(kind="added", right_number=to + 1, right=tuple(pieces(right[to])))


def _words(left: Sequence[str], right: Sequence[str]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two changed lines with the words that differ marked."""
    whole = tuple(pieces("".join(left))), tuple(pieces("".join(right)))
    if max(len(left), len(right)) > TOKENS:
        return whole
    spoken, heard = ([token for token in line if token[0].isalnum()] for line in (left, right))
    if SequenceMatcher(None, spoken, heard, autojunk=False).ratio() < ALIKE:
        return whole
    before: list[Piece] = []
    after: list[Piece] = []
    for what, i, i_end, j, j_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        before += pieces("".join(left[i:i_end]), "" if what == "equal" else "del")
        after += pieces("".join(right[j:j_end]), "" if what == "equal" else "ins")
    return tuple(before), tuple(after)


def _fold(all_rows: Sequence[Row]) -> Iterator[Row]:
    near = {at for index, row in enumerate(all_rows) if row.kind != "same" for at in range(index - CONTEXT, index + CONTEXT + 1)}
    near.add(len(all_rows) - 1)  # it may say that the rest was left out
    run = 0
    for index, row in enumerate(all_rows):
        if row.kind == "same" and index not in near:
            run += 1
            continue
        yield from _folded(run)
        run = 0
        yield row
    yield from _folded(run)


def _folded(lines: int) -> Iterator[Row]:
    if lines:
        note = (Piece(text=count(lines, "equal line")),)
        yield Row(kind="fold", left=note, right=note)
