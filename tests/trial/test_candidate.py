"""Which pairs of a candidate are asked again."""

from __future__ import annotations

from builders import answer

from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Scenario
from zeroweight.model.target import Side
from zeroweight.trial.candidate import TELLING, Pair, keep_telling, kind_of


def pair(label: str) -> Pair:
    old, new = (answer(Outcome.ALLOWED, side=side, label=label) for side in Side)
    return Pair(scenario=Scenario.of(new.exchange.probe), step=0, baseline=old, canary=new, thrice=False)


def kept(*labels: str) -> list[str]:
    telling: list[Pair] = []
    for label in labels:
        keep_telling(telling, pair(label))
    return [kind_of(each)[3] for each in telling]


def test_the_first_pairs_are_kept() -> None:
    assert kept("a", "b") == ["a", "b"]
    assert len(kept(*"abcdefgh")) == TELLING


def test_another_input_takes_the_place_of_one_that_is_there_twice() -> None:
    """One of thirty inputs may be what works: three times the same one would never show it."""
    assert kept("a", "a", "a", "b") == ["a", "a", "b"]
    assert kept("a", "a", "a", "b", "c", "d") == ["a", "c", "b"]


def test_an_input_that_is_there_already_changes_nothing() -> None:
    assert kept("a", "b", "b", "b", "a") == ["a", "b", "b"]
