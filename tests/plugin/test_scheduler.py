"""The dealing of tests to workers, with workers that only note what they are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from zeroweight.plugin.scheduler import Scheduler

TESTS = [f"test_a.py::test_a[{number}]" for number in range(8)]


@dataclass(eq=False)
class Worker:
    name: str
    shutting_down: bool = False
    told: list[list[int]] = field(default_factory=list)

    @property
    def gateway(self) -> Any:
        return SimpleNamespace(id=self.name)

    def send_runtest_some(self, indices: list[int]) -> None:
        self.told.append(indices)

    def shutdown(self) -> None:
        self.shutting_down = True


def _begun(*workers: Worker) -> Scheduler:
    config: Any = SimpleNamespace(
        getvalue=lambda _: ["popen"] * len(workers), option=SimpleNamespace(loadscopereorder=False), hook=SimpleNamespace()
    )
    scheduler = Scheduler(config)
    for worker in workers:
        _join(scheduler, worker)
    scheduler.schedule()
    return scheduler


def _join(scheduler: Scheduler, worker: Worker) -> None:
    scheduler.add_node(worker)
    scheduler.add_node_collection(worker, TESTS)


def test_what_a_dead_worker_had_finished_is_not_dealt_again() -> None:
    one, two = Worker("gw0"), Worker("gw1")
    scheduler = _begun(one, two)
    scheduler.mark_test_complete(one, one.told[0][0])
    assert scheduler.remove_node(one) == TESTS[one.told[1][0]]
    assert TESTS[one.told[0][0]] not in scheduler.workqueue
    assert all(two.told)


def test_the_worker_that_takes_its_place_has_two_tests_or_is_told_to_end() -> None:
    one, two, three = Worker("gw0"), Worker("gw1"), Worker("gw2")
    scheduler = _begun(one, two)
    scheduler.remove_node(one)
    _join(scheduler, three)
    scheduler.schedule()
    assert all(three.told)
    assert len(three.told) >= 2 or three.shutting_down
