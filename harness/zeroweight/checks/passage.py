"""An answer taken apart into the passages in which names and addresses are looked for, each with where it stands.

Two answers of one build show other addresses (another pod, another port) in the same passages, so it is passages that are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from zeroweight.checks.mask import masked
from zeroweight.finding import HeaderName
from zeroweight.model.http import Response
from zeroweight.model.request import Pointer

BODY = "the body"
_NOT_TEXT = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip", "application/octet-stream", "application/wasm")

_FREE_TEXT = frozenset(
    {
        *("note", "notes", "comment", "comments", "text", "body", "content", "title", "subject", "description", "bio", "about", "memo"),
        *("remark", "remarks", "review", "reviews", "summary", "caption"),
        *("example", "examples", "sample", "placeholder", "pattern", "hint", "help"),
    }
)
_OF_PEOPLE_IN_LISTS = frozenset({"message", "messages", "msg", "reply", "replies"})
"""Fields that services speak in themselves, and people where there are many."""

_MOST = 20_000
"""Pieces of one JSON body that are looked at: a target may send a megabyte of them."""
_MOST_ITEMS = 2_000
"""Members of one list or object that are looked at, so that a long one hides none of what follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of text of an answer; `where` is the same in every answer of one shape, `name` that of its header or key, lower case."""

    where: str
    name: str
    text: str
    at: HeaderName | Pointer | None = None

    @property
    def written(self) -> bool:
        """Whether people wrote it, as far as its place tells: a field for free text, for a sample, or for messages in a list.

        Which of them an answer holds is a matter of state, of order and of pages, and differs between two sides of one build. That holds
        where something was handed out; an error speaks in such fields itself.
        """
        if not isinstance(self.at, Pointer):
            return False
        return self.name in _FREE_TEXT or ("/*" in self.where and self.name in _OF_PEOPLE_IN_LISTS)


def passages(response: Response) -> Iterator[Passage]:
    """Yield the header fields, then the strings and keys of JSON, or the body's text as a whole; nothing of pictures and the like."""
    for key, value in response.headers.raw:
        name = key.decode("latin-1")
        yield Passage(where=f"header {name.lower()}", name=name.lower(), text=value.decode("latin-1"), at=HeaderName(name=name))
    if is_text(response):
        if response.json is not None:
            yield from islice(_strings(response.json), _MOST)
        elif response.body:
            yield Passage(where=BODY, name="", text=response.readable)


def is_text(response: Response) -> bool:
    """Whether the body is for reading."""
    return not response.media_type.startswith(_NOT_TEXT)


def one_body(old: Response, new: Response) -> bool:
    """Whether two answers have the very same body, to be read the same way: then no passage of it is news."""
    return old.body == new.body and old.media_type == new.media_type


def _strings(body: Any) -> Iterator[Passage]:
    """Yield each string and each key of plain JSON; iterative, since nesting is the target's choice."""
    stack: list[tuple[str, str, str, Any]] = [("", "", "", body)]
    spelt: dict[str, str] = {}
    while stack:
        where, path, name, item = stack.pop()
        if isinstance(item, str):
            yield Passage(where=where or BODY, name=name, text=item, at=Pointer(path=path))
        elif isinstance(item, dict):
            members = list(islice(item.items(), _MOST_ITEMS))
            for key, _ in members:
                yield Passage(where=f"keys of {where or BODY}", name=name, text=key, at=Pointer(path=path))
                if key not in spelt:
                    spelt[key] = masked(key)
            stack.extend((f"{where}/{spelt[key]}", f"{path}/{_token(key)}", key.lower(), value) for key, value in reversed(members))
        elif isinstance(item, list):
            stack.extend((f"{where}/*", f"{path}/{index}", name, value) for index, value in reversed(list(enumerate(item[:_MOST_ITEMS]))))


def _token(key: str) -> str:
    """Write a key as a token of a JSON pointer (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1")
