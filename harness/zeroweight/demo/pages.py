"""Pages: a little HTML, made on the server, with what the caller sent escaped into it."""

from __future__ import annotations

import html
import secrets
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from .fields import Field
from .leaks import RENDERER
from .operations import Call, Operation, describe

if TYPE_CHECKING:
    from starlette.responses import Response

_TOPIC: Final = Field(name="topic", example="orders", bounds={"maxLength": 500}, required=False, default="everything")
_NAME: Final = Field(name="name", example="Alice", bounds={"maxLength": 500}, required=False, default="stranger")


_COOKIE: Final = MappingProxyType({"secure": "Secure", "http-only": "HttpOnly", "same-site": "SameSite=Lax"})


def _page(call: Call, title: str, text: str) -> Response:
    response = HTMLResponse(
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1>{text}'
        '<nav><a href="/">Home</a> <a href="/help">Help</a> <a href="/account">Account</a></nav></body></html>'
    )
    flags = [written for flag, written in _COOKIE.items() if call.holds("cookie", flag=flag)]
    if "cookie-stricter" in call.service.benign:
        flags = [flag.replace("Lax", "Strict") for flag in flags]
    response.headers.append("set-cookie", "; ".join([f"visit={secrets.token_hex(8)}", "Path=/", *flags]))
    return response


def _shown(call: Call, text: str) -> str:
    return html.escape(text) if call.holds("encoder:html") else text


def _home(call: Call) -> Response:
    return _page(call, "Orders", "<p>Anvils, bird seed and rocket skates.</p>")


def _help(call: Call) -> Response:
    topic = _shown(call, call.query["topic"])
    renderer = "" if call.holds("inner-names", where="page") else RENDERER
    return _page(call, "Help", f'<form action="/help"><input name="topic" value="{topic}"></form><p>Help on {topic}.</p>{renderer}')


def _account(call: Call) -> Response:
    return _page(call, "Account", f"<p>Hello, {_shown(call, call.query['name'])}. Log in to see your orders.</p>")


def operations() -> tuple[Operation, ...]:
    """Tell the pages."""
    return (
        describe("page.home", "GET /", "The front page", _home, access="public", html=True),
        describe("page.help", "GET /help", "The help page", _help, access="public", html=True, query=(_TOPIC,)),
        describe("page.account", "GET /account", "The account page", _account, access="public", html=True, query=(_NAME,)),
    )
