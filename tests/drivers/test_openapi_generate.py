"""How the generator is run: in a child of its own, or in whatever way a whole proof's worth of gates puts in its place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from zeroweight.drivers import openapi_generate
from zeroweight.drivers.openapi import operations, read
from zeroweight.drivers.openapi_generate import Said, in_a_child

PATTERNED = {"type": "string", "pattern": "^[a-z]{3}-[0-9]{2}$"}
DOCUMENT = json.dumps(
    {
        "openapi": "3.1.0",
        "info": {"title": "parts", "version": "1"},
        "paths": {
            path: {
                "get": {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": PATTERNED}],
                    "responses": {"200": {"description": "fine"}},
                }
            }
            for path in ("/a/{id}", "/b/{id}")
        },
    }
).encode()


def clean(lines: str, *arguments: str, stdin: bytes = b"") -> str:
    """Run a few lines in a process that loads nothing local, and return what they print."""
    done = subprocess.run([sys.executable, "-I", "-c", lines, *arguments], input=stdin, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_another_way_may_remember_what_the_generator_said(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[bytes] = []
    known: dict[bytes, Said] = {}

    def remembered(job: bytes, seconds: float) -> Said:
        if job not in known:
            jobs.append(job)
            known[job] = in_a_child(job, seconds)
        return known[job]

    monkeypatch.setattr(openapi_generate, "way", remembered)
    first, gaps = operations(read(DOCUMENT, source="the test"))
    again, _ = operations(read(DOCUMENT, source="the test"))
    assert gaps == ()
    assert [operation.label for operation in first] == ["GET /a/{id}", "GET /b/{id}"]
    assert all(operation.valid.path["id"] != "1" for operation in first), "1 is what stands where nothing was generated"
    assert again == first
    assert len(jobs) == 1


def test_a_way_that_says_nothing_leaves_gaps_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi_generate, "way", lambda job, seconds: Said(lines=b"", why=f"{len(job) > 0} {seconds:g}"))
    found, gaps = operations(read(DOCUMENT, source="the test"))
    assert len(found) == 2
    assert [gap.why.rpartition(": ")[2] for gap in gaps] == ["True 120", "True 120"]


def test_the_lines_of_a_job_are_the_same_without_the_process_around_it() -> None:
    job = json.dumps(
        {
            "document": json.loads(DOCUMENT) | {"paths": {"/0/{p0}": {"post": json.loads(DOCUMENT)["paths"]["/a/{id}"]["get"]}}},
            "tasks": [{"path": "/0/{p0}", "label": "GET /a/{id}"}, {"path": "/nothing", "label": "GET /nothing"}],
        }
    ).replace('"name": "id"', '"name": "p0"')
    inside = clean(
        "import sys\nfrom zeroweight.drivers.openapi_child import lines\n"
        "sys.stdout.write(b''.join(lines(sys.stdin.buffer.read())).decode())\n",
        stdin=job.encode(),
    )
    said = in_a_child(job.encode(), 60)
    assert inside.encode() == said.lines
    first, second = map(json.loads, said.lines.splitlines())
    assert first["path"]["p0"]
    assert "error" in second


def test_hypothesis_finds_the_characters_of_utf_8_where_we_write_them_down(tmp_path: Path) -> None:
    said = clean(
        "import os, sys\nfrom pathlib import Path\nos.environ['HYPOTHESIS_STORAGE_DIRECTORY'] = sys.argv[1]\n"
        "from zeroweight.drivers.openapi_child import spell_out\nspell_out(Path(sys.argv[1]))\n"
        "from hypothesis.internal import charmap\nfrom hypothesis.internal.intervalsets import IntervalSet\n"
        "written = [str(path) for path in Path(sys.argv[1]).rglob('*utf-8*')]\n"
        "print(written == [str(charmap.charmap_file('codec-v2-utf-8'))])\n"
        "able = [number for number in range(sys.maxunicode + 1) if not 0xD800 <= number <= 0xDFFF]\n"
        "assert all(chr(number).encode().decode() == chr(number) for number in able)\n"
        "all_, lossy = charmap.intervals_from_codec('utf-8')\n"
        "print(sum(end - start + 1 for start, end in all_.intervals) == len(able), lossy.intervals)\n",
        str(tmp_path),
    )
    assert said == "True\nTrue ()\n"
