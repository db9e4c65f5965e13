"""Plain requests: each operation as each role. What its answers lack, the header checks see."""

from zeroweight import Operation, Trial

OWES = ("operation",)


def test_headers(trial: Trial, operation: Operation) -> None:
    """Send the operation's valid request as each role."""
    trial.send(trial.valid(operation, role=role) for role in trial.roles)
