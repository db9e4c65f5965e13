"""What a request said itself: an answer that repeats it gives nothing away."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote_plus

from zeroweight.model.http import Request

_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def spoken(request: Request | None) -> str:
    """Return everything the request said, also percent-decoded and taken out of JSON, without white space."""
    if request is None:
        return ""
    parts = [request.target, request.body, *(value for _, value in request.headers.raw)]
    texts = [part.decode("utf-8", "replace") for part in parts if part]
    return _tight("\n".join(form for text in texts for form in (text, unquote_plus(text), unescaped(text))))


def echoed(found: str, asked: str) -> bool:
    """Whether the request, as `spoken`, holds the text that was found."""
    return bool(asked) and any(_tight(form) in asked for form in (found, html.unescape(found), unescaped(found)))


def unescaped(text: str) -> str:
    """Return a text with the commonest escapes of JSON resolved, also where it is no valid JSON."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)


def _tight(text: str) -> str:
    """Return a text without white space, which echoes change."""
    return "".join(text.split())
