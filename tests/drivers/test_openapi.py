"""Documents as strangers write them: read with limits, asked for one valid request each, and never obeyed."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from zeroweight.drivers.openapi import SchemaChange, contrasts, operations, read, united
from zeroweight.drivers.openapi_document import MOST_BYTES, Schema
from zeroweight.drivers.openapi_generate import generated
from zeroweight.errors import ToolFailed
from zeroweight.model.look import Gap
from zeroweight.model.operation import Operation
from zeroweight.model.target import Side

OK = {"200": {"description": "fine"}}
NEEDS_GENERATOR = {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2}$"}


def document(paths: Mapping[str, Any], *, version: str = "3.1.0", **root: Any) -> bytes:
    return json.dumps({"openapi": version, "info": {"title": "t", "version": "1"}, "paths": paths, **root}).encode()


def schema(paths: Mapping[str, Any], *, version: str = "3.1.0", **root: Any) -> Schema:
    return read(document(paths, version=version, **root), source="a test")


def post(node: Any, *, media: str = "application/json", **more: Any) -> dict[str, Any]:
    return {"post": {"requestBody": {"required": True, "content": {media: {"schema": node, **more}}}, "responses": OK}}


def get(*parameters: Any, **more: Any) -> dict[str, Any]:
    return {"get": {"parameters": list(parameters), "responses": OK, **more}}


def needed(name: str, node: Any, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": node, **more}


def only(paths: Mapping[str, Any], *, version: str = "3.1.0", **root: Any) -> tuple[Operation, tuple[Gap, ...]]:
    (operation,), gaps = operations(schema(paths, version=version, **root))
    return operation, gaps


# --- reading -------------------------------------------------------------------------------------------------------------------------

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (b"", "it is empty"),
        (b" \n ", "it is empty"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"openapi": "3.1.0", "paths": ', "it is not JSON"),
        (b"<!doctype html><p>Sign in: first", "not"),
        (b"a: [1", "neither JSON nor YAML"),
        (b"[]", "holds no mapping"),
        (b"null", "holds no mapping"),
        (b"{}", "no key `openapi`"),
        (b'{"swagger": "2.0", "paths": {"/x": {}}}', "Swagger 2.0"),
        (b'{"openapi": "4.0.0", "paths": {"/x": {}}}', "OpenAPI 4.0.0"),
        (b'{"openapi": null, "paths": {"/x": {}}}', "OpenAPI None"),
        (b'{"openapi": "3.1.0"}', "no paths"),
        (b'{"openapi": "3.1.0", "paths": {}}', "no paths"),
        (b'{"openapi": "3.1.0", "paths": ["/x"]}', "no paths"),
        (b"[" * 1_000_000, "deeper than 200"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "deeper than 200"),
        (b"{a: " * 100_000, "deeper than 200"),
        (b"- " * 100_000, "deeper than 200"),
        (BOMB.encode(), "once its aliases are written out"),
        (b"a: &a [*a]", "alias"),
        (b"a: *nobody", "alias"),
        (b"openapi: !!python/object/apply:os.system ['true']", "neither JSON nor YAML"),
        (b"openapi: !!int x", "neither JSON nor YAML"),
        (b"? [a]\n: b", "neither JSON nor YAML"),
        (b"openapi: 3.1.0\npaths: {/x: {a: .inf}}", "JSON cannot say"),
        (b"openapi: 3.1.0\npaths: {/x: {a: !!binary YQ==}}", "JSON cannot say"),
        (b'{"openapi": "3.1.0", "x": 1' + b"0" * 5_000 + b"}", "it is not JSON"),
        (b" " * (MOST_BYTES + 1), "larger than 10 MiB"),
    ],
)
def test_a_bad_document_is_refused_in_one_sentence_that_names_it(given: bytes, says: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ToolFailed) as caught:
        read(given, source="/openapi.json of the canary")
    assert says in str(caught.value)
    assert str(caught.value).startswith("the API's schema from /openapi.json of the canary cannot be used: ")
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begun < 20


def test_yaml_is_read_by_the_rules_of_json() -> None:
    told = b"openapi: 3.0.3\npaths:\n  /on:\n    get: {responses: {200: {description: no}}, x-day: 2024-01-01, deprecated: true}\n"
    read_back = read(told, source="x").document["paths"]["/on"]["get"]
    assert read_back == {"responses": {"200": {"description": "no"}}, "x-day": "2024-01-01", "deprecated": True}


def test_an_unquoted_version_in_yaml_and_a_byte_order_mark_are_forgiven() -> None:
    assert read(b"\xef\xbb\xbfopenapi: 3.1\npaths: {/x: {get: {}}}", source="x").version == "3.1"


def test_honest_yaml_aliases_are_read() -> None:
    told = b"openapi: 3.1.0\nx-a: &a {type: integer, example: 7}\n"
    told += b"paths: {/x: {get: {parameters: [{name: q, in: query, required: true, schema: *a}]}}}"
    (operation,), gaps = operations(read(told, source="x"))
    assert (operation.valid.query, gaps) == ((("q", "7"),), ())


# --- what the document gives away itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_documented_examples_come_first(version: str) -> None:
    paths = {
        "/x/{id}": {
            "parameters": [needed("id", {"type": "integer", "example": 1}, "path", example=42)],
            "get": {
                "operationId": "readX",
                "tags": ["x"],
                "parameters": [
                    needed("a", {"type": "string", "enum": ["red", "blue"]}),
                    needed("b", {"type": "string", "default": "dear"}),
                    needed("c", {"type": "string"}, examples={"one": {"$ref": "#/components/examples/C"}}),
                    needed("X-Trace", {"type": "string", "example": "t-1"}, "header"),
                    needed("lang", {"type": "string", "example": "en"}, "cookie"),
                    {"name": "never", "in": "query", "schema": {"type": "string", "example": "optional"}},
                ],
                "responses": OK,
            },
        }
    }
    operation, gaps = only(paths, version=version, components={"examples": {"C": {"value": "sea"}}})
    assert gaps == ()
    assert (operation.label, operation.id, operation.tags) == ("GET /x/{id}", "readX", ("x",))
    assert operation.valid.path == {"id": 42}
    assert operation.valid.query == (("a", "red"), ("b", "dear"), ("c", "sea"))
    assert operation.valid.headers == (("X-Trace", "t-1"), ("cookie", "lang=en"))
    assert [str(item) for item in operation.parameters if not item.required] == ["query:never"]
    assert operation.example().target.fill({}) == b"/x/42?a=red&b=dear&c=sea"


def test_a_body_is_put_together_of_its_properties_examples() -> None:
    node = {
        "type": "object",
        "required": ["name", "count", "lines"],
        "properties": {
            "name": {"type": "string", "examples": ["Ann"]},
            "count": {"type": "integer", "minimum": 5},
            "lines": {"type": "array", "minItems": 2, "items": {"$ref": "#/components/schemas/Line"}},
            "note": {"type": "string", "example": "hello"},
            "unsaid": {"type": "string"},
            "id": {"type": "integer", "readOnly": True, "example": 9},
        },
    }
    line = {"type": "object", "required": ["sku"], "properties": {"sku": {"const": "A1"}}}
    operation, gaps = only({"/x": post(node)}, components={"schemas": {"Line": line}})
    assert gaps == ()
    assert operation.valid.body == {"name": "Ann", "count": 5, "lines": [{"sku": "A1"}, {"sku": "A1"}], "note": "hello"}
    assert (operation.valid.media_type, operation.valid.raw) == ("application/json", None)
    assert [(item.place, item.name) for item in operation.parameters][:3] == [("body", ""), ("body", "/name"), ("body", "/count")]


def test_a_media_types_own_example_wins_and_json_is_preferred() -> None:
    content = {"text/plain": {"example": "t"}, "application/vnd.x+json": {"schema": {"type": "object"}, "example": {"a": [1]}}}
    operation, _ = only({"/x": {"post": {"requestBody": {"content": content}, "responses": OK}}})
    assert (operation.valid.media_type, operation.valid.body) == ("application/vnd.x+json", {"a": [1]})


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"type": "integer"}, 1),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 4),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "number", "minimum": 1.5, "exclusiveMaximum": 3}, 2),
        ({"type": "string", "minLength": 3, "maxLength": 3}, "111"),
        ({"type": "string", "format": "date"}, "2020-01-01"),
        ({"type": ["null", "boolean"]}, True),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"allOf": [{"$ref": "#/components/schemas/A"}]}, {"a": 1}),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        (True, "1"),
    ],
)
def test_a_plain_schema_needs_no_generator(node: Any, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    parts = {"schemas": {"A": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}}}
    operation, gaps = only({"/x": post(node)}, components=parts)
    assert (operation.valid.body, gaps) == (value, ())


@pytest.mark.parametrize(
    ("more", "value", "query"),
    [
        ({}, [1, 2], (("q", "1"), ("q", "2"))),
        ({"explode": False}, [1, 2], (("q", "1,2"),)),
        ({"style": "pipeDelimited"}, [1, 2], (("q", "1|2"),)),
        ({}, {"a": 1}, (("a", "1"),)),
        ({"style": "deepObject"}, {"a": 1}, (("q[a]", "1"),)),
        ({}, True, (("q", "true"),)),
    ],
)
def test_query_values_are_written_by_the_parameters_style(more: dict[str, Any], value: Any, query: tuple[tuple[str, str], ...]) -> None:
    operation, _ = only({"/x": get(needed("q", {}, example=value, **more))})
    assert operation.valid.query == query


def test_an_undescribed_path_parameter_is_a_parameter_all_the_same() -> None:
    operation, gaps = only({"/x/{id}": {"get": {"responses": OK}}})
    assert ([str(item) for item in operation.parameters], operation.valid.path, gaps) == (["path:id"], {"id": "1"}, ())


@pytest.mark.parametrize(
    ("root", "own", "protected"),
    [
        ([{"bearer": []}], None, True),
        ([{"bearer": []}], [], False),
        ([{"bearer": []}], [{}, {"bearer": []}], False),
        ([], [{"bearer": []}], True),
        (None, None, False),
        (None, [{"bearer": []}, {"key": []}], True),
    ],
)
def test_an_operations_own_security_goes_before_the_roots(root: Any, own: Any, *, protected: bool) -> None:
    more = {} if own is None else {"security": own}
    operation, _ = only({"/x": get(**more)}, **({} if root is None else {"security": root}))
    assert operation.protected == (frozenset(Side) if protected else frozenset())


def test_trace_is_a_gap_and_never_an_operation() -> None:
    found, gaps = operations(schema({"/x": {"trace": {"responses": OK}, "get": {"responses": OK}}}))
    assert [item.label for item in found] == ["GET /x"]
    assert [(gap.what, gap.code) for gap in gaps] == [("TRACE /x", "schema")]


# --- the generator -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_the_document_leaves_open_is_generated(version: str) -> None:
    code = {"$ref": "#/components/schemas/Code"}
    node = {"type": "object", "required": ["code", "name"], "properties": {"code": code, "name": {"type": "string", "example": "Ann"}}}
    paths = {
        "/x/{code}/{n}": {
            "post": {
                "parameters": [
                    needed("code", code, "path"),
                    needed("n", {"type": "integer", "example": 3}, "path"),
                    needed("q", code),
                    needed("plain", {"type": "string"}),
                    needed("X-Code", code, "header"),
                    needed("crumb", code, "cookie"),
                ],
                "requestBody": {"content": {"application/json": {"schema": node}}},
                "responses": OK,
            }
        }
    }
    operation, gaps = only(paths, version=version, components={"schemas": {"Code": NEEDS_GENERATOR}})
    valid = operation.valid
    assert gaps == ()
    assert re.fullmatch("[A-Z]{3}-[0-9]{2}", valid.path["code"])
    assert valid.path["n"] == 3
    assert {name for name, _ in valid.query} == {"q", "plain"}
    assert dict(valid.headers).keys() == {"X-Code", "cookie"}
    assert re.fullmatch("crumb=[A-Z]{3}-[0-9]{2}", dict(valid.headers)["cookie"])
    assert re.fullmatch("[A-Z]{3}-[0-9]{2}", valid.body["code"])
    assert valid.body["name"] == "Ann", "a documented property goes over the generated one"


def test_forms_become_the_bytes_that_are_sent() -> None:
    node = {
        "type": "object",
        "required": ["file", "n"],
        "properties": {"file": {"type": "string", "format": "binary"}, "n": {"type": "integer", "example": 5}},
    }
    login = {"type": "object", "required": ["user"], "properties": {"user": {"type": "string", "example": "a b&c"}}}
    paths = {"/up": post(node, media="multipart/form-data"), "/in": post(login, media="application/x-www-form-urlencoded")}
    (up, enter), gaps = operations(schema(paths))
    assert gaps == ()
    boundary = up.valid.media_type.removeprefix("multipart/form-data; boundary=")
    assert boundary.startswith("zeroweight-")
    assert up.valid.raw is not None
    assert up.valid.raw.startswith(f"--{boundary}\r\n".encode())
    assert b'name="n"\r\n\r\n5\r\n' in up.valid.raw
    assert (enter.valid.media_type, enter.valid.raw) == ("application/x-www-form-urlencoded", b"user=a+b%26c")
    assert enter.valid.body == {"user": "a b&c"}


def test_xml_is_generated_and_text_is_sent_as_it_is() -> None:
    node = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "example": "t"}}}
    (xml, text), gaps = operations(schema({"/x": post(node, media="application/xml"), "/t": post({"type": "string"}, media="text/plain")}))
    assert gaps == ()
    assert b"<a>t</a>" in (xml.valid.raw or b"")
    assert text.valid.raw == b"1"


def thirty() -> bytes:
    paths: dict[str, Any] = {}
    for number in range(6):
        item = {
            "type": "object",
            "required": ["code"],
            "properties": {"code": NEEDS_GENERATOR, "next": {"$ref": f"#/components/schemas/T{number}"}},
        }
        body = {"requestBody": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/T{number}"}}}}, "responses": OK}
        paths[f"/t{number}"] = {"get": {"parameters": [needed("code", NEEDS_GENERATOR)], "responses": OK}, "post": body}
        one = [needed("id", {"type": "string", "pattern": "^[a-f]{8}$"}, "path")]
        paths[f"/t{number}/{{id}}"] = {"parameters": one, "get": {"responses": OK}, "put": body, "delete": {"responses": OK}}
        paths.setdefault("", {})[f"T{number}"] = item
    return document({path: item for path, item in paths.items() if path}, components={"schemas": paths[""]})


def test_thirty_operations_are_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(thirty())
    program = (
        "import pathlib, sys; from zeroweight.drivers.openapi import operations, read;"
        "ops, gaps = operations(read(pathlib.Path(sys.argv[1]).read_bytes(), source='x')); print(len(ops), gaps);"
        "print([(op.label, op.valid) for op in ops])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "a.json")],
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed},
            timeout=100,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert said[0].startswith(b"30 ()\n")
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"], "nothing is left behind"


def test_the_generator_stays_out_of_this_process() -> None:
    operations(schema({"/x": post(NEEDS_GENERATOR)}))
    foreign = "{'schemathesis', 'hypothesis', 'requests'}"
    program = f"import sys, zeroweight.drivers.openapi; print([m for m in sys.modules if m.split('.')[0] in {foreign}])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60).stdout
    assert said.strip() == b"[]"


def test_a_schema_that_nothing_fits_is_a_gap_and_the_rest_goes_on() -> None:
    impossible = {"type": "string", "pattern": "^a$", "minLength": 5}
    (first, second), gaps = operations(schema({"/a": post(impossible), "/b": post(NEEDS_GENERATOR)}))
    assert [gap.what for gap in gaps] == ["POST /a"]
    assert "no value that fits the schema was found" in gaps[0].why
    assert first.valid.body == {}, "the least that can be sent"
    assert isinstance(second.valid.body, str)


def test_a_generator_that_is_ended_leaves_gaps_and_no_process() -> None:
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    answers = generated(
        {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}, [{"path": "/0", "label": "x"}], seconds=0.01
    )
    assert answers == [{"error": "the generator was ended after 0.01 seconds"}]
    assert children.read_text() == ""


def test_a_generator_that_dies_leaves_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeroweight.drivers.openapi_generate._CHILD", "zeroweight.nothing")
    operation, gaps = only({"/x": post(NEEDS_GENERATOR)})
    assert operation.valid.body == {}
    assert [(gap.what, gap.code) for gap in gaps] == [("POST /x", "schema")]


# --- hostile documents ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def dialled() -> Iterator[tuple[str, list[object]]]:
    """Yield the URL of a listener on loopback, and the list of those who came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                try:
                    connection, address = listener.accept()
                except TimeoutError:
                    continue
                connection.close()
                came.append(address)

        thread = threading.Thread(target=watch)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x.json", came
        time.sleep(0.1)
        done.set()
        thread.join()


