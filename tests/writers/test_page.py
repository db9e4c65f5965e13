"""The page as a whole: that words stay words, that its policy holds, what it weighs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
import pytest
from reported import HOSTILE, finding, plain, poisoned, whole
from writers import records
from writers.browsing import Page, written

from zeroweight.record import PlaceLine
from zeroweight.shipped import shipped
from zeroweight.verdict import Word
from zeroweight.writers import page
from zeroweight.writers.harmless import UNSEEN

REPORTS: Final = shipped("reports")
SAMPLES: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "pass": records.passed,
    "fail": records.fail,
    "inconclusive": records.unsure,
    "never began": records.never_began,
}


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Page:
    return written(SAMPLES[request.param](), tmp_path)


# Words stay words.


@pytest.mark.parametrize("words", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_is_only_ever_text(tmp_path: Path, words: str) -> None:
    harmless, hostile = written(poisoned("harmless"), tmp_path), written(poisoned(words), tmp_path)
    assert set(hostile.shape) - set(harmless.shape) <= {("b", ("class",)), ("del", ()), ("ins", ())}
    assert not UNSEEN.findall(hostile.text)
    for name in ("id", "href", "class", "data-state", "data-severity", "data-suites"):
        assert set(hostile.every(name)) <= {*harmless.every(name), "ctl"}
    assert len(hostile.text) < 300_000


def test_markup_is_shown_letter_for_letter(tmp_path: Path) -> None:
    assert HOSTILE["markup"] in written(poisoned(HOSTILE["markup"]), tmp_path).words


def test_what_hides_or_turns_text_is_shown_by_its_number(tmp_path: Path) -> None:
    made = written(plain(whole(service="a\u202egnp\u200b\x1b[2J\ud800\U000e0041")), tmp_path)
    assert r"a\u202egnp\u200b\u001b[2J\ud800\U000e0041" in made.words


def test_letters_of_all_tongues_are_left_alone(tmp_path: Path) -> None:
    assert "Žlutý 馬 ملف 😀" in written(plain(whole(service="Žlutý 馬 ملف 😀")), tmp_path).words


# The page's own policy.


def test_the_policy_lets_in_the_pages_own_style_and_script_and_nothing_else(sample: Page) -> None:
    (policy,) = [tag["content"] or "" for _, tag in sample.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    digests = {name: base64.b64encode(hashlib.sha256(sample.raw[name].encode()).digest()).decode() for name in ("style", "script")}
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digests['style']}'",
        f"script-src 'sha256-{digests['script']}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]


def test_the_policy_comes_before_anything_that_it_governs(sample: Page) -> None:
    (place,) = [index for index, (_, tag) in enumerate(sample.tags) if tag.get("http-equiv") == "Content-Security-Policy"]
    assert [tag for tag, _ in sample.tags[:place]] == ["html", "head", "meta"]
    assert "charset" in sample.tags[place - 1][1]


def test_nothing_is_fetched_and_one_script_is_run(sample: Page) -> None:
    tags = [tag for tag, _ in sample.tags]
    assert (tags.count("script"), tags.count("style")) == (1, 1)
    assert not {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "source", "use", "image"} & set(tags)
    assert not [name for _, attributes in sample.tags for name in attributes if name in {"src", "srcset", "action", "style"}]
    assert not [name for _, attributes in sample.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", sample.raw["style"] + sample.raw["script"])


def test_links_lead_only_to_places_of_the_page(sample: Page) -> None:
    assert {link.removeprefix("#") for link in sample.every("href")} <= set(sample.every("id"))
    assert all(link.startswith("#") for link in sample.every("href"))


def test_no_name_is_given_twice(sample: Page) -> None:
    assert len(sample.every("id")) == len(set(sample.every("id")))


def test_a_finding_told_twice_has_one_name(tmp_path: Path) -> None:
    made = written(plain(whole(finding(), finding(rule="another"))), tmp_path)
    assert len(made.every("id")) == len(set(made.every("id")))


@pytest.mark.parametrize("name", ["report.css", "report.js"])
def test_style_and_script_hold_nothing_that_ends_them_or_that_a_template_reads(name: str) -> None:
    text = (REPORTS / name).read_text("utf-8")
    assert not [sign for sign in ("</", "<!--", "{{", "{%", "{#") if sign in text]


def test_scripts_of_the_page_never_make_markup_of_text() -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(", (REPORTS / "report.js").read_text("utf-8")
    )


def test_templates_have_no_way_around_escaping() -> None:
    made = "\n".join(path.read_text("utf-8") for path in REPORTS.glob("*.j2"))
    assert not re.search(r"\|\s*safe\b|autoescape|Markup|\bxmlattr\b|tojson", made)
    assert not re.findall(r"<[^>]*=\s*\{\{", made)  # an attribute without quotes


# What it says and what it weighs.


@pytest.mark.parametrize(("name", "word"), [("pass", "✓ PASS"), ("fail", "✕ FAIL"), ("inconclusive", "? INCONCLUSIVE")])
def test_the_verdict_stands_first_with_sign_and_word(tmp_path: Path, name: str, word: str) -> None:
    made = written(SAMPLES[name](), tmp_path)
    assert made.words.partition("Skip to the reasons")[2].lstrip().startswith(word)
    assert len(made.having(f"v-{word[2:].lower()}")) == 1


def test_there_is_a_page_for_every_verdict() -> None:
    assert {made()["summary"]["verdict"] for made in SAMPLES.values()} == {word.value for word in Word}


@pytest.mark.parametrize("key", ["verdict", "reasons", "findings", "not_tested", "coverage", "counts", "budget", "versions", "run"])
def test_a_key_that_is_missing_breaks_the_page_instead_of_leaving_a_hole(tmp_path: Path, key: str) -> None:
    made = records.fail()
    del made["summary"][key]
    with pytest.raises((jinja2.UndefinedError, KeyError)):
        page.write(made, tmp_path / "report.html")


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(records.fail(), tmp_path).text == written(records.fail(), tmp_path).text


def test_a_page_is_written_over_the_one_before_it(tmp_path: Path) -> None:
    written(plain(whole(service="yesterday's")), tmp_path)
    assert "yesterday" not in written(plain(whole(service="today's")), tmp_path).words


@pytest.mark.parametrize(("number", "most"), [(0, 40_000), (1, 42_000), (200, 300_000), (5_000, 4_000_000)])
def test_the_page_weighs_no_more_than_it_may(tmp_path: Path, number: int, most: int) -> None:
    made = written(records.many(number, bodies=min(number, 200)), tmp_path)
    assert len(made.text.encode()) <= most
    assert len(made.having("f")) == number


def test_thousands_of_places_of_few_causes_are_all_listed(tmp_path: Path) -> None:
    made = written(records.many(5_000, causes=10), tmp_path)
    assert len(made.having("f")) == 10
    assert sum(name.startswith("zw1-") for name in made.every("id")) == 5_000


def test_where_only_rows_are_shown_the_page_says_so(tmp_path: Path) -> None:
    assert "The first 300 causes are told in full, each of the other 100 as one row" in written(records.many(400), tmp_path).words
    assert "are told in full" not in written(records.many(300), tmp_path).words


def test_what_is_folded_opens_without_a_script(sample: Page) -> None:
    tags = [tag for tag, _ in sample.tags]
    assert tags.count("details") == tags.count("summary")
    hidden = [(tag, attributes) for tag, attributes in sample.tags if "hidden" in attributes]
    assert all("data-js" in attributes or attributes.get("id") == "none" for _, attributes in hidden)


def test_places_of_one_cause_are_told_once(tmp_path: Path) -> None:
    places = [finding(place=PlaceLine(method="GET", path=path, role="ben"), fingerprint=f"zw1:{path}") for path in ("/a", "/b", "/c")]
    made = written(plain(whole(*places, finding(cause="another", title="Another"))), tmp_path)
    assert "4 findings by 2 causes" in made.words
    assert made.section("findings").count("A guard is gone") == 1
    assert "and 2 more places" in made.section("findings")
