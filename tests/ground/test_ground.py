"""What is tried on the proving ground, what each answer is worth, and what is made of all of them."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import ablation
import docket
import expectations
import httpx
import parts
import pytest
import seams
import table
from expected import EXPECTED
from gate_text import with_roles
from gates import Answer, Found, Job
from in_loop import InLoop
from proof import GATES, PARTS, Proof
from services import DEMO, service, services

from zeroweight.config.load import load
from zeroweight.drivers import openapi

FLAW: Final = "order-read-foreign"
WANTED: Final = EXPECTED[FLAW]
SPOTS: Final = WANTED.at


def found(rule: str, spot: tuple[str, str], **more: Any) -> Found:
    told = {"state": "new", "confirmed": True, "blocks": True, **more}
    return Found(rule=rule, operation=spot[0], role=spot[1], parameter="", **told)


CAUGHT: Final = Answer(verdict="FAIL", findings=tuple(found(WANTED.rule, spot) for spot in SPOTS))


# What is tried.


def test_every_gate_has_a_name_of_its_own() -> None:
    names = Counter(job.name for part in PARTS for job in docket.jobs(part))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_expected_flaw_and_every_harmless_change_is_tried_by_itself() -> None:
    flaws = {(job.service, *job.flaws) for job in docket.jobs("flaws") if not job.benign}
    assert flaws == {(each.name, name) for each in services() for name in expectations.expected(each.name)}
    benign = {(job.service, *job.benign) for job in docket.jobs("benign") if len(job.benign) == 1}
    assert benign == {(each.name, name) for each in services() for name in each.benign}


def test_the_sample_by_command_and_the_one_under_busy_are_all_there() -> None:
    assert len(list(docket.jobs("command"))) == sum(map(len, docket.BY_COMMAND.values()))
    under_busy = Counter(job.service for job in docket.jobs("flaws") if job.benign)
    assert under_busy[DEMO] == len(docket.UNDER_BUSY) >= 8
    assert all(under_busy[each.name] >= 5 for each in services())
    families = {
        each.flaws[job.flaws[0]].family for each in services() for job in docket.jobs("flaws") if job.benign and job.service == each.name
    }
    assert len(families) >= 5


def test_the_sample_by_httpx_is_of_every_service_and_has_harmless_changes() -> None:
    jobs = list(docket.jobs("driver"))
    assert len(jobs) == sum(map(len, docket.BY_HTTPX.values()))
    assert {job.service for job in jobs if job.flaws} == {each.name for each in services()}
    assert sum(bool(job.benign) for job in jobs) >= 2
    assert [(replace(job, driver="").flaws, job.benign) for job in jobs] == [(job.flaws, job.benign) for _, job in docket.by_wire()]


def test_all_flaws_stand_under_narrower_gates_when_asked() -> None:
    jobs = list(docket.jobs("settings", every=1))
    assert len(jobs) == len(docket.SETTINGS) * sum(len(expectations.expected(each.name)) for each in services())
    assert {(job.level, job.roles, job.noise is None) for job in jobs} == {
        ("read-only", 0, True),
        ("", 1, True),
        ("", 2, True),
        ("", 0, False),
    }


# Gate files with fewer roles.


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("each", services(), ids=lambda each: each.name)
def test_a_gate_file_with_fewer_roles_is_still_one(each: Any, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in each.environment().items():
        monkeypatch.setenv(name, value)
    text = each.gate(baseline_url="http://127.0.0.1:1", canary_url="http://127.0.0.1:2", baseline_build="1", canary_build="2")
    path = tmp_path / "gate.toml"
    path.write_text(with_roles(text, number), encoding="utf-8")
    config = load(path, overrides={})
    whole = tomllib.loads(text)["roles"]
    assert len(config.roles) == number
    assert {whole[name].get("group") for name in config.roles} == {next(iter(whole.values())).get("group")}
    assert {owner for resource in config.resources.values() for owner in resource.owners} <= set(config.roles)


# What an answer is worth.


@pytest.mark.parametrize(
    ("answer", "ok", "caught", "collateral"),
    [
        (CAUGHT, True, True, 0),
        (replace(CAUGHT, verdict="PASS"), False, False, 0),
        (replace(CAUGHT, verdict="FAIL with status 0"), False, False, 0),
        (replace(CAUGHT, findings=CAUGHT.findings[:-1]), False, False, 0),
        (replace(CAUGHT, findings=tuple(replace(each, confirmed=False) for each in CAUGHT.findings)), False, False, 0),
        (replace(CAUGHT, findings=tuple(replace(each, state="unchanged") for each in CAUGHT.findings)), False, False, 0),
        (replace(CAUGHT, findings=(*CAUGHT.findings, found("headers.csp-lost", SPOTS[0]))), False, True, 1),
        (replace(CAUGHT, findings=(*CAUGHT.findings, found("headers.csp-lost", SPOTS[0], blocks=False))), True, True, 0),
        (replace(CAUGHT, findings=(*CAUGHT.findings, found(WANTED.rule, ("GET /files", "alice")))), False, True, 1),
    ],
)
def test_a_flaw_is_caught_by_its_rule_at_its_places_and_by_nothing_else(answer: Answer, *, ok: bool, caught: bool, collateral: int) -> None:
    item = parts.item("flaws", Job(name=FLAW, flaws=(FLAW,)), answer)
    assert (item.ok, item.row["caught"], len(item.row["collateral"])) == (ok, caught, collateral)


@pytest.mark.parametrize(
    ("part", "noisy", "verdict", "ok"),
    [
        ("benign", False, "PASS", True),
        ("benign", False, "INCONCLUSIVE", False),
        ("benign", False, "FAIL", False),
        ("aa", False, "PASS", True),
        ("aa", False, "INCONCLUSIVE", False),
        ("aa", True, "INCONCLUSIVE", True),
        ("aa", True, "FAIL", False),
        ("aa", True, "PASS with status 1", False),
        ("command", False, "FAIL", True),
        ("command", False, "PASS with status 10", False),
    ],
)
def test_a_verdict_is_weighed_by_what_was_tried(part: str, verdict: str, *, noisy: bool, ok: bool) -> None:
    noise = docket.HEAVY if noisy else None
    assert parts.item(part, Job(name="tried", benign=("slower",), noise=noise), Answer(verdict=verdict)).ok is ok


def test_a_narrower_gate_may_miss_but_its_witnesses_must_agree() -> None:
    job = Job(name=f"{FLAW}@1-role", flaws=(FLAW,), roles=1)
    one = parts.item("settings", job, replace(CAUGHT, findings=CAUGHT.findings[:1]))
    missed = parts.item("settings", job, Answer(verdict="PASS"))
    torn = parts.item("settings", job, Answer(verdict="PASS with status 10"))
    assert [(each.ok, each.row["caught"]) for each in (one, missed, torn)] == [(True, True), (True, False), (False, False)]


def test_a_rule_that_is_switched_off_must_not_speak() -> None:
    job = Job(name="without", flaws=(FLAW,), without=(WANTED.rule,))
    assert parts.item("ablation", job, Answer(verdict="PASS")).ok
    assert not parts.item("ablation", job, CAUGHT).ok


def test_a_flaw_whose_rule_never_blocks_is_caught_by_being_told() -> None:
    name, wanted = next((name, wanted) for name, wanted in EXPECTED.items() if wanted.verdict == "PASS")
    told = Answer(verdict="PASS", findings=tuple(found(wanted.rule, spot, blocks=False) for spot in wanted.at))
    job = Job(name=name, flaws=(name,))
    assert parts.item("flaws", job, told).ok
    assert not parts.item("flaws", job, Answer(verdict="PASS")).ok
    assert not parts.item("flaws", job, replace(told, verdict="INCONCLUSIVE")).ok


# What is made of all of them.


def proved(*answers: tuple[str, Job, Answer], chosen: tuple[str, ...] = PARTS, whole: bool = False) -> dict[str, Any]:
    proof = Proof(chosen)
    for part, job, answer in answers:
        proof.add(parts.item(part, job, answer))
    return proof.document(whole=whole)


def test_totals_count_what_was_missed_and_what_was_cried_for_nothing() -> None:
    document = proved(
        ("flaws", Job(name=FLAW, flaws=(FLAW,)), CAUGHT),
        ("flaws", Job(name="csp-gone", flaws=("csp-gone",)), Answer(verdict="PASS")),
        ("benign", Job(name="slower", benign=("slower",)), Answer(verdict="FAIL")),
        ("aa", Job(name="quiet-1"), Answer(verdict="PASS")),
    )
    totals = document["totals"]
    assert (totals["recall"], totals["false_alarms"], totals["passed"], totals["failed"]) == (0.5, 1, 2, 2)
    assert json.loads(json.dumps(document)) == document


def test_a_proof_of_too_little_is_below_its_bounds() -> None:
    told = " ".join(proved(whole=True)["totals"]["below_bound"])
    assert all(f"0 {part} " in told for part in ("flaws", "benign", "aa", "faults"))


@pytest.mark.parametrize(("unsure", "too_many"), [(0, False), (2, False), (4, False), (5, True)])
def test_more_unsure_runs_than_chance_makes_of_one_in_twenty_are_too_many(*, unsure: int, too_many: bool) -> None:
    noise = replace(docket.HEAVY, unavailable=0.01)
    runs = [
        ("aa", Job(name=f"noise-{number}", noise=noise), Answer(verdict="INCONCLUSIVE" if number < unsure else "PASS"))
        for number in range(21)
    ]
    assert any("A/A runs with the standard noise" in text for text in proved(*runs)["totals"]["below_bound"]) is too_many


def test_quiet_runs_of_one_code_have_nothing_new_to_tell() -> None:
    job = Job(name="quiet-1")
    assert parts.item("aa", job, Answer(verdict="PASS", counts={"new": 0})).ok
    assert not parts.item("aa", job, Answer(verdict="PASS", counts={"new": 1})).ok
    assert parts.item("aa", replace(job, noise=docket.HEAVY), Answer(verdict="PASS", counts={"new": 1})).ok


def test_a_flaw_for_later_that_is_found_stands_in_the_wrong_list() -> None:
    job = next(iter(docket.jobs("later")))
    assert [parts.item("later", job, Answer(verdict=word)).ok for word in ("PASS", "FAIL", "INCONCLUSIVE")] == [True, False, False]


def test_a_dear_gate_is_below_its_bound() -> None:
    rows = [("flaws", Job(name=FLAW, flaws=(FLAW,)), replace(CAUGHT, cpu=cpu)) for cpu in (9.0, 1.0)]
    assert any("CPU s" in text for text in proved(*rows)["totals"]["below_bound"])


def test_a_flaw_of_some_roles_is_not_excused_for_others() -> None:
    name = next(
        name for name, flaw in service(DEMO).flaws.items() if len(flaw.holes) == 1 and flaw.when.get("role") == frozenset({"admin"})
    )
    wanted = EXPECTED[name]
    told = tuple(found(wanted.rule, (operation, role)) for operation, _ in wanted.at for role in ("admin", "alice"))
    judged = parts.item("flaws", Job(name=name, flaws=(name,)), Answer(verdict="FAIL", findings=told))
    assert len(judged.row["collateral"]) == len({operation for operation, _ in wanted.at})


def test_the_command_line_must_agree_with_the_forked_gate() -> None:
    forked = ("flaws", Job(name=FLAW, flaws=(FLAW,)), CAUGHT)
    command = Job(name=f"{FLAW} by command", flaws=(FLAW,), by_command=True)
    for verdict, agreeing in (("FAIL", 1), ("PASS", 0)):
        document = proved(forked, ("command", command, Answer(verdict=verdict)))
        assert document["command"]["agreeing"] == agreeing
        assert len([text for text in document["totals"]["below_bound"] if "by the command line" in text]) == 1 - agreeing
        assert {row["how"] for row in document["flaws"]} == {"forked"}
        assert {row["how"] for row in document["command"]["each"]} == {"command"}


ONE_MORE: Final = replace(CAUGHT, findings=(*CAUGHT.findings, found("headers.csp-lost", SPOTS[0], state="unchanged", blocks=False)))


@pytest.mark.parametrize(
    ("answer", "agreeing", "only_here"),
    [(CAUGHT, 1, 0), (replace(CAUGHT, verdict="PASS"), 0, 0), (ONE_MORE, 0, 1), (replace(CAUGHT, findings=()), 0, 0)],
)
def test_the_other_driver_must_agree_to_the_last_finding(answer: Answer, agreeing: int, only_here: int) -> None:
    by_httpx = Job(name=f"{FLAW} by httpx", flaws=(FLAW,), driver="httpx")
    document = proved(("flaws", Job(name=FLAW, flaws=(FLAW,)), CAUGHT), ("driver", by_httpx, answer))
    assert document["driver"]["agreeing"] == agreeing
    assert [len(row["only_here"]) for row in document["driver"]["each"]] == [only_here]
    assert len([text for text in document["totals"]["below_bound"] if "by the wire" in text]) == 1 - agreeing
    assert sum("1 gates, 1 with the same verdict and findings" in line for line in table.lines(document)) == agreeing


@pytest.mark.parametrize(
    ("verdict", "reasons", "agrees"),
    [
        ("PASS", (), True),
        ("INCONCLUSIVE", ("limited: 503 thrice",), True),
        ("INCONCLUSIVE", ("limited: 503 thrice", "unsteady: came and went"), True),
        ("INCONCLUSIVE", ("limited: 503 thrice", "governor: it saw nothing"), False),
        ("INCONCLUSIVE", (), False),
        ("FAIL", ("regression: new",), False),
    ],
)
def test_between_two_runs_under_noise_only_what_noise_does_may_differ(verdict: str, reasons: tuple[str, ...], *, agrees: bool) -> None:
    noisy = Job(name="noise-9", noise=docket.HEAVY)
    by_command = replace(noisy, name="noise-9 by command", by_command=True)
    document = proved(("aa", noisy, Answer(verdict="PASS")), ("command", by_command, Answer(verdict=verdict, reasons=reasons)))
    assert [row["agrees"] for row in document["command"]["each"]] == [agrees]


def test_the_other_driver_agrees_with_nothing_where_there_is_nothing() -> None:
    tried = ("driver", Job(name=f"{FLAW} by httpx", flaws=(FLAW,), driver="httpx"), CAUGHT)
    assert [row["agrees"] for row in proved(tried)["driver"]["each"]] == [False]
    assert [row["agrees"] for row in proved(tried, chosen=("driver",))["driver"]["each"]] == [None]


@pytest.mark.parametrize(
    ("job", "waits"),
    [
        (Job(name="plain", flaws=(FLAW,)), False),
        (Job(name="noisy", noise=docket.HEAVY), True),
        (Job(name="slow", benign=("slower",)), True),
        (Job(name="by command", benign=("uuid-ids",), by_command=True), False),
    ],
    ids=lambda value: value.name if isinstance(value, Job) else "",
)
def test_what_waits_is_told_from_what_computes(job: Job, *, waits: bool) -> None:
    assert job.waits is waits


def test_a_rule_whose_absence_loses_nothing_is_unproven() -> None:
    rows = {row["rule"]: row for row in proved(("flaws", Job(name=FLAW, flaws=(FLAW,)), CAUGHT))["ablation"]}
    assert rows[WANTED.rule]["lost"] == rows[WANTED.rule]["no_longer_fail"] == [f"{DEMO}/{FLAW}"]
    assert "unproven" not in rows[WANTED.rule]
    assert rows["headers.csp-lost"]["unproven"]


def test_each_needed_rule_is_switched_off_once() -> None:
    needed = {wanted.rule for each in services() for wanted in expectations.expected(each.name).values()}
    assert Counter(rule for job in ablation.jobs() for rule in job.without) == Counter(needed)


def test_the_table_counts_what_is_well_and_names_what_is_not() -> None:
    document = proved(
        ("flaws", Job(name=FLAW, flaws=(FLAW,)), CAUGHT),
        ("flaws", Job(name="csp-gone", flaws=("csp-gone",)), Answer(verdict="PASS")),
        *(("benign", Job(name=name, benign=(name,)), Answer(verdict="PASS")) for name in ("slower", "uuid-ids")),
    )
    lines = list(table.lines(document))
    assert not any(FLAW in line for line in lines)
    assert any("MISSED orders/csp-gone" in line for line in lines)
    assert "harmless changes that pass: orders 2 of 2" in lines
    assert len(lines) < 60


def test_every_part_of_gates_is_weighed_and_counted() -> None:
    assert {*GATES, "command", "driver", "faults"} == set(PARTS)


# Seams.


def test_the_same_document_is_given_to_schemathesis_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "generated", vars(openapi)["generated"])  # so that it is put back
    seams.generate_once(str(tmp_path))
    operation = {
        "parameters": [{"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}],
        "responses": {"200": {"description": "fine"}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "parts", "version": "1"}, "paths": {"/0": {"post": operation}}}
    tasks = [{"path": "/0", "label": "GET /"}]
    generated: Any = vars(openapi)["generated"]
    first = generated(document, tasks)
    assert "error" not in first[0]
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert generated(document, tasks) == first
    with pytest.raises(FileNotFoundError):
        generated({**document, "info": {"title": "others", "version": "1"}}, tasks)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/books", b""),
        ("HEAD", "/books", b""),
        ("GET", "/nowhere?a=1&a=2", b""),
        ("POST", "/login", b"user=mia&password=wrong"),
        ("POST", "/login", b"x" * 100_000),
        ("GET", "/api/loans", b""),
    ],
)
def test_a_wsgi_service_answers_in_the_loop_as_in_threads(method: str, path: str, body: bytes) -> None:
    module = importlib.import_module("strangers.library")

    async def asked(app: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://library.test") as client:
            answer = await client.request(method, path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
        told = [(name, value) for name, value in answer.headers.multi_items() if name not in {"set-cookie", "date"}]
        return answer.status_code, told, re.sub(rb"[0-9a-f]{16,}", b"", answer.content)

    in_loop = service("library").build(build="1", flaws=(), benign=(), noise=None)
    assert isinstance(in_loop, InLoop)
    assert asyncio.run(asked(in_loop)) == asyncio.run(asked(module.build(build="1")))
