"""What is seen over HTTP, as checks read it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from builders import exchange, headers, probe

from zeroweight.model.http import Failure, Headers, Response, Timing, Trace
from zeroweight.model.request import Scenario, Step
from zeroweight.model.target import Side, Target


def response(body: bytes, media_type: str = "application/json") -> Response:
    return Response(status=200, headers=headers({"Content-Type": media_type} if media_type else {}), body=body)


def test_header_fields_are_found_whatever_their_case_in_order_and_all() -> None:
    fields = headers([("Set-Cookie", "a=1"), ("X-A", " 1 "), ("set-cookie", "b=2")])
    assert fields.all("SET-COOKIE") == ("a=1", "b=2")
    assert fields.get("x-a") == "1"
    assert fields.get("set-cookie") == "a=1, b=2"
    assert list(fields) == ["Set-Cookie", "X-A", "set-cookie"]


def test_a_field_that_is_empty_is_there() -> None:
    fields = headers({"X-A": ""})
    assert "x-a" in fields
    assert "x-b" not in fields
    assert 7 not in fields
    assert (fields.get("x-a", "d"), fields.get("x-b", "d"), fields.all("x-a")) == ("d", "d", ("",))


def test_bytes_of_a_header_are_latin_1() -> None:
    assert Headers(raw=((b"x", b"\xe9"),)).get("x") == "é"


@pytest.mark.parametrize(
    ("sent", "media_type"),
    [("Application/JSON; charset=utf-8", "application/json"), ("", ""), (" text/html ;x", "text/html"), ("text/html", "text/html")],
)
def test_the_media_type_stands_alone(sent: str, media_type: str) -> None:
    assert response(b"", sent).media_type == media_type


@pytest.mark.parametrize(
    ("body", "media_type", "value"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "application/problem+json", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b'{"a": 1}', "text/plain", None),
        (b"{", "application/json", None),
        (b"", "application/json", None),
        (b"\xff\xfe", "application/json", None),
        (b"null", "application/json", None),
        (b"[" * 100_000, "application/json", None),
        (b"9" * 5000, "application/json", None),
        ('"é"'.encode("utf-16"), "application/json", "é"),
    ],
)
def test_json_is_plain_or_nothing(body: bytes, media_type: str, value: Any) -> None:
    assert response(body, media_type).json == value


def test_text_that_is_not_utf8_is_still_text() -> None:
    assert response(b"a\xffb", "text/plain").text == "a\ufffdb"


@pytest.mark.parametrize(
    ("body", "media_type", "readable"),
    [
        (b'{"a": "x &lt; y", "b": ["p", {"c": "q"}], "n": 1}', "application/json", "x < y\np\nq"),
        (b"<p>a &amp; b</p>", "text/html", "<p>a & b</p>"),
        (b"plain", "text/plain", "plain"),
        (b'{"a": "not announced"}', "text/html", '{"a": "not announced"}'),
        (json.dumps({"trace": ["one", "two"]}).encode(), "", "one\ntwo"),
        (b'""', "application/json", ""),
    ],
)
def test_messages_are_looked_for_in_what_a_person_would_read(body: bytes, media_type: str, readable: str) -> None:
    assert response(body, media_type).readable == readable


def test_nesting_does_not_exhaust_the_reader() -> None:
    nested: Any = "deep"
    for _ in range(800):
        nested = [nested]
    assert response(json.dumps(nested).encode()).readable == "deep"


@pytest.mark.parametrize("kind", ["level", "budget", "deadline", "stopped", "unbound"])
def test_what_we_did_not_send_is_our_own_doing(kind: str) -> None:
    assert Failure(kind=kind, text="t").ours


@pytest.mark.parametrize("kind", ["refused", "reset", "timeout", "closed", "protocol", "tls"])
def test_what_the_target_did_not_answer_is_its_silence(kind: str) -> None:
    assert not Failure(kind=kind, text="t").ours


def test_how_long_an_answer_took_is_never_negative() -> None:
    assert Timing(sent=2.0, first_byte=3.5, last_byte=4.0).seconds == 1.5
    assert Timing(sent=2.0).seconds == 0.0


def test_no_answer_has_the_status_0() -> None:
    assert (exchange(204).status, exchange(failure="reset").status) == (204, 0)


def test_a_trace_shows_checks_only_what_is_judged_and_what_came() -> None:
    made, asked, last = (probe(label=label) for label in ("make", "ask", "last"))
    scenario = Scenario(steps=(Step(probe=made, judged=False), Step(probe=asked), Step(probe=last)))
    target = Target(side=Side.CANARY, url="http://c")
    seen = tuple(replace(exchange(200 + n), probe=each) for n, each in enumerate((made, asked, last)))
    trace = Trace(scenario=scenario, target=target, exchanges=seen)
    assert [each.status for each in trace.judged] == [201, 202]
    assert [each.status for each in replace(trace, exchanges=seen[:2]).judged] == [201]
    assert replace(trace, exchanges=seen[:1]).judged == ()


def test_the_first_failure_of_a_trace_is_its_failure() -> None:
    scenario = Scenario.of(probe())
    target = Target(side=Side.CANARY, url="http://c")
    broken = exchange(failure="reset")
    assert Trace(scenario=scenario, target=target, exchanges=(exchange(), broken)).failure == broken.failure
    assert Trace(scenario=scenario, target=target, exchanges=(exchange(),)).failure is None
    assert Trace(scenario=scenario, target=target).failure is None


def test_bodies_and_credentials_are_not_shown() -> None:
    seen = exchange(200, body=b"the-body", sent_fields={"Authorization": "the-token"}, sent=b"the-words")
    assert seen.request is not None
    assert not any(word in repr(part) for word in ("the-body", "the-token", "the-words") for part in (seen.request, seen.response))
