"""Runs of the plugin, shared by its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gating import Pairs, Runs, gate, pairs
from plugin_cases import CASES

__all__ = ["gate", "pairs", "runs"]


@pytest.fixture(scope="session")
def runs(pairs: Pairs, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Runs]:
    """Share runs; a session that runs the whole folder makes them in the background."""
    made = Runs(CASES, lambda name, case: pairs.run(tmp_path_factory.mktemp(name.replace(" ", "-")), case))
    if len(request.session.items) > len(CASES) and not hasattr(request.config, "workerinput"):
        made.begin(list(CASES))
    yield made
    made.close()
