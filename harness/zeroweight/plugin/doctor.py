"""The task `doctor`: what was proven, what a run could not test yet, and the line that mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from zeroweight.config.model import Config
from zeroweight.ledger import SHIPPED
from zeroweight.model.target import Side
from zeroweight.plan import Plan
from zeroweight.plugin.terminal import harmless
from zeroweight.redact import Redactor
from zeroweight.verdict import Reason

REQUESTS_A_LINE = 12
"""About how many requests a side one line of the ledger costs, confirmations included (measured on the demo pair)."""


def show(reporter: pytest.TerminalReporter, plan: Plan | None, told: Config, failures: Sequence[Reason], redactor: Redactor) -> None:
    """Write the doctor's findings; redacted before `harmless` cuts them."""
    reporter.section("zeroweight doctor")
    for reason in failures:
        reporter.write_line(f"  ✗ {reason.code}: {harmless(redactor.text(reason.text))}", red=True)
    if plan is None:
        return
    found = list(lines(plan, told))
    for mark, text in found:
        colour = {"✓": {"green": True}, "✗": {"red": True}, "!": {"yellow": True}}[mark]
        reporter.write_line(f"  {mark} {harmless(redactor.text(text))}", **colour)
    wrong = sum(mark == "✗" for mark, _ in found)
    if wrong:
        reporter.write_line(f"a run cannot PASS yet: mend what is marked ✗ ({wrong})", red=True, bold=True)
    else:
        reporter.write_line("a run can PASS" + ("; what is marked ! is not tested" if any(m == "!" for m, _ in found) else ""), bold=True)


def healthy(plan: Plan | None, told: Config) -> bool:
    """Whether nothing stands in the way of a PASS."""
    return plan is not None and all(mark != "✗" for mark, _ in lines(plan, told))


def lines(plan: Plan, told: Config) -> Iterator[tuple[str, str]]:
    """Yield (mark, sentence): `✓` proven, `!` left untested, `✗` in the way of a PASS."""
    for side in Side:
        build = plan.builds.get(side)
        if build:
            yield "✓", f"{side}: {plan.targets[side].url} answers as build {build}"
    for reason in plan.untrue:
        yield "✗", f"{reason.code}: {reason.text}"
    if plan.blocked:
        yield "✗", f"a run would end at once: {plan.blocked}"
    for gap in plan.gaps:
        yield "✗", f"{gap.what}: {gap.why}" + (f"; {gap.fix}" if gap.fix else "")
    if plan.operations:
        yield from _reach(plan, told)


def _reach(plan: Plan, told: Config) -> Iterator[tuple[str, str]]:
    yield "✓", f"schema: {len(plan.operations)} operations"
    for role in plan.roles:
        if role.name in plan.known_good:
            known = plan.known_good[role.name].steps[0].probe.operation.label
            yield "✓", f"role {role.name}: logged in on both sides; {known} vouches for its session"
    if len(plan.roles) == 1:
        yield "!", 'no roles: only what anonymous callers reach is tested; add roles.NAME = { bearer = "env:TOKEN" }'
    yield from _ids(plan)
    if plan.driver == "httpx":
        told_by = "a request that its library would change on the way is refused, and a gap"
        yield "!", f'driver httpx: {told_by}; driver = "wire" sends every request as it is told, over HTTP/1.1'
    yield "✓", f"level {plan.level.word}" + ("; the sides are asked in turn, since they share a store" if plan.in_turn else "")
    excluded = sorted({e.operation for e in plan.ledger.excluded if e.operation})
    if excluded:
        yield "!", f"{len(excluded)} operation(s) not called for some role: {', '.join(excluded[:3])}{' …' if len(excluded) > 3 else ''}"  # noqa: PLR2004
    places = Counter(line.suite for line in plan.ledger.lines)
    for suite in dict.fromkeys((*plan.policy.require.suites, *places)):
        count = places[suite]
        yield ("✓" if count else "✗"), f"suite {suite}: {count} places" + ("" if count else "; it would find nothing to call")
    skipped = [suite for suite in SHIPPED if suite in told.suites.skip]
    if skipped:
        yield "!", f"suites.skip leaves out {', '.join(skipped)}"
    need = len(plan.ledger.lines) * REQUESTS_A_LINE
    seconds = need / told.rate
    enough = need <= told.budget.requests and seconds <= told.budget.seconds
    need_text = f"about {need} requests a side, {seconds:.0f} s at {told.rate:.0f} a second"
    yield ("✓" if enough else "!", f"budget: {need_text}; the file gives {told.budget.requests} and {told.budget.seconds:.0f} s")


def _ids(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield, once for each collection, the operations that take an id of the schema's, and the table that would make own objects."""
    labels = {operation.label for operation in plan.operations}
    borrowed: dict[str, list[str]] = {}
    for operation in plan.operations:
        names = [piece.partition("}")[0] for piece in operation.path.split("{")[1:]]
        if any(name not in operation.resources for name in names):
            borrowed.setdefault(operation.path.partition("/{")[0] or "/", []).append(operation.label)
    for collection, users in borrowed.items():
        told = f"{_some(users)}: the id comes from the schema's example, so own and other roles' objects cannot be told apart"
        if f"POST {collection}" in labels:
            name = collection.rpartition("/")[2].rstrip("s").replace("-", "_") or "object"
            remove = next((label for label in users if label.startswith("DELETE ") and label.endswith("}")), "")
            told += f'; add [resources.{name}] with create = "POST {collection}", body = {{ … }}'
            told += f', remove = "{remove}"' if remove else ""
        yield "!", told


def _some(labels: Sequence[str]) -> str:
    return labels[0] + (f" and {len(labels) - 1} more" if len(labels) > 1 else "")
