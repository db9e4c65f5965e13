"""The farm: one process that serves every variant of every service, each on a port of its own on loopback, while it is needed.

Questions (standard input, a line of JSON each) and answers (standard output):
`{"do": "open", "service": …, "build": …, "flaws": […], "benign": […], "noise": {…} or null}` → `{"url": …, "port": …}`;
`{"do": "close", "port": …}` → `{}`; `{"do": "cpu"}` → `{"cpu": seconds}`. It ends when its input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from one_write import OneWrite
from services import Service, noise_of, service

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import ASGIApp

HOST: Final = "127.0.0.1"
LONGEST: Final = 1024 * 1024
"""Bytes of a question."""


class _Server(uvicorn.Server):
    """A server that leaves signals alone: many of them share this process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One variant that is served."""

    service: Service
    app: ASGIApp
    server: uvicorn.Server
    serving: asyncio.Task[None]


class Farm:
    """Opens and closes variants."""

    def __init__(self) -> None:
        """Serve nothing yet."""
        self._plots: dict[int, Plot] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""
        match question["do"]:
            case "open":
                return await self._open(question)
            case "close":
                # Nobody waits until the last connection is gone.
                closing = asyncio.create_task(_closed(self._plots.pop(question["port"])))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
                return {}
            case "cpu":
                return {"cpu": time.process_time(), "open": len(self._plots)}
            case other:
                raise ValueError(f"a farm does not know how to {other}")

    async def _open(self, question: dict[str, Any]) -> dict[str, Any]:
        kind = service(question["service"])
        app = kind.build(build=question["build"], flaws=question["flaws"], benign=question["benign"], noise=noise_of(question.get("noise")))
        bound = _listening()
        port: int = bound.getsockname()[1]
        server = _Server(
            uvicorn.Config(
                app,
                http=OneWrite,
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                # Longer than any pause of a client: a connection closed on idle would look like a fault of this side.
                timeout_keep_alive=600,
                timeout_graceful_shutdown=2,
            )
        )
        serving = asyncio.create_task(server.serve([bound]))
        while not server.started:
            if serving.done():
                serving.result()
                raise RuntimeError(f"{kind.name} did not start")
            await asyncio.sleep(0)
        self._plots[port] = Plot(service=kind, app=app, server=server, serving=serving)
        return {"url": f"http://{HOST}:{port}", "port": port}


async def _closed(plot: Plot) -> None:
    plot.server.should_exit = True
    await plot.serving
    plot.service.close(plot.app)


def _listening() -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it each answer would wait for an acknowledgement.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.bind((HOST, 0))
        bound.listen(512)
        bound.setblocking(False)  # noqa: FBT003 - the socket module's own spelling
    except OSError:
        bound.close()
        raise
    return bound


async def _reply(farm: Farm, question: dict[str, Any], out: int) -> None:
    try:
        answer = await farm.answer(question)
    except OSError as error:
        answer = {"error": f"the machine gives no port, memory or file: {error}"}
    except Exception as error:
        answer = {"error": "".join(traceback.format_exception(error))}
    os.write(out, json.dumps({**answer, "id": question["id"]}).encode() + b"\n")


async def _serve(out: int) -> None:
    farm, loop = Farm(), asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    under_way: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        task = asyncio.create_task(_reply(farm, json.loads(line), out))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


def main() -> None:
    """Serve until nobody asks any more; what is served then goes down with this process."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not spoil the answers
    # What is loaded now stays, and what answers leave behind is mostly freed without being looked for.
    gc.freeze()
    gc.set_threshold(20_000)
    asyncio.run(_serve_and_leave(out))


async def _serve_and_leave(out: int) -> None:
    try:
        await _serve(out)
    except BaseException:
        traceback.print_exc()
    os._exit(0)


if __name__ == "__main__":
    main()
