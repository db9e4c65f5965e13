"""The store: one SQLite database per side, in memory or in a file.

One connection is enough: answers are made without awaiting, on one event loop, so no two of them are ever at the database together.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from .accounts import BUILT_IN, Account, digest, password

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY, password BLOB, role TEXT, tenant TEXT, display_name TEXT, email TEXT, credit_limit INTEGER
);
CREATE TABLE IF NOT EXISTS orders (
    place INTEGER PRIMARY KEY, id TEXT UNIQUE, owner TEXT, tenant TEXT, sku TEXT, quantity INTEGER, note TEXT, status TEXT
);
CREATE TABLE IF NOT EXISTS files (place INTEGER PRIMARY KEY, id TEXT UNIQUE, owner TEXT, name TEXT, content TEXT);
CREATE TABLE IF NOT EXISTS announcements (place INTEGER PRIMARY KEY, title TEXT, text TEXT);
CREATE TABLE IF NOT EXISTS products (sku TEXT PRIMARY KEY, name TEXT, price INTEGER);
CREATE INDEX IF NOT EXISTS orders_by_owner ON orders (owner);
CREATE INDEX IF NOT EXISTS files_by_owner ON files (owner);
"""

_NEW_USER: Final = "INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?, ?, ?)"
_NEW_ORDER: Final = "INSERT INTO orders (id, owner, tenant, sku, quantity, note, status) VALUES (?, ?, ?, ?, ?, ?, ?)"
_NEW_FILE: Final = "INSERT INTO files (id, owner, name, content) VALUES (?, ?, ?, ?)"
_NEW_ANNOUNCEMENT: Final = "INSERT INTO announcements (title, text) VALUES (?, ?)"

_PRODUCTS: Final = (
    ("A1", "anvil", 900),
    ("A2", "adhesive tape", 3),
    ("B1", "bird seed", 7),
    ("B2", "brass bell", 25),
    ("C1", "catapult", 450),
    ("M1", "magnet", 40),
    ("R1", "rocket skates", 310),
    ("S1", "spring shoes", 55),
)