def test_nothing_outside_the_document_is_fetched(dialled: tuple[str, list[object]], tmp_path: Path) -> None:
    url, came = dialled
    (tmp_path / "secret.json").write_text('{"const": "the-secret"}')
    hidden = (tmp_path / "secret.json").as_uri()
    paths = {
        "/a": post({"$ref": url}),
        "/b": post({"type": "object", "required": ["x"], "properties": {"x": {"$ref": f"{hidden}#/const"}}}),
        "/c": get({"$ref": f"{url}#/p"}),
        "/d": {"$ref": url},
        "/e": post({"$id": url, "$schema": url, "$ref": "#/components/schemas/Base"}),
        "/f": post({**NEEDS_GENERATOR, "discriminator": {"propertyName": "k", "mapping": {"a": url}}, "$dynamicRef": url}),
        "/g": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": NEEDS_GENERATOR, "examples": {"x": {"externalValue": url}}}}}
            }
        },
        "/h": get(needed("q", {"$ref": "other.yaml#/x"})),
    }
    base = {"$id": url, "$anchor": "x", "type": "object", "required": ["s"], "properties": {"s": {**NEEDS_GENERATOR, "id": url}}}
    found, gaps = operations(schema(paths, jsonSchemaDialect=url, servers=[{"url": url}], components={"schemas": {"Base": base}}))
    assert came == []
    assert "the-secret" not in repr(found) + repr(gaps)
    assert {gap.what for gap in gaps} == {"POST /a", "POST /b", "GET /c", "/d", "GET /h"}
    assert {item.path for item in found} == {"/a", "/b", "/c", "/e", "/f", "/g", "/h"}
    assert all("leads out of the document" in gap.why for gap in gaps)


