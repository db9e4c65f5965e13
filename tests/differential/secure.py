"""Hostile servers in TLS: handshakes that fail in every way, and connections that end without a farewell."""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from differential.case import says
from differential.observed import PATIENT
from servers import Authority, Script, Wire, answer, hang_up, steady

from zeroweight.drivers.connection import Timeouts

NAME: Final = "shop.example"
_SHAKEN: Final = Timeouts(connect=30, tls=0.5, first_byte=30, total=30)
_ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x28"
"""A fatal alert: the handshake failed (RFC 8446 section 6)."""

Server = Callable[[Authority, Path], ssl.SSLContext]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """One server that is dialled by https, and what comes of it in a few words; of a request twice asked, unless nothing comes at all."""

    sees: str
    httpx: str = ""
    """What httpx sees, where it is not the same."""
    why: str = ""
    script: Script = field(default_factory=steady)
    server: Server | None = None
    """Its TLS settings; without, it speaks for itself."""
    scheme: str = "https"
    timeouts: Timeouts = PATIENT
    races: tuple[str, ...] = ()


def _named(*names: str) -> Server:
    return lambda authority, folder: authority.context(folder, *names)


def _demanding(authority: Authority, folder: Path) -> ssl.SSLContext:
    return authority.context(folder, NAME, demand=True)


def _unknown(_: Authority, folder: Path) -> ssl.SSLContext:
    return Authority().context(folder, NAME)


def _dated(begins: timedelta, ends: timedelta) -> Server:
    """Return a server whose certificate is signed by itself, trusted all the same, and good between these times from now."""

    def server(authority: Authority, folder: Path) -> ssl.SSLContext:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        draft = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        draft = draft.serial_number(x509.random_serial_number()).not_valid_before(now + begins).not_valid_after(now + ends)
        draft = draft.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        certificate = draft.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        authority.pem += certificate
        file = folder / "dated.pem"
        file.write_text(certificate + private, encoding="utf-8")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    return server


def _ancient(authority: Authority, folder: Path) -> ssl.SSLContext:
    """Speak TLS 1.1 at most."""
    context = authority.context(folder, NAME)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is deprecated is what is tested
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _after_hello(data: bytes) -> Script:
    """Return the script that reads the client's hello, says this, and closes."""

    async def script(wire: Wire) -> None:
        await wire.reader.read(1)
        await wire.write(data)
        wire.writer.write_eof()
        await wire.reader.read()

    return script


async def _says_nothing(_: Wire) -> None:
    await asyncio.Event().wait()


async def _resets(wire: Wire) -> None:
    await wire.reader.read(1)
    wire.reset()


def _without_farewell(data: bytes) -> Script:
    """Return the script that answers and ends the TCP connection below TLS, as somebody in between could."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.write(data)
        sock: socket.socket = wire.writer.get_extra_info("socket")
        sock.shutdown(socket.SHUT_WR)
        await asyncio.Event().wait()

    return script


SECURE: Final = {
    "all is well": Secure(server=_named(NAME), sees="200 {} / kept: the same"),
    "the certificate is for another name": Secure(server=_named("other.example"), sees="tls"),
    "the certificate is for an address": Secure(server=_named("127.0.0.1"), sees="tls"),
    "the certificate is for a name one level up": Secure(server=_named("*.shop.example"), sees="tls"),
    "the certificate is of an unknown authority": Secure(server=_unknown, sees="tls"),
    "the certificate is too old": Secure(server=_dated(timedelta(days=-9), timedelta(days=-1)), sees="tls"),
    "the certificate is too young": Secure(server=_dated(timedelta(days=1), timedelta(days=9)), sees="tls"),
    "the certificate is good, and signed by itself": Secure(
        server=_dated(timedelta(days=-1), timedelta(days=1)), sees="200 {} / kept: the same"
    ),
    "TLS 1.1 and nothing later": Secure(server=_ancient, sees="tls"),
    "a client's certificate is demanded": Secure(server=_demanding, sees="tls", races=("closed", "reset")),
    "plain HTTP at once": Secure(script=_after_hello(answer()), sees="tls"),
    "plain HTTP to a TLS port": Secure(server=_named(NAME), scheme="http", sees="closed", races=("reset", "protocol")),
    "garbage": Secure(script=_after_hello(b"no TLS here"), sees="tls"),
    "an alert": Secure(script=_after_hello(_ALERT), sees="tls"),
    "half an alert": Secure(script=_after_hello(_ALERT[:4]), sees="tls"),
    "a record that is too long": Secure(script=_after_hello(b"\x16\x03\x03\xff\xff" + b"x" * 70_000), sees="tls"),
    "closes without a word": Secure(script=hang_up, sees="tls"),
    "closes behind the hello": Secure(script=_after_hello(b""), sees="tls"),
    "resets behind the hello": Secure(script=_resets, sees="tls"),
    "hangs in the handshake": Secure(script=_says_nothing, timeouts=_SHAKEN, sees="timeout (TLS handshake)"),
    "a farewell in the body": Secure(server=_named(NAME), script=says(answer(b"o", length=2), then="close"), sees="closed"),
    "no farewell in the body": Secure(server=_named(NAME), script=_without_farewell(answer(b"o", length=2)), sees="closed", races=("tls",)),
    "a farewell behind a body without a length": Secure(
        server=_named(NAME),
        script=says(b"HTTP/1.1 200 OK\r\n\r\nok", then="close"),
        sees="200 ok",
    ),
    "no farewell behind a body without a length": Secure(
        server=_named(NAME), script=_without_farewell(b"HTTP/1.1 200 OK\r\n\r\nok"), sees="200 ok"
    ),
    "a reset in the body": Secure(
        server=_named(NAME), script=says(answer(b"o", length=2), then="reset"), sees="closed", races=("reset", "tls")
    ),
}
"""By name; the last but two are one answer that somebody in between may have cut: without a length nobody can tell."""
