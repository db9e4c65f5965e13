"""What is usual for each kind of answer, learnt from the first of them in this very run, and whether the last ones are worse.

Like is compared with like: an answer is slow when it took three times as long as its kind's first ones usually did, longer than most
of them, and a tenth of a second more; it failed when its kind does not. One answer says nothing: each bad one adds to a score, each good
one takes from it, and only a score that chance does not come to is a rise (the cumulative sum of Page, Biometrika 1954). Odd requests may
be slow and broken by their nature, so at most half of it may be theirs.

Few requests are asked four times. A plain answer of a kind of which too little is known is held against the crowd, all plain answers of the
first ones, and by more: operations differ by nature. Each kind counts once until a calm, so only many kinds are a rise.
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
CROWD_LEAST: Final = 16
"""Plain answers after which something is known of the crowd."""
CROWD_MOST: Final = 96
"""Plain answers of the crowd that are learnt."""
CROWD_TIMES: Final = 6.0
"""A slow answer took so many times as long as the crowd's usual one."""
CROWD_HIGH: Final = 0.95
"""The share of the crowd's answers that a slow one outlasted."""
CROWD_BAD: Final = 2
"""What an answer that is bad beside the crowd adds to a score."""
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

    @property
    def known(self) -> bool:
        """Whether enough was learnt to tell."""
        ...


class Latency:
    """How long one kind of answer usually takes, in seconds; or the crowd's answers."""

    __slots__ = ("_bar", "_high", "_least", "_median", "_most", "_seen", "_times")

    def __init__(self, *, crowd: bool = False) -> None:
        """Know nothing yet."""
        self._least, self._most = (CROWD_LEAST, CROWD_MOST) if crowd else (LEAST, MOST)
        self._times, self._high = (CROWD_TIMES, CROWD_HIGH) if crowd else (TIMES, HIGH)
        self._seen: list[float] = []
        self._median = self._bar = 0.0

    @property
    def known(self) -> bool:
        """Whether enough was learnt to tell."""
        return len(self._seen) >= self._least

    def judge(self, value: float) -> float | None:
        """Return how many times the usual a slow answer took."""
        if value < FLOOR:
            return 0.0
        if len(self._seen) < self._least:
            return None
        return value / self._median if value > self._bar else 0.0

    def learn(self, value: float) -> None:
        """Take an answer's seconds for usual."""
        if len(self._seen) < self._most:
            insort(self._seen, value)
            self._median = max(self._seen[len(self._seen) // 2], LEAST_USUAL)
            high = self._seen[math.ceil(self._high * (len(self._seen) - 1))]
            self._bar = max(self._times * self._median, self._median + FLOOR, high)


class Failing:
    """How often one kind of request usually fails; the value of an answer is 1 where it failed, else 0."""

    __slots__ = ("_answers", "_failed", "_least", "_most")

    def __init__(self, *, crowd: bool = False) -> None:
        """Know nothing yet."""
        self._least, self._most = (CROWD_LEAST, CROWD_MOST) if crowd else (LEAST, MOST)
        self._answers, self._failed = 0, 0.0

    @property
    def known(self) -> bool:
        """Whether enough was learnt to tell."""
        return self._answers >= self._least

    def judge(self, value: float) -> float | None:
        """Return 1 for a failure; of what fails anyway it tells nothing."""
        if not value:
            return 0.0
        return 1.0 if self._answers >= self._least and self._failed <= RARE * self._answers else None

    def learn(self, value: float) -> None:
        """Take an answer for usual."""
        if self._answers < self._most:
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

    __slots__ = ("_calm", "_counted", "_crowds", "_kinds", "_lately", "_made", "_odd", "_pending", "_plain", "_scale", "alert")

    def __init__(self, made: Callable[..., Usual], scale: Scale) -> None:
        """Know no kind yet."""
        self._made, self._scale = made, scale
        self._kinds: dict[Hashable, Usual] = {}
        self._crowds: dict[Hashable, Usual] = {}
        self._counted: set[Hashable] = set()
        """The kinds that counted as bad beside the crowd since the last calm."""
        self._pending: deque[tuple[Usual, Usual | None, float]] = deque(maxlen=_KEPT)
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

    def hear(self, kind: Hashable, value: float, *, plain: bool, among: Hashable = None) -> bool:
        """Take an answer to a plain request or an odd one, of a kind `among` those that may be likened; returns whether it is bad."""
        usual = self._kinds.get(kind)
        if usual is None:
            usual = self._kinds[kind] = self._made()
        crowd = None
        if plain:
            crowd = self._crowds.get(among)
            if crowd is None:
                crowd = self._crowds[among] = self._made(crowd=True)
        times, bad = usual.judge(value), BAD
        if times is None and crowd is not None and not usual.known:
            times, bad = crowd.judge(value), CROWD_BAD
            if times:
                bad = 0 if kind in self._counted else bad
                self._counted.add(kind)
        if times is not None:
            self._lately.append(times)
            self._count(bad if times else -self._scale.good, plain=plain)
        if not self.alert:
            self._pending.append((usual, crowd, value))
            self._learn()
        return bool(times)

    def _learn(self) -> None:
        """Learn from what waits; what comes while something is suspected might teach what it should tell."""
        while self._pending and not self._plain:
            known, crowd, seen = self._pending.popleft()
            known.learn(seen)
            if crowd is not None:
                crowd.learn(seen)

    def _count(self, points: int, *, plain: bool) -> None:
        """Add to the score, or take from it."""
        self._calm = max(0, self._calm - 2) if points >= 0 else self._calm + 1
        if plain:
            self._plain = max(0, self._plain + points)
        else:
            self._odd = min(max(0, self._odd + points), self._scale.rise // 2)

    def begin(self, *, alert: bool) -> None:
        """Begin anew: what was asked at another rate says nothing about this one."""
        self.alert = alert
        self._pending.clear()
        if not alert:
            self._counted.clear()
        self._lately.clear()
        self._plain = self._odd = self._calm = 0
