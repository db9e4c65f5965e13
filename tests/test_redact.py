"""Secrets never show, whatever they are dressed in."""

from __future__ import annotations

import base64
import html
import json
import pickle
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeroweight.redact import Redactor, Secret

KEY = b"k" * 16
VALUE = "p/ss wörd+<\"&'>=%"
"""Something of everything that encoders treat in their own way."""
SECRET = Secret(name="ann password", value=VALUE)


def lower(text: str) -> str:
    """Write percent escapes with small letters, as many encoders do."""
    pieces = text.split("%")
    return "%".join([pieces[0], *(piece[:2].lower() + piece[2:] for piece in pieces[1:])])


def cautious(text: str) -> str:
    """Write JSON as encoders do that fear for pages (Go, Rails)."""
    return "".join(f"\\u{ord(letter):04x}" if letter in "<>&" else letter for letter in json.dumps(text, ensure_ascii=False)[1:-1])


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded but for slashes": quote,
    "percent-encoded small": lambda text: lower(quote(text, safe="")),
    "as a form field": quote_plus,
    "as a form field, small": lambda text: lower(quote_plus(text)),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON with letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "in JSON with escaped slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "in JSON for pages": cautious,
    "in HTML": html.escape,
    "in HTML, quotes plain": lambda text: html.escape(text, quote=False),
    "in HTML, quotes by number": lambda text: html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "in base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "in base64 for URLs without padding": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
@pytest.mark.parametrize("value", [VALUE, "a/b+c==", "eyJhbGciOi.J9-_x", 'say "hi" & <go>', "ünïcödé", "plain-token-1"])
def test_a_secret_is_found_in_any_disguise(value: str, disguise: Callable[[str], str]) -> None:
    worn = disguise(value)
    said = Redactor([Secret(name="key", value=value)], key=KEY).text(f"before {worn} after {worn}!")
    assert worn not in said
    assert said.startswith("before [key:")
    assert said.count("[key:") == 2
    assert said.endswith("]!")


@given(st.text(min_size=4, max_size=30).filter(lambda text: text.isprintable()))
def test_no_secret_survives_as_it_is(value: str) -> None:
    said = Redactor([Secret(name="§", value=value)], key=KEY).text(f"-{value}-")
    assert said.startswith("-[§:")
    assert said.endswith(f":{len(value)}]-")


@pytest.mark.parametrize("value", ["", "a", "ab", "abc"])
def test_what_is_too_short_to_protect_anything_blots_out_nothing(value: str) -> None:
    assert Redactor([Secret(name="pin", value=value)]).text("abc abcabc") == "abc abcabc"


def test_four_letters_are_a_secret() -> None:
    assert "abcd" not in Redactor([Secret(name="pin", value="abcd")]).text("abcabcd")


def test_equal_secrets_look_equal_and_others_do_not() -> None:
    redactor = Redactor([Secret(name="one", value="secret-1"), Secret(name="two", value="secret-2")], key=KEY)
    one, again, two = redactor.text("secret-1"), redactor.text("secret-1"), redactor.text("secret-2")
    assert one == again
    assert one.split(":")[1] != two.split(":")[1]


def test_two_processes_of_a_run_say_the_same_and_two_runs_do_not() -> None:
    assert Redactor([SECRET], key=KEY).text(VALUE) == Redactor([SECRET], key=KEY).text(VALUE)
    assert Redactor([SECRET]).text(VALUE) != Redactor([SECRET]).text(VALUE)


def test_a_token_that_holds_another_is_not_cut_in_half() -> None:
    for order in ([0, 1], [1, 0]):
        secrets = [Secret(name="short", value="abcd"), Secret(name="long", value="xxabcdyy")]
        said = Redactor([secrets[index] for index in order], key=KEY).text("xxabcdyy abcd")
        assert [part.partition(":")[0] for part in said.split()] == ["[long", "[short"]


def test_a_secret_that_is_learnt_later_counts_from_then_on() -> None:
    redactor = Redactor(key=KEY)
    assert redactor.text("late-token") == "late-token"
    redactor.learn(Secret(name="late", value="late-token"))
    assert redactor.text("late-token").startswith("[late:")


