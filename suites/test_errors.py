"""Malformed and unexpected requests: how a service fails tells more than how it works."""

from zeroweight import Intent, Operation, Trial

OWES = ("operation",)


def test_errors(trial: Trial, operation: Operation) -> None:
    """Send the plain request as each role, then the odd ones as anonymous, as one role that is let in, and as one that is not."""
    trial.send(trial.valid(operation, role=role) for role in trial.roles)
    named = [role for role in trial.roles if role != "anonymous"]
    inside = [role for role in named if trial.allowed(operation, role)][:1]
    outside = [role for role in named if not trial.allowed(operation, role)][:1]
    trial.send(probe for role in ("anonymous", *inside, *outside) for probe in trial.cases(operation, Intent.INVALID, role=role))
