"""Names of internal hosts as texts write them: of clusters, private zones and instances, and of pods.

RFC 6762 (`local`), RFC 8375 (`home.arpa`), ICANN's `internal`, and what clusters and clouds call their own. Many programs write words in
the same way (`settings.local` is a file, `this.internal` a field, `ann@staff.local` a person), so a name in a weak zone needs to stand
like a host's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from zeroweight.checks.leak import Sighting, sightings
from zeroweight.checks.passage import BODY, Passage

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_SURE = (
    r"svc\.cluster\.local|pod\.cluster\.local|cluster\.local|ec2\.internal|compute\.internal|docker\.internal|home\.arpa"
    r"|(?:rds|cache)\.amazonaws\.com"
)
_WEAK = r"internal|localdomain|local|lan|corp|intranet|consul|svc"
_POD = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters and digits of which clusters make names: no vowels, so that no words come out."""

HOST_NAMES: Final = (
    rf"(?i:(?:{_LABEL}\.)+(?:{_SURE}|{_WEAK}))",
    rf"(?i:{_LABEL})-{_POD}{{6,10}}-{_POD}{{5}}",
    r"ip-(?:10|172|192|100)(?:-\d{1,3}){3}",
    r"(?i:internal-[a-z0-9-]+\.[a-z0-9-]+\.elb\.amazonaws\.com)",
    r"(?i:localhost)",
)

_SURELY = re.compile(rf"\.(?:{_SURE})$|^ip-\d|\.elb\.amazonaws\.com$", re.IGNORECASE)
_POD_NAME = re.compile(rf"-{_POD}{{6,10}}-{_POD}{{5}}$")
_AUTHORITY = re.compile(r"[/\\]/(?:[^\s/@\"'<>]*@)?$")
_PORT = re.compile(r":\d{1,5}(?!\d)")
_GOES_ON = re.compile(r"[\w-]|\.\w|\(|\s?=[^=]")
_FILE = re.compile(r"(?:^|[^/\\])[/\\]$|[.$~\w-]$")
_SHORT = 2
"""Labels of the names that are most easily something else: `settings.local`, `Billing.svc`."""
_SCRIPT = ("text/javascript", "application/javascript", "application/x-javascript", "text/css")
_SAID_OF_A_HOST = re.compile(
    r"\b(?:hosts?|hostname|servers?|served by|node|backend|upstream|instance|origin|proxy|resolve|lookup|connect(?:ed)?(?: to)?|from|by|on)"
    r"(?: name)?[\s:=\"']{1,4}$",
    re.IGNORECASE,
)
_MAIL = frozenset({"email", "mail", "e-mail"})


def host_names(passage: Passage, media_type: str = "") -> Iterator[Sighting]:
    """Yield the names of internal hosts that a passage shows; `media_type` is the answer's: scripts and pages need more proof."""
    if passage.name in _MAIL:
        return
    text = unquote(passage.text) if "%" in passage.text else passage.text
    for seen in sightings(text, HOST_NAMES):
        if _stands_like_a_host(seen, passage, media_type):
            yield seen


def _stands_like_a_host(seen: Sighting, passage: Passage, media_type: str) -> bool:
    """Whether the text around lets it be a host: no part of a longer word, a path, code or a mail address."""
    authority = bool(_AUTHORITY.search(seen.before))
    if (not authority and (seen.before.endswith("@") or _FILE.search(seen.before))) or _GOES_ON.match(seen.after):
        return False
    if authority or _PORT.match(seen.after):
        return True
    name = seen.text.lower()
    if _SURELY.search(name) or _POD_NAME.search(name):
        return True
    labels = name.split(".")
    if len(labels) == 1 or (labels[-1] == "svc" and len(labels) == _SHORT):
        return False
    if passage.where != BODY or passage.at is not None or "<" not in passage.text:
        return not media_type.startswith(_SCRIPT)
    # In a page, two words with a dot between are more often code than a host.
    return len(labels) > _SHORT or bool(re.search(r"[\d-]", name)) or bool(_SAID_OF_A_HOST.search(seen.before))
