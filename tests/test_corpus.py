"""Payload files are data that is understood to the last word; a payload goes to its place and changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zeroweight.corpus import inject, payloads
from zeroweight.errors import ConfigError
from zeroweight.model.operation import Example, Operation, Parameter
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent, Probe, Slot
from zeroweight.shipped import shipped

PLAIN = Operation(method="GET", path="/health")
RICH = Operation(
    method="POST",
    path="/a/{x}/b/{y}",
    parameters=(
        Parameter(place="path", name="x", required=True),
        Parameter(place="path", name="y", required=True),
        Parameter(place="query", name="k", required=True),
        Parameter(place="query", name="l"),
        Parameter(place="body", name=""),
    ),
    valid=Example(path={"x": 1, "y": 2}, query=(("k", "v"), ("k", "w"), ("m", "n")), media_type="application/json", body={"a": 1}),
)


def said(probe: Probe) -> tuple[str, str, dict[str, str], bytes | None]:
    """Return method, target, headers and body as they would be sent."""
    bound = {"own": "slot"}
    headers = {name.decode(): value.fill(bound).decode("latin-1") for name, value in probe.headers}
    return probe.verb, probe.target.fill(bound).decode("ascii"), headers, probe.body.fill(bound) if probe.body else None


def payload(where: str, send: bytes, *, name: str = "", family: str = "malformed") -> Payload:
    return Payload(id="one", family=family, where=where, send=send, name=name)  # type: ignore[arg-type]


def written(folder: Path, *entries: str, head: str = "title: T", name: str = "malformed.yaml") -> Path:
    file = folder / name
    file.write_text(head + "\npayloads:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return folder


# --- the files -------------------------------------------------------------------------------------------------------------------------


def test_the_shipped_payloads_are_few_small_and_harmless() -> None:
    found = payloads([shipped("payloads")])
    malformed = [item for item in found if item.family == "malformed"]
    assert 15 <= len(malformed) <= 40
    large = {item.id: len(item.send) for item in malformed if len(item.send) > 2_000}
    assert list(large) == ["body-of-128-kib"]
    assert large["body-of-128-kib"] < 132_000
    assert all(item.cwe for item in malformed)
    assert {item.send for item in malformed if item.where == "method"} == {b"FOO", b"OPTIONS"}
    by_id = {item.id: item.send for item in malformed}
    assert json.loads(by_id["nul-in-text"]) == {"name": "a\x00b"}
    assert by_id["deep-nesting"].count(b"{") == by_id["deep-nesting"].count(b"}") == 200
    for odd in ("json-cut-short", "not-json", "empty-body", "invalid-utf-8"):
        with pytest.raises(ValueError, match=r".*"):
            json.loads(by_id[odd])


def test_every_way_to_send_gives_exact_bytes(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        '{ id: a, where: body, send: "x\\u00e9\\0" }',
        "{ id: b, where: query, send_base64: /8Cv, name: q, sign: 'err.*', cwe: 20 }",
        "{ id: c, where: path, send_repeat: { text: ab, times: 3 } }",
        "{ id: d, where: body, send_repeat: [{ text: '[', times: 2 }, { text: ']', times: 2 }] }",
    )
    first, second, third, fourth = payloads([folder])
    assert (first.send, second.send, third.send, fourth.send) == ("xé\0".encode(), b"\xff\xc0\xaf", b"ababab", b"[[]]")
    assert (second.family, second.name, second.sign, second.cwe) == ("malformed", "q", "err.*", 20)
    assert (first.name, first.sign, first.cwe) == ("", "", 0)


@pytest.mark.parametrize(
    ("entry", "says", "fix"),
    [
        ("{ id: a, where: body, sends: x }", "there is no key 'sends'", "Did you mean send?"),
        ("{ id: a, where: body, send: x, colour: red }", "there is no key 'colour'", "Known keys are id, where"),
        ("{ id: a, where: cookie, send: x }", "`where` says 'cookie'", "Write one of body, query"),
        ("{ id: a, where: [body], send: x }", "`where` says ['body']", "Write one of"),
        ("{ id: a, send: x }", "`where` says None", "Write one of"),
        ("{ where: body, send: x }", "the id is missing", "like json-cut-short"),
        ("{ id: A_b, where: body, send: x }", "is no name", "small letters"),
        ("{ id: 7, where: body, send: x }", "is no name", "small letters"),
        ("{ id: a, where: body }", "nothing to send", "exactly one"),
        ("{ id: a, where: body, send: x, send_base64: eA== }", "more than one way", "exactly one"),
        ("{ id: a, where: body, send: null }", "`send` is not a text", "in quotes"),
        ("{ id: a, where: body, send: 7 }", "`send` is not a text", "in quotes"),
        ("{ id: a, where: body, send: [] }", "`send` is not a text", "in quotes"),
        ("{ id: a, where: body, send_base64: '%%%' }", "not base64", "base64 -w0"),
        ("{ id: a, where: body, send_base64: eA }", "not base64", "base64 -w0"),
        ("{ id: a, where: body, send_base64: é }", "not base64", "base64 -w0"),
        ('{ id: a, where: body, send: "\\q" }', "unknown escape", "Mend the YAML"),
        ('{ id: a, where: body, send: "\\ud800" }', "UTF-8 cannot say", "send_base64"),
        ("{ id: a, where: body, send_repeat: x }", "no text", "like {text"),
        ("{ id: a, where: body, send_repeat: [] }", "empty list", "like {text"),
        ("{ id: a, where: body, send_repeat: { text: x } }", "`times`", "from 1 to"),
        ("{ id: a, where: body, send_repeat: { text: x, times: true } }", "`times`", "from 1 to"),
        ("{ id: a, where: body, send_repeat: { text: x, times: 0 } }", "`times`", "from 1 to"),
        ("{ id: a, where: body, send_repeat: { text: x, times: 1000001 } }", "`times`", "from 1 to"),
        ("{ id: a, where: body, send_repeat: { text: xxxxxxxxxxxxxxxx, times: 100000 } }", "larger than 1024 KiB", "shorter"),
        ("{ id: a, where: body, send_repeat: { text: x, time: 7 } }", "there is no key 'time'", "Did you mean times?"),
        ("{ id: a, where: header, send: x }", "a header needs its name", "name: accept"),
        ("{ id: a, where: header, name: Host, send: x }", "frame a request", "name: accept"),
        ('{ id: a, where: header, name: x, send: "a\\r\\nb: c" }', "line breaks", "Take them out"),
        ('{ id: a, where: content-type, send: "a\\0" }', "line breaks or NUL", "Take them out"),
        ("{ id: a, where: path, name: id, send: x }", "takes no name", "Take `name` out"),
        ("{ id: a, where: method, send: TRACE }", "not a method that can be sent", "like FOO"),
        ("{ id: a, where: method, send: connect }", "not a method that can be sent", "like FOO"),
        ("{ id: a, where: method, send: 'F O' }", "not a method that can be sent", "like FOO"),
        ("{ id: a, where: body, send: x, cwe: CWE-20 }", "`cwe` is a number", "cwe: 20"),
        ("{ id: a, where: body, send: x, sign: 7 }", "are texts", "quotes"),
        ("{ id: a, id: b, where: body, send: x }", "the key id is there twice", "Mend the YAML"),
        ("{ id: a, where: body, send: !!python/name:os.system x }", "could not determine", "Mend the YAML"),
        ("just words", "no mapping", "- id:"),
        ("{ id: a, where: body", "expected", "Mend the YAML"),
    ],
)
def test_a_mistake_in_an_entry_names_file_entry_and_fix(tmp_path: Path, entry: str, says: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        payloads([written(tmp_path, entry)])
    assert says in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where.startswith(str(tmp_path / "malformed.yaml"))
    if "id: a, where" in entry and "YAML" not in fix:
        assert caught.value.where.partition(": ")[2].startswith("a")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no mapping"),
        ("- a", "no mapping"),
        ("payloads: []", "title"),
        ("title: 7\npayloads: []", "title"),
        ("title: T", "there are no payloads"),
        ("title: T\npayloads: []", "there are no payloads"),
        ("title: T\npayloads: {}", "there are no payloads"),
        ("title: T\npayload: []", "there is no key 'payload'"),
        ("title: T\ntitle: U\npayloads: []", "the key title is there twice"),
        ("[" * 100_000, ""),
        ("\x00", ""),
    ],
)
def test_a_mistake_in_a_file_names_it(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "malformed.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        payloads([tmp_path])
    assert says in caught.value.what
    assert caught.value.where == str(tmp_path / "malformed.yaml")
    assert caught.value.fix


def test_an_id_is_taken_once_in_its_family_wherever_its_files_lie(tmp_path: Path) -> None:
    entry = "{ id: a, where: body, send: x }"
    with pytest.raises(ConfigError, match="this id is there twice"):
        payloads([written(tmp_path, entry, entry)])
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = written(tmp_path / "one", entry), written(tmp_path / "two", entry)
    with pytest.raises(ConfigError, match=r"already taken by .*one"):
        payloads([one, two])
    assert len(payloads([one, written(tmp_path / "two", "{ id: b, where: body, send: x }")])) == 2


def test_families_of_the_same_ids_live_side_by_side_in_the_order_of_their_files(tmp_path: Path) -> None:
    written(tmp_path, "{ id: b, where: body, send: x }", "{ id: a, where: body, send: x }", name="zoo.yaml")
    written(tmp_path, "{ id: b, where: body, send: x }", name="ant.yaml")
    (tmp_path / "README.md").write_text("not a payload file")
    assert [(item.family, item.id) for item in payloads([tmp_path])] == [("ant", "b"), ("zoo", "b"), ("zoo", "a")]


def test_no_file_is_passed_over_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        payloads([tmp_path / "nowhere"])
    (tmp_path / "bad name.yaml").write_text("title: T")
    with pytest.raises(ConfigError, match="this is no name"):
        payloads([tmp_path])
    (tmp_path / "bad name.yaml").unlink()
    (tmp_path / "malformed.yml").write_text("title: T")
    with pytest.raises(ConfigError, match=r"Rename it to malformed\.yaml"):
        payloads([tmp_path])


# --- putting a payload in its place ----------------------------------------------------------------------------------------------------

JSON = {"content-type": "application/json"}
TARGET = "/a/1/b/2?k=v&k=w&m=n"


def test_a_body_payload_takes_the_bodys_place_and_keeps_the_content_type() -> None:
    (probe,) = inject(RICH, payload("body", b"\xff{"))
    assert said(probe) == ("POST", TARGET, JSON, b"\xff{")
    assert (probe.intent, probe.label, probe.parameter) == (Intent.INVALID, "malformed: one", Parameter(place="body", name=""))
    assert probe.payload == payload("body", b"\xff{")


def test_an_empty_body_is_a_body() -> None:
    (probe,) = inject(RICH, payload("body", b""))
    assert probe.body is not None
    assert said(probe)[3] == b""


def test_a_documented_body_without_an_example_is_said_to_be_json() -> None:
    bare = Operation(method="POST", path="/x", parameters=(Parameter(place="body", name=""),))
    (probe,) = inject(bare, payload("body", b"["))
    assert said(probe) == ("POST", "/x", JSON, b"[")


@pytest.mark.parametrize("where", ["body", "content-type", "path"])
def test_nothing_is_made_where_there_is_no_such_place(where: str) -> None:
    assert list(inject(PLAIN, payload(where, b"x"))) == []


def test_a_content_type_is_replaced_and_none_takes_it_away() -> None:
    (odd,), (none,) = inject(RICH, payload("content-type", b"text/plain")), inject(RICH, payload("content-type", b""))
    assert said(odd) == ("POST", TARGET, {"content-type": "text/plain"}, b'{"a": 1}')
    assert said(none) == ("POST", TARGET, {}, b'{"a": 1}')
    assert str(odd.parameter) == "header:content-type"


def test_a_header_is_replaced_whatever_its_case() -> None:
    (first,) = inject(RICH, payload("header", b"a/b", name="Accept"))
    (second,) = inject(first, payload("header", b"c/d", name="accept"))
    assert said(second)[2] == {**JSON, "accept": "c/d"}


def test_a_method_is_replaced_and_the_operation_stays() -> None:
    (probe,) = inject(RICH, payload("method", b"FOO"))
    assert said(probe) == ("FOO", TARGET, JSON, b'{"a": 1}')
    assert (probe.place.method, probe.operation) == ("POST", RICH)


def test_each_documented_query_parameter_takes_the_payload_in_turn() -> None:
    probes = list(inject(RICH, payload("query", b"\xff' &=+#")))
    assert [said(probe)[1] for probe in probes] == ["/a/1/b/2?m=n&k=%FF'%20%26%3D%2B%23", "/a/1/b/2?k=v&k=w&m=n&l=%FF'%20%26%3D%2B%23"]
    assert [str(probe.parameter) for probe in probes] == ["query:k", "query:l"]


def test_a_named_query_parameter_is_the_only_one_and_a_made_up_one_serves_where_there_is_none() -> None:
    assert [said(probe)[1] for probe in inject(RICH, payload("query", b"1", name="l"))] == [f"{TARGET}&l=1"]
    assert [said(probe)[1] for probe in inject(RICH, payload("query", b"1", name="z[]"))] == [f"{TARGET}&z%5B%5D=1"]
    (probe,) = inject(PLAIN, payload("query", b"1"))
    assert (said(probe)[1], str(probe.parameter)) == ("/health?q=1", "query:q")


@pytest.mark.parametrize(
    ("send", "sent"),
    [
        (b"'", "'"),
        (b"-1", "-1"),
        (b"../x", "..%2Fx"),
        (b"\xff\xc0", "%FF%C0"),
        (b"a b?#%", "a%20b%3F%23%25"),
        (b"", ""),
        (b"\r\n", "%0D%0A"),
    ],
)
def test_each_path_parameter_takes_the_payload_in_turn_in_bytes_that_a_path_can_hold(send: bytes, sent: str) -> None:
    first, second = inject(RICH, payload("path", send))
    assert said(first)[1] == f"/a/{sent}/b/2?k=v&k=w&m=n"
    assert said(second)[1] == f"/a/1/b/{sent}?k=v&k=w&m=n"
    assert (str(first.parameter), str(second.parameter)) == ("path:x", "path:y")


def test_a_probes_role_and_slots_survive() -> None:
    own = RICH.example(role="alice").with_(path={"x": Slot(name="own", owner="alice")})
    first, second = inject(own, payload("path", b"-1"))
    assert [probe.role for probe in (first, second)] == ["alice", "alice"]
    assert (said(first)[1], said(second)[1]) == ("/a/-1/b/2?k=v&k=w&m=n", "/a/slot/b/-1?k=v&k=w&m=n")
    assert (first.owner, second.owner) == ("", "alice")
    assert [said(probe)[1] for probe in inject(own, payload("query", b"7", name="k"))] == ["/a/slot/b/2?m=n&k=7"]


def test_only_odd_families_are_judged_as_odd() -> None:
    (probe,) = inject(RICH, payload("body", b"x", family="sqli"))
    assert (probe.intent, probe.label) == (Intent.ATTACK, "sqli: one")


def test_the_whole_shipped_corpus_fits_every_operation_the_same_way_each_time() -> None:
    every = payloads([shipped("payloads")])
    for operation in (PLAIN, RICH):
        once = [said(probe) for item in every for probe in inject(operation, item)]
        assert once == [said(probe) for item in every for probe in inject(operation, item)]
        assert all(target.startswith("/") and " " not in target for _, target, _, _ in once)


def test_a_payload_below_the_path_asks_for_what_no_operation_serves() -> None:
    (probe,) = inject(RICH, payload("below", b"none such/here"))
    assert said(probe)[1] == "/a/1/b/2/none%20such/here?k=v&k=w&m=n"
    assert str(probe.parameter) == "path:*"
    assert said(next(inject(PLAIN, payload("below", b"x"))))[1] == "/health/x"
