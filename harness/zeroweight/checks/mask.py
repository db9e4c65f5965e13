"""Fixed masks: what differs between any two answers of one build, hidden before texts are compared.

A mask hides a value, never a word: two texts that differ after masking differ in what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MASKS = re.compile(
    r"""
    (?P<uuid>(?<![0-9a-zA-Z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-zA-Z]))     # RFC 9562
  | (?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|\s?[+-]\d\d:?\d\d)?)?        # RFC 3339
      | \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\ \d\d?\ [A-Z][a-z]{2}\ \d{4}\ \d\d:\d\d:\d\d\ (?:GMT|[+-]\d{4})   # RFC 9110 section 5.6.7
      | \b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b)
  | (?P<hex>(?<![\w])(?:0x[0-9a-fA-F]+|(?=[0-9a-fA-F]*[0-9])(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,})(?!\w))
  | (?P<token>(?<![\w-])                                                                             # nonces, base64url
      (?:(?=[\w-]*[0-9])(?=[\w-]*[a-zA-Z])
        |(?<=\bvalue=["'])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]+["']))    # a form's token without a digit: a value, no word
      [\w-]{20,}={0,2})
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
    """,
    re.VERBOSE | re.ASCII,
)


def masked(text: str, *, own: Iterable[str] = ()) -> str:
    """Return the text with UUIDs, times, hex, tokens, numbers and the target's own `host:port` names replaced by `{kind}`."""
    for name in sorted(filter(None, own), key=len, reverse=True):
        text = text.replace(name, "{host}")
    return _MASKS.sub(lambda match: f"{{{match.lastgroup}}}", text)
