"""A clinic's records: Falcon on ASGI, JSON envelopes, errors inside 200 answers, UUIDs, tokens and API keys, practices as tenants."""

from __future__ import annotations

from .app import build
from .gate import environment, gate
from .releases import BENIGN, FLAWS

__all__ = ["BENIGN", "FLAWS", "NAME", "build", "environment", "gate"]

NAME = "clinic"
