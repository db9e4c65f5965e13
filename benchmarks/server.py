"""The server that every client asks: as cheap as a server can be in Python, one process with one port a side, the same answer always.

It listens on 127.0.0.1, says its ports in a line of JSON, and ends when its input does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

BODY: Final = b'{"id":17,"name":"a thing","size":3,"tags":["small","round"],"made":"2026-01-01T00:00:00Z"}'
ANSWER: Final = b"\r\n".join(
    (
        b"HTTP/1.1 201 Created",
        b"Date: Thu, 01 Jan 2026 00:00:00 GMT",
        b"Server: bench",
        b"Content-Type: application/json",
        b"Cache-Control: no-store",
        b"X-Build: 1.0.0",
        b"Content-Length: %d" % len(BODY),
        b"",
        BODY,
    )
)
_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PIECE: Final = 65536
_PATIENCE: Final = 30.0
"""Seconds that a handshake may take, and this process to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server: its origins, the file of the authority that signed it, and its process."""

    baseline: str
    canary: str
    authority: str
    process: psutil.Process

    def cpu(self) -> float:
        """Return the seconds of processor that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def serving(*, tls: bool = False) -> Iterator[Served]:
    """Run the server in a process of its own until the block ends."""
    with contextlib.ExitStack() as stack:
        authority, arguments = "", []
        if tls:
            from zeroweight.demo.certificates import write  # noqa: PLC0415  # cryptography is slow to import and seldom needed

            made = write(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zeroweight-bench-"))))
            authority, arguments = str(made.authority), [str(made.certificate), str(made.key)]
        child = stack.enter_context(
            subprocess.Popen([sys.executable, __file__, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE),
        )
        stack.callback(_end, child)
        assert child.stdout is not None  # asked for above
        line = child.stdout.readline()
        if not line:
            sys.exit("bench: the server did not come up")
        scheme, ports = "https" if tls else "http", json.loads(line)
        baseline, canary = (f"{scheme}://127.0.0.1:{port}" for port in ports)
        yield Served(baseline=baseline, canary=canary, authority=authority, process=psutil.Process(child.pid))


def _end(child: subprocess.Popen[bytes]) -> None:
    """Close its input, which ends it; kill what stays."""
    assert child.stdin is not None  # asked for above
    child.stdin.close()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()


class _Peer:
    """One connection, and what it sent that is not answered yet."""

    __slots__ = ("_sock", "_waiting")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._waiting = b""

    def hear(self) -> bool:
        """Read what is there and answer each whole request; False when the connection is over."""
        try:
            while data := self._sock.recv(_PIECE):
                self._waiting = self._answer(self._waiting + data)
                if not isinstance(self._sock, ssl.SSLSocket) or not self._sock.pending():
                    return True
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def _answer(self, data: bytes) -> bytes:
        """Answer each whole request; returns the rest."""
        while (head := data.find(_END)) >= 0:
            told = _LENGTH.search(data, 0, head)
            end = head + len(_END) + (int(told[1]) if told else 0)
            if len(data) < end:
                break
            self._sock.send(ANSWER)
            data = data[end:]
        return data


class _Server:
    """Both ports and their connections in one loop."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._selector = selectors.DefaultSelector()
        self.ports = [self._listen() for _ in range(2)]

    def _listen(self) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._selector.register(listener, selectors.EVENT_READ)
        port: int = listener.getsockname()[1]
        return port

    def run(self) -> None:
        """Serve until the standard input ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.data, _Peer):
                    if not key.data.hear():
                        self._selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]  # it is a socket
                elif isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj)
                else:
                    return

    def _accept(self, listener: socket.socket) -> None:
        """Take a connection; a handshake is waited for, since it comes once for thousands of requests."""
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            sock.settimeout(_PATIENCE)
            try:
                sock = self._context.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        sock.setblocking(False)  # noqa: FBT003  # the socket module's own spelling
        self._selector.register(sock, selectors.EVENT_READ, _Peer(sock))


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description="Serve the benchmarks.")
    parser.add_argument("certificate", nargs="?")
    parser.add_argument("key", nargs="?")
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        context.set_alpn_protocols(["http/1.1"])
    server = _Server(context)
    print(json.dumps(server.ports), flush=True)
    server.run()


if __name__ == "__main__":
    main()
