from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from servers import answer
from stage import Call, Service, Stage, ok

from zeroweight.model.target import Identity, Side
from zeroweight.session.identity import ENDPOINTS, HEADERS, Proof, discover, drifted, prove

HEADER = Identity(header="x-build")
POINTED = Identity(get="/version", pointer="/app/build")
PATH = "/openapi.json"
NOBODY: Mapping[str, str] = {}


def naming(build: str, *, header: str = "x-build", body: bytes = b"{}", at: str = "") -> Service:
    """Return a service that names its build in a header of every answer, or of those at one path."""

    def service(call: Call) -> bytes:
        named = [f"{header}: {build}".encode()] if build and at in {"", call.path} else []
        return ok(body, *named)

    return service


def telling(**bodies: bytes) -> Service:
    """Return a service with a body for some paths, told by their last word; all others are not there."""

    def service(call: Call) -> bytes:
        body = bodies.get(call.path.rpartition("/")[2])
        return answer(b"{}", status=b"404 No") if body is None else ok(body)

    return service


async def gone(_: Call) -> None:
    """Close every connection without a word."""


def codes_of(proof: Proof) -> list[str]:
    return [reason.code for reason in proof.untrue]


class Pair:
    """Proves a pair's identity as a run does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[Call] = []

    def prove(
        self, baseline: Service, canary: Service, identity: Identity = HEADER, *, aa: bool = False, expect: Mapping[str, str] = NOBODY
    ) -> Proof:
        with Stage(baseline=baseline, canary=canary, folder=self.folder) as stage:
            for side, build in expect.items():
                driver = stage.drivers[Side(side)]
                driver.target = replace(driver.target, expect=build)
            proof = stage.loop.run(prove(stage.drivers, identity, PATH, aa=aa))
        self.calls = stage.calls
        return proof

    def discover(self, baseline: Service, canary: Service) -> Identity:
        with Stage(baseline=baseline, canary=canary, folder=self.folder) as stage:
            found = stage.loop.run(discover(stage.drivers, PATH))
        self.calls = stage.calls
        return found


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_two_builds_in_a_header_prove_who_answers(pair: Pair) -> None:
    proof = pair.prove(naming("1.0"), naming("1.1"))
    assert proof.builds == {Side.BASELINE: "1.0", Side.CANARY: "1.1"}
    assert not proof.untrue
    assert not proof.unreachable


def test_the_same_answers_that_proved_a_header_are_looked_at_in_the_end(pair: Pair) -> None:
    proof = pair.prove(naming("1.0", at=PATH), naming("1.1", at=PATH))
    assert proof.identity == Identity(header="x-build", get=PATH)


def test_two_builds_behind_a_pointer_prove_who_answers(pair: Pair) -> None:
    proof = pair.prove(telling(version=b'{"app": {"build": "a"}}'), telling(version=b'{"app": {"build": 17}}'), POINTED)
    assert proof.builds == {Side.BASELINE: "a", Side.CANARY: "17"}
    assert proof.identity == POINTED
    assert not proof.untrue


@pytest.mark.parametrize(
    "body", [b'{"app": {}}', b'{"app": {"build": null}}', b'{"app": {"build": true}}', b'{"app": {"build": {}}}', b"<p>1.1"]
)
def test_what_is_no_build_behind_the_pointer_proves_nothing(pair: Pair, body: bytes) -> None:
    proof = pair.prove(telling(version=b'{"app": {"build": "a"}}'), telling(version=body), POINTED)
    assert codes_of(proof) == ["identity-unproven"]
    assert "the canary does not say its build in /version /app/build" in proof.untrue[0].text


@pytest.mark.parametrize("side", Side)
def test_a_header_that_one_side_lacks_proves_nothing(pair: Pair, side: Side) -> None:
    services = {each: naming("" if each is side else "1.0") for each in Side}
    proof = pair.prove(services[Side.BASELINE], services[Side.CANARY])
    assert codes_of(proof) == ["identity-unproven"]
    assert f"the {side} does not say its build in the header x-build" in proof.untrue[0].text


def test_nothing_that_names_a_build_is_unproven_with_the_line_to_add(pair: Pair) -> None:
    proof = pair.prove(naming(""), naming(""), Identity())
    assert codes_of(proof) == ["identity-unproven"]
    assert 'identity = { header = "x-build" }' in proof.untrue[0].text
    assert proof.builds == {}


@pytest.mark.parametrize("header", HEADERS)
def test_a_known_header_is_discovered(pair: Pair, header: str) -> None:
    proof = pair.prove(naming("1.0", header=header), naming("1.1", header=header), Identity())
    assert proof.identity.header == header
    assert proof.builds == {Side.BASELINE: "1.0", Side.CANARY: "1.1"}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_known_endpoint_is_discovered(pair: Pair, endpoint: str) -> None:
    def service(build: str) -> Service:
        return lambda call: ok(b'{"git": {"commit": {"id": "%s"}}}' % build.encode()) if call.path == endpoint else ok()

    assert pair.discover(service("a"), service("b")) == Identity(get=endpoint, pointer="/git/commit/id")


def test_of_two_headers_the_one_that_differs_names_the_build(pair: Pair) -> None:
    def service(revision: bytes) -> Service:
        return lambda _: ok(b"{}", b"x-version: 2", b"x-revision: " + revision)

    assert pair.discover(service(b"a"), service(b"b")) == Identity(header="x-revision", get=PATH)


def test_a_header_that_is_the_same_on_both_sides_does_not_hide_an_endpoint_that_differs(pair: Pair) -> None:
    def service(build: bytes) -> Service:
        return lambda call: ok(b'{"build": "%s"}' % build if call.path == "/version" else b"{}", b"x-version: 2")

    proof = pair.prove(service(b"a"), service(b"b"), Identity())
    assert proof.identity == Identity(get="/version", pointer="/build")
    assert not proof.untrue


def test_a_version_that_is_the_same_on_both_sides_does_not_hide_a_commit_that_differs(pair: Pair) -> None:
    found = pair.discover(telling(info=b'{"version": "2", "commit": "a"}'), telling(info=b'{"version": "2", "commit": "b"}'))
    assert found == Identity(get="/info", pointer="/commit")


def test_where_nothing_differs_the_first_place_names_the_build(pair: Pair) -> None:
    proof = pair.prove(naming("1.0"), naming("1.0"), Identity())
    assert proof.identity == Identity(header="x-build", get=PATH)
    assert codes_of(proof) == ["same-build"]


def test_a_place_that_one_side_alone_has_is_not_discovered(pair: Pair) -> None:
    assert pair.discover(naming("1.0"), telling(version=b'{"build": "b"}')) == Identity()


def test_a_configured_place_is_the_only_one_that_is_asked(pair: Pair) -> None:
    pair.prove(naming("", at=PATH), naming("1.1"), HEADER)
    assert {call.path for call in pair.calls} == {PATH}


@pytest.mark.parametrize(
    ("expect", "codes"),
    [
        ({}, []),
        ({"canary": "1.1"}, []),
        ({"baseline": "1.0", "canary": "1.1"}, []),
        ({"canary": "1.2"}, ["identity-mismatch"]),
        ({"baseline": "0.9", "canary": "1.2"}, ["identity-mismatch", "identity-mismatch"]),
    ],
)
def test_another_build_than_expected_is_told(pair: Pair, expect: dict[str, str], codes: list[str]) -> None:
    assert codes_of(pair.prove(naming("1.0"), naming("1.1"), expect=expect)) == codes


def test_a_build_that_is_not_said_is_not_called_another(pair: Pair) -> None:
    assert codes_of(pair.prove(naming("1.0"), naming(""), expect={"canary": "1.1"})) == ["identity-unproven"]


def test_one_build_on_both_sides_compares_nothing(pair: Pair) -> None:
    proof = pair.prove(naming("1.0"), naming("1.0"))
    assert codes_of(proof) == ["same-build"]
    assert "both sides are build 1.0" in proof.untrue[0].text


def test_one_build_on_both_sides_is_meant_where_the_operator_says_so(pair: Pair) -> None:
    assert not pair.prove(naming("1.0"), naming("1.0"), aa=True).untrue


@pytest.mark.parametrize("side", Side)
def test_a_side_that_does_not_answer_is_named(pair: Pair, side: Side) -> None:
    services = {each: gone if each is side else naming("1.0") for each in Side}
    proof = pair.prove(services[Side.BASELINE], services[Side.CANARY])
    assert list(proof.unreachable) == [side]
    assert proof.builds == {}


def test_both_sides_are_named_where_neither_answers(pair: Pair) -> None:
    assert list(pair.prove(gone, gone).unreachable) == list(Side)


def test_a_side_that_falls_silent_while_it_is_asked_is_unproven(pair: Pair) -> None:
    service: Service = lambda call: ok() if call.path == PATH else None  # noqa: E731  # a lambda says it shortest
    proof = pair.prove(service, service, POINTED)
    assert codes_of(proof) == ["identity-unproven"]
    assert not proof.unreachable


PROVEN = {Side.BASELINE: "1.0", Side.CANARY: "1.1"}


@pytest.mark.parametrize(
    "seen",
    [{}, {"baseline": {"1.0": 4}, "canary": {"1.1": 9}}],
)
def test_answers_of_the_proven_builds_alone_are_no_drift(seen: dict[str, dict[str, int]]) -> None:
    assert drifted(PROVEN, seen) == ()


def test_answers_of_another_build_are_told_with_the_one_seen_most() -> None:
    (reason,) = drifted(PROVEN, {"canary": {"1.1": 90, "1.0": 7, "1.2": 2}})
    assert reason.code == "identity-mixed"
    assert reason.text == "7 answer(s) on the canary came from build 1.0, not 1.1: the arms were mixed"


def test_arms_that_were_swapped_are_told_for_both_sides() -> None:
    assert len(drifted(PROVEN, {"baseline": {"1.1": 1}, "canary": {"1.0": 1}})) == 2


def test_where_no_build_was_proven_none_can_drift() -> None:
    assert drifted({}, {"canary": {"1.0": 1}}) == ()
