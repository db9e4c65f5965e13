"""Payload files, and how a payload is put into an operation's valid request.

A file `payloads/<family>.yaml` is data only, and whatever in it is not understood is the author's mistake: a payload that is quietly
skipped is an attack that is quietly not made.

```yaml
title: Malformed requests
description: One paragraph for people.        # may be left out
payloads:
  - id: json-cut-short                        # unique in its family
    where: body                               # body | content-type | method | header | query | path | below
    send: '{"a": '                            # or send_base64: …, or send_repeat: {text: "[", times: 200} (or a list of them)
    name: accept                              # of a header (needed) or a query parameter (else every one that is documented)
    sign: a regular expression                # what betrays success; may be left out
    cwe: 20                                   # may be left out
```
"""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import quote

import yaml

from zeroweight.errors import ConfigError
from zeroweight.model.operation import Operation, Parameter
from zeroweight.model.payload import Payload, Where
from zeroweight.model.request import Intent, Probe, Slot, Template

MOST_TIMES: Final = 100_000
MOST_BYTES: Final = 1024 * 1024
"""The largest payload, in bytes: larger ones are a load test, which nobody asked for."""
INVALID: Final = frozenset({"malformed"})
"""Families whose payloads are odd rather than hostile: a service should say 4xx."""

_FILE_KEYS: Final = ("title", "description", "payloads")
_KEYS: Final = ("id", "where", "send", "send_base64", "send_repeat", "name", "sign", "cwe")
_WHERES: Final[tuple[str, ...]] = get_args(Where)
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method or a header's name (RFC 9110, sections 5.6.2 and 9.1)."""
_BREAKS: Final = re.compile(rb"[\x00\r\n]")
_FRAMES: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type"})
_NEVER: Final = frozenset({"TRACE", "CONNECT"})
_SEGMENT: Final = "!$&'()*+,;=:@"
"""What a path segment may hold unencoded, beside letters, digits and `-._~` (RFC 3986, section 3.3)."""
_QUERY: Final = "!$'()*,;:@/?"
"""The same for a query value, without `&`, `=` and `+`, which mean something there."""
_MADE_UP: Final = "q"
"""The query parameter that is sent to an operation without any."""


class _Unique(yaml.SafeLoader):
    """YAML whose mappings may not say a key twice: the second would quietly win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        """Return the mapping; raises ConstructorError for a key that is said twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def payloads(folders: Sequence[Path]) -> tuple[Payload, ...]:
    """Return the payloads of every `<family>.yaml` in the folders: folders in the order given, files by name, entries as written.

    A family may be spread over several folders (shipped ones and the user's own). Raises ConfigError with file, entry and fix.
    """
    found: list[Payload] = []
    seen: dict[tuple[str, str], Path] = {}
    for folder in folders:
        if not folder.is_dir():
            what = "this folder of payloads does not exist"
            raise ConfigError(what, where=str(folder), fix="Mend the path in gate.toml, under [payloads]")
        for file in sorted(folder.iterdir()):
            if file.suffix == ".yml":
                what = "payload files end in .yaml"
                raise ConfigError(what, where=str(file), fix=f"Rename it to {file.stem}.yaml")
            if file.suffix == ".yaml":
                for payload in _File(file).payloads():
                    before = seen.setdefault((payload.family, payload.id), file)
                    if before is not file:
                        what = f"the id {payload.id!r} is already taken by {before}"
                        raise ConfigError(what, where=f"{file}: {payload.id}", fix="Choose another id")
                    found.append(payload)
    return tuple(found)


