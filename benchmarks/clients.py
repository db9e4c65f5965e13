"""One client at work, alone in its process: what it sends, and the processor time that this takes.

`python benchmarks/clients.py wire --requests 20000` measures one and prints a line of JSON; without `--baseline` it starts the server
itself. So a client is profiled by `python -m cProfile -s tottime benchmarks/clients.py wire`, or under perf or py-spy.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import json
import shutil
import sys
import time
from dataclasses import dataclass
from importlib.machinery import PathFinder
from typing import Final

from foreign import aiohttp_session, paired, requests_session, shared, spread, transports, wrk
from roads import LANES, Client, Load, batches, road
from server import serving

WARM: Final = 40 * LANES
"""Requests before the measuring begins: every connection is open by then, every module imported."""
PACE: Final = 70_000
"""Requests a second that wrk sends, about: it is told seconds, not requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A client as the table names it."""

    title: str
    requests: int
    """How many one measuring sends: about a second's work."""
    client: Client | None = None
    """None for wrk, which is a program."""
    tls: bool = False
    uvloop: bool = False
    plain: bool = False
    """Without sniffio, as an installation of httpx alone is."""
    needs: str = ""
    """The module or program that it cannot do without."""
    install: str = ""

    @property
    def missing(self) -> str:
        """Say what is not there and how to get it; empty when all is."""
        found = not self.needs or (importlib.util.find_spec(self.needs) if self.client else shutil.which(self.needs))
        return "" if found else f"not installed: {self.install}"


KINDS: Final = {
    "wire": Kind(title="wire: driver and a plain comparison", client=road("wire"), requests=16000),
    "wire-lanes": Kind(title="wire, through the trial's lanes, governed", client=batches, requests=12000),
    "wire-uvloop": Kind(
        title="wire, on uvloop", client=road("wire"), requests=16000, uvloop=True, needs="uvloop", install="pip install uvloop"
    ),
    "httpx-driver": Kind(title="httpx driver: the same road", client=road("httpx"), requests=3000),
    "httpx-lanes": Kind(title="httpx lane transports", client=transports, requests=3000),
    "httpx-lanes-plain": Kind(title="httpx lane transports, plain", client=transports, requests=2000, plain=True),
    "httpx-shared": Kind(title=f"httpx.AsyncClient, shared, {LANES} under way", client=shared(spread), requests=1500),
    "httpx-shared-pairs": Kind(title=f"httpx.AsyncClient, shared, {LANES} pairs", client=shared(paired), requests=1500),
    "httpx-shared-plain": Kind(
        title=f"httpx.AsyncClient, shared, {LANES} under way, plain", client=shared(spread), requests=1500, plain=True
    ),
    "httpx-shared-pairs-plain": Kind(
        title=f"httpx.AsyncClient, shared, {LANES} pairs, plain", client=shared(paired), requests=1500, plain=True
    ),
    "requests": Kind(
        title="requests.Session, one by one", client=requests_session, requests=1500, needs="requests", install="pip install requests"
    ),
    "aiohttp": Kind(title="aiohttp, shared session", client=aiohttp_session, requests=8000, needs="aiohttp", install="pip install aiohttp"),
    "wrk": Kind(title="wrk: the limit", requests=200_000, needs="wrk", install="apt install wrk"),
    "wire-tls": Kind(title="wire, over TLS", client=road("wire"), requests=12000, tls=True),
    "httpx-lanes-tls": Kind(title="httpx lane transports, over TLS", client=transports, requests=3000, tls=True),
}


async def _measure(client: Client, load: Load, count: int) -> dict[str, float]:
    """Warm up, then send, with nothing but the sending on the clock."""
    async with client(load) as ready:
        await ready(WARM)
        sending = ready(count)
        # What is there by now stays: as in a run, the collector need not go through it time and again.
        gc.collect()
        gc.freeze()
        cpu, wall = time.process_time(), time.monotonic()
        await sending
        return {"requests": count, "cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}


class _Absent:
    """Looks for sniffio and finds nothing, at the price that Python pays where it is not installed."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Answer as the chain of finders asks; raises ModuleNotFoundError for the one name."""
        if name == "sniffio":
            PathFinder.find_spec("sniffio_that_is_nowhere")
            raise ModuleNotFoundError(name)


def measure(kind: Kind, load: Load, count: int) -> dict[str, float]:
    """Measure one client in this process: requests sent, seconds of processor, seconds."""
    if kind.client is None:
        return wrk(load, max(1, count // PACE))
    if kind.plain:
        sys.meta_path.insert(0, _Absent)
    factory = None
    if kind.uvloop:
        import uvloop  # noqa: PLC0415  # as above

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_measure(kind.client, load, count))


def main() -> None:
    """Measure the client that the command line names."""
    parser = argparse.ArgumentParser(description="Measure one client alone.")
    parser.add_argument("name", choices=KINDS)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--baseline", default="")
    parser.add_argument("--canary", default="")
    parser.add_argument("--authority", default="")
    options = parser.parse_args()
    kind = KINDS[options.name]
    count = options.requests or kind.requests
    if options.baseline:
        told = measure(kind, Load(baseline=options.baseline, canary=options.canary, authority=options.authority), count)
        print(json.dumps(told))
        return
    with serving(tls=kind.tls) as served:
        told = measure(kind, Load(baseline=served.baseline, canary=served.canary, authority=served.authority), count)
    print(f"{told['cpu'] / told['requests'] * 1e6:.1f} CPU µs a request, {told['requests'] / told['wall']:.0f} requests/s")


if __name__ == "__main__":
    main()
