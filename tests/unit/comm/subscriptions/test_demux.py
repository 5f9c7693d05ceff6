"""Every subscriber gets what it wants. Fabric's four tests of its demultiplexer, and ours."""

import asyncio
import logging

import pytest

from gossip.api.comm import ReceivedMessage
from gossip.comm.connections.received import Received
from gossip.comm.subscriptions.demux import Demux
from gossip.comm.subscriptions.feed import Feed
from tests.support.connections import quiet_connection
from tests.support.peers import data_message, everything
from tests.support.virtual_time import run_virtual


def message(nonce: int) -> ReceivedMessage:
    return Received(data_message(nonce=nonce), quiet_connection(), lambda _: None)


def nonce_of(received: ReceivedMessage) -> int:
    return received.get_gossip_message().nonce


def is_even(received: ReceivedMessage) -> bool:
    return nonce_of(received) % 2 == 0


def is_odd(received: ReceivedMessage) -> bool:
    return not is_even(received)


async def dispatch(demux: Demux, received: ReceivedMessage, size_bytes: int) -> None:
    for feed in demux.dispatch_nowait(received, size_bytes):
        await feed.offer(received, size_bytes)


async def drain(feed: Feed[ReceivedMessage]) -> list[int]:
    return [nonce_of(received) async for received in feed]


def test_even_odd_channels() -> None:
    """Mirrors: TestChannelDeMultiplexer_EvenOddChannels."""

    async def main() -> None:
        demux = Demux(10, 0)
        evens, odds = demux.subscribe(is_even), demux.subscribe(is_odd)
        nothing = demux.subscribe(lambda _: False)
        for nonce in range(20):
            await dispatch(demux, message(nonce), 1)
        assert (len(evens), len(odds), len(nothing)) == (10, 10, 0)
        demux.end()
        demux.end()
        assert await drain(evens) == list(range(0, 20, 2))
        assert await drain(odds) == list(range(1, 20, 2))
        assert await drain(nothing) == []

    run_virtual(main())


def test_operations_after_close() -> None:
    """Mirrors: TestChannelDeMultiplexer_OperationsAfterClose."""

    async def main() -> None:
        demux = Demux(10, 0)
        demux.end()

        def refuse_to_be_asked(_: ReceivedMessage) -> bool:
            raise AssertionError

        feed = demux.subscribe(refuse_to_be_asked)
        await dispatch(demux, message(1), 1)
        assert await drain(feed) == []
        assert len(demux) == 0

    run_virtual(main())


def test_should_close_with_full_channel() -> None:
    """Mirrors: TestChannelDeMultiplexer_ShouldCloseWithFullChannel."""

    async def main() -> None:
        demux = Demux(10, 0)
        feed = demux.subscribe(everything)
        for nonce in range(10):
            await dispatch(demux, message(nonce), 1)
        waiting = asyncio.create_task(dispatch(demux, message(10), 1))
        await asyncio.sleep(1)
        assert not waiting.done()
        demux.end()
        await waiting
        assert await drain(feed) == list(range(10))

    run_virtual(main())


def test_interleave_operations() -> None:
    """Mirrors: TestChannelDeMultiplexer_InterleaveOperations."""

    async def main() -> None:
        demux = Demux(10, 0)
        feeds: list[Feed[ReceivedMessage]] = []
        for nonce in range(6):
            feeds.append(demux.subscribe(everything))
            await dispatch(demux, message(nonce), 1)
            if nonce % 2:
                demux.end()
        assert [await drain(feed) for feed in feeds] == [[0, 1], [1], [], [], [], []]

    run_virtual(main())


def test_after_the_end_no_acceptor_is_asked() -> None:
    async def main() -> None:
        asked: list[ReceivedMessage] = []

        def note(received: ReceivedMessage) -> bool:
            asked.append(received)
            return True

        demux = Demux(10, 0)
        demux.subscribe(note)
        demux.end()
        await dispatch(demux, message(1), 1)
        assert (asked, len(demux)) == ([], 0)

    run_virtual(main())


def test_a_full_subscriber_holds_up_who_dispatches_until_it_is_closed() -> None:
    async def main() -> None:
        demux = Demux(1, 0)
        slow, quick = demux.subscribe(everything), demux.subscribe(everything)
        await dispatch(demux, message(0), 1)
        assert nonce_of(await anext(quick)) == 0
        waiting = asyncio.create_task(dispatch(demux, message(1), 1))
        await asyncio.sleep(1)
        assert nonce_of(await anext(quick)) == 1, "one that has room does not wait for one that has none"
        assert not waiting.done()
        slow.close()
        await waiting
        assert len(demux) == 1

    run_virtual(main())


def test_that_an_acceptor_s_future_was_cancelled_cancels_nobody() -> None:
    def ask(_message: ReceivedMessage) -> bool:
        raise asyncio.CancelledError

    async def main() -> None:
        demux = Demux(10, 0)
        broken, sound = demux.subscribe(ask), demux.subscribe(everything)
        await dispatch(demux, message(7), 1)
        assert (len(broken), len(sound)) == (0, 1)

    run_virtual(main())


def test_an_acceptor_that_fails_gets_nothing_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        demux = Demux(10, 0)
        broken, sound = demux.subscribe(lambda _: 1 // 0 == 0), demux.subscribe(everything)
        with caplog.at_level(logging.ERROR, "gossip.comm"):
            await dispatch(demux, message(7), 1)
        assert (len(broken), len(sound)) == (0, 1)
        assert "A subscriber's acceptor failed on <Received DATA_MSG" in caplog.text
        assert "ZeroDivisionError" in caplog.text

        caplog.clear()
        with caplog.at_level(logging.ERROR, "gossip.comm"):
            for _ in range(100):
                await dispatch(demux, message(7), 1) if len(sound) < 9 else demux.dispatch_nowait(message(7), 1)
        assert caplog.text == "", "once in a while, however many messages a peer sends"

    run_virtual(main())