def test_cycles_are_walked_once() -> None:
    tree = {
        "type": "object",
        "required": ["code"],
        "properties": {"code": NEEDS_GENERATOR, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    }
    endless = {"type": "object", "required": ["me"], "properties": {"me": {"$ref": "#/components/schemas/Endless"}}}
    parts = {"Tree": tree, "Endless": endless, "A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    paths = {f"/{name}": post({"$ref": f"#/components/schemas/{name}"}) for name in ("Tree", "Endless", "A")}
    found, gaps = operations(schema(paths, components={"schemas": parts}))
    assert len(found) == 3
    assert "code" in found[0].valid.body
    assert {gap.what for gap in gaps} == {"POST /A", "POST /Endless"}


def test_a_schema_that_fans_out_without_end_is_given_up() -> None:
    parts: dict[str, Any] = {
        f"S{i}": {
            "type": "object",
            "required": ["a", "b"],
            "properties": {name: {"$ref": f"#/components/schemas/S{i + 1}"} for name in "ab"},
        }
        for i in range(28)
    }
    parts["S28"] = NEEDS_GENERATOR
    begun = time.monotonic()
    found, gaps = operations(
        schema({"/x": post({"$ref": "#/components/schemas/S0"}), "/y": post(NEEDS_GENERATOR)}, components={"schemas": parts})
    )
    assert time.monotonic() - begun < 60
    assert len(found) == 2
    assert [gap.what for gap in gaps] == ["POST /x"]
    assert isinstance(found[1].valid.body, str), "the next operation is none the worse"


@pytest.mark.parametrize(
    "path",
    ["x", "/a b", "/a\r\nHost: evil", "/a?b=c", "/a#b", "/a/{id", "/a/id}", "/é", "/a/{b/c}", "/\x00"],
)
def test_a_path_that_cannot_be_sent_is_a_gap(path: str) -> None:
    found, gaps = operations(schema({path: get()}))
    assert found == ()
    assert [gap.code for gap in gaps] == ["schema"]
    assert gaps[0].what.isprintable()


@pytest.mark.parametrize(
    "parameter",
    [
        needed("X-A", {}, "header", example="a\r\nX-Evil: 1"),
        needed("X A", {}, "header", example="a"),
        needed("Host", {}, "header", example="elsewhere.example"),
        needed("Transfer-Encoding", {}, "header", example="chunked"),
        needed("a=b;c", {}, "cookie", example="a"),
        needed("q", node=False),
        {"in": "query"},
        {"name": "q", "in": "nowhere"},
        17,
    ],
)
def test_a_parameter_that_cannot_be_sent_is_a_gap(parameter: Any) -> None:
    operation, gaps = only({"/x": get(parameter)})
    assert (operation.valid.headers, operation.valid.query) == ((), ())
    assert [gap.what for gap in gaps] == ["GET /x"]


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_no_example_changes_the_shape_of_a_path(value: str) -> None:
    operation, _ = only({"/x/{id}/y": get(needed("id", {"type": "string"}, "path", example=value))})
    assert operation.example().target.fill({}) == b"/x/1/y"


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "$unique", "\ud800", '"'])
def test_odd_texts_in_an_example_are_sent_as_they_are(text: str) -> None:
    operation, gaps = only({"/x": post({"example": {"a": text}})})
    body = operation.example().body
    assert gaps == ()
    assert body is not None
    assert body.slots == ()
    assert json.loads(body.fill({})) == {"a": "?" if text == "\ud800" else text}