class _File:
    """Reads one payload file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.ids: set[str] = set()

    def wrong(self, what: str, fix: str, *, entry: str = "") -> ConfigError:
        """Return the error that names file, entry and fix."""
        return ConfigError(what, where=f"{self.file}: {entry}" if entry else str(self.file), fix=fix)

    def payloads(self) -> Iterator[Payload]:
        """Yield the file's payloads in order; raises ConfigError."""
        if not _NAME.fullmatch(self.file.stem):
            what = "the family is named by the file, and this is no name"
            raise self.wrong(what, "Use small letters, digits and hyphens, like malformed.yaml")
        try:
            told = yaml.load(self.file.read_bytes(), Loader=_Unique)  # noqa: S506  # a SafeLoader
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f"line {mark.line + 1}: " if mark else ""
            what = f"{line}{getattr(error, 'problem', None) or error}"
            raise self.wrong(what, "Mend the YAML") from None
        if not isinstance(told, dict):
            what = "this is no mapping"
            raise self.wrong(what, "Begin with `title:`, then `payloads:` and a list")
        self.known(told, _FILE_KEYS, entry="")
        if not isinstance(told.get("title"), str) or not isinstance(told.get("description", ""), str):
            what = "title and description are texts, and the title is needed"
            raise self.wrong(what, "Begin the file with a line like `title: Malformed requests`")
        entries = told.get("payloads")
        if not isinstance(entries, list) or not entries:
            what = "there are no payloads"
            raise self.wrong(what, "Add `payloads:` and a list of entries under it")
        for number, entry in enumerate(entries, 1):
            yield self.payload(entry, f"entry {number}")

    def known(self, told: Mapping[Any, Any], keys: Sequence[str], *, entry: str) -> None:
        """Raise ConfigError for a key that nobody would read."""
        for key in told:
            if key not in keys:
                near = difflib.get_close_matches(str(key), keys, n=1)
                fix = f"Did you mean {near[0]}?" if near else f"Known keys are {', '.join(keys)}"
                what = f"there is no key {key!r}"
                raise self.wrong(what, fix, entry=entry)

    def payload(self, told: Any, entry: str) -> Payload:
        """Return one entry; raises ConfigError."""
        if not isinstance(told, dict):
            what = "this is no mapping"
            raise self.wrong(what, "Write it as `- id: …`, with its other keys below", entry=entry)
        given = told.get("id")
        if not isinstance(given, str) or not _NAME.fullmatch(given):
            what = "the id is missing, or is no name"
            raise self.wrong(what, "Use small letters, digits and hyphens, like json-cut-short", entry=entry)
        entry = given
        self.known(told, _KEYS, entry=entry)
        if given in self.ids:
            what = "this id is there twice"
            raise self.wrong(what, "Choose another id", entry=entry)
        self.ids.add(given)
        where = told.get("where")
        if where not in _WHERES:
            what = f"`where` says {where!r}"
            raise self.wrong(what, f"Write one of {', '.join(_WHERES)}", entry=entry)
        name, sign, cwe = told.get("name", ""), told.get("sign", ""), told.get("cwe", 0)
        if not isinstance(name, str) or not isinstance(sign, str):
            what = "`name` and `sign` are texts"
            raise self.wrong(what, "Put them in quotes", entry=entry)
        if not isinstance(cwe, int) or isinstance(cwe, bool) or cwe < 0:
            what = "`cwe` is a number"
            raise self.wrong(what, "Write it like `cwe: 20`", entry=entry)
        send = self.send(told, entry)
        self.fits(where, name, send, entry)
        return Payload(id=given, family=self.file.stem, where=where, send=send, name=name, sign=sign, cwe=cwe)

    def send(self, told: Mapping[str, Any], entry: str) -> bytes:
        """Return the bytes of an entry; raises ConfigError."""
        ways = [key for key in ("send", "send_base64", "send_repeat") if key in told]
        if len(ways) != 1:
            what = "there is more than one way to send" if ways else "there is nothing to send"
            raise self.wrong(what, "Write exactly one of send, send_base64 and send_repeat", entry=entry)
        given = told[ways[0]]
        if ways[0] == "send_repeat":
            return self.repeated(given, entry)
        if not isinstance(given, str):
            what = f"`{ways[0]}` is not a text"
            raise self.wrong(what, "Put it in quotes, or YAML reads it as something else", entry=entry)
        if ways[0] == "send":
            try:
                return given.encode()
            except UnicodeEncodeError:
                what = "`send` holds a character that UTF-8 cannot say"
                raise self.wrong(what, "Give the bytes as send_base64", entry=entry) from None
        try:
            return base64.b64decode(given.encode(), validate=True)
        except (binascii.Error, ValueError):
            what = "`send_base64` is not base64"
            raise self.wrong(what, "Write what `printf '…' | base64 -w0` prints", entry=entry) from None

    def repeated(self, given: Any, entry: str) -> bytes:
        """Return a text said many times, or several such in a row; raises ConfigError."""
        pieces = given if isinstance(given, list) else [given]
        total = b""
        for piece in pieces:
            if not isinstance(piece, dict) or not isinstance(piece.get("text"), str) or not piece["text"]:
                what = "`send_repeat` has no text"
                raise self.wrong(what, 'Write it like {text: "[", times: 200}, with the text in quotes', entry=entry)
            self.known(piece, ("text", "times"), entry=f"{entry}: send_repeat")
            times = piece.get("times")
            if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_TIMES:
                what = "`times` is not a number that is allowed"
                raise self.wrong(what, f"Write a whole number from 1 to {MOST_TIMES}", entry=entry)
            if len(total) + times * len(piece["text"].encode()) > MOST_BYTES:
                what = f"this payload is larger than {MOST_BYTES // 1024} KiB"
                raise self.wrong(what, "Make it shorter", entry=entry)
            total += piece["text"].encode() * times
        if not pieces:
            what = "`send_repeat` is an empty list"
            raise self.wrong(what, 'Write it like {text: "[", times: 200}', entry=entry)
        return total

    def fits(self, where: str, name: str, send: bytes, entry: str) -> None:
        """Raise ConfigError when a payload cannot stand at its place."""
        if where == "header" and (not _TOKEN.fullmatch(name) or name.lower() in _FRAMES):
            what = "a header needs its name, and the headers that frame a request cannot be sent"
            raise self.wrong(what, "Write it like `name: accept` (for a content type there is `where: content-type`)", entry=entry)
        if name and where not in {"header", "query"}:
            what = f"a payload for the {where} takes no name"
            raise self.wrong(what, "Take `name` out", entry=entry)
        if where in {"header", "content-type"} and _BREAKS.search(send):
            what = "a header's value cannot hold line breaks or NUL"
            raise self.wrong(what, "Take them out: the request would not be sent", entry=entry)
        method = send.decode("latin-1")
        if where == "method" and (not _TOKEN.fullmatch(method) or method.upper() in _NEVER):
            what = "this is not a method that can be sent"
            raise self.wrong(what, "Use letters only, like FOO; TRACE and CONNECT are never sent", entry=entry)


