"""Secrets, and the one way in which text leaves the process.

A `Secret` never shows its value by accident (repr, str, f-strings, tracebacks, `--showlocals`); only `reveal()` does, and only
drivers call it. A `Redactor` replaces every value it was told of, also where it was percent-encoded, escaped or base64ed.
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

    __slots__ = ("_key", "_words")

    def __init__(self, secrets: Iterable[Secret] = (), *, key: bytes | None = None) -> None:
        """Learn the secrets; `key` is made afresh for each run unless given."""
        self._key = key or os.urandom(16)
        self._words: dict[str, str] = {}
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

    def text(self, text: str) -> str:
        """Return the text without any known secret."""
        for form, mark in self._words.items():
            if form in text:
                text = text.replace(form, mark)
        return text

    def plain(self, value: Any) -> Any:  # plain JSON is what it is
        """Return plain JSON (dict, list, str, number, None) without any known secret, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        return value


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
