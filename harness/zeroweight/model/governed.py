"""What a governor saw and did: how a run went easy on the baseline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """What the governor of one process saw and did since it last told."""

    watched: int = 0
    """Exchanges of the baseline that it looked at."""
    slowed: int = 0
    """How often it lowered the rate."""
    lowest: float = 0.0
    """The lowest rate that it set, in requests a second to a side; 0 where it set none."""
    times: float = 0.0
    """How many times as long as usual the slow answers took, at the worst; 0 where slowness was not the reason."""
    failed: float = 0.0
    """The share of answers that failed, at the worst; 0 where failing was not the reason."""
    stopped: str = ""
    """Why it ended the run."""


def suffering(times: float, failed: float) -> str:
    """Say what the baseline suffers from, in the words of `Governed`."""
    slow = f"the baseline's answers took {times:.1f} times as long" if times else ""
    broken = f"{failed:.0%} of the baseline's answers failed (5xx, 429 or none)" if failed else ""
    return " and ".join(part for part in (slow, broken) if part)
