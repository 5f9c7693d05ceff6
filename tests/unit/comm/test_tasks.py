"""No background task outlives its owner, and none fails unheard."""

import asyncio
import logging

import pytest

from gossip.comm.tasks import Tasks
from tests.support.peers import other_tasks
from tests.support.virtual_time import run_virtual


def test_closing_cancels_what_is_left_and_waits_for_its_end() -> None:
    async def main() -> None:
        tasks, released = Tasks(), list[str]()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(5)
                released.append("slowly")

        tasks.start(work(), "work")
        await asyncio.sleep(1)
        assert len(tasks) == 1
        await tasks.close()
        assert (released, len(tasks), other_tasks()) == (["slowly"], 0, [])
        assert asyncio.get_running_loop().time() == 6
        await tasks.close()

    run_virtual(main())


def test_a_task_that_has_not_begun_still_cleans_up() -> None:
    async def main() -> None:
        tasks, released = Tasks(), list[str]()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                released.append("at once")

        tasks.start(work(), "work")
        await tasks.close()
        assert released == ["at once"]

    run_virtual(main())


def test_cancelling_the_close_cancels_the_tasks_all_the_same() -> None:
    async def main() -> None:
        tasks = Tasks()
        work = tasks.start(asyncio.sleep(100), "work")
        closing = asyncio.create_task(tasks.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([work, closing])
        assert work.cancelled()

    run_virtual(main())


def test_a_failure_is_logged_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def fail() -> None:
            raise ValueError("broken")

        tasks = Tasks()
        task = tasks.start(fail(), "reader of bob")
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert len(tasks) == 0

    with caplog.at_level(logging.ERROR, "gossip.comm"):
        run_virtual(main())
    assert [record.getMessage() for record in caplog.records] == ["reader of bob failed"]
    assert "ValueError: broken" in caplog.text


def test_a_task_that_closes_its_own_owner_is_not_cancelled() -> None:
    async def main() -> None:
        tasks = Tasks()
        done = asyncio.Event()

        async def close_all() -> None:
            await tasks.close()
            done.set()

        tasks.start(close_all(), "closer")
        tasks.start(asyncio.sleep(100), "other")
        await done.wait()
        assert asyncio.get_running_loop().time() == 0

    run_virtual(main())
