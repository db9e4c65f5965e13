"""Who answers is proven, or there is no PASS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers import answer
from stage import Call, Service, Stage, ok, status

from zeroweight.model.target import Identity, Side
from zeroweight.session.identity import ENDPOINTS, HEADERS, Proof, discover, drifted, nameless, prove, read

BASELINE, CANARY = Side
HEADER = Identity(header="x-build")
POINTER = Identity(get="/version", pointer="/build")


def mute(_: Call) -> None:
    """Say nothing."""


def headed(build: str, name: str = "X-Build") -> Service:
    return lambda _: ok(b"{}", f"{name}: {build}".encode())


def versioned(body: bytes, path: str = "/version") -> Service:
    return lambda call: ok(body) if call.path == path else status("404 No")


def proof_of(folder: Path, baseline: Service, canary: Service, identity: Identity | None = None, **more: Any) -> Proof:
    expect = more.pop("expect", {})
    with Stage(folder=folder, baseline=baseline, canary=canary) as stage:
        for side, build in expect.items():
            stage.drivers[side].target = replace(stage.drivers[side].target, expect=build)
        return stage.loop.run(prove(stage.drivers, identity or Identity(), "/openapi.json", aa=more.get("aa", False)))


def codes(proof: Proof) -> list[str]:
    return [reason.code for reason in proof.untrue]


@pytest.mark.parametrize(
    ("baseline", "canary", "identity"),
    [
        (headed("1.0"), headed("1.1"), HEADER),
        (headed("1.0"), headed("1.1"), Identity(header="X-BUILD")),
        (versioned(b'{"build": "1.0"}'), versioned(b'{"build": "1.1"}'), POINTER),
        (versioned(b'{"build": 10}'), versioned(b'{"build": 11}'), POINTER),
    ],
)
def test_two_builds_that_say_who_they_are_prove_it(tmp_path: Path, baseline: Service, canary: Service, identity: Identity) -> None:
    proof = proof_of(tmp_path, baseline, canary, identity)
    assert (proof.untrue, proof.unreachable) == ((), {})
    assert [proof.builds[side].replace(".", "") for side in Side] == ["10", "11"]


@pytest.mark.parametrize(
    ("baseline", "canary", "identity"),
    [
        (headed("1.0"), headed("1.1", "X-Other"), HEADER),
        (headed("1.0", "X-Other"), headed("1.1"), HEADER),
        (headed(""), headed("1.1"), HEADER),
        (versioned(b'{"build": "1.0"}'), versioned(b'{"build": true}'), POINTER),
        (versioned(b'{"build": "1.0"}'), versioned(b'{"build": {"a": 1}}'), POINTER),
        (versioned(b'{"build": "1.0"}'), versioned(b"not json"), POINTER),
        (versioned(b'{"build": "1.0"}'), versioned(b"[]"), POINTER),
    ],
)
def test_a_side_that_does_not_say_its_build_is_unproven(tmp_path: Path, baseline: Service, canary: Service, identity: Identity) -> None:
    assert codes(proof_of(tmp_path, baseline, canary, identity)) == ["identity-unproven"]


def test_neither_side_saying_it_is_told_for_both(tmp_path: Path) -> None:
    assert codes(proof_of(tmp_path, ok_only, ok_only, HEADER)) == ["identity-unproven"] * 2


def ok_only(_: Call) -> bytes:
    return ok()


def test_one_build_on_both_sides_is_no_comparison_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert codes(proof_of(tmp_path, headed("1.0"), headed("1.0"), HEADER)) == ["same-build"]
    assert codes(proof_of(tmp_path, headed("1.0"), headed("1.0"), HEADER, aa=True)) == []


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ({}, []),
        ({CANARY: "1.1"}, []),
        ({BASELINE: "1.0", CANARY: "1.1"}, []),
        ({CANARY: "1.2"}, ["identity-mismatch"]),
        ({BASELINE: "1.1", CANARY: "1.0"}, ["identity-mismatch"] * 2),
    ],
)
def test_the_build_must_be_the_expected_one(tmp_path: Path, expect: dict[Side, str], found: list[str]) -> None:
    assert codes(proof_of(tmp_path, headed("1.0"), headed("1.1"), HEADER, expect=expect)) == found


def test_a_build_against_itself_is_still_held_against_what_is_expected(tmp_path: Path) -> None:
    assert codes(proof_of(tmp_path, headed("1.0"), headed("1.0"), HEADER, aa=True, expect={CANARY: "1.1"})) == ["identity-mismatch"]


@pytest.mark.parametrize(("baseline", "canary", "silent"), [(mute, headed("1"), {BASELINE}), (mute, mute, set(Side))])
def test_a_side_that_does_not_answer_is_unreachable(tmp_path: Path, baseline: Service, canary: Service, silent: set[Side]) -> None:
    proof = proof_of(tmp_path, baseline, canary, HEADER)
    assert set(proof.unreachable) == silent
    assert proof.builds == {}


def test_a_side_that_falls_silent_while_it_is_asked_is_unproven(tmp_path: Path) -> None:
    def once(call: Call) -> bytes | None:
        return ok() if call.path == "/openapi.json" else None

    proof = proof_of(tmp_path, versioned(b'{"build": "1"}'), once, POINTER)
    assert codes(proof) == ["identity-unproven"]
    assert proof.unreachable == {}


# Discovery.


@pytest.mark.parametrize(
    ("baseline", "canary", "found"),
    [
        (headed("1"), headed("2"), ("x-build", "")),
        (headed("1", "X-Git-Sha"), headed("2", "X-Git-Sha"), ("x-git-sha", "")),
        (versioned(b'{"version": "1"}'), versioned(b'{"version": "2"}'), ("", "/version")),
        (
            versioned(b'{"git": {"commit": {"id": "a"}}}', "/actuator/info"),
            versioned(b'{"git": {"commit": {"id": "b"}}}', "/actuator/info"),
            ("", "/git/commit/id"),
        ),
        (headed("1"), headed("2", "X-Version"), ("", "")),
        (ok_only, ok_only, ("", "")),
    ],
)
def test_a_place_is_discovered_where_both_name_a_build(tmp_path: Path, baseline: Service, canary: Service, found: tuple[str, str]) -> None:
    with Stage(folder=tmp_path, baseline=baseline, canary=canary) as stage:
        place = stage.loop.run(discover(stage.drivers, "/openapi.json"))
        assert (place.header, place.pointer) == found


def test_the_place_that_tells_the_two_apart_is_chosen(tmp_path: Path) -> None:
    def framework(build: str) -> Service:
        return lambda call: ok(b'{"version": "%s"}' % build.encode() if call.path == "/version" else b"{}", b"X-Version: 7")

    with Stage(folder=tmp_path, baseline=framework("1"), canary=framework("2")) as stage:
        place = stage.loop.run(discover(stage.drivers, "/openapi.json"))
        assert (place.get, place.pointer) == ("/version", "/version")


def test_nothing_discovered_is_unproven_and_says_which_line_to_add(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, ok_only, ok_only)
    assert codes(proof) == ["identity-unproven"]
    assert 'identity = { header = "x-build" }' in proof.untrue[0].text


def test_a_discovered_build_may_be_the_same_too(tmp_path: Path) -> None:
    assert codes(proof_of(tmp_path, headed("1"), headed("1"))) == ["same-build"]


def test_the_place_of_a_proof_can_be_read_again(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=headed("1"), canary=headed("2")) as stage:
        proof = stage.loop.run(prove(stage.drivers, HEADER, "/openapi.json", aa=False))
        assert [stage.loop.run(read(stage.drivers[side], proof.identity)) for side in Side] == ["1", "2"]


# While the run goes on.


@pytest.mark.parametrize(
    ("seen", "mixed"),
    [
        ({}, 0),
        ({"baseline": {"1.0": 100}, "canary": {"1.1": 100}}, 0),
        ({"canary": {"1.1": 99, "1.0": 1}}, 1),
        ({"canary": {"1.0": 5}}, 1),
        ({"baseline": {"1.1": 1}, "canary": {"1.0": 1}}, 2),
    ],
)
def test_answers_of_another_build_mean_mixed_arms(seen: dict[str, dict[str, int]], mixed: int) -> None:
    found = drifted({BASELINE: "1.0", CANARY: "1.1"}, seen)
    assert [reason.code for reason in found] == ["identity-mixed"] * mixed


def test_a_build_that_was_never_proven_cannot_drift() -> None:
    assert drifted({}, {"canary": {"x": 1}}) == drifted({CANARY: ""}, {"canary": {"x": 1}}) == ()


def test_an_error_page_may_name_the_build_too(tmp_path: Path) -> None:
    def refusing(build: str) -> Service:
        return lambda _: answer(b"{}", f"X-Build: {build}".encode(), status=b"404 No")

    assert codes(proof_of(tmp_path, refusing("1"), refusing("2"), HEADER)) == []


@pytest.mark.parametrize("name", HEADERS)
def test_every_known_header_is_discovered(tmp_path: Path, name: str) -> None:
    proof = proof_of(tmp_path, headed("1", name), headed("2", name))
    assert proof.identity == Identity(header=name, get="/openapi.json")
    assert proof.untrue == ()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_known_endpoint_is_discovered(tmp_path: Path, endpoint: str) -> None:
    proof = proof_of(tmp_path, versioned(b'{"build": "1"}', endpoint), versioned(b'{"build": "2"}', endpoint))
    assert proof.identity == Identity(get=endpoint, pointer="/build")


@pytest.mark.parametrize("body", [b'{"version": "2", "commit": "%s"}', b'{"commit": "%s", "version": "2"}'])
def test_a_version_that_is_the_same_does_not_hide_a_commit_that_differs(tmp_path: Path, body: bytes) -> None:
    proof = proof_of(tmp_path, versioned(body % b"a"), versioned(body % b"b"))
    assert proof.identity == Identity(get="/version", pointer="/commit")
    assert proof.untrue == ()


def test_a_configured_place_is_the_only_one_that_is_asked(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=ok_only, canary=headed("1")) as stage:
        stage.loop.run(prove(stage.drivers, HEADER, "/openapi.json", aa=False))
        assert {call.path for call in stage.calls} == {"/openapi.json"}


def test_of_other_builds_the_one_seen_most_is_named() -> None:
    (reason,) = drifted({CANARY: "1.1"}, {"canary": {"1.1": 90, "1.0": 7, "1.2": 2}})
    assert reason.text == "7 answer(s) on the canary came from build 1.0, not 1.1: the arms were mixed"


BUILDS = {BASELINE: "1.0", CANARY: "1.1"}


def named(build: str, yes: int, no: int) -> dict[str, int]:
    return {build: yes, "": no}


@pytest.mark.parametrize(
    ("baseline", "canary", "told"),
    [
        (named("1.0", 100, 0), named("1.1", 100, 0), 0),
        (named("1.0", 80, 20), named("1.1", 80, 20), 0),  # errors without it, on both sides alike
        (named("1.0", 50, 50), named("1.1", 50, 50), 0),
        (named("1.0", 100, 0), named("1.1", 80, 20), 0),
        (named("1.0", 100, 0), named("1.1", 79, 21), 1),
        (named("1.0", 100, 0), named("1.1", 16, 4), 0),
        (named("1.0", 100, 0), named("1.1", 15, 5), 1),
        (named("1.0", 100, 0), named("1.1", 14, 5), 0),  # too few for shares
        (named("1.0", 19, 0), named("1.1", 60, 40), 0),
        (named("1.0", 100, 0), named("1.1", 1, 300), 1),  # only the schema came from the canary
        (named("1.0", 100, 0), {"": 3}, 1),
        (named("1.0", 40, 60), named("1.1", 40, 60), 0),
        (named("1.0", 9, 291), named("1.1", 8, 292), 0),  # a proxy that adds the header to successes only
        (named("1.0", 1, 87), {"": 88}, 1),  # the canary named its build before the first probe only
        ({"": 88}, {"": 88}, 2),
        (named("1.0", 60, 40), named("1.1", 100, 0), 0),
        ({}, {}, 0),
    ],
)
def test_answers_without_a_build_prove_nothing(baseline: dict[str, int], canary: dict[str, int], told: int) -> None:
    found = nameless(BUILDS, {"baseline": baseline, "canary": canary})
    assert [reason.code for reason in found] == ["identity-unproven"] * told


def test_answers_without_a_build_are_no_other_build() -> None:
    assert drifted(BUILDS, {"canary": {"1.1": 9, "": 3}}) == ()
    assert nameless({}, {"canary": {"": 99}}) == nameless({CANARY: ""}, {"canary": {"": 99}}) == ()
