"""Each form of text, by table: what it takes, and what it makes of it."""

from __future__ import annotations

import re

import pytest

from zeroweight.config import form
from zeroweight.config.note import Form, Misfit


@pytest.mark.parametrize(
    ("kind", "text", "made"),
    [
        (form.URL, "https://a.b:8443/shop//", "https://a.b:8443/shop"),
        (form.URL, "HTTP://a", "HTTP://a"),
        (form.URL, "http://[::1]:80", "http://[::1]:80"),
        (form.URL, "http://under_score.svc", "http://under_score.svc"),
        (form.ADDRESS, "10.0.0.1:65535", "10.0.0.1:65535"),
        (form.ADDRESS, "[2001:db8::7]:8443", "[2001:db8::7]:8443"),
        (form.ADDRESS, "pod.svc:1", "pod.svc:1"),
        (form.HOST, "Login.Shop.Example", "login.shop.example"),
        (form.HOST, "a:443", "a:443"),
        (form.HEADER, "X-Canary", "X-Canary"),
        (form.SCHEMA, "/openapi.json?full=1", "/openapi.json?full=1"),
        (form.OPERATION, "PATCH /a/{b}", "PATCH /a/{b}"),
        (form.EXCLUSION, "tag:two words", "tag:two words"),
        (form.POINTER, "/a~1b/~0c//0", "/a~1b/~0c//0"),
        (form.PLACE, "* /static/*", "* /static/*"),
        (form.PLACE, "*", "*"),
        (form.RULE, "*", "*"),
        (form.HEADER_VALUE, "caf\xe9\tau lait", "caf\xe9\tau lait"),
        (form.FINGERPRINT, "zw1:00000000000000ff", "zw1:00000000000000ff"),
    ],
)
def test_a_form_takes(kind: Form, text: str, made: str) -> None:
    assert kind.read(text) == made
    assert re.search(kind.pattern, text), "the schema is stricter than the loader"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (form.URL, "http://a/\n"),
        (form.URL, "http://a\\b"),
        (form.URL, "http://a/#x"),
        (form.URL, "//a"),
        (form.ADDRESS, "::1:80"),
        (form.ADDRESS, ":80"),
        (form.ADDRESS, "a:0"),
        (form.ADDRESS, "a:\u0661"),
        (form.HOST, "a/b"),
        (form.HOST, "a:99999"),
        (form.HEADER, "x:"),
        (form.HEADER, "Content-Length"),
        (form.SCHEMA, "//a/b"),
        (form.OPERATION, "GET /a b"),
        (form.OPERATION, "BREW /pot"),
        (form.EXCLUSION, "tag: x"),
        (form.POINTER, "/~2"),
        (form.POINTER, ""),
        (form.PLACE, "GET"),
        (form.RULE, ".a"),
        (form.HEADER_VALUE, "a\r\nb"),
        (form.HEADER_VALUE, "\u20ac"),
        (form.FINGERPRINT, "zw1:00000000000000ff\n"),
        (form.NAME, "1a"),
    ],
)
def test_a_form_refuses_with_a_fix_and_without_the_text(kind: Form, text: str) -> None:
    with pytest.raises(Misfit) as caught:
        kind.read(text)
    assert caught.value.fix
    assert len(text) < 4 or text not in caught.value.what
