"""What an API's OpenAPI documents say: the operations of both sides, one valid request for each, and what the release changed.

`read` takes the bytes of a document, which somebody else has fetched: nothing is dialled here, whatever the document says.
schemathesis runs in a process of its own (openapi_child.py), and only for what the document's own examples leave open.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from zeroweight.drivers.openapi_document import BadReference, Bundle, Schema, read
from zeroweight.drivers.openapi_generate import generated
from zeroweight.drivers.openapi_outline import Outline, outlines, schema_gap, with_json
from zeroweight.drivers.openapi_writing import NOT_THEIRS, TOKEN, VALUE, in_cookie, in_path, is_json
from zeroweight.model.look import Gap
from zeroweight.model.operation import Example, Operation
from zeroweight.model.target import Side

__all__ = ["Schema", "SchemaChange", "contrasts", "operations", "read", "united"]

BOTH: Final = frozenset(Side)

ChangeKind = Literal["security-lost", "security-added", "operation-added", "operation-hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One change of security or of reach between the two documents; a fact, which checks weigh."""

    kind: ChangeKind
    operation: str
    """`METHOD /template`, as the baseline's document writes it where it has the operation."""
    says: str
    """The change in one sentence."""
    protected: bool = False
    """Whether the canary's document demands credentials; False as well where it no longer has the operation."""

    @property
    def method(self) -> str:
        """The operation's method."""
        return self.operation.partition(" ")[0]

    @property
    def path(self) -> str:
        """The operation's path template."""
        return self.operation.partition(" ")[2]


def operations(schema: Schema, *, sides: frozenset[Side] = BOTH) -> tuple[tuple[Operation, ...], tuple[Gap, ...]]:
    """Return every operation of a document, in its order, each with one valid request, and a Gap for whatever could not be made.

    An operation with a Gap is returned all the same where a request can be made at all; its example is then the least that can be sent.
    The same document gives the same requests in every process. May run a child process, for 120 seconds at most.
    """
    found, gaps = outlines(schema, sides=sides)
    made, more = _complete(schema, found)
    return made, gaps + more


def united(baseline: Schema | None, canary: Schema | None) -> tuple[tuple[Operation, ...], tuple[Gap, ...], tuple[str, ...]]:
    """Return the operations of both sides' documents (baseline's first), the gaps, and notes for the report.

    Templates that differ only in a parameter's name are one operation. Its example is the baseline's, so that both sides get the same
    request, unless only the canary's document can tell one. None is a side without a document, which is a note, not a Gap:
    whoever looked for the document knows why there is none.
    """
    notes = tuple(
        f"The {side} has no API schema; operations are those of the {side.other}'s."
        for side, schema in ((Side.BASELINE, baseline), (Side.CANARY, canary))
        if schema is None
    )
    if baseline is None or canary is None:
        only = baseline or canary
        if only is None:
            return (), (schema_gap("the API's schema", "neither side has one", "Name it in gate.toml under [api]"),), ()
        side = Side.BASELINE if baseline else Side.CANARY
        return *operations(only, sides=frozenset({side})), notes
    before, gaps = outlines(baseline, sides=frozenset({Side.BASELINE}))
    after, more = outlines(canary, sides=frozenset({Side.CANARY}))
    pairs = _pairs(before, after)
    olds: list[Outline] = []
    news: list[Outline] = []
    for old, new in pairs:
        if old and not (new and old.gaps and not new.gaps):
            olds.append(old if new is None else _joined(old, new))
        elif new:
            news.append(new if old is None else _joined(new, old))
    made, lost = _complete(baseline, olds)
    added, lost_too = _complete(canary, news)
    notes += tuple(f"{change.says}." for change in _changes(pairs) if change.kind in {"operation-added", "operation-hidden"})
    return made + added, tuple(dict.fromkeys((*gaps, *more, *lost, *lost_too))), notes


def contrasts(baseline: Schema, canary: Schema) -> tuple[SchemaChange, ...]:
    """Return what the canary's document changed in security and reach, in the baseline's order; additions come last. Generates nothing."""
    before, _ = outlines(baseline, sides=frozenset({Side.BASELINE}))
    after, _ = outlines(canary, sides=frozenset({Side.CANARY}))
    return _changes(_pairs(before, after))


def _changes(pairs: Iterable[tuple[Outline | None, Outline | None]]) -> tuple[SchemaChange, ...]:
    """Return the change that each pair shows, if any."""
    changes: list[SchemaChange] = []

    def change(kind: ChangeKind, operation: Operation, says: str, *, protected: bool = False) -> None:
        changes.append(SchemaChange(kind=kind, operation=operation.label, says=f"{operation.label} {says}", protected=protected))

    for old, new in pairs:
        guarded = bool(new and new.operation.protected)
        if old is None:
            if new is not None:
                demand = "demands credentials" if guarded else "demands no credentials"
                change("operation-added", new.operation, f"is documented on the canary only, and {demand} there", protected=guarded)
        elif new is None:
            change("operation-hidden", old.operation, "is documented on the baseline only")
        elif old.operation.protected and not guarded:
            change("security-lost", old.operation, "demands credentials on the baseline, and none on the canary, by their schemas")
        elif guarded and not old.operation.protected:
            change(
                "security-added",
                old.operation,
                "demands credentials on the canary, and none on the baseline, by their schemas",
                protected=True,
            )
    return tuple(changes)


