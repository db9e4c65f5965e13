"""Short ways to make exchanges and answers for the tables of checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from zeroweight.finding import Answer, Noise
from zeroweight.model.http import Exchange, Failure, Headers, Request, Response
from zeroweight.model.operation import Operation, Parameter
from zeroweight.model.outcome import Outcome
from zeroweight.model.payload import Payload
from zeroweight.model.request import Intent, Probe, Slot, Template
from zeroweight.model.target import Side, Target

URLS = {Side.BASELINE: "http://127.0.0.1:8001", Side.CANARY: "http://127.0.0.1:8002"}

HeaderFields = Mapping[str, str] | Iterable[tuple[str, str]]


def headers(fields: HeaderFields = ()) -> Headers:
    """Return header fields; give pairs where a name comes twice."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return Headers(raw=tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs))


def probe(
    *,
    role: str = "anonymous",
    method: str = "GET",
    path: str = "/orders/{id}",
    verb: str | None = None,
    intent: Intent = Intent.NORMAL,
    owner: str = "",
    payload: Payload | None = None,
    parameter: Parameter | None = None,
    parameters: Iterable[Parameter] = (),
    documented: Iterable[Side] = tuple(Side),
    protected: Iterable[Side] = (),
    label: str = "",
) -> Probe:
    """Return a probe of one operation; with an owner it is about that role's object."""
    operation = Operation(
        method=method,
        path=path,
        parameters=tuple(parameters),
        documented=frozenset(documented),
        protected=frozenset(protected),
    )
    before, _, after = path.partition("{id}")
    parts: tuple[bytes | Slot, ...] = (before.encode(), Slot(name="order", owner=owner, kind="order"), after.encode()) if owner else ()
    return Probe(
        operation=operation,
        role=role,
        method=verb,
        target=Template(parts=parts or (path.replace("{id}", "7").encode(),)),
        payload=payload,
        parameter=parameter,
        intent=intent,
        label=label,
    )


def exchange(
    status: int = 200,
    fields: HeaderFields = (),
    body: bytes | str = b"",
    *,
    side: Side = Side.CANARY,
    target: bytes | None = None,
    sent: bytes | str = b"",
    sent_fields: HeaderFields = (),
    failure: str = "",
    truncated: bool = False,
    **of_probe: Any,
) -> Exchange:
    """Return what one side answered; a `failure` (its kind) stands for no answer. Other keywords are those of `probe`."""
    asked = probe(**of_probe)
    response = Response(status=status, headers=headers(fields), body=body.encode() if isinstance(body, str) else body, truncated=truncated)
    return Exchange(
        probe=asked,
        target=Target(side=side, url=URLS[side]),
        request=Request(
            method=asked.verb,
            target=target if target is not None else asked.target.fill({"order": "7"}),
            headers=headers(sent_fields),
            body=sent.encode() if isinstance(sent, str) else sent,
        ),
        response=None if failure else response,
        failure=Failure(kind=failure, text=failure) if failure else None,
    )


def answer(
    outcome: Outcome,
    *args: Any,
    plain: Outcome | None = None,
    owner_got: Outcome | None = None,
    **of_exchange: Any,
) -> Answer:
    """Return an answer that meant `outcome`; positional and other keywords are those of `exchange`. A plain request is its own plain."""
    seen = exchange(*args, **of_exchange)
    if plain is None and seen.probe.intent is Intent.NORMAL:
        plain = outcome
    return Answer(exchange=seen, outcome=outcome, plain=plain, owner=owner_got)


def noise(*answers: Answer) -> Noise:
    """Return what the baseline answered when asked again; the answers are put on the baseline's side."""
    target = Target(side=Side.BASELINE, url=URLS[Side.BASELINE])
    return Noise(answers=tuple(replace(each, exchange=replace(each.exchange, target=target)) for each in answers))
