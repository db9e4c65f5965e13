from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

from zeroweight.record import FindingLine, NotTested, NotTestedLine, PlaceLine, Record, RunLine, TargetLine, VerdictFile
from zeroweight.verdict import Reason, Word
from zeroweight.writers import page

HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=\"a\" href='javascript:b'>\u202egnp\u200b\x1b[2J\ud800\U000e0041"
"""What a target might write wherever it is let: tags, quotes, links, what turns text around, what no file can hold."""
UNSEEN = "\u202e\u200b\x1b\ud800\U000e0041"
FIXED = {"verdict", "state", "action", "severity"}
"""Words of the house, which no target chooses."""


def finding(**more: Any) -> FindingLine:
    given: dict[str, Any] = {
        "rule": "authorization.opened",
        "title": "A guard is gone",
        "severity": "critical",
        "state": "new",
        "action": "block",
        "place": PlaceLine(method="GET", path="/things/{id}", role="ben", parameter="query:q"),
        "fingerprint": "zw1:0123456789abcdef",
        "confirmed": True,
        "seen_new": 3,
        "pairs": 4,
        "evidence": ("refused there, allowed here",),
        "request": "GET /things/1",
        "cause": "guard",
        "repeats": "canary 7 of 7, baseline 0 of 7",
        "cwe": 862,
        "owasp": "API1:2023",
        "remedy": "Put the guard back.",
        "suites": ("authorization",),
    }
    return FindingLine(**{**given, **more})


def record(*findings: FindingLine, **more: Any) -> Record:
    """Return a record with something in every room."""
    line = NotTestedLine(what="GET /a as ann", why="it stayed silent", required=True, fix="look at it", code="silent")
    given: dict[str, Any] = {
        "service": "things",
        "verdict": "FAIL",
        "reasons": (Reason(code="authorization.opened", text="critical: a guard is gone"),),
        "findings": findings or (finding(),),
        "not_tested": NotTested(gaps=(line,), exclusions=(line,), unreached=(line,)),
        "coverage": {"operations": 4, "answered": 3},
        "counts": {"new": 1, "unsteady": 0, "unchanged": 2, "absent": 0},
        "budget": {"seconds": 60, "requests": 100, "sent_canary": 9},
        "targets": {side: TargetLine(url=f"http://{side}.example", build=f"{side}-build") for side in ("baseline", "canary")},
        "versions": {"python": "3.11.2"},
        "run": RunLine(id="r-1", started="2027-03-14T00:00:00+00:00", seconds=12.5, finished=True, level="read-only"),
    }
    return Record(summary=VerdictFile(**{**given, **more}), leftovers=("thing 7 of ann on the canary: no remove",), notes=("a note",))


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def words(self) -> str:
        """All that is shown, on one line."""
        return " ".join(" ".join(self.said).split())

    @property
    def titles(self) -> list[str]:
        """The headings of the findings."""
        return [" ".join(found.split()) for found in re.findall(r"<article[^>]*>\s*<h3>(.*?)</h3>", self.text, re.DOTALL)]


def plain(made: Record) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(made)
    return told


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(made: Record | dict[str, Any]) -> Page:
        page.write(made if isinstance(made, dict) else plain(made), tmp_path / "report.html")
        return Page((tmp_path / "report.html").read_text("utf-8"))

    return write


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = tmp_path_factory.mktemp("usual") / "report.html"
    page.write(plain(record()), path)
    return Page(path.read_text("utf-8"))


