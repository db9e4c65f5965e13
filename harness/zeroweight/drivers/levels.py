"""What no driver may dare: levels (design 8.8), judged on the probe before anything is sent.

A probe is taken for the most that any server may take it for: for every method that rides on it, for somebody's where it carries what
may be a credential, and for anything at all where it can be read as another request than the one that is judged here.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from zeroweight.drivers.framing import Field, twofold
from zeroweight.drivers.limits import Lock
from zeroweight.model.http import Failure
from zeroweight.model.operation import SAFE
from zeroweight.model.outcome import Level
from zeroweight.model.request import UNIQUE, Form, Intent, Probe, Slot, Template

_NEVER_CAREFUL: Final = frozenset({"TRACE", "CONNECT"})
"""TRACE mirrors credentials, CONNECT opens tunnels: neither is a request to the API under test."""
_USUAL: Final = frozenset({*SAFE, "POST", "PUT", "PATCH", "DELETE"})
_BODIED: Final = frozenset({"POST", "PUT", "PATCH"})

# Names of fields are compared by their letters and digits: `X_HTTP_Method_Override` is the same variable to CGI and its heirs, and what a
# parser drops from a name (blanks, control characters) does not hide it either.
_METHODS: Final = frozenset({b"xhttpmethodoverride", b"xhttpmethod", b"xmethodoverride"})
"""Headers by which many frameworks let another method ride on a harmless one; judged like the method itself."""
_PATHS: Final = frozenset({b"xoriginalurl", b"xoriginaluri", b"xrewriteurl"})
"""Headers by which some let another path ride on a request."""
_HOST: Final = b"host"
_FRAMING: Final = frozenset({_HOST, b"contentlength", b"transferencoding", b"connection", b"expect"})
_CREDENTIAL: Final = re.compile(
    rb"(?:auth(?:orization)?|cookie|token|jwt|key|secret|passw(?:or)?d|credentials?|signature|assertion"
    rb"|(?:session|user|username|principal|identity)(?:id|name)?|sid)$"
)
"""How the names of headers end that make a request somebody's, whoever's account it is sent by: a forged token may be believed."""
_NO_CREDENTIAL: Final = re.compile(rb"csrf|xsrf|idempotency")
"""What names such a header that says nothing about who asks."""

_QUERY: Final = re.compile(rb"[?&;]([^=&;#]*)=([^&;#]*)")
_ENCODED: Final = re.compile(rb"[?&;][^=&;#%]*%")
"""A parameter whose name is percent-encoded."""
_PARAMETERS: Final = frozenset({b"_method", b"_httpmethod", b"x_http_method_override", b"x_http_method", b"x_method_override"})
"""Names of parameters by which another method rides; PHP reads dots, blanks and hyphens of a name as underscores."""
_IN_BODY: Final = re.compile(rb"(?:^|[^a-z0-9_])_(?:http)?method[^a-z\0]{1,64}([a-z-]*)")
"""The same in a body, be it a form, JSON or of several parts: the name, and the first word behind it."""
_GAP: Final = b"\0"
"""What stands for a slot; no probe below the level destructive has it in its head."""
_ESCAPED: Final = re.compile(rb"\\u00([0-9a-f]{2})", re.IGNORECASE)
_WORD: Final = re.compile(rb"[A-Za-z][A-Za-z-]*")
_UP: Final = re.compile(rb"\.\.|%(?:25)*2e|%c0%ae", re.IGNORECASE)
"""What leads out of the path in front of it, or may."""
_SMALL: Final = bytes(range(256)).lower()
_NO_LETTERS: Final = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum())
_FRAMED: Final = 1
_RIDDEN: Final = 2
_LONGEST: Final = 64
"""Bytes: the longest name of a header that is known by memory."""


def permitted(  # a fact about the request, not a switch
    level: Level,
    probe: Probe,
    account_present: bool,  # noqa: FBT001
    lock: Lock | None = None,
) -> Failure | None:
    """Return a Failure of kind `level` when a run of this level may not send the probe; `account_present`: with credentials.

    `lock` knows the target's own names; without one, no name that a probe says itself is the target's.

    - read-only: GET, HEAD, OPTIONS; other methods but DELETE only without credentials or with a body that cannot be decoded.
    - own-objects: every method, but PUT, PATCH, DELETE and unusual ones on a path whose object is not the run's own only as above.
    - destructive: everything; and this alone may send what can be read as another request, or as two, or is addressed to somebody else.
    """
    if level >= Level.DESTRUCTIVE:
        return None
    closer = _remarkable(probe)
    if not closer and probe.body is None and probe.verb in SAFE:
        return None
    why = _doubt(probe) if closer & _FRAMED else ""
    if why:
        return _above(level, f"what may be read as another request is sent at level destructive only: {why}")
    why = _elsewhere(probe, lock) if closer & _FRAMED else ""
    if why:
        return _above(level, f"what may be passed on to another service is sent at level destructive only: {why}")
    for method in _methods(probe) if closer & _RIDDEN else (probe.verb.upper(),):
        why = "" if method in SAFE else _daring(level, method, probe, account_present)
        if why:
            return _above(level, why)
    return None


def undecodable(probe: Probe) -> bool:
    """Whether the body cannot be decoded, so that no server can act on it.

    The probe must say so (`Intent.INVALID`, a payload of the family `malformed` for the body) and be so: announced as JSON, without
    slots, and not JSON. What announces another type or coding, or nests so deeply that we cannot tell, counts as readable.
    """
    payload = probe.payload
    if probe.intent is not Intent.INVALID or payload is None or payload.family != "malformed" or payload.where != "body":
        return False
    if probe.body is None or probe.body.slots or not _says_json(probe):
        return False
    body = probe.body.fill({})
    try:
        json.loads(body)
    except RecursionError:
        return False
    except ValueError:
        return bool(body.strip())
    return False


# Whether a probe wants a closer look: asked of every step of every scenario, so the cheapest tests stand here and nothing is taken apart.


def _remarkable(probe: Probe) -> int:
    """Return whether a probe's framing may be doubtful (_FRAMED), and whether another method may ride on it (_RIDDEN)."""
    look = _odd(probe.target) if probe.verb in _USUAL else _FRAMED
    for name, value in probe.headers:
        look |= _notable(name) if len(name) <= _LONGEST else _FRAMED | _RIDDEN
        for part in value.parts:
            if isinstance(part, bytes) and (b"\r" in part or b"\n" in part or b"\0" in part):
                look |= _FRAMED
    if probe.body is not None:
        # The body of other methods a server may leave unread.
        look |= 0 if probe.verb in _BODIED else _FRAMED
        for part in probe.body.parts:
            if isinstance(part, bytes):
                look |= _speaks(part)
    return look


