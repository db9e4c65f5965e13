"""Malformed and unexpected requests: how a service fails tells more than how it works."""

from collections.abc import Iterator

from zeroweight import Intent, Operation, Probe, Trial

OWES = ("operation",)


def test_errors(trial: Trial, operation: Operation) -> None:
    """Send the plain request as each role, then the odd ones as anonymous, as a role that is let in, and as one that is not."""
    owners = trial.owners(operation) or ("",)
    plain = [trial.valid(operation, role=role, owner=owner) for role in trial.roles for owner in owners]
    trial.send(plain)
    named = [probe for probe in plain if probe.role != "anonymous"]
    own = [probe for probe in named if trial.allowed(probe) and probe.owner in {"", probe.role}]
    let_in = [*own, *(probe for probe in named if trial.allowed(probe))]
    kept_out = [probe for probe in named if not trial.allowed(probe)]
    nobody = [probe for probe in plain if probe.role == "anonymous"][:1]
    callers = [*nobody, *let_in[:1], *kept_out[:1]]
    # Whoever gets furthest gets every odd request, and so does whoever is refused: to a guard, each is a way around it. Who is let in all
    # the same meets the same parsers once more, and one of each kind tells that.
    furthest = next((probe for probe in callers if trial.allowed(probe)), callers[-1])
    trial.send(case for caller in callers for case in _odd(trial, operation, caller, every=caller is furthest or not trial.allowed(caller)))


def _odd(trial: Trial, operation: Operation, caller: Probe, *, every: bool) -> Iterator[Probe]:
    """Yield the odd requests of a caller: every one, or the first of each kind of mistake at each place."""
    met = set()
    for case in trial.cases(operation, Intent.INVALID, role=caller.role, owner=caller.owner):
        kind = (case.parameter, case.payload and (case.payload.where, case.payload.name, case.payload.cwe))
        if every or kind not in met:
            met.add(kind)
            yield case
