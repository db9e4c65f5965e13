"""What the operator leaves out: each line has an effect, and each effect a line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from zeroweight.config.model import Config
from zeroweight.ledger import SHIPPED
from zeroweight.model.operation import Operation
from zeroweight.session.exclusions import excluded, suites_left_out, without_effect

READ = Operation(method="GET", path="/things/{id}", tags=("read", "shop"))
RESET = Operation(method="POST", path="/admin/reset-everything", tags=("danger",))
EVERY = (READ, RESET)


@pytest.mark.parametrize(
    ("lines", "gone"),
    [((), []), (("tag:danger",), [RESET]), (("GET /things/{id}",), [READ]), (("tag:shop", "tag:danger"), [READ, RESET])],
)
def test_a_line_takes_out_what_it_names(lines: tuple[str, ...], gone: list[Operation]) -> None:
    kept, out = excluded(EVERY, lines)
    assert [each.operation for each in out] == [each.label for each in gone]
    assert kept == [each for each in EVERY if each not in gone]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("GET /things/{id}", ""),
        ("tag:read", ""),
        ("GET /unbuilt", ""),
        ("POST /admin/reset-everthing", "Did you mean POST /admin/reset-everything?"),
        ("post /admin/reset-everything", "Did you mean POST /admin/reset-everything?"),
        ("GET /things/{thing}", "Did you mean GET /things/{id}?"),
        ("tag:dangr", "Did you mean tag:danger?"),
        ("danger", "Name an operation"),
        ("tag:*****", "Name an operation"),
    ],
)
def test_a_line_that_names_nothing_is_a_mistake_that_names_what_was_meant(line: str, says: str) -> None:
    mistake = without_effect(EVERY, ["GET /things/{id}", line], ["GET /unbuilt"])
    assert (mistake is None) is (says == "")
    assert mistake is None or (mistake.where == "api.exclude" and says in mistake.fix and f'"{line}"' in mistake.what)


def config(skip: tuple[str, ...] = (), require: tuple[str, ...] | None = None) -> Config:
    told: Any = SimpleNamespace(suites=SimpleNamespace(skip=skip), policy=SimpleNamespace(require=SimpleNamespace(suites=require)))
    return told  # type: ignore[no-any-return]  # the two tables that are looked at


@pytest.mark.parametrize(
    ("given", "out"),
    [
        (config(), {}),
        (config(require=SHIPPED), {}),
        (config(skip=("errors", "own")), {"errors": "suites.skip"}),
        (config(require=("own", "headers")), {"errors": "policy.require.suites", "authorization": "policy.require.suites"}),
        (config(skip=("errors",), require=("headers", "authorization")), {"errors": "suites.skip"}),
    ],
)
def test_each_shipped_suite_that_says_nothing_is_told(given: Config, out: dict[str, str]) -> None:
    assert {each.suite: each.why.partition(" ")[0] for each in suites_left_out(given)} == out
