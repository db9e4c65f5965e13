"""What a whole run owes, written down before collection, and what is crossed off.

Nothing here looks at what pytest collected: a narrowed, broken or interrupted run leaves lines over, and each is a Gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zeroweight.model.look import Exclusion, Gap
from zeroweight.model.operation import Operation
from zeroweight.model.place import ANYWHERE

SHIPPED = ("headers", "errors", "authorization")
"""The suites that a run owes unless the policy says otherwise; kept here, so that a lost file is missed."""
FAMILIES = {"errors": ("malformed",)}
"""Suite → the shipped payload families without which it says less than it seems to; kept here, so that a lost file is missed."""
RULES = frozenset(
    f"{family}.{slug}"
    for family, slugs in {
        "authorization": "access-lost anonymous-access function-level object-level"
        " guard-late guard-late-missing role-guard-late refusal-changed",
        "availability": "server-error silent unbounded-answer",
        "contract": "error-shape error-wording operation-hidden security-lost",
        "disclosure": "database-error host-name internal-address stack-trace version-banner",
        "headers": "csp-lost frame-options-lost hsts-lost nosniff-lost referrer-policy-lost",
        "inventory": "new-operation public-read public-write undocumented unguarded",
        "validation": "weakened",
    }.items()
    for slug in slugs.split()
)
"""Every shipped rule; kept here, so that a lost check is missed."""
GOVERNOR = "governor"
"""The code of what is owed to the baseline: that the governor looks at its answers. Kept here, so that a lost governor is missed."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Owed:
    """One line: a suite owes one operation (`*`: any), as one role or (`*`) as any."""

    suite: str
    operation: str
    role: str = ANYWHERE

    def __str__(self) -> str:
        """Say the line as a person would."""
        what = "anything at all" if self.operation == ANYWHERE else self.operation
        return f"{self.suite}: {what}" + ("" if self.role == ANYWHERE else f" as {self.role}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every line that the run owes, and the lines that the operator's choice left out."""

    lines: tuple[Owed, ...] = ()
    excluded: tuple[Exclusion, ...] = ()


def write(
    operations: Sequence[Operation],
    roles: Sequence[str],
    owes: Mapping[str, Sequence[str]],
    left_out: Mapping[tuple[str, str], str],
) -> Ledger:
    """Write the ledger.

    `owes`: suite → what its lines are made of (`("operation", "role")`, `("operation",)`, or nothing: one look at anything). `left_out`:
    (operation, role) → the config line that forbids it; a line that is left out for every role is an Exclusion, not a debt.
    """
    lines: list[Owed] = []
    excluded: list[Exclusion] = []
    for suite, parts in owes.items():
        if not parts:
            lines.append(Owed(suite=suite, operation=ANYWHERE))
            continue
        for operation in operations:
            for role in roles if "role" in parts else (ANYWHERE,):
                why = _why_left_out(operation.label, role, roles, left_out)
                if why:
                    excluded.append(
                        Exclusion(what=f"{operation.label} as {role}", why=why, suite=suite, operation=operation.label, role=role)
                    )
                else:
                    lines.append(Owed(suite=suite, operation=operation.label, role=role))
    return Ledger(lines=tuple(lines), excluded=tuple(excluded))


def _why_left_out(operation: str, role: str, roles: Sequence[str], left_out: Mapping[tuple[str, str], str]) -> str:
    """Return the line that forbids an operation to a role, or to every role where the line is owed as any."""
    if role != ANYWHERE:
        return left_out.get((operation, role), "")
    reasons = [left_out.get((operation, each), "") for each in roles]
    return reasons[0] if reasons and all(reasons) else ""


def left_over(ledger: Ledger, crossed: Iterable[Owed], known: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return a Gap for each line that nothing crossed off and no known Gap explains."""
    done = set(crossed)
    told = {(gap.suite, gap.operation, gap.role) for gap in known}
    whole = {(gap.suite, gap.operation) for gap in known if gap.role in {"", ANYWHERE}}
    # A suite that owes one look at anything is explained by whatever kept it from any.
    whole |= {(gap.suite, ANYWHERE) for gap in known}
    return tuple(
        Gap(
            what=str(line),
            why="the run ended without it",
            fix="run the whole gate: no -k, -x, --deselect or early stop",
            code="not-run",
            suite=line.suite,
            operation=line.operation,
            role=line.role,
        )
        for line in ledger.lines
        if line not in done and (line.suite, line.operation, line.role) not in told and (line.suite, line.operation) not in whole
    )


def unwatched(sent: Iterable[tuple[str, int, int]]) -> tuple[Gap, ...]:
    """Return a Gap where requests went to the baseline unseen; each: a suite, how many were sent, how many exchanges the governor saw.

    It belongs to no suite, so that a PASS needs it whatever the policy requires.
    """
    lost = sorted({suite for suite, requests, watched in sent if requests and not watched})
    return tuple(
        Gap(
            what=f"suite {suite}",
            why="the governor looked at no answer of the baseline, so nothing would have spared it",
            fix="install zeroweight again",
            code=GOVERNOR,
        )
        for suite in lost
    )
