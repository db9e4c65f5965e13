"""Answers taken apart: where each piece of text stands, the same in two answers of one shape."""

from __future__ import annotations

import json

import pytest
from builders import exchange

from zeroweight.checks.passage import BODY, passages
from zeroweight.finding import HeaderName
from zeroweight.model.http import Response
from zeroweight.model.request import Pointer


def response(body: bytes | str = b"", media_type: str = "application/json") -> Response:
    seen = exchange(200, {"content-type": media_type} if media_type else {}, body).response
    assert seen is not None
    return seen


def test_a_header_is_a_passage_of_its_own() -> None:
    (passage,) = passages(response())
    assert (passage.where, passage.name, passage.at) == ("header content-type", "content-type", HeaderName(name="content-type"))


def test_items_and_ids_do_not_tell_two_places_apart() -> None:
    body = {"items": [{"url": "a"}, {"url": "b"}], "by/id": {"41": "c", "42": "d"}}
    found = [passage for passage in passages(response(json.dumps(body))) if passage.name == "url" or passage.text in {"c", "d"}]
    assert [(each.where, each.text) for each in found] == [
        ("/items/*/url", "a"),
        ("/items/*/url", "b"),
        ("/by/id/{number}", "c"),
        ("/by/id/{number}", "d"),
    ]
    assert [each.at for each in found] == [Pointer(path=path) for path in ("/items/0/url", "/items/1/url", "/by~1id/41", "/by~1id/42")]
    assert all(isinstance(each.at, Pointer) and each.at.find(body) == each.text for each in found)


def test_keys_are_text_too() -> None:
    assert [(each.where, each.text) for each in passages(response('{"10.0.0.1": 1}'))][1:] == [(f"keys of {BODY}", "10.0.0.1")]


@pytest.mark.parametrize(
    ("media_type", "body", "texts"),
    [
        ("text/html", "<p>a &amp; b</p>", ["<p>a & b</p>"]),
        ("text/plain", "", []),
        ("", "bare", ["bare"]),
        ("application/json", '"one"', ["one"]),
        ("application/json", "[[[", ["[[["]),
        ("application/json", "7", []),
        ("image/png", "10.0.0.1", []),
        ("application/octet-stream", "10.0.0.1", []),
    ],
)
def test_a_body_is_read_as_what_it_is(media_type: str, body: str, texts: list[str]) -> None:
    assert [each.text for each in passages(response(body, media_type)) if not each.where.startswith("header")] == texts


def test_deep_nesting_is_read_without_recursion() -> None:
    body = "[" * 900 + '"x"' + "]" * 900
    assert [each.text for each in passages(response(body))][1:] == ["x"]


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ({"note": "x"}, True),
        ({"notes": ["x"]}, True),
        ({"description": "x"}, True),
        ({"example": "x"}, True),
        ({"a": [{"message": "x"}]}, True),
        ({"message": "x"}, False),
        ({"a": [{"output": "four words in all"}]}, False),
        ({"said": "four words in all"}, False),
        ({"host": "x"}, False),
    ],
)
def test_free_text_samples_and_messages_in_lists_were_written_by_people(body: object, *, written: bool) -> None:
    assert [each.written for each in passages(response(json.dumps(body)))][-1] is written


def test_a_megabyte_of_pieces_is_read_in_part_and_a_long_list_hides_nothing_behind_it() -> None:
    texts = [each.text for each in passages(response(json.dumps({"long": ["x"] * 100_000, "last": "y"})))]
    assert texts[-1] == "y"
    assert len(texts) < 3_000
    wide = {f"{first}{second}": [["x"] * 100] * 100 for first in "abcdefgh" for second in "abcdefgh"}
    assert len(list(passages(response(json.dumps(wide))))) <= 20_001


def test_headers_and_pages_were_not() -> None:
    assert not any(each.written for each in passages(response("<p>four words in all</p>", "text/html")))
