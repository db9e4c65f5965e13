"""The shipped suite of odd requests: who is sent all of them, and who one of each kind."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from stage import CHANGE, PING, Call, Service, Shop, Stage, ok, status

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
        (("ann",), "ann", {"anonymous", "ben"}),
        (("ben",), "ben", {"anonymous", "ann"}),
        (("ann", "ben"), "ann", {"anonymous"}),
        (("", "ann", "ben"), "anonymous", {"ann"}),
        (("", "ben"), "anonymous", {"ann", "ben"}),
        ((), "ann", {"anonymous"}),
    ],
    ids=["a user", "another", "both", "everybody", "everybody but one", "nobody"],
)
def test_whoever_gets_furthest_is_sent_everything_and_others_one_of_each_kind(
    tmp_path: Path, let_in: tuple[str, ...], everything: str, one_of_each: set[str]
) -> None:
    with Stage(folder=tmp_path, baseline=letting_in(*let_in), canary=letting_in(*let_in), payloads=CORPUS) as stage:
        sent = odd(stage, PING)
        assert {call.method for call in stage.asked(Side.CANARY)} == {"GET", "FOO", "OPTIONS"}
    counts = Counter(probe.role for probe in sent)
    few = len(kinds(sent))
    assert counts == {everything: len(BODILESS), **dict.fromkeys(one_of_each, few)}
    assert few < len(BODILESS)
    assert all(kinds(probe for probe in sent if probe.role == role) == kinds(sent) for role in counts), "no kind is left out for anybody"


def test_bodies_and_paths_are_thinned_likewise_and_owners_are_asked_about_their_own(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=Shop(), canary=Shop(), payloads=CORPUS) as stage:
        sent = odd(stage, replace(CHANGE, parameters=(Parameter(place="path", name="id"),)))
    counts = Counter((probe.role, probe.payload.where) for probe in sent if probe.payload)
    whole = Counter(payload.where for payload in CORPUS)
    assert {where: count for (role, where), count in counts.items() if role == "ann"} == whole
    for role in ("anonymous", "ben"):
        assert counts[role, "body"] == len({payload.cwe for payload in CORPUS if payload.where == "body"}) < whole["body"]
        assert 0 < counts[role, "content-type"] < whole["content-type"]
        assert 0 < counts[role, "path"] < whole["path"]
    assert {probe.owner for probe in sent if probe.owner} == {"ann"}
