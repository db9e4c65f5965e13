"""What agrees; what does not stands in the table of test_mistake.py."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from zeroweight.config.model import Config
from zeroweight.errors import ConfigError

Load = Callable[..., Config]


def test_the_same_url_is_fine_where_address_or_headers_tell_the_sides_apart(loaded: Load, six_lines: str) -> None:
    one = six_lines.replace("stable", "canary")
    loaded(
        one.replace('url = "http://orders-canary:8080" }\ncanary', 'url = "http://orders-canary:8080", address = "10.0.0.1:80" }\ncanary')
    )
    loaded(one.replace('canary:8080" }\nidentity', 'canary:8080", headers = { x-canary = "always" } }\nidentity'))


def test_one_login_serves_many_roles_and_a_role_overrules_its_value(loaded: Load, six_lines: str) -> None:
    login = '[login.edge]\nkind = "header"\nname = "x-edge"\nvalue = "env:EDGE"\n'
    config = loaded(six_lines + login + '[roles.one]\nlogin = "edge"\n[roles.two]\nlogin = "edge"\nvalue = "env:ROBOT"\n')
    assert str(config.way_in("one").credentials["value"]) == "[secret login.edge.value]"
    assert str(config.way_in("two").credentials["value"]) == "[secret roles.two.value]"


def test_a_login_that_nobody_uses_is_no_mistake(loaded: Load, six_lines: str) -> None:
    assert loaded(six_lines + '[login.spare]\nkind = "bearer"\n').logins["spare"].kind == "bearer"


def test_a_loop_that_is_not_installed_is_told_with_what_installs_it(loaded: Load, six_lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loaded(six_lines + "loop = 'asyncio'\n").loop == "asyncio"
    with pytest.raises(ConfigError, match=r"gate\.toml: loop: .*package uvloop.*pip install 'zeroweight\[uvloop\]', or write asyncio"):
        loaded(six_lines + "loop = 'uvloop'\n")
    with pytest.raises(ConfigError, match=r"^environment variable ZEROWEIGHT_LOOP: .*package uvloop"):
        loaded(six_lines, ZEROWEIGHT_LOOP="uvloop")


def test_reports_that_need_a_missing_extra_are_told_with_what_installs_it(
    loaded: Load, six_lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "allure_commons", None)
    with pytest.raises(ConfigError, match=r"output\.formats #2: .*allure-python-commons.*pip install 'zeroweight\[allure\]'"):
        loaded(six_lines + "[output]\nformats = ['html', 'allure']\n")
