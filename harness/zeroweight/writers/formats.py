"""What reports there are, by the word that gate.toml and the command line have for them: who writes each, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from zeroweight.writers import allure, markdown, page


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of report: the module that writes it, and the file (or folder) that it makes unless another is named."""

    module: ModuleType
    place: str

    def write(self, record: Mapping[str, Any], path: Path) -> None:
        """Write a redacted plain record; raises whatever the writer does, which the caller turns into a reason."""
        self.module.write(record, path)


FORMATS: Mapping[str, Format] = {
    "html": Format(module=page, place="report.html"),
    "markdown": Format(module=markdown, place="report.md"),
    "allure": Format(module=allure, place="allure-results"),
}
JUNIT = "report.xml"
"""Where pytest's own writer puts its report when gate.toml asks for `junit`; there is no second writer of it."""
