"""What makes two findings the same, and what the baseline's own range is."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest
from builders import answer, noise

from zeroweight.finding import Evidence, Finding, Noise, Rule, Severity, fingerprint
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.model.target import Side

PLACE = Place(method="GET", path="/x/{id}", role="ann", parameter="query:q")
RULE = Rule(id="own.rule", title="A rule", severity=Severity.HIGH, cwe=1, remedy="Mend it.")
FINDING = Finding(rule=RULE, place=PLACE, side=Side.CANARY, evidence=Evidence(says="seen"))


def test_a_fingerprint_is_the_same_today_and_next_year() -> None:
    assert fingerprint("own.rule", PLACE) == "zw1:4feca08509247cbe"
    assert fingerprint("headers.csp-lost", Place(method="GET", path="/")) == "zw1:edb7a3c3907593a6"


def test_a_fingerprint_is_zw1_and_16_hex_digits() -> None:
    assert re.fullmatch(r"zw1:[0-9a-f]{16}", FINDING.fingerprint)


@pytest.mark.parametrize("change", [{field.name: "other"} for field in fields(Place)])
def test_every_part_of_the_place_counts(change: dict[str, str]) -> None:
    assert fingerprint("own.rule", replace(PLACE, **change)) != FINDING.fingerprint


def test_the_rule_counts() -> None:
    assert fingerprint("own.other", PLACE) != FINDING.fingerprint


@pytest.mark.parametrize(
    "same",
    [
        replace(FINDING, side=Side.BASELINE),
        replace(FINDING, evidence=Evidence(says="otherwise", cause="another")),
        replace(FINDING, rule=replace(RULE, title="Renamed", severity=Severity.LOW, remedy="")),
    ],
)
def test_evidence_side_and_wording_do_not_count(same: Finding) -> None:
    assert same.fingerprint == FINDING.fingerprint


def test_parts_do_not_run_into_each_other() -> None:
    assert fingerprint("a", Place(method="b", path="c")) != fingerprint("a", Place(method="bc", path=""))
    assert fingerprint("a", Place(role="b", parameter="c")) != fingerprint("a", Place(role="bc", parameter=""))


def test_severities_have_words_and_an_order() -> None:
    assert [severity.word for severity in sorted(Severity)] == ["note", "low", "medium", "high", "critical"]
    assert [Severity.of(severity.word) for severity in Severity] == list(Severity)
    with pytest.raises(KeyError):
        Severity.of("severe")


def test_the_family_is_the_word_before_the_dot() -> None:
    assert RULE.family == "own"


def test_noise_is_everything_that_the_baseline_itself_showed() -> None:
    seen = noise(answer(Outcome.ALLOWED, 200, {"X-A": "1"}), answer(Outcome.BROKEN, 500), answer(Outcome.SILENT, failure="reset"))
    assert seen.statuses == {200, 500, 0}
    assert seen.outcomes == {Outcome.ALLOWED, Outcome.BROKEN, Outcome.SILENT}
    assert seen.ever_without("x-a")


def test_a_header_that_always_came_or_was_never_asked_for_is_not_missing() -> None:
    steady = noise(answer(Outcome.ALLOWED, 200, {"X-A": "1"}), answer(Outcome.SILENT, failure="reset"))
    assert not steady.ever_without("x-a")
    assert not Noise().ever_without("x-a")
    assert (Noise().statuses, Noise().outcomes) == (frozenset(), frozenset())
