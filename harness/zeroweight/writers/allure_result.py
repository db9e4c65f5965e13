"""One run's results in Allure's model. The one module that imports allure-python-commons."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Parameter, StatusDetails, TestResult

from zeroweight.writers import harmless
from zeroweight.writers.telling import ASKS, asked, count, counted, left_out, place, surety

SEVERITY = {"critical": "blocker", "high": "critical", "medium": "normal", "low": "minor", "note": "trivial"}
"""Our word → Allure's."""
VERDICT = {"PASS": "passed", "FAIL": "failed", "INCONCLUSIVE": "broken"}
NEW = {"block": "failed", "warn": "unknown", "waived": "skipped", "ignore": "skipped"}
"""What the policy makes of a new finding → Allure's status."""
DONE = {"block": "blocks", "warn": "warns", "waived": "waived", "ignore": "ignored"}
TEXT = "text/plain"
"""The only kind that is attached: a target's HTML or SVG would be run by whoever opens it."""


class Results:
    """Makes results and hands them to Allure's own writer, under names that the same record always gives."""

    def __init__(self, record: Mapping[str, Any], folder: Path, prefix: str) -> None:
        """Make the folder and read the run's clock; every file's name begins with the prefix."""
        self._record = record
        self._told = record["summary"]
        self._files: Any = AllureFileLogger(str(folder))  # type: ignore[no-untyped-call]  # only its model is typed
        self._prefix = prefix
        self._start = _milliseconds(self._told["run"]["started"])
        self._stop = self._start + round(self._told["run"]["seconds"] * 1000)

    def put_verdict(self, *, left: int) -> None:
        """Write the verdict's own result: FAIL failed, INCONCLUSIVE broken, PASS passed; `left` findings have no result of their own."""
        word = self._told["verdict"]
        reasons = "\n".join(harmless.line(f"{reason['code']}: {reason['text']}") for reason in self._told["reasons"])
        counts = [counted(self._record), asked(self._record), f"asked again: {surety(self._record)}"]
        counts += [f"{count(left, 'finding')} more than are shown here; all of them stand in record.json"] if left else []
        made = self._result("verdict", name=f"verdict: {word}", full="zeroweight verdict")
        made.status = VERDICT[word]
        first = reasons.partition("\n")[0]
        made.statusDetails = StatusDetails(message=f"{word}: {ASKS[word]}{': ' if first else ''}{first}", trace=harmless.block(reasons))
        made.labels = self._labels(feature="verdict", severity="blocker")
        made.attachments = list(self._attached("verdict", [("reasons", reasons), ("counts", "\n".join(counts)), *self._not_tested()]))
        self._files.report_result(made)

    def _not_tested(self) -> Iterator[tuple[str, str]]:
        """Yield what was not tested: as loud as a finding."""
        for name, lines in self._told["not_tested"].items():
            told = [f"{'required: ' if each.required else ''}{each.what}: {each.why}; {each.fix}" for each in left_out(lines)]
            if told:
                yield f"not tested: {name}", "\n".join(harmless.line(each.removesuffix("; ")) for each in told)

    def put(self, finding: Mapping[str, Any]) -> None:
        """Write a finding's result; what makes it the same in the next run is its fingerprint, that is rule and place."""
        state, action, where = finding["state"], finding["action"], finding["place"]
        made = self._result(
            finding["fingerprint"], name=f"{finding['title']}: {place(finding)}", full=f"{finding['rule']}: {place(finding)}"
        )
        made.status = {"new": NEW[action], "unsteady": "broken", "unchanged": "skipped", "absent": "passed"}[state]
        said = f"new, {DONE[action]}" if state == "new" else state
        mend = f"to do: {finding['remedy']}" if finding["remedy"] else ""
        made.statusDetails = StatusDetails(
            message=harmless.line(f"{said}: {finding['title']}"),
            trace="\n".join(harmless.line(each) for each in (*finding["evidence"], finding["repeats"], mend) if each) or None,
            known=(state, action) == ("new", "waived") or None,
            flaky=state == "unsteady" or None,
        )
        made.labels = self._labels(
            feature=", ".join(finding["suites"]) or "documents",
            story=where["method"] if where["path"] == "*" else f"{where['method']} {where['path']}",
            severity=SEVERITY[finding["severity"]],
            tags=(state, finding["rule"], f"CWE-{finding['cwe']}" if finding["cwe"] else "", finding["owasp"]),
        )
        given = {"role": where["role"], "parameter": where["parameter"], "fingerprint": finding["fingerprint"]}
        made.parameters = [Parameter(name=name, value=harmless.line(value)) for name, value in given.items() if value]
        made.attachments = list(self._attached(finding["fingerprint"], self._shown(finding)))
        self._files.report_result(made)

    def _shown(self, finding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what a reader may want to open: the request, both answers, the command."""
        if finding["request"]:
            yield "request", finding["request"]
        exhibit = self._record["exhibits"].get(finding["fingerprint"])
        if exhibit is None:
            return
        for side in ("baseline", "canary"):
            seen = exhibit[side]
            head = "\n".join(f"{name}: {value}" for name, value in seen["headers"])
            left = f"\n… and {seen['cut']} more characters" if seen["cut"] else ""
            yield f"answer of the {side}", f"{seen['status'] or seen['failure']} {seen['outcome']}\n{head}\n\n{seen['body']}{left}"
        if exhibit["curl"]:
            yield "the same request again", harmless.command(exhibit["curl"])

    def _attached(self, key: str, texts: Iterable[tuple[str, str]]) -> Iterator[Attachment]:
        """Write texts into files of their own, and yield what stands for them in a result."""
        for number, (name, words) in enumerate(texts):
            file = f"{self._prefix}{self._uuid(f'{key}/{number}')}-attachment.txt"
            self._files.report_attached_data(harmless.block(words), file)
            yield Attachment(name=name, source=file, type=TEXT)

    def _result(self, key: str, *, name: str, full: str) -> TestResult:
        """Return a result with its name, what makes it the same in other runs, and the run's times."""
        same = hashlib.sha256(f"{self._told['service']}\x1f{key}".encode("utf-8", "replace")).hexdigest()[:32]
        made = TestResult(
            uuid=self._uuid(key),
            name=harmless.line(name),
            fullName=harmless.line(full),
            historyId=same,
            testCaseId=same,
            stage="finished",
            start=self._start,
            stop=self._stop,
        )
        made.file_pattern = f"{self._prefix}{made.uuid}-result.json"
        return made

    def _labels(self, *, feature: str, severity: str, story: str = "", tags: Iterable[str] = ()) -> list[Label]:
        """Return labels; those without a value are left out."""
        pairs = [("epic", self._told["service"]), ("feature", feature), ("story", story), ("severity", severity)]
        pairs += [("parentSuite", "zeroweight"), ("suite", feature), ("framework", "zeroweight"), *(("tag", tag) for tag in tags)]
        return [Label(name=name, value=harmless.line(value)) for name, value in pairs if value]

    def _uuid(self, key: str) -> str:
        """Return the same name for the same part of the same run, so that what is written twice is there once."""
        text = f"{self._told['run']['id']}/{key}".encode("utf-8", "replace").decode()
        return str(uuid.uuid5(uuid.NAMESPACE_OID, text))


def _milliseconds(started: str) -> int:
    """Return the time since 1970; 0 where the record does not say it."""
    try:
        return round(dt.datetime.fromisoformat(started).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
