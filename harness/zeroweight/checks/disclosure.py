"""What an error tells about the inside: stack traces and database messages.

One-sided: an answer either has it or not; what both sides show is old news by the comparison. Patterns run on re2, in time linear in the
body, since the body is the target's choice.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

import re2

from zeroweight.checks.check import check
from zeroweight.checks.databases import DATABASES
from zeroweight.checks.mask import masked
from zeroweight.checks.traces import TRACES
from zeroweight.finding import Evidence, Rule, Severity, Span
from zeroweight.model.http import Exchange, Request

STACK_TRACE = Rule(
    id="disclosure.stack-trace",
    title="An answer contains a stack trace",
    severity=Severity.HIGH,
    cwe=209,
    owasp="API8:2023",
    remedy="Switch the debug mode off; answer errors with a short text and an id, and write the trace to the log under that id.",
)
DATABASE_ERROR = Rule(
    id="disclosure.database-error",
    title="An answer contains a database's error message",
    severity=Severity.HIGH,
    cwe=209,
    owasp="API8:2023",
    remedy="Catch database errors and answer a short text; bind parameters, since an input that reaches the parser may be an injection.",
)

_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}

_LONGEST = 4096
"""Characters of the target's text that evidence carries; it is cut for people after redaction, since half a secret is not known as one."""
_CAUSE = 120
"""Characters of it that tell one root from another."""
_HITS = 50
"""Matches of one family that are compared with the request, at most: the first one that it does not hold is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Whose text it is, the text, and where it begins and ends in what was searched."""

    source: str
    text: str
    span: Span
    line: str


@check(STACK_TRACE, on=Exchange)
def stack_trace(exchange: Exchange) -> Iterator[Evidence]:
    """Find a stack trace of Python, Java or Kotlin, Rust, Go, .NET, PHP, Ruby or Node (CWE-209)."""
    return _evidence(exchange, TRACES, "a stack trace of")


@check(DATABASE_ERROR, on=Exchange)
def database_error(exchange: Exchange) -> Iterator[Evidence]:
    """Find an error message of a database or its driver (CWE-209)."""
    return _evidence(exchange, DATABASES, "an error message of")


def _evidence(exchange: Exchange, families: Mapping[str, tuple[str, ...]], what: str) -> Iterator[Evidence]:
    """Yield the first leak that the request did not bring itself: in the readable text, the raw one, or JSON that is not called JSON."""
    response = exchange.response
    if response is None:
        return
    texts = dict.fromkeys((response.readable, response.text, _unescaped(response.text)))
    asked = _spoken(exchange.request)
    for text in texts:
        for leak in leaks(text, families):
            if _echoed(leak.text, asked):
                continue
            says = f"the answer ({response.status}) contains {what} {leak.source}: {leak.line}"
            yield Evidence(says=says, at=leak.span, cause=f"{leak.source}: {masked(leak.line[:_CAUSE])}")
            return


def leaks(text: str, families: Mapping[str, tuple[str, ...]]) -> Iterator[Leak]:
    """Yield what the families' patterns find in a text, family by family."""
    data = text.encode("utf-8", "replace")  # a lone surrogate out of JSON has no UTF-8; as `?` it keeps every offset in characters
    for source, patterns in families.items():
        for count, match in enumerate(_compiled(patterns).finditer(data)):
            if count == _HITS:
                break
            start, end = match.span()
            before, found = (part.decode("utf-8", "replace") for part in (data[:start], data[start:end]))
            span = Span(start=len(before), length=len(found))
            yield Leak(source=source, text=found, span=span, line=_line(text, span.start))


@cache
def _compiled(patterns: tuple[str, ...]) -> Any:
    """Compile one family into one alternation over bytes: as Latin-1 a byte is a character, which re2 runs fastest."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile("|".join(f"(?:{pattern})" for pattern in patterns).encode(), options)


def _line(text: str, start: int) -> str:
    """Return the line of the text from where the leak begins."""
    return text[start : start + _LONGEST].lstrip().partition("\n")[0].partition("\\n")[0].rstrip()


def _echoed(found: str, asked: str) -> bool:
    """Whether the request itself holds the text that was found."""
    return bool(asked) and any(_tight(form) in asked for form in (found, html.unescape(found), _unescaped(found)))


def _spoken(request: Request | None) -> str:
    """Return everything the request said, also percent-decoded and taken out of JSON, without white space."""
    if request is None:
        return ""
    parts = [request.target, request.body, *(value for _, value in request.headers.raw)]
    texts = [part.decode("utf-8", "replace") for part in parts if part]
    return _tight("\n".join(form for text in texts for form in (text, unquote_plus(text), _unescaped(text))))


def _unescaped(text: str) -> str:
    """Return a text with the commonest escapes of JSON resolved, also where it is no valid JSON."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)


def _tight(text: str) -> str:
    """Return a text without white space, which echoes change."""
    return "".join(text.split())
