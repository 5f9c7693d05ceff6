"""Who may send what is to be answered, and who waits."""

import asyncio

import pytest

from gossip.comm.connections.quota import Quota
from tests.support.peers import settle
from tests.support.virtual_time import run_virtual


def test_who_waits_gets_what_is_given_back_in_turn_and_nobody_overtakes() -> None:
    async def main() -> None:
        quota, order = Quota(1), list[int]()

        async def take(number: int) -> None:
            await quota.take()
            order.append(number)

        assert quota.take_nowait()
        assert not quota.take_nowait()
        waiting = [asyncio.create_task(take(number)) for number in range(3)]
        await settle()
        assert order == []
        for taken in ([0], [0, 1], [0, 1, 2]):
            quota.give_back()
            assert not quota.take_nowait(), "it is the next one's"
            await settle()
            assert order == taken
        quota.give_back()
        assert quota.take_nowait()
        await asyncio.gather(*waiting)

    run_virtual(main())


@pytest.mark.parametrize("is_given_first", [False, True])
def test_who_is_cancelled_takes_none(is_given_first: bool) -> None:
    async def main() -> None:
        quota = Quota(1)
        assert quota.take_nowait()
        first, second = (asyncio.create_task(quota.take()) for _ in range(2))
        await settle()
        if is_given_first:
            quota.give_back()
            first.cancel()
        else:
            first.cancel()
            quota.give_back()
        await asyncio.wait([first, second])
        assert first.cancelled()
        assert not second.cancelled()
        assert not quota.take_nowait()
        quota.give_back()
        assert quota.take_nowait()

    run_virtual(main())


def test_at_the_end_nobody_waits_any_more() -> None:
    async def main() -> None:
        quota = Quota(1)
        assert quota.take_nowait()
        waiting = [asyncio.create_task(quota.take()) for _ in range(2)]
        await settle()
        quota.end()
        await asyncio.gather(*waiting, quota.take())
        assert quota.take_nowait()

    run_virtual(main())
