"""Answers that say 200 outside and fail inside, and those that only look so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import exchange
from transitions import A, B, I, L, M, R

from zeroweight.checks.envelope import fails_alike, status_inside
from zeroweight.checks.outcome import outcome
from zeroweight.model.outcome import Outcome

BODIES: list[tuple[Any, Outcome]] = [
    ({"id": 7, "total": 3}, A),
    ([], A),
    ([{"error": "in a list of log lines"}], A),
    (None, A),
    ("text", A),
    ({}, A),
    ({"success": True, "data": {"id": 7}}, A),
    ({"status": "ok"}, A),
    ({"id": 7, "status": "failed", "amount": 12}, A),
    ({"code": 420, "name": "Czechia"}, A),
    ({"code": 404}, A),
    ({"success": False, "data": {"id": 7}, "message": "forbidden"}, A),
    ({"errors": [{"message": "one field failed"}], "data": {"order": {"id": 7}}}, A),
    ({"error": None, "items": []}, A),
    ({"message": "order 403 is forbidden fruit"}, A),
    ({"success": False, "message": "please give a name"}, I),
    ({"ok": False}, I),
    ({"status": "fail", "data": None}, I),
    ({"status": "error", "code": 500, "message": "oops"}, B),
    ({"code": 403, "msg": "no"}, R),
    ({"code": "401", "message": "no"}, R),
    ({"statusCode": 404, "message": "no"}, M),
    ({"success": False, "error": {"code": "FORBIDDEN", "message": "no"}}, R),
    ({"success": False, "error": "Not authenticated"}, R),
    ({"ok": False, "error": "not_found"}, M),
    ({"ok": False, "error": "ratelimited"}, L),
    ({"errors": [{"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}], "data": None}, R),
    ({"errors": [{"message": "Too many requests"}], "data": None}, L),
    ({"status": 422, "error": "Unprocessable", "path": "/orders", "timestamp": "2026-11-24"}, I),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_200_with_a_body_means(body: Any, expected: Outcome) -> None:
    assert outcome(exchange(200, {"content-type": "application/json"}, json.dumps(body))) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": 403, "message": "no"}, 403),
        ({"code": "503", "message": "no"}, 503),
        ({"success": False}, 400),
        ({"code": True, "message": "no"}, None),
        ({"code": 200, "message": "fine"}, None),
        ({"code": 7003, "message": "no"}, None),
    ],
)
def test_the_status_inside_is_told(body: Any, expected: int | None) -> None:
    assert status_inside(body) == expected


KEPT = {"ok": False, "error": {"reason": "another practice", "ref": "5f4dcc3b-5aa7-65d6-1d83-27deb882cf99"}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (KEPT, {**KEPT, "served_by": "node-7"}, True),
        (KEPT, {**KEPT, "error": {"reason": "another practice", "ref": "0cc175b9-c0f1-b6a8-31c3-99e269772661"}}, True),
        (KEPT, {**KEPT, "took": 12, "node": ""}, True),
        (KEPT, {**KEPT, "notes": []}, True),
        (KEPT, {**KEPT, "served_by": {"node": "node-7", "took": 12}}, True),
        (KEPT, {**KEPT, "served_by": {"node": {"name": "node-7"}}}, False),
        (KEPT, {**KEPT, "node": "n-7", "region": "eu", "elapsed_ms": 3, "meta": {"build": "1.2"}, "version": "2"}, True),
        *((KEPT, {**KEPT, name: "x"}, False) for name in ("email", "iban", "access_token", "html", "order", "name", "debug")),
        (KEPT, {**KEPT, "balance": 1200}, False),
        (KEPT, {**KEPT, "balance": 0}, False),
        (KEPT, {**KEPT, "meta": '{"id": 7, "name": "Sol"}' * 10}, False),
        (KEPT, {**KEPT, "meta": {"id": "p-77"}}, False),
        (KEPT, {**KEPT, "build": dict.fromkeys("abcdefg", 1)}, False),
        (KEPT, {**KEPT, "nodes": ["node-7"]}, False),
        (KEPT, {**KEPT, "patient": {"name": "Sol"}}, False),
        (KEPT, {**KEPT, "found": {"id": "p-77", "name": "Sol"}}, False),
        (KEPT, {**KEPT, "found": dict.fromkeys("abcdefg", 1)}, False),
        (KEPT, {**KEPT, "data": {"id": 7}}, False),
        (KEPT, {**KEPT, "patients": [{"id": 7}]}, False),
        (KEPT, {**KEPT, "error": {"reason": "come in"}}, False),
        (KEPT, {"ok": True, "data": {"id": 7}}, False),
        (KEPT, {"served_by": "node-7"}, False),
        (KEPT, [KEPT], False),
        (KEPT, None, False),
        ({"ok": True}, {"ok": True, "served_by": "node-7"}, False),
        (None, {**KEPT}, False),
    ],
)
def test_a_failure_stays_one_whatever_small_things_stand_beside_it(old: object, new: object, *, expected: bool) -> None:
    assert fails_alike(old, new, asked="/v1/patients/p-77") is expected


def test_a_remark_about_what_was_asked_for_is_none() -> None:
    assert not fails_alike(KEPT, {**KEPT, "node": "n-7"}, asked="/v1/node")
