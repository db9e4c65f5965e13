"""The first screen: what to do, why, how sure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reported import finding, left, plain, whole
from writers import records
from writers.browsing import written

from zeroweight.record import NotTested, Record, RunLine, Surety, TargetLine
from zeroweight.verdict import Reason
from zeroweight.writers.page_finding import CauseView, suites, views
from zeroweight.writers.page_why import BLOCKS, MOST, ROWS, ReasonView, action, sentence, sure, why
from zeroweight.writers.telling import groups, surety


def causes(record: dict[str, Any]) -> tuple[CauseView, ...]:
    findings = record["summary"]["findings"]
    return views(groups(findings), record, suites(findings), ("", ""))


def said(record: Record | dict[str, Any]) -> str:
    given = record if isinstance(record, dict) else plain(record)
    return sentence(given, causes(given))


def reasons(record: dict[str, Any]) -> tuple[tuple[ReasonView, ...], tuple[ReasonView, ...], int]:
    return why(record, causes(record))


LACKS = "Nothing new blocks, but 2 things that a PASS needs are missing."


def clean(verdict: str, *told: Reason, **more: Any) -> Record:
    """Return a record without a new finding."""
    old = finding(state="unchanged", action="ignore")
    return whole(old, verdict=verdict, reasons=told, not_tested=NotTested(gaps=(left(),)), **more)


@pytest.mark.parametrize(
    ("verdict", "asks"), [("PASS", "give it users"), ("FAIL", "do not give it users"), ("INCONCLUSIVE", "do not decide by this run")]
)
def test_the_headline_says_what_to_do_with_which_build(verdict: str, asks: str) -> None:
    assert action(plain(whole(verdict=verdict))["summary"], "1.42.0") == f"things 1.42.0: {asks}"


def test_a_run_that_did_not_get_to_know_the_service_speaks_of_this_canary() -> None:
    assert action(records.never_began()["summary"], "") == "this canary: do not decide by this run"


def test_a_fail_says_how_much_blocks_how_bad_it_is_and_what_is_missing() -> None:
    one = whole(finding(severity="high"))
    assert said(one) == "1 cause at 1 place blocks, the worst is high."
    two = (finding(fingerprint="zw1:1"), finding(fingerprint="zw1:2"), finding(rule="b", severity="low"))
    told = (Reason(code="authorization.opened", text="…"), Reason(code="b", text="…"), Reason(code="silent", text="…"))
    more = whole(*two, reasons=told)
    assert said(more) == "2 causes at 3 places block, the worst is critical. Besides, 1 thing that a PASS needs is missing."


def test_a_pass_says_why_and_what_the_policy_let_through() -> None:
    reason = Reason(code="no-regression", text="everything was asked")
    assert said(clean("PASS", reason)) == "Everything was asked."
    let = whole(finding(action="warn"), finding(rule="b", action="waived"), verdict="PASS", reasons=(reason,))
    assert said(let) == "Everything was asked. The policy lets 2 new findings through."


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ((Reason(code="silent", text="x"), Reason(code="role", text="y")), LACKS),
        ((Reason(code="same-build", text="both are 1.0"),), "The comparison itself proves nothing: Both are 1.0."),
        ((Reason(code="usage", text="gate.toml: did you mean `policy`?"),), "gate.toml: did you mean `policy`?"),
        ((Reason(code="unfinished", text="the run has not come to its end"),), "The run has not come to its end."),
        ((), "The run left no reason."),
    ],
)
def test_an_inconclusive_says_what_it_lacks(told: tuple[Reason, ...], says: str) -> None:
    assert said(clean("INCONCLUSIVE", *told)) == says


def test_what_would_block_on_an_untrue_comparison_is_not_called_nothing(tmp_path: Path) -> None:
    record = whole(finding(), verdict="INCONCLUSIVE", reasons=(Reason(code="identity-mixed", text="two builds answered"),))
    assert said(record) == "The comparison itself proves nothing: Two builds answered."
    assert "The comparison is not to be relied on" in written(plain(record), tmp_path).section("findings")


def test_what_blocks_comes_first_and_what_is_missing_is_seen_even_beside_much_that_blocks() -> None:
    given = [finding(rule=f"r.{number}", title=f"Title {number}", fingerprint=f"zw1:{number}") for number in range(9)]
    told = (*(Reason(code=each.rule, text=f"{each.title} at GET /things/{{id}}") for each in given), Reason(code="silent", text="gone: x"))
    shown, rest, out = reasons(plain(whole(*given, reasons=told)))
    assert [row.kind for row in shown] == ["block"] * BLOCKS + ["open"]
    assert [row.text for row in (*shown[:BLOCKS], *rest)] == [f"Title {number}" for number in range(9)]
    assert (len(shown), len(rest), out) == (ROWS, 5, 0)


def test_a_reason_leads_to_the_cause_that_it_names() -> None:
    given = [finding(cause=name, title=name, fingerprint=f"zw1:{name}") for name in ("first", "second")]
    given[1] = replace(given[1], place=replace(given[1].place, path="/other"))
    told = (
        Reason(code=given[0].rule, text="critical: second at GET /other as ben"),
        Reason(code=given[0].rule, text="critical: first at GET /things/{id}"),
    )
    shown, _, _ = reasons(plain(whole(*given, reasons=told)))
    assert [(row.text, row.link) for row in shown] == [("second", "c2"), ("first", "c1")]
    assert shown[0].detail == "GET /other as ben · canary 7 of 7, baseline 0 of 7"


def test_a_gap_is_told_by_what_and_why_and_leads_to_what_was_not_tested() -> None:
    gaps = (left("headers: GET /a"), left("role (odd: case)", code="role"))
    told = (
        Reason(code="silent", text="headers: GET /a and 3 more: it stayed silent; look at it"),
        Reason(code="role", text="role (odd: case): no"),
    )
    shown, _, _ = reasons(
        plain(whole(finding(state="absent", action="ignore"), verdict="INCONCLUSIVE", reasons=told, not_tested=NotTested(gaps=gaps)))
    )
    assert [(row.label, row.text, row.detail, row.link) for row in shown] == [
        ("not tested", "headers: GET /a and 3 more", "it stayed silent; look at it", "untested"),
        ("not tested", "role (odd: case)", "no", "untested"),
    ]


def test_what_comes_and_goes_leads_to_its_finding() -> None:
    shown, _, _ = reasons(records.unsure())
    assert [(row.label, row.link) for row in shown] == [("not tested", "untested"), ("comes and goes", "c1")]


def test_more_reasons_than_the_page_lists_are_counted() -> None:
    told = tuple(Reason(code="x", text=f"reason {number}") for number in range(5_000))
    shown, rest, out = reasons(plain(clean("INCONCLUSIVE", *told)))
    assert (len(shown), len(rest), out) == (ROWS, MOST - ROWS, 5_000 - MOST)


def test_folded_reasons_are_counted_on_the_page(tmp_path: Path) -> None:
    told = tuple(Reason(code="x", text=f"reason {number}") for number in range(30))
    words = written(plain(clean("INCONCLUSIVE", *told)), tmp_path).section("why")
    assert "and 25 more" in words
    assert "Reason 29" in words


def test_how_sure_the_run_is() -> None:
    targets = {
        "baseline": TargetLine(url="u", build="1", builds_seen={"1": 20}),
        "canary": TargetLine(url="u", build="2", builds_seen={"2": 19, "1": 1}),
    }
    made = plain(whole(finding(confirmed=False), targets=targets, run=RunLine(id="r", started="", aa=True)))
    told = surety(made)
    assert sure(made, causes(made)) == (
        f"{told[0].upper()}{told[1:]}. 1 new finding could not be confirmed.",
        "Both sides are meant to be the same build (A/A): every difference is noise.",
        "Noise: 1 of 70 pairs, learnt by asking the baseline 5 more times.",
        "Who answered: baseline 1 (20 answers); canary 2 (19 answers) and 1 (1 answer), more than one build.",
    )


def test_a_run_without_a_difference_says_so() -> None:
    made = plain(replace(clean("PASS", counts={}), surety=Surety()))
    assert sure(made, causes(made)) == ("Nothing was compared.",)
    made["summary"]["counts"]["pairs"] = 7
    assert sure(made, causes(made))[0] == "No difference called for a second look."
