"""Headers that protect: lost, made useless, or only said another way."""

from __future__ import annotations

import pytest
from builders import HeaderFields, answer, exchange, noise

from zeroweight.checks.check import catalogue, compare_halves
from zeroweight.finding import Answer, HeaderName, Noise
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Intent
from zeroweight.model.target import Side

NAMES = {f"headers.{name}-lost" for name in ("csp", "hsts", "nosniff", "frame-options", "referrer-policy")}
CHECKS = [check for check in catalogue() if check.rule.id in NAMES]

CSP, HSTS, NOSNIFF = "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options"
FRAME, REFERRER = "X-Frame-Options", "Referrer-Policy"
GOOD = {CSP: "default-src 'self'", HSTS: "max-age=31536000", NOSNIFF: "nosniff", FRAME: "DENY", REFERRER: "no-referrer"}
LOST = {
    CSP: "headers.csp-lost",
    HSTS: "headers.hsts-lost",
    NOSNIFF: "headers.nosniff-lost",
    FRAME: "headers.frame-options-lost",
    REFERRER: "headers.referrer-policy-lost",
}


def half(side: Side, fields: HeaderFields, status: int = 200, intent: Intent = Intent.NORMAL) -> Answer:
    return answer(Outcome.ALLOWED, status, fields, side=side, intent=intent)


def lost(old: HeaderFields, new: HeaderFields, seen: Noise | None = None, statuses: tuple[int, int] = (200, 200)) -> list[str]:
    findings = compare_halves(CHECKS, half(Side.BASELINE, old, statuses[0]), half(Side.CANARY, new, statuses[1]), seen or Noise())
    return [finding.rule.id for finding in findings]


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize("name", GOOD)
def test_a_header_that_is_gone_is_lost(name: str) -> None:
    assert lost(GOOD, without(name)) == [LOST[name]]


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_a_loss_on_one_status_class_is_found(status: int) -> None:
    assert len(lost(GOOD, {}, statuses=(status, status))) == len(GOOD)


USELESS = [
    (CSP, ""),
    (CSP, ";;"),
    (CSP, "report-uri /csp"),
    (HSTS, "max-age=0"),
    (HSTS, 'max-age="0"'),
    (HSTS, "max-age=000"),
    (HSTS, ""),
    (HSTS, "includeSubDomains"),
    (HSTS, "max-age=soon"),
    (HSTS, "max-age=-1"),
    (NOSNIFF, ""),
    (NOSNIFF, "sniff"),
    (NOSNIFF, "none, nosniff"),
    (FRAME, ""),
    (FRAME, "ALLOWALL"),
    (FRAME, "ALLOW-FROM https://example.com"),
    (FRAME, "DENY; SAMEORIGIN"),
    (REFERRER, ""),
    (REFERRER, "unsafe-url"),
    (REFERRER, "no-referrer, unsafe-url"),
    (REFERRER, "never-heard-of"),
]


@pytest.mark.parametrize(("name", "value"), USELESS)
def test_a_value_that_protects_nothing_is_a_loss(name: str, value: str) -> None:
    assert lost(GOOD, {**GOOD, name: value}) == [LOST[name]]


@pytest.mark.parametrize(("name", "value"), USELESS)
def test_what_protected_nothing_cannot_be_lost(name: str, value: str) -> None:
    assert lost({**GOOD, name: value}, without(name)) == []


USEFUL = [
    (CSP, "DEFAULT-SRC 'none'"),
    (CSP, "upgrade-insecure-requests"),
    (HSTS, "includeSubDomains; Max-Age = 600"),
    (HSTS, 'max-age="600"; preload'),
    (NOSNIFF, "NoSniff"),
    (NOSNIFF, "nosniff, nosniff"),
    (FRAME, "sameorigin"),
    (FRAME, "DENY, DENY"),
    (FRAME, "DENY, SAMEORIGIN"),
    (FRAME, "ALLOWALL, DENY"),
    (REFERRER, "Origin"),
    (REFERRER, "unsafe-url, same-origin"),
    (REFERRER, "no-referrer, some-future-policy"),
]


@pytest.mark.parametrize(("name", "value"), USEFUL)
def test_another_value_that_protects_is_no_loss(name: str, value: str) -> None:
    assert lost(GOOD, {**GOOD, name: value}) == []
    assert lost({**GOOD, name: value}, without(name)) == [LOST[name]]


def test_report_only_is_no_policy() -> None:
    assert lost(GOOD, {**without(CSP), "Content-Security-Policy-Report-Only": GOOD[CSP]}) == [LOST[CSP]]


def test_frame_ancestors_takes_the_place_of_frame_options() -> None:
    assert lost(GOOD, {**without(FRAME), CSP: "default-src 'self'; frame-ancestors 'none'"}) == []
    assert lost(GOOD, [*without(FRAME).items(), (CSP, "frame-ancestors 'self'")]) == []
    old = {**without(FRAME), CSP: "frame-ancestors 'none'"}
    assert lost(old, without(FRAME) | {CSP: ""}) == [LOST[CSP]]


def test_a_second_field_after_max_age_zero_does_not_count() -> None:
    fields = [*without(HSTS).items(), (HSTS, "max-age=0"), (HSTS, "max-age=600")]
    assert lost(GOOD, fields) == [LOST[HSTS]]


def test_names_are_compared_without_regard_to_case() -> None:
    assert lost(GOOD, {name.lower(): value for name, value in GOOD.items()}) == []


def test_what_the_baseline_lacks_too_is_no_loss() -> None:
    assert lost({}, {}) == []
    assert lost({}, GOOD) == []


@pytest.mark.parametrize("statuses", [(200, 302), (200, 404), (401, 200), (200, 500), (304, 200)])
def test_another_status_class_is_not_compared(statuses: tuple[int, int]) -> None:
    assert lost(GOOD, {}, statuses=statuses) == []


def test_statuses_of_one_class_are_compared() -> None:
    assert len(lost(GOOD, {}, statuses=(401, 403))) == len(GOOD)


def test_a_header_that_the_baseline_leaves_out_now_and_then_is_told_all_the_same() -> None:
    """How often each side leaves it out is counted when it is asked again."""
    seen = noise(half(Side.BASELINE, GOOD), half(Side.BASELINE, without(NOSNIFF)))
    assert lost(GOOD, without(NOSNIFF), seen) == [LOST[NOSNIFF]]


def test_bursts_and_silence_are_not_judged() -> None:
    old, new = (half(side, fields, intent=Intent.BURST) for side, fields in ((Side.BASELINE, GOOD), (Side.CANARY, {})))
    assert compare_halves(CHECKS, old, new, Noise()) == []
    silence = Answer(exchange=exchange(failure="timeout"), outcome=Outcome.SILENT)
    assert compare_halves(CHECKS, half(Side.BASELINE, GOOD), silence, Noise()) == []


def test_evidence_names_the_header_and_both_values() -> None:
    findings = compare_halves(CHECKS, half(Side.BASELINE, GOOD), half(Side.CANARY, {**GOOD, HSTS: "max-age=0"}), Noise())
    (evidence,) = (finding.evidence for finding in findings)
    assert evidence.at == HeaderName(name=HSTS)
    assert evidence.cause == HSTS
    assert evidence.says == (
        "the baseline sends Strict-Transport-Security: max-age=31536000; the canary sends Strict-Transport-Security: max-age=0"
    )
