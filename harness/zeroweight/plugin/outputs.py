"""Which reports a run writes, and where: by gate.toml's `output.formats` and by pytest's own options."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zeroweight.config.model import Config
from zeroweight.errors import ConfigError
from zeroweight.writers import allure
from zeroweight.writers.formats import FORMATS, JUNIT, Format


def turn_on(config: pytest.Config, told: Config, folder: Path) -> None:
    """Ask pytest for the JUnit report that gate.toml wants, and take Allure results of an earlier run away. Raises ConfigError.

    Called before pytest's own writer looks whether it is wanted; a path that the caller gave by --junitxml stays.
    """
    if "junit" in told.output.formats:
        if not hasattr(config.option, "xmlpath"):
            what = "pytest's own writer of JUnit reports is switched off"
            raise ConfigError(what, where="output.formats", fix='Take out -p no:junitxml, or "junit"')
        config.option.xmlpath = config.option.xmlpath or str(folder / JUNIT)
    for name, _, path in chosen(config, told, folder):
        if name == "allure":
            _clear(told.service, path)


def chosen(config: pytest.Config, told: Config, folder: Path) -> Iterator[tuple[str, Format, Path]]:
    """Yield each report that we write ourselves: its word, who writes it, and where; `--alluredir` asks for Allure's, too."""
    beside = getattr(config.option, "allure_report_dir", None)
    words = dict.fromkeys((*told.output.formats, *(["allure"] if beside else [])))
    for word in words:
        if word in FORMATS:
            path = Path(beside).absolute() if word == "allure" and beside else folder / FORMATS[word].place
            yield word, FORMATS[word], path


def _clear(service: str, folder: Path) -> None:
    try:
        allure.clear(service, folder)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written ({(error.strerror or str(error)).lower()})",
            where="output.formats",
            fix="Mend its rights, or take out allure",
        ) from None
