"""One loop in a thread of its own: whoever waits gets the result, the error or the interrupt."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading

import pytest
from loops import LOOPS, installed

from zeroweight.trial.loop import Loop


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_is_of_the_kind_that_is_asked_for(kind: str) -> None:
    async def room() -> str:
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    loop = Loop(installed(kind))
    assert loop.run(room()) == kind
    loop.close()


def test_a_caller_gets_the_result_of_what_runs_in_another_thread() -> None:
    async def where(number: int) -> tuple[int, str]:
        await asyncio.sleep(0)
        return number, threading.current_thread().name

    loop = Loop()
    assert loop.run(where(7)) == (7, "zeroweight-loop")
    loop.close()


def test_whatever_a_coroutine_raises_is_raised_to_its_caller() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("gone")

    async def times_out() -> None:
        raise TimeoutError("its own")

    loop = Loop()
    with pytest.raises(LookupError, match="gone"):
        loop.run(fails())
    assert loop.run(asyncio.sleep(0, "still there")) == "still there"
    with pytest.raises(TimeoutError, match="its own"):
        loop.run(times_out())
    loop.close()


def test_an_interrupt_of_the_caller_cancels_what_it_waited_for() -> None:
    began, ended = threading.Event(), threading.Event()

    async def waits() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    loop = Loop()

    main = threading.main_thread().ident or 0

    def interrupt() -> None:
        began.wait(30)
        while sys._current_frames()[main].f_code.co_name != "wait":  # until the caller waits for the result, and nowhere else
            pass
        signal.pthread_kill(main, signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    with pytest.raises(KeyboardInterrupt):
        loop.run(waits())
    other.join()
    assert ended.wait(30)
    loop.close()


def test_closing_cancels_what_still_runs_and_ends_the_thread() -> None:
    seen: list[str] = []
    began = threading.Event()

    async def stays() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def start() -> asyncio.Task[None]:
        return asyncio.create_task(stays())

    others = set(threading.enumerate())
    loop = Loop()
    task = loop.run(start())
    began.wait(30)
    loop.close()
    assert seen == ["cancelled"]
    assert task.cancelled()
    assert not any(thread.name == "zeroweight-loop" for thread in set(threading.enumerate()) - others)


HANGS = """
import asyncio, socket, threading
from zeroweight.trial.loop import Loop

begun = threading.Event()
def hangs(*_, **__):
    begun.set()
    threading.Event().wait()
socket.getaddrinfo = hangs

async def looks_up():
    async with asyncio.timeout(30) as timer:
        asyncio.get_running_loop().run_in_executor(None, begun.wait).add_done_callback(lambda _: timer.reschedule(0))
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "shop.example", 80)

loop = Loop()
try:
    loop.run(looks_up())
except TimeoutError:
    print("given up")
loop.close()
"""


def test_a_lookup_that_hangs_holds_up_neither_the_loop_nor_the_end_of_the_process() -> None:
    said = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "given up\n"


def test_lookups_tell_what_the_system_does() -> None:
    async def looks_up(name: str) -> set[str]:
        found = await asyncio.get_running_loop().getaddrinfo(name, 80, type=socket.SOCK_STREAM)
        return {str(address[0]) for *_, address in found}

    loop = Loop()
    assert loop.run(looks_up("localhost")) & {"127.0.0.1", "::1"}
    with pytest.raises(socket.gaierror):
        loop.run(looks_up("no-such-host.invalid"))
    loop.close()


def test_two_loops_do_not_share_anything() -> None:
    async def own() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    one, two = Loop(), Loop()
    assert one.run(own()) is not two.run(own())
    one.close()
    assert two.run(asyncio.sleep(0, 7)) == 7
    two.close()
