"""What was collected and not run, whatever narrowed the run: -k, -m, --deselect, --lf, one test's name, a mark, a plugin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from zeroweight.model.look import Gap


def gaps(made: Iterable[str], ran: Iterable[str], owed: Collection[str]) -> tuple[Gap, ...]:
    """Return a Gap for each test function of an owed suite of which not every test was run; tests are told by their node ids.

    The ledger cannot know: where a suite has two tests, the one crosses off what the other owes as well.
    """
    # pytest-xdist writes a test's group behind its id.
    done = {form for node in ran for form in (node, node.rpartition("@")[0])}
    left: Counter[tuple[str, str]] = Counter()
    for node in set(made):
        file, _, test = node.partition("::")
        suite = file.rpartition("/")[2].removesuffix(".py").removeprefix("test_")
        if suite in owed and node not in done:
            left[suite, test.partition("[")[0]] += 1
    return tuple(
        Gap(
            what=f"{suite}: {count} test(s) of {test}",
            why="collected and not run",
            fix="run the whole gate: no -k, -m, --deselect, --lf or single tests, and no test that skips itself",
            code="narrowed",
            suite=suite,
        )
        for (suite, test), count in sorted(left.items())
    )
