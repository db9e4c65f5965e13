"""A lending library: Flask, cookie sessions, HTML pages beside JSON, forms, redirects, and 404 for what is not the caller's."""

from __future__ import annotations

from .app import build
from .gate import environment, gate
from .releases import BENIGN, FLAWS

__all__ = ["BENIGN", "FLAWS", "NAME", "build", "environment", "gate"]

NAME = "library"