@pytest.mark.parametrize(
    "node",
    [
        {"minItems": 10**9, "type": "array"},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "pattern": "(a+)+$b"},
        {"type": 7},
        [],
        "x",
    ],
)
def test_a_schema_made_to_exhaust_is_a_gap(node: Any) -> None:
    operation, gaps = only({"/x": post(node)})
    assert operation.label == "POST /x"
    assert [gap.what for gap in gaps] == ["POST /x"]


@pytest.mark.parametrize(
    "item", [None, 7, [], "x", {"get": None}, {"get": []}, {"parameters": 7, "get": {"parameters": {}, "security": 7, "tags": 7}}]
)
def test_nonsense_in_a_path_does_no_harm(item: Any) -> None:
    found, gaps = operations(schema({"/x": item, "/y": get()}))
    assert found[-1].label == "GET /y"
    assert all(gap.code == "schema" for gap in gaps)


# --- two sides -----------------------------------------------------------------------------------------------------------------------

LOCK: dict[str, Any] = {"security": [{"bearer": []}]}


def test_the_union_takes_every_operation_once() -> None:
    before = schema({"/u/{id}": get(needed("id", {"example": 7}, "path"), **LOCK), "/old": get()})
    after = schema({"/u/{user}": get(needed("user", {"example": 8}, "path"), needed("extra", {"example": 1})), "/new": get(**LOCK)})
    found, gaps, notes = united(before, after)
    assert [item.label for item in found] == ["GET /u/{id}", "GET /old", "GET /new"]
    assert gaps == ()
    user, old, new = found
    assert user.valid.path == {"id": 7}, "the baseline's example"
    assert [str(item) for item in user.parameters] == ["path:id", "query:extra"]
    assert (user.documented, user.protected) == (frozenset(Side), frozenset({Side.BASELINE}))
    assert (old.documented, new.documented, new.protected) == (frozenset({Side.BASELINE}), *[frozenset({Side.CANARY})] * 2)
    assert len(notes) == 2


