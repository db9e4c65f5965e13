"""The shipped suite of odd requests: who is sent all of them, who one of each kind, and what is found so."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from servers import answer
from stage import CHANGE, PING, Call, Service, Shop, Stage, ok, status

from zeroweight.checks.check import catalogue
from zeroweight.compare import State
from zeroweight.corpus import payloads
from zeroweight.model.http import Trace
from zeroweight.model.look import Look
from zeroweight.model.operation import Operation, Parameter
from zeroweight.model.request import Intent, Probe, Scenario
from zeroweight.model.target import Side
from zeroweight.shipped import shipped
from zeroweight.trial.trial import Trial

CORPUS = payloads([shipped("payloads")])
BODILESS = [payload for payload in CORPUS if payload.where in {"method", "header", "query", "below"}]


def kinds(probes: Iterable[Probe]) -> set[object]:
    """Return what a few odd requests are of: the mistake and the place."""
    return {(str(probe.parameter), probe.payload.where, probe.payload.name, probe.payload.cwe) for probe in probes if probe.payload}


def suite() -> Callable[[Trial, Operation], None]:
    """Return the suite's one test."""
    spec = importlib.util.spec_from_file_location("errors_suite", shipped("suites") / "test_errors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    test: Callable[[Trial, Operation], None] = module.test_errors
    return test


class Told(Trial):
    """A trial that keeps what it was given to send, and sends it."""

    sent: list[Probe]

    def send(self, probes: Iterable[Probe | Scenario]) -> Sequence[Look[Trace]]:
        given = list(probes)
        self.sent = [*getattr(self, "sent", []), *(each for each in given if isinstance(each, Probe))]
        return super().send(given)


def odd(stage: Stage, operation: Operation) -> list[Probe]:
    """Run the suite on an operation, and return the odd requests that it sent."""
    trial = Told(stage.bench, suite="errors", test="test_errors", operation=operation)
    suite()(trial, operation)
    return [probe for probe in trial.sent if probe.intent is Intent.INVALID]


def letting_in(*names: str) -> Service:
    """Return a service that lets only these callers in; nobody is anonymous."""

    def service(call: Call) -> bytes:
        return ok() if call.token.removeprefix("token-of-") in names else status("401 No")

    return service


@pytest.mark.parametrize(
    ("let_in", "everything", "one_of_each"),
    [
        (("ann",), {"ann", "anonymous", "ben"}, set()),
        (("ben",), {"ben", "anonymous", "ann"}, set()),
        (("ann", "ben"), {"ann", "anonymous"}, set()),
        (("", "ann", "ben"), {"anonymous"}, {"ann"}),
        (("", "ben"), {"anonymous", "ann"}, {"ben"}),
        ((), {"anonymous", "ann"}, set()),
    ],
    ids=["a user", "another", "both", "everybody", "everybody but one", "nobody"],
)
def test_whoever_gets_furthest_or_is_refused_is_sent_everything_and_others_one_of_each_kind(
    tmp_path: Path, let_in: tuple[str, ...], everything: set[str], one_of_each: set[str]
) -> None:
    with Stage(folder=tmp_path, baseline=letting_in(*let_in), canary=letting_in(*let_in), payloads=CORPUS) as stage:
        sent = odd(stage, PING)
        assert {call.method for call in stage.asked(Side.CANARY)} == {"GET", "FOO", "OPTIONS"}
    counts = Counter(probe.role for probe in sent)
    few = len(kinds(sent))
    assert counts == {**dict.fromkeys(everything, len(BODILESS)), **dict.fromkeys(one_of_each, few)}
    assert few < len(BODILESS)
    assert all(kinds(probe for probe in sent if probe.role == role) == kinds(sent) for role in counts), "no kind is left out for anybody"


def test_to_a_guard_each_odd_body_and_path_is_another_way_and_owners_are_asked_about_their_own(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Shop(), canary=Shop(), payloads=CORPUS) as stage:
        sent = odd(stage, replace(CHANGE, parameters=(Parameter(place="path", name="id"),)))
    counts = Counter((probe.role, probe.payload.where) for probe in sent if probe.payload)
    whole = Counter(payload.where for payload in CORPUS)
    for role in ("ann", "anonymous", "ben"):
        assert {where: count for (name, where), count in counts.items() if name == role} == whole
    assert {probe.owner for probe in sent if probe.owner} == {"ann"}


def test_bodies_and_paths_are_thinned_for_whoever_is_let_in_but_not_furthest(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Shop(lacks=("login", "owner")), canary=Shop(lacks=("login", "owner")), payloads=CORPUS) as stage:
        sent = odd(stage, replace(CHANGE, parameters=(Parameter(place="path", name="id"),)))
    counts = Counter((probe.role, probe.payload.where) for probe in sent if probe.payload)
    whole = Counter(payload.where for payload in CORPUS)
    assert {where: count for (role, where), count in counts.items() if role == "anonymous"} == whole
    assert counts["ann", "body"] == len({payload.cwe for payload in CORPUS if payload.where == "body"}) < whole["body"]
    assert 0 < counts["ann", "content-type"] < whole["content-type"]
    assert 0 < counts["ann", "path"] < whole["path"]


def careless(refused: str, type_: str) -> Service:
    """Return a service whose guard is asleep where a body says that it is of this type."""

    def service(call: Call) -> bytes:
        if call.method == "POST":
            return answer(b'{"id": "7"}', status=b"201 Made")
        asleep = call.method == "PUT" and call.fields.get("content-type", "") == type_
        return ok() if call.token == "token-of-ann" or asleep else status(refused)

    return service


@pytest.mark.parametrize("type_", ["text/plain", "application/xml", "///;;=", ""])
def test_a_guard_that_sleeps_for_one_content_type_is_found_whoever_it_lets_in(tmp_path: Path, type_: str) -> None:
    canary, baseline = (careless("403 No", said) for said in (type_, "never/said"))
    with Stage(folder=tmp_path, baseline=baseline, canary=canary, payloads=CORPUS, checks=catalogue()) as stage:
        trial = Trial(stage.bench, suite="errors", test="test_errors", operation=CHANGE)
        suite()(trial, CHANGE)
        new = {(delta.rule, delta.place.role) for delta in trial.settle().deltas if delta.state is State.NEW}
    assert new == {("authorization.anonymous-access", "anonymous"), ("authorization.object-level", "ben")}
