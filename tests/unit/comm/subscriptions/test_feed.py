"""A bounded queue with one reader, which ends."""

import asyncio
import logging
import weakref

import pytest

from gossip.comm.subscriptions.feed import Feed
from gossip.comm.subscriptions.stall_watch import STALL_S
from gossip.errors import OutOfOrderError
from tests.support.virtual_time import run_virtual


async def drain(feed: Feed[int]) -> list[int]:
    return [event async for event in feed]


def test_events_come_in_order_and_then_the_end() -> None:
    async def main() -> None:
        feed = Feed[int](3)
        assert [feed.offer_nowait(number) for number in (1, 2, 3, 4)] == [True, True, True, False]
        feed.end()
        assert await drain(feed) == [1, 2, 3]
        assert await drain(feed) == []

    run_virtual(main())


def test_a_reader_that_waits_is_woken_by_an_event_and_by_the_end() -> None:
    async def main() -> None:
        feed = Feed[int](3)
        reading = asyncio.create_task(drain(feed))
        await asyncio.sleep(1)
        feed.offer_nowait(1)
        await asyncio.sleep(1)
        assert len(feed) == 0
        feed.end()
        assert await reading == [1]

    run_virtual(main())


def test_who_offers_to_a_full_feed_waits_for_room_in_turn() -> None:
    async def main() -> None:
        feed = Feed[int](1)
        offering = [asyncio.create_task(feed.offer(number)) for number in range(4)]
        await asyncio.sleep(1)
        assert [task.done() for task in offering] == [True, False, False, False]
        assert [await anext(feed) for _ in range(4)] == [0, 1, 2, 3]

    run_virtual(main())


def test_room_is_given_to_the_first_who_waits_and_is_not_cancelled() -> None:
    async def main() -> None:
        feed = Feed[int](1)
        feed.offer_nowait(0)
        offering = [asyncio.create_task(feed.offer(number)) for number in (1, 2, 3)]
        await asyncio.sleep(1)
        offering[0].cancel()
        assert await anext(feed) == 0
        await asyncio.sleep(1)
        assert [task.done() for task in offering] == [True, True, False]
        assert [await anext(feed), await anext(feed)] == [2, 3]
        await offering[2]

    run_virtual(main())


def test_nobody_is_quicker_than_those_who_wait() -> None:
    async def main() -> None:
        feed = Feed[int](2)
        assert [feed.offer_nowait(number) for number in (1, 2)] == [True, True]
        waiting = asyncio.create_task(feed.offer(3))
        await asyncio.sleep(0)
        assert await anext(feed) == 1
        assert not feed.offer_nowait(4), "the room went to 3"
        feed.drop_oldest()
        assert feed.offer_nowait(5)
        assert [await anext(feed), await anext(feed)] == [3, 5]
        await waiting

    run_virtual(main())


def test_many_who_wait_get_in_with_one_that_was_long() -> None:
    async def main() -> None:
        feed = Feed[int](100, limit_bytes=10)
        feed.offer_nowait(1, 50)
        waiting = [asyncio.create_task(feed.offer(number, 4)) for number in (2, 3, 4, 5)]
        await asyncio.sleep(0)
        assert await anext(feed) == 1
        await asyncio.sleep(0)
        assert [task.done() for task in waiting] == [True, True, True, False]
        assert [await anext(feed) for _ in waiting] == [2, 3, 4, 5]

    run_virtual(main())


def test_bytes_fill_it_too_but_one_event_always_fits() -> None:
    async def main() -> None:
        feed = Feed[int](100, limit_bytes=10)
        assert feed.offer_nowait(1, 50)
        assert not feed.offer_nowait(2, 1)
        assert await anext(feed) == 1
        assert feed.offer_nowait(2, 9)
        assert feed.offer_nowait(3, 9)
        assert not feed.offer_nowait(4, 0)

    run_virtual(main())


def test_it_has_room_exactly_where_the_next_event_is_taken() -> None:
    """What is taken in passing asks first, and is lost where the answer is wrong."""

    async def main() -> None:
        for held_bytes, has_room in ((9, True), (10, False), (11, False)):
            feed = Feed[int](100, limit_bytes=10)
            assert feed.offer_nowait(1, held_bytes)
            assert feed.has_room is has_room
            assert feed.offer_nowait(2, 1) is has_room

    run_virtual(main())


def test_who_waits_is_not_let_in_where_the_bytes_are_just_enough_to_fill_it() -> None:
    async def main() -> None:
        feed = Feed[int](100, limit_bytes=10)
        for number, size_bytes in ((1, 5), (2, 10)):
            assert feed.offer_nowait(number, size_bytes)
        waiting = asyncio.create_task(feed.offer(3, 1))
        await asyncio.sleep(0)
        assert await anext(feed) == 1
        await asyncio.sleep(1)
        assert (waiting.done(), len(feed)) == (False, 1)
        feed.close()
        await waiting

    run_virtual(main())


