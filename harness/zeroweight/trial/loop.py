"""The one event loop of a process, in a background thread: suites never see asyncio."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")

_LOOK_UP: Final = 1.0
"""Seconds: the longest wait between two looks for an interrupt."""


class Loop:
    """Runs coroutines for callers who wait; an interrupt of the caller cancels what it waited for."""

    def __init__(self, kind: str = "asyncio") -> None:
        """Start the thread; made after a fork, never before one. `kind` is `asyncio` or, where it is installed, `uvloop`."""
        self._loop = _made(kind)
        self._thread = threading.Thread(target=self._loop.run_forever, name="zeroweight-loop", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end and return the result; whatever it raised is raised here."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return _waited(future)
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel what still runs, stop the thread and close the loop."""

        async def _end() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._loop.shutdown_asyncgens()

        asyncio.run_coroutine_threadsafe(_end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


def _waited(future: Future[T]) -> T:
    """Return the result when it is there; looks up now and then: a signal that comes just before a wait for a lock is not seen in it."""
    while True:
        try:
            return future.result(_LOOK_UP)
        except TimeoutError:
            if future.done():
                return future.result()


def _made(kind: str) -> asyncio.AbstractEventLoop:
    """Return a new event loop of a kind."""
    if kind != "uvloop":
        loop = asyncio.new_event_loop()
        # What hangs in the system's lookup holds up neither other work nor the end of the process: asyncio's own threads are waited for.
        loop.getaddrinfo = _looked_up  # type: ignore[method-assign]
        return loop
    import uvloop  # noqa: PLC0415  # an extra: only who asks for it needs it

    return uvloop.new_event_loop()


async def _looked_up(*asked: Any, **more: Any) -> Any:
    """Look up a name as the socket module does, in a thread of its own, which nobody waits for at the end."""
    found: Future[Any] = Future()

    def look_up() -> None:
        if not found.set_running_or_notify_cancel():
            return
        try:
            found.set_result(socket.getaddrinfo(*asked, **more))
        except BaseException as error:  # raised to whoever asked
            found.set_exception(error)

    threading.Thread(target=look_up, name="zeroweight-lookup", daemon=True).start()
    return await asyncio.wrap_future(found)
