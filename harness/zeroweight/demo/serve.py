"""Serve one side of the demo: `python -m zeroweight.demo.serve --build 1.41.3`.

When it listens it writes one line of JSON to stdout: `{"url": ..., "https_url": ... or null, "ca": ... or null, "pid": ...}`.
It ends on SIGTERM, on SIGINT and, with `--parent-pipe`, when its stdin is closed, so that a killed parent leaves nothing behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from .noise import Noise
from .service import build

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .service import Shop

_HOST: Final = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that leaves signals alone: two of them share this process, and it is ended as one."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _listening(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it each answer would wait 40 ms for an acknowledgement.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_HOST, port))
    bound.listen(512)
    bound.setblocking(False)  # noqa: FBT003 - the socket module's own spelling
    return bound


def _server(app: Shop, certificate: str | None = None, key: str | None = None) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Longer than any pause of a client: a connection closed on idle would look like a fault of this side.
            timeout_keep_alive=120,
            timeout_graceful_shutdown=2,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
    )


def _end_with_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Wait for stdin's end in a thread of its own; not every kind of stdin can be polled."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()


async def _serve(app: Shop, options: argparse.Namespace) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.parent_pipe:
        _end_with_stdin(loop, stop)
    certificate, key, authority = options.tls_cert, options.tls_key, None
    if options.tls is not None:
        from .certificates import write  # noqa: PLC0415 - cryptography is slow to import and seldom needed

        made = write(options.tls)
        certificate, key, authority = str(made.certificate), str(made.key), str(made.authority)
    sockets = [_listening(options.port)]
    servers = [_server(app)]
    if certificate is not None:
        sockets.append(_listening(options.tls_port))
        servers.append(_server(app, certificate, key))
    running = [asyncio.create_task(server.serve([bound])) for server, bound in zip(servers, sockets, strict=True)]
    while not all(server.started for server in servers):
        for task in running:
            if task.done():
                task.result()
        await asyncio.sleep(0.005)
    ports = [bound.getsockname()[1] for bound in sockets]
    ready = {
        "url": f"http://{_HOST}:{ports[0]}",
        "https_url": f"https://{_HOST}:{ports[1]}" if certificate is not None else None,
        "ca": authority,
        "pid": os.getpid(),
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await stop.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m zeroweight.demo.serve", description="Serve one side of the demo on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--build", default="1.41.3")
    parser.add_argument("--flaw", action="append", default=[], metavar="NAME")
    parser.add_argument("--benign", action="append", default=[], metavar="NAME")
    parser.add_argument("--noise", nargs="?", const="{}", metavar="JSON", help="be noisy; settings of Noise as a JSON object")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    parser.add_argument("--tls", type=Path, metavar="FOLDER", help="serve HTTPS too, with certificates made fresh in this folder")
    parser.add_argument("--tls-cert", metavar="FILE", help="serve HTTPS too, with this certificate")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--tls-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--database", type=Path, metavar="FILE", help="default: in memory")
    parser.add_argument("--parent-pipe", action="store_true", help="end when stdin is closed")
    options = parser.parse_args(arguments)
    if (options.tls_cert is None) != (options.tls_key is None):
        parser.error("--tls-cert and --tls-key go together")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to stop."""
    options = _options(arguments)
    noise = Noise(**{"seed": options.seed, **json.loads(options.noise)}) if options.noise else None
    try:
        app = build(build=options.build, flaws=options.flaw, benign=options.benign, noise=noise, database=options.database)
    except ValueError as error:
        sys.exit(str(error))
    try:
        asyncio.run(_serve(app, options))
    finally:
        app.service.store.close()


if __name__ == "__main__":
    main()
