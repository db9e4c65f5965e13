"""Small servers on loopback that do exactly what a script says, also what no server should do.

A script is a coroutine function that is run for each connection; what it raises because the client went away ends it quietly.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Wire:
    """One connection, seen from the server."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.server, self.reader, self.writer, self.number = server, reader, writer, number

    async def request(self) -> bytes:
        """Read one request to the end of its body, note it down, and return it."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        whole = head + await self.reader.readexactly(length)
        self.server.requests.append(whole)
        return whole

    async def write(self, data: bytes) -> None:
        """Write and wait until the system took it."""
        self.server.written += len(data)
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection by a reset instead of a farewell."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Wire], Awaitable[None]]


@dataclass(kw_only=True)
class Server:
    """A running server and what it was sent."""

    port: int = 0
    scheme: str = "http"
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    written: int = 0
    """Bytes of all answers so far."""

    @property
    def url(self) -> str:
        """The origin."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def lines(self, index: int = -1) -> list[bytes]:
        """Return the head of one request, line by line."""
        return self.requests[index].partition(b"\r\n\r\n")[0].split(b"\r\n")

    def value(self, name: str, index: int = -1) -> str | None:
        """Return the last value of a header of one request; None when it was not sent."""
        start = name.lower().encode() + b":"
        found = [line.partition(b":")[2].strip().decode("latin-1") for line in self.lines(index) if line.lower().startswith(start)]
        return found[-1] if found else None


@contextlib.asynccontextmanager
async def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Run a script for every connection until the block ends."""
    server = Server(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        # Cancelled only by us, at the end: then there is nothing more to say.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            await script(Wire(server, reader, writer, server.connections))
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
            await writer.wait_closed()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


def answer(body: bytes = b"{}", *fields: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    """Return an answer with its Content-Length; `fields` are whole lines without their ends."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % (len(body) if length is None else length), *fields]
    if not any(line.lower().startswith(b"content-type:") for line in fields):
        lines.append(b"Content-Type: application/json")
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def steady(*answers: bytes) -> Script:
    """Return the script that gives these answers in turn on one connection, the last again and again."""

    async def script(wire: Wire) -> None:
        left = list(answers) or [answer()]
        while True:
            await wire.request()
            await wire.write(left.pop(0) if len(left) > 1 else left[0])

    return script


def once(data: bytes) -> Script:
    """Return the script that reads one request, says this, and closes."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(data)

    return script


async def silent(wire: Wire) -> None:
    """Read a request and never answer."""
    await wire.request()
    await asyncio.Event().wait()


async def hang_up(_: Wire) -> None:
    """Close without reading."""


async def end_quietly(wire: Wire) -> None:
    """Read a request and close."""
    await wire.request()


async def reset(wire: Wire) -> None:
    """Read a request and reset the connection."""
    await wire.request()
    wire.reset()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Authority:
    """A certificate authority of our own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Zeroweight tests")])
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        draft = self._draft(self._name, self._key.public_key())
        draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        draft = draft.add_extension(usage, critical=True).add_extension(identifier, critical=False)
        self.pem = draft.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, *names: str, client: bool = False, password: bytes = b"") -> tuple[str, str]:
        """Return certificate and key (PEM) for host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        draft = self._draft(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), key.public_key())
        draft = draft.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        draft = draft.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        draft = draft.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        certificate = draft.sign(self._key, hashes.SHA256())
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()

    def context(self, folder: Path, *names: str, demand: bool = False) -> ssl.SSLContext:
        """Return a server's TLS settings under these names; `demand`: only clients with a certificate of ours are let in."""
        certificate, key = self.issue(*names)
        file = folder / "server.pem"
        file.write_text(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        if demand:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.pem)
        return context

    def _draft(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )


def _general(name: str) -> x509.GeneralName:
    """Return a host name or an address as certificates write it."""
    return x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
