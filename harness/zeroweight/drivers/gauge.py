"""What is usual for each kind of answer, learnt from the first of them, and whether the last ones are worse.

Like is compared with like, in this very run: an answer is slow when it took three times as long as its kind's first ones usually did,
longer than nearly all of them, and a tenth of a second more; it failed when its kind does not. One answer says nothing. Odd requests may be
slow and broken by their nature, so plain ones must show the same before it is a rise.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple, Protocol

WINDOW: Final = 24
"""Answers that are looked at together."""
PLAIN: Final = 8
"""Answers to plain requests that are looked at together."""
LEAST: Final = 5
"""Answers of a kind after which something is known of it."""
MOST: Final = 24
"""Answers of a kind that are learnt."""
TIMES: Final = 3.0
"""A slow answer took so many times as long as its kind's usual one."""
FLOOR: Final = 0.1
"""Seconds that a slow answer took more than its kind's usual one: what a busy machine does to fast answers is no rise."""
HIGH: Final = 0.9
"""The share of its kind's answers that a slow one outlasted: kinds whose answers vary widely are given their range."""
RARE: Final = 0.1
"""The share of failures above which failing is what a kind does anyway."""
LEAST_USUAL: Final = 1e-3
"""Seconds: no answer is faster than that to a measure."""


class Usual(Protocol):
    """What is usual for one kind of answer."""

    @property
    def known(self) -> bool:
        """Whether enough was seen to judge another answer by it."""
        ...

    def times(self, value: float) -> float:
        """Return how many times the usual an answer is, where it is worse than usual; else 0."""
        ...

    def learn(self, value: float) -> None:
        """Take a calm answer for usual."""
        ...


class Latency:
    """How long one kind of answer usually takes, in seconds."""

    __slots__ = ("_bar", "_calm", "_median")

    def __init__(self) -> None:
        """Know nothing yet."""
        self._calm: list[float] = []
        self._median, self._bar = 0.0, math.inf

    @property
    def known(self) -> bool:
        """Whether enough answers were timed."""
        return len(self._calm) >= LEAST

    def times(self, value: float) -> float:
        """Return how many times the usual a slow answer took."""
        return value / self._median if value > self._bar else 0.0

    def learn(self, value: float) -> None:
        """Take an answer's seconds for usual."""
        if len(self._calm) < MOST:
            insort(self._calm, value)
            self._median = max(self._calm[len(self._calm) // 2], LEAST_USUAL)
            high = self._calm[math.ceil(HIGH * (len(self._calm) - 1))]
            self._bar = max(TIMES * self._median, self._median + FLOOR, high)


class Failing:
    """How often one kind of request usually fails; the value of an answer is 1 where it failed, else 0."""

    __slots__ = ("_answers", "_failed")

    def __init__(self) -> None:
        """Know nothing yet."""
        self._answers, self._failed = 0, 0.0

    @property
    def known(self) -> bool:
        """Whether enough answers were seen, and nearly all of them good: of what fails anyway a failure tells nothing."""
        return self._answers >= LEAST and self._failed <= RARE * self._answers

    def times(self, value: float) -> float:
        """Return 1 for a failure."""
        return value

    def learn(self, value: float) -> None:
        """Take an answer for usual."""
        if self._answers < MOST:
            self._answers += 1
            self._failed += value


class _Vote(NamedTuple):
    """An answer of a kind of which something is known."""

    usual: Usual
    value: float
    times: float


class Gauge:
    """The last answers, each held against what is usual for its kind."""

    __slots__ = ("_bad", "_kinds", "_made", "_plain", "_share", "_votes")

    def __init__(self, made: Callable[[], Usual], share: float) -> None:
        """Know no kind yet; `share` is the part of bad answers from which on they are a rise."""
        self._made, self._share = made, share
        self._kinds: dict[Hashable, Usual] = {}
        self._votes: deque[_Vote] = deque()
        self._plain: deque[bool] = deque(maxlen=PLAIN)
        self._bad = 0

    @property
    def risen(self) -> bool:
        """Whether so many answers are bad that it is no chance: of all, and of the plain ones."""
        return self._bad >= self._share * WINDOW and sum(self._plain) >= self._share * PLAIN

    @property
    def calm(self) -> bool:
        """Whether enough was seen since the window began to say that all is well: less than half as bad as a rise."""
        enough = len(self._votes) == WINDOW or len(self._plain) == PLAIN
        return enough and self._bad < self._share * len(self._votes) / 2

    @property
    def times(self) -> float:
        """How many times the usual the bad answers are, in the middle of them."""
        bad = sorted(vote.times for vote in self._votes if vote.times)
        return bad[len(bad) // 2] if bad else 0.0

    @property
    def part(self) -> float:
        """The share of bad answers."""
        return self._bad / len(self._votes) if self._votes else 0.0

    def hear(self, kind: Hashable, value: float, *, plain: bool, learn: bool) -> None:
        """Take an answer; what left the window without a rise was calm, and only then it is learnt from."""
        usual = self._kinds.get(kind)
        if usual is None:
            usual = self._kinds[kind] = self._made()
        if not usual.known:
            if learn:
                usual.learn(value)
            return
        times = usual.times(value)
        self._votes.append(_Vote(usual, value, times))
        self._bad += times > 0
        if plain:
            self._plain.append(times > 0)
        if len(self._votes) > WINDOW:
            old = self._votes.popleft()
            self._bad -= old.times > 0
            if learn:
                old.usual.learn(old.value)

    def begin(self, *, learn: bool) -> None:
        """Begin a new window."""
        for vote in self._votes if learn else ():
            vote.usual.learn(vote.value)
        self._votes.clear()
        self._plain.clear()
        self._bad = 0
