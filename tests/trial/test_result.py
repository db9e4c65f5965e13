from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import msgspec
import pytest

from zeroweight.compare import Delta, Repeats, State
from zeroweight.finding import Excerpt, Exhibit, Severity, Tally, fingerprint
from zeroweight.ledger import Owed
from zeroweight.model.governed import Governed
from zeroweight.model.look import Exclusion, Gap
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.trial.protection import Change, Protection
from zeroweight.trial.result import TrialResult
from zeroweight.trial.yardstick import Cell

PLACE = Place(method="GET", path="/things/{id}", role="ann", parameter="query:q")
DELTA = Delta(
    rule="authorization.opened",
    title="A guard is gone",
    severity=Severity.CRITICAL,
    place=PLACE,
    fingerprint=fingerprint("authorization.opened", PLACE),
    state=State.UNSTEADY,
    confirmed=True,
    tentative=True,
    pairs=7,
    seen_new=3,
    evidence=("one", "two"),
    request="GET /things/1",
    cause="guard",
    repeats=Repeats(canary=3, asked_canary=6, baseline=1, asked_baseline=6),
    cwe=862,
    owasp="API1:2023",
    remedy="Put it back.",
    suites=("own",),
)
FULL = TrialResult(
    suite="own",
    test="test_own[GET /things/{id}]",
    deltas=(DELTA,),
    gaps=(Gap(what="w", why="y", fix="f", code="silent", suite="own", operation="GET /things", role="ann"),),
    exclusions=(Exclusion(what="w", why="y", suite="own", operation="PUT /things/{id}", role="ben"),),
    crossed=(Owed(suite="own", operation="GET /things", role="ann"), Owed(suite="own", operation="GET /things")),
    allowed=(("GET /things", "ann"),),
    asked=("GET /things",),
    pairs=12,
    noisy=2,
    requests={"baseline": 20, "canary": 21},
    builds={"baseline": {"1.0": 20}, "canary": {"1.1": 20, "1.0": 1}},
    governed=Governed(watched=20, slowed=2, lowest=1.5, times=5.0, failed=0.5, stopped="at 1 requests a second"),
    resent=1,
    exhibits={
        "zw1:0": Exhibit(
            baseline=Excerpt(status=403, outcome="refused", headers=(("A", "1"), ("a", "2")), body="no", cut=7, seconds=0.5),
            canary=Excerpt(outcome="silent", failure="timeout: 10 s"),
            curl='curl "$CANARY"/',
        )
    },
    cells=(
        Cell(
            operation="GET /things",
            role="ben",
            owner="ann",
            baseline=Outcome.REFUSED,
            canary=Outcome.ALLOWED,
            baseline_status=403,
            canary_status=200,
        ),
    ),
    protections=(Protection(operation="GET /things", name="X-Frame-Options", baseline="DENY", canary="", change=Change.WEAKER),),
    began=1.5,
    ended=2.5,
    repeats=14,
    noise_asks=5,
    dropped=("zw1:1",),
    tallies=(Tally(name="cookies", facts=(("flag", True), ("off", False), ("count", 1), ("zero", 0), ("word", "1"))),),
)


def there_and_back(result: TrialResult) -> TrialResult:
    """Take the road of a test's report: plain JSON, as the worker writes it and the controller reads it."""
    return msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(result))), TrialResult)


def test_every_part_of_the_full_result_differs_from_its_default() -> None:
    bare = TrialResult(suite="")
    assert all(getattr(FULL, part.name) != getattr(bare, part.name) for part in fields(TrialResult))


@pytest.mark.parametrize("result", [TrialResult(suite="own"), FULL], ids=["bare", "full"])
def test_a_result_survives_plain_json(result: TrialResult) -> None:
    assert there_and_back(result) == result


def test_what_comes_back_are_nouns_again() -> None:
    (delta,) = there_and_back(FULL).deltas
    assert isinstance(delta.severity, Severity)
    assert isinstance(delta.state, State)
    assert isinstance(delta.place, Place)
    assert delta.repeats.share == 0.5


def test_truth_does_not_become_a_number_nor_a_number_a_word() -> None:
    (tally,) = there_and_back(FULL).tallies
    assert [type(value) for _, value in tally.facts] == [bool, bool, int, int, str]


@pytest.mark.parametrize("text", ["\ud800 half a character", "\u202e turned", "\0", "\u2028", "😀", '"</script>'])
def test_whatever_a_target_writes_survives_plain_json(text: str) -> None:
    result = TrialResult(suite="own", gaps=(Gap(what=text, why=text),), builds={"canary": {text: 1}})
    assert there_and_back(result) == result


@pytest.mark.parametrize(
    "plain",
    [{}, {"suite": 1}, {"suite": "own", "pairs": "many"}, {"suite": "own", "deltas": [{}]}, {"suite": "own", "gaps": [{"what": "w"}]}],
)
def test_what_is_no_result_is_not_taken_for_one(plain: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, TrialResult)
