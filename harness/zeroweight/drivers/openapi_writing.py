"""How the values of a request are written, by OpenAPI's styles, and what may not be written at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from zeroweight.drivers.openapi_values import as_text

TEMPLATE: Final = re.compile(r"/(?:[!-\"$-;=>@-z|~]|\{[^{}/]+\})*")
"""A path template that can stand in a request line: visible ASCII, no `?`, no `#`, every brace closed."""
MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+*-]{1,100}/[\w!#$&^.+*-]{1,100}(?:\s*;[\x20-\x7e]{0,100})?", re.ASCII)
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, section 5.6.2)."""
VALUE: Final = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?|")
"""A header's value, kept to visible ASCII (RFC 9110, section 5.5 leaves the rest to luck)."""
NOT_THEIRS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "cookie"})
"""Headers that frame or route a request: no document sets them."""
IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI tells us to ignore (3.1, section 4.8.12.2): they are told elsewhere."""

_COOKIE: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"
_RANGES: Final[Mapping[str, str]] = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON (RFC 6839: `+json`)."""
    bare = media_type.partition(";")[0].strip().lower()
    return bare == "application/json" or bare.endswith("+json")


def is_form(media_type: str) -> bool:
    """Tell whether a media type is one of the two forms."""
    return media_type.partition(";")[0].strip().lower() in {"application/x-www-form-urlencoded", "multipart/form-data"}


def preferred(media_types: Iterable[str]) -> str:
    """Return the media type to send: JSON before forms before the rest, each in the document's order; empty when none is usable."""
    usable = [name for name in media_types if MEDIA_TYPE.fullmatch(name)]
    return min(usable, key=lambda name: (not is_json(concrete(name)), not is_form(name)), default="")


def concrete(media_type: str) -> str:
    """Return a media type that can be sent for a media range."""
    bare = media_type.partition(";")[0].strip().lower()
    return _RANGES.get(bare, "application/octet-stream" if "*" in bare else media_type)


def in_path(value: Any) -> Any:
    """Return a value as it stands in the path: scalars stay plain, lists take commas (style `simple`).

    What would change the path's shape (nothing, `.`, `..`) becomes `1`.
    """
    if isinstance(value, list):
        value = ",".join(map(as_text, value))
    elif isinstance(value, Mapping):
        value = ",".join(f"{key},{as_text(item)}" for key, item in value.items())
    return "1" if value in {"", ".", ".."} else value


def in_query(parameter: Mapping[str, Any], value: Any) -> tuple[tuple[str, str], ...]:  # noqa: PLR0911  # one answer for each style
    """Return a value as query pairs, by the parameter's style (OpenAPI 3.1, section 4.8.12.4)."""
    name = str(parameter["name"])
    style = parameter.get("style", "form")
    explode = parameter.get("explode", style == "form")
    if "content" in parameter:
        return ((name, json.dumps(value)),)
    if isinstance(value, Mapping):
        if style == "deepObject":
            return tuple((f"{name}[{key}]", as_text(item)) for key, item in value.items())
        if explode:
            return tuple((key, as_text(item)) for key, item in value.items())
        return ((name, ",".join(f"{key},{as_text(item)}" for key, item in value.items())),)
    if isinstance(value, list):
        if explode:
            return tuple((name, as_text(item)) for item in value)
        between = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(str(style), ",")
        return ((name, between.join(map(as_text, value))),)
    return ((name, as_text(value)),)


def in_header(value: Any) -> str:
    """Return a value as a header's text (style `simple`)."""
    return str(in_path(value)) if isinstance(value, (list, Mapping)) else as_text(value)


def in_cookie(name: str, value: Any) -> str:
    """Return one cookie pair; what a cookie cannot hold is percent-encoded (RFC 6265, section 4.1.1)."""
    return f"{name}={quote(in_header(value), safe=_COOKIE)}"
