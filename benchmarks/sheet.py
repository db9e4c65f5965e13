"""Tables for people: a title, columns set right but for the first, and notes."""

from __future__ import annotations

from collections.abc import Sequence


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *notes: str) -> str:
    """Return a table as text."""
    widths = [max(len(row[index]) for row in (head, *rows) if index == 0 or len(row) == len(head)) for index in range(len(head))]
    lines = ["", title, ""]
    lines += [_line(row, widths) for row in (head, *rows)]
    return "\n".join([*lines, "", *notes] if notes else lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Set one row; what is longer than its head (a row of words instead of figures) may run on."""
    first, *others = row
    if len(row) < len(widths):
        return f"{first:<{widths[0]}}  {'  '.join(others)}"
    return f"{first:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
