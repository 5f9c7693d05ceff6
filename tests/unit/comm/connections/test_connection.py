"""One connection: its outbox, its writer, its reader, its end."""

import asyncio
import logging
import sys
import weakref
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from gossip.comm.connections.connection import LAST_WORD_S, Connection
from gossip.errors import (
    ClosedError,
    FrameTooLargeError,
    HandshakeError,
    MalformedMessageError,
    QueueFullError,
    RefusedByPeerError,
    StreamBrokenError,
)
from gossip.metrics import NoMetrics
from tests.support.connections import (
    QuietChannel,
    QuietStream,
    Receiving,
    StreamPair,
    connection_over,
    info_of,
    quiet_connection,
    stream_pair,
)
from tests.support.peers import other_tasks, settle
from tests.support.recorders import RecordingMetrics
from tests.support.transports import receive_count
from tests.support.virtual_time import run_virtual


class Inbox:
    """Takes what connections deliver."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def deliver(self, connection: Connection, frames: Sequence[bytes]) -> None:
        self.frames += frames


async def run_to_end(connection: Connection, inbox: Inbox, early: Sequence[bytes] = ()) -> None:
    try:
        await connection.run(Receiving(inbox.deliver), list(early))
    finally:
        await connection.release()


def start(connection: Connection, inbox: Inbox) -> asyncio.Task[None]:
    return asyncio.create_task(run_to_end(connection, inbox), name="runner")


def test_both_directions_in_order_the_early_ones_first() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            inbox, metrics = Inbox(), RecordingMetrics()
            connection = connection_over(pair, metrics=metrics)
            running = asyncio.create_task(run_to_end(connection, inbox, [b"early"]))
            await pair.served.send([b"later", b"last"])
            for frame in (b"1", b"2"):
                connection.send_nowait(frame)
            await connection.flush()
            assert await receive_count(pair.served, 2) == [b"1", b"2"]
            await settle()
            assert inbox.frames == [b"early", b"later", b"last"]
            assert metrics.sent == 2
            pair.verdict.set_result(None)
            await running
            await connection.wait_ended()
            assert not connection.is_open
            assert not connection.closed_by_us

    run_virtual(main())


def test_a_full_outbox_refuses_or_lets_wait() -> None:
    async def main() -> None:
        connection = Connection(info_of("bob"), QuietStream(is_stuck=True), capacity=2, metrics=NoMetrics())
        running = start(connection, Inbox())
        await settle()
        connection.send_nowait(b"in the writer's hands")
        await settle()
        for frame in (b"1", b"2"):
            connection.send_nowait(frame)
        with pytest.raises(QueueFullError, match="2 messages wait for bob:7051"):
            connection.send_nowait(b"3")
        waiting = asyncio.create_task(connection.send(b"3"))
        await asyncio.sleep(1)
        assert not waiting.done()
        assert not connection.is_flushed
        connection.close()
        with pytest.raises(ClosedError, match=r"the connection with bob:7051 .* is closed"):
            await waiting
        await running

    run_virtual(main())


def test_an_answer_always_has_room_and_who_asks_for_many_is_held_up() -> None:
    async def main() -> None:
        stream = QuietStream(is_stuck=True)
        connection = Connection(info_of("bob"), stream, capacity=2, metrics=NoMetrics())
        for number in range(3):
            connection.answer_nowait(bytes([number]))
            await connection.answerable()
        with pytest.raises(QueueFullError):
            connection.send_nowait(b"a message")
        connection.answer_nowait(b"\3")
        waiting = asyncio.create_task(connection.answerable())
        await settle()
        assert not waiting.done()
        running = start(connection, Inbox())  # the writer takes them all
        await waiting
        connection.close()
        with pytest.raises(ClosedError, match=r"the connection with bob:7051 .* is closed"):
            connection.answer_nowait(b"\4")
        await running

    run_virtual(main())


def test_no_more_is_asked_at_once_than_an_outbox_holds() -> None:
    async def main() -> None:
        stream = QuietStream()
        connection = Connection(info_of("bob"), stream, capacity=2, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.ask_nowait(b"1")
        connection.ask_nowait(b"2")
        await connection.flush()
        with pytest.raises(QueueFullError, match="2 messages wait for an answer of bob:7051"):
            connection.ask_nowait(b"3")
        waiting = [asyncio.create_task(connection.ask(frame)) for frame in (b"3", b"4")]
        connection.send_nowait(b"wants no answer")
        await connection.flush()
        assert stream.sent == [b"1", b"2", b"wants no answer"]
        connection.answered()
        await settle()
        assert stream.sent[3:] == [b"3"]
        connection.close()
        with pytest.raises(ClosedError, match=r"the connection with bob:7051 .* is closed"):
            await waiting[1]
        await running

    run_virtual(main())


def test_what_could_not_be_queued_was_not_asked() -> None:
    async def main() -> None:
        connection = Connection(info_of("bob"), QuietStream(is_stuck=True), capacity=1, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"in the writer's hands")
        await settle()
        connection.send_nowait(b"fills the outbox")
        with pytest.raises(QueueFullError, match="1 messages wait for bob:7051"):
            connection.ask_nowait(b"1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await connection.ask(b"1")
        connection._outbox.clear()
        connection.ask_nowait(b"1")
        connection.close()
        await running

    run_virtual(main())


def test_who_is_held_up_lets_others_run_though_there_was_room_before() -> None:
    """Otherwise one peer that takes no acknowledgements would stop the event loop."""

    async def main() -> None:
        connection = Connection(info_of("bob"), QuietStream(is_stuck=True), capacity=1, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.answer_nowait(b"in the writer's hands")
        await settle()
        for number in range(2):
            connection.answer_nowait(bytes([number]))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await connection.answerable()
        connection.close()
        await running

    run_virtual(main())


def test_who_waits_for_room_gets_it_in_turn() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection = connection_over(pair, capacity=1)
            senders = [asyncio.create_task(connection.send(bytes([number]))) for number in range(5)]
            await settle()
            running = start(connection, Inbox())
            await asyncio.gather(*senders)
            received: list[bytes] = []
            while len(received) < 5:
                received += await pair.served.receive()
            assert received == [bytes([number]) for number in range(5)]
            connection.close()
            await running

    run_virtual(main())


def test_cancelling_who_waits_for_room_queues_nothing() -> None:
    async def main() -> None:
        stream = QuietStream()
        connection = Connection(info_of("bob"), stream, capacity=1, metrics=NoMetrics())
        connection.send_nowait(b"1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await connection.send(b"2")
        running = start(connection, Inbox())
        await connection.flush()
        assert stream.sent == [b"1"]
        connection.close()
        await running

    run_virtual(main())


def test_closing_ends_it_at_once_and_releases_everything() -> None:
    async def main() -> None:
        channel, stream = QuietChannel(), QuietStream()
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics(), channel=channel)
        running = start(connection, Inbox())
        await settle()
        connection.close()
        connection.close()
        await connection.wait_ended()
        await running
        assert (stream.is_ended, stream.is_aborted) == (True, False)
        assert (connection.is_open, connection.closed_by_us) == (False, True)
        assert channel.calls == ["close", "abort"]
        assert other_tasks() == []
        assert asyncio.get_running_loop().time() == 0

    run_virtual(main())


def test_closing_after_the_other_side_ended_it_is_nothing() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection = connection_over(pair)
            running = start(connection, Inbox())
            await settle()
            pair.verdict.set_result(None)
            await running
            connection.close()
            assert not connection.is_open

    run_virtual(main())


def test_what_was_sent_is_read_before_the_connection_below_is_closed() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection = connection_over(pair)
            running = start(connection, Inbox())
            connection.send_nowait(b"last")
            await connection.flush()
            connection.close()
            await settle()
            assert not running.done()
            assert await pair.served.receive() == [b"last"]
            assert await pair.served.receive() == []
            pair.verdict.set_result(None)
            await running
            assert asyncio.get_running_loop().time() == 0

    run_virtual(main())


def test_who_leaves_still_hears_the_other_side() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection, inbox = connection_over(pair), Inbox()
            running = start(connection, inbox)
            await settle()
            connection.leave(by_s=60.0)
            assert not connection.is_open
            assert await pair.served.receive() == []
            await pair.served.send([b"answer"])
            await settle()
            assert (inbox.frames, running.done()) == ([b"answer"], False)
            pair.verdict.set_result(None)
            await running
            assert asyncio.get_running_loop().time() == 0

    run_virtual(main())


def test_how_the_other_side_ends_when_we_leave_is_no_error() -> None:
    """A Fabric peer ends with status UNKNOWN, EOF; and what it sent before that is still delivered."""

    async def main() -> None:
        async with stream_pair() as pair:
            connection, inbox = connection_over(pair), Inbox()
            running = start(connection, inbox)
            await settle()
            await pair.served.send([b"last words"])
            pair.verdict.set_exception(HandshakeError("EOF"))
            connection.leave(by_s=60.0)
            await running
            assert inbox.frames == [b"last words"]
            assert asyncio.get_running_loop().time() == 0

    run_virtual(main())


class SlowLastWords(QuietStream):
    """The other side has ended it; what it said before takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self._left = [[b"last words"]]

    async def end(self) -> None:
        raise StreamBrokenError("ended already")

    async def receive(self) -> Sequence[bytes]:
        await asyncio.sleep(5)
        return self._left.pop() if self._left else []


