"""The HTML report: one self-contained page, made of the record alone; every word of a target's is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from zeroweight.shipped import shipped
from zeroweight.writers.page_text import brief, seen, shown
from zeroweight.writers.page_view import view
from zeroweight.writers.telling import count


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write the page of a redacted plain record; raises OSError, KeyError and jinja2's errors, which the caller turns into a reason."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped("reports")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"brief": brief, "count": count, "shown": shown}
    hashes = {name: _hash(environment.get_template(f"report.{name}").render()) for name in ("css", "js")}
    page = environment.get_template("report.html.j2").render(page=view(record), hashes=hashes)
    path.write_text(page, encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression by which the page's policy lets this text in and nothing else; a constant nonce could be guessed."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
