"""The command sends what was sent, does nothing else, and holds no credential. Tried in a real shell with the real curl."""

from __future__ import annotations

import asyncio
import base64
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from builders import exchange
from driving import GET, POST, ask, driver_of, raw
from servers import serving, steady

from zeroweight.model.http import Headers
from zeroweight.model.operation import Operation
from zeroweight.model.request import Probe, Slot, Template
from zeroweight.model.target import Side, Target
from zeroweight.redact import Redactor, Secret
from zeroweight.trial.curl import LONGEST_BODY, LONGEST_TARGET, curl

NOBODY = Redactor()
NOISE = frozenset(
    {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "x-zeroweight-run",
        "traceparent",
        "content-length",
        "connection",
        "transfer-encoding",
    }
)
CREDENTIALS = {
    "ZEROWEIGHT_TOKEN_ALICE": "a-1",
    "ZEROWEIGHT_TOKEN_BOB": "b-2",
    "ZEROWEIGHT_TOKEN_BOB_2": "de",
    "ZEROWEIGHT_TOKEN_EVE": "e%263",
    "ZEROWEIGHT_HEADER_X_ROUTE": "blue",
}
NASTY = 'it\'s $HOME `id` $(id) "q" \\ !! \t; & | > x * ~ #'


def post(body: bytes | str, role: str = "anonymous", media_type: str = "application/json", **more: Any) -> Probe:
    fields = ((b"content-type", Template.of(media_type)),) if media_type else ()
    return Probe(operation=POST, role=role, target=Template.of(b"/orders"), body=Template.of(body), headers=fields, **more)


def fields(*pairs: tuple[str, str | bytes], role: str = "anonymous") -> Probe:
    return raw(b"/orders", role=role, headers=tuple((name.encode(), Template.of(value)) for name, value in pairs))


def method(verb: str) -> Operation:
    return Operation(method=verb, path="/orders")


PROBES = {
    "a plain one": raw(b"/orders"),
    "a role by header": raw(b"/orders", role="alice"),
    "a role by cookies": raw(b"/orders", role="bob"),
    "a role by cookies, and one of its own": fields(("Cookie", "theme=dark; sid=forged"), role="bob"),
    "a role by query": raw(b"/orders?x=1", role="eve"),
    "a role by query alone": raw(b"/orders", role="eve"),
    "a forged credential": fields(("authorization", "Bearer of nothing"), role="alice"),
    "JSON": post('{"a": "b"}', role="alice"),
    "a shell's own words": post(NASTY),
    "a shell's own words in a header": fields(("X-Odd", NASTY.replace("\t", " "))),
    "a leading @": post("@/etc/passwd"),
    "a leading dash": post("-X DELETE"),
    "line ends": post("a\r\nb\nc\n"),
    "other alphabets": post("ß 😀 \u202e \x1b[31m"),
    "bytes that are no text": post(b"\xff\xfe 'x' \\ \x80\n1"),
    "NUL": post(b'{"a": "%d \x00 \\ \x01"}'),
    "a body without a type": post("a=b", media_type=""),
    "an empty body": post(b""),
    "a body with GET": Probe(operation=GET, target=Template.of(b"/orders"), body=Template.of(b"x"), headers=()),
    "HEAD": replace(raw(b"/orders"), operation=method("HEAD")),
    "DELETE": replace(raw(b"/orders/7"), operation=method("DELETE")),
    "a method that nobody knows": raw(b"/orders", method="PROPFIND"),
    "a method of odd letters": raw(b"/orders", method="G'$!~"),
    "dots": raw(b"/a/../b/./c//d"),
    "braces": raw(b"/a[1-3]{x,y}?q[]=1&q={}"),
    "escapes": raw(b"/a%2f..%00?q=%27%22&r=$HOME&s='&t=`id`"),
    "an asterisk": Probe(operation=method("OPTIONS"), target=Template.of(b"*")),
    "a whole address": raw(b"http://elsewhere.example/x?y=1"),
    "a field without a value": fields(("X-Empty", "")),
    "a field twice": fields(("X-Twice", "1"), ("X-Twice", "2")),
    "its own accept": fields(("accept", "text/html"), ("user-agent", "mine")),
}


