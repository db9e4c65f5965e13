"""The machinery of checks adds what a check cannot get wrong: side and place."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from builders import answer, noise

import zeroweight.checks
from zeroweight.checks.check import Check, CheckFailed, catalogue, check, compare_halves, contrast, examine, examine_contract
from zeroweight.checks.transition import Move
from zeroweight.finding import Answer, Evidence, Noise, Rule, Severity
from zeroweight.model.contract import Change
from zeroweight.model.http import Exchange
from zeroweight.model.operation import Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.place import Place
from zeroweight.model.target import Side

RULE = Rule(id="own.rule", title="A rule", severity=Severity.HIGH, cwe=1, remedy="Mend it.")
SIDES = tuple(Side)


def half(side: Side, status: int = 200, **more: Any) -> Answer:
    return answer(Outcome.ALLOWED, status, side=side, role="ann", path="/x", **more)


@check(RULE, on=Exchange)
def sees(exchange: Exchange) -> Iterator[Evidence]:
    yield Evidence(says=f"status {exchange.status}")


@contrast(RULE, on=Exchange)
def differs(baseline: Exchange, canary: Exchange, _: Noise) -> Iterator[Evidence]:
    if baseline.status != canary.status:
        yield Evidence(says=f"{baseline.status} and {canary.status}")


@pytest.mark.parametrize("side", SIDES)
def test_the_machinery_says_on_which_side_and_where(side: Side) -> None:
    (found,) = examine([sees], half(side, parameter=Parameter(place="query", name="q")))
    assert (found.side, found.rule, found.evidence.says) == (side, RULE, "status 200")
    assert found.place == Place(method="GET", path="/x", role="ann", parameter="query:q")


@pytest.mark.parametrize(("told", "parameter"), [(None, "query:q"), ("", ""), ("body:/a", "body:/a")])
def test_evidence_may_say_which_parameter_it_is_about(told: str | None, parameter: str) -> None:
    @check(RULE, on=Exchange)
    def about(_: Exchange) -> Iterator[Evidence]:
        yield Evidence(says="s", parameter=told)

    (found,) = examine([about], half(Side.CANARY, parameter=Parameter(place="query", name="q")))
    assert found.place.parameter == parameter


def test_what_a_contrast_finds_lies_on_the_canary() -> None:
    (found,) = compare_halves([differs], half(Side.BASELINE), half(Side.CANARY, 500), Noise())
    assert (found.side, found.evidence.says) == (Side.CANARY, "200 and 500")
    assert compare_halves([differs], half(Side.BASELINE), half(Side.CANARY), Noise()) == []


def test_one_sided_checks_and_contrasts_keep_out_of_each_others_way() -> None:
    assert examine([differs], half(Side.CANARY)) == []
    assert compare_halves([sees], half(Side.BASELINE), half(Side.CANARY), Noise()) == []


def test_a_check_on_exchanges_is_not_shown_silence() -> None:
    silence = half(Side.CANARY, failure="timeout")
    assert examine([sees], silence) == []
    assert compare_halves([differs], half(Side.BASELINE), silence, Noise()) == []


def test_a_check_on_answers_is_shown_silence_too() -> None:
    @check(RULE, on=Answer)
    def silent(seen: Answer) -> Iterator[Evidence]:
        if seen.exchange.response is None:
            yield Evidence(says="silent")

    assert len(examine([silent], half(Side.CANARY, failure="timeout"))) == 1


def test_a_check_that_looks_at_both_kinds_is_shown_the_answer_once() -> None:
    @check(RULE, on=Answer | Exchange)
    def both(seen: object) -> Iterator[Evidence]:
        yield Evidence(says=type(seen).__name__)

    assert both.on == (Answer, Exchange)
    assert [found.evidence.says for found in examine([both], half(Side.CANARY))] == ["Answer"]


def test_a_contrast_is_handed_the_noise() -> None:
    seen: list[Noise] = []

    @contrast(RULE, on=Answer)
    def listens(_: Answer, __: Answer, told: Noise) -> Iterator[Evidence]:
        seen.append(told)
        return iter(())

    told = noise(answer(Outcome.ALLOWED))
    compare_halves([listens], half(Side.BASELINE), half(Side.CANARY), told)
    assert seen == [told]


def test_every_check_looks_at_every_answer() -> None:
    @check(RULE, on=Exchange)
    def many(_: Exchange) -> Iterator[Evidence]:
        yield from (Evidence(says=str(number)) for number in range(3))

    assert len(examine([sees, many, sees], half(Side.CANARY))) == 5


def test_a_check_of_moves_is_shown_what_became_of_a_pair() -> None:
    seen: list[Move] = []

    @check(RULE, on=Move)
    def moved(move: Move) -> Iterator[Evidence]:
        seen.append(move)
        yield move.evidence()

    broken = answer(Outcome.BROKEN, 500, side=Side.CANARY, role="ann", path="/x")
    findings = compare_halves([moved, sees, moved], half(Side.BASELINE), broken, Noise())
    assert [(found.side, found.evidence.cause) for found in findings] == [(Side.CANARY, "allowed→broken")] * 2
    assert seen[0] is seen[1], "it is looked for once"
    assert compare_halves([moved], half(Side.BASELINE), half(Side.CANARY), Noise()) == [], "nothing moved"
    assert examine([moved], broken) == [], "one side alone shows no move"


# What raises.


def generator(_: Any) -> Iterator[Evidence]:
    yield Evidence(says="first")
    raise ValueError("half-way")


def plain(_: Any) -> Iterator[Evidence]:
    raise ValueError("at once")


def nothing(_: Any) -> Iterator[Evidence]:
    return None  # type: ignore[return-value]


def recursive(seen: Any) -> Iterator[Evidence]:
    return recursive(seen)


@pytest.mark.parametrize(
    ("function", "says"),
    [(generator, "ValueError: half-way"), (plain, "ValueError: at once"), (nothing, "TypeError"), (recursive, "RecursionError")],
)
def test_a_check_that_raises_is_named_whatever_it_is_made_of(function: Any, says: str) -> None:
    broken = check(RULE, on=Exchange)(function)
    with pytest.raises(CheckFailed, match=r"own\.rule raised " + says) as failure:
        examine([sees, broken], half(Side.CANARY))
    assert failure.value.check is broken


def test_a_contrast_that_raises_is_named_too() -> None:
    @contrast(RULE, on=Exchange)
    def broken(_: Exchange, __: Exchange, ___: Noise) -> Iterator[Evidence]:
        raise LookupError("gone")

    with pytest.raises(CheckFailed, match=r"own\.rule raised LookupError") as failure:
        compare_halves([broken], half(Side.BASELINE), half(Side.CANARY), Noise())
    assert isinstance(failure.value.__cause__, LookupError)


def test_a_check_of_moves_that_raises_is_named_too() -> None:
    @check(RULE, on=Move)
    def broken(_: Move) -> Iterator[Evidence]:
        raise LookupError("gone")

    with pytest.raises(CheckFailed, match=r"own\.rule raised LookupError"):
        compare_halves([broken], half(Side.BASELINE), answer(Outcome.BROKEN, 500, side=Side.CANARY), Noise())


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_nobodys_bug(stop: type[BaseException]) -> None:
    @check(RULE, on=Exchange)
    def stopped(_: Exchange) -> Iterator[Evidence]:
        raise stop

    with pytest.raises(stop):
        examine([stopped], half(Side.CANARY))


# Contracts.


def test_a_change_of_contract_lies_on_the_canary_at_its_operation() -> None:
    @check(RULE, on=Change)
    def says(change: Change) -> Iterator[Evidence]:
        yield Evidence(says=change.says)

    (found,) = examine_contract([says, sees, differs], [Change(kind="k", method="GET", path="/x", says="it changed")])
    assert (found.side, found.place, found.evidence.says) == (Side.CANARY, Place(method="GET", path="/x"), "it changed")
    assert examine([says], half(Side.CANARY)) == []


# The catalogue.


def test_the_catalogue_finds_every_check_of_the_folder() -> None:
    written = [
        value
        for module in pkgutil.iter_modules(zeroweight.checks.__path__)
        for value in vars(importlib.import_module(f"zeroweight.checks.{module.name}")).values()
        if isinstance(value, Check)
    ]
    assert set(map(id, catalogue())) == set(map(id, written))
    assert len(catalogue()) > 20


def test_the_catalogue_is_ordered_and_each_check_is_one_of_two_kinds() -> None:
    ids = [each.rule.id for each in catalogue()]
    assert ids == sorted(ids)
    assert all((each.one is None) != (each.two is None) for each in catalogue())
    assert all(each.on for each in catalogue())


def test_one_id_is_one_rule() -> None:
    rules = {each.rule.id: each.rule for each in catalogue()}
    assert all(rules[each.rule.id] == each.rule for each in catalogue())


def package_of(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> ModuleType:
    (folder / "ownchecks").mkdir()
    for name, text in {"__init__": "", **files}.items():
        (folder / "ownchecks" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "ownchecks"]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("ownchecks")


MODULE = """
from zeroweight.checks.check import check
from zeroweight.finding import Rule, Severity
from zeroweight.model.http import Exchange
R = Rule(id="{id}", title="t", severity=Severity.LOW, cwe=1, remedy="r")
one = check(R, on=Exchange)(lambda seen: iter(()))
alias = one
"""


def test_a_new_file_is_a_new_check_and_an_alias_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = package_of(tmp_path, monkeypatch, b=MODULE.format(id="b.x"), a=MODULE.format(id="a.x"), c="from ownchecks.a import one")
    assert [each.rule.id for each in catalogue(package)] == ["a.x", "b.x"]


def test_a_file_that_does_not_import_is_no_silent_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = package_of(tmp_path, monkeypatch, a=MODULE.format(id="a.x"), b="import nothing_of_this_name")
    with pytest.raises(ModuleNotFoundError):
        catalogue(package)
