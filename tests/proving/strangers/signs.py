"""Signs: for each variant of a stranger one request whose answer tells it from a clean build."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from .visit import ANONYMOUS, Sees, Visit


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A request that tells a variant from a clean build, and what is seen of its answer there and here."""

    ask: str
    clean: object
    varied: object
    sees: Sees = lambda answer: answer.status_code
    role: str = ANONYMOUS
    of: str = ""
    """The role that makes an object first; `{}` in the path is its id."""
    times: int = 1
    """How many it makes."""
    more: Mapping[str, Any] = field(default_factory=dict)


def header(name: str) -> Sees:
    return lambda answer: answer.headers.get(name)


def has(text: str) -> Sees:
    return lambda answer: text in answer.text


def keys(*path: str | int) -> Sees:
    def look(answer: httpx.Response) -> object:
        told = answer.json()
        for step in path:
            told = told[step]
        return sorted(told) if isinstance(told, dict) else type(told).__name__

    return look


def status_and(text: str) -> Sees:
    return lambda answer: (answer.status_code, text in answer.text)


MAKING: Final[Mapping[str, tuple[str, dict[str, Any], Callable[[Any], str]]]] = {
    "loans": ("POST /api/loans", {"isbn": "9780199232765"}, lambda told: told["loan"]["number"]),
    "lists": ("POST /api/lists", {"title": "Autumn"}, lambda told: told["list"]["list_id"]),
    "patients": (
        "POST /v1/patients",
        {"familyName": "Abe", "givenName": "Ken", "birthDate": "1960-01-01"},
        lambda told: told["data"]["patientId"],
    ),
    "appointments": (
        "POST /v1/appointments",
        {"startsAt": "2031-01-01T10:00:00Z", "reason": "x"},
        lambda told: told["data"]["appointment_id"],
    ),
    "prescriptions": ("POST /v1/prescriptions", {"drug_name": "zinc", "dose_mg": 5}, lambda told: told["data"]["prescription_id"]),
}


def made(visit: Visit, role: str, kind: str) -> str:
    """Let a role make an object; its id."""
    said, body, find = MAKING[kind]
    return find(visit.ask(role, said, json=body).json())


def answered(visit: Visit, sign: Sign) -> httpx.Response:
    """Ask what the sign asks."""
    said = sign.ask
    if sign.of:
        kind = next(kind for kind in MAKING if kind in sign.ask.split("/"))
        said = said.replace("{}", [made(visit, sign.of, kind) for _time in range(sign.times)][-1])
    return visit.ask(sign.role, said, **sign.more)


BROKEN_JSON: Final = {"content": b"{", "headers": {"content-type": "application/json"}}
PLAIN: Final = {"headers": {"content-type": "text/plain"}}
LOAN: Final = {"json": {"isbn": "9780199232765"}}
PRESCRIPTION: Final = json.dumps({"drug_name": "zinc", "dose_mg": 5}).encode()
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
CHANGED: Final = {"json": {"familyName": "Other"}}
NORTH: Final = "3f0c1a52-6f0e-4a7b-9f5e-0d6f1f7c2a01"
FOREIGN_CURSOR: Final = base64.urlsafe_b64encode(b"page two").decode()

