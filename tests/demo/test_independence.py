"""The demo stands alone: a gate that is measured on it must not share a line with it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import zeroweight.demo

ROOM = Path(zeroweight.demo.__file__).parent
OUTSIDE = {"starlette", "uvicorn", "cryptography"}


def test_the_demo_imports_only_itself_and_its_own_libraries() -> None:
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, file
                names = [] if node.level == 1 else [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                assert top in OUTSIDE or top in sys.stdlib_module_names, (file, name)