def test_templates_that_one_document_tells_apart_stay_apart() -> None:
    twice = schema({"/u/{id}": get(), "/u/{name}": get()})
    assert [item.label for item in united(twice, twice)[0]] == ["GET /u/{id}", "GET /u/{name}"]
    assert contrasts(twice, twice) == ()


def test_a_side_without_a_document_is_a_note() -> None:
    one = schema({"/x": get()})
    found, gaps, notes = united(one, None)
    assert (len(found), gaps, found[0].documented) == (1, (), frozenset({Side.BASELINE}))
    assert notes == ("The canary has no API schema; operations are those of the baseline's.",)
    assert united(None, one)[0][0].documented == frozenset({Side.CANARY})


def test_no_document_at_all_is_a_gap() -> None:
    found, gaps, _ = united(None, None)
    assert (found, [gap.code for gap in gaps]) == ((), ["schema"])


def test_the_canarys_example_serves_where_the_baselines_document_is_broken() -> None:
    broken, sound = schema({"/x": post({"$ref": "#/nowhere"})}), schema({"/x": post({"example": {"a": 1}})})
    (operation,), gaps, _ = united(broken, sound)
    assert (operation.valid.body, operation.documented, gaps) == ({"a": 1}, frozenset(Side), ())


def test_one_generator_serves_both_sides_when_they_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **named: started.append(given) or real(*given, **named))  # type: ignore[func-returns-value]
    same = schema({"/x": post(NEEDS_GENERATOR)})
    assert isinstance(united(same, same)[0][0].valid.body, str)
    assert len(started) == 1


