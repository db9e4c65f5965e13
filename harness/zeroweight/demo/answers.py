"""Answers: JSON bodies, and the one shape of an error."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


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
    return Response(_ENCODER.encode(content), status, media_type="application/json")


def nothing() -> Response:
    """Answer 204."""
    return Response(status_code=204)


def failure(status: int, code: str, message: str, *, kind: str = "", challenge: str = "Bearer", **more: str) -> Response:
    """Answer with the error body; 401 names the scheme (RFC 9110, 15.5.2). `kind` is a shape that only a flawed build gives it."""
    response = _shaped(status, {"code": code, "message": message, **more}, kind)
    if status == 401:  # noqa: PLR2004 - the status is the name
        response.headers["www-authenticate"] = challenge
    return response


def _shaped(status: int, error: dict[str, Any], kind: str) -> Response:
    match kind:
        case "flat":
            return answer(error, status)
        case "number":
            return answer({"error": {**error, "code": 1000 + status}}, status)
        case "list":
            return answer({"error": {**error, "message": [error["message"]]}}, status)
        case "text":
            return PlainTextResponse(f"{error['code']}: {error['message']}", status)
        case "empty":
            return Response(status_code=status)
        case _:
            return answer({"error": error}, status)