SIGNS: Final[Mapping[str, Mapping[str, Sign]]] = {
    "library": {
        "policy-gone": Sign(
            ask="GET /", sees=header("content-security-policy"), clean="default-src 'self'; object-src 'none'", varied=None
        ),
        "transport-security-gone": Sign(
            ask="GET /nowhere", sees=header("strict-transport-security"), clean="max-age=31536000", varied=None
        ),
        "sniffing-allowed-on-json": Sign(ask="GET /api/books", sees=header("x-content-type-options"), clean="nosniff", varied=None),
        "login-page-framable": Sign(ask="GET /login", sees=header("x-frame-options"), clean="SAMEORIGIN", varied=None),
        "account-kept-by-caches": Sign(ask="GET /me", role="mia", sees=header("cache-control"), clean="no-store", varied=None),
        "framework-banner": Sign(
            ask="GET /api/health", sees=header("x-powered-by"), clean=None, varied="Flask/3.1.3 Werkzeug/3.1.9 Python/3.11.9"
        ),
        "worker-address": Sign(ask="GET /", sees=header("x-served-by"), clean=None, varied="web-7.branch.internal (10.20.4.31:8000)"),
        "missing-book-tells-host": Sign(ask="GET /api/books/9780000000000", sees=has("10.20.4.17"), clean=False, varied=True),
        "broken-json-traceback": Sign(
            ask="POST /api/session", more=BROKEN_JSON, sees=status_and("Traceback"), clean=(400, False), varied=(500, True)
        ),
        "list-json-traceback": Sign(
            ask="PUT /api/lists/{}",
            role="mia",
            of="mia",
            more=BROKEN_JSON,
            sees=status_and("Traceback"),
            clean=(400, False),
            varied=(500, True),
        ),
        "search-pasted-with-words": Sign(ask="GET /api/books?q='", sees=status_and("sqlite3."), clean=(200, False), varied=(500, True)),
        "search-page-pasted": Sign(ask="GET /books?q='", sees=status_and("sqlite3."), clean=(200, False), varied=(500, False)),
        "errors-as-pages": Sign(
            ask="GET /api/loans", sees=header("content-type"), clean="application/json", varied="text/html; charset=utf-8"
        ),
        "unacceptable-of-another-shape": Sign(
            ask="POST /api/session", more={"json": {}}, sees=keys(), clean=["code", "message"], varied=["detail", "title", "type"]
        ),
        "docs-without-security": Sign(
            ask="GET /api-docs.json",
            sees=lambda answer: "security" in answer.json()["paths"]["/api/loans"]["get"],
            clean=True,
            varied=False,
        ),
        "console-mounted": Sign(ask="GET /console", clean=404, varied=200),
        "loans-without-login": Sign(ask="GET /api/loans", clean=401, varied=200),
        "staff-page-without-login": Sign(ask="GET /staff", clean=303, varied=200),
        "members-shown-to-members": Sign(ask="GET /api/staff/members", role="noah", clean=404, varied=200),
        "staff-functions-for-members": Sign(ask="GET /api/staff/report.csv", role="mia", clean=404, varied=200),
        "loans-of-others": Sign(ask="PATCH /api/loans/{}", role="mia", of="noah", more={"json": {"note": "mine"}}, clean=404, varied=200),
        "loan-page-of-others": Sign(ask="GET /loans/{}", role="mia", of="noah", clean=404, varied=200),
        "return-loan-of-others": Sign(ask="DELETE /api/loans/{}", role="noah", of="mia", clean=404, varied=204),
        "write-list-of-others": Sign(
            ask="PUT /api/lists/{}", role="noah", of="mia", more={"json": {"title": "Mine"}}, clean=404, varied=200
        ),
        "noah-cannot-renew": Sign(ask="POST /api/loans/{}/renewal", role="noah", of="noah", clean=200, varied=404),
        "borrow-reads-before-asking-who": Sign(ask="POST /api/loans", more={"json": {}}, clean=401, varied=422),
        "any-content-type": Sign(ask="PUT /api/me", role="mia", more={"content": b'{"phone": "1"}', **PLAIN}, clean=415, varied=200),
        "borrow-needs-a-note": Sign(ask="POST /api/loans", role="mia", more=LOAN, clean=201, varied=500),
        "odd-page-number": Sign(ask="GET /books?page=two", clean=422, varied=500),
        "stricter-policy": Sign(ask="GET /", sees=header("permissions-policy"), clean=None, varied="camera=(), geolocation=()"),
        "longer-cache": Sign(ask="GET /books", sees=header("cache-control"), clean="public, max-age=60", varied="public, max-age=3600"),
        "error-wording": Sign(ask="GET /api/loans", sees=has("Sorry"), clean=False, varied=True),
        "branch-field": Sign(ask="GET /api/loans/{}", role="mia", of="mia", sees=has("branch"), clean=False, varied=True),
        "loans-order": Sign(
            ask="GET /api/loans", role="mia", of="mia", sees=lambda answer: answer.json()["loans"][0]["number"], clean="5001", varied="5005"
        ),
        "random-numbers": Sign(
            ask="GET /api/loans/{}",
            role="mia",
            of="mia",
            sees=lambda answer: answer.json()["loan"]["number"].isdigit(),
            clean=True,
            varied=False,
        ),
        "holds-operation": Sign(ask="GET /api/holds", role="mia", clean=404, varied=200),
        "new-pages": Sign(ask="GET /", sees=has("<main>"), clean=False, varied=True),
        "login-found": Sign(ask="GET /loans", clean=303, varied=302),
    },
    "clinic": {
        "transport-security-zero": Sign(
            ask="GET /v1/status", sees=header("strict-transport-security"), clean="max-age=63072000", varied="max-age=0"
        ),
        "policy-lost": Sign(
            ask="GET /v1/me",
            sees=header("content-security-policy"),
            clean="default-src 'none'; frame-ancestors 'none'",
            varied=None,
        ),
        "sniffing-allowed-on-refusals": Sign(ask="GET /v1/me", sees=header("x-content-type-options"), clean="nosniff", varied=None),
        "patient-kept-by-caches": Sign(
            ask="GET /v1/patients/{}", role="ada", of="ada", sees=header("cache-control"), clean="no-store", varied=None
        ),
        "framework-version": Sign(
            ask="GET /v1/status", sees=header("x-powered-by"), clean=None, varied="falcon/4.4.0 (CPython 3.11.7; Linux 6.1)"
        ),
        "envelope-tells-node": Sign(ask="GET /v1/status", sees=has("svc.cluster.local"), clean=False, varied=True),
        "missing-patient-tells-service": Sign(
            ask=f"GET /v1/patients/{UNKNOWN}", role="ada", sees=status_and("10.3.0.44"), clean=(404, False), varied=(404, True)
        ),
        "malformed-body-stack": Sign(
            ask="POST /v1/auth/token", more=BROKEN_JSON, sees=status_and("Traceback"), clean=(400, False), varied=(500, True)
        ),
        "refusal-tells-stack": Sign(
            ask="GET /v1/appointments/{}", role="cleo", of="ada", sees=status_and("house.py"), clean=(200, False), varied=(200, True)
        ),
        "taken-name-tells-constraint": Sign(
            ask="POST /v1/admin/users",
            role="ivy",
            more={"json": {"userName": "ada", "practice_id": NORTH}},
            sees=status_and("psycopg.errors"),
            clean=(200, False),
            varied=(200, True),
        ),
        "errors-as-text": Sign(ask="GET /v1/me", sees=keys("error"), clean=["code", "message"], varied="str"),
        "unacceptable-without-envelope": Sign(
            ask="POST /v1/auth/token", more={"json": {}}, sees=keys(), clean=["error", "ok"], varied=["detail"]
        ),
        "spec-without-security": Sign(
            ask="GET /v1/openapi.json",
            sees=lambda answer: answer.json()["paths"]["/v1/patients/{patientId}"]["get"]["security"],
            clean=[{"token": []}],
            varied=[],
        ),
        "debug-sessions": Sign(ask="GET /v1/debug/sessions", clean=404, varied=200),
        "export-for-anybody": Sign(ask="GET /v1/patients-export", clean=404, varied=200),
        "patients-without-token": Sign(ask="GET /v1/patients", clean=401, varied=200),
        "results-without-key": Sign(
            ask="POST /v1/lab/results", more={"json": {"sampleCode": "S-1", "finding": "none"}}, clean=401, varied=201
        ),
        "users-for-clinicians": Sign(ask="GET /v1/admin/users", role="cleo", clean=403, varied=200),
        "office-for-clinicians": Sign(ask="GET /v1/admin/audit", role="ada", clean=403, varied=200),
        "patients-for-the-lab": Sign(ask="GET /v1/patients", role="lab", clean=403, varied=200),
        "patients-of-other-practices": Sign(
            ask="GET /v1/patients/{}", role="cleo", of="ada", sees=keys(), clean=["error", "ok"], varied=["data", "ok"]
        ),
        "change-patient-of-other-practice": Sign(
            ask="PATCH /v1/patients/{}", role="ada", of="cleo", more=CHANGED, sees=keys(), clean=["error", "ok"], varied=["data", "ok"]
        ),
        "cancel-for-other-practice": Sign(
            ask="POST /v1/appointments/{}/cancel", role="cleo", of="ada", sees=keys(), clean=["error", "ok"], varied=["data", "ok"]
        ),
        "prescription-of-other-practice": Sign(ask="GET /v1/prescriptions/{}", role="cleo", of="ada", clean=403, varied=200),
        "withdraw-for-other-practice": Sign(ask="DELETE /v1/prescriptions/{}", role="ada", of="cleo", clean=403, varied=200),
        "practice-for-outsiders": Sign(ask=f"GET /v1/practices/{NORTH}", role="cleo", clean=403, varied=200),
        "cleo-cannot-renew": Sign(ask="POST /v1/prescriptions/{}/renew", role="cleo", of="cleo", clean=200, varied=403),
        "ada-sees-no-appointments": Sign(ask="GET /v1/appointments", role="ada", sees=keys(), clean=["data", "ok"], varied=["error", "ok"]),
        "patient-read-before-asking-who": Sign(ask="POST /v1/patients", more={"json": {}}, clean=401, varied=422),
        "any-type-of-prescription": Sign(
            ask="POST /v1/prescriptions", role="ada", more={"content": PRESCRIPTION, **PLAIN}, clean=415, varied=201
        ),
        "appointment-needs-reason": Sign(
            ask="POST /v1/appointments", role="ada", more={"json": {"startsAt": "2031-01-01T10:00:00Z"}}, clean=201, varied=500
        ),
        "foreign-cursor": Sign(ask=f"GET /v1/patients?cursor={FOREIGN_CURSOR}", role="ada", clean=422, varied=500),
        "patient-id-no-uuid": Sign(ask="GET /v1/patients/17", role="ada", clean=404, varied=500),
        "stricter-headers": Sign(
            ask="GET /v1/status",
            sees=header("strict-transport-security"),
            clean="max-age=63072000",
            varied="max-age=63072000; includeSubDomains",
        ),
        "message-wording": Sign(ask="GET /v1/me", sees=has("practice manager"), clean=False, varied=True),
        "preferred-name": Sign(ask="GET /v1/patients/{}", role="ada", of="ada", sees=has("preferredName"), clean=False, varied=True),
        "newest-first": Sign(ask="GET /v1/patients?page_size=1", role="ivy", sees=has("Olga"), clean=True, varied=False),
        "plain-ids": Sign(
            ask="GET /v1/patients/{}",
            role="ada",
            of="ada",
            sees=lambda answer: "-" in answer.json()["data"]["patientId"],
            clean=True,
            varied=False,
        ),
        "smaller-pages": Sign(
            ask="GET /v1/patients",
            role="ada",
            of="ada",
            times=15,
            sees=lambda answer: len(answer.json()["data"]["items"]),
            clean=16,
            varied=10,
        ),
        "reminders": Sign(ask="GET /v1/reminders", role="ada", clean=404, varied=200),
        "status-for-no-access": Sign(ask="GET /v1/patients/{}", role="cleo", of="ada", clean=200, varied=403),
    },
}
