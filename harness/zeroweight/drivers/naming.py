"""Which build an answer says it comes from, and who is told of it on each new connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zeroweight.model.http import Response
from zeroweight.model.request import Pointer
from zeroweight.model.target import Identity, Side

EVERY = 32
"""Answers of a side after which it is asked again: a balancer in front of a kept-alive connection may decide for each request anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Where a connection is asked which build it leads to, and who hears it: a balancer decides anew for each connection."""

    identity: Identity
    heard: Callable[[Side, str], None]
    """Takes the side and the build; an empty build where the answer named none."""

    @property
    def needed(self) -> bool:
        """Whether the build must be asked for: a header says it in every answer anyway."""
        return bool(self.identity.get and not self.identity.header)


def said(answer: Response, identity: Identity) -> str:
    """Return the build that an answer names, or nothing."""
    return answer.headers.get(identity.header) if identity.header else _pointed(answer, identity.pointer)


def _pointed(answer: Response, pointer: str) -> str:
    try:
        value = Pointer(path=pointer).find(answer.json)
    except LookupError:
        return ""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
