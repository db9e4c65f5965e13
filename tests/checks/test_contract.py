"""Changes between two API documents, of which only what loosens is a finding; and errors that clients can no longer read."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from builders import answer, noise

from zeroweight.checks.check import catalogue, compare_halves, examine_contract
from zeroweight.compare import documented
from zeroweight.finding import Answer, Finding, Noise, Severity
from zeroweight.model.contract import Change
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.model.request import Intent
from zeroweight.model.target import Side


def change(kind: str) -> Change:
    return Change(kind=kind, method="GET", path="/x/{id}", says="the document says otherwise")


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("security-lost", ["contract.security-lost"]),
        ("operation-hidden", ["contract.operation-hidden"]),
        ("security-added", []),
        ("operation-added", []),
        ("unheard-of", []),
        ("", []),
    ],
)
def test_a_change_is_found_by_the_rule_for_its_kind(kind: str, rules: list[str]) -> None:
    found = examine_contract(catalogue(), [change(kind)])
    assert [each.rule.id for each in found] == rules
    assert {each.place for each in found} <= {Place(method="GET", path="/x/{id}")}
    assert {each.evidence.says for each in found} <= {"the document says otherwise"}


def test_each_change_is_a_finding_of_its_own_with_one_cause() -> None:
    changes = [Change(kind="security-lost", method="GET", path=f"/{number}", says="s") for number in range(3)]
    found = examine_contract(catalogue(), changes)
    assert len({each.fingerprint for each in found}) == 3
    assert len({each.evidence.cause for each in found}) == 1


def test_a_lost_requirement_blocks_and_a_hidden_operation_does_not() -> None:
    severities = [
        documented(each).severity
        for kind in ("security-lost", "operation-hidden")
        for each in examine_contract(catalogue(), [change(kind)])
    ]
    assert severities == [Severity.MEDIUM, Severity.NOTE]


# Errors.

R, I, M, L, B, A = Outcome.REFUSED, Outcome.INVALID, Outcome.MISSING, Outcome.LIMITED, Outcome.BROKEN, Outcome.ALLOWED  # noqa: E741
MEANT = {400: I, 401: R, 403: R, 404: M, 409: I, 422: I, 429: L, 500: B, 503: B, 302: R, 200: A}
SHAPE, WORDING = "contract.error-shape", "contract.error-wording"
CHECKS = [each for each in catalogue() if each.rule.id in {SHAPE, WORDING}]
ERROR: Any = {"error": {"code": "missing", "message": "There is nothing."}}

Seen = tuple[int, str, str]


def told(body: Any, status: int = 404, media_type: str = "application/json") -> Seen:
    return status, media_type, body if isinstance(body, str) else json.dumps(body)


def html(text: str, status: int = 404) -> Seen:
    return told(text, status, "text/html; charset=utf-8")


def half(side: Side, seen: Seen, meant: Outcome | None = None, **more: Any) -> Answer:
    status, media_type, body = seen
    return answer(meant or MEANT[status], status, {"content-type": media_type} if media_type else {}, body, side=side, **more)


def judge(old: Seen, new: Seen, habit: Sequence[Seen] = (), **more: Any) -> list[Finding]:
    seen = noise(*(half(Side.BASELINE, each, **more) for each in habit))
    return compare_halves(CHECKS, half(Side.BASELINE, old, **more), half(Side.CANARY, new, **more), seen)


def rules(*args: Any, **more: Any) -> list[str]:
    return [finding.rule.id for finding in judge(*args, **more)]


BROKEN = [
    pytest.param(told(ERROR), html("<h1>Not found</h1>"), "is JSON on the baseline and text/html on the canary", id="a page"),
    pytest.param(told(ERROR), told("Not found", 404, "text/plain"), "is JSON on the baseline and text/plain", id="a text"),
    pytest.param(told(ERROR), told(ERROR, 404, "text/html"), "is JSON on the baseline and text/html", id="JSON that is not called so"),
    pytest.param(told(ERROR), told("", 404, ""), "is JSON on the baseline and empty on the canary", id="nothing"),
    pytest.param(told(ERROR), told("oops"), "is JSON on the baseline and no valid JSON on the canary", id="broken JSON"),
    pytest.param(told(ERROR), told("Not found", 404, ""), "is JSON on the baseline and of no media type", id="no type"),
    pytest.param(told(ERROR), told({"error": {"message": "x"}}), "has lost the key /error/code", id="a key"),
    pytest.param(told(ERROR), told({"detail": "Not found"}), "has lost the key /error", id="another framework's error"),
    pytest.param(told(ERROR), told({"error": "missing"}), "has string at /error where the baseline has object", id="a flat error"),
    pytest.param(told({"code": 4}), told({"code": "4"}), "has string at /code where the baseline has number", id="a number as text"),
    pytest.param(told([{"msg": "a"}]), told({"msg": "a"}), "has object at its root where the baseline has array", id="no list"),
    pytest.param(told({"errors": [{"loc": "a", "msg": "b"}]}, 422), told({"errors": [{"msg": "b"}]}, 422), "/errors/*/loc", id="in a list"),
    pytest.param(told(ERROR, 400), told({"detail": []}, 422), "has lost the key /error", id="400 as 422"),
    pytest.param(told("<e>no</e>", 404, "application/problem+xml"), html("<h1>No</h1>"), "is XML on the baseline and text/html", id="XML"),
    pytest.param(told("<e>no</e>", 404, "text/xml"), told(ERROR), "is XML on the baseline and JSON on the canary", id="JSON for XML"),
    pytest.param(told(ERROR), told('"Not found"'), "is JSON on the baseline and a bare string on the canary", id="a bare text"),
    pytest.param(told({"success": False, "code": 403}, 200), told({"success": False}, 200), "has lost the key /code", id="an envelope"),
]


@pytest.mark.parametrize(("old", "new", "says"), BROKEN)
def test_an_error_that_clients_can_no_longer_read_is_found(old: Seen, new: Seen, says: str) -> None:
    meant = R if old[0] == 200 else None
    (finding,) = judge(old, new, meant=meant)
    assert (finding.rule.id, finding.rule.severity) == (SHAPE, Severity.MEDIUM)
    assert says in finding.evidence.says
    assert finding.evidence.cause
    assert SHAPE not in rules(old, new, [new], meant=meant), "what the baseline itself answers now and then is its habit"
    assert rules(old, old, meant=meant) == []


READABLE = [
    pytest.param(told(ERROR), told({"error": {"code": "missing", "message": "Gone, or never there."}}), id="other words"),
    pytest.param(told(ERROR), told({"error": {"code": "not_found", "message": ""}}), id="another code"),
    pytest.param(told(ERROR), told({**ERROR, "trace_id": "4f"}), id="a new key"),
    pytest.param(told(ERROR), told({"error": {**ERROR["error"], "detail": None, "help": {"url": "x"}}}), id="new keys inside"),
    pytest.param(told(ERROR), told(json.dumps(ERROR, indent=2)), id="other white space"),
    pytest.param(told(ERROR), told(ERROR, 404, "application/problem+json"), id="another JSON type"),
    pytest.param(told({"errors": {"sku": ["x"]}}, 422), told({"errors": {"qty": ["y"]}}, 422), id="another field complained of"),
    pytest.param(told({"errors": [{"msg": "a"}]}, 422), told({"errors": []}, 422), id="fewer complaints"),
    pytest.param(told("", 404, ""), told(ERROR), id="an error where there was nothing"),
    pytest.param(html("<h1>No</h1>"), told(ERROR), id="JSON where there was a page"),
    pytest.param(told("null"), html("<h1>No</h1>", 404), id="a null has no shape"),
    pytest.param(told('"Not found"'), html("<h1>No</h1>", 404), id="nor has a bare text"),
    pytest.param(told("<e>no</e>", 404, "text/xml"), told("<e>never</e>", 404, "application/xml"), id="XML in other words"),
    pytest.param(told("<p>no</p>", 404, "application/xhtml+xml"), html("<p>never</p>"), id="a page called otherwise"),
]


@pytest.mark.parametrize(("old", "new"), READABLE)
def test_an_error_that_clients_still_read_is_no_finding(old: Seen, new: Seen) -> None:
    assert SHAPE not in rules(old, new)


WORDED = [
    pytest.param(html("<h1>Not found</h1>"), html("<h1>Nothing here</h1>"), id="other words"),
    pytest.param(html("<h1>Not found</h1>"), html("<title>x</title><h1>Not found</h1>"), id="other tags"),
    pytest.param(html("<h1>Not found</h1>"), told("Not found", 404, "text/plain"), id="a text for a page"),
    pytest.param(told("Not found", 404, "text/plain"), told("", 404, ""), id="nothing for a text"),
]


@pytest.mark.parametrize(("old", "new"), WORDED)
def test_another_page_is_a_note(old: Seen, new: Seen) -> None:
    (finding,) = judge(old, new)
    assert (finding.rule.id, finding.rule.severity) == (WORDING, Severity.NOTE)
    assert rules(old, new, [new]) == []


SAME_PAGE = [
    ("<p>id 7f3a9c1e, 12 of 13, 2026-11-24T10:00:00Z</p>", "<p>id 9b2c4d5e, 3 of 4, 2026-11-25T11:00:00Z</p>"),
    ("<a href='http://127.0.0.1:8001/'>home</a>", "<a href='http://127.0.0.1:8002/'>home</a>"),
    ("<meta nonce='Zm9vYmFyYmF6cXV4MTIzNDU2'>", "<meta nonce='YWFhYmFyYmF6cXV4MTIzNDU3'>"),
]


@pytest.mark.parametrize(("old", "new"), SAME_PAGE)
def test_a_page_is_the_same_whatever_its_ids_times_and_hosts(old: str, new: str) -> None:
    assert rules(html(old), html(new)) == []


def test_what_was_asked_for_is_masked_in_a_page() -> None:
    """Ids differ per side, and pages repeat them."""
    old = half(Side.BASELINE, html("<p>no ruby&amp;gold here</p>"), target=b"/things/ruby%26gold?a=b")
    new = half(Side.CANARY, html("<p>no opal lamp here</p>"), target=b"/things/opal+lamp?a=b")
    assert compare_halves(CHECKS, old, new, Noise()) == []


NOT_COMPARED: list[Any] = [
    pytest.param(told(ERROR, 401), html("x", 403), {}, id="another status"),
    pytest.param(told(ERROR, 400), html("x", 409), {}, id="another kind of invalid"),
    pytest.param(told(ERROR, 403), html("x", 404), {}, id="another outcome"),
    pytest.param(told(ERROR, 500), html("x", 503), {}, id="another failure"),
    pytest.param(told(ERROR, 429), html("x", 429), {}, id="a limit"),
    pytest.param(told(ERROR, 200), told({"a": 1}, 200), {}, id="no error"),
    pytest.param(told(ERROR, 302), html("x", 302), {}, id="a redirect"),
    pytest.param(told(ERROR), html("x"), {"intent": Intent.BURST}, id="a burst"),
    pytest.param(told(ERROR), html("x"), {"intent": Intent.ATTACK, "plain": A}, id="an attack"),
    pytest.param(told(ERROR), told("", 404, ""), {"verb": "HEAD"}, id="HEAD"),
    pytest.param(told(ERROR), html("x"), {"truncated": True}, id="a body cut short"),
    pytest.param(told(ERROR, 500), html('File "/app/shop.py", line 4, in total', 500), {}, id="a trace is a finding of its own"),
    pytest.param(told(ERROR, 500), told("no such table: orderz", 500, "text/plain"), {}, id="so is a database's message"),
    pytest.param(html("x", 500), html("no such table: orderz", 500), {}, id="also in a page"),
]


@pytest.mark.parametrize(("old", "new", "more"), NOT_COMPARED)
def test_other_answers_are_not_compared(old: Seen, new: Seen, more: dict[str, Any]) -> None:
    assert rules(old, new, **more) == []


def test_odd_requests_are_judged_for_shape_and_not_for_wording() -> None:
    odd: dict[str, Any] = {"intent": Intent.INVALID, "plain": A}
    assert rules(told(ERROR, 400), html("x", 400), **odd) == [SHAPE]
    assert rules(told(ERROR), html("x"), intent=Intent.INVALID) == [SHAPE], "an id that nobody has belongs to no plain request"
    assert rules(html("y", 400), html("x", 400), **odd) == []


def test_a_plain_request_that_fares_otherwise_leaves_nothing_to_compare() -> None:
    old = half(Side.BASELINE, told(ERROR, 400), intent=Intent.INVALID, plain=A)
    new = half(Side.CANARY, html("x", 400), intent=Intent.INVALID, plain=B)
    assert compare_halves(CHECKS, old, new, Noise()) == []


def test_what_the_baseline_answered_otherwise_when_asked_again_is_no_habit_of_this_error() -> None:
    assert rules(told(ERROR, 404), told({"error": {"code": "a"}}), [told({"ok": 1}, 200)]) == [SHAPE]
    assert rules(told(ERROR, 404), told({"error": {"code": "a"}}), [told({"error": {"code": "a"}})]) == []


@pytest.mark.parametrize("piece", ["[", '{"a":', "<p>", "a1b2-", "7 ", "deadbeef99 ", "::", "10:00:00 "])
def test_time_grows_with_the_body_and_not_faster(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    rules(told(ERROR), told(text))
    rules(html("x"), html(text))
    assert time.process_time() - start < 3.0
