"""Keeping every credential out of what pytest and other plugins show of a failure."""

from __future__ import annotations

import pytest

from zeroweight.redact import Redactor


def veil_error(call: pytest.CallInfo[None], redactor: Redactor) -> None:
    """Take credentials out of what a test raised: other plugins write the exception itself, and not pytest's report of it."""
    if call.excinfo is None:
        return
    error = call.excinfo.value
    if _clean(error, redactor):
        return
    error.args = tuple(redactor.text(part) if isinstance(part, str) else part for part in error.args)
    if isinstance(getattr(error, "msg", None), str):
        error.msg = redactor.text(error.msg)  # type: ignore[attr-defined]  # pytest's own outcomes have one
    if not _clean(error, redactor):
        # It makes its words of something else: one of the same name stands in for it.
        stand_in = type(type(error).__name__, (Exception,), {})(redactor.text(str(error)))
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(stand_in), stand_in, call.excinfo.tb))


def _clean(error: BaseException, redactor: Redactor) -> bool:
    told = f"{error} {error!r}"
    return redactor.text(told) == told


def veil_report(report: pytest.TestReport | pytest.CollectReport, redactor: Redactor) -> None:
    """Take credentials out of a report: its traceback with the locals, and what was captured."""
    if report.longrepr is not None:
        shown = str(report.longrepr)
        if (clean := redactor.text(shown)) != shown:
            report.longrepr = clean
    report.sections = [(name, redactor.text(text)) for name, text in report.sections]
