"""A flag is an event."""

import asyncio

import pytest

from gossip.flag import Flag
from tests.support.virtual_time import run_virtual


def test_setting_wakes_everybody_and_whoever_comes_later_does_not_wait() -> None:
    async def main() -> None:
        flag, woken = Flag(), list[int]()

        async def wait(number: int) -> None:
            await flag.wait()
            woken.append(number)

        tasks = [asyncio.create_task(wait(number)) for number in range(3)]
        await asyncio.sleep(0)
        assert (flag.is_set(), woken) == (False, [])
        flag.set()
        await asyncio.gather(*tasks)
        await wait(3)
        assert (flag.is_set(), woken) == (True, [0, 1, 2, 3])

    run_virtual(main())


def test_who_waited_is_woken_though_it_was_cleared_again() -> None:
    async def main() -> None:
        flag = Flag()
        waiting = asyncio.create_task(flag.wait())
        await asyncio.sleep(0)
        flag.set()
        flag.clear()
        await asyncio.wait_for(waiting, 1)
        assert not flag.is_set()

    run_virtual(main())


def test_one_who_gives_up_when_it_was_woken_already_takes_nobody_with_it() -> None:
    async def main() -> None:
        flag = Flag()
        hasty = asyncio.create_task(flag.wait())
        await asyncio.sleep(0)
        patient = asyncio.create_task(flag.wait())
        flag.set()
        flag.clear()
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        flag.set()
        await asyncio.wait_for(patient, 1)

    run_virtual(main())


def test_nothing_is_kept_of_one_who_gave_up() -> None:
    async def main() -> None:
        flag = Flag()
        patient, hasty = asyncio.create_task(flag.wait()), asyncio.create_task(flag.wait())
        await asyncio.sleep(0)
        hasty.cancel()
        await asyncio.wait([hasty])
        assert hasty.cancelled()
        assert len(flag._waiting or ()) == 1
        flag.set()
        await patient
        assert flag._waiting is None

    run_virtual(main())