def _odd(target: Template) -> int:
    """Return what is remarkable about a request target: that it is no path, blanks, what is not known beforehand, methods in parameters."""
    parts = target.parts
    look = 0 if parts and isinstance(parts[0], bytes) and parts[0].startswith(b"/") else _FRAMED
    for part in parts:
        if not isinstance(part, bytes):
            if part.form is not Form.SEGMENT and part.name != UNIQUE.name:
                look |= _FRAMED
        elif part:
            if part.split() != [part] or b"\0" in part:
                look |= _FRAMED
            if b"=" in part and (b"ETHOD" in part.upper() or (b"%" in part and _ENCODED.search(part))):
                look |= _RIDDEN
    return look


@functools.lru_cache(maxsize=256)
def _notable(name: bytes) -> int:
    """Return what a header of this name has a say in; one that is no name may have it in anything."""
    letters = _letters(name)
    if not letters or re.search(rb"[^-A-Za-z0-9_]", name):
        return _FRAMED | _RIDDEN
    return (_FRAMED if letters in _FRAMING else 0) | (_RIDDEN if letters in _METHODS else 0)


def _speaks(part: bytes) -> int:
    """Return what is remarkable about a part of a body: that it may begin like a request, that it may name a method."""
    capitals = part.upper()
    ridden = b"%" in part or b"\\u" in part or b"ETHOD" in capitals
    return (_FRAMED if b"HTTP/" in capitals else 0) | (_RIDDEN if ridden else 0)


