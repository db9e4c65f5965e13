"""What stands behind a verdict in record.json, from whole runs: the same with and without workers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gating import COMMAND, NARROW, OUT, Pairs, Ran, Runs, run, write
from small_service import BASELINE_BUILD, CANARY_BUILD, ENVIRONMENT, Small, gate_file

from zeroweight.plugin.options import BY_COMMAND, line

BOTH = ["pass", "fail", "unproven"]


def record_of(ran: Ran) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((ran.folder / OUT / "record.json").read_text("utf-8"))
    return made


def cells(made: dict[str, Any]) -> dict[tuple[str, str, str], tuple[str, int, str, int]]:
    return {
        (each["operation"], each["role"], each["owner"]): (
            each["baseline"],
            each["baseline_status"],
            each["canary"],
            each["canary_status"],
        )
        for each in made["matrix"]
    }


def test_the_matrix_says_how_each_role_fared_with_everybodys_objects(runs: Runs) -> None:
    found = cells(record_of(runs["fail"]))
    assert found["GET /admin", "alice", ""] == ("refused", 403, "allowed", 200)
    assert found["GET /admin", "admin", ""] == ("allowed", 200, "allowed", 200)
    assert found["GET /me", "anonymous", ""] == ("refused", 401, "refused", 401)
    assert found["GET /notes/{id}", "alice", "alice"] == ("allowed", 200, "allowed", 200)
    assert found["GET /notes/{id}", "admin", "alice"] == ("refused", 403, "refused", 403)
    assert [key for key, told in found.items() if told[:2] != told[2:]] == [("GET /admin", "alice", "")]


def test_the_flaw_has_an_exhibit_that_a_person_can_run_again(runs: Runs) -> None:
    made = record_of(runs["fail"])
    (finding,) = made["summary"]["findings"]
    (exhibit,) = made["exhibits"].values()
    assert list(made["exhibits"]) == [finding["fingerprint"]]
    old, new = exhibit["baseline"], exhibit["canary"]
    assert (old["status"], old["outcome"], json.loads(old["body"])) == (403, "refused", {"error": "not yours"})
    assert (new["status"], new["outcome"], json.loads(new["body"])) == (200, "allowed", {"users": ["admin", "alice", "bob"]})
    assert dict(new["headers"])["x-build"] == CANARY_BUILD
    assert (old["cut"], old["failure"]) == (0, "")
    assert exhibit["curl"] == """curl -sSi --globoff --path-as-is -H 'Authorization: Bearer '"$ZEROWEIGHT_TOKEN_ALICE" "$CANARY"/admin"""


def test_headers_are_counted_over_operations(runs: Runs) -> None:
    lines = {each["name"]: each for each in record_of(runs["pass"])["headers"]}
    told = lines["X-Content-Type-Options"]
    assert (told["baseline"], told["canary"], told["operations"], told["of"], told["change"]) == ("nosniff", "nosniff", 6, 6, "same")
    assert lines["Content-Security-Policy"]["baseline"] == lines["Content-Security-Policy"]["canary"] == ""


def test_a_lost_header_is_weaker_and_a_new_one_stronger(pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> None:
    without, with_ = frozenset({"no-nosniff"}), frozenset[str]()
    told = []
    for old, new in ((with_, without), (without, with_)):
        folder = tmp_path_factory.mktemp("headers")
        baseline = pairs.street.open(Small(build=BASELINE_BUILD, flaws=old))
        canary = pairs.street.open(Small(build=CANARY_BUILD, flaws=new))
        write(folder, {"gate.toml": gate_file(baseline, canary, more=NARROW.replace(', "headers"', ""))})
        ran = run(folder, (COMMAND, "run", "gate.toml"))
        (line_,) = [each for each in record_of(ran)["headers"] if each["name"] == "X-Content-Type-Options"]
        told.append((ran.word, line_["baseline"], line_["canary"], line_["operations"], line_["of"], line_["change"]))
    assert told == [("FAIL", "nosniff", "", 6, 6, "weaker"), ("PASS", "", "nosniff", 6, 6, "stronger")]


def test_suites_are_told_with_what_they_cost_and_found(runs: Runs) -> None:
    told = record_of(runs["fail"])["suites"]
    assert set(told) == {"authorization", "errors", "headers"}
    assert all((each["tests"], each["not_tested"]) == (6, 0) and each["pairs"] >= 6 and each["seconds"] > 0 for each in told.values())
    assert {name: each["new"] for name, each in told.items()} == {"authorization": 1, "errors": 1, "headers": 1}
    assert sum(each["pairs"] for each in told.values()) == record_of(runs["fail"])["summary"]["counts"]["pairs"]


@pytest.mark.parametrize("name", ["pass", "fail, two workers"])
def test_the_phases_of_a_run_lie_within_it(runs: Runs, name: str) -> None:
    made = record_of(runs[name])
    names = [each["name"] for each in made["phases"]]
    assert names[:3] == ["identity", "schemas", "logins"]
    assert set(names[3:-1]) == {"suite authorization", "suite errors", "suite headers"}
    assert names[-1] == "cleaning up"
    starts = [each["start"] for each in made["phases"]]
    assert starts == sorted(starts)
    whole = made["summary"]["run"]["seconds"]
    assert all(each["start"] >= 0 and each["start"] + each["seconds"] <= whole + 0.01 for each in made["phases"])


def test_how_sure_the_run_is(runs: Runs) -> None:
    sure = record_of(runs["fail"])["surety"]
    assert (sure["candidates"], sure["confirmed"], sure["dropped"], sure["bound"]) == (1, 1, 0, 0.001)
    assert (sure["repeats"], sure["noise_asks"]) == (14, 5)
    assert record_of(runs["pass"])["surety"] == dict.fromkeys(("candidates", "repeats", "confirmed", "dropped", "noise_asks"), 0) | {
        "bound": 0.001
    }


@pytest.mark.parametrize("name", BOTH)
def test_workers_change_nothing_of_it(runs: Runs, name: str) -> None:
    alone, together = (record_of(runs[each]) for each in (name, f"{name}, two workers"))
    assert together["matrix"] == alone["matrix"]
    assert together["headers"] == alone["headers"]
    assert together["waivers"] == alone["waivers"] == []
    assert list(together["exhibits"]) == list(alone["exhibits"])
    assert [each["curl"] for each in together["exhibits"].values()] == [each["curl"] for each in alone["exhibits"].values()]
    for made in (alone, together):
        for suite in made["suites"].values():
            # Each worker makes the objects that it needs, and a create is a pair, too.
            del suite["seconds"], suite["pairs"]
        # Two workers may both meet a finding before either knows it, and then both ask again.
        del made["surety"]["repeats"], made["surety"]["noise_asks"]
    assert together["suites"] == alone["suites"]
    assert together["surety"] == alone["surety"]


def test_a_run_that_could_not_begin_shows_nothing_and_says_what_it_did(runs: Runs) -> None:
    made = record_of(runs["unproven"])
    assert (made["matrix"], made["headers"], made["exhibits"]) == ([], [], {})
    assert [each["name"] for each in made["phases"]] == ["identity", "cleaning up"]
    assert {name: each["tests"] for name, each in made["suites"].items()} == {"authorization": 0}


# Waivers, and what the canary has mended.


def test_a_waiver_says_whether_it_was_needed_and_what_is_mended_is_absent(
    pairs: Pairs, tmp_path_factory: pytest.TempPathFactory, runs: Runs
) -> None:
    (finding,) = runs["fail"].verdict["findings"]
    table = '[[waiver]]\nfingerprint = "{}"\nowner = "ann"\nreason = "known"\nexpires = {}\n'
    used = table.format(finding["fingerprint"], "2999-01-01")
    unused = table.format("zw1:0123456789abcdef", "2999-01-01")
    expired = table.format("zw1:0123456789abcdee", "2001-01-01")
    folder = tmp_path_factory.mktemp("waived")
    baseline = pairs.street.open(Small(build=BASELINE_BUILD, flaws=frozenset({"trace"})))
    canary = pairs.street.open(Small(build=CANARY_BUILD, flaws=frozenset({"open-admin"})))
    write(folder, {"gate.toml": gate_file(baseline, canary, more=used + unused + expired)})
    ran = run(folder, (COMMAND, "run", "gate.toml"))
    ran.said("PASS", 0)
    made = record_of(ran)
    assert [each["state"] for each in made["waivers"]] == ["used", "unused", "expired"]
    states = {each["rule"]: (each["state"], each["action"], each["confirmed"]) for each in made["summary"]["findings"]}
    assert states["authorization.function-level"] == ("new", "waived", True)
    assert states["disclosure.stack-trace"] == ("absent", "ignore", False)
    absent = [each for each in made["summary"]["findings"] if each["state"] == "absent"]
    assert len(absent) == made["summary"]["counts"]["absent"]
    assert made["suites"]["errors"]["absent"] == len(absent)
    assert set(made["exhibits"]) == {finding["fingerprint"]}


# The command that runs it again.


def test_a_run_says_how_it_was_called(runs: Runs, pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert runs["keyword"].verdict["run"]["command"].endswith("--zeroweight gate.toml -k 'health or admin'")
    assert runs["fail, two workers"].verdict["run"]["command"].startswith("pytest -p no:schemathesis")
    folder = tmp_path_factory.mktemp("command")
    token = ENVIRONMENT["ALICE_TOKEN"]
    write(folder, {"gate.toml": gate_file(pairs.get(BASELINE_BUILD), pairs.get(CANARY_BUILD), more=NARROW)})
    ran = run(folder, (COMMAND, "run", "gate.toml", "--output", OUT, "-k", f"not {token}"))
    told = ran.verdict["run"]["command"]
    assert told.startswith(f"zeroweight run gate.toml --zeroweight-output {OUT} -k 'not [")
    assert token not in told


@pytest.mark.parametrize(
    ("arguments", "by_command", "told"),
    [
        (("--zeroweight", "my gate.toml"), False, "pytest --zeroweight 'my gate.toml'"),
        ((*BY_COMMAND, "gate.toml", "-n", "2"), True, "zeroweight run gate.toml -n 2"),
        ((*BY_COMMAND, "gate.toml"), False, "pytest -p no:schemathesis -p no:cacheprovider --tb=no -rN --zeroweight gate.toml"),
        (("--zeroweight", "gate.toml"), True, "pytest --zeroweight gate.toml"),
    ],
)
def test_the_words_of_the_command_are_told_from_those_of_pytest(arguments: tuple[str, ...], by_command: bool, told: str) -> None:  # noqa: FBT001  # a table's column
    assert line(arguments, by_command=by_command) == told
