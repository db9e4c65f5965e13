"""From gate.toml, environment and options to a Config; option > environment > file > default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from zeroweight.config.agreement import agree
from zeroweight.config.model import Config
from zeroweight.config.outside import overlay
from zeroweight.config.reader import Reader
from zeroweight.config.secrets import Vault
from zeroweight.errors import ConfigError

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def load(path: Path, *, environment: Mapping[str, str] = os.environ, overrides: Mapping[str, str] = _NOTHING) -> Config:
    """Return what the file says, with what `ZEROWEIGHT_<SECTION>_<KEY>` and overrides (`{"canary.url": …}`) say instead.

    Every secret is fetched. Raises ConfigError for every mistake: one sentence with file, key and fix, and never a secret.
    """
    return read(_parsed(path), file=str(path), folder=path.absolute().parent, environment=environment, overrides=overrides)


def from_urls(  # one parameter for each thing that has no sensible default
    baseline: str,
    canary: str,
    schema: str = "/openapi.json",
    *,
    service: str = "",
    identity: str = "",
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, str] = _NOTHING,
) -> Config:
    """Return the configuration of a pair without a file: no roles, so only what anonymous callers reach is tried.

    `identity` is the header that carries the build; `service` is the canary's host unless given. Relative paths start from the working
    directory. Errors call the file `options`. Raises ConfigError.
    """
    document: dict[str, Any] = {
        "service": service or _host(canary),
        "baseline": {"url": baseline},
        "canary": {"url": canary},
        "api": {"schema": schema},
    }
    if identity:
        document["identity"] = {"header": identity}
    return read(document, file="options", folder=Path.cwd(), environment=environment, overrides=overrides)


def read(
    document: Mapping[str, Any],
    *,
    file: str,
    folder: Path,
    environment: Mapping[str, str] = _NOTHING,
    overrides: Mapping[str, str] = _NOTHING,
) -> Config:
    """Return what a parsed document says; `file` is its name in errors, `folder` where its relative paths start. Raises ConfigError."""
    try:
        merged, origins = overlay(document, environment=environment, overrides=overrides)
        reader = Reader(file=file, vault=Vault(environment=environment, folder=folder), origins=origins)
        config = reader.table(Config, merged)
        agree(config, reader)
    except RecursionError:
        what, fix = "its tables are nested far too deeply", "Write it flatter"
        raise ConfigError(what, where=file, fix=fix) from None
    return config


def _parsed(path: Path) -> dict[str, Any]:
    """Return the file as TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        what, fix = "there is no such file", "Name another, or write one with: zeroweight init"
    except UnicodeDecodeError as error:
        what, fix = f"byte {error.start} is not UTF-8", "Save the file as UTF-8"
    except tomllib.TOMLDecodeError as error:
        what, fix = f"this is not TOML: {_lowered(str(error))}", "Mend that line; texts stand in double quotes"
    except OSError as error:
        what, fix = f"the file cannot be read ({(error.strerror or 'no reason given').lower()})", "Name a file that can be read"
    except (ValueError, RecursionError):
        what, fix = "this is not TOML that a gate could need: a number or a nesting is far too long", "Write it shorter"
    raise ConfigError(what, where=str(path), fix=fix)


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _host(url: str) -> str:
    """Return a URL's host, or a word that lets the loader tell what is wrong with the URL."""
    try:
        return urlsplit(url).hostname or "service"
    except ValueError:
        return "service"
