"""One suite test's hands: it takes the same look at both sides and settles what it found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from zeroweight.compare import BOUND
from zeroweight.corpus import inject
from zeroweight.finding import Tally
from zeroweight.ledger import Owed
from zeroweight.model.http import Trace
from zeroweight.model.look import Budget, Exclusion, Gap, Look
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level, Outcome
from zeroweight.model.payload import Payload
from zeroweight.model.place import ANYWHERE
from zeroweight.model.request import Intent, Probe, Scenario, Slot
from zeroweight.model.role import Role
from zeroweight.trial.candidate import Pair
from zeroweight.trial.lanes import ASKS
from zeroweight.trial.objects import captured
from zeroweight.trial.result import TrialResult
from zeroweight.trial.settle import Examiner

if TYPE_CHECKING:
    from zeroweight.trial.bench import Bench

LARGEST_TALLY = 1024


class Trial:
    """What a suite asks for as `trial`. It has no verdict and raises nothing for what a target does."""

    def __init__(self, bench: Bench, *, suite: str, test: str = "", operation: Operation | None = None) -> None:
        """Take the process's bench; `suite` is the module's stem without `test_`."""
        self._began = time.monotonic()
        self._bench = bench
        self._suite = suite
        self._test = test
        self._operation = operation
        groups = {name: role.group for name, role in bench.roles.items()}
        self._examiner = Examiner(bench.checks, bench.redactor, bench.past, groups, bench.context)
        self._gaps: list[Gap] = []
        self._exclusions: list[Exclusion] = []
        self._crossed: set[Owed] = set()
        self._allowed: set[tuple[str, str]] = set()
        self._let_in: set[tuple[str, str, str]] = set()
        self._unmade: dict[str, str] = {}
        self._asked: set[str] = set()
        self._tallies: list[Tally] = []
        self._resent = 0
        self._sent_anything = False

    @property
    def roles(self) -> Mapping[str, Role]:
        """Every role by name, `anonymous` among them."""
        return self._bench.roles

    @property
    def level(self) -> Level:
        """What this run may do."""
        return self._bench.level

    @property
    def budget(self) -> Budget:
        """What is left; `send` itself stops at the end of it and books the rest as owed."""
        return self._bench.budget()

    def peers(self, role: str) -> tuple[str, ...]:
        """Return the other roles of the same group."""
        group = self.roles[role].group
        return tuple(name for name, other in self.roles.items() if name != role and group and other.group == group)

    def others(self, role: str) -> tuple[str, ...]:
        """Return every other role."""
        return tuple(name for name in self.roles if name != role)

    def payloads(self, *families: str) -> Sequence[Payload]:
        """Return the payloads of some families, or of all."""
        return tuple(payload for payload in self._bench.payloads if not families or payload.family in families)

    def owners(self, operation: Operation) -> tuple[str, ...]:
        """Return the roles whose objects the operation can be about; empty when it takes no declared resource's id, or none may be made."""
        if self.level < Level.OWN_OBJECTS:
            return ()
        kinds = [kind for kind in operation.resources.values() if self._bench.objects.knows(kind)]
        if not kinds:
            return ()
        return tuple(owner for owner in self._bench.objects.owners(kinds[0]) if owner in self.roles)

    def valid(self, operation: Operation, *, role: str, owner: str = "") -> Probe:
        """Return one valid request of a role, about an object of `owner` (default: its own, else the first owner's)."""
        owners = self.owners(operation)
        probe = operation.example(role=role)
        if not owners:
            return probe
        whose = owner or (role if role in owners else owners[0])
        slots = {name: self.resource(kind, whose) for name, kind in operation.resources.items() if self._bench.objects.knows(kind)}
        return probe.with_(path=slots)

    def cases(self, operation: Operation, *intents: Intent, role: str = "anonymous", owner: str = "") -> Iterator[Probe]:
        """Yield the operation's requests of some intents, as one role about one owner's object: the valid one, every payload that fits."""
        plain = self.valid(operation, role=role, owner=owner)
        if Intent.NORMAL in intents:
            yield plain
        for payload in self._bench.payloads:
            if Intent.INVALID in intents and payload.family == "malformed":
                yield from inject(plain, payload)

    def allowed(self, probe: Probe) -> bool:
        """Whether the baseline allowed the plain request, or one of the same role about the same owner's object, in this trial so far."""
        return (probe.operation.label, probe.role, probe.owner) in self._let_in

    def resource(self, kind: str, owner: str) -> Slot:
        """Return the slot of an owner's object; it is made lazily, on both sides, and afresh for requests that may change it."""
        return self._bench.objects.slot(kind, owner)

    def send(self, probes: Iterable[Probe | Scenario]) -> Sequence[Look[Trace]]:
        """Send one batch over the lanes to both sides; answers stand in the order given."""
        scenarios = [self._bench.objects.fresh(each if isinstance(each, Scenario) else Scenario.of(each)) for each in probes]
        self._sent_anything = self._sent_anything or bool(scenarios)
        self._make_shared(scenarios)
        looks = self._bench.run(self._bench.look(scenarios))
        pairs = self._examiner.take(scenarios, looks)
        self._book(scenarios, looks, pairs)
        for _ in range(ASKS - 1):
            unlike = self._examiner.unlike(pairs)
            if not unlike:
                break
            again = self._bench.run(self._bench.lanes.send(unlike))
            self._examiner.renew(self._bench.run(self._bench.sentinels.guard(unlike, again)))
            pairs = [pair for pair in pairs if pair.scenario in unlike]
        return looks

    def prepare(self, scenario: Scenario) -> Mapping[str, Slot]:
        """Send traffic that is not judged, on both sides, and bind what it captures; a failure is a Gap and an empty answer."""
        silent = replace(scenario, steps=tuple(replace(step, judged=False) for step in scenario.steps))
        look = self._bench.run(self._bench.lanes.send([silent]))[0]
        if look.gap is not None:
            self._book_gap(silent, look.gap)
            return {}
        names: set[str] = set()
        for half in (look.baseline, look.canary):
            assert half is not None
            found = captured(half)
            self._bench.objects.shared[half.target.side].update(found)
            names |= set(found)
        return {name: Slot(name=name) for name in sorted(names)}

    def tally(self, name: str, **facts: str | int | bool) -> None:
        """Leave a small plain fact for run-wide checks; raises ValueError past 1 KiB."""
        tally = Tally(name=name, facts=tuple(sorted(facts.items())))
        if len(repr(tally)) > LARGEST_TALLY:
            what = f"a tally is at most {LARGEST_TALLY} bytes; {name} is larger"
            raise ValueError(what)
        self._tallies.append(tally)

    def gap(self, what: str, *, why: str, fix: str) -> None:
        """Say that something owed could not be had."""
        operation = self._operation.label if self._operation else ""
        self._gaps.append(Gap(what=what, why=why, fix=fix, code="suite", suite=self._suite, operation=operation))

    def settle(self) -> TrialResult:
        """Ask candidates again and return what this trial came to; nothing can be sent after it."""
        bench = self._bench
        if not self._sent_anything and not self._gaps and not self._exclusions:
            self.gap(self._test or self._suite, why="the suite found no place to work and sent nothing", fix="see `zeroweight doctor`")
        deltas = bench.run(self._examiner.settle(bench.ask, bench.ask_baseline, workers=bench.workers))
        requests, builds = bench.spent()
        return TrialResult(
            suite=self._suite,
            test=self._test,
            deltas=tuple(replace(delta, suites=(self._suite,)) for delta in deltas),
            gaps=(*self._gaps, *self._examiner.gaps(self._suite), *self._lost()),
            exclusions=tuple(dict.fromkeys(self._exclusions)),
            crossed=tuple(sorted(self._crossed)),
            allowed=tuple(sorted(self._allowed)),
            asked=tuple(sorted(self._asked)),
            pairs=self._examiner.pairs,
            noisy=self._examiner.noisy,
            requests=requests,
            builds=builds,
            resent=self._resent,
            tallies=tuple(self._tallies),
            exhibits=self._examiner.exhibits,
            cells=self._examiner.cells,
            protections=self._examiner.protections,
            began=self._began,
            ended=time.monotonic(),
            repeats=self._examiner.repeats,
            noise_asks=self._examiner.noise_asks,
            dropped=self._examiner.dropped,
        )

    def _lost(self) -> Iterator[Gap]:
        """Yield a Gap for each operation that the canary left without a usable answer more often than chance allows, if not each time."""
        for label, counted in self._bench.lanes.take_losses().items():
            if counted.chance <= BOUND:
                told = f"{counted.canary} of {counted.asked_canary} asks, the baseline {counted.baseline} of {counted.asked_baseline}"
                yield Gap(
                    what=label,
                    why=f"the canary often gave no usable answer (silence, 429 or 503: {told})",
                    fix="see whether one replica of the canary hangs or is overloaded",
                    code="canary-often-silent",
                    suite=self._suite,
                    operation=label,
                )

    def _make_shared(self, scenarios: Sequence[Scenario]) -> None:
        """Make the objects that safe requests of this batch are about, where they are not there yet."""
        objects = self._bench.objects
        wanted: dict[str, Slot] = {}
        for scenario in scenarios:
            made = {name for step in scenario.steps for name in step.captures}
            for probe in (step.probe for step in scenario.steps):
                wanted |= {slot.name: slot for slot in probe.slots if objects.knows(slot.kind) and slot.name not in made}
        lacking = [slot for name, slot in wanted.items() if any(name not in objects.shared[side] for side in objects.shared)]
        if not lacking:
            return
        for _ in range(ASKS):
            # The undo of a shared object is the end of the run, by the journal.
            creations = [replace(objects.creation(slot, judged=True), undo=()) for slot in lacking]
            looks = self._bench.run(self._bench.lanes.send(creations))
            self._examiner.take(creations, looks)
            for slot, look in zip(lacking, looks, strict=True):
                self._keep(slot, look)
            lacking = [slot for slot in lacking if any(slot.name not in objects.shared[side] for side in objects.shared)]
            if not lacking:
                return

    def _keep(self, slot: Slot, look: Look[Trace]) -> None:
        """Keep the ids of a new object, or why a side has none."""
        if look.gap is not None:
            self._unmade[slot.name] = look.gap.why
        for half in (look.baseline, look.canary):
            if half is None:
                continue
            self._bench.objects.shared[half.target.side].update(captured(half))
            if half.lost and half.exchanges:
                last = half.exchanges[-1]
                self._unmade[slot.name] = (
                    f"{last.probe.operation.label} answered {last.status} on the {half.target.side}, so there is no object"
                )

    def _book(self, scenarios: Sequence[Scenario], looks: Sequence[Look[Trace]], pairs: Sequence[Pair]) -> None:
        """Cross off what was seen on both sides, and keep what was not."""
        for scenario, look in zip(scenarios, looks, strict=True):
            if look.gap is not None:
                self._book_gap(scenario, look.gap)
        asked: set[tuple[str, str]] = set()
        for pair in pairs:
            probe = pair.baseline.exchange.probe
            label = probe.operation.label
            asked |= {(label, probe.role), (label, ANYWHERE), (ANYWHERE, ANYWHERE)}
            self._asked.add(label)
            self._resent += pair.baseline.exchange.resent + pair.canary.exchange.resent
            if pair.baseline.outcome is Outcome.ALLOWED:
                self._allowed.add((label, probe.role))
                self._let_in.add((label, probe.role, probe.owner))
        self._crossed |= {Owed(suite=self._suite, operation=label, role=role) for label, role in asked}

    def _book_gap(self, scenario: Scenario, gap: Gap) -> None:
        """Keep a gap with its place; what the level forbids is the operator's choice, and an Exclusion."""
        judged = scenario.judged or tuple(step.probe for step in scenario.steps)
        operation, role = judged[0].operation.label, judged[0].role
        unmade = next((self._unmade[slot.name] for probe in judged for slot in probe.slots if slot.name in self._unmade), "")
        if gap.code == "unbound" and unmade:
            gap = replace(gap, why=unmade, fix="see [resources] and what the create answered", code="setup")
        if gap.code == "level":
            self._exclusions.append(Exclusion(what=gap.what, why=gap.why, suite=self._suite, operation=operation, role=role))
        elif judged[0].intent is Intent.NORMAL or gap.code not in {"both-silent", "unbound"}:
            self._gaps.append(replace(gap, suite=self._suite, operation=operation, role=role))
        else:
            # An odd request that both sides leave unanswered, or that cannot be sent, takes nothing from what is owed.
            self._gaps.append(replace(gap, suite=self._suite, operation=operation, role=role, code=f"odd-{gap.code}"))
