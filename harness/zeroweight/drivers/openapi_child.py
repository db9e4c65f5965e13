"""The one room of schemathesis: a program of its own that generates one valid request for each task, and ends.

It runs in a clean process, since hypothesis draws from the literals of every local module it finds (a token in a conftest.py
would be sent to a target), schemathesis patches hypothesis for good, and documents are hostile: time, memory and the network are shut.
It imports nothing else of the house, for the same reason.

Input (standard input, JSON): `{"document": …, "tasks": [{"path", "label", "body"?, "parts"?, "media_type"?}]}`; every operation is a POST.
Output (standard output, JSON lines), one for each task, in order: `{"path": {…}, "query": [[…]], "headers": [[…]], "cookies": {…},
"media_type": …, "body": …, "raw": base64 or null}` or `{"error": …}`. `lines` is the same without the process around it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import resource
import signal
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

SECONDS_EACH: Final = 10
"""How long one operation may take."""
MOST_MEMORY: Final = 2 * 1024**3
"""How many bytes of address space this process may have."""
MOST_SECONDS: Final = 150
"""CPU seconds after which the system ends this process, should its parent be gone."""
MOST_RAW: Final = 1024 * 1024
"""The largest request body that is handed on, in bytes."""

# What requests and schemathesis add by themselves: ours to say, or nobody's.
_OURS: Final = frozenset(
    {"user-agent", "accept-encoding", "accept", "connection", "content-length", "content-type", "cookie", "x-schemathesis-testcaseid"}
)
_SHUT: Final = (
    *("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "urllib.", "http.client.", "ftplib."),
    *("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork"),
)
"""Beginnings of audit events (PEP 578) that are refused."""


_UTF_8: Final = [[[0, 0xD7FF], [0xE000, 0x10FFFF]], []]
"""What UTF-8 can encode (RFC 3629 section 3: all but the surrogates), and what it does not decode as it was."""


class TooSlow(BaseException):
    """One operation used up its time; not an Exception, so that no library takes it for its own."""


def confine() -> None:
    """Shut the ways out: no network, no other program, bounded memory and CPU time.

    The second wall: documents have been cut loose from everything outside before they come here.
    """

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(_SHUT):
            raise PermissionError(event)

    sys.addaudithook(refuse)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


def first_case(schema: Any, operation: Any) -> Any:
    """Return one positive case: the first of the coverage phase, which needs no drawing, else a seeded draw."""
    from schemathesis import GenerationMode  # noqa: PLC0415  # after `confine`

    options = schema.config.generation_for(operation=operation, phase="coverage")
    cases = schema.iter_coverage_cases(operation, generation_modes=[GenerationMode.POSITIVE], generation_config=options)
    found = next(iter(cases), None)
    return drawn_case(operation) if found is None else found


def drawn_case(operation: Any) -> Any:
    """Return hypothesis' first draw under a fixed seed; the same document gives the same case in every process."""
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings  # noqa: PLC0415  # after `confine`
    from schemathesis import GenerationMode  # noqa: PLC0415

    drawn: list[Any] = []
    quiet = settings(
        max_examples=1,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )

    @seed(int.from_bytes(hashlib.sha256(operation.label.encode()).digest()[:8], "big"))
    @quiet
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def keep(case: Any) -> None:
        drawn.append(case)

    keep()
    return drawn[0]


def over(below: Any, above: Mapping[str, Any]) -> Any:
    """Lay documented properties over a generated object."""
    return {**below, **above} if isinstance(below, Mapping) else below