def test_who_leaves_what_the_other_side_has_ended_still_hears_it() -> None:
    async def main() -> None:
        inbox, channel = Inbox(), QuietChannel()
        connection = Connection(info_of("bob"), SlowLastWords(), capacity=3, metrics=NoMetrics(), channel=channel)
        running = start(connection, inbox)
        await settle()
        connection.leave(by_s=60.0)
        await running
        assert inbox.frames == [b"last words"]

    run_virtual(main())


@pytest.mark.parametrize(("leaves_by_s", "takes_s"), [(0.0, LAST_WORD_S), (3.0, 3.0)])
def test_who_does_not_read_is_not_waited_for_for_ever(leaves_by_s: float, takes_s: float) -> None:
    async def main() -> None:
        channel, stream = QuietChannel(), QuietStream(is_deaf=True)
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics(), channel=channel)
        running = start(connection, Inbox())
        await settle()
        connection.close(leaves_by_s=leaves_by_s)
        await running
        assert channel.calls == ["close", "abort"]
        assert asyncio.get_running_loop().time() == takes_s

    run_virtual(main())


def test_closing_before_it_runs_delivers_nothing() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection, inbox = connection_over(pair), Inbox()
            connection.close()
            await run_to_end(connection, inbox, [b"early"])
            assert inbox.frames == []
            with pytest.raises(ClosedError):
                connection.send_nowait(b"1")

    run_virtual(main())


