"""What this service's login looks like: learnt before anybody logs in, by asking as nobody.

A page that asks for a login comes as 200 and must not be read as access. But what is learnt here makes answers refusals, so too much learnt
would hide a guard that is gone. Hence the canary's word counts for less: a page that it alone serves at one protected operation may be the
very thing that should be protected (a form for a new password has a password field, too).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from zeroweight.checks.mask import masked
from zeroweight.checks.outcome import Context, asks_for_password, is_login_page, redirects
from zeroweight.drivers.http import HttpDriver
from zeroweight.errors import Unreachable
from zeroweight.model.http import Response
from zeroweight.model.operation import Operation
from zeroweight.model.request import Scenario
from zeroweight.model.role import Role
from zeroweight.model.target import Side

ASKED = 12
"""At most so many operations are asked on each side."""
SEVERAL = 2
"""At so many operations one page is no content of theirs."""
DOORS = ("/login", "/signin", "/auth/login", "/accounts/login")
"""Where services are known to ask for a login."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What one side showed to nobody in particular."""

    guarded: list[Response] = field(default_factory=list)
    """Pages of operations that its schema protects."""
    doors: list[Response] = field(default_factory=list)
    """Pages of login paths."""
    sent_to: list[str] = field(default_factory=list)
    """Paths to which protected operations redirect, one for each."""
    proven: set[str] = field(default_factory=set)
    """Those of them that ask for a password."""


async def learn(
    drivers: Mapping[Side, HttpDriver], operations: Sequence[Operation], roles: Sequence[Role], *, barred: Sequence[str] = ()
) -> Context:
    """Return what both sides' logins look like; `barred` are operations that must not be called, not even as a login path."""
    asked = [role.login.request for role in roles if role.login is not None and role.login.request]
    paths = dict.fromkeys([*(request.partition(" ")[2] for request in asked), *DOORS])
    open_ = [path for path in paths if path.startswith("/") and f"GET {path}" not in barred]
    old, new = await asyncio.gather(*(_look(drivers[side], operations, open_, barred) for side in Side))
    pages = [*_pages(old), *_certain(old), *_certain(new)]
    return Context(login_pages=tuple(dict.fromkeys(pages)), login_paths=tuple(sorted(_paths(old) | new.proven)))


async def _look(driver: HttpDriver, operations: Sequence[Operation], doors: Sequence[str], barred: Sequence[str]) -> Seen:
    """Ask one side; a silence ends it, since a target that hangs must not cost the run its time here."""
    side = driver.target.side
    guarded = sorted((each for each in operations if each.method == "GET" and side in each.protected), key=lambda each: "{" in each.path)
    seen = Seen()
    for operation in guarded[:ASKED]:
        trace = await driver.exchange(Scenario.of(operation.example()), {"unique": "login"}, lane=0)
        last = trace.exchanges[-1]
        if last.response is None:
            return seen
        if _is_page(last.response):
            seen.guarded.append(last.response)
        if redirects(last.response):
            here = last.request.target.decode("latin-1") if last.request is not None else "/"
            seen.sent_to.append(urljoin(here, last.response.headers.get("location")))
    sent_to = [where for where in dict.fromkeys(seen.sent_to) if f"GET {urlsplit(where).path}" not in barred]
    try:
        for path in doors:
            await _knock(driver, path, seen)
        for where in sent_to[:ASKED]:
            if await _knock(driver, _whole(driver, where), seen):
                seen.proven.add(urlsplit(where).path)
    except Unreachable:
        pass  # a door that leads out of the lock, or silence: what was learnt before stands
    return seen


def _whole(driver: HttpDriver, where: str) -> str:
    """Return a redirect's aim as a whole URL: it stands below the host, not below the target's path."""
    return urljoin(driver.target.url, where)


async def _knock(driver: HttpDriver, where: str, seen: Seen) -> bool:
    """Look at one login path; whether it asks for a password."""
    answer = await driver.plain("GET", where)
    if _is_page(answer):
        seen.doors.append(answer)
    return _is_page(answer) and asks_for_password(answer)


def _is_page(answer: Response) -> bool:
    """Whether the answer is a page that says something."""
    return answer.status == HTTPStatus.OK and "html" in answer.headers.get("content-type").lower() and "<" in answer.text


def _certain(seen: Seen) -> list[str]:
    """Return the pages of login paths that ask for a password, or that protected operations show as well; and forms shown at several."""
    shown = [masked(each.text) for each in seen.guarded]
    doors = [(each, masked(each.text)) for each in seen.doors]
    found = [text for each, text in doors if asks_for_password(each) or text in shown]
    return found + [masked(each.text) for each in seen.guarded if asks_for_password(each) and shown.count(masked(each.text)) >= SEVERAL]


def _pages(baseline: Seen) -> list[str]:
    """Return what the baseline shows in place of protected operations: any form with a password, any page that several share."""
    texts = [masked(each.text) for each in baseline.guarded]
    shared = [sum(is_login_page(other, (text,)) for other in baseline.guarded) for text in texts]
    return [text for each, text, count in zip(baseline.guarded, texts, shared, strict=True) if asks_for_password(each) or count >= SEVERAL]


def _paths(baseline: Seen) -> set[str]:
    """Return the paths to which the baseline sends several protected operations alike, and those that ask for a password."""
    paths = [urlsplit(where).path for where in baseline.sent_to]
    return baseline.proven | {path for path in paths if paths.count(path) >= SEVERAL}
