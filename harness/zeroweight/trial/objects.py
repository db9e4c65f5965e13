"""Objects that roles own: made on both sides by one scenario, journalled before the create is sent, removed at the end.

Safe requests share one object per owner and process; a request that may change or remove its object gets a fresh one each time it is
run, so that asking again is asking the same.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zeroweight.checks.outcome import outcome
from zeroweight.model.http import Exchange, Trace
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Outcome
from zeroweight.model.request import Pointer, Probe, Scenario, Slot, Step, probe_of
from zeroweight.model.resource import Resource
from zeroweight.model.target import Side
from zeroweight.redact import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object as the journal knows it; `id` is None when the create's answer was never seen."""

    kind: str
    owner: str
    side: Side
    id: Any = None
    removed: bool = False
    key: str = field(default="", compare=False)
    """Under which the journal speaks of it."""


class Journal:
    """An append-only file of one process: what was about to be made, what was made, what was removed. It holds no credentials."""

    def __init__(self, path: Path) -> None:
        """Open the file for appending."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, **fact: object) -> None:
        """Append one fact in one write, so that a killed process leaves whole lines."""
        os.write(self._file, json.dumps(fact).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    @staticmethod
    def read(folder: Path) -> tuple[Entry, ...]:
        """Return what all journals of a folder say, folded; a line that was cut by a crash is skipped."""
        entries: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                try:
                    fact = json.loads(line)
                    key = fact["key"]
                    if fact["what"] == "about":
                        entries[key] = {"kind": fact["kind"], "owner": fact["owner"], "side": Side(fact["side"]), "key": key}
                    elif fact["what"] == "made":
                        entries[key]["id"] = fact["id"]
                    elif fact["what"] == "removed":
                        entries[key]["removed"] = True
                except (ValueError, KeyError, TypeError):
                    continue
        return tuple(Entry(**entry) for entry in entries.values())


class Making:
    """What one run of a scenario makes on one side, from the moment before it is sent until it is gone."""

    def __init__(self, journal: Journal, side: Side, names: Sequence[str]) -> None:
        """Write down each object that is about to be made."""
        self._journal = journal
        self._keys = {name: uuid.uuid4().hex for name in names}
        for name, key in self._keys.items():
            kind, _, owner = name.partition(":")
            journal.write(what="about", key=key, kind=kind, owner=owner, side=side)

    def made(self, trace: Trace) -> dict[str, Any]:
        """Write down what was made, and return every captured value by slot name."""
        found = captured(trace)
        for name, key in self._keys.items():
            if name in found:
                self._journal.write(what="made", key=key, id=found[name])
            elif refused(trace, name):
                self._journal.write(what="removed", key=key)
        return found

    def undone(self, trace: Trace) -> None:
        """Write down that the undo removed them, if it did; what it did not is left to the end of the run."""
        for exchange in trace.exchanges:
            for slot in exchange.probe.slots:
                if slot.name in self._keys and is_gone(exchange):
                    self._journal.write(what="removed", key=self._keys[slot.name])


class Objects:
    """Knows how each declared resource is made and removed, and keeps the journal."""

    def __init__(self, resources: Sequence[Resource], operations: Sequence[Operation], journal: Journal) -> None:
        """Learn the resources; an operation that a resource names and the schema lacks is used as it is written."""
        self._resources = {resource.kind: resource for resource in resources}
        self._creates = {resource.create: resource for resource in self._resources.values()}
        self._operations = {operation.label: operation for operation in operations}
        self._creations: dict[tuple[Slot, bool], Scenario] = {}
        self._journal = journal
        self.shared: dict[Side, dict[str, Any]] = {side: {} for side in Side}
        """Slot name → id of the object that safe requests share, per side."""

    def knows(self, kind: str) -> bool:
        """Whether a resource of this kind is declared."""
        return kind in self._resources

    def owners(self, kind: str) -> tuple[str, ...]:
        """Return the roles that own objects of a kind."""
        return self._resources[kind].owners

    def slot(self, kind: str, owner: str) -> Slot:
        """Return the slot that stands for an owner's object."""
        return Slot(name=f"{kind}:{owner}", owner=owner, kind=kind)

    def creation(self, slot: Slot, *, judged: bool = False) -> Scenario:
        """Return the scenario that makes one object and captures its id; `judged`: a create that only the canary fails is a finding."""
        # Each odd request of an operation wants the same one: it is told once.
        if (slot, judged) not in self._creations:
            self._creations[slot, judged] = self._creation(slot, judged=judged)
        return self._creations[slot, judged]

    def _creation(self, slot: Slot, *, judged: bool) -> Scenario:
        resource = self._resources[slot.kind]
        probe = self._probe(resource.create, slot.owner, {})
        if resource.body:
            probe = probe.with_(json=self._veiled(resource.body))
        step = Step(probe=replace(probe, label=f"make {slot.kind}"), captures={slot.name: Pointer(path=resource.id)}, judged=judged)
        return Scenario(steps=(step,), undo=self._removal(slot), name=f"make {slot.kind} of {slot.owner}")

    def fresh(self, scenario: Scenario) -> Scenario:
        """Put the making of fresh objects in front of a scenario whose judged probes may change them, and their removal behind it.

        What a judged probe itself makes (it is sent to a resource's create) is journalled and removed like any other object.
        """
        scenario = self._owning_up(scenario)
        made: list[Step] = []
        undo: list[Step] = []
        for probe in scenario.judged:
            for slot in () if probe.verb in {"GET", "HEAD", "OPTIONS"} else probe.slots:
                known = any(slot.name in step.captures for step in (*made, *scenario.steps))
                if slot.kind in self._resources and not known:
                    creation = self.creation(slot)
                    made += creation.steps
                    undo += creation.undo
        return replace(scenario, steps=(*made, *scenario.steps), undo=(*scenario.undo, *undo)) if made else scenario

    def _owning_up(self, scenario: Scenario) -> Scenario:
        """Let each judged probe that is sent to a resource's create capture the id of what it makes, and remove it afterwards."""
        if not any(step.probe.operation.label in self._creates for step in scenario.steps):
            return scenario
        steps: list[Step] = []
        undo = list(scenario.undo)
        for step in scenario.steps:
            probe = step.probe
            resource = self._creates.get(probe.operation.label)
            name = f"{resource.kind}:{probe.role}" if resource else ""
            if resource and step.judged and not step.captures and probe.verb == probe.operation.method:
                steps.append(replace(step, captures={name: Pointer(path=resource.id)}))
                undo += self._removal(self.slot(resource.kind, probe.role))
            else:
                steps.append(step)
        return replace(scenario, steps=tuple(steps), undo=tuple(undo))

    def removal(self, entry: Entry) -> Probe | None:
        """Return the request that removes a journalled object; None where the resource has no `remove`."""
        resource = self._resources.get(entry.kind)
        if resource is None or not _removable(resource):
            return None
        return self._probe(resource.remove, entry.owner, {"*": entry.id})

    def opening(self, side: Side, scenario: Scenario) -> Making:
        """Journal what one run of a scenario on one side is about to make."""
        names = [name for step in scenario.steps for name in step.captures if name.partition(":")[0] in self._resources]
        return Making(self._journal, side, names)

    def _veiled(self, value: Any) -> Any:
        """Put a slot in the place of each secret of a create's body, so that the probe itself holds none."""
        if isinstance(value, Secret):
            for known in self.shared.values():
                known[value.name] = value
            return Slot(name=value.name)
        if isinstance(value, Mapping):
            return {key: self._veiled(item) for key, item in value.items()}
        return [self._veiled(item) for item in value] if isinstance(value, list | tuple) else value

    def _removal(self, slot: Slot) -> tuple[Step, ...]:
        """Return the undo step that removes the object a slot stands for."""
        resource = self._resources[slot.kind]
        if not _removable(resource):
            return ()
        return (Step(probe=self._probe(resource.remove, slot.owner, {"*": slot}), judged=False),)

    def _probe(self, label: str, role: str, path: Mapping[str, Any]) -> Probe:
        """Return the probe of an operation written `METHOD /template`; `*` in `path` fills its last path parameter."""
        method, _, template = label.partition(" ")
        operation = self._operations.get(label) or Operation(method=method, path=template)
        probe = probe_of(operation, role=role)
        names = [piece.partition("}")[0] for piece in template.split("{")[1:]]
        if "*" in path and names:
            probe = probe.with_(path={names[-1]: path["*"]})
        return probe


