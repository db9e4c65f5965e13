"""The HTML report: one self-contained page, made of the record alone; every word of a target's is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from zeroweight.shipped import shipped
from zeroweight.writers.page_text import brief, seen, shown
from zeroweight.writers.page_view import view
from zeroweight.writers.telling import count


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write the page of a redacted plain record; raises OSError, KeyError and jinja2's errors, which the caller turns into a reason."""
    made = templates()
    hashes = {name: _hash(made[f"report.{name}"].render()) for name in ("css", "js")}
    path.write_text(made["report.html.j2"].render(page=view(record), hashes=hashes), encoding="utf-8")


@cache
def templates() -> Mapping[str, jinja2.Template]:
    """Return all templates by name, compiled once: that takes longer than to write a page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped("reports")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"brief": brief, "count": count, "shown": shown}
    return {name: environment.get_template(name) for name in environment.list_templates()}


def _hash(text: str) -> str:
    """Return the source expression by which the page's policy lets this text in and nothing else; a constant nonce could be guessed."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
