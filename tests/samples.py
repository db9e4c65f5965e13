"""Real-format samples of what leaks (tests/checks/samples), and the wrappings in which they come."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

SAMPLES = Path(__file__).parent / "checks" / "samples"

NAMES = {
    "python": "Python",
    "java": "Java",
    "node": "Node",
    "go": "Go",
    "dotnet": ".NET",
    "php": "PHP",
    "ruby": "Ruby",
    "rust": "Rust",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "sqlite": "SQLite",
    "sql-server": "SQL Server",
    "oracle": "Oracle",
    "db2": "DB2",
    "mongodb": "MongoDB",
    "cassandra": "Cassandra",
    "clickhouse": "ClickHouse",
    "redis": "Redis",
    "driver": "a database driver",
}

WRAPPINGS: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "raw": lambda text: ("text/plain", text),
    "json": lambda text: ("application/json", json.dumps({"error": text})),
    "json lines": lambda text: ("application/json", json.dumps({"trace": text.splitlines()})),
    "json named html": lambda text: ("text/html", json.dumps({"ok": False, "error": text})),
    "html": lambda text: ("text/html", f"<h1>Oops</h1><pre>{html.escape(text)}</pre>"),
    "html without type": lambda text: ("", f"<pre>{html.escape(text)}</pre>"),
    "html with breaks": lambda text: ("text/html", f"<p>{html.escape(text)}</p>".replace("\n", "<br>\n")),
    "html in json": lambda text: ("application/json", json.dumps({"page": f"<pre>{html.escape(text)}</pre>"})),
    "crlf": lambda text: ("text/plain", text.replace("\n", "\r\n")),
}


def samples(folder: str) -> Iterator[tuple[str, str]]:
    for file in sorted((SAMPLES / folder).glob("*.txt")):
        for number, text in enumerate(file.read_text().split("\n=====\n")):
            yield f"{file.stem}-{number}", text.strip("\n")


def table(folder: str) -> list[tuple[str, str, str, str]]:
    """Return (sample, family, text, wrapping) for every sample in every wrapping."""
    return [(name, NAMES[name.rpartition("-")[0]], text, wrapping) for name, text in samples(folder) for wrapping in WRAPPINGS]
