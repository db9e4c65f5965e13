"""One table: what an answer means to its caller."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from builders import exchange
from transitions import A, B, I, L, M, R, S

from zeroweight.checks.mask import masked
from zeroweight.checks.outcome import Context, backing_off, canonical, outcome
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent

BY_STATUS = {
    A: [200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 304],
    R: [401, 402, 403, 407, 419, 440, 451, 498, 511],
    I: [400, 405, 406, 408, 409, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 428, 431, 499, 501, 505],
    M: [404, 410],
    L: [420, 429],
    B: [500, 502, 503, 504, 507, 508, 520, 599],
}

LOCATIONS = [
    ("/login", R),
    ("/login?next=/orders/7", R),
    ("/Login/", R),
    ("https://id.example.com/oauth2/authorize?client_id=a", R),
    ("/users/sign_in", R),
    ("/account/login.aspx?ReturnUrl=%2forders", R),
    ("/auth/realms/shop/protocol/openid-connect/auth?scope=openid", R),
    ("/saml2/idp/SSOService.php", R),
    ("login.html", R),
    ("/access-denied", R),
    ("/error/403", R),
    ("/door", R),
    ("/door/", R),
    ("/orders/8", A),
    ("/orders/7/", A),
    ("https://127.0.0.1/orders/7", A),
    ("/authors/3", A),
    ("/blog/how-to-login-safely", A),
    ("/orders?from=/login", A),
    ("/auth/callback?code=1", A),
    ("/", A),
    ("", A),
    ("http://[bad", A),
]


@pytest.mark.parametrize(("status", "expected"), [(status, meant) for meant, group in BY_STATUS.items() for status in group])
def test_a_status_means(status: int, expected: Outcome) -> None:
    assert outcome(exchange(status)) is expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("location", "expected"), LOCATIONS)
def test_a_redirect_means(status: int, location: str, expected: Outcome) -> None:
    fields = {"location": location} if location else {}
    assert outcome(exchange(status, fields), Context(login_paths=("/door",))) is expected


def test_envelopes_are_read_only_inside_a_200_and_only_if_wanted() -> None:
    body = json.dumps({"code": 403, "msg": "no"})
    assert outcome(exchange(201, {}, body)) is A
    assert outcome(exchange(500, {}, body)) is B
    assert outcome(exchange(200, {}, body), Context(envelopes=False)) is A


@pytest.mark.parametrize("kind", ["refused", "reset", "timeout", "closed", "protocol", "tls", "budget"])
def test_no_answer_is_silence(kind: str) -> None:
    assert outcome(exchange(failure=kind)) is S


@pytest.mark.parametrize(
    ("role", "owner", "owner_got", "status", "expected"),
    [
        ("bob", "alice", A, 404, R),
        ("bob", "alice", A, 410, R),
        ("anonymous", "alice", A, 404, R),
        ("anonymous", "", A, 404, R),
        ("bob", "alice", M, 404, M),
        ("bob", "alice", R, 404, M),
        ("bob", "alice", None, 404, M),
        ("bob", "", None, 404, M),
        ("alice", "alice", A, 404, M),
        ("bob", "alice", A, 400, I),
        ("bob", "alice", A, 200, A),
    ],
)
def test_a_404_hides_what_its_owner_gets(role: str, owner: str, owner_got: Outcome | None, status: int, expected: Outcome) -> None:
    assert outcome(exchange(status, role=role, owner=owner), Context(owner=owner_got)) is expected


def test_an_envelope_that_says_404_hides_too() -> None:
    seen = exchange(200, {}, '{"code": 404, "message": "no"}', role="bob", owner="alice")
    assert outcome(seen, Context(owner=A)) is R


@pytest.mark.parametrize(
    ("intent", "owner", "owner_got", "body", "expected"),
    [
        (Intent.NORMAL, "alice", A, '{"ok": false, "error": {"reason": "another practice"}}', R),
        (Intent.NORMAL, "alice", A, '{"success": false}', R),
        (Intent.NORMAL, "alice", A, '{"code": 422, "message": "too late"}', I),
        (Intent.NORMAL, "alice", I, '{"ok": false}', I),
        (Intent.NORMAL, "bob", A, '{"ok": false}', I),
        (Intent.NORMAL, "", None, '{"ok": false}', I),
        (Intent.INVALID, "alice", A, '{"ok": false}', I),
        (Intent.ATTACK, "alice", A, '{"ok": false}', I),
        (Intent.NORMAL, "alice", A, '{"ok": true, "data": {"id": 7}}', A),
    ],
)
def test_a_failure_inside_200_keeps_a_stranger_from_what_its_owner_gets(
    intent: Intent, owner: str, owner_got: Outcome | None, body: str, expected: Outcome
) -> None:
    seen = exchange(200, {}, body, role="bob", owner=owner, intent=intent)
    assert outcome(seen, Context(owner=owner_got)) is expected


LOGIN = """<html><body><form action="/enter" method="post"><input type="hidden" name="csrf" value="{}">
<input name="user"><input type="password" name="word"></form><footer>{}</footer></body></html>"""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (LOGIN.format("9f86d081884c7d659a2feaa0", "12:30:01"), R),
        (LOGIN.format("Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==", "2026-11-24T10:00:00Z"), R),
        (LOGIN.format("abc", "Your session has ended"), R),
        ("<html><body><h1>Order 7</h1></body></html>", A),
        ('<html><body><form><input type="password" name="new"></form></body></html>', A),
        # the login's own tags around other fields: a form for a new password, which only its owner may see
        (LOGIN.format("abc", "").replace('name="user"', 'name="old"').replace('name="word"', 'name="new"'), A),
        ("", A),
    ],
)
def test_a_200_that_is_the_login_page_is_a_refusal(page: str, expected: Outcome) -> None:
    known = Context(login_pages=(masked(LOGIN.format("5f4dcc3b5aa765d61d8327de", "09:00:00")),))
    assert outcome(exchange(200, {"content-type": "text/html"}, page), known) is expected
    assert outcome(exchange(200, {"content-type": "text/html"}, page)) is A


def test_a_page_of_the_same_tags_without_a_password_field_is_no_login() -> None:
    known = Context(login_pages=("<html><body><h1>Come in</h1></body></html>",))
    assert outcome(exchange(200, {"content-type": "text/html"}, "<html><body><h1>Order</h1></body></html>"), known) is A


@pytest.mark.parametrize("intent", list(Intent))
def test_the_intent_of_a_request_changes_nothing(intent: Intent) -> None:
    assert outcome(exchange(403, intent=intent)) is R


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/orders/7/", True),
        ("https://127.0.0.1:8443/orders/7", True),
        ("/Orders//7", True),
        ("/orders/7?x=1", True),
        ("/orders/8", False),
        ("/", False),
        ("", False),
        ("http://[bad", False),
    ],
)
def test_a_canonical_redirect_spells_the_same_address(*, location: str, expected: bool) -> None:
    assert canonical(exchange(308, {"location": location})) is expected
    assert not canonical(exchange(200, {"location": location}))


NOW = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "after", "expected"),
    [
        (429, "2", 2.0),
        (503, "3", 3.0),
        (420, "", 1.0),
        (429, "0", 0.0),
        (429, "3600", 5.0),
        (429, "9" * 400, 5.0),
        (429, "soon", 1.0),
        (429, "-1", 1.0),
        (429, "²", 1.0),
        (503, "Tue, 24 Nov 2026 10:00:04 GMT", 4.0),
        (503, "Tue, 24 Nov 2026 09:00:00 GMT", 0.0),
        (503, "Tue, 24 Nov 2027 10:00:00 GMT", 5.0),
        (500, "2", None),
        (200, "2", None),
    ],
)
def test_backing_off_follows_retry_after_up_to_five_seconds(status: int, after: str, expected: float | None) -> None:
    fields = [("retry-after", after.encode().decode("latin-1"))] if after else []
    assert backing_off(exchange(status, fields), now=NOW) == expected


def test_silence_asks_for_no_pause() -> None:
    assert backing_off(exchange(failure="timeout")) is None
