"""What anybody may have written, made fit to be shown: cut, then everything unseen made visible. Escaping comes last, in the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zeroweight.writers.harmless import NOT_SHOWN, UNSEEN, visible

LONGEST = 4_500
"""Characters of one text on the page; no room of the page is at the mercy of what a target says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text and how it is marked: `` (plain), `del`, `ins`, or `ctl` for the number of something unseen."""

    mark: str = ""
    text: str


def seen(value: Any) -> Any:
    """Return a text cut to a bound and with everything unseen written by its number; other values as they are."""
    if not isinstance(value, str) or hasattr(value, "__html__"):  # what a macro of ours made has been through here, piece by piece
        return value
    return visible(cut(value, LONGEST))


def command(text: str) -> str:
    """Return a command as it is, or a remark in its place where the page would cut or mend it: that is another command."""
    return text if seen(text) == text else NOT_SHOWN


def cut(text: str, most: int) -> str:
    """Return a text that is not longer than a bound, and says how much was left out."""
    return text if len(text) <= most else f"{text[:most]}… and {len(text) - most} more characters"


def brief(text: str, most: int) -> str:
    """Return a text on one line, not longer than a bound: for names, titles and chips. A line end becomes its mark."""
    line = text[: most + 1].replace("\n", "\\n").replace("\t", " ")
    line = line if len(line) <= most and len(text) <= most else f"{line[: most - 1]}…"
    return line if line.strip() or not text else "(blank)"


def pieces(text: str, mark: str = "") -> Iterator[Piece]:
    """Yield a text in pieces, each unseen character as a mark of its own; `mark` is what the rest carries."""
    done = 0
    for found in UNSEEN.finditer(text):
        if found.start() > done:
            yield Piece(mark=mark, text=text[done : found.start()])
        yield Piece(mark="ctl", text=f"U+{ord(found[0]):04X}")
        done = found.end()
    if done < len(text):
        yield Piece(mark=mark, text=text[done:])


def shown(number: float) -> str:
    """Return a number of seconds or requests as a person writes it: no tenths that say nothing."""
    return f"{number:.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.1f}"  # noqa: PLR2004  # tenths of 100 s say nothing
