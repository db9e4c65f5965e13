"""What is usual for each kind of answer, learnt from the first of them in this very run, and whether the last ones are worse.

Like is compared with like: an answer is slow when it took three times as long as its kind's first ones usually did, longer than most
of them, and a tenth of a second more; it failed when its kind does not. One answer says nothing: each bad one adds to a score, each good
one takes from it, and only a score that chance does not come to is a rise (the cumulative sum of Page, Biometrika 1954). Odd requests may
be slow and broken by their nature, so at most half of it may be theirs.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Protocol

LEAST: Final = 4
"""Answers of a kind after which something is known of it."""
MOST: Final = 24
"""Answers of a kind that are learnt."""
TIMES: Final = 3.0
"""A slow answer took so many times as long as its kind's usual one."""
FLOOR: Final = 0.1
"""Seconds that a slow answer took more than its kind's usual one: what a busy machine does to fast answers is no rise."""
HIGH: Final = 0.8
"""The share of its kind's answers that a slow one outlasted: kinds whose answers vary widely are given their range."""
RARE: Final = 0.1
"""The share of failures above which failing is what a kind does anyway."""
LEAST_USUAL: Final = 1e-3
"""Seconds: no answer is faster than that to a measure."""
BAD: Final = 3
"""What a bad answer adds to a score."""
CALM: Final = 12
"""So many good answers are a calm, and two more for each bad one among them."""
LATELY: Final = 8
"""Answers of which it is told how bad they are."""
_KEPT: Final = 512
"""Answers that wait to be learnt from."""


class Usual(Protocol):
    """What is usual for one kind of answer."""

    def judge(self, value: float) -> float | None:
        """Return how many times the usual a bad answer is, 0 for a good one, None where too little is known to tell."""
        ...

    def learn(self, value: float) -> None:
        """Take an answer for usual."""
        ...


class Latency:
    """How long one kind of answer usually takes, in seconds."""

    __slots__ = ("_bar", "_median", "_seen")

    def __init__(self) -> None:
        """Know nothing yet."""
        self._seen: list[float] = []
        self._median = self._bar = 0.0

    def judge(self, value: float) -> float | None:
        """Return how many times the usual a slow answer took."""
        if value < FLOOR:
            return 0.0
        if len(self._seen) < LEAST:
            return None
        return value / self._median if value > self._bar else 0.0

    def learn(self, value: float) -> None:
        """Take an answer's seconds for usual."""
        if len(self._seen) < MOST:
            insort(self._seen, value)
            self._median = max(self._seen[len(self._seen) // 2], LEAST_USUAL)
            high = self._seen[math.ceil(HIGH * (len(self._seen) - 1))]
            self._bar = max(TIMES * self._median, self._median + FLOOR, high)


class Failing:
    """How often one kind of request usually fails; the value of an answer is 1 where it failed, else 0."""

    __slots__ = ("_answers", "_failed")

    def __init__(self) -> None:
        """Know nothing yet."""
        self._answers, self._failed = 0, 0.0

    def judge(self, value: float) -> float | None:
        """Return 1 for a failure; of what fails anyway it tells nothing."""
        if not value:
            return 0.0
        return 1.0 if self._answers >= LEAST and self._failed <= RARE * self._answers else None

    def learn(self, value: float) -> None:
        """Take an answer for usual."""
        if self._answers < MOST:
            self._answers += 1
            self._failed += value


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How a gauge counts."""

    good: int
    """What a good answer takes from the score."""
    rise: int
    """The score that is a rise."""


class Gauge:
    """The last answers, each held against what is usual for its kind."""

    __slots__ = ("_calm", "_kinds", "_lately", "_made", "_odd", "_pending", "_plain", "_scale", "alert")

    def __init__(self, made: Callable[[], Usual], scale: Scale) -> None:
        """Know no kind yet."""
        self._made, self._scale = made, scale
        self._kinds: dict[Hashable, Usual] = {}
        self._pending: deque[tuple[Usual, float]] = deque(maxlen=_KEPT)
        self._lately: deque[float] = deque(maxlen=LATELY)
        self._plain = self._odd = self._calm = 0
        self.alert = False
        """Whether a rise was seen and no calm after it: then half as much tells that it goes on, and nothing is learnt."""

    @property
    def risen(self) -> bool:
        """Whether the answers are worse than chance makes them."""
        rise = self._scale.rise / 2 if self.alert else self._scale.rise
        return self._plain + self._odd >= rise and self._plain >= rise / 2

    @property
    def calm(self) -> bool:
        """Whether enough good answers came since `begin`."""
        return self._calm >= CALM

    @property
    def times(self) -> float:
        """How many times the usual the bad ones of the last answers were, in the middle of them; 0 where none was."""
        bad = sorted(filter(None, self._lately))
        return bad[len(bad) // 2] if bad else 0.0

    @property
    def part(self) -> float:
        """The share of bad ones among the last answers."""
        return sum(map(bool, self._lately)) / len(self._lately) if self._lately else 0.0

    def hear(self, kind: Hashable, value: float, *, plain: bool) -> None:
        """Take an answer to a plain request or an odd one."""
        usual = self._kinds.get(kind)
        if usual is None:
            usual = self._kinds[kind] = self._made()
        times = usual.judge(value)
        if times is not None:
            self._lately.append(times)
            self._count(-self._scale.good if times == 0 else BAD, plain=plain)
        if self.alert:
            return
        self._pending.append((usual, value))
        # What comes while something is suspected might teach what it should tell.
        while self._pending and not self._plain:
            known, seen = self._pending.popleft()
            known.learn(seen)

    def _count(self, points: int, *, plain: bool) -> None:
        """Add to the score, or take from it."""
        self._calm = max(0, self._calm - 2) if points > 0 else self._calm + 1
        if plain:
            self._plain = max(0, self._plain + points)
        else:
            self._odd = min(max(0, self._odd + points), self._scale.rise // 2)

    def begin(self, *, alert: bool) -> None:
        """Begin anew: what was asked at another rate says nothing about this one."""
        self.alert = alert
        self._pending.clear()
        self._lately.clear()
        self._plain = self._odd = self._calm = 0