def test_closing_cuts_a_delivery_that_waits() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection = connection_over(pair)

            async def hang(_connection: Connection, _frames: Sequence[bytes]) -> None:
                await asyncio.Event().wait()

            running = asyncio.create_task(connection.run(Receiving(hang), []))
            await pair.served.send([b"1"])
            await settle()
            connection.close()
            await running

    run_virtual(main())


def test_closing_again_while_a_cut_delivery_cleans_up_is_nothing() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            connection = connection_over(pair)

            async def leave_slowly(_connection: Connection, _frames: Sequence[bytes]) -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    await asyncio.sleep(3)

            running = asyncio.create_task(connection.run(Receiving(leave_slowly), []))
            await pair.served.send([b"1"])
            await settle()
            connection.close()
            await asyncio.sleep(1)
            connection.close()
            await running
            assert asyncio.get_running_loop().time() == 3

    run_virtual(main())


class SlowStream(QuietStream):
    """Each write takes a second."""

    async def send(self, frames: Sequence[bytes]) -> None:
        await asyncio.sleep(1)
        await super().send(frames)


def test_a_flush_waits_for_what_was_queued_during_a_write() -> None:
    async def main() -> None:
        stream = SlowStream()
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        await asyncio.sleep(0.5)
        connection.send_nowait(b"2")
        await connection.flush()
        assert (stream.sent, asyncio.get_running_loop().time()) == ([b"1", b"2"], 2)
        connection.close()
        await running

    run_virtual(main())


class EagerSlowStream(SlowStream):
    """Takes lone frames at once, even in the middle of a write."""

    def send_nowait(self, frame: bytes) -> bool:
        self.sent.append(frame)
        return True


def test_a_lone_envelope_does_not_overtake_those_that_wait() -> None:
    async def main() -> None:
        stream = EagerSlowStream()
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        for frame in (b"1", b"2"):
            connection.send_nowait(frame)
        await asyncio.sleep(0.5)
        connection.send_nowait(b"3")
        await connection.flush()
        assert stream.sent == [b"1", b"2", b"3"]
        connection.close()
        await running

    run_virtual(main())


def test_closing_in_the_middle_of_a_write_aborts_the_stream() -> None:
    """A part of a message may have left, so the stream must not look as if it ended in order."""

    async def main() -> None:
        stream = QuietStream(is_stuck=True)
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        await settle()
        connection.close()
        await running
        assert stream.is_aborted

    run_virtual(main())


def test_closing_between_writes_does_not_abort_the_stream() -> None:
    async def main() -> None:
        stream = QuietStream()
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        await connection.flush()
        connection.close()
        await running
        assert (stream.sent, stream.is_aborted) == ([b"1"], False)

    run_virtual(main())


