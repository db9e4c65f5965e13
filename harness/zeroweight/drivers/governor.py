"""Backs off when the baseline suffers: a gate must not bring down the service that it guards. Lines of every kind send under it.

The baseline suffers when its answers take longer than they did, or fail more often; what is a rise and what is not, `gauge` says. Both
sides are slowed alike, since both must be given the same look.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from zeroweight.drivers.gauge import Failing, Gauge, Latency, Scale
from zeroweight.drivers.limits import Meter
from zeroweight.model.governed import Governed, suffering
from zeroweight.model.http import Exchange
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

SLOW: Final = Scale(good=2, rise=24)
"""Slow answers are a rise where more than two in five are slow: eight of them in a row, for a start."""
FAILED: Final = Scale(good=1, rise=15)
"""Failures are a rise where more than one answer in four fails: five of them in a row, for a start."""
DOWN: Final = 0.5
UP: Final = 1.5
"""What the rate is multiplied by, after a rise and after a calm."""
LOWEST: Final = 1.0
"""Requests a second of one process to a side; slower than that a run comes to nothing."""
PATIENCE: Final = 6
"""Rises at the lowest rate after which the run is stopped, where they are failures, or grave."""
GRAVE: Final = 10.0
"""Answers that take less than so many times as long end no run, however long that lasts: it goes on at the lowest rate."""
FREE: Final = 10_000.0
"""Requests a second: a higher rate holds nobody back."""
ENDED: Final = "the governor ended the run"
"""How the reason begins for which a stopped run asks nothing more."""
_PACE: Final = 16
"""Requests that a pace is told from."""
_INSTANT: Final = 1e-3
"""Seconds: a span too short to tell a pace from."""
_TOO_MANY: Final = 429
_BROKEN: Final = 500


class Governor:
    """Watches every exchange of the baseline in one process of the run, and holds both sides' meters while the baseline suffers.

    A rise halves the rate, starting from what is really being sent; a calm raises it by half, until it is what it was.
    Where the baseline fails at the lowest rate still, or is gravely slow, and that goes on, the run is stopped: what is owed is a gap.
    """

    __slots__ = (
        "_clock",
        "_failing",
        "_free",
        "_held",
        "_lowest",
        "_meters",
        "_patience",
        "_sent",
        "_since",
        "_slow",
        "_told",
        "_until",
        "_watched",
    )

    def __init__(self, meters: Mapping[Side, Meter], *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the meters of both sides, at the rates that the operator allows; hold nothing yet. `clock` times the exchanges."""
        self._meters, self._clock = meters, clock
        self._free = {side: meter.rate for side, meter in meters.items()}
        self._lowest = min(LOWEST, *(rate / 2 for rate in self._free.values()))
        self._held = False
        self._patience = PATIENCE
        self._slow, self._failing = Gauge(Latency, SLOW), Gauge(Failing, FAILED)
        self._sent: deque[float] = deque(maxlen=_PACE)
        """When the last requests left for the baseline."""
        self._since = self._until = 0.0
        """When the rate was last changed, and when the last slow answer came that counted."""
        self._watched = 0
        self._told = Governed()

    def note(self, exchange: Exchange) -> None:
        """Look at an exchange of either side as it ends."""
        failure, sent = exchange.failure, exchange.timing.sent
        ours = failure is not None and failure.ours
        if exchange.target.side is not Side.BASELINE or (ours and not sent):
            return
        self._watched += 1
        probe = exchange.probe
        # A burst asks for the answers that it gets; and an end of the run's own is nothing that the baseline did.
        if ours or probe.intent is Intent.BURST:
            return
        # What could not even be dialled was asked, too.
        asked = sent or self._clock()
        if asked < self._since:
            return  # it left at another rate
        self._sent.append(asked)
        kind = (probe.operation.method, probe.operation.path, probe.verb, probe.intent)
        plain, status = probe.intent is Intent.NORMAL, exchange.status
        failed = failure is not None or status == _TOO_MANY or status >= _BROKEN
        self._failing.hear(kind, float(failed), plain=plain)
        # One stall meets all lanes at once: what was on its way when a slow answer came says no more than that one.
        if failure is None and asked >= self._until:
            seconds = exchange.timing.seconds
            if self._slow.hear((*kind, status), seconds, plain=plain, among=status):
                self._until = asked + seconds
        if self._slow.risen or self._failing.risen:
            self._back_off()
        elif self._held and self._slow.calm and self._failing.calm:
            self._ease()

    def take(self) -> Governed:
        """Return what was seen and done since the last call."""
        told = replace(self._told, watched=self._watched)
        self._watched, self._told = 0, Governed()
        return told

    @property
    def _rate(self) -> float:
        """The rate that both sides are held at, in requests a second."""
        return min(meter.rate for meter in self._meters.values())

    @property
    def _pace(self) -> float:
        """How fast requests really left of late, in requests a second; infinite where none left."""
        if len(self._sent) < 2:  # noqa: PLR2004  # one instant is no span
            return math.inf
        return (len(self._sent) - 1) / max(max(self._sent) - min(self._sent), _INSTANT)

    def _back_off(self) -> None:
        """Halve the rate, or lose patience where it cannot go lower."""
        told, rate = self._told, self._rate
        slow = self._slow.times if self._slow.risen else 0.0
        failed = self._failing.part if self._failing.risen else 0.0
        told = replace(told, times=max(told.times, slow), failed=max(told.failed, failed))
        if rate > self._lowest:
            real = min(rate, self._pace)
            held = max(self._lowest, real * DOWN) if math.isfinite(real) else self._lowest
            self._hold(dict.fromkeys(self._meters, held))
            told = replace(told, slowed=told.slowed + 1, lowest=min(told.lowest or held, held))
        elif failed or slow >= GRAVE:
            self._patience -= 1
            if not self._patience:
                told = replace(told, stopped=f"at {rate:.3g} requests/s {suffering(slow, failed)} still")
                for meter in self._meters.values():
                    meter.stop(f"{ENDED}: {told.stopped}")
        self._told, self._held = told, True
        self._begin(alert=True)

    def _hold(self, rates: Mapping[Side, float]) -> None:
        """Set the rates; raises RuntimeError where a meter does not keep to its own: a run that only says that it goes easy is no run."""
        for side, meter in self._meters.items():
            meter.hold(rates[side])
            if meter.rate != rates[side]:
                what = f"the {side}'s meter does not hold the rate of {rates[side]:.3g} requests/s"
                raise RuntimeError(what)
        self._since = self._clock()

    def _ease(self) -> None:
        """Raise the rate by half, up to what it was: what a pause looks like must not let everything go at once."""
        held = self._rate * UP
        self._held = held < min(FREE, *self._free.values())
        self._hold(dict.fromkeys(self._meters, held) if self._held else self._free)
        self._patience = PATIENCE
        self._begin(alert=False)

    def _begin(self, *, alert: bool) -> None:
        """Begin to look anew."""
        self._slow.begin(alert=alert)
        self._failing.begin(alert=alert)
        self._sent.clear()
