"""The house style: who calls, who is let in, and what the running release holds."""

from __future__ import annotations

import functools
import hmac
import re
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, cast

from flask import abort, current_app, g, redirect, request, session
from werkzeug.exceptions import BadRequest, NotFound

from .people import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from strangers.variant import Release

    from .people import Person
    from .reading import Body
    from .shelf import Shelf

Needs = Literal["member", "staff"]
Arguments = ParamSpec("Arguments")

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_CONVERTER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


def release() -> Release:
    """Give the running release."""
    return cast("Release", current_app.extensions["release"])


def shelf() -> Shelf:
    """Give the running deployment's memory."""
    return cast("Shelf", current_app.extensions["shelf"])


def here() -> str:
    """Name the operation that is asked for, "METHOD /template"; an unknown path has none."""
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {_template(request.url_rule.rule) if request.url_rule else '*'}"


@functools.cache
def _template(rule: str) -> str:
    """Spell a rule of the router as a path template."""
    return _CONVERTER.sub(r"{\1}", rule)


def holds(site: str, **context: str) -> bool:
    """Ask whether a protection is in force for this request."""
    running = release()
    if running.whole(site):
        return True
    context.setdefault("operation", here())
    person = caller()
    return running.holds(site, caller=person.name if person else "anonymous", **context)


def caller() -> Person | None:
    """Say who is logged in."""
    return PEOPLE.get(session.get("member", ""))


def known() -> Person:
    """Say who is logged in, where nobody else gets."""
    person = caller()
    if person is None:
        abort(401, words("Please log in."))
    return person


def words(text: str) -> str:
    """Say a refusal in the words of this release."""
    return f"Sorry: {text}" if release().brings("error-wording") else text


def is_api() -> bool:
    """Say whether a program asks, rather than a person with a browser."""
    return request.path.startswith("/api/")


def admits(
    needs: Needs, body: Body | None = None
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, ResponseReturnValue]]:
    """Let only members (or staff) in to a view, and read the body for it afterwards."""

    def around(view: Callable[Arguments, ResponseReturnValue]) -> Callable[Arguments, ResponseReturnValue]:
        @functools.wraps(view)
        def guarded(*values: Arguments.args, **named: Arguments.kwargs) -> ResponseReturnValue:
            if body is not None and not holds("guard-first"):
                g.told = body.read(here())
            turned_away = _turned_away(needs)
            if turned_away is not None:
                return turned_away
            if body is not None:
                g.told = body.read(here())
            return view(*values, **named)

        return guarded

    return around


def _turned_away(needs: Needs) -> Response | None:
    """Refuse a caller: to the login, with 401, or as if there were nothing here; None when he is welcome."""
    person = caller()
    if person is None:
        if not holds("login"):
            return None
        if is_api():
            abort(401, words("Please log in."))
        return redirect(f"/login?next={request.path}", 302 if release().brings("login-found") else 303)
    if needs == "staff" and not person.staff and holds("staff"):
        raise NotFound(words("There is no such page."))
    if not holds("welcome"):
        raise NotFound(words("There is no such page."))
    if request.method not in _SAFE:
        _genuine()
    return None


def _genuine() -> None:
    """Refuse a request that another site may have sent in the caller's name."""
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token") or ""
    if not hmac.compare_digest(given.encode(errors="replace"), str(session.get("csrf", "")).encode()):
        raise BadRequest(words("This form is too old; please load the page again."))


def his(row: dict[str, Any] | None) -> dict[str, Any]:
    """Give a row to its owner or to staff; for anybody else it is not there."""
    person = caller()
    owner = row is not None and person is not None and (person.staff or person.name == row["member"])
    if row is None or (not owner and holds("owner")):
        raise NotFound(words("There is no such thing."))
    return row
