"""How far a run has come, in one line: for phases so long that silence would be taken for death."""

from __future__ import annotations

from collections import Counter

from zeroweight.config.model import Config
from zeroweight.session.conclude import Gathered
from zeroweight.writers.telling import count


def line(node: str, collected: int, gathered: Gathered, told: Config) -> str:
    """Say which suite runs (by the node id of a test that came to its end), how many tests are done, what was sent, and whether slowly."""
    file, _, test = node.partition("::")
    # A shipped suite lies outside the folder that node ids start from, and then they begin with the test's name.
    suite = (file.rpartition("/")[2].removesuffix(".py") or test.partition("[")[0]).removeprefix("test_")
    sent: Counter[str] = Counter()
    for result in gathered.results:
        sent.update(result.requests)
    most = max(sent.values(), default=0)
    tests = f"{len(gathered.tests)} of {count(collected, 'test')}"
    slowed = sum(result.governed.slowed for result in gathered.results)
    spared = f"; slowed down {count(slowed, 'time')} to spare the baseline" if slowed else ""
    asked = f"{most} of {count(told.budget.requests, 'request')} to a side"
    return f"{suite}: {tests}, {asked}; the budget is {told.budget.seconds:.0f} s{spared}"