def texts(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where the texts of plain JSON stand, but for words of the house."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in FIXED:
                yield from texts(item, (*at, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from texts(item, (*at, index))
    elif isinstance(value, str):
        yield at


def put(value: Any, at: tuple[str | int, ...], text: str) -> Any:
    """Return plain JSON with another text at one place."""
    if not at:
        return text
    head, *rest = at
    if isinstance(value, dict):
        return {key: put(item, tuple(rest), text) if key == head else item for key, item in value.items()}
    return [put(item, tuple(rest), text) if index == head else item for index, item in enumerate(value)]


PLACES = list(texts(plain(record())))


def test_the_record_of_these_tests_has_something_in_every_room_that_a_page_shows() -> None:
    made = record()
    for each in (made.summary, made.summary.not_tested, *made.summary.findings, *made.summary.not_tested.gaps):
        assert is_dataclass(each)
        assert all(getattr(each, part.name) not in ("", (), {}) for part in fields(each))


@pytest.mark.parametrize("at", PLACES, ids=lambda at: ".".join(map(str, at)))
def test_hostile_text_is_only_ever_text(written: Any, usual: Page, at: tuple[str | int, ...]) -> None:
    hostile = written(put(plain(record()), at, HOSTILE))
    assert hostile.tags == usual.tags
    assert not set(UNSEEN) & set(hostile.text)


def test_hostile_names_of_builds_and_tools_are_only_text(written: Any) -> None:
    made = plain(record())
    made["summary"]["versions"] = {HOSTILE: "1"}
    hostile = written(made)
    assert hostile.tags == written(record()).tags
    assert not set(UNSEEN) & set(hostile.text)


def test_what_hides_or_turns_text_is_shown_by_its_number(written: Any) -> None:
    assert r"\u202egnp\u200b\u001b[2J\ud800\ue0041" in written(record(service=HOSTILE)).words


def test_letters_of_all_tongues_are_left_alone(written: Any) -> None:
    assert "Žlutý 馬 ملف 😀" in written(record(service="Žlutý 馬 ملف 😀")).words


def test_nothing_is_fetched_and_nothing_is_run(written: Any) -> None:
    made = written(record())
    assert not {"script", "link", "img", "iframe", "object", "a", "form", "base"} & {tag for tag, _ in made.tags}
    assert not [name for _, attributes in made.tags for name in attributes if name in {"src", "href", "action"} or name.startswith("on")]
    assert "url(" not in made.text
    assert "@import" not in made.text


def test_the_policy_of_the_page_comes_before_anything_that_it_governs(written: Any) -> None:
    tags = written(record()).tags
    (place,) = [index for index, (_, attributes) in enumerate(tags) if attributes.get("http-equiv") == "Content-Security-Policy"]
    assert [tag for tag, _ in tags[:place]] == ["html", "head", "meta"]
    assert "charset" in tags[place - 1][1]
    assert (tags[place][1]["content"] or "").startswith("default-src 'none';")


def test_what_is_folded_opens_without_a_script(written: Any) -> None:
    many = [finding(place=PlaceLine(method="GET", path=f"/{number}", role="ben")) for number in range(9)]
    made = written(record(*many))
    folded = [attributes for tag, attributes in made.tags if tag == "details"]
    assert len(folded) == sum(tag == "summary" for tag, _ in made.tags) > 0
    assert all(f"/{number}" in made.words for number in range(9))


@pytest.mark.parametrize("word", Word)
def test_a_record_of_each_verdict_is_rendered(written: Any, word: Word) -> None:
    made = written(record(verdict=word.value))
    assert word.value in made.words
    assert ("header", {"class": word.value}) in made.tags


@pytest.mark.parametrize(
    ("word", "says"),
    [("PASS", "Give it users: things"), ("FAIL", "Do not give it users: things"), ("INCONCLUSIVE", "Do not decide by this run: things")],
)
def test_the_first_line_says_what_to_do(written: Any, word: str, says: str) -> None:
    assert says in written(record(verdict=word)).words


def test_a_run_that_found_nothing_is_rendered(written: Any) -> None:
    summary = replace(record().summary, verdict="PASS", findings=(), not_tested=NotTested(), reasons=())
    assert "by 0 causes" in written(Record(summary=summary)).words


def missing() -> Iterator[tuple[str, ...]]:
    summary = plain(record())["summary"]
    unread = {"schema", "not_tested", "findings"}
    yield from (("summary", key) for key in summary if key not in unread)
    yield from (("summary", "not_tested", key) for key in summary["not_tested"])
    yield from (("leftovers",), ("notes",))


@pytest.mark.parametrize("at", list(missing()), ids=".".join)
def test_a_key_that_is_missing_breaks_the_page_instead_of_leaving_a_hole(written: Any, at: tuple[str, ...]) -> None:
    made = plain(record())
    *way, last = at
    room = made
    for key in way:
        room = room[key]
    del room[last]
    with pytest.raises((jinja2.UndefinedError, KeyError)):
        written(made)


def test_places_of_one_cause_are_told_once(written: Any) -> None:
    places = [finding(place=PlaceLine(method="GET", path=path, role="ben")) for path in ("/a", "/b", "/c")]
    made = written(record(*places, finding(cause="another", title="Another")))
    assert made.titles == ["A guard is gone", "Another"]
    assert "3 places" in made.words
    assert "by 2 causes" in made.words


def test_the_worst_comes_first() -> None:
    wanted = [
        finding(severity="critical", rule="a"),
        finding(severity="medium", rule="many", place=PlaceLine(method="GET", path="/1", role="r")),
        finding(severity="medium", rule="few"),
        finding(action="waived", severity="critical", rule="b"),
        finding(action="warn", severity="low", rule="c"),
        finding(action="ignore", severity="critical", rule="d"),
        finding(state="unsteady", action="ignore", severity="critical", rule="e"),
        finding(state="unchanged", action="ignore", severity="critical", rule="f"),
        finding(state="absent", action="ignore", severity="critical", rule="g"),
    ]
    more = finding(severity="medium", rule="many", place=PlaceLine(method="GET", path="/2", role="r"))
    told = [msgspec.to_builtins(each) for each in (*reversed(wanted), more)]
    assert [group[0]["rule"] for group in page.groups(told)] == [each.rule for each in wanted]


def test_what_blocks_at_one_place_and_not_at_another_is_told_twice() -> None:
    both = [msgspec.to_builtins(finding(action=action)) for action in ("block", "waived")]
    assert [group[0]["action"] for group in page.groups(both)] == ["block", "waived"]


def test_only_what_is_new_is_marked_as_blocking(written: Any) -> None:
    made = written(record(finding(), finding(state="unchanged", action="ignore")))
    assert [attributes["class"] for tag, attributes in made.tags if tag == "article"] == ["block", ""]


def test_leftovers_and_notes_are_told(written: Any) -> None:
    words = written(record()).words
    assert "thing 7 of ann on the canary: no remove" in words
    assert "a note" in words


def test_a_long_list_says_where_the_rest_stands(written: Any) -> None:
    lines = tuple(NotTestedLine(what=f"line {number}", why="w") for number in range(130))
    reasons = tuple(Reason(code="c", text=f"reason {number}") for number in range(30))
    made = written(record(not_tested=NotTested(gaps=lines), reasons=reasons))
    assert "and 30 more in record.json" in made.words
    assert "and 5 more in record.json" in made.words
    assert "line 100" not in made.words


def test_a_page_is_written_over_the_one_before_it(written: Any) -> None:
    written(record(service="yesterday's"))
    assert "yesterday" not in written(record(service="today's")).words
