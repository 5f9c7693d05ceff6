"""What is bound to an event loop is used where that one runs."""

import asyncio
import threading

import pytest

from gossip.comm.own_loop import OwnLoop
from gossip.errors import OutOfOrderError


def test_a_loop_that_runs_in_another_thread_by_now_is_not_here() -> None:
    loop = asyncio.new_event_loop()

    async def make() -> OwnLoop:
        return OwnLoop()

    async def check() -> None:
        own_loop.check()

    own_loop = loop.run_until_complete(make())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        with pytest.raises(OutOfOrderError, match="outside the event loop"):
            own_loop.check()
        with pytest.raises(OutOfOrderError, match="outside the event loop"):
            asyncio.run(check())
        asyncio.run_coroutine_threadsafe(check(), loop).result(timeout=10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_it_is_made_where_a_loop_runs() -> None:
    with pytest.raises(OutOfOrderError, match="no event loop is running"):
        OwnLoop()
