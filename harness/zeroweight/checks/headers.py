"""Protections that a browser is told by header: the canary lost one that the baseline gives.

Only a loss is judged here, never an absence that both share. A header that is sent with a value that protects nothing is as good as gone.
Both halves must be of one status class: what an error answer leaves out is the error's consequence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from zeroweight.checks.check import contrast
from zeroweight.finding import Evidence, HeaderName, Noise, Rule, Severity
from zeroweight.model.http import Exchange, Headers, Response
from zeroweight.model.request import Intent

Protects = Callable[[Headers], bool]

CSP = "Content-Security-Policy"
HSTS = "Strict-Transport-Security"
NOSNIFF = "X-Content-Type-Options"
FRAME = "X-Frame-Options"
REFERRER = "Referrer-Policy"

CSP_LOST = Rule(
    id="headers.csp-lost",
    title="The content security policy is gone",
    severity=Severity.MEDIUM,
    cwe=693,
    owasp="API8:2023",
    remedy="Send Content-Security-Policy (enforced, not Report-Only) again, from the one place that adds headers to every answer.",
)
HSTS_LOST = Rule(
    id="headers.hsts-lost",
    title="Browsers are no longer held to HTTPS",
    severity=Severity.MEDIUM,
    cwe=319,
    owasp="API8:2023",
    remedy="Send Strict-Transport-Security with a max-age above zero again.",
)
NOSNIFF_LOST = Rule(
    id="headers.nosniff-lost",
    title="Browsers may guess content types",
    severity=Severity.MEDIUM,
    cwe=693,
    owasp="API8:2023",
    remedy="Send X-Content-Type-Options: nosniff again.",
)
FRAME_OPTIONS_LOST = Rule(
    id="headers.frame-options-lost",
    title="Any site may put the page into a frame",
    severity=Severity.MEDIUM,
    cwe=1021,
    owasp="API8:2023",
    remedy="Send X-Frame-Options: DENY (or SAMEORIGIN) again, or a content security policy with frame-ancestors.",
)
REFERRER_POLICY_LOST = Rule(
    id="headers.referrer-policy-lost",
    title="Browsers tell other sites full addresses",
    severity=Severity.MEDIUM,
    cwe=200,
    owasp="API8:2023",
    remedy="Send Referrer-Policy with a value such as no-referrer or strict-origin-when-cross-origin again.",
)

_MAX_AGE = re.compile(r'^max-age\s*=\s*"?(\d+)"?$', re.IGNORECASE)
_REFERRER_TOKENS = frozenset(
    {
        *("no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin"),
        *("origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"),
    }
)
_DIRECTIVE = re.compile(r"^\s*([a-zA-Z-]+)(?:\s|$)")


def _directives(headers: Headers) -> set[str]:
    """Return the names of all directives of all enforced policies (CSP 3 section 2.2)."""
    policies = (policy for value in headers.all(CSP) for policy in value.split(","))
    found = (_DIRECTIVE.match(directive) for policy in policies for directive in policy.split(";"))
    return {match[1].lower() for match in found if match}


def _csp(headers: Headers) -> bool:
    """Whether any directive is enforced. Report-Only is another header, and only reports."""
    return bool(_directives(headers) - {"report-uri", "report-to"})


def _hsts(headers: Headers) -> bool:
    """Whether max-age is above zero; only the first field and the first max-age count (RFC 6797 sections 6.1.1 and 8.1)."""
    directives = next(iter(headers.all(HSTS)), "").split(";")
    ages = (match[1] for directive in directives if (match := _MAX_AGE.match(directive.strip())))
    return bool(next(ages, "0").strip("0"))


def _nosniff(headers: Headers) -> bool:
    """Whether the first value is `nosniff` (Fetch standard, "determine nosniff")."""
    return headers.get(NOSNIFF).split(",")[0].strip().lower() == "nosniff"


def _frame(headers: Headers) -> bool:
    """Whether X-Frame-Options restricts framing (HTML standard section 7.7: one of DENY, SAMEORIGIN; several at odds block all framing).

    ALLOW-FROM and ALLOWALL alone restrict nothing in any current browser.
    """
    values = {value.strip().lower() for value in headers.get(FRAME).split(",") if value.strip()}
    known = values & {"deny", "sameorigin", "allowall"}
    return bool(known) if len(values) > 1 else values <= {"deny", "sameorigin"} and bool(values)


def _unframed(headers: Headers) -> bool:
    """Whether framing is restricted at all: frame-ancestors replaces and outranks X-Frame-Options (CSP 3 section 6.4.2)."""
    return "frame-ancestors" in _directives(headers) or _frame(headers)


def _referrer(headers: Headers) -> bool:
    """Whether the last known token (Referrer Policy section 8.1) is one that protects: `unsafe-url` does not."""
    tokens = [token for value in headers.get(REFERRER).split(",") if (token := value.strip().lower()) in _REFERRER_TOKENS]
    return bool(tokens) and tokens[-1] != "unsafe-url"


def _same_class(old: Response | None, new: Response | None) -> bool:
    """Whether both are there and of one status class."""
    return old is not None and new is not None and old.status // 100 == new.status // 100


def _lost(name: str, had: Protects, has: Protects, halves: tuple[Exchange, Exchange], noise: Noise) -> Iterator[Evidence]:
    """Yield evidence where the baseline's half is protected and the canary's is not.

    That the baseline, too, leaves it out now and then excuses nothing here: how often each side does is counted when it is asked again.
    """
    del noise
    old, new = halves[0].response, halves[1].response
    if old is None or new is None or not _same_class(old, new) or halves[1].probe.intent is Intent.BURST:
        return
    # What is sent alike protects alike; nearly every pair is so.
    if old.headers.all(name) == new.headers.all(name) or not had(old.headers) or has(new.headers):
        return
    sent = f"sends {name}: {new.headers.get(name)}" if name in new.headers else f"sends no {name}"
    says = f"the baseline sends {name}: {old.headers.get(name)}; the canary {sent}"
    # Whatever input made the answer: a header is a matter of the answer alone, so its place has no parameter.
    yield Evidence(says=says, at=HeaderName(name=name), parameter="", cause=name)


@contrast(CSP_LOST, on=Exchange)
def csp_lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    """Lose an enforced content security policy (CWE-693)."""
    return _lost(CSP, _csp, _csp, (baseline, canary), noise)


@contrast(HSTS_LOST, on=Exchange)
def hsts_lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    """Lose HSTS (CWE-319). Compared on plain HTTP too, where browsers ignore it: gates run behind whatever ends the TLS."""
    return _lost(HSTS, _hsts, _hsts, (baseline, canary), noise)


@contrast(NOSNIFF_LOST, on=Exchange)
def nosniff_lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    """Lose nosniff (CWE-693)."""
    return _lost(NOSNIFF, _nosniff, _nosniff, (baseline, canary), noise)


@contrast(FRAME_OPTIONS_LOST, on=Exchange)
def frame_options_lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    """Lose the restriction on framing by X-Frame-Options (CWE-1021), and give no frame-ancestors in its place."""
    return _lost(FRAME, _frame, _unframed, (baseline, canary), noise)


@contrast(REFERRER_POLICY_LOST, on=Exchange)
def referrer_policy_lost(baseline: Exchange, canary: Exchange, noise: Noise) -> Iterator[Evidence]:
    """Lose the referrer policy (CWE-200)."""
    return _lost(REFERRER, _referrer, _referrer, (baseline, canary), noise)
