"""What is sent, to the byte: templates, slots, and probes with some parts changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeroweight.model.operation import Example, Operation, Parameter
from zeroweight.model.payload import Payload
from zeroweight.model.request import UNIQUE, Form, Intent, Pointer, Probe, Scenario, Slot, Step, Template
from zeroweight.redact import Secret

ID = Slot(name="id", owner="ann", kind="thing")
THING = Operation(
    method="PUT",
    path="/things/{id}/parts/{part}",
    valid=Example(path={"id": 7, "part": "a b"}, query=(("q", "1&2"), ("r", "")), media_type="application/json", body={"n": 1}),
)
LIST = Operation(method="GET", path="/things", valid=Example(query=(("page", "1"),), headers=(("x-mode", "full"),)))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def target_of(probe: Probe, **bindings: Any) -> bytes:
    return probe.target.fill(bindings)


def body_of(probe: Probe, **bindings: Any) -> bytes:
    assert probe.body is not None
    return probe.body.fill(bindings)


# Slots.


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [
        ("a/b c?d=é&%", Form.SEGMENT, b"a%2Fb%20c%3Fd%3D%C3%A9%26%25"),
        ("..", Form.SEGMENT, b".."),
        (17, Form.SEGMENT, b"17"),
        (True, Form.SEGMENT, b"true"),
        (None, Form.SEGMENT, b"null"),
        ('say "é"', Form.JSON, b'"say \\"\\u00e9\\""'),
        (17, Form.JSON, b"17"),
        ({"a": [1]}, Form.JSON, b'{"a": [1]}'),
        ("a/b c", Form.TEXT, b"a/b c"),
        (1.5, Form.TEXT, b"1.5"),
        (Secret(name="s", value='t"o'), Form.JSON, b'"t\\"o"'),
        (Secret(name="s", value="t/o"), Form.SEGMENT, b"t%2Fo"),
    ],
)
def test_a_slot_writes_its_value_in_its_form(value: Any, form: Form, written: bytes) -> None:
    assert Slot(name="s", form=form).write(value) == written


def test_a_slot_that_is_not_bound_names_itself() -> None:
    with pytest.raises(KeyError, match="id"):
        Template.of("/things/", ID).fill({"other": 1})


def test_a_template_is_the_same_on_both_sides_but_for_its_slots() -> None:
    template = Template.of("/things/", ID, b"?x=\xff")
    assert [template.fill({"id": value}) for value in (7, "a b")] == [b"/things/7?x=\xff", b"/things/a%20b?x=\xff"]
    assert template.slots == (ID,)


# JSON with slots.


@given(PLAIN)
def test_json_without_slots_means_what_it_meant(value: Any) -> None:
    template = Template.json(value)
    if b"$unique" not in json.dumps(value).encode():
        assert template.slots == ()
        assert json.loads(template.fill({})) == value


@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "a\x000\x00b",
        {"\x000\x00": "\x00"},
        {"a": {}},
        [[]],
        {},
        [],
        None,
        0,
        "",
        {"a": [1, "two", None, True, {"b": 1.5}]},
        '"',
        {"é": "ü"},
    ],
)
def test_odd_json_is_written_as_json_writes_it(value: Any) -> None:
    assert Template.json(value).fill({}) == json.dumps(value).encode()


@pytest.mark.parametrize("bound", [7, "a/b", 'say "hi"', None, {"deep": [1]}])
def test_a_slot_stands_for_a_value_in_json(bound: Any) -> None:
    value = {"first": ID, "list": [1, ID, "x"], "deep": {"tuple": (ID,)}}
    template = Template.json(value)
    assert json.loads(template.fill({"id": bound})) == {"first": bound, "list": [1, bound, "x"], "deep": {"tuple": [bound]}}
    assert {slot.owner for slot in template.slots} == {"ann"}
    assert len(template.slots) == 3


def test_a_slot_alone_is_the_whole_body() -> None:
    assert Template.json(ID).fill({"id": "a"}) == b'"a"'


def test_the_unique_word_is_put_inside_texts_and_in_place_of_a_value() -> None:
    template = Template.json({"name": "n-$unique-$unique", "$unique": "k", "whole": UNIQUE})
    assert json.loads(template.fill({"unique": "w42"})) == {"name": "n-w42-w42", "w42": "k", "whole": "w42"}
    assert {slot.name for slot in template.slots} == {"unique"}


def test_two_adjacent_slots_do_not_mix() -> None:
    template = Template.json([ID, Slot(name="two")])
    assert template.fill({"id": 1, "two": 2}) == b"[1, 2]"


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError):
        Template.json({"a": object()})


# Pointers.


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", "whole"), ("/a/b", 1), ("/list/1", "y"), ("/a~1b", 2), ("/m~0n", 3), ("/", 4), ("/~01", 5)],
)
def test_a_pointer_finds_what_rfc_6901_says(pointer: str, found: Any) -> None:
    value = {"a": {"b": 1}, "list": ["x", "y"], "a/b": 2, "m~n": 3, "": 4, "~1": 5}
    assert Pointer(path=pointer).find(value) == (value if found == "whole" else found)


@pytest.mark.parametrize(
    "pointer", ["/no", "/list/2", "/list/-1", "/list/x", "/list/-", "/text/0", "/null/a", "/list/\uff10", "/list/\u00b2"]
)
def test_a_pointer_to_nothing_says_so(pointer: str) -> None:
    with pytest.raises(LookupError):
        Pointer(path=pointer).find({"list": ["x"], "text": "abc", "null": None})


# The example of an operation.


def test_an_example_is_a_whole_request() -> None:
    probe = THING.example(role="ann")
    assert target_of(probe) == b"/things/7/parts/a%20b?q=1%262&r="
    assert [(name, value.fill({})) for name, value in probe.headers] == [(b"content-type", b"application/json")]
    assert body_of(probe) == b'{"n": 1}'
    assert (probe.verb, probe.role, probe.intent, probe.owner) == ("PUT", "ann", Intent.NORMAL, "")


def test_raw_bytes_of_an_example_are_sent_as_they_are() -> None:
    operation = replace(THING, valid=Example(media_type="text/csv", raw=b"a;\xff$unique"))
    assert body_of(operation.example()) == b"a;\xff$unique"
    assert LIST.example().body is None


def test_a_path_value_that_nobody_gave_is_1() -> None:
    assert target_of(Operation(method="GET", path="/a/{x}/b{y}").example()) == b"/a/1/b1"


# Some parts changed.


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({}, b"/things/7/parts/a%20b?q=1%262&r="),
        ({"path": {"id": ID}}, b"/things/%2Fx/parts/a%20b?q=1%262&r="),
        ({"path": {"part": "../x"}}, b"/things/7/parts/..%2Fx?q=1%262&r="),
        ({"path": {"id": "", "part": ""}}, b"/things//parts/?q=1%262&r="),
        ({"query": {"z": "a b"}}, b"/things/7/parts/a%20b?z=a%20b"),
        ({"query": {}}, b"/things/7/parts/a%20b"),
        ({"query": {"a&b": "=", "c": ""}}, b"/things/7/parts/a%20b?a%26b=%3D&c="),
        ({"path": {"id": ID, "part": ID}, "query": {"q": "2"}}, b"/things/%2Fx/parts/%2Fx?q=2"),
    ],
)
def test_the_target_changes_exactly_as_told(change: dict[str, Any], target: bytes) -> None:
    assert target_of(THING.example().with_(**change), id="/x") == target


def test_a_slot_that_was_put_in_the_path_stays_when_the_query_changes() -> None:
    probe = THING.example().with_(path={"id": ID}).with_(query={"q": "2"}).with_(path={"part": "p"})
    assert target_of(probe, id=9) == b"/things/9/parts/p?q=2"
    assert (probe.owner, probe.slots[0].kind, probe.slots[0].form) == ("ann", "thing", Form.SEGMENT)


def test_a_header_replaces_its_namesake_whatever_its_case() -> None:
    probe = LIST.example().with_(headers={"X-Mode": b"\xe9", "y": "2"})
    assert [(name, value.fill({})) for name, value in probe.headers] == [(b"X-Mode", b"\xe9"), (b"y", b"2")]


def test_json_announces_itself_unless_it_is_announced() -> None:
    probe = LIST.example().with_(json={"id": ID})
    assert (b"content-type", b"application/json") in [(name, value.fill({})) for name, value in probe.headers]
    assert body_of(probe, id=7) == b'{"id": 7}'
    told = LIST.example().with_(json=[1], headers={"Content-Type": "application/x+json"})
    assert [name for name, _ in told.headers if name.lower() == b"content-type"] == [b"Content-Type"]


def test_raw_bytes_replace_the_body_and_announce_nothing() -> None:
    probe = LIST.example().with_(raw=b'{"a": ')
    assert body_of(probe) == b'{"a": '
    assert [name for name, _ in probe.headers] == [b"x-mode"]
    assert body_of(LIST.example().with_(raw=b"")) == b""


def test_the_other_parts_are_changed_one_by_one() -> None:
    payload = Payload(id="p", family="f", where="query", send=b"x")
    parameter = Parameter(place="query", name="q")
    probe = LIST.example().with_(method="HEAD", payload=payload, parameter=parameter, intent=Intent.ATTACK, label="l")
    assert (probe.verb, probe.operation.method, probe.payload, probe.intent, probe.label) == ("HEAD", "GET", payload, Intent.ATTACK, "l")
    assert str(probe.place) == "GET /things as anonymous, query:q"


def test_changing_a_request_leaves_the_old_one_as_it_was() -> None:
    probe = THING.example()
    before = (target_of(probe), body_of(probe), probe.headers)
    probe.with_(path={"id": ID}, query={}, json={}, headers={"a": "b"}, intent=Intent.BURST).as_("ben")
    assert (target_of(probe), body_of(probe), probe.headers) == before


def test_the_same_request_is_sent_by_another_role() -> None:
    probe = THING.example(role="ann")
    assert replace(probe.as_("ben"), role="ann") == probe
    assert (probe.as_("ben").role, probe.as_("ben").place.role) == ("ben", "ben")


# Scenarios.


def test_a_lone_probe_is_a_scenario_of_one() -> None:
    probe = replace(LIST.example(), label="l")
    scenario = Scenario.of(probe)
    assert (scenario.judged, scenario.name, scenario.undo, scenario.actors) == ((probe,), "l", (), {})


def test_only_judged_steps_are_judged() -> None:
    probe = LIST.example()
    scenario = Scenario(steps=(Step(probe=THING.example(), judged=False), Step(probe=probe)))
    assert scenario.judged == (probe,)


def test_slots_are_found_wherever_they_stand() -> None:
    one, two, three = (Slot(name=name, owner=owner) for name, owner in (("a", ""), ("b", "ben"), ("c", "cat")))
    probe = replace(THING.example().with_(path={"id": one}, json={"x": three}), headers=((b"h", Template.of(two)),))
    assert [slot.name for slot in probe.slots] == ["a", "b", "c"]
    assert probe.owner == "ben"
