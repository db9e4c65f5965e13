"""Documents are written whole, redacted, and as their schemas say."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from plans import plan_of
from reported import HOSTILE, poisoned

from zeroweight.compare import Delta, Repeats, State
from zeroweight.finding import Excerpt, Exhibit, Severity, Tally
from zeroweight.ledger import Owed
from zeroweight.model.governed import Governed
from zeroweight.model.look import Exclusion, Gap
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.record import (
    SCHEMA,
    Record,
    RunLine,
    VerdictFile,
    exclusion_line,
    finding_line,
    gap_line,
    policy_lines,
    read,
    schema,
    unfinished,
    versions,
    write,
)
from zeroweight.redact import Redactor, Secret
from zeroweight.session.clock import Phase
from zeroweight.session.close import Closing
from zeroweight.session.conclude import Frame, Gathered, balance, decide, record
from zeroweight.trial.protection import Change, Protection
from zeroweight.trial.result import TrialResult
from zeroweight.trial.yardstick import Cell
from zeroweight.verdict import Action, Clause, Policy, Waiver, Word

DOCS = Path(__file__).parents[1] / "docs"
RUN = RunLine(
    id="r-1", started="2027-03-14T00:00:00Z", seconds=1.5, finished=True, level="read-only", command="pytest --zeroweight gate.toml"
)
KINDS: dict[str, type[VerdictFile | Record]] = {"verdict": VerdictFile, "record": Record}
FRAME = Frame(run=RUN, budget_seconds=120, budget_requests=6000, phases=(Phase(name="logins", began=0.5, ended=1.0),))
SECRET = Secret(name="ann token", value="s3cr3t-token")
NOBODY = Redactor()
DELTA = Delta(
    rule="own.rule",
    title="A title",
    severity=Severity.HIGH,
    place=Place(method="GET", path="/things", role="ann", parameter="query:q"),
    fingerprint="zw1:0000000000000000",
    state=State.NEW,
    confirmed=True,
    pairs=2,
    seen_new=1,
    evidence=("it showed s3cr3t-token",),
    repeats=Repeats(canary=7, asked_canary=7, baseline=0, asked_baseline=7),
    suites=("own",),
)


def whole(*deltas: Delta) -> Record:
    """Make a record as a real run does, with something in every part."""
    result = TrialResult(
        suite="own",
        deltas=deltas,
        gaps=(Gap(what="a", why="b", suite="own", code="odd-silent"),),
        exclusions=(Exclusion(what="c", why="d"),),
        crossed=(Owed(suite="own", operation="GET /things", role="ann"),),
        allowed=(("GET /things", "ann"),),
        asked=("GET /things",),
        builds={"baseline": {"1.0": 3}, "canary": {"1.1": 3}},
        requests={"baseline": 3, "canary": 3},
        governed=Governed(watched=3, slowed=1, lowest=2.0, times=5.0),
        pairs=3,
        tallies=(Tally(name="t", facts=(("n", 1), ("s", "x"), ("b", True))),),
        exhibits={
            each.fingerprint: Exhibit(
                baseline=Excerpt(status=403, outcome="refused", headers=(("X-A", "s3cr3t-token"),), body="no", cut=1),
                canary=Excerpt(outcome="silent", failure="timeout: s3cr3t-token"),
                curl='curl "$CANARY"/ s3cr3t-token',
            )
            for each in deltas
        },
        cells=(Cell(operation="GET /things", role="ann", baseline=Outcome.ALLOWED, canary=Outcome.SILENT, baseline_status=200),),
        protections=(Protection(operation="GET /things", name="X-Frame-Options", baseline="DENY", change=Change.CHANGED),),
        began=1.0,
        ended=2.0,
    )
    waiver = Waiver(fingerprint="zw1:1", owner="ann", reason="known", expires=dt.date(2027, 1, 31))
    plan = plan_of(notes=("a note",), policy=replace(plan_of().policy, waivers=(waiver,)))
    gathered = Gathered(results=[result], tests={"suites/test_own.py::test_own": "passed"})
    sums = balance(plan, gathered.results)
    closing = Closing(leftovers=("thing 7",))
    verdict = decide(plan, sums, (), closing)
    return record(plan, sums, verdict, closing, gathered, FRAME)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def errors(name: str, document: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(schema(KINDS[name])))
    return [error.message for error in validator.iter_errors(document)]


# What is written is read back.


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    made = whole(DELTA)
    write(made, tmp_path / "record.json", NOBODY)
    assert read(tmp_path / "record.json") == made
    assert made.schema == made.summary.schema == SCHEMA


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_target_says_is_read_back_but_for_halves_of_characters(tmp_path: Path, name: str) -> None:
    """In values and in keys: a strict reader takes no file that holds half a character."""
    write(msgspec.convert(poisoned(HOSTILE[name]), Record), tmp_path / "record.json", Redactor())
    whole_words = re.sub("[\ud800-\udfff]", "\ufffd", HOSTILE[name])
    assert read(tmp_path / "record.json") == msgspec.convert(poisoned(whole_words), Record)


def test_every_part_of_a_whole_record_holds_something() -> None:
    made = whole(DELTA)
    assert [part.name for part in fields(Record) if not getattr(made, part.name)] == []


def test_a_verdict_says_what_a_machine_needs(tmp_path: Path) -> None:
    write(whole(DELTA).summary, tmp_path / "verdict.json", NOBODY)
    plain = json.loads((tmp_path / "verdict.json").read_text())
    assert (plain["verdict"], plain["service"], plain["run"]["id"]) == ("FAIL", "things", "r-1")
    assert plain["findings"][0]["action"] == "block"
    assert plain["findings"][0]["repeats"] == "canary 7 of 7, baseline 0 of 7"
    assert plain["targets"]["canary"] == {"url": "http://canary.example", "build": "1.1", "expected": "", "builds_seen": {"1.1": 3}}
    assert plain["budget"] == {"seconds": 120, "requests": 6000, "sent_baseline": 3, "sent_canary": 3}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": "one"}', '{"summary": {"service": 7}}', "\xff"])
def test_what_is_no_record_is_refused_with_what_is_wrong(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"."):
        read(tmp_path / "record.json")


def test_a_record_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "record.json")


# Whole or not at all.


def test_a_reader_finds_the_old_one_or_the_new_one_never_half(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    write(unfinished(RUN, "things"), path, NOBODY)
    done = threading.Event()
    seen: set[str] = set()
    broken: list[str] = []

    def reading() -> None:
        while not done.is_set():
            try:
                seen.add(json.loads(path.read_bytes())["verdict"])
            except (ValueError, OSError) as error:
                broken.append(repr(error))

    reader = threading.Thread(target=reading)
    reader.start()
    for _ in range(50):
        write(whole(DELTA).summary, path, NOBODY)
        write(unfinished(RUN, "things"), path, NOBODY)
    done.set()
    reader.join()
    assert broken == []
    assert seen <= {Word.FAIL, Word.INCONCLUSIVE}
    assert names(tmp_path) == ["verdict.json"]


def test_a_write_that_breaks_leaves_the_old_one_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    write(unfinished(RUN, "things"), path, NOBODY)
    before = path.read_bytes()
    broken = VerdictFile(service="things", verdict="PASS", reasons=(), run=RUN, coverage={"odd": complex(1, 1)})  # type: ignore[dict-item]
    with pytest.raises((TypeError, NotImplementedError)):
        write(broken, path, NOBODY)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["verdict.json"]


def test_an_error_of_the_disk_goes_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match=r"."):
        write(unfinished(RUN, "things"), tmp_path / "file" / "verdict.json", NOBODY)
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match=r"."):
        write(unfinished(RUN, "things"), tmp_path / "taken", NOBODY)
    assert names(tmp_path) == ["file", "taken"]


def test_folders_are_made_and_the_file_may_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "verdict.json"
    write(unfinished(RUN, "things"), path, NOBODY)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_run_that_goes_on_is_inconclusive() -> None:
    document = unfinished(RunLine(id="r-2", started="now"), "things")
    assert (document.verdict, document.reasons[0].code, document.run.finished) == (Word.INCONCLUSIVE, "unfinished", False)


# Redacted.


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_written_however_deep(tmp_path: Path, kind: str) -> None:
    made = whole(DELTA)
    write(made if kind == "record" else made.summary, tmp_path / "out.json", Redactor([SECRET], key=b"k"))
    text = (tmp_path / "out.json").read_text()
    assert "s3cr3t-token" not in text
    assert "it showed [ann token:" in text


def test_secrets_in_keys_are_redacted_too(tmp_path: Path) -> None:
    document = Record(
        summary=unfinished(RUN, "s3cr3t-token"),
        tests={"test[s3cr3t-token]": "s3cr3t-token"},
        policy={"a": [{"s3cr3t-token": ["s3cr3t-token"]}]},
    )
    write(document, tmp_path / "record.json", Redactor([SECRET]))
    assert "s3cr3t" not in (tmp_path / "record.json").read_text()
    assert len(read(tmp_path / "record.json").tests) == 1


def test_what_a_target_says_stays_inside_its_string(tmp_path: Path) -> None:
    wild = '"}\u2028\u202e\x1b[31m</script>\x00'
    document = Record(summary=unfinished(RUN, wild), notes=(wild,))
    write(document, tmp_path / "record.json", NOBODY)
    text = (tmp_path / "record.json").read_text()
    assert text.isascii()
    assert "\x1b" not in text
    assert read(tmp_path / "record.json").notes == (wild,)


# Lines.


def test_a_delta_that_was_not_asked_again_says_nothing_of_repeats() -> None:
    assert finding_line(DELTA, Action.BLOCK).repeats
    line = finding_line(
        Delta(rule="a.b", title="t", severity=Severity.NOTE, place=Place(), fingerprint="f", state=State.UNCHANGED), Action.IGNORE
    )
    assert (line.repeats, line.state, line.action, line.severity, line.place.method) == ("", "unchanged", "ignore", "note", "*")


def test_gaps_and_exclusions_are_told_apart() -> None:
    gap = gap_line(Gap(what="a", why="b", fix="c", code="d"), required=True)
    assert (gap.what, gap.why, gap.fix, gap.code, gap.required) == ("a", "b", "c", "d", True)
    assert exclusion_line(Exclusion(what="a", why="b")).code == "excluded"
    assert not exclusion_line(Exclusion(what="a", why="b")).required


def test_the_policy_is_written_in_its_own_words() -> None:
    day = dt.date(2027, 1, 31)
    waiver = Waiver(fingerprint="zw1:0", owner="ann", reason="known", expires=day)
    plain = policy_lines(Policy(today=day, clauses=(Clause(rule="a.*", action=Action.WARN, until=day),), waivers=(waiver,)))
    assert (plain["fail_on"], plain["unconfirmed"], plain["today"]) == ("medium", "high", "2027-01-31")
    assert (plain["clauses"][0]["action"], plain["waivers"][0]["expires"]) == ("warn", "2027-01-31")
    assert json.loads(json.dumps(plain)) == plain


def test_versions_name_what_the_run_was_made_with() -> None:
    assert {"python", "zeroweight", "pytest", "httpx", "httptools"} <= set(versions())


# The schemas.


@pytest.mark.parametrize("name", KINDS)
def test_the_stored_schema_is_current(name: str) -> None:
    stored = (DOCS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert stored == schema(KINDS[name]), f"run: python -m zeroweight.record {name} > docs/{name}.schema.json"


@pytest.mark.parametrize("name", KINDS)
def test_the_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema(KINDS[name])))


@pytest.mark.parametrize("deltas", [(), (DELTA,)])
def test_what_a_run_writes_is_what_the_schema_says(tmp_path: Path, deltas: tuple[Delta, ...]) -> None:
    made = whole(*deltas)
    write(made, tmp_path / "record", Redactor([SECRET]))
    write(made.summary, tmp_path / "verdict", Redactor([SECRET]))
    for name in KINDS:
        assert errors(name, json.loads((tmp_path / name).read_text())) == []
    write(unfinished(RUN, "things"), tmp_path / "early", NOBODY)
    assert errors("verdict", json.loads((tmp_path / "early").read_text())) == []


@pytest.mark.parametrize(
    ("key", "value"), [("verdict", None), ("verdict", 7), ("reasons", "x"), ("findings", [{}]), ("schema", "1"), ("run", {})]
)
def test_the_schema_refuses_what_is_no_verdict(tmp_path: Path, key: str, value: object) -> None:
    write(whole(DELTA).summary, tmp_path / "verdict", NOBODY)
    plain = json.loads((tmp_path / "verdict").read_text())
    assert errors("verdict", {**plain, key: value})
    if key not in {"schema", "findings"}:
        assert errors("verdict", {k: v for k, v in plain.items() if k != key})
