"""A suite's hands: what it sends, what it leaves behind, and that nothing owed is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import ME, PING, THING, THINGS, Call, Shop, Stage, mixed, ok, status, steadfast

from zeroweight.checks.check import check, contrast
from zeroweight.compare import State
from zeroweight.finding import Evidence, Noise, Rule, Severity
from zeroweight.ledger import Owed
from zeroweight.model.http import Exchange
from zeroweight.model.outcome import Level
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent, Pointer, Probe, Scenario, Slot, Step
from zeroweight.model.role import Role
from zeroweight.model.target import Side
from zeroweight.trial.trial import LARGEST_TALLY

BASELINE, CANARY = Side
RULE = Rule(id="own.differs", title="They differ", severity=Severity.HIGH, cwe=1, remedy="Mend it.")
CUT = Payload(id="cut", family="malformed", where="body", send=b'{"a": ')
QUOTE = Payload(id="quote", family="injection", where="query", send=b"'", name="q")
SLOT = Slot(name="thing:ann", owner="ann", kind="thing")


@contrast(RULE, on=Exchange)
def differs(baseline: Exchange, canary: Exchange, _: Noise) -> Iterator[Evidence]:
    if baseline.status != canary.status:
        yield Evidence(says=f"{baseline.status} and {canary.status}")


@check(RULE, on=Exchange)
def raises(_: Exchange) -> Iterator[Evidence]:
    raise ValueError("a bug")


def stage_of(folder: Path, **more: Any) -> Stage:
    return Stage(folder=folder, **{"baseline": Shop(), "canary": Shop(), **more})


# Sending.


def test_looks_come_back_in_the_order_in_which_probes_were_given(tmp_path: Path) -> None:
    probes = [THINGS.example(role="ann").with_(query={"n": str(number)}) for number in range(20)]
    random.Random(7).shuffle(probes)
    with stage_of(tmp_path, lanes_a_side=4) as stage:
        looks = stage.trial().send(iter(probes))
        assert [look.canary and look.canary.scenario.judged[0] for look in looks] == probes


def test_probes_and_scenarios_may_be_mixed(tmp_path: Path) -> None:
    two = Scenario(steps=(Step(probe=PING.example(), judged=False), Step(probe=ME.example(role="ann"))))
    with stage_of(tmp_path) as stage:
        trial = stage.trial()
        looks = trial.send([PING.example(), two])
        assert [len(look.baseline.exchanges) for look in looks if look.baseline] == [1, 2]
        assert trial.settle().pairs == 2


def test_a_difference_becomes_a_delta_of_the_suite(tmp_path: Path) -> None:
    def open_(call: Call) -> bytes:
        return ok()

    with stage_of(tmp_path, canary=open_, checks=(differs,)) as stage:
        trial = stage.trial("mine")
        trial.send([ME.example()])
        result = trial.settle()
        (delta,) = result.deltas
        assert (delta.state, delta.confirmed, delta.suites, str(delta.place)) == (State.NEW, True, ("mine",), "GET /me as anonymous")
        assert result.requests == {side: len(stage.asked(side)) for side in Side}
        assert sum(stage.bench.spent()[0].values()) == 0


def test_only_what_both_sides_answered_is_crossed_off(tmp_path: Path) -> None:
    def mute(_: Call) -> None:
        """Say nothing."""

    with stage_of(tmp_path, baseline=mixed(Shop(), things=mute)) as stage:
        trial = stage.trial("mine")
        trial.send([ME.example(role="ann"), THINGS.example(role="ann"), ME.example()])
        result = trial.settle()
        anything = Owed(suite="mine", operation="*")
        assert set(result.crossed) == {
            anything,
            *(Owed(suite="mine", operation="GET /me", role=role) for role in ("ann", "anonymous", "*")),
        }
        assert (result.asked, result.allowed) == (("GET /me",), (("GET /me", "ann"),))
        (gap,) = result.gaps
        assert (gap.suite, gap.operation, gap.role, gap.code) == ("mine", "GET /things", "ann", "silent")


def test_what_is_allowed_is_what_the_baseline_allows(tmp_path: Path) -> None:
    with stage_of(tmp_path, baseline=steadfast, canary=lambda _: status("403 No")) as stage:
        trial = stage.trial()
        assert not trial.allowed(ME.example(role="ann"))
        trial.send([ME.example(role="ann")])
        assert trial.allowed(ME.example(role="ann"))
        assert not trial.allowed(ME.example(role="ben"))
        assert not trial.allowed(THINGS.example(role="ann"))


def test_builds_that_named_themselves_are_counted(tmp_path: Path) -> None:
    with stage_of(tmp_path, baseline=lambda _: ok(b"{}", b"X-Build: 1"), canary=lambda _: ok(b"{}", b"X-Build: 2")) as stage:
        trial = stage.trial()
        trial.send([PING.example(), PING.example()])
        assert trial.settle().builds == {"baseline": {"1": 2}, "canary": {"2": 2}}


def test_an_object_is_made_once_on_both_sides_and_bound_to_each_sides_own_id(tmp_path: Path) -> None:
    elsewhere = Shop()
    elsewhere.made = 40
    with stage_of(tmp_path, canary=elsewhere) as stage:
        trial = stage.trial()
        probe = trial.valid(THING, role="ann")
        looks = trial.send([probe, probe.as_("ben")])
        assert [[half.exchanges[0].status for half in (look.baseline, look.canary) if half] for look in looks] == [[200, 200], [403, 403]]
        assert {side: {call.path for call in stage.asked(side, method="GET")} for side in Side} == {
            BASELINE: {"/things/1"},
            CANARY: {"/things/41"},
        }


def test_an_object_that_cannot_be_made_is_a_gap_of_what_is_about_it(tmp_path: Path) -> None:
    with stage_of(tmp_path, canary=mixed(Shop(), things=lambda _: status("500 Oops"))) as stage:
        trial = stage.trial()
        trial.send([trial.valid(THING, role="ann")])
        (gap,) = trial.settle().gaps
        assert (gap.code, gap.operation, gap.role) == ("setup", "GET /things/{id}", "ann")
        assert gap.why == "POST /things answered 500 on the canary, so there is no object"


# What the run may not do.


def test_what_the_level_forbids_is_an_exclusion_and_not_a_gap(tmp_path: Path) -> None:
    with stage_of(tmp_path, level=Level.READ_ONLY) as stage:
        trial = stage.trial("mine")
        trial.send([THINGS.example(role="ann").with_(method="DELETE"), THINGS.example(role="ann")])
        result = trial.settle()
        (excluded,) = result.exclusions
        assert (excluded.suite, excluded.operation, excluded.role) == ("mine", "GET /things", "ann")
        assert result.gaps == ()
        assert [call.method for call in stage.calls] == ["GET", "GET"]


def test_a_reader_makes_no_objects_and_reads_the_schemas_examples_instead(tmp_path: Path) -> None:
    with stage_of(tmp_path, level=Level.READ_ONLY) as stage:
        trial = stage.trial()
        assert trial.owners(THING) == ()
        probe = trial.valid(THING, role="ann")
        assert probe.slots == ()
        trial.send([probe])
        result = trial.settle()
        assert (result.gaps, result.exclusions, result.asked) == ((), (), ("GET /things/{id}",))
        assert {call.method for call in stage.calls} == {"GET"}


def test_a_spent_budget_books_the_rest_as_owed(tmp_path: Path) -> None:
    with stage_of(tmp_path, requests=3, lanes_a_side=1) as stage:
        trial = stage.trial()
        assert trial.budget.left_requests == 3
        trial.send([PING.example()] * 5)
        assert trial.budget.left_requests == 0
        assert [gap.code for gap in trial.settle().gaps] == ["budget", "budget"]


@pytest.mark.parametrize("intent", [Intent.INVALID, Intent.ATTACK])
def test_an_odd_request_that_nobody_answers_is_an_odd_gap(tmp_path: Path, intent: Intent) -> None:
    def picky(call: Call) -> bytes | None:
        return None if call.body else ok()

    with stage_of(tmp_path, baseline=picky, canary=picky) as stage:
        trial = stage.trial()
        plain = THINGS.example(role="ann")
        trial.send([plain, replace(plain.with_(raw=b"x"), intent=intent), plain.with_(raw=b"x")])
        assert [gap.code for gap in trial.settle().gaps] == ["odd-both-silent", "both-silent"]


# Nothing is lost.


def test_a_suite_that_sent_nothing_is_a_gap(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        (gap,) = stage.trial("mine", THINGS).settle().gaps
        assert (gap.suite, gap.operation, gap.what) == ("mine", "GET /things", "test_mine")
        trial = stage.trial("mine")
        trial.send([])
        assert len(trial.settle().gaps) == 1


def test_a_gap_of_the_suites_own_is_kept_with_its_place(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        trial = stage.trial("mine", THINGS)
        trial.gap("the list", why="it is empty", fix="fill it")
        (gap,) = trial.settle().gaps
        assert (gap.what, gap.why, gap.fix, gap.code, gap.suite, gap.operation) == (
            "the list",
            "it is empty",
            "fill it",
            "suite",
            "mine",
            "GET /things",
        )


def test_a_check_that_raises_is_a_gap_of_the_trial(tmp_path: Path) -> None:
    with stage_of(tmp_path, checks=(raises,)) as stage:
        trial = stage.trial()
        trial.send([PING.example()])
        assert [gap.code for gap in trial.settle().gaps] == ["check-raised"]


def test_a_dead_session_is_found_by_the_trial_itself(tmp_path: Path) -> None:
    def sleepy(call: Call) -> bytes:
        return status("401 No") if call.token else ok()

    good = {"ann": Scenario.of(ME.example(role="ann"))}
    with stage_of(tmp_path, canary=sleepy, known_good=good, checks=(differs,)) as stage:
        trial = stage.trial()
        trial.send([THINGS.example(role="ann")])
        result = trial.settle()
        assert [gap.code for gap in result.gaps] == ["session-lost"]
        assert (result.deltas, result.crossed) == ((), ())


# Preparing.


def test_what_is_prepared_is_bound_on_both_sides_and_not_judged(tmp_path: Path) -> None:
    def named(call: Call) -> bytes:
        return ok(b'{"name": "%s"}' % call.side.value.encode())

    with stage_of(tmp_path, baseline=named, canary=named, checks=(raises,)) as stage:
        trial = stage.trial()
        slots = trial.prepare(Scenario(steps=(Step(probe=ME.example(role="ann"), captures={"me": Pointer(path="/name")}),)))
        assert slots == {"me": Slot(name="me")}
        trial.send([THING.example().with_(path={"id": slots["me"]})])
        assert {call.path for call in stage.calls} == {"/me", "/things/baseline", "/things/canary"}
        result = trial.settle()
        assert result.pairs == 1
        assert "GET /me" not in result.asked


def test_a_preparation_that_fails_is_a_gap_and_binds_nothing(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        trial = stage.trial("mine")
        assert trial.prepare(Scenario(steps=(Step(probe=ME.example(role="ann"), captures={"no": Pointer(path="/no")}),))) == {}
        (gap,) = trial.settle().gaps
        assert (gap.suite, gap.operation, gap.role, gap.code) == ("mine", "GET /me", "ann", "setup")


# Tallies.


def test_a_tally_is_small_and_plain(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        trial = stage.trial()
        trial.send([PING.example()])
        trial.tally("seen", n=1, b=True, a="x")
        (tally,) = trial.settle().tallies
        assert (tally.name, tally.facts) == ("seen", (("a", "x"), ("b", True), ("n", 1)))


@pytest.mark.parametrize(("size", "kept"), [(LARGEST_TALLY - 100, True), (LARGEST_TALLY, False), (10**6, False)])
def test_a_tally_past_its_limit_is_refused(tmp_path: Path, size: int, kept: bool) -> None:  # noqa: FBT001
    with stage_of(tmp_path) as stage:
        trial = stage.trial()
        if kept:
            trial.tally("large", text="x" * size)
        else:
            with pytest.raises(ValueError, match="large is larger"):
                trial.tally("large", text="x" * size)
        assert len(trial.settle().tallies) == kept


# What stands behind.


def test_a_trial_brings_home_what_it_saw(tmp_path: Path) -> None:
    """Of two real services: how each role fared, what was shown, and what it cost to believe."""
    with stage_of(tmp_path, canary=Shop(lacks=("owner",)), checks=(differs,)) as stage:
        trial = stage.trial(operation=THING)
        trial.send(trial.valid(THING, role=role, owner="ann") for role in trial.roles)
        result = trial.settle()
    told = {(cell.operation, cell.role, cell.owner): (cell.baseline, cell.canary, cell.canary_status) for cell in result.cells}
    assert told == {
        ("GET /things/{id}", "ann", "ann"): ("allowed", "allowed", 200),
        ("GET /things/{id}", "ben", "ann"): ("refused", "allowed", 200),
        ("GET /things/{id}", "anonymous", "ann"): ("refused", "refused", 401),
        ("POST /things", "ann", ""): ("allowed", "allowed", 201),
    }
    (found,) = result.deltas
    assert (found.state, found.confirmed, found.place.role) == (State.NEW, True, "ben")
    (exhibit,) = result.exhibits.values()
    assert (exhibit.baseline.status, exhibit.canary.status, exhibit.canary.body) == (403, 200, '{"id": "1"}')
    assert exhibit.curl == """curl -sSi --globoff --path-as-is -H 'Authorization: Bearer '"$ZEROWEIGHT_TOKEN_BEN" "$CANARY"/things/1"""
    assert {each.name for each in result.protections if each.operation == THING.label} >= {"X-Frame-Options", "Referrer-Policy"}
    assert (result.repeats, result.noise_asks, result.dropped) == (2 * found.repeats.asked_canary, 5, ())
    assert 0 < result.began <= result.ended


# What a suite may ask about.


def test_a_suite_sees_roles_peers_and_others(tmp_path: Path) -> None:
    with stage_of(tmp_path, roles=("ann", "ben", "boss")) as stage:
        groups = {"ann": "customer", "ben": "customer", "boss": "staff"}
        stage.bench.roles = {name: Role(name=name, group=groups.get(name, "")) for name in ("anonymous", *groups)}
        trial = stage.trial()
        assert list(trial.roles) == ["anonymous", "ann", "ben", "boss"]
        assert [trial.peers(role) for role in trial.roles] == [(), ("ben",), ("ann",), ()]
        assert trial.others("ann") == ("anonymous", "ben", "boss")
        assert (trial.level, trial.owners(THING), trial.owners(THINGS)) == (Level.DESTRUCTIVE, ("ann",), ())


def test_a_suite_gets_valid_requests_and_odd_ones(tmp_path: Path) -> None:
    with stage_of(tmp_path, payloads=(CUT, QUOTE)) as stage:
        trial = stage.trial()
        assert trial.payloads() == (CUT, QUOTE)
        assert trial.payloads("malformed") == (CUT,)
        make = replace(THINGS, method="POST", valid=replace(THINGS.valid, media_type="application/json", body={"a": 1}))
        cases: list[Probe] = list(trial.cases(make, Intent.NORMAL, Intent.INVALID, role="ann"))
        assert [case.intent for case in cases] == [Intent.NORMAL, Intent.INVALID]
        assert {case.role for case in cases} == {"ann"}
        assert list(trial.cases(make, Intent.BURST)) == []


def test_a_request_about_an_object_is_about_ones_own_or_the_first_owners(tmp_path: Path) -> None:
    with stage_of(tmp_path) as stage:
        trial = stage.trial()
        assert [trial.valid(THING, role=role).owner for role in ("ann", "ben", "anonymous")] == ["ann"] * 3
        assert trial.valid(THING, role="ben", owner="ben").owner == "ben"
        assert trial.valid(THINGS, role="ann").owner == ""
        assert trial.resource("thing", "ann") == SLOT
