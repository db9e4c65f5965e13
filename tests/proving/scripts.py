"""What sides of a pair do wrong: scripts for the proxy, none of which knows what the gate does about it."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from proxy import Reply, Script, Turn, pass_on

SCHEMA: Final = "/openapi.json"
LOGIN: Final = "/login"
VERSION: Final = "/version"
_FOREVER: Final = 3600.0
_LOGIN_PAGE: Final = b"<!doctype html><html><form action=/login><input name=user><input name=password type=password></form></html>"
_BLOCK: Final = 1 << 16


def after(number: int, then: Script) -> Script:
    """Behave until so many requests came."""

    async def script(turn: Turn) -> None:
        await (then if turn.number > number else pass_on)(turn)

    return script


def at(path: str, then: Script) -> Script:
    """Misbehave on one path only."""

    async def script(turn: Turn) -> None:
        await (then if turn.path == path else pass_on)(turn)

    return script


def beyond(then: Script) -> Script:
    """Misbehave everywhere but at the schema and the login, so that a run gets past its beginning."""

    async def script(turn: Turn) -> None:
        await (pass_on if turn.path in {SCHEMA, LOGIN} else then)(turn)

    return script


def saying(status: int, body: bytes = b'{"error": "scripted"}', *, wait: bytes = b"") -> Script:
    """Answer with a status and a body of one's own, under the headers of the side; `wait` is its Retry-After."""

    async def script(turn: Turn) -> None:
        turn.proxy.fired = True
        reply = (await turn.ask()).turned(status, body)
        await turn.answer(reply.having(b"retry-after", wait) if wait else reply)

    return script


async def dying(turn: Turn) -> None:
    """Crash."""
    turn.proxy.fired = True
    turn.proxy.die()


async def hanging(turn: Turn) -> None:
    """Say nothing, for good."""
    turn.proxy.fired = True
    await asyncio.sleep(_FOREVER)


async def endless_body(turn: Turn) -> None:
    """Begin well, and never end."""
    turn.proxy.fired = True
    reply = (await turn.ask()).having(b"transfer-encoding", b"chunked")
    await turn.write(reply.wire(head_only=True).replace(b"content-length", b"x-length"))
    block = f"{_BLOCK:x}\r\n".encode() + b"a" * _BLOCK + b"\r\n"
    while True:
        await turn.write(block)


async def endless_headers(turn: Turn) -> None:
    """Never come to the body."""
    turn.proxy.fired = True
    await turn.write(b"HTTP/1.1 200 Scripted\r\n")
    line = b"x-more: " + b"a" * 1000 + b"\r\n"
    while True:
        await turn.write(line * 64)


async def dripping(turn: Turn) -> None:
    """Send a long body, letter by letter."""
    turn.proxy.fired = True
    reply = await turn.ask()
    await turn.write(Reply(headers=reply.headers, body=b"a" * 100_000).wire().removesuffix(b"a" * 100_000))
    while True:
        await turn.write(b"a")
        await asyncio.sleep(0.1)


def other_pods(url: str, *, every: int = 1) -> Script:
    """Let another deployment answer, always or every so many times."""

    async def script(turn: Turn) -> None:
        if turn.number % every:
            await pass_on(turn)
            return
        turn.proxy.fired = True
        # The other deployment has other users' tokens: it refuses what it does not know, as a real one does.
        await turn.answer(await turn.ask(url))

    return script


def other_pods_by_connection(url: str) -> Script:
    """Choose a deployment for each connection, as a balancer below HTTP does; by bad luck the side itself gets the run's errands only."""
    own: dict[int, bool] = {}

    async def script(turn: Turn) -> None:
        # Logins are the other's, so that its tokens count on both, as signed ones do.
        if own.setdefault(turn.connection, turn.path in {SCHEMA, VERSION}) and turn.path != LOGIN:
            await pass_on(turn)
            return
        turn.proxy.fired = True
        await turn.answer(await turn.ask(url))

    return script


def schema_only(url: str) -> Script:
    """Let only the schema come from the side itself; another deployment, behind a gateway that strips its build, answers the rest."""

    async def script(turn: Turn) -> None:
        if turn.path == SCHEMA:
            await pass_on(turn)
            return
        turn.proxy.fired = True
        await turn.answer((await turn.ask(url)).without(b"x-build"))

    return script


async def login_page(turn: Turn) -> None:
    """Show a login page with 200 in place of the 401 of some operations."""
    reply = await turn.ask()
    if reply.status == 401 and turn.path in {"/orders", "/admin/users"}:
        turn.proxy.fired = True
        reply = reply.turned(200, _LOGIN_PAGE).without(b"content-type").having(b"content-type", b"text/html")
    await turn.answer(reply)


def expiring(number: int) -> Script:
    """Forget at one moment every token that was seen so far; new logins work."""
    seen: set[bytes] = set()
    dead: set[bytes] = set()

    async def script(turn: Turn) -> None:
        token = turn.value(b"authorization")
        if turn.number <= number:
            seen.add(token)
        elif not dead:
            dead.update(seen - {b""})
        if token in dead:
            turn.proxy.fired = True
            await turn.answer((await turn.ask()).turned(401))
        else:
            await pass_on(turn)

    return script


def killing_sessions(method: str, path: str) -> Script:
    """Forget the token of whoever does one thing successfully, as services do whose tokens hold a name."""
    dead: set[bytes] = set()

    async def script(turn: Turn) -> None:
        token = turn.value(b"authorization")
        reply = await turn.ask()
        if token in dead:
            reply = reply.turned(401)
        elif turn.method == method and turn.path == path and reply.status < 300 and token:
            turn.proxy.fired = True
            dead.add(token)
        await turn.answer(reply)

    return script


async def cookie_beside_token(turn: Turn) -> None:
    """Set a cookie at login that alone is as good as the token."""
    cookies = dict(pair.strip().partition(b"=")[::2] for pair in turn.value(b"cookie").split(b";"))
    if b"sid" in cookies and not turn.value(b"authorization"):
        await turn.answer(await turn.ask(also=((b"authorization", b"Bearer " + cookies[b"sid"]),)))
        return
    reply = await turn.ask()
    if turn.path == LOGIN and b'"token"' in reply.body:
        turn.proxy.fired = True
        token = reply.body.partition(b'"token"')[2].split(b'"')[1]
        reply = reply.having(b"set-cookie", b"sid=" + token + b"; Path=/; HttpOnly")
    await turn.answer(reply)


async def closing_after_500(turn: Turn) -> None:
    """Break on every body that cannot be read, and hang up afterwards without a word."""
    reply = await turn.ask()
    if reply.status not in {400, 415, 422}:
        await turn.answer(reply)
        return
    turn.proxy.fired = True
    await turn.answer(reply.turned(500))
    turn.hang_up()


def random_answers(seed: int) -> Script:
    """Answer by chance: statuses, security headers, bodies."""
    draw = random.Random(seed)

    async def script(turn: Turn) -> None:
        turn.proxy.fired = True
        reply = await turn.ask()
        for name in (b"content-security-policy", b"x-frame-options", b"referrer-policy", b"x-content-type-options"):
            if draw.random() < 0.5:
                reply = reply.without(name)
        if draw.random() < 0.5:
            reply = reply.turned(draw.choice((200, 403, 404, 500)))
        await turn.answer(reply)

    return script


async def nameless(turn: Turn) -> None:
    """Tell nobody which build answers."""
    turn.proxy.fired = True
    if turn.path in {"/version", "/health"}:
        await turn.answer((await turn.ask()).turned(404).without(b"x-build"))
        return
    await turn.answer((await turn.ask()).without(b"x-build"))
