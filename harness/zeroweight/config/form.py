"""The forms of text in gate.toml: URL, address, header name, operation, pointer, pattern, fingerprint."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from zeroweight.config.note import Form, Misfit

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY")
"""The methods that an API's schema can describe (OpenAPI 3.2)."""

_METHOD: Final = f"(?:{'|'.join(METHODS)})"
_FIELD_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NAME: Final = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_HOST: Final = rf"(?:{_NAME}|\[[0-9A-Fa-f:.]+\])"
_OPERATION: Final = rf"{_METHOD} /[^\s?#]*"
_LAST_PORT: Final = 65535
_LAST_LATIN: Final = 0xFF

REFERENCE: Final = r"^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"
"""How a value that stands elsewhere is written."""


def _pattern_form(name: str, pattern: str, *, what: str, fix: str, elsewhere: bool = True) -> Form:
    """Return the form of texts that match the whole pattern."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Misfit(what, fix)
        return text

    return Form(name, read, f"^(?:{pattern})$", elsewhere=elsewhere)


def _has_port(text: str) -> bool:
    """Tell whether what follows the last colon is a port that can be dialled."""
    port = text.rpartition(":")[2]
    return port.isascii() and port.isdigit() and 0 < int(port[:6]) <= _LAST_PORT


def _read_url(text: str) -> str:
    """Return the base URL without a trailing slash."""
    fix = "Write it like https://shop.example:8443"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        what = "this is not a URL"
        raise Misfit(what, fix) from None
    problem = ""
    if parts.scheme not in {"http", "https"} or not text.lower().startswith(f"{parts.scheme}://"):
        problem = "the URL does not begin with http:// or https://"
    elif "@" in parts.netloc:
        problem, fix = "the URL carries credentials", "Take them out and give them to a role as env:NAME or file:PATH"
    elif parts.query or parts.fragment or "?" in text or "#" in text:
        problem, fix = "the URL carries a query or a fragment", "End it with the host, the port or a path"
    elif re.search(r"[\x00-\x20\x7f\\]", text) or not text.isascii():
        problem = "the URL holds a character that must be percent-encoded"
    elif not re.fullmatch(rf"{_HOST}(?::\d+)?", parts.netloc):
        problem = "the URL has no valid host"
    elif port == 0:
        problem = "the URL's port is not between 1 and 65535"
    if problem:
        raise Misfit(problem, fix)
    return text.rstrip("/")


def _read_address(text: str) -> str:
    """Return the address to dial."""
    host = text.rpartition(":")[0]
    if not re.fullmatch(_HOST, host) or not _has_port(text):
        what, fix = "this is not an address to dial", "Write host:port, like 10.20.0.7:8443 or [2001:db8::7]:8443"
        raise Misfit(what, fix)
    return text


def _read_host(text: str) -> str:
    """Return the host in lower case, with its port if there is one."""
    bare = re.fullmatch(_HOST, text)
    if not bare and not (re.fullmatch(rf"{_HOST}:\d+", text) and _has_port(text)):
        what, fix = "this is not a host", "Write host or host:port, like login.shop.example, without a scheme or a path"
        raise Misfit(what, fix)
    return text.lower()


def _read_header_name(text: str) -> str:
    """Return the name of a header that an operator may set."""
    if not re.fullmatch(_FIELD_NAME, text):
        what, fix = "this is not a header's name", "Use letters, digits and hyphens only, like x-canary"
        raise Misfit(what, fix)
    if text.lower() == "host":
        what, fix = "the Host header is not set here", "Use server_name of the same side"
        raise Misfit(what, fix)
    if text.lower() in {"content-length", "transfer-encoding", "connection"}:
        what, fix = "this header frames the request and is not the operator's to set", "Take it out"
        raise Misfit(what, fix)
    return text


def _read_schema(text: str) -> str:
    """Return where the API's schema is: `/path`, URL, or the name of a file (made `file:/absolute` by the loader)."""
    if "://" in text:
        return _read_url(text)
    if text.startswith("/"):
        if re.search(r"[\s#]", text) or text.startswith("//"):
            what, fix = "this is not a path of the service", "Write it like /openapi.json"
            raise Misfit(what, fix)
        return text
    return text


