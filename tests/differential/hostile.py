"""All hostile servers that speak plainly, and what each kind of line sees of one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from differential.bodies import CHUNKS, CODINGS, CONTENT, LENGTHS
from differential.case import Case, Table
from differential.conduct import ENDS, INTERIM, SILENCES, TURNS
from differential.heads import FIELDS, STATUS_LINES
from differential.observed import Observed, dialled, observed, words
from servers import serving

TABLES: Final[Mapping[str, Table]] = {
    "Status lines": STATUS_LINES,
    "Header fields": FIELDS,
    "Lengths": LENGTHS,
    "Transfer codings": CODINGS,
    "Chunks and trailers": CHUNKS,
    "Content": CONTENT,
    "Interim answers and upgrades": INTERIM,
    "Turns": TURNS,
    "Ends": ENDS,
    "Silences": SILENCES,
}
CASES: Final[Table] = {name: case for table in TABLES.values() for name, case in table.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one kind of line saw of a hostile server, and what it took."""

    seen: tuple[Observed, ...]
    connections: int
    written: int
    """Bytes that the server could say."""
    peak: int
    """Bytes of memory that were in use at the worst moment, by the line and by the server."""

    @property
    def words(self) -> str:
        """The same in a few words."""
        return words(self.seen)


async def told(kind: str, case: Case) -> Told:
    """Ask a hostile server over a line of a kind."""
    tracemalloc.start()
    try:
        async with serving(case.script) as server:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            dial, asks = dialled("http", server.port), [case.asks] * case.times
            seen = await observed(kind, dial, asks, timeouts=case.timeouts, cap=case.cap, pause=case.pause)
            peak = tracemalloc.get_traced_memory()[1] - before
            return Told(seen=seen, connections=server.connections, written=server.written, peak=peak)
    finally:
        tracemalloc.stop()