def test_plain_json_is_cleaned_to_its_leaves_and_keys() -> None:
    redactor = Redactor([SECRET], key=KEY)
    mark = redactor.text(VALUE)
    dirty = {"a": [VALUE, {"b": (f"x{VALUE}", 7, None, True, 1.5)}], VALUE: {VALUE: VALUE}}
    assert redactor.plain(dirty) == {"a": [mark, {"b": [f"x{mark}", 7, None, True, 1.5]}], mark: {mark: mark}}


def test_what_holds_no_secret_is_left_alone() -> None:
    plain = {"a": [1, "two", None], "b": {"c": False}}
    assert Redactor([SECRET]).plain(plain) == plain


@pytest.mark.parametrize(
    "show",
    [repr, str, "{}".format, "{:>40}".format, "{!r}".format, lambda it: f"{it}", lambda it: f"{it!s:x<50}", lambda it: "%s %r" % (it, it)],  # noqa: UP031
)
def test_a_secret_shows_its_name_only(show: Callable[[object], str]) -> None:
    for holder in (SECRET, [SECRET], {"k": SECRET}):
        try:
            said = show(holder)
        except TypeError:  # a list has no width
            continue
        assert VALUE not in said
        assert repr(VALUE)[1:-1] not in said
        assert "ann password" in said


def test_a_traceback_with_all_its_locals_does_not_show_it() -> None:
    def deep(secret: Secret) -> None:
        raise ValueError(secret)

    try:
        deep(SECRET)
    except ValueError as error:
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "ann password" in told
    assert "wörd" not in told


def test_a_secret_goes_to_another_process_and_stays_one() -> None:
    there = pickle.loads(pickle.dumps(SECRET))
    assert there == SECRET
    assert there.reveal() == VALUE
    assert VALUE not in repr(there)


def test_only_revealing_gives_the_value() -> None:
    assert SECRET.reveal() == VALUE
    assert len({SECRET, Secret(name="ann password", value=VALUE), Secret(name="ann password", value="other")}) == 2


LONG = "".join(f"{number:03x}" for number in range(340))
"""About a kilobyte."""
CUTS: dict[str, Callable[[str], str]] = {
    "its begin": lambda text: text[:200],
    "its end": lambda text: text[-200:],
    "begin and end, as reprlib cuts": lambda text: f"{text[:118]}...{text[-119:]}",
    "a piece of it": lambda text: text[333:349],
    "in base64, cut": lambda text: base64.b64encode(text.encode()).decode()[:150],
    "percent-encoded, cut": lambda text: quote(f"{text}", safe="")[7:150],
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("before", range(9))
def test_a_long_piece_of_a_long_secret_is_a_secret(cut: Callable[[str], str], before: int) -> None:
    redactor = Redactor([Secret(name="key", value=LONG)], key=KEY)
    said = redactor.text(f"{'-' * before}{cut(LONG)}!")
    assert said.startswith("-" * before + "[key:")
    assert said.endswith("]!")
    assert not any(LONG[at : at + 16] in said for at in range(len(LONG) - 15))


def test_a_short_piece_or_a_piece_of_a_short_secret_is_not() -> None:
    redactor = Redactor([Secret(name="key", value=LONG), Secret(name="word", value="correct horse battery"[:20])], key=KEY)
    for text in (f"-{LONG[40:55]}-", "correct horse batt"):
        assert redactor.text(text) == text


def test_a_secret_of_one_letter_costs_no_more() -> None:
    redactor = Redactor([Secret(name="key", value="a" * 4000)], key=KEY)
    assert "a" * 16 not in redactor.text("b" * 50_000 + "a" * 30_000 + "b")


def test_an_excerpt_is_redacted_before_it_is_cut() -> None:
    redactor = Redactor([Secret(name="pin", value="short-secret-20-long")], key=KEY)
    said = redactor.excerpt("x" * 90 + "short-secret-20-long", 100)
    assert said.startswith("x" * 90 + "[pin:")
    assert (len(said), said[-1]) == (100, "…")
    assert redactor.excerpt("x" * 100, 100) == "x" * 100
