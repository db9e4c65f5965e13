"""What the controller takes off reports, and that its memory has a bound."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest

from zeroweight.compare import Delta, State
from zeroweight.finding import Excerpt, Exhibit, Severity
from zeroweight.model.place import Place
from zeroweight.plugin import gathering
from zeroweight.plugin.gathering import Gathering
from zeroweight.redact import Redactor
from zeroweight.trial.result import TrialResult
from zeroweight.verdict import Policy

BLOCKING = Delta(rule="a.b", title="t", severity=Severity.HIGH, place=Place(), fingerprint="zw1:0", state=State.NEW, confirmed=True)


def report(result: TrialResult | None, *, outcome: str = "passed") -> pytest.TestReport:
    made = pytest.TestReport(
        nodeid="test_own.py::test_own",
        location=("test_own.py", 1, "test_own"),
        keywords={},
        outcome="failed" if outcome == "failed" else "passed",
        longrepr="said\nassert 1 == 2" if outcome == "failed" else None,
        when="call",
    )
    if result is not None:
        made.zeroweight_result = json.dumps(msgspec.to_builtins(result))  # type: ignore[attr-defined]  # as a worker does
    return made


def gathering_of() -> Gathering:
    made = Gathering(Redactor())
    made.policy = Policy(today=dt.date(2027, 1, 1))
    return made


@pytest.mark.parametrize(
    ("result", "outcome", "blocks", "code"),
    [
        (TrialResult(suite="own"), "passed", False, None),
        (TrialResult(suite="own", deltas=(BLOCKING,)), "failed", True, None),
        (TrialResult(suite="own"), "failed", False, "suite-broken"),
        (None, "failed", False, "foreign-test-failed"),
        (None, "passed", False, None),
    ],
)
def test_a_finding_is_told_from_what_broke(result: TrialResult | None, outcome: str, blocks: bool, code: str | None) -> None:  # noqa: FBT001  # a table's column
    heard = gathering_of()
    told = report(result, outcome=outcome)
    assert heard.take(told) is blocks
    assert not hasattr(told, "zeroweight_result")
    heard.book_broken()
    heard.book_broken()
    assert [failure.code for failure in heard.gathered.failures] == ([code] if code else [])
    if code:
        assert heard.last.endswith("assert 1 == 2")
    assert heard.gathered.results == ([result] if result else [])


def test_exhibits_have_a_bound_and_the_worst_of_each_test_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "ROOM", 5000)
    heard = gathering_of()
    full = TrialResult(
        suite="own",
        deltas=(BLOCKING,),
        exhibits={f"zw1:{number}": Exhibit(baseline=Excerpt(body="x" * 1000), canary=Excerpt()) for number in (3, 1, 2)},
    )
    for _ in range(3):
        heard.take(report(full))
    assert [list(each.exhibits) for each in heard.gathered.results] == [["zw1:3", "zw1:1", "zw1:2"], ["zw1:3"], ["zw1:3"]]
    assert all(each.deltas == full.deltas for each in heard.gathered.results)
