"""Leaks of traces and messages: beside echoes, in any body in linear time, and none in thousands of bodies that only talk about them."""

from __future__ import annotations

import html
import itertools
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from builders import exchange
from samples import WRAPPINGS

from zeroweight.checks.databases import DATABASES
from zeroweight.checks.disclosure import DATABASE_ERROR, database_error, stack_trace
from zeroweight.checks.leak import error_newly_told, holds, leaks, sightings
from zeroweight.checks.traces import TRACES
from zeroweight.finding import Evidence, Span
from zeroweight.model.http import Exchange


def found(check: Any, seen: Exchange) -> list[Evidence]:
    return list(check.one(seen))


def test_the_span_says_where_the_leak_stands_in_characters() -> None:
    text = "Größe ☃ wrong: no such table: orderz"
    (leak,) = leaks(text, DATABASES)
    assert leak.span == Span(start=text.index("no such"), length=len("no such table: orderz"))
    assert leak.text == "no such table: orderz"


def test_a_lone_surrogate_in_json_hides_nothing() -> None:
    seen = exchange(500, {"content-type": "application/json"}, r'{"a": "\ud800", "error": "no such table: orderz"}')
    assert len(found(database_error, seen)) == 1


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500])
def test_a_leak_is_one_whatever_the_status(status: int) -> None:
    assert found(database_error, exchange(status, {}, "no such table: orderz"))


PYTHON = 'Traceback (most recent call last):\n  File "/app/shop.py", line 4, in total\n    return 1\nKeyError: 1'

ECHOES = [
    pytest.param(PYTHON, {"sent": PYTHON}, id="body as it is"),
    pytest.param(PYTHON, {"sent": json.dumps({"note": PYTHON})}, id="body as JSON"),
    pytest.param(PYTHON, {"sent": "note=" + quote(PYTHON)}, id="body as a form"),
    pytest.param(PYTHON, {"target": b"/search?q=" + quote(PYTHON).encode()}, id="query"),
    pytest.param(PYTHON, {"target": b"/search?q=" + quote(PYTHON).replace("%20", "+").encode()}, id="query with plus"),
    pytest.param(PYTHON, {"sent_fields": {"x-note": 'File "/app/shop.py", line 4, in total'}}, id="header"),
]


@pytest.mark.parametrize(("text", "request_parts"), ECHOES)
@pytest.mark.parametrize("wrapping", [name for name in WRAPPINGS if "breaks" not in name])
def test_an_echo_of_the_request_is_no_leak(text: str, request_parts: dict[str, Any], wrapping: str) -> None:
    media_type, body = WRAPPINGS[wrapping](text)
    seen = exchange(400, {"content-type": media_type} if media_type else {}, body, **request_parts)
    assert found(stack_trace, seen) == []


def test_a_leak_beside_an_echo_is_found() -> None:
    body = f'you said: {PYTHON}\n  File "/app/other.py", line 9, in load\n'
    (evidence,) = found(stack_trace, exchange(500, {}, body, sent=PYTHON))
    assert "/app/other.py" in evidence.says


def test_a_database_error_that_quotes_the_payload_is_found() -> None:
    seen = exchange(500, {}, 'near "\' OR 1=1": syntax error', target=b"/orders?q=" + quote("' OR 1=1").encode())
    assert len(found(database_error, seen)) == 1


def test_the_same_leak_at_other_lines_has_one_cause() -> None:
    first, second = (found(stack_trace, exchange(500, {}, f'File "/a.py", line {n}, in f\n'))[0] for n in (7, 1200))
    assert first.cause == second.cause == 'Python: File "/a.py", line {number}, in f'


def test_evidence_holds_the_whole_line_since_it_is_redacted_later() -> None:
    token = "t0k3n-" * 170
    (evidence,) = found(database_error, exchange(500, {}, f'relation "{token}" does not exist'.replace("-", "_")))
    assert token.replace("-", "_") in evidence.says
    (evidence,) = found(database_error, exchange(500, {}, "pq: invalid " + "x" * 100_000))
    assert len(evidence.says) < 5000
    assert len(evidence.cause) < 200


def test_no_answer_is_no_leak() -> None:
    assert found(stack_trace, exchange(failure="timeout")) == []


