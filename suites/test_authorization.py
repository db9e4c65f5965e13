"""Who may do what, to whose objects: each operation as each role, on its own objects and on everybody else's."""

from zeroweight import Operation, Trial


def test_authorization(trial: Trial, operation: Operation) -> None:
    """Send the operation's valid request as each role, about an object of each owner; owners' own requests go with the same batch."""
    owners = trial.owners(operation) or ("",)
    trial.send(trial.valid(operation, role=role, owner=owner) for role in trial.roles for owner in owners)