def generate(schema: Any, task: Mapping[str, Any]) -> dict[str, Any]:
    """Return one valid request of a task's operation, in parts."""
    import requests  # noqa: PLC0415  # schemathesis' own client, here for its encoding only

    operation = schema[task["path"]]["POST"]
    case = first_case(schema, operation)
    if task.get("media_type"):
        body = task["body"] if "body" in task else over(_body(operation, case, task["media_type"]), task.get("parts", {}))
        case = operation.Case(
            path_parameters=case.path_parameters,
            headers=case.headers,
            cookies=case.cookies,
            query=case.query,
            body=body,
            media_type=task["media_type"],
        )
    wire = case.as_transport_kwargs(base_url="http://nowhere.invalid")
    wire.pop("auth", None)
    sent = requests.Request(**wire).prepare()
    content = _latin(sent.headers.get("Content-Type", ""))
    raw = _bytes(sent.body)
    if content.startswith("multipart/") and "boundary=" in content:
        content, raw = _steady(content, raw, task["label"])
    if len(raw) > MOST_RAW:
        message = f"the generated body is larger than {MOST_RAW} bytes"
        raise ValueError(message)
    parts = urlsplit(str(sent.path_url))
    pattern = re.sub(r"\\{([^{}]+)\\}", lambda _: "([^/]*)", re.escape(task["path"]))
    names = re.findall(r"\{([^{}]+)\}", task["path"])
    found = re.fullmatch(pattern, parts.path)
    if names and not found:
        message = "the generated path does not fit its template"
        raise ValueError(message)
    return {
        "path": dict(zip(names, map(unquote, found.groups()), strict=True)) if found else {},
        "query": parse_qsl(parts.query, keep_blank_values=True),
        "headers": [[name, _latin(value)] for name, value in sent.headers.items() if name.lower() not in _OURS],
        "cookies": {str(name): str(value) for name, value in (case.cookies or {}).items()},
        "media_type": content if task.get("media_type") else "",
        "body": _plain(case.body),
        "raw": base64.b64encode(raw).decode() if task.get("media_type") else None,
    }


def _body(operation: Any, case: Any, media_type: str) -> Any:
    """Return the case's body, else a drawn one; raises ValueError when there is none, though one was asked for."""
    if not _has_body(case, media_type):
        case = drawn_case(operation)
    if not _has_body(case, media_type):
        message = f"no {media_type} body can be generated"
        raise ValueError(message)
    return case.body


def _has_body(case: Any, media_type: str) -> bool:
    """Tell whether a case has a body of the media type; schemathesis marks its absence by a NotSet."""
    return bool(case.media_type == media_type and type(case.body).__name__ != "NotSet")


def _bytes(body: Any) -> bytes:
    """Return a prepared body as bytes."""
    if body is None:
        return b""
    return body if isinstance(body, bytes) else str(body).encode()


def _latin(value: Any) -> str:
    """Return a header's value as text."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _steady(content: str, raw: bytes, label: str) -> tuple[str, bytes]:
    """Put a boundary that depends on the operation only in the place of urllib3's random one."""
    old = content.partition("boundary=")[2]
    new = "zeroweight-" + hashlib.sha256(label.encode()).hexdigest()[: len(old) - len("zeroweight-")]
    return content.replace(old, new), raw.replace(old.encode(), new.encode())


def _plain(value: Any) -> Any:
    """Return a body as plain JSON; None for what is no JSON (files, bytes, schemathesis' own marks)."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return None


def _reason(error: BaseException) -> str:
    """Say in one line why nothing was generated."""
    if type(error).__name__ == "Unsatisfiable":
        return "no value that fits the schema was found"  # hypothesis' own words speak to authors of tests
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def answers(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answer to each task; one that fails or takes too long becomes an error, and the next is begun."""
    import schemathesis  # noqa: PLC0415  # after `confine`

    def ring(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, ring)
    schema = schemathesis.openapi.from_dict(job["document"])
    for task in job["tasks"]:
        signal.setitimer(signal.ITIMER_REAL, SECONDS_EACH)
        try:
            answer = generate(schema, task)
        except TooSlow:
            answer = {"error": f"no example could be generated in {SECONDS_EACH} seconds"}
        except BaseException as error:  # whatever a hostile schema brings about is this operation's failure, not the next one's
            answer = {"error": _reason(error)}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        yield answer


def lines(job: bytes) -> Iterator[bytes]:
    """Yield one line for each task of a job, as it is done. The thread must be the process's first: it rings itself an alarm."""
    for answer in answers(json.loads(job)):
        yield json.dumps(answer).encode() + b"\n"


def spell_out(folder: Path) -> None:
    """Write down for hypothesis which characters UTF-8 has, where it looks before it tries each of the 1,114,112 (a CPU second).

    Where another version of it looks elsewhere, it finds out by itself.
    """
    table = folder / "unicode_data" / unicodedata.unidata_version / "codec-v2-utf-8.json.gz"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_bytes(gzip.compress(json.dumps(_UTF_8).encode(), mtime=1))


def main() -> None:
    """Read the job, answer it line by line, and leave without waiting for anybody."""
    job = sys.stdin.buffer.read()
    # Libraries that print must not spoil the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if storage := os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        spell_out(Path(storage))
    confine()
    for line in lines(job):
        out.write(line)
        out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
