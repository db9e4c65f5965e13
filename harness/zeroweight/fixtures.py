"""What a suite may ask for: `trial` (its hands, one a test) and `operation` (each of the API's, by parametrisation)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zeroweight.model.operation import Operation
from zeroweight.trial.trial import Trial

Make = Callable[[pytest.FixtureRequest, Operation | None], Trial]


class Fixtures:
    """The fixtures, as a plugin that is registered only while a gate runs."""

    def __init__(self, make: Make) -> None:
        """Take the function that makes a trial for a test."""
        self._make = make

    @pytest.fixture
    def trial(self, request: pytest.FixtureRequest) -> Trial:
        """One test's hands: it takes the same look at both sides; what it finds is settled when the test's body ends."""
        spec = getattr(request.node, "callspec", None)
        operation = spec.params.get("operation") if spec is not None else None
        return self._make(request, operation)
