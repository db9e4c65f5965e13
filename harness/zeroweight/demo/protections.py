"""Flaws of what browsers are told: each security header gone or ignored, everywhere or in narrow circumstances only."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .flaw import Flaw, when
from .places import at
from .planting import narrow, wide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """Circumstances: the end of the flaw's name, how its title goes on, what must match, and which operations are meant (none: all)."""

    title: str
    when: Mapping[str, frozenset[str]]
    operations: tuple[str, ...] = ()


def _operation(name: str, title: str) -> _Where:
    return _Where(title=title, when=when(operation=name), operations=at(name))


_EVERYWHERE: Final = _Where(title="every answer", when=when())
_WHERE: Final[Mapping[str, _Where]] = MappingProxyType(
    {
        "": _EVERYWHERE,
        "on-errors": _Where(title="4xx answers", when=when(status="4xx")),
        "on-refusals": _Where(title="403 answers", when=when(code="403")),
        "when-missing": _Where(title="404 answers", when=when(code="404")),
        "on-created": _Where(title="201 answers", when=when(code="201")),
        "on-posts": _Where(title="answers to POST", when=when(method="POST")),
        "on-deletes": _Where(title="answers to DELETE", when=when(method="DELETE")),
        "on-head": _Where(title="answers to HEAD", when=when(method="HEAD")),
        "for-admins": _Where(title="answers to admins", when=when(role="admin")),
        "on-pages": _Where(title="HTML pages", when=when(content="html"), operations=at("page.home page.help page.account")),
        "on-search": _operation("search", "answers of the search"),
        "on-login": _operation("login", "answers of the login"),
        "on-help": _operation("page.help", "answers of the help page"),
    }
)

_GONE: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "csp-gone": ("content-security-policy", " on-pages on-posts on-head"),
        "hsts-gone": ("strict-transport-security", " on-errors on-deletes"),
        "nosniff-gone": ("x-content-type-options", " on-errors on-created for-admins"),
        "framing-allowed": ("x-frame-options", " on-pages on-refusals"),
        "referrer-policy-gone": ("referrer-policy", " on-search when-missing"),
    }
)
"""Beginnings of flaws' names: the header that is gone, and where (a space before the first: everywhere, too)."""

_IGNORED: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "csp-only-reported": ("content-security-policy", "content-security-policy is sent as report-only", ""),
        "hsts-ended": ("strict-transport-security", "strict-transport-security says max-age=0", "on-login"),
        "framing-allowed-by-value": ("x-frame-options", "x-frame-options says ALLOWALL, which browsers ignore,", "on-help"),
        "referrer-policy-unsafe": ("referrer-policy", "referrer-policy says unsafe-url", "on-pages"),
    }
)
"""Beginnings of flaws' names: the header that protects no more, what it says, and where."""


def headers() -> Iterable[Flaw]:
    """Yield the flaws of headers."""
    for stem, (header, ends) in _GONE.items():
        for end in ends.split(" "):
            yield _flaw(stem, end, f"header:{header}", f"{header} is gone from")
    for stem, (header, says, end) in _IGNORED.items():
        yield _flaw(stem, end, f"form:{header}", f"{says} on")
    yield wide("headers", "any-origin-trusted", "cross-origin", "the caller's Origin is echoed as allowed, with credentials")
    title = "the origin `null`, which any page can have, is allowed to read answers, with credentials"
    yield narrow("headers", "null-origin-trusted", "cross-origin", title, more=when(origin="null"))
    title = "the pages' cookie has none of its flags: scripts, plain HTTP and other sites get at it"
    yield wide("headers", "cookie-bare", "cookie", title, "page.home page.help page.account")
    title = "the cookie of the account page may be read by scripts (no HttpOnly)"
    yield narrow("headers", "cookie-readable-on-account", "cookie", title, "page.account", when(flag="http-only"))


def _flaw(stem: str, end: str, site: str, title: str) -> Flaw:
    where = _WHERE[end]
    return Flaw(
        name=f"{stem}-{end}" if end else stem,
        site=site,
        family="headers",
        title=f"{title} {where.title}",
        when=where.when,
        narrow=bool(where.when),
        operations=where.operations,
    )