_NOTES: Final = ("the intercom of the back door is at 10.0.0.5", "first order")
"""What the customers wrote on their first orders: their own words, whatever they look like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order: an object with an owner."""

    id: str
    owner: str
    tenant: str
    sku: str
    quantity: int
    note: str
    status: str = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A small text file: an object with an owner."""

    id: str
    owner: str
    name: str
    content: str


class Store:
    """All that one side remembers."""

    def __init__(self, database: Path | None = None) -> None:
        """Open the database (None: in memory) and put in what every demo starts with."""
        passwords = tuple(password(account.name) for account in BUILT_IN)
        self._connection = sqlite3.connect(database or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        if database is None:
            self._connection.deserialize(_template(passwords))
        else:
            # Nothing here must survive a crash, and every write would wait for the disk.
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.executescript(_TABLES)
        self.audit: deque[tuple[str, str, datetime]] = deque(maxlen=200)
        if self._one("SELECT 1 FROM users") is None:
            _seed(self._connection, passwords)
        count = self._one("SELECT (SELECT COALESCE(MAX(place), 0) FROM orders) + (SELECT COALESCE(MAX(place), 0) FROM files) AS n")
        self._numbers = itertools.count(2001 + (count["n"] if count else 0))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def number(self) -> str:
        """Give the next id in sequence."""
        return str(next(self._numbers))

    # Users

    def add_user(self, account: Account, secret: str) -> bool:
        """Keep a new user; False when the name is taken."""
        return self._change(_NEW_USER, *_user_row(account, secret))

    def user(self, name: str) -> Account | None:
        """Find a user."""
        row = self._one("SELECT * FROM users WHERE name = ?", name)
        return _account(row) if row else None

    def users(self) -> list[Account]:
        """List all users."""
        return [_account(row) for row in self._all("SELECT * FROM users ORDER BY name LIMIT 200")]

    def knows(self, name: str, secret: str) -> bool:
        """Say whether this is the user's password."""
        row = self._one("SELECT password FROM users WHERE name = ?", name)
        return row is not None and bool(row["password"] == digest(secret))

    def kept(self, name: str) -> str:
        """Tell what is kept of a password. Only a build with a hole at `fields:shown` asks."""
        row = self._one("SELECT password FROM users WHERE name = ?", name)
        return row["password"].hex() if row else ""

    def update_user(self, account: Account) -> None:
        """Keep a changed profile."""
        self._change(
            "UPDATE users SET role = ?, display_name = ?, email = ?, credit_limit = ? WHERE name = ?",
            *(account.role, account.display_name, account.email, account.credit_limit, account.name),
        )

    def remove_user(self, name: str) -> bool:
        """Delete a user; False when there is none."""
        return self._change("DELETE FROM users WHERE name = ?", name)

    # Orders

    def add_order(self, order: Order) -> None:
        """Keep a new order."""
        self._change(_NEW_ORDER, *_order_row(order))

    def order(self, number: str) -> Order | None:
        """Find an order."""
        row = self._one("SELECT id, owner, tenant, sku, quantity, note, status FROM orders WHERE id = ?", number)
        return Order(**dict(row)) if row else None

    def orders(self, owner: str | None, limit: int) -> list[Order]:
        """List the newest orders of one owner, or of all, newest first."""
        columns = "SELECT id, owner, tenant, sku, quantity, note, status FROM orders"
        if owner is None:
            rows = self._all(f"{columns} ORDER BY place DESC LIMIT ?", limit)
        else:
            rows = self._all(f"{columns} WHERE owner = ? ORDER BY place DESC LIMIT ?", owner, limit)
        return [Order(**dict(row)) for row in rows]

    def update_order(self, order: Order) -> None:
        """Keep a changed order."""
        self._change(
            "UPDATE orders SET sku = ?, quantity = ?, note = ?, status = ? WHERE id = ?",
            *(order.sku, order.quantity, order.note, order.status, order.id),
        )

    def remove_order(self, number: str) -> None:
        """Delete an order."""
        self._change("DELETE FROM orders WHERE id = ?", number)

    def count_orders(self, tenant: str) -> int:
        """Count a tenant's orders."""
        row = self._one("SELECT COUNT(*) AS n FROM orders WHERE tenant = ?", tenant)
        return int(row["n"]) if row else 0

    # Files

    def add_file(self, file: StoredFile) -> None:
        """Keep a new file."""
        self._change(_NEW_FILE, file.id, file.owner, file.name, file.content)

    def file(self, number: str) -> StoredFile | None:
        """Find a file."""
        row = self._one("SELECT id, owner, name, content FROM files WHERE id = ?", number)
        return StoredFile(**dict(row)) if row else None

    def files(self, owner: str, limit: int) -> list[StoredFile]:
        """List an owner's newest files, newest first."""
        rows = self._all("SELECT id, owner, name, content FROM files WHERE owner = ? ORDER BY place DESC LIMIT ?", owner, limit)
        return [StoredFile(**dict(row)) for row in rows]

    def remove_file(self, number: str) -> None:
        """Delete a file."""
        self._change("DELETE FROM files WHERE id = ?", number)

    # The rest

    def announce(self, title: str, text: str) -> None:
        """Publish an announcement."""
        self._change(_NEW_ANNOUNCEMENT, title, text)

    def announcements(self) -> list[dict[str, Any]]:
        """List the newest announcements."""
        return [dict(row) for row in self._all("SELECT title, text FROM announcements ORDER BY place DESC LIMIT 20")]

    def search(self, term: str) -> list[dict[str, Any]]:
        """Find products whose name has the term in it."""
        rows = self._all("SELECT sku, name, price FROM products WHERE name LIKE '%' || ? || '%' ORDER BY sku", term)
        return [dict(row) for row in rows]

    def search_pasted(self, term: str) -> list[dict[str, Any]]:
        """Do the same the wrong way: the term becomes part of the query. Only a build with a hole at `binding:search` gets here."""
        query = f"SELECT sku, name, price FROM products WHERE name LIKE '%{term}%' ORDER BY sku"  # noqa: S608 - the flaw itself
        return [dict(row) for row in self._all(query)]

    def _one(self, query: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
        return row

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def _change(self, query: str, *values: object) -> bool:
        return self._connection.execute(query, values).rowcount > 0


@cache
def _template(passwords: tuple[str, ...]) -> bytes:
    """Give what every store starts with; it is made once, since hundreds of builds may share a process."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(_TABLES)
        _seed(connection, passwords)
        return connection.serialize()


def _seed(connection: sqlite3.Connection, passwords: tuple[str, ...]) -> None:
    for account, secret in zip(BUILT_IN, passwords, strict=True):
        connection.execute(_NEW_USER, _user_row(account, secret))
    connection.executemany("INSERT INTO products VALUES (?, ?, ?)", _PRODUCTS)
    for number, (account, note) in enumerate(zip(BUILT_IN, _NOTES, strict=False), start=1001):
        order = Order(id=str(number), owner=account.name, tenant=account.tenant, sku="A1", quantity=number - 1000, note=note)
        connection.execute(_NEW_ORDER, _order_row(order))
        connection.execute(_NEW_FILE, (str(number), account.name, "welcome.txt", f"Welcome, {account.display_name}."))
    connection.execute(_NEW_ANNOUNCEMENT, ("Opening", "The shop is open."))


def _user_row(account: Account, secret: str) -> tuple[object, ...]:
    return (account.name, digest(secret), account.role, account.tenant, account.display_name, account.email, account.credit_limit)


def _order_row(order: Order) -> tuple[object, ...]:
    return (order.id, order.owner, order.tenant, order.sku, order.quantity, order.note, order.status)


def _account(row: sqlite3.Row) -> Account:
    known = {key: row[key] for key in ("name", "role", "tenant", "display_name", "email", "credit_limit")}
    return Account(**known)
