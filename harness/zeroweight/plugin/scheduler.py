"""How tests are dealt to xdist's workers: by groups, and so that a run outlives a worker that died."""

from __future__ import annotations

from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]  # xdist has no types
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]  # as above


class Scheduler(LoadGroupScheduling):  # type: ignore[misc]  # as above
    """xdist's own `loadgroup`, less two stalls after a crash (seen with xdist 3.8: the run waited for good).

    A worker begins its last test only when it has been given another one or told to end. xdist deals out again what the dead worker had
    already finished, which is no test, and gives the worker that takes its place one test only.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """Let only what the worker had not finished be dealt again."""
        work = self.assigned_work[node]
        for scope in [scope for scope, unit in work.items() if all(unit.values())]:
            del work[scope]
        crashed: str | None = super().remove_node(node)
        return crashed

    def schedule(self) -> None:
        """Deal twice, so that whoever came late has a second test too, or is told that there is none."""
        super().schedule()
        super().schedule()