def inject(plain: Probe | Operation, payload: Payload) -> Iterator[Probe]:
    """Yield a valid request with the payload at each place it is for, always in the same order; all else of the request stays.

    An operation stands for its own example, sent as anonymous. Nothing is yielded where there is no such place: a body payload needs
    a documented body, a path payload a path parameter. Bytes that a request line cannot hold are percent-encoded, all others go out as
    they are (RFC 3986).
    """
    probe = plain if isinstance(plain, Probe) else plain.example()
    operation = probe.operation
    plain = replace(
        probe,
        payload=payload,
        intent=Intent.INVALID if payload.family in INVALID else Intent.ATTACK,
        label=f"{payload.family}: {payload.id}",
    )
    match payload.where:
        case "body" if _has_body(operation):
            probe = plain if _content_type(plain) else plain.with_(headers={"content-type": "application/json"})
            yield replace(probe, body=Template.of(payload.send), parameter=Parameter(place="body", name=""))
        case "content-type" if _has_body(operation):
            yield _with_header(plain, "content-type", payload.send)
        case "header":
            yield _with_header(plain, payload.name, payload.send)
        case "method":
            yield replace(plain, method=payload.send.decode("latin-1"))
        case "query":
            yield from (_with_query(plain, parameter, payload.send) for parameter in _queried(operation, payload.name))
        case "path":
            yield from (_with_path(plain, item, payload.send) for item in operation.parameters if item.place == "path")
        case "below":
            yield _below(plain, payload.send)


def _queried(operation: Operation, name: str) -> list[Parameter]:
    """Return the query parameters that a payload goes to: the named one, else all that are documented, else one made up."""
    documented = [parameter for parameter in operation.parameters if parameter.place == "query" and name in {"", parameter.name}]
    return documented or [Parameter(place="query", name=name or _MADE_UP)]


def _has_body(operation: Operation) -> bool:
    """Tell whether the operation's schema has a request body."""
    return bool(operation.valid.media_type) or any(parameter.place == "body" for parameter in operation.parameters)


def _content_type(probe: Probe) -> bool:
    """Tell whether a probe says what its body is."""
    return any(name.lower() == b"content-type" for name, _ in probe.headers)


def _with_header(probe: Probe, name: str, value: bytes) -> Probe:
    """Return the probe with one header replaced; no bytes at all take it away."""
    kept = tuple(pair for pair in probe.headers if pair[0].lower() != name.lower().encode())
    new = ((name.encode(), Template.of(value)),) if value else ()
    return replace(probe, headers=kept + new, parameter=Parameter(place="header", name=name))


def _below(probe: Probe, value: bytes) -> Probe:
    """Return the probe with segments behind its path: what no operation serves is answered by what stands in front of them all."""
    *front, last = probe.target.parts
    assert isinstance(last, bytes)
    path, mark, query = last.partition(b"?")
    target = Template.of(*front, path.rstrip(b"/") + b"/" + quote(value, safe=_SEGMENT + "/").encode() + mark + query)
    return replace(probe, target=target, parameter=Parameter(place="path", name="*"))


def _with_query(probe: Probe, parameter: Parameter, value: bytes) -> Probe:
    """Return the probe with one query parameter replaced, or added behind the others."""
    wanted = quote(parameter.name, safe="").encode()
    *front, last = probe.target.parts
    assert isinstance(last, bytes)
    path, _, query = last.partition(b"?")
    pairs = [pair for pair in query.split(b"&") if pair and pair.partition(b"=")[0] != wanted]
    pairs.append(wanted + b"=" + quote(value, safe=_QUERY).encode())
    return replace(probe, target=Template.of(*front, path + b"?" + b"&".join(pairs)), parameter=parameter)


def _with_path(probe: Probe, parameter: Parameter, value: bytes) -> Probe:
    """Return the probe with one path parameter replaced.

    A slot marks the place, since only the template knows where it is; the payload's bytes then take the slot's.
    """
    mark = Slot(name="\0payload")  # a name that no slot of a suite has
    query = probe.target.parts[-1]
    assert isinstance(query, bytes)
    marked = probe.with_(path={parameter.name: mark})
    parts = tuple(
        quote(value, safe=_SEGMENT).encode() if isinstance(part, Slot) and part.name == mark.name else part for part in marked.target.parts
    )
    told = value.decode("utf-8", "replace")
    return replace(marked, target=Template(parts=parts), path={**probe.path, parameter.name: told}, parameter=parameter)