@pytest.mark.parametrize("check", [stack_trace, database_error])
@pytest.mark.parametrize(
    "piece", ["at a.b(", "0: a::b\n", 'File "', "goroutine 1 [", "near '", "at x (/a:1:", " ", "\\n", "Error", "'" * 9]
)
def test_time_grows_with_the_body_and_not_faster(check: Any, piece: str) -> None:
    body = piece * (1_000_000 // len(piece))
    start = time.process_time()
    found(check, exchange(500, {}, body))
    assert time.process_time() - start < 3.0


# What only talks about errors, names things like them, or holds what looks like a frame.
NOUNS = ["lamp", "table", "column", "index", "trace", "stack of chairs", "order", "exception", "query", "constraint", "relation", "panic"]
SAYINGS = [
    "SQL error? Ask the helpdesk at extension {n}.",
    "An Exception was raised at line {n}; see the manual.",
    "java.lang.NullPointerException is thrown when a reference is null.",
    "The {noun} does not exist.",
    "No such {noun}: please choose another one.",
    "no such table: reserve another one, table {n} is taken",
    "Unknown column, row {n}: the {noun} is missing.",
    "Order ORA-{n:05d} was shipped. ORA-{n:05d}: one {noun}",
    "SQL{n}NX is our part number for a {noun}",
    "see /usr/share/app/{noun}.js:{n}:12 for the {noun}",
    "https://example.com:8443/a/b:{n}:3 at (position:{n}:3)",
    "meet at Home (12:{n}:40) or at Work (13:{n}:40)",
    "at com.example (the office) and at org.example (the warehouse)",
    "thread '{noun}' has {n} replies; nobody panicked at all",
    "goroutine {n} is running in our tutorial about Go",
    "Traceback (most recent call last) is how Python begins a trace",
    'File "report.txt", line {n} has a typo',
    "#{n} Main Street(12): the {noun} shop",
    "#0 of the list (17): {noun}",
    "Warning: the {noun} is hot on line {n}",
    "app.rb:{n} and config.ru:3 were changed",
    "syntax error in your {noun}; try again near the end",
    "Duplicate entry in the raffle for key ring {n}",
    "Access denied for user {n}",
    "Incorrect syntax is the first of {n} common mistakes",
    "stack backtrace: a tutorial in {n} steps",
    "MongoDB, MySQL, PostgreSQL, Oracle and Redis are supported.",
    "error code {n}: SQLSTATE explained",
    "value too long: at most {n} letters",
    "Caused by: heavy rain. at {n} o'clock",
    "The {noun} violates rule {n}: unique names only",
    "permission denied: ask the owner of the {noun}",
    "constraint failed? tighten the {noun} by {n} turns",
    "2026-11-{n:02d}T10:00:00Z INFO main.go:{n} request done in 0x1f us",
    "lib/main.rs:{n}:5 was formatted",
    "SELECT name FROM {noun} WHERE id = {n}",
    "ERR 404, code: {n}, Code: {n}. Thanks",
    "Key (of the {noun}) = lost; it already exists {n} times",
    "The column {n} cannot be null and void; a field has no default value",
    "A deadlock was detected on road {n}; the database of the {noun} is being repaired",
    "Login failed for user {n}; a {noun} expects parameter {n}",
    "see shop/app.py:{n} in the tutorial on the {noun}",
    "an error was returned from the database of {noun}s",
    "connection to the server failed {n} times; port {n} is closed",
]


def benign_bodies() -> Iterator[tuple[str, str]]:
    """Yield 2,400 bodies of one seed: JSON objects, HTML pages, markdown and logs."""
    dice = random.Random(20261124)

    def saying() -> str:
        return dice.choice(SAYINGS).format(n=dice.randrange(10, 28), noun=dice.choice(NOUNS))

    for number in range(800):
        rows = [{"id": dice.randrange(10**6), "title": saying(), "tags": dice.sample(NOUNS, 3)} for _ in range(dice.randrange(1, 6))]
        yield "application/json", json.dumps({"items": rows, "next": None, "message": saying()}, indent=dice.choice([None, 2]))
        lines = [saying() for _ in range(dice.randrange(3, 12))]
        page = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines)
        yield "text/html", f"<html><head><title>{number}</title></head><body>{page}<code>{html.escape(saying())}</code></body></html>"
        yield "text/markdown", "\n".join(f"{'#' * dice.randrange(1, 4)} {line}\n\n```\n{saying()}\n```" for line in lines)


def test_nothing_is_found_in_two_thousand_bodies_that_only_talk_about_errors() -> None:
    hits = []
    bodies = list(benign_bodies())
    for media_type, body in bodies:
        seen = exchange(200, {"content-type": media_type}, body)
        hits += [evidence.says for check in (stack_trace, database_error) for evidence in found(check, seen)]
    assert len(bodies) >= 2000
    assert hits == []


def test_almost_nothing_is_found_in_the_documentation_of_the_machine() -> None:
    """Docstrings of the standard library, and whatever documents are installed. Such prose quotes a real trace now and then."""
    library = Path(json.__file__).parents[1]
    files = [*sorted(library.glob("*.py")), *sorted(Path("/usr/share/doc").glob("*/*"))]
    texts = [file for file in files if file.is_file() and file.suffix in {".py", ".txt", ".html", ".md", "", ".rst"}][:1500]
    hits = []
    for file in texts:
        text = file.read_bytes()[:500_000].decode("utf-8", "replace")
        hits += [(file.name, leak.text) for families in (TRACES, DATABASES) for leak in itertools.islice(leaks(text, families), 1)]
    assert len(hits) <= len(texts) // 200, hits


def test_rule_of_database_errors_names_cwe_209() -> None:
    assert DATABASE_ERROR.cwe == 209


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sorry", PYTHON, True),
        ("sorry", "no such table: orderz", True),
        (PYTHON, PYTHON.replace("line 4", "line 5"), False),
        ("no such table: orderz", PYTHON, True),
        (PYTHON, "sorry", False),
        ("sorry", "sorry", False),
    ],
)
def test_an_error_is_newly_told_where_the_baseline_tells_none_of_its_kind(old: str, new: str, *, expected: bool) -> None:
    assert error_newly_told(exchange(500, {}, old), exchange(500, {}, new)) is expected


def test_a_sighting_knows_its_neighbours_and_there_are_never_too_many() -> None:
    (seen,) = sightings("a ☃ b7 c", ("b[0-9]",))
    assert (seen.text, seen.before, seen.after) == ("b7", "a ☃ ", " c")
    assert len(list(sightings("b7 " * 100_000, ("b[0-9]",)))) == 500


def test_one_look_tells_whether_any_part_holds_any() -> None:
    assert holds((b"", b"x b7"), ("a", "b[0-9]"))
    assert not holds((b"", b"xb"), ("a", "b[0-9]"))
