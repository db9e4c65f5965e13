"""What a request said itself is known in every way of writing it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from builders import exchange

from zeroweight.checks.echo import echoed, spoken, unescaped

TEXT = 'say "at last" & <go>\n  to line 4'


@pytest.mark.parametrize(
    "parts",
    [
        {"sent": TEXT},
        {"sent": json.dumps({"note": TEXT})},
        {"sent": "note=" + quote(TEXT)},
        {"target": b"/search?q=" + quote(TEXT).replace("%20", "+").encode()},
        {"sent_fields": {"x-note": TEXT.replace("\n", " ")}},
    ],
)
@pytest.mark.parametrize(
    "found", [TEXT, json.dumps(TEXT)[1:-1], TEXT.replace("&", "&amp;").replace("<", "&lt;"), TEXT.replace("\n  ", "\r\n")]
)
def test_what_was_said_is_an_echo_in_every_writing(parts: dict[str, bytes | str], found: str) -> None:
    assert echoed(found, spoken(exchange(**parts).request))  # type: ignore[arg-type]


def test_what_was_not_said_is_none() -> None:
    asked = spoken(exchange(sent=TEXT).request)
    assert not echoed("say something else", asked)
    assert not echoed(TEXT, "")
    assert not echoed(TEXT, spoken(None))


@pytest.mark.parametrize(("text", "plain"), [(r"a\nb\tc\\d\/e", "a\nb\tc\\d/e"), ("none", "none"), ("end\\", "end\\")])
def test_escapes_are_resolved_also_in_what_is_no_json(text: str, plain: str) -> None:
    assert unescaped(text) == plain
