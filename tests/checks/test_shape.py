"""Shapes: keys and types, never values; what comes and goes with the data is no shape."""

from __future__ import annotations

from typing import Any

import pytest

from zeroweight.checks.shape import kind, lost, retyped, shape


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "null"), (True, "boolean"), (0, "number"), (1.5, "number"), ("", "string"), ([], "array"), ({}, "object")],
)
def test_a_value_has_one_of_six_types(value: Any, expected: str) -> None:
    assert kind(value) == expected


def test_a_shape_is_paths_with_types() -> None:
    assert shape({"error": {"code": 4, "path": ["a", 1]}, "a/b": None}) == {
        "": {"object"},
        "/error": {"object"},
        "/error/code": {"number"},
        "/error/path": {"array"},
        "/error/path/*": {"string", "number"},
        "/a~1b": {"null"},
    }


SAME = [
    # another value, another order, another number of items
    ({"code": "a"}, {"code": "b"}),
    ({"a": 1, "b": 2}, {"b": 1, "a": 2}),
    ([{"msg": "a"}], [{"msg": "a"}, {"msg": "b"}]),
    ({"errors": [{"msg": "a"}]}, {"errors": []}),
    ({"n": 1}, {"n": 1.5}),
    # a new key
    ({"code": "a"}, {"code": "a", "help": {"url": "x"}}),
    # null is neither a key nor a type
    ({"code": "a", "field": "x"}, {"code": "a", "field": None}),
    ({"code": "a", "field": None}, {"code": "a"}),
    ({"code": "a", "field": None}, {"code": "a", "field": 1}),
    # one of several types
    ({"loc": ["body", 0]}, {"loc": ["body"]}),
    ({"loc": ["body"]}, {"loc": ["body", 0]}),
    # keys that are data
    ({"errors": {"sku": ["is missing"]}}, {"errors": {"qty": ["is too small"]}}),
    ({"sku": ["This field is required."]}, {"qty": ["Not a number."]}),
    ({"errors": {"sku": "is missing"}}, {"errors": {"qty": "is too small"}}),
    ({"error": {"name": "required"}}, {"error": {"email": "required"}}),
    ({"messages": {"name": "required"}}, {"messages": {"email": "required", "sku": "required"}}),
    ({"message": {"name": "required"}}, {"message": {"email": "required"}}),
    ({"detail": {"name": "required"}}, {"detail": {"email": ["required"]}}),
    # what comes with some items or with one kind of error
    ({"errors": [{"msg": "a", "limit": 1}, {"msg": "b"}]}, {"errors": [{"msg": "a"}]}),
    ({"errors": [{"msg": "a", "limit": None}, {"msg": "b", "limit": 1}]}, {"errors": [{"msg": "a"}]}),
    ({"detail": [{"msg": "a", "ctx": {"ge": 1}}]}, {"detail": [{"msg": "b"}]}),
    ({"by": {"41": {"msg": "x"}}}, {"by": {"42": {"msg": "x"}}}),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_is_read_the_same_is_no_change(old: Any, new: Any) -> None:
    assert list(lost([shape(old)], shape(new))) == []
    assert list(retyped([shape(old)], shape(new))) == []


LOST = [
    ({"code": "a", "message": "b"}, {"code": "a"}, ["/message"]),
    ({"error": {"code": "a"}}, {"detail": "a"}, ["/error"]),
    ({"error": {"code": "a", "message": "b"}}, {"error": {"message": "b"}}, ["/error/code"]),
    ({"errors": [{"loc": "a", "msg": "b"}]}, {"errors": [{"msg": "b"}]}, ["/errors/*/loc"]),
    ([{"loc": "a"}], [{"msg": "b"}], ["/*/loc"]),
    ([{"loc": "a", "n": 1}, {"loc": "b"}], [{"msg": "b"}], ["/*/loc"]),
    ({"error": {"code": "a", "message": "b"}}, {"error": {"text": "b"}}, ["/error/code", "/error/message"]),
    ({"error": {"id": 7, "text": "a"}}, {"error": {"id": 7}}, ["/error/text"]),
    ({"ctx": "a", "code": "b"}, {"code": "b"}, ["/ctx"]),
    ({"errors": {"code": "a", "message": "b"}}, {"errors": {"message": "b"}}, ["/errors/code"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), LOST)
def test_a_key_is_lost_where_its_object_is_still_there(old: Any, new: Any, expected: list[str]) -> None:
    assert list(lost([shape(old)], shape(new))) == expected


RETYPED = [
    ({"code": 4}, {"code": "4"}, [("/code", "number", "string")]),
    ({"error": "a"}, {"error": {"code": "a"}}, [("/error", "string", "object")]),
    ({"error": {"code": "a"}}, {"error": "a"}, [("/error", "object", "string")]),
    ([{"a": 1}], {"a": 1}, [("", "array", "object")]),
    ({"errors": ["a"]}, {"errors": [{"msg": "a"}]}, [("/errors/*", "string", "object")]),
    ({"ok": False}, {"ok": 0}, [("/ok", "boolean", "number")]),
]


@pytest.mark.parametrize(("old", "new", "expected"), RETYPED)
def test_another_type_is_told_with_both(old: Any, new: Any, expected: list[tuple[str, str, str]]) -> None:
    assert list(retyped([shape(old)], shape(new))) == expected


def test_what_the_baseline_leaves_out_or_types_otherwise_itself_is_no_change() -> None:
    habit = [shape(each) for each in ({"code": 1, "hint": "x"}, {"code": "1"}, {"code": 1, "hint": None})]
    assert list(lost(habit[:1], shape({"code": 1}))) == ["/hint"]
    assert list(lost(habit, shape({"code": 1}))) == []
    assert list(retyped(habit[:1], shape({"code": "1"}))) == [("/code", "number", "string")]
    assert list(retyped(habit, shape({"code": "1"}))) == []
    assert list(lost([], shape({}))) == []


@pytest.mark.parametrize("value", [[[]] * 100_000, {str(number): number for number in range(50_000)}, [{"a": [1] * 1000}] * 1000])
def test_a_very_large_answer_has_a_bounded_shape(value: Any) -> None:
    assert len(shape(value)) <= 5000


def test_deep_nesting_needs_no_recursion() -> None:
    value: Any = "x"
    for _ in range(3000):
        value = {"a": value}
    assert len(shape(value)) == 3001
