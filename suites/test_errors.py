"""Malformed and unexpected requests: how a service fails tells more than how it works."""

from zeroweight import Intent, Operation, Trial

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
    callers = [("anonymous", owners[0]), *((probe.role, probe.owner) for probe in (*let_in[:1], *kept_out[:1]))]
    trial.send(case for role, owner in callers for case in trial.cases(operation, Intent.INVALID, role=role, owner=owner))