def test_all_who_wait_are_let_in_where_there_is_room_for_all() -> None:
    async def main() -> None:
        feed = Feed[int](100, limit_bytes=10)
        feed.offer_nowait(1, 10)
        waiting = [asyncio.create_task(feed.offer(number, 1)) for number in (2, 3)]
        await asyncio.sleep(0)
        assert await anext(feed) == 1
        await asyncio.gather(*waiting)
        assert len(feed) == 2

    run_virtual(main())


def test_cancelling_an_offer_adds_nothing() -> None:
    async def main() -> None:
        feed = Feed[int](1)
        feed.offer_nowait(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await feed.offer(2)
        feed.end()
        assert await drain(feed) == [1]

    run_virtual(main())


def test_cancelling_a_reader_loses_nothing() -> None:
    async def main() -> None:
        feed = Feed[int](1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(feed)
        feed.offer_nowait(1)
        assert await anext(feed) == 1

    run_virtual(main())


def test_a_second_reader_is_told_so() -> None:
    async def main() -> None:
        feed = Feed[int](1)
        first = asyncio.create_task(drain(feed))
        await asyncio.sleep(0)
        with pytest.raises(OutOfOrderError, match="another task"):
            await anext(feed)
        feed.end()
        await first

    run_virtual(main())


def test_closing_drops_what_was_not_read_and_frees_who_waits() -> None:
    async def main() -> None:
        closed: list[Feed[int]] = []
        feed = Feed[int](1, on_close=closed.append)
        feed.offer_nowait(1)
        offering = asyncio.create_task(feed.offer(2))
        await asyncio.sleep(0)
        with feed:
            pass
        feed.close()
        await offering
        assert await drain(feed) == []
        assert feed.offer_nowait(3)
        assert len(feed) == 0
        assert closed == [feed]

    run_virtual(main())


def test_the_oldest_makes_room() -> None:
    async def main() -> None:
        feed = Feed[int](2, limit_bytes=10)
        feed.offer_nowait(1, 6)
        feed.offer_nowait(2, 6)
        feed.drop_oldest()
        assert feed.offer_nowait(3, 1)
        feed.end()
        assert await drain(feed) == [2, 3]

    run_virtual(main())


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_full_feed_that_nobody_reads_is_said_once_for_each_time(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        feed = Feed[int](1, name="the subscription with everything")
        offers = [asyncio.create_task(feed.offer(number)) for number in (1, 2, 3)]
        await asyncio.sleep(STALL_S - 0.1)
        assert said(caplog) == []
        await asyncio.sleep(3 * STALL_S)
        text = (
            "Nobody has read the subscription with everything for 10 s: 1 messages wait in it, "
            "and 2 peers are held up until it is read or closed"
        )
        offers.append(asyncio.create_task(feed.offer(4)))
        await asyncio.sleep(3 * STALL_S)
        assert said(caplog) == [text], "nothing was read since"
        assert await anext(feed) == 1
        offers.append(asyncio.create_task(feed.offer(5)))
        await asyncio.sleep(3 * STALL_S)
        assert said(caplog) == [text, text.replace("2 peers", "3 peers")]
        feed.close()
        await asyncio.gather(*offers)

    run_virtual(main())


def test_a_feed_that_is_read_slowly_or_closed_is_not_said_to_be_unread(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        feed = Feed[int](1)
        offers = [asyncio.create_task(feed.offer(number)) for number in range(10)]
        for number in range(5):
            await asyncio.sleep(STALL_S * 0.9)
            assert await anext(feed) == number
        feed.close()
        await asyncio.gather(*offers)
        await asyncio.sleep(3 * STALL_S)
        assert said(caplog) == []

    run_virtual(main())


def test_a_feed_that_holds_nobody_up_any_more_is_not_said_to_be_unread(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        feed = Feed[int](1)
        feed.offer_nowait(1)
        waiting = asyncio.create_task(feed.offer(2))
        await asyncio.sleep(0)
        assert await anext(feed) == 1
        await waiting
        await asyncio.sleep(3 * STALL_S)
        assert said(caplog) == []

    run_virtual(main())


def test_nothing_is_kept_of_what_was_taken_while_others_wait() -> None:
    class Event:
        """Something that may be long."""

    async def main() -> None:
        feed = Feed[Event](1)
        first = Event()
        kept = weakref.ref(first)
        feed.offer_nowait(first)
        waiting = asyncio.create_task(feed.offer(Event()))
        await asyncio.sleep(0)
        del first
        await anext(feed)
        assert kept() is None
        await waiting
        feed.close()

    run_virtual(main())


def test_a_closed_feed_is_not_kept_until_somebody_would_look_at_it() -> None:
    async def main() -> None:
        feed = Feed[int](1)
        feed.offer_nowait(1)
        waiting = asyncio.create_task(feed.offer(2))
        await asyncio.sleep(0)
        feed.close()
        await waiting
        kept = weakref.ref(feed)
        del feed, waiting
        assert kept() is None

    run_virtual(main())