def _daring(level: Level, method: str, probe: Probe, account_present: bool) -> str:  # noqa: FBT001  # as in permitted
    """Return why the level forbids an unsafe method of the probe; empty when it does not."""
    if not method or method in _NEVER_CAREFUL:
        return f"{method or 'a method that is not known beforehand'} is sent at level destructive only"
    # The whole request is in the path, and what it names is never the run's own at this level: should the canary have lost its guard,
    # confirmation would delete up to a dozen times over, and out of the users' store where it is shared.
    if method == "DELETE" and level < Level.OWN_OBJECTS:
        return "DELETE is sent from level own-objects on, even without credentials"
    if _nobody(probe, account_present) or undecodable(probe):
        return ""
    if level < Level.OWN_OBJECTS:
        return f"{method} with credentials changes things"
    if method != "POST" and _foreign(probe):
        return f"{method} {probe.operation.path} names an object that may be somebody's"
    return ""


def _doubt(probe: Probe) -> str:
    """Return why a server may read the probe's request as another one, with what the composer adds to it; slots bring no line ends."""
    if any(slot.form is Form.JSON or _wild(slot) for slot in probe.target.slots):
        return "what a slot writes into the request target is not known beforehand"
    if probe.body is not None and probe.verb not in _BODIED and any(_wild(slot) for slot in probe.body.slots):
        return f"what a slot writes into the body of {probe.verb} is not known beforehand, and a server may leave that unread"
    fields: list[Field] = [(name, _literal(value)) for name, value in probe.headers]
    names = {name.lower() for name, _ in fields}
    if b"host" not in names:
        fields.append((b"Host", b""))
    body = _literal(probe.body) if probe.body is not None else b""
    whole = probe.body is None or not probe.body.slots
    if whole and names.isdisjoint({b"content-length", b"transfer-encoding"}) and (probe.body is not None or probe.verb.upper() in _BODIED):
        fields.append((b"Content-Length", b"%d" % len(body)))
    return twofold(probe.verb.encode("utf-8", "surrogateescape"), _literal(probe.target), fields, body, whole=whole)


def _wild(slot: Slot) -> bool:
    """Whether a slot may write anything at all."""
    return slot.form is Form.TEXT and slot.name != UNIQUE.name


def _elsewhere(probe: Probe, lock: Lock | None) -> str:
    """Return why what stands between us and the target may pass the probe on to another service (RFC 9112 section 3.2)."""
    target = b"".join(_with_gaps(probe.target))
    if not target.startswith(b"/") and target != b"*":
        # A fragment has no place here, and where it begins is where parsers part.
        own = lock is not None and b"#" not in target and lock.owns(target.decode("latin-1"))
        if not own:
            return "the request target is neither a path nor a URL of the target's own"
    for name, value in probe.headers:
        if _letters(name) == _HOST and (lock is None or not lock.names(b"".join(_with_gaps(value)).decode("latin-1"))):
            return "Host is not a name of the target's own"
    return ""


def _literal(template: Template) -> bytes:
    """Return the bytes of a template with a letter in the place of each slot."""
    return b"".join([part if isinstance(part, bytes) else b"x" for part in template.parts])


def _methods(probe: Probe) -> Iterator[str]:
    """Yield every method that a server may take the probe for, upper case; an empty one for what a slot will say."""
    yield probe.verb.upper()
    for name, value in probe.headers:
        if _letters(name) in _METHODS:
            yield from _words(b"".join(_with_gaps(value)))
    # A slot of a query is written without `&` and `=`: it can be a value, but never a parameter.
    for name, value in _QUERY.findall(b"".join(_with_gaps(probe.target))):
        if re.sub(rb"[^0-9A-Za-z]", b"_", _decoded(name).strip()).lower() in _PARAMETERS:
            yield from _words(_decoded(value))
    if probe.body is not None:
        for value in _IN_BODY.findall(_unescaped(probe.body)):
            yield value.decode("latin-1").upper()