def test_contrasts_tell_what_changed_and_nothing_else() -> None:
    before = schema({"/a": get(**LOCK), "/b": get(), "/c": get(), "/same": get(**LOCK), "/u/{id}": get(**LOCK)})
    after = schema({"/a": get(), "/b": get(**LOCK), "/d": get(), "/same": get(**LOCK), "/u/{uid}": get()})
    changes = contrasts(before, after)
    assert [(change.kind, change.operation) for change in changes] == [
        ("security-lost", "GET /a"),
        ("security-added", "GET /b"),
        ("operation-hidden", "GET /c"),
        ("security-lost", "GET /u/{id}"),
        ("operation-added", "GET /d"),
    ]
    assert isinstance(changes[0], SchemaChange)
    assert (changes[0].method, changes[0].path) == ("GET", "/a")
    assert changes[-1].says == "GET /d is documented on the canary only, and demands no credentials there"


# --- the contract with schemathesis: one test for each call that openapi_child.py makes ---------------------------------------------------


def ask(lines: str) -> str:
    """Run a few lines in a clean process, with a small API at hand, and return what they print."""
    api = document({"/0/{p0}": post({"type": "object", "required": ["a"], "properties": {"a": NEEDS_GENERATOR}}, media="application/json")})
    start = f"import json, schemathesis\nfrom schemathesis import GenerationMode\napi = json.loads({api.decode()!r})\n"
    start += "schema = schemathesis.openapi.from_dict(api)\n"
    start = start.replace(
        '"post": {', '"post": {"parameters": [{"name": "p0", "in": "path", "required": true, "schema": {"type": "integer"}}], '
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-I", "-c", start + lines], capture_output=True, check=False, cwd=folder, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_schemathesis_loads_a_dict_and_finds_an_operation_by_path_and_method() -> None:
    assert ask("print(schema['/0/{p0}']['POST'].label)") == "POST /0/{p0}\n"


COVERAGE = (
    "operation = schema['/0/{p0}']['POST']\n"
    "options = schema.config.generation_for(operation=operation, phase='coverage')\n"
    "case = next(iter(schema.iter_coverage_cases(operation, generation_modes=[GenerationMode.POSITIVE], generation_config=options)))\n"
)


def test_schemathesis_has_a_coverage_phase_whose_first_case_is_valid() -> None:
    assert re.fullmatch(
        r"application/json [A-Z]{3}-\d\d [01]\n", ask(COVERAGE + "print(case.media_type, case.body['a'], case.path_parameters['p0'])")
    )


def test_schemathesis_draws_positive_cases() -> None:
    said = ask(
        "from hypothesis import find\n"
        "print(find(schema['/0/{p0}']['POST'].as_strategy(generation_mode=GenerationMode.POSITIVE), bool).media_type)"
    )
    assert said == "application/json\n"


def test_schemathesis_makes_a_case_of_given_parts_and_writes_it_as_requests_arguments() -> None:
    said = ask(
        "case = schema['/0/{p0}']['POST'].Case(path_parameters={'p0': 5}, headers={'X-A': 'b'}, cookies={}, query={'q': 'r'}, "
        "body={'a': 1}, media_type='application/json')\n"
        "wire = case.as_transport_kwargs(base_url='http://h')\n"
        "print(wire['method'], wire['url'], wire['json'], wire['params'], wire['headers']['X-A'])"
    )
    assert said == "POST http://h/0/5 {'a': 1} {'q': 'r'} b\n"


def test_schemathesis_marks_a_body_that_is_not_set() -> None:
    assert ask("print(type(schema['/0/{p0}']['POST'].Case().body).__name__)") == "NotSet\n"
