"""Answers in one go: head and body in one write, and begun in the turn of the event loop in which the request was read.

Not one byte changes. A second write would cost the server a system call, and its caller a turn of the loop; a task for what never waits
would cost two turns here. An application that does wait goes on in a task, as all do otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

INTERIM: Final = b"HTTP/1.1 100 "
"""What callers wait for before they send a body: it goes out at once."""


class OneWrite(HttpToolsProtocol):
    """One connection of a caller, whose answers are written whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class above has it
        """Take the connection."""
        self._gathering = Gathering(transport)
        self._begun: deque[Coroutine[Any, Any, None]] | None = None
        super().connection_made(cast("asyncio.Transport", self._gathering))

    def data_received(self, data: bytes) -> None:
        """Read what came, and answer the requests that began with it."""
        self._begun = deque()
        super().data_received(data)
        while self._begun:
            self._answer(self._begun.popleft())
        self._begun = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Begin to answer: at the end of this turn, or in a task where it is another request's end that begins it."""
        if self._begun is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._begun.append(cycle.run_asgi(app))

    def _answer(self, answering: Coroutine[Any, Any, None]) -> None:
        context = copy_context()
        try:
            waits = context.run(answering.send, None)
        except StopIteration:
            return
        task = self.loop.create_task(_carried_on(answering, waits), context=context)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        """Let out what is held back of an answer that has ended."""
        self._gathering.pass_on()
        super().on_response_complete()


async def _carried_on(answering: Coroutine[Any, Any, None], waits: object) -> None:
    """Do the rest of what was begun, and now waits for something."""
    await _Rest(answering, waits)


class _Rest:
    """The rest of a coroutine whose beginning has run."""

    __slots__ = ("_answering", "_waits")

    def __init__(self, answering: Coroutine[Any, Any, None], waits: object) -> None:
        """Take the coroutine, and what it waits for."""
        self._answering = answering
        self._waits = waits

    def __await__(self) -> Generator[object, None, None]:
        """Hand on what it waits for, again and again, until it ends."""
        waits = self._waits
        while True:
            failed: BaseException | None = None
            try:
                yield waits
            except BaseException as error:  # cancelled, or what it waited for failed
                failed = error
            try:
                waits = self._answering.send(None) if failed is None else self._answering.throw(failed)
            except StopIteration:
                return


class Gathering:
    """A transport that holds back an answer's head until its body comes, or its end."""

    __slots__ = ("_begun", "_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        """Stand in for a transport."""
        self._transport = transport
        self._held = b""
        self._begun = False

    def __getattr__(self, name: str) -> Any:
        """Be the transport in everything else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Hold back an answer's first bytes; write the next ones behind them, and all further ones at once."""
        if not self._begun and not data.startswith(INTERIM):
            self._begun, self._held = True, data
        elif self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection behind what was written."""
        self.pass_on()
        self._transport.close()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection on (an upgrade) behind what was written."""
        self.pass_on()
        self._transport.set_protocol(protocol)

    def pass_on(self) -> None:
        """Write what is held back: the answer has ended."""
        self._begun = False
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)
