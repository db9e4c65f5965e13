"""The house rules, guarded by machine: how large rooms are, who may say what, what lies where."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from zeroweight.corpus import payloads
from zeroweight.demo.catalogue import FLAWS
from zeroweight.demo.guards import SITES

sys.path.insert(0, str(Path(__file__).resolve().parent / "proving"))

from strangers import clinic, library

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "harness" / "zeroweight"
SUITES: Final = ROOT / "suites"
PAYLOADS: Final = ROOT / "payloads"
REPORTS: Final = ROOT / "reports"
ADRS: Final = ROOT / "docs" / "adr"

LONGEST: Final = 400
"""Lines of a module; past it, it is a room that wants dividing."""

EMPTY_NAMES: Final = frozenset({"utils", "util", "helpers", "helper", "manager", "base", "core", "handler", "handlers", "common", "misc"})
"""Names that say nothing about what is inside."""

SPEAKING: Final = frozenset({PACKAGE / "__init__.py", PACKAGE / "cli" / "__init__.py"})
"""The two __init__ files that hold something: the public names, and the command's entry."""

SUITE_WORDS: Final = frozenset({"zeroweight", "pytest", "__future__", "collections.abc", "typing"})
"""What a suite may import: the public names, marks, and words for types."""

TESTED_ELSEWHERE: Final = {
    "errors.py": "tests/config/test_mistake.py",  # the sentences that operators read
    "model/look.py": "tests/test_compare.py",  # plain data from here on
    "model/place.py": "tests/test_compare.py",
    "model/operation.py": "tests/drivers/test_openapi.py",
    "model/outcome.py": "tests/checks/test_outcome.py",
    "model/payload.py": "tests/test_corpus.py",
    "model/resource.py": "tests/config/test_model.py",
    "model/role.py": "tests/config/test_model.py",
    "model/target.py": "tests/drivers/test_http.py",
    "drivers/driver.py": "tests/drivers/test_http.py",  # the protocol that it follows
    "drivers/openapi_*.py": "tests/drivers/test_openapi.py",  # its parts; it is one face to the outside
    "demo/*.py": "tests/demo/test_service.py",  # tested as what it is, a running service; pair.py and others have tests of their own too
    "plugin/*.py": "tests/plugin/test_gate.py",  # seen only in whole pytest runs, by pytester
    "hooks.py": "tests/plugin/test_gate.py",
    "fixtures.py": "tests/plugin/test_gate.py",
}
"""Modules (or kinds of them) without a test file of their name, and the file that tests them instead."""

DEMO_WORDS: Final = re.compile(
    r"(?<![a-z])(?:alice|bob|acme|globex|orders|"
    + "|".join(re.escape(word) for word in sorted({*FLAWS, *(site for site in SITES if ":" in site and not site.startswith("header:"))}))
    + r")(?![a-z])",
    re.IGNORECASE,
)
"""Words that only the demo knows: its users, tenants, things, flaws and guard sites (the sites whose names are not everybody's words)."""

STRANGERS_WORDS: Final = re.compile(
    r"(?<![a-z])(?:mia|noah|lena|ada|cleo|ivy|dora|lindqvist|okafor|readers\.example|library_session|x-library-release|x-clinic-version"
    r"|loans?|isbn|list_?id|(?:patient|appointment|prescription|practice)(?:s|_?id)?|clinics?|clinicians?|no_access|role_required"
    r"|(?<![-.])(?:" + "|".join(re.escape(word) for word in sorted({*library.FLAWS, *clinic.FLAWS})) + r"))(?![a-z])",
    re.IGNORECASE,
)
"""Words that only the strangers know: their people, things, codes and flaws. A flaw's name may be the end of a rule's: `…-policy-lost`."""

MACHINE_PATH: Final = re.compile(r"(?<![\w.])/(?:work/(?:main|shared|\.library)|opt/wheels|root/\.)")
REGISTRY_HOST: Final = re.compile(
    "|".join((r"py" + r"pi\.org", r"python" + r"hosted\.org", r"gh" + r"cr\.io", r"quay" + r"\.io", r"docker" + r"\.io"))
)


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in paths]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each name and string of a module; comments and docstrings (strings that stand alone) are left out."""
    source = path.read_text(encoding="utf-8")
    alone = {
        (node.lineno, node.col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.OP, tokenize.NUMBER}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent and token.start not in alone:
            yield token.start[0], token.string


def tracked() -> list[Path]:
    """Return the files that are in the repository or about to be; without git (an unpacked sdist) there are none to speak of."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        return []
    paths = (ROOT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return sorted(path for path in paths if path.is_file())


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    return [f"{path.relative_to(ROOT)}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if pattern.search(line)]


# How rooms look.


@pytest.mark.parametrize("path", named(modules(PACKAGE)))
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", named([path for path in modules(PACKAGE) if path.name == "__init__.py" and path not in SPEAKING]))
def test_the_init_file_of_a_room_is_empty(path: Path) -> None:
    tree = parsed(path)
    assert [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))] == [], (
        "an __init__ file may say in a docstring what the room is for, and nothing more"
    )


def test_no_module_has_a_name_that_says_nothing() -> None:
    places = [*modules(PACKAGE), *modules(SUITES), *modules(ROOT / "tests"), *(path for path in PACKAGE.rglob("*") if path.is_dir())]
    assert [path for path in places if path.stem.removeprefix("test_").strip("_") in EMPTY_NAMES] == []


def test_no_module_imports_the_public_face() -> None:
    public = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(PACKAGE)
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.ImportFrom) and node.module == "zeroweight" and node.level == 0)
        and not all((PACKAGE / alias.name).is_dir() or (PACKAGE / f"{alias.name}.py").is_file() for alias in node.names)
    ]
    assert public == [], "modules import each other by full path; the names of `zeroweight` itself are for suites and users"