def test_the_peers_last_word_is_what_a_failed_write_ends_with() -> None:
    """The writer only finds the stream ended; the reader knows the reason."""

    async def main() -> None:
        async with stream_pair() as pair:
            connection = connection_over(pair)
            pair.verdict.set_exception(StreamBrokenError("authentication failure"))
            await settle()
            connection.send_nowait(b"1")
            with pytest.raises(RefusedByPeerError, match="authentication failure"):
                await run_to_end(connection, Inbox())

    run_virtual(main())


class HalfDeadStream(QuietStream):
    """Takes nothing more, and its reader never hears of it."""

    async def send(self, frames: Sequence[bytes]) -> None:
        raise StreamBrokenError("connection reset")


def test_a_reader_that_learns_nothing_ends_soon_with_the_writers_error() -> None:
    async def main() -> None:
        connection = Connection(info_of("bob"), HalfDeadStream(), capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        await settle()
        assert not connection.is_open, "nothing more is taken that cannot be sent"
        with pytest.raises(StreamBrokenError, match="connection reset"):
            await running
        assert asyncio.get_running_loop().time() == 1

    run_virtual(main())


def test_closing_after_a_failed_write_does_not_wait_for_the_last_word() -> None:
    async def main() -> None:
        connection = Connection(info_of("bob"), HalfDeadStream(), capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        await settle()
        connection.close()
        await running
        assert asyncio.get_running_loop().time() == 0

    run_virtual(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks that begin at once came with Python 3.12")
def test_a_write_that_fails_before_reading_begins_ends_it_as_any_other() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 -- mypy's 3.11
        connection = Connection(info_of("bob"), HalfDeadStream(), capacity=3, metrics=NoMetrics())
        connection.send_nowait(b"1")
        with pytest.raises(StreamBrokenError, match="connection reset"):
            await run_to_end(connection, Inbox())
        assert asyncio.get_running_loop().time() == 1, "the peer had time for its last word"

    run_virtual(main())


class FaultyStream(QuietStream):
    """Breaks its promise of which errors it raises."""

    async def send(self, frames: Sequence[bytes]) -> None:
        raise ValueError("a bug")


def test_a_bug_below_ends_the_connection_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        connection = Connection(info_of("bob"), FaultyStream(), capacity=3, metrics=NoMetrics())
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        with pytest.raises(StreamBrokenError, match=r"writing to bob:7051 .* failed: a bug"):
            await running

    with caplog.at_level(logging.ERROR, "gossip.comm"):
        run_virtual(main())
    assert "ValueError: a bug" in caplog.text


def test_a_broken_stream_a_frame_too_long_and_a_failed_delivery_end_it() -> None:
    async def broken(pair: StreamPair, connection: Connection) -> None:
        pair.served.abort()
        with pytest.raises(StreamBrokenError):
            await run_to_end(connection, Inbox())

    async def too_long(pair: StreamPair, connection: Connection) -> None:
        pair.stream.max_frame_bytes = 3
        await pair.served.send([b"long"])
        with pytest.raises(FrameTooLargeError):
            await run_to_end(connection, Inbox())

    async def refused_by_us(pair: StreamPair, connection: Connection) -> None:
        async def refuse(_connection: Connection, frames: Sequence[bytes]) -> None:
            raise MalformedMessageError("truncated", offset=0, field="Envelope")

        await pair.served.send([b"\1"])
        with pytest.raises(MalformedMessageError):
            await connection.run(Receiving(refuse), [])
        await connection.release()

    async def main() -> None:
        for fault in (broken, too_long, refused_by_us):
            async with stream_pair() as pair:
                connection = connection_over(pair)
                await fault(pair, connection)
                await connection.wait_ended()
                assert not connection.closed_by_us

    run_virtual(main())


def test_cancelling_the_release_cuts_the_channel() -> None:
    async def main() -> None:
        channel = QuietChannel(is_stuck=True)
        connection = Connection(info_of("bob"), QuietStream(), capacity=3, metrics=NoMetrics(), channel=channel)
        running = start(connection, Inbox())
        await settle()
        running.cancel()
        await settle()
        assert channel.calls == ["close"]
        running.cancel()
        await asyncio.wait([running])
        assert channel.calls == ["close", "abort"]
        await connection.wait_ended()

    run_virtual(main())


class FullStream(QuietStream):
    """Has no room for an end."""

    async def end(self) -> None:
        await asyncio.Event().wait()


def test_an_end_that_does_not_get_through_is_waited_for_a_second() -> None:
    async def main() -> None:
        channel = QuietChannel()
        connection = Connection(info_of("bob"), FullStream(), capacity=3, metrics=NoMetrics(), channel=channel)
        running = start(connection, Inbox())
        connection.close()
        await running
        assert (asyncio.get_running_loop().time(), channel.calls) == (1, ["close", "abort"])

    run_virtual(main())


class ReluctantStream(QuietStream):
    """A write that is cancelled takes a second to end."""

    async def send(self, frames: Sequence[bytes]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)


def test_nothing_below_is_closed_before_the_writer_has_ended() -> None:
    async def main() -> None:
        channel, stream = QuietChannel(), ReluctantStream()
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics(), channel=channel)
        running = start(connection, Inbox())
        connection.send_nowait(b"1")
        await settle()
        connection.close()
        await asyncio.sleep(0.5)
        assert (channel.calls, stream.is_aborted) == ([], False)
        await running
        assert (channel.calls, stream.is_aborted) == (["close", "abort"], True)
        assert other_tasks() == []

    run_virtual(main())


def test_what_is_dropped_counts_as_flushed() -> None:
    async def main() -> None:
        connection = quiet_connection()
        connection.send_nowait(b"1")
        assert not connection.is_flushed
        connection.close()
        await connection.flush()
        assert connection.is_flushed

    run_virtual(main())


def test_a_lone_envelope_leaves_at_once_and_a_burst_is_joined_in_order() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            metrics = RecordingMetrics()
            connection = connection_over(pair, metrics=metrics)
            running = start(connection, Inbox())
            for _ in range(2):
                connection.send_nowait(b"at once")
                assert connection.is_flushed, "it did not wait for the writer"
                await settle()
            for name in (b"at once", b"joined", b"joined too"):
                connection.send_nowait(name)
            assert (metrics.sent, connection.is_flushed) == (3, False)
            await connection.flush()
            connection.send_nowait(b"behind a burst")
            assert not connection.is_flushed, "more may follow, and leave together"
            await connection.flush()
            assert metrics.sent == 6
            expected = [b"at once"] * 3 + [b"joined", b"joined too", b"behind a burst"]
            assert [frame async for frame in _frames(pair, 6)] == expected
            connection.close()
            await running

    run_virtual(main())


async def _frames(pair: StreamPair, count: int) -> AsyncIterator[bytes]:
    seen = 0
    while seen < count:
        for frame in await pair.served.receive():
            seen += 1
            yield frame


class Watched(bytes):
    """A frame that says in ``GONE`` when nobody has it any more."""

    def __del__(self) -> None:
        GONE.append(bytes(self))


GONE: list[bytes] = []


class PouringStream(QuietStream):
    """One on which frames come until there are no more, and then nothing."""

    def __init__(self, frames: list[Watched]) -> None:
        super().__init__()
        self._frames = frames

    async def receive(self) -> Sequence[bytes]:
        return [self._frames.pop()] if self._frames else await super().receive()

    async def send(self, frames: Sequence[bytes]) -> None:
        """Let them go."""


async def drop(connection: Connection, frames: Sequence[bytes]) -> None:
    """Deliver to nobody."""


def test_what_was_delivered_is_not_kept_until_something_else_comes() -> None:
    async def main() -> None:
        GONE.clear()
        early, later = [Watched(b"early")], [Watched(b"later")]
        connection = Connection(info_of("bob"), PouringStream(later), capacity=3, metrics=NoMetrics())
        running = asyncio.create_task(connection.run(Receiving(drop), cast("list[bytes]", early)))  # which is emptied
        await settle()
        assert GONE == [b"early", b"later"]
        connection.close()
        await running

    run_virtual(main())


def test_what_was_sent_is_not_kept_until_something_else_is() -> None:
    async def main() -> None:
        GONE.clear()
        connection = Connection(info_of("bob"), PouringStream([]), capacity=3, metrics=NoMetrics())
        running = asyncio.create_task(connection.run(Receiving(drop), []))
        await settle()
        connection.send_nowait(Watched(b"sent"))
        await connection.flush()
        assert GONE == [b"sent"]
        connection.close()
        await running

    run_virtual(main())


def test_who_keeps_a_connection_that_ended_keeps_nothing_of_what_was_below_it() -> None:
    async def main() -> None:
        stream = QuietStream()
        below = weakref.ref(stream)
        connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics())
        del stream
        running = asyncio.create_task(run_to_end(connection, Inbox()))
        await settle()
        connection.close()
        await running
        assert below() is None
        connection.close()
        with pytest.raises(ClosedError):
            await connection.send(b"late")
        await connection.flush()

    run_virtual(main())
