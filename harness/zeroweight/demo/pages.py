"""Pages: a little HTML, made on the server, with what the caller sent escaped into it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from .fields import Field
from .operations import Call, Operation, describe

if TYPE_CHECKING:
    from starlette.responses import Response

_TOPIC: Final = Field(name="topic", example="orders", bounds={"maxLength": 500}, required=False, default="everything")
_NAME: Final = Field(name="name", example="Alice", bounds={"maxLength": 500}, required=False, default="stranger")


def _page(title: str, text: str) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1>{text}'
        '<nav><a href="/">Home</a> <a href="/help">Help</a> <a href="/account">Account</a></nav></body></html>'
    )


def _shown(call: Call, text: str) -> str:
    return html.escape(text) if call.holds("encoder:html") else text


def _home(_call: Call) -> Response:
    return _page("Orders", "<p>Anvils, bird seed and rocket skates.</p>")


def _help(call: Call) -> Response:
    topic = _shown(call, call.query["topic"])
    return _page("Help", f'<form action="/help"><input name="topic" value="{topic}"></form><p>Help on {topic}.</p>')


def _account(call: Call) -> Response:
    return _page("Account", f"<p>Hello, {_shown(call, call.query['name'])}. Log in to see your orders.</p>")


def operations() -> tuple[Operation, ...]:
    """Tell the pages."""
    return (
        describe("page.home", "GET /", "The front page", _home, access="public", html=True),
        describe("page.help", "GET /help", "The help page", _help, access="public", html=True, query=(_TOPIC,)),
        describe("page.account", "GET /account", "The account page", _account, access="public", html=True, query=(_NAME,)),
    )
