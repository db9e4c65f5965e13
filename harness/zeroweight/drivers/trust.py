"""Whom TLS trusts on the way to a target, and which certificate is shown there."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import Final

from zeroweight.errors import ConfigError
from zeroweight.model.target import Target

_SPOKEN: Final = ["http/1.1"]
"""What is spoken over the connection (RFC 7301): a server that is not asked may not answer at all."""


def trust(target: Target) -> ssl.SSLContext | None:
    """Return the TLS settings of a target, none where it speaks plain HTTP; raises ConfigError when a certificate or key cannot be used."""
    if not target.secure:
        return None
    tls, where = target.tls, f"{target.side}.tls"
    try:
        context = ssl.create_default_context(cadata=tls.ca or None)
    except (ssl.SSLError, ValueError) as error:
        what = "this is not a PEM certificate"
        raise ConfigError(what, where=f"{where}.ca", fix="Name a file of PEM certificates") from error
    context.set_alpn_protocols(_SPOKEN)
    if tls.cert:
        _present(context, tls.cert, tls.key.reveal() if tls.key else "", where=where)
    return context


def trust_others(target: Target) -> ssl.SSLContext:
    """Return the TLS settings for other hosts that the operator named: the target's authority beside the system's, no certificate shown."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(_SPOKEN)
    if target.tls.ca:
        context.load_verify_locations(cadata=target.tls.ca)
    return context


def _present(context: ssl.SSLContext, cert: str, key: str, *, where: str) -> None:
    """Load the client's certificate; ssl reads files only, so the PEM text lies in a private one for a moment."""
    handle, name = tempfile.mkstemp(suffix=".pem")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{cert.rstrip()}\n{key}")
        context.load_cert_chain(name, password="")  # without one, OpenSSL asks for it at the terminal
    except (ssl.SSLError, ValueError) as error:
        what = "certificate and key do not fit"
        raise ConfigError(what, where=f"{where}.cert", fix="Name the PEM files of one pair, key unencrypted") from error
    finally:
        Path(name).unlink()
