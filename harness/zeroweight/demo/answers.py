"""Answers: JSON bodies, and the one shape of an error."""

from __future__ import annotations

import html
import json
from typing import Any

from starlette.responses import HTMLResponse, Response


class DeclinedError(Exception):
    """The service declines a request: a status, a code for programs, a message for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Carry what the error body will say."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def answer(content: Any, status: int = 200) -> Response:
    """Answer with JSON; characters beyond ASCII are escaped, so that no text can break the encoding."""
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")


def nothing() -> Response:
    """Answer 204."""
    return Response(status_code=204)


def failure(status: int, code: str, message: str, *, detail: str | None = None) -> Response:
    """Answer with the error body; 401 names the scheme (RFC 9110, 15.5.2)."""
    error: dict[str, str] = {"code": code, "message": message}
    if detail is not None:
        error["detail"] = detail
    response = answer({"error": error}, status)
    if status == 401:  # noqa: PLR2004 - the status is the name
        response.headers["www-authenticate"] = "Bearer"
    return response


_STACK = """
    at renderHelp (/srv/shop/dist/pages/help.js:41:11)
    at Layer.handle [as handle_request] (/srv/shop/node_modules/express/lib/router/layer.js:95:5)
    at next (/srv/shop/node_modules/express/lib/router/route.js:144:13)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""


def stack_page(status: int, message: str) -> Response:
    """Answer as a web framework does that was left in its development mode: a page with the stack. Only a flawed build gets here."""
    text = html.escape(f"ValidationError: {message}{_STACK}").replace("\n", "<br>").replace("  ", " &nbsp;")
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Error</title></head><body><pre>{text}</pre></body></html>',
        status,
    )