def _removable(resource: Resource) -> bool:
    """Whether the resource's id alone says what to remove: below a parent, the schema's example would name somebody else's."""
    return bool(resource.remove) and resource.remove.count("{") == 1


def captured(trace: Trace) -> dict[str, Any]:
    """Return what the scenario's captures found in the trace."""
    found: dict[str, Any] = {}
    for step, exchange in zip(trace.scenario.steps, trace.exchanges, strict=False):
        for name, pointer in step.captures.items():
            # An error may name somebody else's object ("17 exists already"): only a success tells what was made.
            if exchange.response is None or not 200 <= exchange.status < 300:  # noqa: PLR2004  # RFC 9110 section 15.3
                continue
            try:
                value = pointer.find(exchange.response.json)
            except LookupError:
                continue
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                found[name] = value
    return found


_DECLINED = frozenset({Outcome.REFUSED, Outcome.INVALID, Outcome.MISSING, Outcome.LIMITED})


def refused(trace: Trace, name: str) -> bool:
    """Whether the create was declined, by its status or inside a 200, so that certainly nothing was made."""
    for step, exchange in zip(trace.scenario.steps, trace.exchanges, strict=False):
        if name in step.captures:
            ours = exchange.failure is not None and exchange.failure.ours
            return ours or outcome(exchange) in _DECLINED
    return True


def is_gone(exchange: Exchange) -> bool:
    """Whether a removal's answer says that the object is no longer there: a success that is one inside, too, or 404 and 410."""
    meant = outcome(exchange)
    return meant is Outcome.MISSING or (meant is Outcome.ALLOWED and 200 <= exchange.status < 300)  # noqa: PLR2004  # RFC 9110 section 15