def _words(value: bytes) -> Iterator[str]:
    """Yield every word of a value that may be a method."""
    if _GAP in value:
        yield ""
    for word in _WORD.findall(value):
        yield word.decode("latin-1").upper()


def _with_gaps(template: Template) -> list[bytes]:
    """Return the parts of a template with a mark in the place of each slot."""
    return [part if isinstance(part, bytes) else _GAP for part in template.parts]


def _unescaped(body: Template) -> bytes:
    """Return a body in small letters, with percent-encoding and JSON's escapes resolved."""
    text = _decoded(b"".join(_with_gaps(body)))
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text).lower()


def _decoded(text: bytes) -> bytes:
    """Resolve percent-encoding, also where it was done twice."""
    return unquote_to_bytes(unquote_to_bytes(text.replace(b"+", b" "))) if b"%" in text or b"+" in text else text


def _letters(name: bytes) -> bytes:
    """Return the letters and digits of a name, small."""
    return name.translate(_SMALL, _NO_LETTERS)


def _nobody(probe: Probe, account_present: bool) -> bool:  # noqa: FBT001  # as in permitted
    """Whether the request carries nobody's credentials: neither an account's nor its own."""
    return not account_present and not any(_is_credential(name) for name, _ in probe.headers)


def _is_credential(name: bytes) -> bool:
    """Whether a header of this name may say who asks. A wrong yes costs a request that is not sent, a wrong no may cost data."""
    letters = _letters(name)
    return bool(_CREDENTIAL.search(letters)) and not _NO_CREDENTIAL.search(letters)


def _foreign(probe: Probe) -> bool:
    """Whether the path names an object that the run does not own.

    It owns what a slot names, and what lies below it (`/orders/<own>/items/1`); a literal value in front of any slot is the schema's
    example and may be somebody's object. What leads up again, or a header by which another path rides, may name anything. What is sent
    counts: a target that is not the operation's path, up to its first parameter, is another operation's.
    """
    if any(_letters(name) in _PATHS for name, _ in probe.headers):
        return True
    path = _literal(probe.target).partition(b"?")[0]
    front, brace, rest = probe.operation.path.partition("{")
    if not brace:
        return path != front.encode() and not _below(probe, path)
    value, parts = probe.path.get(rest.partition("}")[0]), probe.target.parts
    match parts:
        case (bytes(start), Slot(name=name), *_):
            owned = start == front.encode() and isinstance(value, Slot) and name == value.name
        case _:
            owned = False
    return not owned or bool(_UP.search(path))


def _below(probe: Probe, path: bytes) -> bool:
    """Whether the path is what a payload says lies below the operation's, where nothing is served."""
    payload = probe.payload
    declared = probe.intent is Intent.INVALID and payload is not None and payload.where == "below"
    return declared and path.startswith(probe.operation.path.rstrip("/").encode() + b"/") and not _UP.search(path)


def _says_json(probe: Probe) -> bool:
    """Whether the probe announces a JSON body as UTF, and nothing else."""
    told = [(_letters(name), _literal(value).lower()) for name, value in probe.headers]
    kinds = [value for name, value in told if name == b"contenttype"]
    if len(kinds) != 1 or any(name == b"contentencoding" for name, _ in told):
        return False
    _, _, charset = kinds[0].partition(b"charset")
    return b"json" in kinds[0] and (not charset or b"utf-8" in charset)


def _above(level: Level, why: str) -> Failure:
    """Return the Failure of a probe that dares more than the level."""
    return Failure(kind="level", text=f"{why}; the run's level is {level.word}")
