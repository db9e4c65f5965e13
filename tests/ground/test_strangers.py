"""The strangers work as services do, each of their flaws shows where it says it does, and their harmless changes harm nothing."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from zeroweight.config.load import load

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "proving"))

from strangers import clinic, library
from strangers.signs import LOAN, SIGNS, answered, made
from strangers.visit import ANONYMOUS, outcome, start, tour

if TYPE_CHECKING:
    from types import ModuleType


SERVICES: Final = {"library": library, "clinic": clinic}
ROLES: Final = {"library": ("mia", "noah", "lena"), "clinic": ("ada", "cleo", "ivy", "lab")}
SCHEMAS: Final = {"library": "/api-docs.json", "clinic": "/v1/openapi.json"}
VARIANTS: Final = [
    pytest.param(name, kind, variant, id=f"{name}-{variant}")
    for name, service in SERVICES.items()
    for kind, variants in (("flaws", service.FLAWS), ("benign", service.BENIGN))
    for variant in variants
]


# The catalogues.


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_stranger_has_flaws_enough_half_of_them_narrow_and_over_all_families(service: ModuleType) -> None:
    flaws = service.FLAWS.values()
    assert len(flaws) >= 12
    assert sum(flaw.narrow for flaw in flaws) * 2 >= len(flaws)
    assert {flaw.family for flaw in flaws} >= {"headers", "disclosure", "authorization", "validation", "availability", "schema"}
    assert [flaw.name for flaw in flaws if "CWE-" not in flaw.weakness] == []


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_stranger_has_harmless_changes_enough_each_beside_a_flaw(service: ModuleType) -> None:
    assert len(service.BENIGN) >= 6
    assert [change.name for change in service.BENIGN.values() if change.beside not in service.FLAWS] == []
    assert service.FLAWS.keys() & service.BENIGN.keys() == set()


@pytest.mark.parametrize("name", SERVICES)
def test_a_variant_names_operations_that_there_are_and_roles_that_there_are(name: str) -> None:
    service = SERVICES[name]
    document = start(service).ask(ANONYMOUS, f"GET {SCHEMAS[name]}").json()
    told = {f"{method.upper()} {path}" for path, entry in document["paths"].items() for method in entry}
    new = {"GET /console", "GET /me", "GET /api/holds", "GET /v1/debug/sessions", "GET /v1/patients-export", "GET /v1/reminders"}
    variants = [*service.FLAWS.values(), *service.BENIGN.values()]
    assert {operation for variant in variants for operation in variant.operations} <= told | new
    assert {role for variant in variants for role in variant.roles} <= {ANONYMOUS, *ROLES[name]}


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_variant_that_is_in_no_catalogue_is_a_mistake(service: ModuleType) -> None:
    with pytest.raises(ValueError, match="the catalogue has no no-such-flaw"):
        service.build(build="1", flaws=("no-such-flaw",))
    with pytest.raises(ValueError, match="the catalogue has no no-such-change"):
        service.build(build="1", benign=("no-such-change",))


# Each variant.


@pytest.mark.parametrize("name", SERVICES)
def test_each_variant_has_its_sign(name: str) -> None:
    assert SIGNS[name].keys() == SERVICES[name].FLAWS.keys() | SERVICES[name].BENIGN.keys()


@pytest.mark.parametrize(("name", "kind", "variant"), VARIANTS)
def test_a_variant_shows_by_its_sign_and_a_clean_build_does_not(name: str, kind: str, variant: str) -> None:
    sign, service = SIGNS[name][variant], SERVICES[name]
    assert sign.sees(answered(start(service), sign)) == sign.clean
    assert sign.sees(answered(start(service, **{kind: (variant,)}), sign)) == sign.varied


@pytest.fixture(scope="module", params=SERVICES)
def clean(request: pytest.FixtureRequest) -> tuple[str, dict[tuple[str, str], Any]]:
    """Tour a clean build: every documented operation, as every role."""
    return request.param, toured(request.param)


def toured(name: str, **variants: tuple[str, ...]) -> dict[tuple[str, str], Any]:
    return tour(start(SERVICES[name], **variants), ROLES[name], SCHEMAS[name])


def test_two_clean_builds_answer_alike(clean: tuple[str, dict[tuple[str, str], Any]]) -> None:
    name, seen = clean
    assert toured(name) == seen


def test_a_clean_build_breaks_nowhere_and_answers_each_operation_to_someone(clean: tuple[str, dict[tuple[str, str], Any]]) -> None:
    _name, seen = clean
    assert [place for place, answer in seen.items() if answer.outcome == "broken"] == []
    answered_to_someone = {operation for (operation, _role), answer in seen.items() if answer.outcome == "done"}
    # The examples' passwords are nobody's.
    assert {operation for operation, _role in seen} - answered_to_someone == ({"POST /login", "POST /api/session"} & {o for o, _r in seen})


def test_a_flaw_shows_nowhere_but_at_its_operations(clean: tuple[str, dict[tuple[str, str], Any]]) -> None:
    name, seen = clean
    for flaw in SERVICES[name].FLAWS.values():
        if flaw.operations:
            here = toured(name, flaws=(flaw.name,))
            places = {place[0] for place in seen if here[place] != seen[place]}
            assert places <= set(flaw.operations), flaw.name


def test_a_harmless_change_refuses_nobody_admits_nobody_and_takes_nothing_away(clean: tuple[str, dict[tuple[str, str], Any]]) -> None:
    name, seen = clean
    for change in SERVICES[name].BENIGN:
        here = toured(name, benign=(change,))
        assert {place: here[place].outcome for place in seen} == {place: answer.outcome for place, answer in seen.items()}, change
        lost = [place for place, answer in seen.items() if not answer.headers.keys() <= here[place].headers.keys()]
        assert lost == [], change


def test_all_harmless_changes_go_together(clean: tuple[str, dict[tuple[str, str], Any]]) -> None:
    name, seen = clean
    here = toured(name, benign=tuple(SERVICES[name].BENIGN))
    assert {place: here[place].outcome for place in seen} == {place: answer.outcome for place, answer in seen.items()}


# The services, as their users know them.


def test_a_reader_logs_in_by_the_form_and_borrows_by_the_form() -> None:
    visit = start(library)
    secret = library.environment()["LIBRARY_MIA_PASSWORD"]
    turned = visit.ask(ANONYMOUS, "GET /loans")
    assert (turned.status_code, turned.headers["location"]) == (303, "/login?next=/loans")
    entered = visit.ask(ANONYMOUS, "POST /login?next=/loans", data={"email": "mia@readers.example", "password": secret})
    assert (entered.status_code, entered.headers["location"]) == (303, "/loans")
    assert "HttpOnly" in entered.headers["set-cookie"]
    borrowed = visit.ask("mia", "POST /loans", data={"isbn": "9780199232765", "weeks": "2"})
    assert borrowed.status_code == 303
    assert "9780199232765" in visit.ask("mia", f"GET {borrowed.headers['location']}").text
    assert outcome(visit.ask("noah", f"GET {borrowed.headers['location']}")) == "refused"


def test_a_login_sends_nobody_elsewhere_and_a_wrong_password_gets_a_page() -> None:
    visit = start(library)
    right = {"email": "mia@readers.example", "password": library.environment()["LIBRARY_MIA_PASSWORD"]}
    for onwards in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"):
        assert visit.ask(ANONYMOUS, "POST /login", params={"next": onwards}, data=right).headers["location"] == "/loans"
    wrong = visit.ask(ANONYMOUS, "POST /login", data={**right, "password": "wrong"})
    assert (wrong.status_code, wrong.headers["content-type"], "set-cookie" in wrong.headers) == (401, "text/html; charset=utf-8", False)


def test_a_page_of_the_library_is_asked_again_only_when_it_changed() -> None:
    visit = start(library)
    first = visit.ask(ANONYMOUS, "GET /books/9780140449136")
    again = visit.ask(ANONYMOUS, "GET /books/9780140449136", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, first.headers["cache-control"]) == (200, 304, "public, max-age=60")


def test_a_write_without_the_pages_token_is_declined() -> None:
    visit = start(library)
    assert visit.ask("mia", "POST /api/loans", json=LOAN["json"]).status_code == 201
    assert visit.ask("mia", "POST /api/loans", json=LOAN["json"], headers={"X-CSRF-Token": "another"}).status_code == 400


def test_a_clinic_pages_through_its_patients_by_cursor() -> None:
    visit = start(clinic)
    identifiers = {made(visit, "ada", "patients") for _time in range(3)}
    found: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        told = visit.ask("ada", f"GET /v1/patients?page_size=2&cursor={cursor}").json()["data"]
        found |= {item["patientId"] for item in told["items"]}
        cursor = told["nextCursor"]
    assert identifiers < found
    assert len(found) == 4


def test_a_business_error_of_the_clinic_is_a_200_that_says_so_inside() -> None:
    visit = start(clinic)
    identifier = made(visit, "ada", "appointments")
    first, second = (visit.ask("ada", f"POST /v1/appointments/{identifier}/cancel") for _time in range(2))
    assert (first.json()["ok"], first.json()["data"]["status"]) == (True, "cancelled")
    assert (second.status_code, second.json()["ok"], second.json()["error"]["code"]) == (200, False, "ALREADY_CANCELLED")
    wrong = visit.ask(ANONYMOUS, "POST /v1/auth/token", json={"userName": "ada", "passphrase": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (200, "BAD_CREDENTIALS")


def test_the_laboratory_comes_with_its_key_and_gets_no_patients() -> None:
    visit = start(clinic)
    assert outcome(visit.ask("lab", "GET /v1/lab/queue")) == "done"
    assert outcome(visit.ask("lab", "GET /v1/patients")) == "refused"
    assert outcome(visit.ask(ANONYMOUS, "GET /v1/lab/queue", headers={"X-Api-Key": "guessed"})) == "refused"


ODD: Final = (b"", b"[" * 30000, b'{"a": "\\ud800"}', b"null", b"\xff\xfe", b'{"title": 1e999}', b"{" + b" " * 70000)


@pytest.mark.parametrize("name", SERVICES)
def test_whatever_is_sent_a_clean_build_does_not_break(name: str) -> None:
    visit = start(SERVICES[name])
    writing = {"library": ("POST /api/lists", "POST /loans", "POST /login"), "clinic": ("POST /v1/patients", "POST /v1/auth/token")}[name]
    reading = {
        "library": (
            "GET /books?page=99999999999999999999",
            "GET /books?q=%00%ff%25",
            "GET /loans/%F0%9F%98%80",
            "DELETE /books",
            "FOO /books",
        ),
        "clinic": (
            "GET /v1/patients?cursor=%ff",
            "GET /v1/patients?page_size=-1",
            "GET /v1/patients/%00",
            "PUT /v1/patients",
            "FOO /v1/me",
        ),
    }[name]
    role = ROLES[name][0]
    for said in writing:
        for body in ODD:
            for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
                answer = visit.ask(role, said, content=body, headers={"content-type": kind})
                assert answer.status_code < 500, (said, kind, body[:20])
    for said in reading:
        assert visit.ask(role, said).status_code < 500, said


@pytest.mark.parametrize("name", SERVICES)
def test_every_answer_tells_the_build_also_those_that_no_operation_made(name: str) -> None:
    visit, identity = start(SERVICES[name]), {"library": "x-library-release", "clinic": "x-clinic-version"}[name]
    for said in ("GET /nowhere", f"DELETE {SCHEMAS[name]}", f"OPTIONS {SCHEMAS[name]}", f"GET {SCHEMAS[name]}"):
        assert visit.ask(ANONYMOUS, said).headers[identity] == "1.0.0"


# The gate's file.


@pytest.mark.parametrize("name", SERVICES)
def test_the_gates_file_is_one_and_its_logins_work(name: str, tmp_path: Path) -> None:
    service = SERVICES[name]
    text = service.gate(baseline_url="http://127.0.0.1:1", canary_url="http://127.0.0.1:2", baseline_build="1", canary_build="2")
    (tmp_path / "gate.toml").write_text(text)
    config = load(tmp_path / "gate.toml", environment=service.environment())
    assert set(config.roles) == set(ROLES[name])
    visit, told = start(service), tomllib.loads(text)
    for role, entry in told["roles"].items():
        assert outcome(visit.ask(role, entry["check"])) == "done"
    for resource in told["resources"].values():
        for owner in resource["owners"]:
            answer = visit.ask(owner, resource["create"], json=resource["body"])
            found = answer.json()
            for step in resource["id"].strip("/").split("/"):
                found = found[step]
            for said in resource["used"]:
                method, _, template = said.partition(" ")
                if method == "GET":
                    assert outcome(visit.ask(owner, f"GET {template[: template.index('{')]}{found}")) == "done", said
