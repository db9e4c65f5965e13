"""The public pytest hooks. Values are returned by hooks; there is no registry.

These are specifications: pluggy reads their signatures and never calls them, so their bodies can only say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeroweight.checks.check import Check
    from zeroweight.verdict import Verdict


def pytest_zeroweight_checks() -> Iterable[Check]:
    """Return checks of your own, made by `zeroweight.check` and `zeroweight.contrast`; they look at every observation."""
    raise NotImplementedError


def pytest_zeroweight_verdict(verdict: Verdict, record: Mapping[str, Any]) -> None:
    """Publish a finished run: `record` is the redacted record as plain JSON. What you raise makes a PASS INCONCLUSIVE."""
    raise NotImplementedError
