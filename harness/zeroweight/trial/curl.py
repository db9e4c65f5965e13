"""A request as a command that a person can run again: shell-safe, and without a credential.

Written against `$CANARY` (the canary's base URL without a slash at its end), with `$ZEROWEIGHT_TOKEN_<ROLE>` in the place of what logs the
role in and `$ZEROWEIGHT_HEADER_<NAME>` in the place of routing headers. Only these are expanded by the shell: all else stands in single
quotes, or in `$'…'` (bash, zsh, ksh; POSIX.1-2024) where there are bytes that a terminal or an editor would spoil.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import shlex
from dataclasses import dataclass, field

from zeroweight.model.http import Exchange, Request
from zeroweight.model.request import Probe, Slot, Template
from zeroweight.redact import Redactor

LONGEST_TARGET = 2048
LONGEST_BODY = 2048
"""Bytes; a longer body is described, since half of one is another request."""
LONGEST = 8192
"""Characters of a command; a longer one helps nobody."""

_OURS = frozenset({"host", "user-agent", "accept", "accept-encoding", "x-zeroweight-run", "traceparent", "content-length"})
"""What the driver adds to every request, curl adds by itself, or nobody needs to run it again."""
_PLAIN = re.compile(r"[\x20-\x7e\n]*")
_SCHEME = re.compile(r"(?:bearer|basic|token|digest|apikey|api-key) +", re.IGNORECASE)
"""What stands before a credential in a header and is none."""


@dataclass(slots=True, kw_only=True)
class _Credentials:
    """Names the variables of one role's credentials: the first has the plain name, later ones a number."""

    role: str
    given: dict[str, str] = field(default_factory=dict)

    def variable(self, carrier: str) -> str:
        """Return the variable that stands for what a header, query parameter or cookie carries."""
        number = f"_{len(self.given) + 1}" if self.given else ""
        return self.given.setdefault(carrier, f"ZEROWEIGHT_TOKEN_{_upper(self.role)}{number}")


@dataclass(frozen=True, slots=True)
class _Variable:
    """A piece of a word that the shell is to fill in."""

    name: str

    def __str__(self) -> str:
        """Return its name, without the dollar."""
        return self.name


_Piece = str | _Variable


def curl(exchange: Exchange, redactor: Redactor) -> str:
    """Return the command for the request that was sent; empty where none was, it is too long, or curl cannot (HEAD with a body).

    Whatever the driver added to the probe came from the role's account: it is told from the probe's own by name, not by its looks.
    """
    sent = exchange.request
    if sent is None or len(sent.target) > LONGEST_TARGET or (sent.method == "HEAD" and sent.body):
        return ""
    credentials = _Credentials(role=exchange.probe.role)
    # --globoff and --path-as-is: brackets and dots in an address are sent as they are.
    words: list[str] = ["curl", "-sSi", "--globoff", "--path-as-is"]
    if sent.method == "HEAD":
        # With -X curl would wait for a body that never comes.
        words.append("--head")
    elif sent.method != "GET" or sent.body or "content-length" in sent.headers:
        words += ["-X", _word(redactor.text(sent.method))]
    fields = _fields(exchange, sent, credentials)
    for name, pieces in fields:
        empty = pieces in ([], [""])
        # To curl, `Name:` means "leave it out" and `Name;` "send it empty".
        words += ["-H", _word(*_redacted([f"{name};"] if empty else [f"{name}: ", *pieces], redactor))]
    before, body, remark = _body(sent, redactor)
    if body and not any(name.lower() == "content-type" for name, _ in fields):
        words += ["-H", "Content-Type:"]
    words += [*body, *_address(exchange, sent, credentials, redactor)]
    command = f"{before}{' '.join(words)}{remark}"
    return command if len(command) <= LONGEST else ""


def _fields(exchange: Exchange, sent: Request, credentials: _Credentials) -> list[tuple[str, list[_Piece]]]:
    """Return the header fields that make the request: the probe's own, routing headers and credentials as variables."""
    own = {name.lower(): value for name, value in exchange.probe.headers}
    routing = {name.lower() for name in exchange.target.headers}
    found: list[tuple[str, list[_Piece]]] = []
    for key, raw in sent.headers.raw:
        name, value = key.decode("latin-1"), raw.decode("utf-8", "surrogateescape")
        low = name.lower()
        if low == "cookie":
            found.append((name, _cookies(value, own.get(b"cookie"), credentials)))
        elif low.encode("latin-1") in own:
            found.append((name, [value]))
        elif low in routing:
            found.append((name, [_Variable(f"ZEROWEIGHT_HEADER_{_upper(name)}")]))
        elif low not in _OURS:
            scheme = _SCHEME.match(value)
            found.append((name, [scheme.group() if scheme else "", _Variable(credentials.variable(f"header {low}"))]))
    if exchange.target.server_name and b"host" not in own:
        found.insert(0, ("Host", [exchange.target.server_name]))
    return [(name, [piece for piece in pieces if piece != ""]) for name, pieces in found]


