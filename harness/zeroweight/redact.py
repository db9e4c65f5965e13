"""Secrets, and the one way in which text leaves the process.

A `Secret` never shows its value by accident (repr, str, f-strings, tracebacks, `--showlocals`); only `reveal()` does, and only
drivers call it. A `Redactor` replaces every value it was told of, also where it was percent-encoded, escaped or base64ed, and long pieces
of a value: pytest, libraries and targets cut texts before we see them, and half a token is as good as a hint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

_SHORTEST = 4
"""Values shorter than this are not replaced: they would blot out ordinary words, and they protect nothing."""
_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_PIECE = 16
"""Characters in a row of a long secret that count as the secret."""
_STEP = 8
"""Texts are probed at each so many characters: a piece of `_PIECE` holds a whole step wherever it begins (2 * _STEP - 1 <= _PIECE)."""
_LONG = 24
"""Values from this length on are known by their pieces; a shorter one's piece could be an ordinary word."""
_REPEATS = 4
"""Places of one step in a value that are tried, so that a value of one letter costs no more than another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value that must not be shown, and the name under which it may be spoken of."""

    name: str
    value: str = field(repr=False)

    def reveal(self) -> str:
        """Give the value: for drivers, at the moment of sending."""
        return self.value

    def __str__(self) -> str:
        """Show the name only."""
        return f"[secret {self.name}]"

    def __format__(self, spec: str) -> str:
        """Show the name only, in f-strings too."""
        return format(str(self), spec)


class Redactor:
    """Replaces known secrets by `[kind:hmac8:length]`; equal secrets stay comparable inside one run, and are not recoverable."""

    __slots__ = ("_key", "_steps", "_words")

    def __init__(self, secrets: Iterable[Secret] = (), *, key: bytes | None = None) -> None:
        """Learn the secrets; `key` is made afresh for each run unless given."""
        self._key = key or os.urandom(16)
        self._words: dict[str, str] = {}
        self._steps: dict[str, list[tuple[str, int]]] | None = None
        """A few characters in a row → the forms of long secrets in which they stand, and where; None: not made yet."""
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """Remember one more value, with the forms in which it travels."""
        value = secret.value
        if len(value) < _SHORTEST:
            return
        mark = f"[{secret.name}:{hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:8]}:{len(value)}]"
        for form in _forms(value):
            self._words.setdefault(form, mark)
        # The longest first: a token that contains another must not be cut in half by it.
        self._words = dict(sorted(self._words.items(), key=lambda pair: -len(pair[0])))
        self._steps = None

    def text(self, text: str) -> str:
        """Return the text without any known secret, and without any long piece of one."""
        for form, mark in self._words.items():
            if form in text:
                text = text.replace(form, mark)
        return self._without_pieces(text) if len(text) >= _PIECE else text

    def excerpt(self, text: str, most: int) -> str:
        """Return the text without any known secret, cut to a length: redacted first, since half a secret is not known as one."""
        clean = self.text(text)
        return clean if len(clean) <= most else f"{clean[: most - 1]}…"

    def _without_pieces(self, text: str) -> str:
        if self._steps is None:
            self._steps = _steps(self._words)
        if not self._steps:
            return text
        kept: list[str] = []
        done = at = 0
        while at + _STEP <= len(text):
            start, end, form = self._piece(text, at, done)
            if form:
                kept += [text[done:start], self._words[form]]
                done = at = end
            else:
                at += _STEP
        return "".join([*kept, text[done:]]) if kept else text

    def _piece(self, text: str, at: int, least: int) -> tuple[int, int, str]:
        """Return begin, end and form of the longest piece of a secret that stands around a place in the text; no form, no piece."""
        best = (0, 0, "")
        assert self._steps is not None
        for form, where in self._steps.get(text[at : at + _STEP], ()):
            start, first = at, where
            while start > least and first and text[start - 1] == form[first - 1]:
                start, first = start - 1, first - 1
            end, last = at + _STEP, where + _STEP
            while end < len(text) and last < len(form) and text[end] == form[last]:
                end, last = end + 1, last + 1
            if end - start >= max(_PIECE, best[1] - best[0] + 1):
                best = (start, end, form)
        return best

    def plain(self, value: Any) -> Any:  # plain JSON is what it is
        """Return plain JSON (dict, list, str, number, None) without any known secret, keys included."""
        return self._plain(value, {})

    def _plain(self, value: Any, told: dict[str, str]) -> Any:
        """Do what `plain` says; `told` holds the texts of one document so far: it says the same few words time and again."""
        if isinstance(value, str):
            if value not in told:
                told[value] = self.text(value)
            return told[value]
        # A dict is one of the Mappings, and told at once.
        if isinstance(value, (dict, Mapping)):
            return {self._plain(str(key), told): self._plain(item, told) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item, told) for item in value]
        return value


def _steps(forms: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Return every few characters in a row of the long forms, and where they stand."""
    steps: dict[str, list[tuple[str, int]]] = {}
    for form in forms:
        for at in range(len(form) - _STEP + 1 if len(form) >= _LONG else 0):
            step = form[at : at + _STEP]
            places = steps.get(step)
            if places is None:
                steps[step] = [(form, at)]
            elif len(places) < _REPEATS:
                places.append((form, at))
    return steps


def _forms(value: str) -> set[str]:
    """Return the value and its usual disguises: percent-encoded, JSON- and HTML-escaped, base64."""
    percent = {quote(value, safe=""), quote_plus(value), quote(value)}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    encoded = {base64.b64encode(value.encode()).decode(), base64.urlsafe_b64encode(value.encode()).decode()}
    escaped = html.escape(value)
    return {
        value,
        *percent,
        *(_ESCAPE.sub(lambda found: found[0].lower(), form) for form in percent),
        *written,
        # As Python shows it, in tracebacks and locals.
        repr(value)[1:-1],
        repr(value.encode())[2:-1],
        *(form.replace("/", "\\/") for form in written),
        # As encoders write it that fear for pages: Go and Rails without the apostrophe, others with it.
        *(_fearful(form, letters) for form in written for letters in ("<>&", "<>&'")),
        escaped,
        html.escape(value, quote=False),
        escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        *encoded,
        *(form.rstrip("=") for form in encoded),
    }


def _fearful(text: str, letters: str) -> str:
    """Return the inside of a JSON string with some letters written by number."""
    return "".join(f"\\u{ord(letter):04x}" if letter in letters else letter for letter in text)
