"""What a login looks like is learnt, and no more than that: whatever is taken for a login page is not access."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from servers import answer
from stage import Call, Service, Stage, status

from zeroweight.checks.outcome import Context
from zeroweight.model.operation import Operation
from zeroweight.model.role import Login, LoginKind, Role
from zeroweight.model.target import Side
from zeroweight.session.doors import learn

BASELINE, CANARY = Side
LOGIN = "<html><form><input name=user><input name=pass type=password></form></html>"
RENEW = "<html><form><input name=old type=password><input name=new type=password></form></html>"
SHELL = "<html><div id=app></div></html>"
REAL = "<html><table><tr><td>ann</td></tr></table></html>"
OPERATIONS = tuple(Operation(method="GET", path=path, protected=frozenset(Side)) for path in ("/admin", "/bills", "/things/{id}"))


def page(text: str) -> bytes:
    return answer(text.encode(), b"Content-Type: text/html; charset=utf-8")


def saying(pages: Mapping[str, str]) -> Service:
    """Return a service that shows pages by path, sends elsewhere by `>`, and else answers 404."""

    def service(call: Call) -> bytes:
        text = pages.get(call.path)
        if text is None:
            return status("404 No")
        return status("302 There", b"Location: " + text[1:].encode()) if text.startswith(">") else page(text)

    return service


def learnt(folder: Path, baseline: Mapping[str, str], canary: Mapping[str, str] | None = None, *roles: Role) -> tuple[Context, Stage]:
    with Stage(folder=folder, baseline=saying(baseline), canary=saying(canary or {})) as stage:
        return stage.loop.run(learn(stage.drivers, OPERATIONS, roles)), stage


@pytest.mark.parametrize(
    ("baseline", "canary", "pages"),
    [
        ({}, {}, ()),
        ({"/admin": LOGIN}, {"/admin": REAL}, (LOGIN,)),
        ({"/admin": SHELL, "/bills": SHELL}, {}, (SHELL,)),
        ({"/admin": SHELL}, {}, ()),
        ({"/admin": REAL, "/bills": SHELL}, {}, ()),
        ({"/login": LOGIN}, {}, (LOGIN,)),
        ({"/login": SHELL}, {}, ()),
        ({"/login": SHELL, "/admin": SHELL}, {}, (SHELL,)),
        # The canary's word counts for less.
        ({}, {"/login": LOGIN}, (LOGIN,)),
        ({}, {"/admin": LOGIN}, ()),
        ({}, {"/admin": RENEW}, ()),
        ({}, {"/admin": LOGIN, "/bills": LOGIN}, (LOGIN,)),
        ({}, {"/admin": SHELL, "/bills": SHELL}, ()),
        ({}, {"/login": SHELL, "/admin": SHELL}, (SHELL,)),
    ],
)
def test_a_page_that_asks_for_a_login_is_learnt(
    tmp_path: Path, baseline: dict[str, str], canary: dict[str, str], pages: tuple[str, ...]
) -> None:
    assert learnt(tmp_path, baseline, canary)[0].login_pages == pages


@pytest.mark.parametrize(
    ("baseline", "canary", "paths"),
    [
        ({"/admin": ">/hello", "/hello": LOGIN}, {}, ("/hello",)),
        ({"/admin": ">/hello?next=/admin", "/bills": ">/hello?next=/bills"}, {}, ("/hello",)),
        ({"/admin": ">/hello"}, {}, ()),
        ({}, {"/admin": ">/hello", "/hello": LOGIN}, ("/hello",)),
        ({}, {"/admin": ">/hello", "/bills": ">/hello"}, ()),
        ({"/admin": ">https://elsewhere.example/hello", "/bills": ">https://elsewhere.example/hello"}, {}, ("/hello",)),
    ],
)
def test_a_path_to_which_one_is_sent_to_log_in_is_learnt(
    tmp_path: Path, baseline: dict[str, str], canary: dict[str, str], paths: tuple[str, ...]
) -> None:
    context, _ = learnt(tmp_path, baseline, canary)
    assert context.login_paths == paths
    assert context.login_pages == ((LOGIN,) if LOGIN in (baseline | canary).values() else ())


def test_the_path_of_a_configured_login_is_looked_at(tmp_path: Path) -> None:
    role = Role(name="ann", login=Login(kind=LoginKind.JSON, request="POST /enter"))
    assert learnt(tmp_path, {"/enter": LOGIN}, {}, role)[0].login_pages == (LOGIN,)


def test_answers_that_are_no_pages_are_not_learnt(tmp_path: Path) -> None:
    def bare(call: Call) -> bytes:
        return answer(b'{"type": "password"}') if call.path == "/admin" else answer(b"", b"Content-Type: text/html")

    with Stage(folder=tmp_path, baseline=bare, canary=bare) as stage:
        assert stage.loop.run(learn(stage.drivers, OPERATIONS, ())) == Context()


def test_nobody_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    _, stage = learnt(tmp_path, {"/admin": LOGIN})
    assert {(call.method, call.token) for call in stage.calls} == {("GET", "")}
    assert len(stage.asked(BASELINE)) == len(stage.asked(CANARY)) < 10


def test_a_side_that_is_silent_is_asked_no_more(tmp_path: Path) -> None:
    with Stage(folder=tmp_path, baseline=lambda _: None, canary=saying({"/login": LOGIN})) as stage:
        context = stage.loop.run(learn(stage.drivers, OPERATIONS, ()))
        assert len(stage.asked(BASELINE)) == 1
    assert context.login_pages == (LOGIN,)
