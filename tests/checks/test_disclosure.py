"""Addresses, names and versions: what the canary's answer shows in a place where the baseline's shows none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from builders import HeaderFields, answer

from zeroweight.checks.check import catalogue, compare_halves, examine
from zeroweight.finding import Answer, Finding, HeaderName, Noise
from zeroweight.model.http import Exchange
from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent, Pointer
from zeroweight.model.target import Side, Target

A, I, M, R, B = Outcome.ALLOWED, Outcome.INVALID, Outcome.MISSING, Outcome.REFUSED, Outcome.BROKEN  # noqa: E741  # as in transitions
MEANT = {2: A, 3: A, 4: I, 5: B}
ADDRESS, NAME, BANNER = "disclosure.internal-address", "disclosure.host-name", "disclosure.version-banner"
CHECKS = [check for check in catalogue() if check.rule.id in {ADDRESS, NAME, BANNER}]
JSON, HTML = {"content-type": "application/json"}, {"content-type": "text/html"}

Seen = tuple[int, HeaderFields, str]


def half(side: Side, seen: Seen, meant: Outcome | None = None, own: Target | None = None, **more: Any) -> Answer:
    status, fields, body = seen
    made = answer(meant or MEANT[status // 100], status, fields, body, side=side, **more)
    if own is None:
        return made
    old = made.exchange
    moved = Exchange(probe=old.probe, target=own, request=old.request, response=old.response)
    return Answer(exchange=moved, outcome=made.outcome, plain=made.plain)


def judge(old: Seen, new: Seen, **more: Any) -> list[Finding]:
    return compare_halves(CHECKS, half(Side.BASELINE, old, **more), half(Side.CANARY, new, **more), Noise())


def rules(old: Seen, new: Seen, **more: Any) -> list[str]:
    return [finding.rule.id for finding in judge(old, new, **more)]


def ok(**fields: Any) -> Seen:
    return 200, JSON, json.dumps(fields)


def page(text: str, status: int = 200) -> Seen:
    return status, HTML, text


def error(text: str, status: int = 500) -> Seen:
    return status, JSON, json.dumps({"error": {"code": "x", "message": text}})


def sent(status: int = 200, **fields: str) -> Seen:
    return status, {**JSON, **{name.replace("_", "-"): value for name, value in fields.items()}}, "{}"


NEW = [
    pytest.param(ok(id=1), ok(id=1, upstream="10.0.0.7:8080"), [ADDRESS], id="a new field"),
    pytest.param(ok(url="https://shop.example/1"), ok(url="http://10.0.0.7:8080/1"), [ADDRESS], id="a link"),
    pytest.param(ok(items=[{"u": "a"}]), ok(items=[{"u": "b"}, {"u": "http://192.168.3.4/b"}]), [ADDRESS], id="an item"),
    pytest.param(ok(a=1), ok(a=1, debug="the query ran on 10.0.4.12:5432 in 3 ms"), [ADDRESS], id="a sentence of the service's own"),
    pytest.param(error("sorry"), error("connect ECONNREFUSED 10.1.2.3:5432"), [ADDRESS], id="an error"),
    pytest.param(error("sorry", 400), error("upstream fd00::17 timed out", 400), [ADDRESS], id="IPv6"),
    pytest.param(sent(), sent(via="1.1 10.0.0.9"), [ADDRESS], id="Via"),
    pytest.param(sent(302, location="/x"), sent(302, location="http://10.0.0.4:8080/x"), [ADDRESS], id="Location"),
    pytest.param(sent(), sent(x_backend="172.20.0.5:9000"), [ADDRESS], id="a header for the backend"),
    pytest.param(sent(), [*JSON.items(), ("x-a", "b"), ("x-a", "10.0.0.9")], [ADDRESS], id="a second header of one name"),
    pytest.param(page("<p>hello</p>"), page("<p>hello</p><!-- 10.3.0.7 -->"), [ADDRESS], id="a comment in a page"),
    pytest.param(page("<p>none</p>", 404), page("<p>none at 127.0.0.1:5432</p>", 404), [ADDRESS], id="another service on its own host"),
    pytest.param(ok(a=1), ok(**{"10.0.0.4": 1}), [ADDRESS], id="a key"),
    pytest.param(error("sorry"), error("getaddrinfo ENOTFOUND db.prod.internal"), [NAME], id="a name in an error"),
    pytest.param(sent(), sent(x_served_by="billing-7d9f8b6c5-x2x4z"), [NAME], id="a pod in a header"),
    pytest.param(ok(a=1), ok(a=1, next="http://billing.shop.svc.cluster.local/x"), [NAME], id="a cluster's name"),
    pytest.param(page("<p>x</p>"), page("<p>x</p><!-- ip-10-0-0-1.ec2.internal -->"), [NAME], id="an instance in a page"),
    pytest.param(ok(a=1), ok(a=1, base="http://localhost:3000/"), [NAME], id="a base URL left at its default"),
    pytest.param(error("no"), error("db.corp (10.0.0.5) is down"), [NAME, ADDRESS], id="both at once"),
    pytest.param(ok(checks=[{"output": "ok"}]), ok(checks=[{"output": "dial tcp 10.0.0.7:5432 refused"}]), [ADDRESS], id="a health check"),
    pytest.param(ok(a=1), ok(a=1, server="10.42.7.19:8080"), [ADDRESS], id="a server with its port"),
    pytest.param(sent(), sent(server="10.0.0.7:8080"), [ADDRESS], id="a server with its port in a header"),
    pytest.param(sent(), sent(x_forwarded_server="10.0.0.7"), [ADDRESS], id="the proxy's own address"),
    pytest.param((500, JSON, '{"hint": "no"}'), (500, JSON, '{"hint": "db.prod.svc:5432 refused"}'), [NAME], id="a hint of an error"),
    pytest.param((400, JSON, '{"description": "no"}'), (400, JSON, '{"description": "no 10.0.0.7"}'), [ADDRESS], id="words of an error"),
    pytest.param(sent(server="nginx"), sent(server="nginx/1.25.3"), [BANNER], id="a version where a name was"),
    pytest.param(sent(), sent(x_powered_by="PHP/8.2.1"), [BANNER], id="a new field"),
    pytest.param(sent(server="Apache/2.4"), sent(server="Apache/2.4 OpenSSL/3.0.1"), [BANNER], id="one more product"),
    pytest.param(page("<p>none</p>", 404), page("<hr><center>nginx/1.25.3</center>", 404), [BANNER], id="a default page"),
    pytest.param(sent(), sent(x_aspnet_version="4.0.30319"), [BANNER], id="a field that is a version"),
]


@pytest.mark.parametrize(("old", "new", "expected"), NEW)
def test_what_only_the_canary_shows_is_found(old: Seen, new: Any, expected: list[str]) -> None:
    new = (200, new, "{}") if isinstance(new, list) else new
    assert sorted(rules(old, new)) == sorted(expected)
    assert rules(new, old) == [], "closing a leak is none"
    assert rules(new, new) == [], "what both show is old news"


def test_something_else_in_place_of_what_the_baseline_shows_is_found_both_ways() -> None:
    pairs = [(ok(a="10.0.0.4"), ok(b="10.0.0.9")), (sent(server="nginx/1.25"), sent(server="Werkzeug/3.0 Python/3.11"))]
    for old, new in pairs:
        assert len(rules(old, new)) == len(rules(new, old)) == 1


OLD_NEWS = [
    pytest.param(ok(url="http://10.0.0.7/1"), ok(url="http://10.0.0.8/1"), id="another pod in the same field"),
    pytest.param(ok(items=[{"ip4": "10.0.0.7"}]), ok(items=[{"ip4": "10.0.0.7"}, {"ip4": "10.9.9.9"}]), id="more items"),
    pytest.param(ok(url="http://10.0.0.7/1"), ok(href="http://10.0.0.7/1"), id="the same address under another key"),
    pytest.param(sent(x_backend="10.0.0.7"), sent(x_backend="10.0.0.8"), id="another pod in the same header"),
    pytest.param(sent(x_pod="billing-7d9f8b6c5-x2x4z"), sent(x_pod="billing-5b8c9d7f4d-kk2wn"), id="another pod's name"),
    pytest.param(page("<p>10.0.0.7</p>"), page("<p>10.0.0.8</p>"), id="another address in a page"),
    pytest.param(ok(note="ring 10.0.0.7"), ok(note="ring 10.0.0.7"), id="a stored note"),
    pytest.param(sent(server="nginx/1.24"), sent(server="nginx/1.25.3"), id="an upgrade"),
    pytest.param(sent(server="nginx/1.24"), sent(server="nginx"), id="a version gone"),
    pytest.param(sent(server="nginx/1.24"), sent(via="1.1 edge (nginx/1.24)"), id="a product in another header"),
    pytest.param(sent(x_powered_by="PHP/8.1"), sent(x_powered_by="PHP/8.2-dev"), id="an upgrade of a runtime"),
    pytest.param(ok(items=[{"note": "first"}]), ok(items=[{"note": "10.0.0.7"}]), id="another note first"),
    pytest.param(ok(schema={"example": "x"}), ok(schema={"example": "10.0.0.7 db.corp"}), id="a sample"),
    pytest.param(ok(note="first"), ok(note="ring 10.0.0.7 at db.corp"), id="a note that only the canary's side holds"),
    pytest.param(ok(said=[{"message": "hello"}]), ok(said=[{"message": "ring 10.0.0.7 or db.corp"}]), id="a message of a list"),
    # legitimate news
    pytest.param(ok(a=1), ok(a=1, version="10.2.0.1"), id="a version in four parts"),
    pytest.param(ok(a=1), ok(a=1, client_ip="10.0.0.3"), id="the caller's own address"),
    pytest.param(ok(a=1), ok(a=1, links={"self": "http://127.0.0.1:8002/x"}), id="a link to itself"),
    pytest.param(ok(a=1), ok(a=1, links={"self": "http://127.0.0.1/x"}), id="a link to itself without its port"),
    pytest.param(ok(a=1), ok(a=1, stable="http://127.0.0.1:8001/x"), id="a link to the baseline"),
    pytest.param(ok(a=1), ok(a=1, seen="127.0.0.1:54321"), id="a caller on the same host"),
    pytest.param(ok(a=1), ok(a=1, allowed=["10.0.0.0/8", "192.168.0.0/16"]), id="reserved blocks"),
    pytest.param(ok(a=1), ok(a=1, email="ann@staff.local"), id="a mail address"),
    pytest.param(sent(), sent(api_version="2"), id="an API's version"),
    pytest.param(sent(), sent(x_build="2026.11.24"), id="a build"),
    pytest.param(sent(), sent(server="nginx"), id="a server's name"),
    pytest.param(sent(), sent(x_forwarded_for="10.0.0.3"), id="where the caller came through"),
    pytest.param((200, {"content-type": "image/png"}, ""), (200, {"content-type": "image/png"}, "10.0.0.7 db.internal"), id="a picture"),
]


@pytest.mark.parametrize(("old", "new"), OLD_NEWS)
def test_what_is_no_news_is_not_found(old: Seen, new: Seen) -> None:
    assert rules(old, new) == []


ECHOES = [
    {"sent": '{"note": "10.0.0.7 db.internal"}'},
    {"sent": r'{"note": "http:\/\/10.0.0.7\/ db.internal"}'},
    {"target": b"/x?to=http%3A%2F%2F10.0.0.7%2F&h=db.internal"},
    {"sent_fields": {"x-forwarded-for": "10.0.0.7", "x-forwarded-host": "db.internal"}},
]


@pytest.mark.parametrize("asked", ECHOES)
def test_what_the_request_said_is_no_leak(asked: dict[str, Any]) -> None:
    told = error("cannot reach http://10.0.0.7/ or db.internal", 400)
    assert rules(error("no", 400), told, **asked) == []
    assert rules(error("no", 400), error("cannot reach http://10.0.0.8/ or db.corp", 400), **asked) == [NAME, ADDRESS]


def test_a_product_that_the_request_named_is_no_banner() -> None:
    assert rules(error("no", 400), error("who is nginx/1.25.3", 400), sent_fields={"user-agent": "nginx/1.25.3"}) == []


def test_the_names_by_which_a_target_is_called_are_its_own() -> None:
    target = Target(side=Side.CANARY, url="https://shop-canary.prod.svc", address="10.4.5.6:8443", server_name="shop.corp")
    old = half(Side.BASELINE, ok(a=1))

    def seen(text: str) -> list[str]:
        return [each.rule.id for each in compare_halves(CHECKS, old, half(Side.CANARY, ok(a=1, u=text), own=target), Noise())]

    for own in (
        "https://shop-canary.prod.svc/x",
        "shop-canary.prod.svc.cluster.local",
        "https://shop.corp/",
        "10.4.5.6",
        "http://10.4.5.6:8443",
    ):
        assert seen(own) == []
    assert seen("https://other.prod.svc/") == [NAME]
    assert seen("http://10.4.5.6:5432") == [ADDRESS]
    assert seen("http://10.4.5.7:8443") == [ADDRESS]


OWN_NAMES = [
    (sent(302, location="http://10.0.0.2:8000/x"), sent(302, location="http://10.9.9.9:9999/x"), [ADDRESS]),
    (ok(self="http://shop.prod.svc.cluster.local/x"), ok(self="http://shop-7d9f8b6c5d-x2x4z.back.svc.cluster.local:9000/x"), [NAME]),
    (page("<a href='http://shop.prod.svc.cluster.local/'>"), page("<!-- db.svc.cluster.local:5432 -->"), [NAME]),
    (ok(self="http://shop.prod.svc.cluster.local/x"), ok(self="http://10.0.0.3:8000/x"), []),
]


@pytest.mark.parametrize(("old", "new", "expected"), OWN_NAMES)
def test_a_targets_own_name_hides_nobody_elses(old: Seen, new: Seen, expected: list[str]) -> None:
    baseline = Target(side=Side.BASELINE, url="http://shop.prod.svc.cluster.local:8000", address="10.0.0.2:8000")
    canary = Target(side=Side.CANARY, url="http://shop-canary.prod.svc.cluster.local:8000", address="10.0.0.3:8000")
    halves = half(Side.BASELINE, old, own=baseline), half(Side.CANARY, new, own=canary)
    assert [each.rule.id for each in compare_halves(CHECKS, *halves, Noise())] == expected


@pytest.mark.parametrize("old", [R, M, I])
def test_what_a_caller_sees_who_was_let_in_is_a_consequence(old: Outcome) -> None:
    halves = half(Side.BASELINE, error("no", 404), old), half(Side.CANARY, (200, {**JSON, "server": "nginx/1.1"}, '"10.0.0.7 db.corp"'), A)
    assert compare_halves(CHECKS, *halves, Noise()) == []


@pytest.mark.parametrize("message", ['File "/app/shop.py", line 4, in total', "no such table: orderz"])
def test_what_a_trace_or_a_database_message_shows_is_told_by_them(message: str) -> None:
    assert rules(error("sorry"), error(f"{message}\nhost 10.0.0.7, db.internal")) == []
    assert rules(error(message), error(f"{message}\nhost 10.0.0.7, db.internal")) == [NAME, ADDRESS], "the baseline tells it too"
    told = 500, {**JSON, "x-backend": "10.0.0.7"}, error(message)[2]
    assert rules(error("sorry"), told) == [ADDRESS], "a header is another leak"


def test_an_error_holds_no_notes_of_users() -> None:
    assert rules((400, JSON, '{"errors": [{"text": "no"}]}'), (400, JSON, '{"errors": [{"text": "cannot reach host 10.0.0.7"}]}')) == [
        ADDRESS
    ]


def test_what_both_sides_say_in_one_body_is_no_news_and_a_header_beside_it_is() -> None:
    body = page("<p>see 10.0.0.7, db.prod.svc.cluster.local and nginx/1.25.3</p>", 500)
    assert rules(body, body) == []
    assert rules(body, (500, {**HTML, "via": "1.1 10.0.0.9"}, body[2])) == [ADDRESS]
    assert rules(body, (500, {**HTML, "server": "Jetty/9.4.1"}, body[2])) == [BANNER]


def test_one_body_signs_an_error_and_says_nothing_as_a_page() -> None:
    assert rules(page("<p>nginx/1.25.3</p>"), page("<p>nginx/1.25.3</p>", 404)) == [BANNER]


def test_bursts_and_silence_are_not_judged() -> None:
    assert rules(ok(a=1), ok(a="10.0.0.7"), intent=Intent.BURST) == []
    assert rules(sent(), sent(server="nginx/1.1"), intent=Intent.BURST) == []
    silent = Answer(exchange=answer(A, failure="timeout").exchange, outcome=Outcome.SILENT)
    assert compare_halves(CHECKS, half(Side.BASELINE, ok(a=1)), silent, Noise()) == []


def test_evidence_says_what_where_and_its_cause() -> None:
    (finding,) = judge(ok(a=1), ok(a=1, up={"host": "10.0.0.7"}))
    assert (
        finding.evidence.says
        == "the canary's answer (200) shows the internal address 10.0.0.7 in /up/host; the baseline's shows none there"
    )
    assert (finding.evidence.at, finding.evidence.cause) == (Pointer(path="/up/host"), "/up/host")
    (finding,) = judge(sent(), sent(server="nginx/1.25.3"))
    assert finding.evidence.says == "the canary's answer (200) names nginx 1.25.3 in its header server; the baseline's does not"
    assert (finding.evidence.at, finding.evidence.cause) == (HeaderName(name="server"), "nginx")


def test_a_header_is_a_matter_of_the_answer_and_a_body_of_the_input() -> None:
    odd: dict[str, Any] = {"parameter": Parameter(place="query", name="q"), "intent": Intent.INVALID}
    (header,) = judge(sent(400), sent(400, via="1.1 10.0.0.9"), **odd)
    (body,) = judge(error("no", 400), error("10.0.0.9 says no", 400), **odd)
    assert (header.place.parameter, body.place.parameter) == ("", "query:q")


def test_one_answer_is_one_finding_of_a_rule() -> None:
    assert rules(sent(), (200, {**JSON, "via": "1.1 10.0.0.9", "x-b": "10.0.0.8"}, '{"a": "10.0.0.4", "b": "10.0.0.5"}')) == [ADDRESS]


def test_one_sided_checks_keep_out_of_it() -> None:
    assert examine(CHECKS, half(Side.CANARY, ok(a="10.0.0.7"))) == []


def test_a_megabyte_of_strings_or_keys_costs_little() -> None:
    many: list[Any] = [{"l": [f"x{number}" for number in range(110_000)]}, {f"k{number}x": "a" for number in range(60_000)}]
    start = time.process_time()
    for body in many:
        for text in ("10.0.0.5", "db.corp"):
            rules(ok(a="1"), ok(**body, z=text))
    assert time.process_time() - start < 3.0


@pytest.mark.parametrize(
    "piece",
    [
        "10.0.0.1 ",
        "A-a-" * 29 + " 10.0.0.1 ",
        "client-" * 16 + " 10.0.0.1 ",
        "10.",
        "a.",
        "a-",
        "fd00:",
        "x.local ",
        "nginx ",
        "<meta name=generator ",
        "1.1.",
        "%2F",
        "\\/",
        "@a.b@",
    ],
)
@pytest.mark.parametrize("fields", [JSON, HTML, {}])
def test_time_grows_with_the_body_and_not_faster(piece: str, fields: dict[str, str]) -> None:
    text = piece * (1_000_000 // len(piece))
    body = json.dumps({"a": text}) if fields is JSON else text
    start = time.process_time()
    rules((500, fields, "no"), (500, {**fields, "server": piece * 800, "via": piece * 800}, body))
    assert time.process_time() - start < 3.0
