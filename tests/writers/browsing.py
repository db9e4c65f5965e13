"""A page as a parser sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from zeroweight.writers import page


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self._raw: list[str] = []
        self._within: list[str] = []
        self.raw: dict[str, str] = {}
        """The content of script and style, letter for letter."""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._within, self._raw = [tag], []

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            self.raw[tag] = "".join(self._raw)
            self._within = []

    def handle_data(self, data: str) -> None:
        (self._raw if self._within else self.said).append(data)

    @property
    def words(self) -> str:
        """All that is shown, on one line."""
        return " ".join(" ".join(self.said).split())

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Elements and the names of their attributes: what no text may change."""
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.tags]

    def every(self, name: str) -> list[str]:
        """Return the values of an attribute, wherever it stands."""
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]

    def having(self, word: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a class."""
        return [attributes for _, attributes in self.tags if word in (attributes.get("class") or "").split()]

    def section(self, name: str) -> str:
        """Return what a section shows."""
        found = re.search(rf'<section id="{name}".*?</section>', self.text, re.DOTALL)
        return Page(found[0]).words if found else ""


def written(record: Mapping[str, Any], folder: Path) -> Page:
    """Write a page and read it."""
    page.write(record, folder / "report.html")
    return Page((folder / "report.html").read_text("utf-8"))
