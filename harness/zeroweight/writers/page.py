"""The HTML report: one self-contained page, made of the record alone; every word of a target's is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from zeroweight.shipped import shipped


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write the page of a redacted plain record; raises OSError and jinja2's errors, which the caller turns into a reason."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped("reports")), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    text = environment.get_template("report.html.j2").render(record=record, told=record["summary"])
    path.write_text(text, encoding="utf-8")