def _pairs(before: tuple[Outline, ...], after: tuple[Outline, ...]) -> list[tuple[Outline | None, Outline | None]]:
    """Pair the outlines of the two sides: by the same template, else by the same shape; the canary's own come last."""
    exact = {item.operation.label: item for item in after}
    taken = {item.operation.label for item in before} & exact.keys()
    shaped: dict[str, Outline] = {}
    for item in after:
        if item.operation.label not in taken:
            shaped.setdefault(_shape(item.operation), item)
    pairs: list[tuple[Outline | None, Outline | None]] = []
    for item in before:
        label = item.operation.label
        twin = exact[label] if label in taken else shaped.pop(_shape(item.operation), None)
        pairs.append((item, twin))
        if twin:
            taken.add(twin.operation.label)
    return pairs + [(None, item) for item in after if item.operation.label not in taken]


def _shape(operation: Operation) -> str:
    """Return an operation's label without the names of its path parameters."""
    return re.sub(r"\{[^}]*\}", "{}", operation.label)


def _joined(kept: Outline, other: Outline) -> Outline:
    """Return an outline that stands for both sides: one side's example, both sides' parameters and demands."""
    mine, theirs = kept.operation, other.operation
    known = {(parameter.place, parameter.name) for parameter in mine.parameters}
    new = tuple(item for item in theirs.parameters if item.place != "path" and (item.place, item.name) not in known)
    operation = replace(
        mine,
        parameters=mine.parameters + new,
        documented=mine.documented | theirs.documented,
        protected=mine.protected | theirs.protected,
    )
    return replace(kept, operation=operation)


def _complete(schema: Schema, found: Iterable[Outline]) -> tuple[tuple[Operation, ...], tuple[Gap, ...]]:
    """Let the generator add what is missing; return the operations in order, and all their gaps."""
    bundle = Bundle(schema)
    paths: dict[str, Any] = {}
    tasks: list[dict[str, Any]] = []
    places: dict[int, int] = {}
    made = list(found)
    gaps: list[Gap] = []
    for index, item in enumerate(made):
        gaps += item.gaps
        if item.missing:
            try:
                path, described, task = _task(bundle, item, len(tasks))
            except BadReference as error:
                gaps.append(schema_gap(item.operation.label, str(error)))
                continue
            paths[path] = {"post": described}
            places[index] = len(tasks)
            tasks.append(task)
    document = {
        "openapi": f"{schema.version}.0",
        "info": {"title": "parts", "version": "1"},
        "paths": paths,
        "components": {"schemas": bundle.definitions},
    }
    answers = generated(document, tasks)
    complete: list[Operation] = []
    for index, item in enumerate(made):
        answer = answers[places[index]] if index in places else None
        if answer is not None and "error" in answer:
            gaps.append(schema_gap(item.operation.label, f"no valid request could be generated: {answer['error']}"))
        valid = item.operation.valid if answer is None or "error" in answer else _with(item, answer)
        complete.append(replace(item.operation, valid=valid))
    return tuple(complete), tuple(gaps)


def _task(bundle: Bundle, item: Outline, number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return a path, an operation and a task for the generator; it sees only what is missing, under names of our own.

    Raises BadReference.
    """
    missing, valid = item.missing, item.operation.valid
    path = f"/{number}"
    parameters: list[dict[str, Any]] = []
    for index, parameter in enumerate(missing.parameters):
        described: dict[str, Any] = {key: parameter[key] for key in ("name", "in", "style", "explode") if key in parameter}
        described["required"] = True
        for key in ("schema", "content"):
            if key in parameter:
                # Wrapped, so that names such as media types are known as names.
                described[key] = bundle.add({key: parameter[key]})[key]
        if parameter["in"] == "path":
            described["name"] = f"p{index}"
            path += f"/{{p{index}}}"
        parameters.append(described)
    operation: dict[str, Any] = {"parameters": parameters, "responses": {"200": {"description": "fine"}}}
    task: dict[str, Any] = {"path": path, "label": item.operation.label}
    if missing.content is not None:
        media_type = valid.media_type.partition(";")[0].strip()
        task |= {"media_type": media_type, "parts": dict(missing.parts)}
        if valid.body is not None and not is_json(media_type):
            task["body"] = valid.body
        operation["requestBody"] = {"required": True, "content": {media_type: bundle.add(missing.content)}}
    return path, operation, task


def _with(item: Outline, answer: Mapping[str, Any]) -> Example:
    """Lay the generator's answer over an example."""
    example = item.operation.valid
    names = {f"p{index}": str(parameter["name"]) for index, parameter in enumerate(item.missing.parameters)}
    path = {**example.path, **{names[key]: in_path(value) for key, value in answer["path"].items()}}
    headers = [*example.headers]
    headers += [
        (name, value)
        for name, value in answer["headers"]
        if TOKEN.fullmatch(name) and name.lower() not in NOT_THEIRS and VALUE.fullmatch(value)
    ]
    cookies = [value for name, value in headers if name == "cookie"]
    cookies += [in_cookie(name, value) for name, value in answer["cookies"].items() if TOKEN.fullmatch(name)]
    headers = [pair for pair in headers if pair[0] != "cookie"]
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    query = example.query + tuple((name, value) for name, value in answer["query"])
    example = replace(example, path=path, query=query, headers=tuple(headers))
    if item.missing.content is None:
        return example
    if is_json(example.media_type):
        return with_json(example, answer["body"])
    return replace(example, media_type=answer["media_type"] or example.media_type, body=answer["body"], raw=base64.b64decode(answer["raw"]))
