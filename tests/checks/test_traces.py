"""Stack traces: every sample is found and named, in every wrapping."""

from __future__ import annotations

from collections import Counter

import pytest
from builders import exchange
from samples import NAMES, WRAPPINGS, samples, table

from zeroweight.checks.disclosure import stack_trace
from zeroweight.checks.traces import TRACES


@pytest.mark.parametrize(("sample", "family", "text", "wrapping"), table("traces"))
def test_every_sample_is_found_and_named_in_every_wrapping(sample: str, family: str, text: str, wrapping: str) -> None:
    media_type, body = WRAPPINGS[wrapping](text)
    assert stack_trace.one is not None
    (evidence,) = stack_trace.one(exchange(500, {"content-type": media_type} if media_type else {}, body))
    assert f" {family}: " in evidence.says
    assert evidence.cause.startswith(f"{family}: ")
    assert "\n" not in evidence.says


def test_every_family_has_at_least_three_samples() -> None:
    counts = Counter(NAMES[name.rpartition("-")[0]] for name, _ in samples("traces"))
    assert counts.keys() == TRACES.keys()
    assert min(counts.values()) >= 3


PAGES = [
    (
        "Python",
        '<p class="frame-title">File <span class="frame-filename">/srv/shop/app.py</span>, line <i>31</i>, in <b>total</b></p>',
    ),
    ("Python", '<div class="frame"><h4>File <cite class="filename">"/srv/shop/app.py"</cite>, line <em class="line">31</em></h4></div>'),
    ("PHP", "<b>Warning</b>: Undefined array key in <i>/srv/shop/cart.php</i> on line <i>12</i><br />"),
    ("PHP", "<div><strong>File:</strong> /srv/shop/src/Cart.php</div><div><strong>Line:</strong> 31</div>"),
    ("PHP", '{"exception": [{"type": "TypeError", "file": "\\/srv\\/shop\\/src\\/Cart.php", "line": 31}]}'),
    (".NET", "<b> Source File: </b> c:\\inetpub\\shop\\Cart.aspx.cs<b> &nbsp;&nbsp; Line: </b> 31"),
    ("Java", '{"stackTrace": [{"methodName": "total", "fileName": "Cart.java", "lineNumber": 31, "className": "shop.Cart"}]}'),
    ("Java", '{"stackTrace": [{"methodName": "total", "fileName": "Cart.kt", "lineNumber": 31}]}'),
]


@pytest.mark.parametrize(("family", "text"), PAGES)
def test_what_frameworks_make_of_a_trace_is_found_as_it_is(family: str, text: str) -> None:
    assert stack_trace.one is not None
    for media_type in ("text/html", "application/json", ""):
        (evidence,) = stack_trace.one(exchange(500, {"content-type": media_type} if media_type else {}, text))
        assert f" {family}: " in evidence.says


@pytest.mark.parametrize(
    "text",
    [
        "see app/views.py:31 in the repository",
        'File <span class="name">report.txt</span>, line <i>3</i>',
        "<p>Source File: Cart.cs</p><p>Line: none</p>",
        '{"fileName": "photo.jpg", "lineNumber": 3}',
        '{"file": "invoice.php.pdf", "line": 3}',
        '{"file": "index.php", "line": 3}',
        "<strong>File:</strong> a.pdf</div><div><strong>Line:</strong> 31</div>",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert stack_trace.one is not None
    assert list(stack_trace.one(exchange(500, {}, text))) == []
