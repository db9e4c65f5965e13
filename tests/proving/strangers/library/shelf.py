"""The library's memory: books, loans, reading lists, copies and notices, in SQLite."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any, Final

BOOKS: Final = (
    ("9780140449136", "The Odyssey", "Homer", 1996),
    ("9780141439518", "Pride and Prejudice", "Jane Austen", 2002),
    ("9780486280615", "Adventures of Huckleberry Finn", "Mark Twain", 1994),
    ("9780199232765", "War and Peace", "Leo Tolstoy", 2010),
)

_SCHEMA: Final = """
create table books (isbn text primary key, title text, author text, year integer);
create table loans (number text primary key, member text, isbn text, weeks integer, note text, renewals integer, due_on text);
create table lists (list_id text primary key, member text, title text, description text);
create table copies (barcode text primary key, isbn text, shelf text);
create table notices (title text, text text);
create table contacts (member text primary key, phone text, address text);
"""
_FIRST: Final = 5001


class Shelf:
    """One deployment's rows; requests are served by several threads, so each statement takes its turn."""

    def __init__(self) -> None:
        """Start with a few books, a loan and a reading list of each member."""
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.executescript(_SCHEMA)
        self._next = _FIRST
        self._database.executemany("insert into books values (?, ?, ?, ?)", BOOKS)
        for member, (isbn, *_rest) in zip(("mia", "noah"), BOOKS, strict=False):
            self.run("insert into loans values (?, ?, ?, 3, '', 0, ?)", self.number(), member, isbn, due(3))
            self.run("insert into lists values (?, ?, 'To read', '')", self.number(), member)
        self.run("insert into copies values ('C5000', ?, 'A3')", BOOKS[0][0])
        self.run("insert into notices values ('Summer hours', 'We open at ten.')")

    def number(self) -> str:
        """Give the next number."""
        with self._lock:
            self._next += 1
            return str(self._next - 1)

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Read rows; sqlite3.Error when the statement is none."""
        with self._lock:
            return [dict(row) for row in self._database.execute(statement, values)]

    def row(self, statement: str, *values: object) -> dict[str, Any] | None:
        """Read one row."""
        found = self.rows(statement, *values)
        return found[0] if found else None

    def run(self, statement: str, *values: object) -> None:
        """Write."""
        with self._lock:
            self._database.execute(statement, values)


def due(weeks: int) -> str:
    """Tell when a loan of so many weeks is due; the library's calendar starts on 1 June."""
    day = weeks * 7
    return f"2031-{6 + day // 30:02d}-{1 + day % 30:02d}"