def _pem_form(name: str, label: str) -> Form:
    """Return the form of PEM text that holds a block with the label; the file carries a reference to it, never the text."""

    def read(text: str) -> str:
        if not re.search(rf"-----BEGIN (?:[A-Z0-9 ]+ )?{label}-----", text):
            what, fix = (
                f"this is not PEM text with a {label}",
                "Write file:PATH of a PEM file, or env:NAME of a variable that holds its text",
            )
            raise Misfit(what, fix)
        return text

    return Form(name, read, REFERENCE, quoted=False)


def _read_header_value(text: str) -> str:
    """Return a value that fits on one header line."""
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text) or any(ord(character) > _LAST_LATIN for character in text):
        what, fix = "this cannot be a header's value", "Keep it to one line of Latin-1 text"
        raise Misfit(what, fix)
    return text


CERTIFICATE: Final = _pem_form("certificates", "CERTIFICATE")
PRIVATE_KEY: Final = _pem_form("a private key", "PRIVATE KEY")
HEADER_VALUE: Final = Form("a header's value", _read_header_value, r"^[^\x00-\x08\x0a-\x1f\x7f]*$", quoted=False)
URL: Final = Form("a URL", _read_url, r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s@?#\\]+$")
ADDRESS: Final = Form("host:port", _read_address, rf"^{_HOST}:[0-9]{{1,5}}$")
HOST: Final = Form("a host", _read_host, rf"^{_HOST}(?::[0-9]{{1,5}})?$")
HEADER: Final = Form("a header's name", _read_header_name, rf"^{_FIELD_NAME}$")
SCHEMA: Final = Form("/path, URL or file", _read_schema, r"^.+$")
NAME: Final = _pattern_form(
    "a name",
    r"[A-Za-z][A-Za-z0-9_-]*",
    what="this is not a name",
    fix="Begin with a letter and use letters, digits, - and _ only",
    elsewhere=False,
)
SERVER_NAME: Final = _pattern_form(
    "a host name", _NAME, what="this is not a host name", fix="Write the name alone, like api.shop.example, without a scheme or a port"
)
PARAMETER: Final = _pattern_form(
    "a parameter's name", r"[^\s;,=&\x00-\x1f\x7f]+", what="this is not a parameter's name", fix="Write it like api_key"
)
PATH: Final = _pattern_form("a path", r"/[^\s#]*", what="this is not a path of the service", fix="Begin it with /, like /version")
POINTER: Final = _pattern_form(
    "a JSON pointer", r"(?:/(?:[^~/]|~[01])*)+", what="this is not a JSON pointer", fix="Begin it with /, like /id or /data/token"
)
OPERATION: Final = _pattern_form(
    "METHOD /template",
    _OPERATION,
    what="this is not an operation",
    fix="Write METHOD /template with the method in capitals, like GET /items/{id}",
)
EXCLUSION: Final = _pattern_form(
    "METHOD /template or tag:NAME",
    rf"{_OPERATION}|tag:\S.*",
    what="this is neither an operation nor a tag",
    fix="Write METHOD /template, like POST /payments, or tag:NAME",
)
RULE: Final = _pattern_form(
    "a rule's id",
    r"[A-Za-z0-9*?][A-Za-z0-9_.*?-]*",
    what="this is not a rule's id",
    fix="Write an id or a pattern, like headers.hsts-missing or headers.*",
)
PLACE: Final = _pattern_form(
    "a place",
    rf"\*|(?:{_METHOD}|\*) (?:/\S*|\*)",
    what="this is not a place",
    fix="Write * or METHOD /template, in which * stands for anything, like GET /static/*",
)
SUITE: Final = _pattern_form(
    "a suite's name",
    r"[A-Za-z][A-Za-z0-9_-]*",
    what="this is not a suite's name",
    fix="Write the name alone, like headers, not a path",
    elsewhere=False,
)
FINGERPRINT: Final = _pattern_form(
    "a fingerprint",
    r"zw1:[0-9a-f]{16}",
    what="this is not a fingerprint",
    fix="Copy it from the report: zw1: and 16 hex digits in small letters",
)