def parts(request: bytes, probe: Probe) -> tuple[bytes, list[tuple[str, str]], bytes]:
    """Return request line, fields that matter (own ones always do) and body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    own = {name.decode().lower() for name, _ in probe.headers}
    told = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return first.encode("latin-1"), sorted(pair for pair in told if pair[0] in own or pair[0] not in NOISE), body


async def both(probe: Probe, shell: str, prefix: str, folder: Path) -> tuple[bytes, bytes, str]:
    """Send a probe, then run its command in a shell; returns what the server was sent each time, and the command."""
    async with serving(steady()) as server:
        target = Target(side=Side.CANARY, url=server.url + prefix, headers={"x-route": Secret(name="route", value="blue")})
        driver = driver_of(target)
        try:
            (sent,) = await ask(driver, probe)
        finally:
            await driver.close()
        command = curl(sent, NOBODY)
        environment = {"CANARY": server.url + prefix, "PATH": "/usr/bin:/bin", "HOME": "/nowhere", **CREDENTIALS}
        if probe.role == "bob" and probe.headers:
            # His own word for the first cookie stands in the request: the variables begin with what the account adds.
            environment["ZEROWEIGHT_TOKEN_BOB"] = environment["ZEROWEIGHT_TOKEN_BOB_2"]
        child = await asyncio.create_subprocess_exec(
            shell, "-c", command, cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            out, _ = await child.communicate()
        assert child.returncode == 0, command
        assert out.startswith(b"HTTP/1.1 200 OK")
        return server.requests[0], server.requests[1], command


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("name", PROBES)
def test_the_command_sends_what_was_sent(name: str, prefix: str, tmp_path: Path) -> None:
    probe = PROBES[name]
    sent, again, command = asyncio.run(both(probe, "bash", prefix, tmp_path))
    assert parts(again, probe) == parts(sent, probe), command
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("dash") is None or shutil.which("curl") is None, reason="dash or curl is not installed")
@pytest.mark.parametrize("name", ["a role by header", "a shell's own words", "NUL", "braces", "a leading @"])
def test_what_is_plain_text_runs_in_the_smallest_shell(name: str, tmp_path: Path) -> None:
    probe = PROBES[name]
    word = replace(probe, body=Template.of(NASTY.replace("\t", " "))) if name == "a shell's own words" else probe
    sent, again, command = asyncio.run(both(word, "dash", "", tmp_path))
    assert "$'" not in command
    assert parts(again, word) == parts(sent, word), command


def command_of(redactor: Redactor = NOBODY, **more: Any) -> str:
    return curl(exchange(**more), redactor)


def test_a_command_is_as_short_as_it_can_be() -> None:
    sent = exchange(path="/orders", role="ann-marie", sent_fields={"Host": "c", "traceparent": "t", "Authorization": "Bearer x"})
    assert curl(sent, NOBODY) == (
        """curl -sSi --globoff --path-as-is -H 'Authorization: Bearer '"$ZEROWEIGHT_TOKEN_ANN_MARIE" "$CANARY"/orders"""
    )


@pytest.mark.parametrize("noise", ["x-zeroweight-run", "traceparent", "host", "user-agent"])
def test_what_the_driver_adds_for_itself_is_left_out(noise: str) -> None:
    assert noise not in command_of(sent_fields={noise: "r-7"}).lower()


def test_another_hosts_name_is_told() -> None:
    sent = exchange(path="/x")
    named = replace(sent, target=replace(sent.target, server_name="shop.example"))
    assert "-H 'Host: shop.example'" in curl(named, NOBODY)


SECRET = 's3cr3t/w\'rd+of "ann"=='
WAYS = {
    "as it is": SECRET,
    "for addresses": quote(SECRET, safe=""),
    "for forms": quote(SECRET, safe="").replace("%20", "+"),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64url": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    "in JSON": SECRET.replace('"', '\\"'),
}


@pytest.mark.parametrize("form", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("where", ["header of the account", "cookie", "query", "path", "own header", "body", "odd body", "NUL body"])
def test_no_command_holds_a_secret(form: str, where: str) -> None:
    """What the account adds is a variable; what a suite itself put there (a stolen token, say) is redacted."""
    redactor = Redactor([Secret(name="ann token", value=SECRET)], key=b"k" * 16)
    path = quote(form, safe="%").encode()
    if where == "path" and form == WAYS["in JSON"]:
        path = WAYS["for addresses"].encode()  # nobody writes JSON into a path
    ways: dict[str, dict[str, Any]] = {
        "header of the account": {"sent_fields": {"X-Key": form}},
        "cookie": {"sent_fields": {"Cookie": f"sid={form}"}},
        "query": {"target": b"/x?key=" + path},
        "path": {"target": b"/x/" + path},
        "own header": {"sent_fields": {"X-Own": form}},
        "body": {"sent": f'{{"a": "{form}"}}'},
        "odd body": {"sent": b"\xff" + form.encode()},
        "NUL body": {"sent": b"\x00" + form.encode()},
    }
    sent = exchange(path="/x", role="ann", **ways[where])
    if where == "own header":
        sent = replace(sent, probe=replace(sent.probe, headers=((b"x-own", Template.of(Slot(name="stolen"))),)))
    command = curl(sent, redactor)
    assert command.startswith(("curl", "printf"))
    told = command.replace("'\"'\"'", "'").replace("\\'", "'").replace("\\\\", "\\")
    assert [way for way in WAYS.values() if way in told or way in command] == []
    assert "s3cr3t" not in told


def test_routing_headers_are_variables_even_where_they_are_no_secret() -> None:
    sent = exchange(path="/x", sent_fields={"X-Route-To": "blue"})
    routed = replace(sent, target=replace(sent.target, headers={"x-route-to": "blue"}))
    assert """-H 'X-Route-To: '"$ZEROWEIGHT_HEADER_X_ROUTE_TO" """ in curl(routed, NOBODY)
    assert "blue" not in curl(routed, NOBODY)


def test_what_is_too_long_is_told_by_its_size_or_not_at_all() -> None:
    told = command_of(path="/x", method="POST", sent=b"a" * (LONGEST_BODY + 1))
    assert "--data-binary @body" in told
    assert f"# body: {LONGEST_BODY + 1} bytes, SHA-256 " in told
    assert command_of(target=b"/" + b"a" * LONGEST_TARGET) == ""


def test_what_was_never_sent_has_no_command() -> None:
    assert curl(replace(exchange(), request=None), NOBODY) == ""
    assert curl(exchange(method="HEAD", sent=b"x"), NOBODY) == ""


def test_an_operator_may_name_a_role_as_he_likes() -> None:
    sent = exchange(path="/x", role="ann $(id) `x`", sent_fields={"x-key": "k"})
    assert '"$ZEROWEIGHT_TOKEN_ANN___ID___X_"' in curl(sent, NOBODY)
    sent = replace(sent, request=replace(sent.request, headers=Headers()) if sent.request else None)
    assert "ANN" not in curl(sent, NOBODY)
