"""How patterns are looked for in a target's text: on re2, in time linear in the text, since the text is the target's choice.

Patterns come in families (a platform, a product) and are written over bytes. One alternation of all of them is asked first: nearly no
answer holds any, and that one look is all that such an answer costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import re2

from zeroweight.checks.databases import DATABASES
from zeroweight.checks.echo import echoed, spoken, unescaped
from zeroweight.checks.traces import TRACES
from zeroweight.finding import Span
from zeroweight.model.http import Exchange, Headers, Response

Families = Mapping[str, tuple[str, ...]]

_LONGEST = 4096
"""Characters of the target's text that evidence carries; it is cut for people after redaction, since half a secret is not known as one."""
_SHORT = 4096
"""Bytes of a body that is remembered as one without leaks."""
_HITS = 50
"""Matches of one family that are compared with the request, at most: the first one that it does not hold is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Whose text it is, the text, and where it begins and ends in what was searched."""

    source: str
    text: str
    span: Span
    line: str


def first_leak(exchange: Exchange, families: Families) -> Leak | None:
    """Return the first leak that the request did not bring itself: in the readable text, the raw one, or JSON that is not called JSON."""
    response = exchange.response
    if response is None or not response.body or (len(response.body) <= _SHORT and _quiet(response.body, response.media_type)):
        return None
    asked: str | None = None
    for text in _texts(response):
        for leak in leaks(text, families):
            asked = spoken(exchange.request) if asked is None else asked
            if not echoed(leak.text, asked):
                return leak
    return None


@lru_cache(maxsize=2048)
def _quiet(body: bytes, media_type: str) -> bool:
    """Whether a short body, sent as a media type, holds nothing of any family: most answers of a run are the same few bodies."""
    told = Headers(raw=((b"content-type", media_type.encode("latin-1")),))
    texts = _texts(Response(status=0, headers=told, body=body))
    return not any(True for families in (TRACES, DATABASES) for text in texts for _ in leaks(text, families))


def _texts(response: Response) -> Iterable[str]:
    """Return the texts of a body in which leaks are looked for, each once."""
    return dict.fromkeys((response.readable, response.text, unescaped(response.text)))


def error_newly_told(baseline: Exchange, canary: Exchange) -> bool:
    """Whether the canary's answer shows a trace or a database's message and the baseline's does not.

    That is told by a rule of its own; whatever else such an answer shows or has lost is its consequence.
    """
    return any(first_leak(canary, each) is not None and first_leak(baseline, each) is None for each in (TRACES, DATABASES))


def leaks(text: str, families: Families) -> Iterator[Leak]:
    """Yield what the families' patterns find in a text, family by family."""
    data = text.encode("utf-8", "replace")  # a lone surrogate out of JSON has no UTF-8; as `?` it keeps every offset in characters
    if not compiled(tuple(pattern for patterns in families.values() for pattern in patterns)).search(data):
        return
    for source, patterns in families.items():
        for count, match in enumerate(compiled(patterns).finditer(data)):
            if count == _HITS:
                break
            start, end = match.span()
            before, found = (part.decode("utf-8", "replace") for part in (data[:start], data[start:end]))
            span = Span(start=len(before), length=len(found))
            yield Leak(source=source, text=found, span=span, line=_line(text, span.start))


@cache
def compiled(patterns: tuple[str, ...]) -> Any:
    """Compile one family into one alternation over bytes: as Latin-1 a byte is a character, which re2 runs fastest."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 64 << 20  # the states of a large alternation; above it re2 forgets and begins anew, slowly
    return re2.compile("|".join(f"(?:{pattern})" for pattern in patterns).encode(), options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A piece of text that a pattern found, with what stands right before and after it."""

    text: str
    before: str
    after: str


def sightings(text: str, patterns: tuple[str, ...]) -> Iterator[Sighting]:
    """Yield what the patterns find in a text, each with its neighbourhood; the first few hundred, whatever the target sends."""
    data = text.encode("utf-8", "replace")
    for count, match in enumerate(compiled(patterns).finditer(data)):
        if count == _MOST:
            return
        start, end = match.span()
        parts = (data[start:end], data[max(0, start - _NEAR) : start], data[end : end + _NEAR])
        found, before, after = (part.decode("utf-8", "replace") for part in parts)
        yield Sighting(text=found, before=before, after=after)


_NEAR = 120
"""Bytes on either side of a sighting that tell what it is: a version, a user's address, a part of a longer word."""
_MOST = 500


def holds(parts: Iterable[bytes], patterns: tuple[str, ...]) -> bool:
    """Whether any of the parts holds anything that the patterns find: the look that spares all others."""
    search = compiled(patterns).search
    return any(search(part) is not None for part in parts)


def _line(text: str, start: int) -> str:
    """Return the line of the text from where the leak begins."""
    return text[start : start + _LONGEST].lstrip().partition("\n")[0].partition("\\n")[0].rstrip()
