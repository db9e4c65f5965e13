"""What may be shown of two answers: redacted first, then cut, never a credential, and never too much."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from builders import answer
from worlds import BASELINE, CANARY, World, ask, guard_lost, steady

from zeroweight.compare import Delta, State
from zeroweight.finding import Excerpt, Severity
from zeroweight.model.http import Headers
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.model.request import Probe, Scenario
from zeroweight.model.target import Side
from zeroweight.redact import Redactor, Secret
from zeroweight.trial.candidate import Pair
from zeroweight.trial.exhibit import LONGEST, MOST, MOST_A_CAUSE, MOST_HEADERS, MOST_LINES, VEILED, excerpt, exhibit, exhibits

NOBODY = Redactor()
SECRET = "s3cr3t-w0rd-of-ann-that-is-long-enough"
ANN = Redactor([Secret(name="ann token", value=SECRET)], key=b"k" * 16)


def shown(body: bytes | str = b"", redactor: Redactor = NOBODY, **more: Any) -> Excerpt:
    return excerpt(answer(Outcome.ALLOWED, body=body, **more), redactor)


def test_an_answer_is_shown_as_it_came() -> None:
    told = shown(b'{"a": 1}', status=201, fields=[("X-A", "1"), ("x-a", "2"), ("Content-Type", "application/json")])
    assert told == Excerpt(
        status=201,
        outcome="allowed",
        headers=(("X-A", "1"), ("x-a", "2"), ("Content-Type", "application/json")),
        body='{"a": 1}',
    )


def test_no_answer_says_why() -> None:
    told = excerpt(answer(Outcome.SILENT, failure="timeout"), NOBODY)
    assert (told.status, told.outcome, told.failure, told.body, told.headers) == (0, "silent", "timeout: timeout", "", ())


def test_a_body_of_which_only_the_beginning_was_kept_says_how_much_that_was_and_which_body_it_is() -> None:
    long = answer(Outcome.ALLOWED, body="abc")
    assert long.exchange.response is not None
    cut = replace(long.exchange.response, truncated=True, digest="5f" * 32)
    told = excerpt(replace(long, exchange=replace(long.exchange, response=cut)), NOBODY)
    assert told.body == f"abc\n… the first 3 bytes; SHA-256 of the whole body {'5f' * 32}"
    packed = replace(cut, headers=Headers(raw=((b"Content-Encoding", b"gzip"),)))
    told = excerpt(replace(long, exchange=replace(long.exchange, response=packed)), NOBODY)
    assert told.body == f"abc\n… the first 3 bytes; SHA-256 of the whole body as it came, compressed {'5f' * 32}"
    endless = replace(cut, digest="")
    assert excerpt(replace(long, exchange=replace(long.exchange, response=endless)), NOBODY).body == "abc"


@pytest.mark.parametrize(
    ("body", "kept", "cut"),
    [
        ("a" * LONGEST, LONGEST, 0),
        ("a" * (LONGEST + 7), LONGEST, 7),
        ("a\n" * MOST_LINES, 2 * MOST_LINES, 0),
        ("a\n" * (MOST_LINES + 3), 2 * MOST_LINES, 6),
        ("\n" * (1 << 20), MOST_LINES, (1 << 20) - MOST_LINES),
    ],
)
def test_a_body_is_cut_and_says_by_how_much(body: str, kept: int, cut: int) -> None:
    told = shown(body)
    assert (len(told.body), told.cut) == (kept, cut)


@pytest.mark.parametrize("before", [0, 10, LONGEST - 30, LONGEST - 8, LONGEST - 1])
@pytest.mark.parametrize(
    "form", [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()], ids=["raw", "quoted", "base64"]
)
def test_half_a_secret_is_never_what_a_cut_leaves(form: str, before: int) -> None:
    body = "x" * before + form + "y" * 100
    told = shown(body, ANN, fields={"X-Echo": "x" * (before % 300) + form})
    left = told.body + str(told.headers)
    assert [form[at : at + 6] for at in range(len(form) - 5) if form[at : at + 6] in left] == []


def test_a_binary_body_is_told_by_its_size_and_sum() -> None:
    told = shown(bytes(range(256)) * 64)
    assert told.body.startswith("16384 bytes, SHA-256 ")
    assert told.body.endswith("begins " + bytes(range(32)).hex(" "))
    assert (told.cut, len(told.body) < 250) == (0, True)


@pytest.mark.parametrize("body", [b"\x00\x01\x02" * 50 + SECRET.encode(), SECRET.encode("utf-16")], ids=["inside", "UTF-16"])
def test_the_bytes_of_a_binary_body_with_a_secret_are_not_shown(body: bytes) -> None:
    told = shown(body, ANN).body
    assert "begins" not in told
    assert SECRET.encode().hex()[:12] not in told.replace(" ", "")


@pytest.mark.parametrize(
    ("body", "fields", "text"),
    [
        ("naïve ☃".encode(), {}, "naïve ☃"),
        ("naïve".encode("latin-1"), {"content-type": "text/html; charset=ISO-8859-1"}, "naïve"),
        (b"a \xff in a long text that is otherwise fine", {}, "a \ufffd in a long text that is otherwise fine"),
        (b"one \x00 in a long text that is otherwise fine", {}, "one \x00 in a long text that is otherwise fine"),
        (b"cut here: \xe2\x98", {}, "cut here: \ufffd"),
        (b"\x1b[31mred\x1b[0m", {}, "\x1b[31mred\x1b[0m"),
        (b"x", {"content-type": "text/html; charset=no-such"}, "x"),
    ],
)
def test_what_can_be_read_is_text(body: bytes, fields: dict[str, str], text: str) -> None:
    """Nothing is made harmless here: writers do that, each for its own reader."""
    assert shown(body, fields=fields).body == text


def test_credentials_that_nobody_has_heard_of_are_kept_back() -> None:
    """An attacked login answers with fresh sessions: no redactor knows them, and a report may be public."""
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
    body = f'{{"access_token": "opaque-1", "Password":"p\\"w", "note": "token", "jwt": "{jwt}", "tokens": 3, "api_key": ""}}'
    told = shown(body, fields=[("Set-Cookie", "sid=opaque-2; Path=/; HttpOnly"), ("set-cookie", "gone=; Max-Age=0"), ("X-Auth", jwt)])
    assert told.body == (
        '{"access_token": "[kept back:8]", "Password":"[kept back:4]", "note": "token", '
        f'"jwt": "[kept back:{len(jwt)}]", "tokens": 3, "api_key": ""}}'
    )
    assert told.headers == (
        ("Set-Cookie", "sid=[kept back:8]; Path=/; HttpOnly"),
        ("set-cookie", "gone=; Max-Age=0"),
        ("X-Auth", f"[kept back:{len(jwt)}]"),
    )


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("X-Auth-Token", SECRET, f"[kept back:{len(SECRET)}]"),
        ("Authorization", f"Bearer {SECRET}", f"[kept back:{len(SECRET) + 7}]"),
        ("X-CSRF-Token", SECRET, f"[kept back:{len(SECRET)}]"),
        ("X-Session-Id", SECRET, f"[kept back:{len(SECRET)}]"),
        ("X-Api-Key", SECRET, f"[kept back:{len(SECRET)}]"),
        (
            "Location",
            f"/cb?state=1&code={SECRET}#access_token={SECRET}&x=1",
            "/cb?state=1&code=[kept back:38]#access_token=[kept back:38]&x=1",
        ),
        ("Location", "https://evil.example/?next=/home", "https://evil.example/?next=/home"),
        ("WWW-Authenticate", 'Bearer realm="x"', 'Bearer realm="x"'),
        ("Access-Control-Allow-Credentials", "true", "true"),
        ("Access-Control-Allow-Headers", "authorization, x-token", "authorization, x-token"),
        ("X-Frame-Options", "DENY", "DENY"),
    ],
)
def test_of_a_header_field_that_carries_a_credential_the_value_is_kept_back(name: str, value: str, kept: str) -> None:
    assert shown(fields=[(name, value)]).headers == ((name, kept),)


CARRIERS = (
    *("reset_token", "jwt", "session", "sessionId", "sid", "api_token", "accessToken", "new_password", "authorization", "password_hash"),
    *("privateKey", "client-secret", "X-Passphrase", "pwd"),
)


@pytest.mark.parametrize("name", CARRIERS)
def test_of_a_member_that_names_a_credential_the_value_is_kept_back(name: str) -> None:
    assert shown(f'{{"data": {{"{name}" : "{SECRET}"}}}}').body == f'{{"data": {{"{name}" : "[kept back:{len(SECRET)}]"}}}}'


@pytest.mark.parametrize("name", ["name", "tokens_left", "sidecar", "note", "status", "key"])
def test_of_other_members_the_value_is_shown(name: str) -> None:
    assert shown(f'{{"{name}": "opaque"}}').body == f'{{"{name}": "opaque"}}'


@pytest.mark.parametrize("before", ['{"token": "', '{"token": "\\"', "eyJ", "eyJhbGciOiJI.", "eyJhbGciOiJI.eyJz."])
def test_a_credential_that_has_no_end_is_kept_back_too(before: str) -> None:
    """Where the search for credentials ends, one may be cut in half."""
    begin = '{"token": "' + "b" * (VEILED - 4000) + '"} '
    for body in (before + "a" * VEILED * 2, begin + before + "a" * 8000):
        assert "aaaa" not in shown(body).body


MEGABYTES = (
    "-eyJaaaaaaaa",
    "eyJaaaaaaaa.",
    "eyJaaaaaaaa.aaaa",
    '"token":"',
    '"token" ',
    '"token"' + " " * 99,
    '\\"',
    '"token":"\\',
    "?token",
    "[a:",
    " ",
    "-",
)


@pytest.mark.parametrize("word", MEGABYTES)
def test_no_body_and_no_header_holds_a_gate_up(word: str) -> None:
    body = word * ((1 << 20) // len(word))
    fields = [(name, body[: 1 << 16]) for name in ("content-type", "location", "set-cookie", "x-token", "x-plain")]
    start = time.process_time()
    shown(body, ANN, fields=fields)
    assert time.process_time() - start < 3.0


def test_a_redactors_mark_is_kept_since_it_tells_equal_secrets_apart() -> None:
    told = shown(f'{{"token": "{SECRET}"}}', ANN, fields={"Set-Cookie": f"sid={SECRET}; Secure"})
    (mark,) = (told.body.removeprefix('{"token": "').removesuffix('"}'),)
    assert mark.startswith("[ann token:")
    assert dict(told.headers)["Set-Cookie"] == f"sid={mark}; Secure"


def test_headers_are_bounded() -> None:
    told = shown(fields=[(f"X-{number}", "v" * 5000) for number in range(MOST_HEADERS + 5)])
    assert len(told.headers) == MOST_HEADERS + 1
    assert told.headers[-1] == ("…", "5 more")
    assert max(len(value) for _, value in told.headers) == 300


def pair(path: str = "/x") -> Pair:
    old, new = (answer(Outcome.ALLOWED, 200, side=side, path=path, body=str(side)) for side in Side)
    return Pair(scenario=Scenario.of(new.exchange.probe), step=0, baseline=old, canary=new, thrice=False)


def delta(number: int, *, cause: str = "c", severity: Severity = Severity.HIGH, state: State = State.NEW) -> Delta:
    place = Place(method="GET", path=f"/{number}")
    return Delta(rule="a.b", title="t", severity=severity, place=place, fingerprint=f"zw1:{number:02}", state=state, cause=cause)


def test_an_exhibit_has_both_halves_and_the_command() -> None:
    made = exhibit(pair("/things"), NOBODY)
    assert (made.baseline.body, made.canary.body) == ("baseline", "canary")
    assert made.curl == 'curl -sSi --globoff --path-as-is "$CANARY"/things'


def test_of_one_cause_a_few_are_shown_and_of_all_not_many() -> None:
    deltas = [delta(number, cause=f"c{number // 5}") for number in range(40)]
    made = exhibits(deltas, {each.fingerprint: pair() for each in deltas}, NOBODY)
    causes = [int(key[4:]) // 5 for key in made]
    assert len(made) == MOST
    assert {causes.count(cause) for cause in causes} == {MOST_A_CAUSE}


def test_the_worst_are_shown_first_and_what_is_no_news_not_at_all() -> None:
    deltas = [
        delta(1, cause="1", severity=Severity.LOW),
        delta(2, cause="2", state=State.UNSTEADY, severity=Severity.CRITICAL),
        delta(3, cause="3", state=State.UNCHANGED),
        delta(4, cause="4", state=State.ABSENT),
        delta(5, cause="5", severity=Severity.CRITICAL),
        delta(6, cause="6"),
    ]
    pairs = {each.fingerprint: pair() for each in deltas if each.fingerprint != "zw1:06"}
    assert list(exhibits(deltas, pairs, NOBODY)) == ["zw1:05", "zw1:01", "zw1:02"]


# Of a whole trial.


def test_a_trial_shows_the_pair_that_told() -> None:
    """One input of five works, and it is the one that is shown."""
    world = World(says=lambda side, asked: steady(side is BASELINE or asked.label != "p3", body=asked.label.encode()))
    world.take(*[ask(label=f"p{number}") for number in range(5)])
    (found,) = world.settle().values()
    (made,) = world.examiner.exhibits.values()
    assert list(world.examiner.exhibits) == [found.fingerprint]
    assert (made.baseline.body, made.canary.body) == ("p3", "p3")
    assert ("X-Guard", "1") in made.baseline.headers
    assert ("X-Guard", "1") not in made.canary.headers


def test_evidence_request_and_exhibit_speak_of_the_same_pair() -> None:
    """The first that showed it did so by chance; the second is what is steady."""
    first = iter([b"leak once"])

    def says(side: Side, asked: Probe) -> dict[str, Any]:
        steadily = b"leak steadily" if asked.label == "steady" and side is CANARY else b""
        return steady(guarded=True, body=next(first, b"") if asked.label == "chance" and side is CANARY else steadily)

    world = World(says=says)
    world.take(ask(label="chance"), ask(label="steady"))
    (found,) = world.settle().values()
    assert (found.state, found.evidence) == (State.NEW, ("it says leak steadily",))
    assert world.examiner.exhibits[found.fingerprint].canary.body == "leak steadily"


def test_what_is_unchanged_or_mended_has_no_exhibit() -> None:
    world = World(says=lambda side, asked: steady(guarded=True, body=b"leak" if side is BASELINE or asked.label == "both" else b""))
    world.take(ask("/a"), ask("/b", label="both"))
    assert {each.state for each in world.settle().values()} == {State.ABSENT, State.UNCHANGED}
    assert world.examiner.exhibits == {}


def test_a_finding_that_an_earlier_trial_confirmed_is_shown_again() -> None:
    world = World(says=guard_lost)
    world.take(ask())
    world.settle()
    later = world.next()
    later.take(ask())
    (found,) = later.settle().values()
    assert list(later.examiner.exhibits) == [found.fingerprint]


def test_silence_is_shown_too() -> None:
    silent = answer(Outcome.SILENT, failure="timeout", side=CANARY)
    made = exhibit(replace(pair(), canary=silent), NOBODY)
    assert (made.baseline.status, made.canary.status, made.canary.failure) == (200, 0, "timeout: timeout")
    assert made.curl.startswith("curl ")