def _cookies(value: str, own: Template | None, credentials: _Credentials) -> list[_Piece]:
    """Return a Cookie field whose account's cookies are variables; the request's own stand first (see the composer)."""
    kept = _text(own).count(";") + 1 if own is not None else 0
    pieces: list[_Piece] = []
    for index, pair in enumerate(value.split(";")):
        name, mark, _ = pair.partition("=")
        if index < kept or not mark:
            pieces.append(f"{';' if index else ''}{pair}")
        else:
            pieces += [f"{';' if index else ''}{name}=", _Variable(credentials.variable(f"cookie {name.strip()}"))]
    return pieces


def _address(exchange: Exchange, sent: Request, credentials: _Credentials, redactor: Redactor) -> list[str]:
    """Return the words that say where to: `"$CANARY"/path?query`; an absolute-form or asterisk-form target is told by itself."""
    target = sent.target.decode("latin-1")
    if not target.startswith("/"):
        return ["--request-target", _word(redactor.text(target)), _word(_Variable("CANARY"))]
    target = target.removeprefix(exchange.target.prefix)
    path, mark, query = target.partition("?")
    own = _query_names(exchange.probe)
    pieces: list[_Piece] = [_Variable("CANARY"), path + mark]
    for index, pair in enumerate(query.split("&") if mark else ()):
        name, equals, _ = pair.partition("=")
        ahead = "&" if index else ""
        if name in own or not equals:
            pieces.append(ahead + pair)
        else:
            pieces += [f"{ahead}{name}=", _Variable(credentials.variable(f"query {name}"))]
    return [_word(*_redacted(pieces, redactor))]


def _query_names(probe: Probe) -> set[str]:
    """Return the names of the query parameters that the probe itself has."""
    _, _, query = _text(probe.target).partition("?")
    return {pair.partition("=")[0] for pair in query.split("&")}


def _text(template: Template) -> str:
    """Return a template's own text, its slots (whose values have no delimiters) left out."""
    return b"".join(b"" if isinstance(part, Slot) else part for part in template.parts).decode("latin-1")


def _body(sent: Request, redactor: Redactor) -> tuple[str, list[str], str]:
    """Return what stands before the command, the words, and a remark behind it."""
    if not sent.body:
        # Some servers want to be told that there is none (411).
        return "", ["--data-raw", "''"] if "content-length" in sent.headers else [], ""
    if len(sent.body) > LONGEST_BODY:
        digest = hashlib.sha256(sent.body).hexdigest()
        return "", ["--data-binary", "@body"], f"  # body: {len(sent.body)} bytes, SHA-256 {digest}"
    text = redactor.text(sent.body.decode("utf-8", "surrogateescape"))
    raw = text.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        # No argument of a program can hold a NUL.
        octal = "".join(chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"\\{byte:03o}" for byte in raw)  # noqa: PLR2004  # ASCII
        return f"printf '{octal}' | ", ["--data-binary", "@-"], ""
    # Unlike --data-binary, it takes a leading @ for what it is.
    return "", ["--data-raw", _word(text)], ""


def _redacted(pieces: list[_Piece], redactor: Redactor) -> list[_Piece]:
    """Redact before anything is quoted: a value that quoting has cut is not known any more."""
    return [piece if isinstance(piece, _Variable) else redactor.text(piece) for piece in pieces]


def _word(*pieces: _Piece) -> str:
    """Return one word of a shell's: texts that nothing expands in, and variables that do."""
    said: list[str] = []
    for text, group in itertools.groupby(pieces, key=lambda piece: isinstance(piece, str)):
        joined = list(group)
        said.append(_quoted("".join(map(str, joined))) if text else "".join(f'"${piece}"' for piece in joined))
    return "".join(said)


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return shlex.quote(text)
    plain = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    # Three octal digits: `\x41` would swallow a hexadecimal digit behind it in some shells.
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return "$'" + "".join(plain.get(letter) or (letter if " " <= letter <= "~" else f"\\{ord(letter):03o}") for letter in raw) + "'"


def _upper(name: str) -> str:
    """Return a name as shells know it."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
