"""The library's people: two members and a librarian."""

from __future__ import annotations

import functools
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may log in."""

    name: str
    full_name: str
    staff: bool = False

    @property
    def email(self) -> str:
        """What he logs in with."""
        return f"{self.name}@readers.example"

    @property
    def role(self) -> str:
        """What he is to the library."""
        return "staff" if self.staff else "member"


PEOPLE: Final = {
    person.name: person
    for person in (
        Person(name="mia", full_name="Mia Lindqvist"),
        Person(name="noah", full_name="Noah Okafor"),
        Person(name="lena", full_name="Lena Petit", staff=True),
    )
}
PASSWORDS: Final = {"mia": "seven-lighthouses", "noah": "paper-kites-at-noon", "lena": "overdue-but-forgiven"}


@functools.cache
def _digest(password: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(errors="replace"), b"library", 2000)


def person_of(email: str, password: str) -> Person | None:
    """Say who this is; None when the password is not his, or nobody is called so."""
    person = next((person for person in PEOPLE.values() if person.email == email.strip().lower()), None)
    right = PASSWORDS[person.name] if person else "-"
    # Only the right passwords are worth remembering: attacks send thousands of wrong ones.
    given = hashlib.pbkdf2_hmac("sha256", password.encode(errors="replace"), b"library", 2000)
    return person if hmac.compare_digest(given, _digest(right)) else None
