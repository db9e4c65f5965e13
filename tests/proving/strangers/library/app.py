"""One running library: a Flask application, served as ASGI."""

from __future__ import annotations

import secrets
import sqlite3
import traceback
from typing import TYPE_CHECKING, Any, Final

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, jsonify, make_response, request
from flask.sessions import SecureCookieSessionInterface
from jinja2 import DictLoader
from werkzeug.exceptions import HTTPException, InternalServerError

from strangers.variant import Release

from . import api, site
from .docs import document
from .house import caller, holds, is_api, release
from .releases import BENIGN, FLAWS
from .shelf import Shelf
from .templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from itsdangerous import URLSafeTimedSerializer

SECURITY: Final = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}
_BODY_LIMIT: Final = 64 * 1024
_THREADS: Final = 4


def build(*, build: str, flaws: Iterable[str] = (), benign: Iterable[str] = ()) -> WSGIMiddleware:
    """Make one library, with memory of its own; ValueError for a flaw or change that is not in the catalogue."""
    running = Release(build=build, flaws=flaws, benign=benign, flaw_catalogue=FLAWS, benign_catalogue=BENIGN)
    return WSGIMiddleware(_application(running), workers=_THREADS)  # type: ignore[arg-type] # a WSGI application by duck typing


def _application(running: Release) -> Flask:
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME="library_session",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=_BODY_LIMIT,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.session_interface = Sessions()
    app.jinja_loader = DictLoader(TEMPLATES)
    app.extensions["release"], app.extensions["shelf"] = running, Shelf()
    app.register_blueprint(site.site)
    app.register_blueprint(api.api)
    app.add_url_rule("/api-docs.json", view_func=_docs, methods=["GET"])
    if running.brings("holds-operation"):
        app.add_url_rule("/api/holds", view_func=api.waiting, methods=["GET"])
    if not running.holds("surface"):
        app.add_url_rule("/console", view_func=site.console, methods=["GET"])
    app.register_error_handler(HTTPException, _declined)
    app.register_error_handler(Exception, _broken)
    app.after_request(_sealed)
    return app


class Sessions(SecureCookieSessionInterface):
    """Cookie sessions, signed by what is made once for all of them: the secret of a deployment does not change."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._signing: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Give what signs, and reads what was signed."""
        self._signing = self._signing or super().get_signing_serializer(app)
        return self._signing


def _docs() -> Response:
    return jsonify(document(release()))


def _declined(error: HTTPException) -> Response:
    """Answer with an error page, or with an error's JSON; redirects of the router pass as they are."""
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    answer = _told(status, error.name, str(error.description or ""))
    for name, value in error.get_headers(request.environ):
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers[name] = value
    return answer


def _broken(error: Exception) -> Response:
    """Say that something broke, and nothing of what broke."""
    plain = InternalServerError()
    inner = ""
    if isinstance(error, sqlite3.Error) and not holds("database-words"):
        inner = f"sqlite3.{type(error).__name__}: {error}"
    elif not holds("traceback"):
        inner = "".join(traceback.format_exception(error))
    return _told(500, plain.name, "We are sorry, something went wrong.", inner)


def _told(status: int, name: str, description: str, inner: str = "") -> Response:
    if is_api() and holds("api-errors", status=str(status)):
        told: dict[str, Any] = {"message": description, "code": status}
        if not holds("api-error-keys", status=str(status)):
            told = {
                "type": "about:blank",
                "title": name,
                "detail": [{"msg": description, "received": request.get_data(as_text=True)[:200]}],
            }
        if inner:
            told["debug"] = inner
        return make_response(jsonify(told), status)
    return site.page("error.html", status, name=name, description=description, inner=inner)


def _sealed(answer: Response) -> Response:
    """Put on every answer what every answer carries."""
    running, kind = release(), "json" if answer.mimetype == "application/json" else "page"
    answer.headers["X-Library-Release"] = running.build
    for name, value in SECURITY.items():
        if holds(f"header:{name}", kind=kind, status=f"{answer.status_code // 100}xx"):
            stricter = name == "Content-Security-Policy" and running.brings("stricter-policy")
            answer.headers[name] = f"{value}; base-uri 'none'; form-action 'self'" if stricter else value
    if running.brings("stricter-policy"):
        answer.headers["Permissions-Policy"] = "camera=(), geolocation=()"
    if caller() is not None and holds("no-store"):
        answer.headers["Cache-Control"] = "no-store"
    if not holds("banner"):
        answer.headers["X-Powered-By"] = "Flask/3.1.3 Werkzeug/3.1.9 Python/3.11.9"
    if not holds("upstream"):
        answer.headers["X-Served-By"] = "web-7.branch.internal (10.20.4.31:8000)"
    if "Allow" in answer.headers:
        # werkzeug keeps methods in a set: sorted, two processes say the same.
        answer.headers["Allow"] = ", ".join(sorted(answer.headers["Allow"].split(", ")))
    return answer