def test_each_module_has_a_test_of_its_name() -> None:
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    sources = {path.relative_to(PACKAGE).as_posix(): path for path in modules(PACKAGE) if path.name not in {"__init__.py", "__main__.py"}}
    missing = [
        name
        for name, path in sources.items()
        if path.stem.strip("_") not in tests and not any(fnmatchcase(name, pattern) for pattern in TESTED_ELSEWHERE)
    ]
    assert missing == [], "write tests/…/test_<name>.py, or say in TESTED_ELSEWHERE which file tests it"


def test_what_is_tested_elsewhere_is_there_and_so_is_the_test() -> None:
    assert [pattern for pattern in TESTED_ELSEWHERE if not any(PACKAGE.glob(pattern))] == []
    assert sorted({test for test in TESTED_ELSEWHERE.values() if not (ROOT / test).is_file()}) == []


def test_the_top_level_is_as_the_design_says_and_holds_something() -> None:
    for folder in (ROOT / "harness", SUITES, PAYLOADS, REPORTS, ROOT / "tests"):
        assert any(path.is_file() for path in folder.rglob("*")), folder
    for file in ("docker-compose.yml", "pyproject.toml"):
        assert (ROOT / file).stat().st_size > 0


# What suites, payloads and reports may say.


@pytest.mark.parametrize("path", named(modules(SUITES)))
def test_a_suite_makes_traffic_and_asserts_nothing(path: Path) -> None:
    tree = parsed(path)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)] == []
    assert {name for name in imported(tree) if name not in SUITE_WORDS} == set()


def test_there_are_payloads() -> None:
    assert list(PAYLOADS.glob("*.yaml")), "a corpus without payloads attacks nothing"


@pytest.mark.parametrize("path", named(sorted(PAYLOADS.glob("*.yaml"))))
def test_a_payload_file_loads_by_itself(path: Path, tmp_path: Path) -> None:
    (tmp_path / path.name).write_bytes(path.read_bytes())
    assert payloads([tmp_path])


def test_templates_escape_everything() -> None:
    raw = re.compile(r"\|\s*safe\b|autoescape\s+(?:false|off)|\{%-?\s*autoescape", re.IGNORECASE)
    templates = [path for path in REPORTS.rglob("*") if path.is_file()]
    assert [line for path in templates for line in lines_with(raw, path)] == []


def test_writers_do_not_vouch_for_text_of_the_target() -> None:
    vouched = re.compile(r"\bMarkup\(|autoescape\s*=\s*False")
    assert [line for path in modules(PACKAGE / "writers") for line in lines_with(vouched, path)] == []


# No knowledge of the demo and of the strangers.


KNOWING: Final = (PACKAGE / "demo", PACKAGE / "cli" / "demo.py")
"""The demo, and the command that starts it."""


KNOWN: Final = (pytest.param(DEMO_WORDS, id="demo"), pytest.param(STRANGERS_WORDS, id="strangers"))


def unknowing() -> list[Path]:
    inside = [path for path in modules(PACKAGE) if not any(path == place or place in path.parents for place in KNOWING)]
    return [*inside, *modules(SUITES)]


@pytest.mark.parametrize("words", KNOWN)
@pytest.mark.parametrize("path", named(unknowing()))
def test_code_knows_no_service_of_the_proving_ground(path: Path, words: re.Pattern[str]) -> None:
    assert [f"line {line}: {text}" for line, text in spoken(path) if words.search(text)] == []


@pytest.mark.parametrize("words", KNOWN)
@pytest.mark.parametrize("path", named(sorted(PAYLOADS.rglob("*.yaml"))))
def test_payloads_know_no_service_of_the_proving_ground(path: Path, words: re.Pattern[str]) -> None:
    assert lines_with(words, path) == []


@pytest.mark.parametrize(
    "word", ["orders", "Mia", "noah", "/api/loans/{number}", "patientId", "practice_id", "NO_ACCESS", *library.FLAWS, *clinic.FLAWS]
)
def test_what_tells_a_service_of_the_proving_ground_is_known_for_it(word: str) -> None:
    assert DEMO_WORDS.search(word) or STRANGERS_WORDS.search(word)


@pytest.mark.parametrize(
    "word", ["headers.referrer-policy-lost", "adapter", "malena", "isbnx", "a library that quotes", "member", "in practical use"]
)
def test_ordinary_words_tell_no_service(word: str) -> None:
    assert not DEMO_WORDS.search(word)
    assert not STRANGERS_WORDS.search(word)


# What is in the repository.


def test_no_file_names_a_path_of_this_machine_or_the_host_of_a_registry() -> None:
    files = tracked()
    if not files:
        pytest.skip("not a git checkout")
    assert [line for path in files for line in lines_with(MACHINE_PATH, path)] == []
    assert [line for path in files for line in lines_with(REGISTRY_HOST, path)] == []


def test_the_index_of_decisions_is_complete() -> None:
    files = sorted(path.name for path in ADRS.glob("[0-9]*.md"))
    index = (ADRS / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(([0-9]{4}-[a-z0-9-]+\.md)\)", index) == files
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))


@pytest.mark.parametrize("path", named(sorted(ADRS.glob("[0-9]*.md"))))
def test_a_decision_has_context_decision_and_consequence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    assert text.startswith(f"# {int(path.name[:4])}. ")


def test_the_pages_link_only_to_files_that_exist() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_make_says_what_each_target_does() -> None:
    said = subprocess.run(["make", "--silent", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony is not None
    assert {line.split()[0] for line in said.splitlines() if line.startswith("  ")} == set(phony.group(1).split())
    assert {"demo", "test", "prove", "bench", "lint"} <= set(phony.group(1).split())
