"""How a role gets in, and what is said when it does not."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from servers import Script, Server, Wire, answer, free_port, once, serving, steady

from zeroweight.drivers.http import HttpDriver, Timeouts
from zeroweight.drivers.limits import Meter
from zeroweight.drivers.login import enrol
from zeroweight.errors import ToolFailed, Unreachable, ZeroweightError
from zeroweight.model.operation import Operation
from zeroweight.model.outcome import Level
from zeroweight.model.request import Scenario
from zeroweight.model.role import Account, Login, LoginKind, Role
from zeroweight.model.target import Side, Target
from zeroweight.redact import Redactor, Secret

ME = Operation(method="GET", path="/me")
KEY = Secret(name="alice key", value="k e&y=1")
PASSWORD = Secret(name="alice password", value="correct horse")

JSON = Login(kind=LoginKind.JSON, request="POST /login", body={"user": "alice", "password": PASSWORD}, token="/data/token")


def driver_of(url: str) -> HttpDriver:
    """Return a read-only driver: logging in is allowed at every level."""
    meter = Meter(Side.CANARY, 100, math.inf, math.inf)
    target = Target(side=Side.CANARY, url=url)
    return HttpDriver(target, lanes=1, meter=meter, level=Level.READ_ONLY, run="r-7", timeouts=Timeouts(connect=30, total=30))


def logged_in(login: Login, script: Script | None = None) -> tuple[Account, Server]:
    """Log alice in, ask once as alice and once as nobody; return her account and what the server was sent."""

    async def main() -> tuple[Account, Server]:
        async with serving(script or steady()) as server:
            driver = driver_of(server.url)
            try:
                account = await enrol(driver, Role(name="alice", login=login))
                driver.enrol(account)
                for role in ("alice", "anonymous"):
                    trace = await driver.exchange(Scenario.of(ME.example(role=role)), {}, lane=0)
                    assert trace.failure is None
            finally:
                await driver.close()
            return account, server

    return asyncio.run(main())


def refused(login: Login, script: Script) -> ZeroweightError:
    """Fail to log alice in; return the error."""

    async def main() -> ZeroweightError:
        async with serving(script) as server:
            driver = driver_of(server.url)
            try:
                with pytest.raises(ZeroweightError) as raised:
                    await enrol(driver, Role(name="alice", login=login))
            finally:
                await driver.close()
            return raised.value

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("login", "line"),
    [
        (Login(kind=LoginKind.NONE), None),
        (Login(kind=LoginKind.BEARER, value=KEY), b"Authorization: Bearer k e&y=1"),
        (Login(kind=LoginKind.HEADER, name="X-User", value=KEY), b"X-User: k e&y=1"),
        (Login(kind=LoginKind.API_KEY, name="X-Key", value=KEY), b"X-Key: k e&y=1"),
        (Login(kind=LoginKind.API_KEY, name="key", place="cookie", value=KEY), b"Cookie: key=k e&y=1"),
        (Login(kind=LoginKind.API_KEY, name="api key", place="query", value=KEY), b"GET /me?api%20key=k%20e%26y%3D1 HTTP/1.1"),
        (
            Login(kind=LoginKind.BASIC, user="Aladdin", value=Secret(name="p", value="open sesame")),
            b"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (
            Login(kind=LoginKind.BASIC, user=Secret(name="u", value="test"), value=Secret(name="p", value="123\u00a3:")),
            b"Authorization: Basic dGVzdDoxMjPCozo=",
        ),
    ],
)
def test_a_fixed_credential_travels_where_it_should(login: Login, line: bytes | None) -> None:
    _, server = logged_in(login)
    assert len(server.requests) == 2
    mine, nobodys = server.lines(0), server.lines(1)
    assert nobodys[0] == b"GET /me HTTP/1.1"
    own = [one for one in mine if one not in nobodys and not one.startswith(b"traceparent")]
    assert own == ([line] if line else [])


TOKEN = b'{"data": {"token": "t-123456"}}'


@pytest.mark.parametrize("status", [b"200 OK", b"201 Created", b"302 Found", b"401 Odd"])
def test_a_json_login_succeeded_when_its_token_resolves_whatever_the_status(status: bytes) -> None:
    account, server = logged_in(JSON, steady(answer(TOKEN, status=status), answer()))
    assert server.lines(0)[0] == b"POST /login HTTP/1.1"
    assert server.value("content-type", 0) == "application/json"
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2]) == {"user": "alice", "password": "correct horse"}
    assert server.value("authorization", 0) is None
    assert server.value("authorization", 1) == "Bearer t-123456"
    assert server.value("authorization", 2) is None
    assert account.headers[0][1].name == "alice token"


def test_a_token_goes_into_the_header_that_the_login_names() -> None:
    login = Login(kind=LoginKind.JSON, request="POST /login", token="/data/token", name="X-Session", prefix="")
    _, server = logged_in(login, steady(answer(TOKEN), answer()))
    assert [server.value(name, 1) for name in ("x-session", "authorization")] == ["t-123456", None]


def test_cookies_of_a_login_stay_in_the_accounts_own_jar() -> None:
    cookies = [
        b"Set-Cookie: sid=first; Path=/; HttpOnly",
        b"Set-Cookie: sid=s-1; Secure",
        b"set-cookie: lang=de",
        b"Set-Cookie: old=x; Max-Age=0",
        b"Set-Cookie: older=x; max-age=-1",
        b"Set-Cookie: gone=",
        b"Set-Cookie: lonely",
        b"Set-Cookie: =nameless",
        b"Set-Cookie: twice=1",
        b"Set-Cookie: twice=; Path=/",
        b'Set-Cookie: pair="a=b"',
    ]
    account, server = logged_in(JSON, steady(answer(TOKEN, *cookies), answer(b"{}", b"Set-Cookie: later=1")))
    assert server.value("cookie", 1) == 'sid=s-1; lang=de; pair="a=b"'
    assert server.value("cookie", 2) is None
    assert [secret.name for _, secret in account.cookies] == ["alice cookie sid", "alice cookie lang", "alice cookie pair"]


def test_a_redactor_that_learns_the_account_hides_the_bare_token_too() -> None:
    account, _ = logged_in(JSON, steady(answer(TOKEN), answer()))
    redactor = Redactor((*account.learnt, *(secret for _, secret in account.headers)))
    assert "t-123456" not in redactor.text('Authorization: Bearer t-123456 and {"token": "t-123456"}')
    assert "t-123456" not in repr(account)


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (b"200 OK", b'{"status": "fail"}', "JSON pointer"),
        (b"200 OK", b'{"data": {"token": ""}}', "JSON pointer"),
        (b"200 OK", b'{"data": {"token": null}}', "JSON pointer"),
        (b"200 OK", b'{"data": {"token": 5}}', "JSON pointer"),
        (b"200 OK", b"<html>correct horse</html>", "JSON pointer"),
        (b"302 Found", b"", "redirects"),
        (b"400 Bad", b'{"wrong": "correct horse"}', "login.body"),
        (b"401 No", b'{"wrong": "correct horse"}', "user and password"),
        (b"403 No", b"{}", "user and password"),
        (b"404 No", b"{}", "login.request"),
        (b"405 No", b"{}", "login.request"),
        (b"429 Slow", b"{}", "safety.rate"),
        (b"500 Oops", b"correct horse", "log"),
    ],
)
def test_a_login_without_a_token_failed_and_says_what_to_look_at(status: bytes, body: bytes, advice: str) -> None:
    error = refused(JSON, steady(answer(body, status=status)))
    assert isinstance(error, ToolFailed)
    text = str(error)
    for part in ("role alice", "canary", "POST /login", status.split()[0].decode(), "/data/token", advice):
        assert part in text
    assert "horse" not in text
    assert "\n" not in text


@pytest.mark.parametrize(("script", "kind"), [(once(b""), "closed"), (once(b"garbage\r\n\r\n"), "protocol")])
def test_a_login_without_an_answer_is_unreachable(script: Script, kind: str) -> None:
    error = refused(JSON, script)
    assert isinstance(error, Unreachable)
    assert error.kind == kind
    for part in ("role alice", "canary", "POST /login", "check"):
        assert part in str(error)
    assert "horse" not in str(error)


def test_a_login_at_a_dead_port_is_unreachable() -> None:
    async def main() -> None:
        driver = driver_of(f"http://127.0.0.1:{free_port()}")
        with pytest.raises(Unreachable, match="role alice could not log in on the canary") as raised:
            await enrol(driver, Role(name="alice", login=JSON))
        assert raised.value.kind == "refused"
        await driver.close()

    asyncio.run(main())


def test_a_login_never_leaves_the_target() -> None:
    async def main() -> None:
        async with serving(steady(answer(TOKEN))) as other, serving(steady()) as server:
            login = Login(kind=LoginKind.JSON, request=f"POST {other.url}/login", token="/data/token")
            driver = driver_of(server.url)
            with pytest.raises(Unreachable, match=r"safety\.hosts"):
                await enrol(driver, Role(name="alice", login=login))
            await driver.close()
            assert (server.connections, other.connections) == (0, 0)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("login", "advice"),
    [
        (Login(kind=LoginKind.BEARER), "no value"),
        (Login(kind=LoginKind.API_KEY, name="k"), "no value"),
        (Login(kind=LoginKind.BASIC, user="alice"), "no value"),
        (Login(kind=LoginKind.BASIC, user="al:ice", value=PASSWORD), "colon"),
    ],
)
def test_an_incomplete_login_says_what_is_missing(login: Login, advice: str) -> None:
    error = refused(login, steady())
    assert isinstance(error, ToolFailed)
    for part in ("role alice", "canary", advice, "gate.toml"):
        assert part in str(error)
    assert "horse" not in str(error)


def test_two_roles_log_in_at_the_same_time_and_keep_their_own() -> None:
    async def script(wire: Wire) -> None:
        while True:
            request = await wire.request()
            body: dict[str, Any] = json.loads(request.partition(b"\r\n\r\n")[2] or b"{}")
            name = str(body.get("user", ""))
            await wire.write(answer(json.dumps({"t": f"token-{name}"}).encode(), f"Set-Cookie: sid={name}".encode()))

    async def main() -> None:
        async with serving(script) as server:
            driver = driver_of(server.url)
            roles = [
                Role(name=name, login=Login(kind=LoginKind.JSON, request="POST /login", body={"user": name}, token="/t"))
                for name in ("alice", "bob")
            ]
            for account in await asyncio.gather(*(enrol(driver, role) for role in roles)):
                driver.enrol(account)
            for role in roles:
                await driver.exchange(Scenario.of(ME.example(role=role.name)), {}, lane=0)
                assert server.value("authorization") == f"Bearer token-{role.name}"
                assert server.value("cookie") == f"sid={role.name}"
            await driver.close()

    asyncio.run(main())
