"""What no driver may dare: levels (design 8.8), judged on the probe before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from zeroweight.model.http import Failure
from zeroweight.model.operation import SAFE
from zeroweight.model.outcome import Level
from zeroweight.model.request import Intent, Probe, Slot

_NEVER_CAREFUL = frozenset({"TRACE", "CONNECT"})
"""TRACE mirrors credentials, CONNECT opens tunnels: neither is a request to the API under test."""

_OVERRIDES = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})
"""Headers by which many frameworks let another method ride on a harmless one; judged like the method itself."""

_CREDENTIAL = re.compile(
    rb"(?:auth(?:orization)?|cookie|token|jwt|key|secret|passw(?:or)?d|credentials?|signature|assertion"
    rb"|(?:session|user|username|principal|identity)(?:[-_]?(?:id|name))?|sid)$"
)
"""How the names of headers end that make a request somebody's, whoever's account it is sent by: a forged token may be believed."""
_NO_CREDENTIAL = re.compile(rb"csrf|xsrf|idempotency")
"""What names such a header that says nothing about who asks."""


def permitted(level: Level, probe: Probe, account_present: bool) -> Failure | None:  # noqa: FBT001  # a fact about the request, not a switch
    """Return a Failure of kind `level` when a run of this level may not send the probe; `account_present`: with credentials.

    - read-only: GET, HEAD, OPTIONS; other methods but DELETE only without credentials or with a body that cannot be decoded.
    - own-objects: every method, but PUT, PATCH, DELETE and unusual ones on a path whose object is not the run's own only as above.
    - destructive: everything.
    """
    if level >= Level.DESTRUCTIVE:
        return None
    for method in _methods(probe):
        if method in SAFE:
            continue
        if method in _NEVER_CAREFUL:
            return _above(level, f"{method} is sent at level destructive only")
        # The whole request is in the path, and what it names is never the run's own at this level: should the canary have lost its guard,
        # confirmation would delete up to a dozen times over, and out of the users' store where it is shared.
        if method == "DELETE" and level < Level.OWN_OBJECTS:
            return _above(level, "DELETE is sent from level own-objects on, even without credentials")
        if _nobody(probe, account_present) or undecodable(probe):
            continue
        if level < Level.OWN_OBJECTS:
            return _above(level, f"{method} with credentials changes things")
        if method != "POST" and _foreign(probe):
            return _above(level, f"{method} {probe.operation.path} names an object that may be somebody's")
    return None


def undecodable(probe: Probe) -> bool:
    """Whether the body cannot be decoded, so that no server can act on it.

    The probe must say so (`Intent.INVALID`, a payload of the family `malformed` for the body) and be so: announced as JSON, without
    slots, and not JSON. What announces another type, or nests so deeply that we cannot tell, counts as readable.
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


def _methods(probe: Probe) -> Iterator[str]:
    """Yield every method that a server may take the probe for, upper case."""
    yield probe.verb.upper()
    for name, value in probe.headers:
        if name.lower() in _OVERRIDES:
            yield b"".join(part for part in value.parts if isinstance(part, bytes)).decode("latin-1").strip().upper()
    for part in probe.target.parts:
        if isinstance(part, bytes) and b"_method=" in part:
            yield part.partition(b"_method=")[2].partition(b"&")[0].decode("latin-1").upper()


def _nobody(probe: Probe, account_present: bool) -> bool:  # noqa: FBT001  # as in permitted
    """Whether the request carries nobody's credentials: neither an account's nor its own."""
    return not account_present and not any(_is_credential(name.lower()) for name, _ in probe.headers)


def _is_credential(name: bytes) -> bool:
    """Whether a header of this name may say who asks. A wrong yes costs a request that is not sent, a wrong no may cost data."""
    return bool(_CREDENTIAL.search(name)) and not _NO_CREDENTIAL.search(name)


def _foreign(probe: Probe) -> bool:
    """Whether the path names an object that the run does not own.

    It owns what a slot names, and what lies below it (`/orders/<own>/items/1`); a literal value in front of any slot is the schema's
    example and may be somebody's object.
    """
    first = probe.operation.path.partition("{")[2].partition("}")[0]
    if not first:
        return False
    value = probe.path.get(first)
    return not (isinstance(value, Slot) and any(slot.name == value.name for slot in probe.target.slots))


def _says_json(probe: Probe) -> bool:
    """Whether the probe announces a JSON body, and nothing else."""
    kinds = [
        b"".join(part for part in value.parts if isinstance(part, bytes))
        for name, value in probe.headers
        if name.lower() == b"content-type"
    ]
    return len(kinds) == 1 and b"json" in kinds[0].lower()


def _above(level: Level, why: str) -> Failure:
    """Return the Failure of a probe that dares more than the level."""
    return Failure(kind="level", text=f"{why}; the run's level is {level.word}")
