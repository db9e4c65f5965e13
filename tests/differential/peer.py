"""Servers that others wrote, as processes of their own: h11, uvicorn, nginx, Go's net/http, Node's http.

Each inherits three listening sockets (plain, TLS, and TLS that demands a client's certificate), so that nobody has to guess a free port, or
to wait until one is open: who connects early waits in the socket's queue.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servers import Authority

HERE: Final = Path(__file__).parent / "peers"
LIMIT: Final = 60
"""Seconds after which a server that does not answer is given up."""
NAME: Final = "shop.example"
"""The name in every peer's certificate; it is dialled at a pinned address."""


class Missing(Exception):
    """Something is not installed; the text says how to install it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running server: its ports, and what its clients need to know."""

    plain: int
    secure: int
    mutual: int
    authority: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Sockets:
    """The listening sockets that a server inherits, and one that is listened on but never answered."""

    plain: socket.socket
    secure: socket.socket
    mutual: socket.socket
    silent: socket.socket

    @property
    def inherited(self) -> tuple[socket.socket, ...]:
        """What the server serves."""
        return self.plain, self.secure, self.mutual


Command = Callable[[Sockets, Path], tuple[list[str], dict[str, str]]]
"""Returns a server's command line and its additions to the environment; `certificate.pem` and `authority.pem` lie in the folder."""


def _given(sockets: Sockets, folder: Path) -> list[str]:
    return [*(str(each.fileno()) for each in sockets.inherited), str(folder / "certificate.pem"), str(folder / "authority.pem")]


def _python(script: str) -> Command:
    return lambda sockets, folder: ([sys.executable, str(HERE / script), *_given(sockets, folder)], {})


def _node(sockets: Sockets, folder: Path) -> tuple[list[str], dict[str, str]]:
    node = shutil.which("node")
    if node is None:
        raise Missing("Node.js is not there; install it, 20 or later")
    return [node, str(HERE / "on_node.mjs"), *_given(sockets, folder)], {}


def _go(sockets: Sockets, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Build once for each source and version of Go, outside the clone; the source needs no module but Go's own, so no network."""
    go = shutil.which("go")
    if go is None:
        raise Missing("Go is not there; install it, 1.19 or later (apt-get install -y golang-go, or the archive of its makers)")
    version = subprocess.run([go, "version"], capture_output=True, check=True, timeout=LIMIT).stdout
    source = HERE / "on_go.go"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zeroweight"
    kept = cache / f"peer-{hashlib.sha256(version + source.read_bytes()).hexdigest()[:16]}"
    if not kept.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            fresh = Path(name) / "peer"
            settings = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "", "CGO_ENABLED": "0", "GO111MODULE": "off"}
            line = [go, "build", "-o", str(fresh), str(source)]
            built = subprocess.run(line, env=os.environ | settings, capture_output=True, text=True, timeout=5 * LIMIT, check=False)
            if built.returncode:
                raise Missing(f"Go could not build the peer; install Go 1.19 or later; it said: {built.stderr.strip()[-500:]}")
            fresh.replace(kept)
    return [str(kept), *_given(sockets, folder)], {}


def _nginx(sockets: Sockets, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Write its folder: settings, and files to serve. It takes over the sockets as it would from its former self at an upgrade."""
    nginx = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
    if nginx is None:
        raise Missing("nginx is not there; install it (apt-get install -y nginx-light)")
    words = {
        "certificate": str(folder / "certificate.pem"),
        "authority": str(folder / "authority.pem"),
        "many": " ".join(f"add_header X-Field-{number:02} {number};" for number in range(90)),
        **{name: str(getattr(sockets, name).getsockname()[1]) for name in ("plain", "secure", "mutual", "silent")},
    }
    for source, name in (("on_nginx.conf", "nginx.conf"), ("on_nginx_routes.conf", "routes.conf")):
        text = (HERE / source).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        (folder / name).write_text(text, encoding="utf-8")
    for name, content in (("parts", b"onetwo"), ("zipped", gzip.compress(b'{"id": 5}')), ("big", b"x" * 300_000)):
        (folder / name).write_bytes(content)
    # In a shell, which ends it when whoever started this is gone; the other peers see to that themselves.
    watched = ["sh", "-c", '"$@" & read -r _; kill $!; wait', "sh", nginx, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    return watched, {"NGINX": "".join(f"{each.fileno()};" for each in sockets.inherited)}


PEERS: Final[Mapping[str, Command]] = {
    "h11": _python("on_h11.py"),
    "uvicorn": _python("on_uvicorn.py"),
    "nginx": _nginx,
    "go": _go,
    "node": _node,
}


@contextlib.contextmanager
def running(name: str, folder: Path) -> Iterator[Peer]:
    """Run a peer until the block ends; raises Missing."""
    authority = Authority()
    (folder / "authority.pem").write_text(authority.pem, encoding="utf-8")
    (folder / "certificate.pem").write_text("".join(authority.issue(NAME)), encoding="utf-8")
    with contextlib.ExitStack() as stack:
        listening = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64)) for _ in range(4)]
        sockets = Sockets(plain=listening[0], secure=listening[1], mutual=listening[2], silent=listening[3])
        line, environment = PEERS[name](sockets, folder)
        log = stack.enter_context((folder / "log").open("wb"))
        descriptors = [each.fileno() for each in sockets.inherited]
        process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=log, stderr=log, env=os.environ | environment, pass_fds=descriptors, cwd=folder
        )
        try:
            ports = [each.getsockname()[1] for each in sockets.inherited]
            for each in sockets.inherited:
                each.close()  # else nobody would notice that the server is gone
            _answers(ports[0], folder / "log")
            yield Peer(plain=ports[0], secure=ports[1], mutual=ports[2], authority=authority)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(LIMIT)


def _answers(port: int, log: Path) -> None:
    """Ask until the first answer; fails with the server's own words where there is none."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        asking.request("GET", "/plain")
        assert asking.getresponse().status == 200
    except OSError as error:
        raise AssertionError(f"the server does not answer ({error}): {log.read_text(encoding='utf-8', errors='replace')}") from error
    finally:
        asking.close()
