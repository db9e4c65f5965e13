"""The security headers of plain answers, as both sides sent them."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HeaderFields, exchange

from zeroweight.model.request import Intent
from zeroweight.model.target import Side
from zeroweight.redact import Redactor, Secret
from zeroweight.trial.protection import LONGEST, LOSSES, MOST, Change, Protection, Protections, keep

SECRET = "s3cr3t-w0rd-of-ann"
ANN = Redactor([Secret(name="ann token", value=SECRET)], key=b"k" * 16)


def seen(old: HeaderFields, new: HeaderFields, *, statuses: tuple[int, int] = (200, 200), **more: Any) -> dict[str, Protection]:
    found = Protections(ANN)
    halves = [
        exchange(status, fields, side=side, path="/things", **more) for status, fields, side in zip(statuses, (old, new), Side, strict=True)
    ]
    found.note(*halves)
    return {each.name: each for each in found.seen()}


@pytest.mark.parametrize(
    ("name", "old", "new", "change"),
    [
        ("Content-Security-Policy", "default-src 'self'", "", "weaker"),
        ("Content-Security-Policy", "", "default-src 'self'", "stronger"),
        ("Content-Security-Policy", "default-src 'self'", "default-src 'none'", "changed"),
        ("Content-Security-Policy", "script-src 'nonce-abc'", "script-src 'nonce-def'", "same"),
        ("Strict-Transport-Security", "max-age=1", "max-age=0", "weaker"),
        ("Strict-Transport-Security", "max-age=0", "max-age=1", "stronger"),
        ("Strict-Transport-Security", "max-age=1", "max-age=2", "changed"),
        ("Strict-Transport-Security", "max-age=0", "", "changed"),
        ("X-Content-Type-Options", "nosniff", "nosniff", "same"),
        ("X-Content-Type-Options", "nosniff", "no-sniff", "weaker"),
        ("X-Frame-Options", "DENY", "", "weaker"),
        ("X-Frame-Options", "", "", "same"),
        ("Referrer-Policy", "no-referrer", "unsafe-url", "weaker"),
        ("Referrer-Policy", "no-referrer", "same-origin", "changed"),
    ],
)
def test_a_change_is_told_by_what_is_in_force(name: str, old: str, new: str, change: str) -> None:
    found = seen({name: old} if old else {}, {name: new} if new else {})
    assert found[name].change == change
    assert all(each.change is Change.SAME for other, each in found.items() if other != name)
    assert (found[name].operation, found[name].baseline == "", found[name].canary == "") == ("GET /things", old == "", new == "")


def test_framing_that_a_policy_forbids_is_not_lost() -> None:
    found = seen({"X-Frame-Options": "DENY"}, {"Content-Security-Policy": "frame-ancestors 'none'"})
    assert (found["X-Frame-Options"].change, found["Content-Security-Policy"].change) == (Change.CHANGED, Change.STRONGER)


@pytest.mark.parametrize(
    "more", [{"intent": Intent.ATTACK}, {"intent": Intent.BURST}, {"statuses": (200, 404)}, {"failure": "timeout"}], ids=str
)
def test_only_plain_answers_of_one_class_are_compared(more: dict[str, Any]) -> None:
    assert seen({"X-Frame-Options": "DENY"}, {}, **more) == {}


def test_values_are_redacted_before_they_are_cut() -> None:
    long = "default-src " + "x" * (LONGEST - 20) + SECRET
    value = seen({"Content-Security-Policy": long}, {})["Content-Security-Policy"].baseline
    assert len(value) <= LONGEST
    assert SECRET[:6] not in value
    assert "x" * 100 in value


def test_each_pair_of_values_is_kept_once_whoever_asked() -> None:
    found = Protections(ANN)
    for new in ("DENY", "DENY", "SAMEORIGIN"):
        halves = [exchange(200, {"X-Frame-Options": value}, side=side) for value, side in zip(("DENY", new), Side, strict=True)]
        found.note(*halves)
    assert [each.canary for each in found.seen() if each.name == "X-Frame-Options"] == ["SAMEORIGIN", "DENY"]


def made(number: int, change: Change = Change.CHANGED, operation: str = "GET /x") -> Protection:
    return Protection(operation=operation, name="X-Frame-Options", baseline=str(number), change=change)


def test_a_header_that_never_says_the_same_twice_does_not_flood() -> None:
    counted = {made(number, operation=f"GET /{number}"): number for number in range(10 * MOST)} | {made(-1, Change.WEAKER): 1}
    kept = keep(counted)
    assert len(kept) == MOST
    assert (kept[0].change, kept[1].baseline) == (Change.WEAKER, str(10 * MOST - 1))


def test_a_pair_that_is_kept_is_kept_for_every_operation() -> None:
    counted = {made(number % MOST, operation=f"GET /{number}"): 1 for number in range(5 * MOST)}
    assert len(keep(counted)) == 5 * MOST


def test_every_tracked_header_has_a_contrast_that_speaks_of_it() -> None:
    assert all(loss.two is not None and loss.rule.family == "headers" for loss in LOSSES.values())
    assert len(LOSSES) == len({loss.rule.id for loss in LOSSES.values()})
