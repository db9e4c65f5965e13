"""Both answers of a telling pair as they may be shown: redacted first, then cut, and never more of them than a reader reads."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from zeroweight.compare import Delta, State
from zeroweight.finding import Answer, Excerpt, Exhibit
from zeroweight.model.http import Headers, Response
from zeroweight.redact import Redactor
from zeroweight.trial.candidate import Pair
from zeroweight.trial.curl import curl

MOST_A_CAUSE = 3
"""Exhibits of one cause that a trial keeps: the fourth place of a leaf name teaches nothing."""
MOST = 12
"""Exhibits that a trial keeps."""
LONGEST = 4096
"""Characters of a body."""
VEILED = 65_536
"""Characters of a body, redacted already, that are searched for fresh credentials: what is shown is taken from them."""
MOST_LINES = 200
MOST_HEADERS = 60
LONGEST_VALUE = 300
FIRST_BYTES = 32
"""Bytes of a binary body that are shown."""
BINARY = 0.1
"""The share of unreadable characters from which a body is no text."""

_CHARSET = re.compile(r"charset\s*=\s*\"?(utf-8|us-ascii|iso-8859-1|windows-1252)", re.IGNORECASE)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_MARK = re.compile(r"\[[^\[\]]*:[0-9a-f]{8}:\d+\]")
"""What a redactor leaves; it is told apart from another value, and stays."""
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}+(?:\Z|\.[\w-]*+(?:\Z|(?<=[\w-]{4})\.[\w-]*+))")
"""RFC 7519: a JSON object's first two characters, base64url; at the end of the text also the beginning of one.

It begins where a run of its letters begins, so that no letter is read more than twice: a target chooses the text.
"""
_FRESH = re.compile(
    r"""("[\w-]*(?:token|secret|passw(?:or)?d|pwd|passphrase|jwt|sid|session(?:[_-]?id)?|(?:api|access|private|secret)[_-]?key|authorization|hash)"
        \s*+:\s*+")((?:[^"\\]|\\.?)*+)("|\Z)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""A JSON member whose name says that its value is a credential, or the hash of one."""
_CARRIER = re.compile(r"auth(?!enticate$|or$|ority$)|token|csrf|xsrf|session|secret|api-?key|passw|jwt", re.IGNORECASE)
"""Names of header fields that carry credentials. WWW-Authenticate carries none: it says how to log in."""
_IN_ADDRESS = re.compile(r"([?&#](?:[\w.-]*token|code|sid)=)([^?&#\s\"'<>,;]*)", re.IGNORECASE)
"""What a redirect hands over (RFC 6749, 4.1.2 and 4.2.2)."""
_COOKIE = re.compile(r"^([^=;]*=)([^;]*)")


def exhibits(deltas: Iterable[Delta], pairs: Mapping[str, Pair | None], redactor: Redactor) -> dict[str, Exhibit]:
    """Return fingerprint → exhibit for what is new or unsteady, the worst first: a few a cause, and few in all."""
    told = [delta for delta in deltas if delta.state in {State.NEW, State.UNSTEADY}]
    told.sort(key=lambda each: (-each.state.rank, -each.severity, each.rule, each.place, each.fingerprint))
    causes: Counter[tuple[str, str]] = Counter()
    made: dict[str, Exhibit] = {}
    for delta in told:
        pair = pairs.get(delta.fingerprint)
        if pair is None or causes[delta.rule, delta.cause] >= MOST_A_CAUSE:
            continue
        causes[delta.rule, delta.cause] += 1
        made[delta.fingerprint] = exhibit(pair, redactor)
        if len(made) >= MOST:
            break
    return made


def exhibit(pair: Pair, redactor: Redactor) -> Exhibit:
    """Return both answers of a pair, and the request that the canary was sent."""
    return Exhibit(
        baseline=excerpt(pair.baseline, redactor),
        canary=excerpt(pair.canary, redactor),
        curl=curl(pair.canary.exchange, redactor),
    )


def excerpt(answer: Answer, redactor: Redactor) -> Excerpt:
    """Return what may be shown of an answer."""
    exchange = answer.exchange
    seconds = round(exchange.timing.seconds, 4)
    if exchange.response is None:
        failure = exchange.failure
        told = redactor.excerpt(f"{failure.kind}: {failure.text}", LONGEST_VALUE) if failure else "nothing was sent"
        return Excerpt(outcome=answer.outcome, failure=told, seconds=seconds)
    body, cut = _body(exchange.response, redactor)
    return Excerpt(
        status=exchange.status,
        outcome=answer.outcome,
        headers=tuple(_fields(exchange.response.headers, redactor)),
        body=body + _told_of_the_rest(exchange.response),
        cut=cut,
        seconds=seconds,
    )


def _fields(headers: Headers, redactor: Redactor) -> Iterable[tuple[str, str]]:
    """Yield the fields in their order; of cookies and other carriers of credentials no value: nobody may have heard of it yet."""
    for key, raw in headers.raw[:MOST_HEADERS]:
        name, value = key.decode("latin-1"), redactor.text(raw.decode("utf-8", "replace"))
        if name.lower() == "set-cookie":
            value = _JWT.sub(_hidden, _COOKIE.sub(lambda found: found[1] + _veiled(found[2]), value))
        elif _CARRIER.search(name):
            value = _veiled(value)
        else:
            value = _IN_ADDRESS.sub(lambda found: found[1] + _veiled(found[2]), _JWT.sub(_hidden, value))
        yield redactor.excerpt(name, LONGEST_VALUE), _cut(value, LONGEST_VALUE)
    if len(headers.raw) > MOST_HEADERS:
        yield "…", f"{len(headers.raw) - MOST_HEADERS} more"


def _body(response: Response, redactor: Redactor) -> tuple[str, int]:
    """Return what is shown of a body, and how many characters of it are left out."""
    charset = _CHARSET.search(response.headers.get("content-type"))
    text = response.body.decode(charset[1] if charset else "utf-8", "replace")
    if len(_UNREADABLE.findall(text)) > BINARY * len(text):
        return _binary(response.body, redactor), 0
    clean = redactor.text(text)
    veiled = _JWT.sub(_hidden, _FRESH.sub(lambda found: found[1] + _veiled(found[2]) + found[3], clean[:VEILED]))
    kept = "".join(veiled[:LONGEST].splitlines(keepends=True)[:MOST_LINES])
    return kept, len(veiled) - len(kept) + len(clean[VEILED:])


def _told_of_the_rest(response: Response) -> str:
    """Say of a body of which only the beginning was kept how much that was, and which it is: two of one digest are the same."""
    if not response.digest:
        return ""
    as_it_came = " as it came, compressed" if response.headers.get("content-encoding", "identity").strip().lower() != "identity" else ""
    return f"\n… the first {len(response.body)} bytes; SHA-256 of the whole body{as_it_came} {response.digest}"


def _binary(body: bytes, redactor: Redactor) -> str:
    """Describe a body that is no text; where a secret shines through, not by its bytes."""
    told = f"{len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()}"
    for text in (body.decode("latin-1"), body.replace(b"\0", b"").decode("latin-1")):
        if redactor.text(text) != text:
            return told
    return f"{told}, begins {body[:FIRST_BYTES].hex(' ')}"


def _veiled(value: str) -> str:
    """Say of a value that is somebody's credential only how long it is; a redactor's mark says more, and no secret."""
    return value if not value or _MARK.fullmatch(value) else f"[kept back:{len(value)}]"


def _hidden(found: re.Match[str]) -> str:
    return f"[kept back:{len(found.group())}]"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
