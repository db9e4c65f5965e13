"""All checks look; one that raises looks no more, and takes nothing from the others."""

from __future__ import annotations

from builders import answer
from worlds import broken, leak, lost

from zeroweight.finding import Noise
from zeroweight.model.outcome import Outcome
from zeroweight.model.target import Side
from zeroweight.trial.sight import Sight

OLD = answer(Outcome.ALLOWED, 200, {"X-Guard": "1"}, b"leak", side=Side.BASELINE)
NEW = answer(Outcome.ALLOWED, 200, {}, b"leak")


def test_each_half_has_its_own_findings_and_contrasts_lie_on_the_canary() -> None:
    old, new = Sight([lost, leak]).findings(OLD, NEW)
    assert [(each.rule.id, each.side) for each in old] == [("own.leak", Side.BASELINE)]
    assert [(each.rule.id, each.side) for each in new] == [("own.leak", Side.CANARY), ("own.lost", Side.CANARY)]


def test_a_check_that_raises_is_kept_once_and_asked_no_more() -> None:
    sight = Sight([broken, lost])
    for _ in range(3):
        assert [each.rule.id for each in sight.findings(OLD, NEW)[1]] == ["own.lost"]
    assert [failure.check for failure in sight.broken] == [broken]


def test_an_answer_shows_what_made_a_candidate_or_not() -> None:
    sight = Sight([lost])
    (found,) = sight.findings(OLD, NEW)[1]
    assert sight.shows(found.fingerprint, OLD, NEW, Noise())
    assert not sight.shows(found.fingerprint, OLD, OLD, Noise())
    assert not sight.shows(found.fingerprint, OLD, NEW, Noise(answers=(NEW,)))
