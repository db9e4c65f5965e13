"""The page of the two drivers says what is so."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest
from differential.differences import DIFFERENCES
from differential.document import ODD, PHASES, text
from differential.observed import LIMIT, dialled
from lines import KINDS
from servers import Wire, serving

from zeroweight.drivers.connection import Timeouts
from zeroweight.drivers.wire import written

PAGE: Final = Path(__file__).parents[2] / "docs" / "drivers.md"


def test_the_page_is_current() -> None:
    said = "run: PYTHONPATH=harness:tests python tests/differential/document.py > docs/drivers.md"
    assert PAGE.read_text(encoding="utf-8") == text(), said


def test_every_difference_and_every_phase_is_on_the_page() -> None:
    assert set(PHASES) == set(Timeouts.__slots__)
    assert {name for name in DIFFERENCES if f"| {name} |" not in text()} == set()
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in text().splitlines() if row.startswith("|")} <= {3, 4, 5}


@pytest.mark.parametrize("name", ODD)
def test_what_httpx_refuses_the_wire_sends_as_it_stands(name: str) -> None:
    asks = ODD[name]
    whole = written(asks) + asks.body
    came = bytearray()

    async def takes_all(wire: Wire) -> None:
        came.extend(await wire.reader.readexactly(len(whole)))
        await wire.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def main() -> None:
        async with asyncio.timeout(LIMIT), serving(takes_all) as server:
            dial = dialled("http", server.port)
            by_wire, by_httpx = (KINDS[kind](dial, None, Timeouts()) for kind in ("wire", "httpx"))
            assert by_httpx.refuses(asks)
            assert not by_wire.refuses(asks)
            assert (await by_wire.send(asks, cap=10)).response is not None
            await by_wire.aclose()

    asyncio.run(main())
    assert bytes(came) == whole
