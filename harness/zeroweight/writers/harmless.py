"""Text of a target's outside HTML: on a terminal, in a CI log, in JUnit, Allure and Markdown. Redacted before it comes here."""

from __future__ import annotations

import re

WIDTH = 240
"""Characters of one line."""
LONGEST = 4_096
"""Characters of one block of several lines."""
MOST_LINES = 200
"""Lines of one block."""
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What moves the cursor, hides or reorders the text around it, and halves of characters, which no file can hold.

Unicode's Default_Ignorable_Code_Point whole, variation selectors too: whole sentences can be written in them, and nobody sees them.
"""
COMMAND = re.compile(r"##(?=[A-Za-z]*\[)|^(\s*):(?=:)")
"""What a CI runner obeys: `::name::` where a line begins, blanks before it or not; anywhere in a line `##[name]`, `##vso[name]`,
`##teamcity[name]`, and whatever the next one may call itself."""
NOT_SHOWN = "# Not shown here, since showing it would change it; record.json has it whole."
"""What stands in the place of a command, and is a comment to a shell."""


def line(text: str, width: int = WIDTH) -> str:
    """Return a text as one line that moves, hides, reorders and commands nothing; a line end becomes its mark, a tab a blank."""
    early = text[: width + 1].replace("\n", "\\n").replace("\t", " ")
    shown = _obeyed_by_nobody(visible(early))
    return shown if len(shown) <= width and len(text) <= width else f"{shown[: width - 1]}…"


def block(text: str, *, longest: int = LONGEST, lines: int = MOST_LINES) -> str:
    """Return a text of several lines, cut to a bound that is told, each line harmless."""
    kept = text[:longest].split("\n")
    left = len(text) - len("\n".join(kept[:lines]))
    shown = "\n".join(_obeyed_by_nobody(visible(each)) for each in kept[:lines])
    return f"{shown}\n… and {left} more characters" if left else shown


def command(text: str, longest: int = LONGEST) -> str:
    """Return a command as it is, or a remark in its place: one that was cut or mended is another command."""
    return text if block(text, longest=longest) == text else NOT_SHOWN


def visible(text: str) -> str:
    """Return a text with everything unseen written by its number."""
    return UNSEEN.sub(_number, text)


def _number(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # where Python's own notation changes


def _obeyed_by_nobody(text: str) -> str:
    return COMMAND.sub(lambda found: "#\\u0023" if found.group().startswith("#") else f"{found[1]}\\u003a", text)
