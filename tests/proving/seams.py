"""The seams of a forked gate: checks that are switched off, a wire that is cut, and examples that are generated once for all gates."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import zeroweight.checks
from zeroweight.checks import check
from zeroweight.checks.check import Check
from zeroweight.drivers import openapi, openapi_generate
from zeroweight.drivers.wire import WireLine


def switch_off(rules: Collection[str]) -> None:
    """Let this process's gate look for everything but these rules; raises LookupError where that changes nothing."""
    every = check.catalogue
    left = tuple(each for each in every() if each.rule.id not in rules)
    if len(left) == len(every()):
        raise LookupError(f"no check looks for {', '.join(sorted(rules))}")

    def catalogue(package: ModuleType = zeroweight.checks) -> tuple[Check, ...]:
        return left if package is zeroweight.checks else every(package)

    holders = [module for name, module in sys.modules.items() if name.startswith("zeroweight.") and vars(module).get("catalogue") is every]
    for module in holders:
        vars(module)["catalogue"] = catalogue


def cut_the_wire() -> None:
    """Let nothing go by the wire: a gate that is to be sent by the other driver must be, and not only say so."""

    async def cut(*_: object, **__: object) -> NoReturn:
        raise ConnectionError("the wire is cut: this gate is to be sent by another driver")

    WireLine.send = cut  # type: ignore[method-assign]  # in this process, which runs one gate


def generate_once(shelf: str) -> None:
    """Let schemathesis be asked once for each job: the same document gives the same requests in every process, so they are kept."""
    folder, generated = Path(shelf), openapi_generate.generated
    if vars(openapi)["generated"] is not generated:
        raise LookupError("the schema's reader gets its examples elsewhere")

    def kept(document: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], **limits: float) -> list[dict[str, Any]]:
        job = json.dumps([document, list(tasks), limits], sort_keys=True)
        place = folder / f"{hashlib.sha256(job.encode()).hexdigest()}.json"
        if place.exists():
            answers: list[dict[str, Any]] = json.loads(place.read_bytes())
            return answers
        answers = generated(document, tasks, **limits)
        if answers and not any("error" in answer for answer in answers):  # an error may be this moment's only
            number, draft = tempfile.mkstemp(dir=folder)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(answers, file)
            Path(draft).replace(place)  # whole or not at all: another gate may be reading
        return answers

    vars(openapi)["generated"] = kept
