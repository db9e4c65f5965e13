"""Where shipped folders lie: the one place that knows a checkout from an installed wheel."""

from __future__ import annotations

from pathlib import Path

from zeroweight.errors import ToolFailed


def shipped(folder: str) -> Path:
    """Return `suites`, `payloads` or `reports`: inside the package when installed, beside harness/ in a checkout.

    Raises ToolFailed when it is in neither place: a broken installation must not look like a project without suites.
    """
    package = Path(__file__).parent
    for place in (package / "data" / folder, package.parents[1] / folder):
        if place.is_dir():
            return place
    what = f"this installation has no {folder} folder; install zeroweight again"
    raise ToolFailed(what)
