"""The loop that other tests trust with their time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.virtual_time import DeadlockError, VirtualClock, VirtualTimeLoop, run_virtual


def test_sleep_moves_time_by_exactly_that_much() -> None:
    async def main() -> float:
        await asyncio.sleep(86_400 * 400)
        return asyncio.get_running_loop().time()

    really_started_at_s = time.monotonic()
    assert run_virtual(main()) == 86_400 * 400
    assert time.monotonic() - really_started_at_s < 86_400


def test_timers_fire_in_order_at_their_moment() -> None:
    async def main() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        fired: list[tuple[str, float]] = []

        def fire(name: str) -> None:
            fired.append((name, loop.time()))

        for name, delay_s in (("late", 3.5), ("early", 0.25), ("middle", 2.0)):
            loop.call_later(delay_s, fire, name)
        await asyncio.sleep(10)
        return fired

    assert run_virtual(main()) == [("early", 0.25), ("middle", 2.0), ("late", 3.5)]


def test_time_stands_still_while_tasks_are_ready() -> None:
    async def main() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0


def test_timeout_expires_in_virtual_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 3600


def test_cancelled_timer_does_not_move_time() -> None:
    async def main() -> float:
        asyncio.get_running_loop().call_later(5, print).cancel()
        await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 1


def test_deadlock_is_raised_and_names_who_waits() -> None:
    async def main() -> None:
        asyncio.current_task().set_name("the waiting one")  # type: ignore[union-attr]  # a coroutine runs in a task
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match=r"the waiting one in <coroutine object .*main"):
        run_virtual(main())


def test_a_callback_that_fails_fails_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_soon(int, "no number")

    with pytest.raises(AssertionError, match="invalid literal"):
        run_virtual(main())


def test_thread_that_calls_back_is_no_deadlock_once_it_has_called() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        loop.call_soon_threadsafe(done.set_result, "called")
        result: str = await done
        return result

    assert run_virtual(main()) == "called"


def test_clock_moves_with_the_loop_and_jumps_alone() -> None:
    start = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)

    async def main() -> None:
        clock, other = VirtualClock(), VirtualClock()
        assert clock.now() == start
        await clock.sleep(90.5)
        assert clock.now() == start + timedelta(seconds=90.5)
        clock.jump(timedelta(days=-2))
        assert clock.now() == start + timedelta(seconds=90.5, days=-2)
        assert other.now() == start + timedelta(seconds=90.5)
        assert asyncio.get_running_loop().time() == 90.5

    run_virtual(main(), start=start)


def test_clock_refuses_a_loop_in_real_time() -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="needs a VirtualTimeLoop"):
            VirtualClock()

    asyncio.run(main())


def test_run_for_runs_what_becomes_due() -> None:
    loop = VirtualTimeLoop()
    fired: list[float] = []
    loop.call_later(5, lambda: fired.append(loop.time()))
    loop.run_for(4)
    assert fired == []
    loop.run_for(1)
    assert fired == [5]
    assert loop.time() == 5
    loop.close()
