"""One authenticated connection: a bounded outbox, one writer, one reader."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

from gossip.api.peer import ConnectionInfo
from gossip.comm.connections.quota import Quota
from gossip.comm.own_loop import OwnLoop
from gossip.errors import ClosedError, GossipError, QueueFullError, StreamBrokenError
from gossip.flag import Flag
from gossip.metrics import Metrics
from gossip.transport.base import Channel, FrameStream

logger = logging.getLogger("gossip.comm")

LAST_WORD_S = 1.0
"""How long the other side's last word may take: why nothing can be written any more, or that it has read everything."""


class Receiver(Protocol):
    """Takes what connections read, in order."""

    def deliver_nowait(self, connection: "Connection", frames: Sequence[bytes]) -> int:
        """Take frames until that would have to wait, and tell how many; it must not raise."""
        ...

    async def deliver(self, connection: "Connection", frames: Sequence[bytes]) -> None:
        """Take them all; as long as it waits, nothing more is read, and what it raises ends the connection.

        Cancellation: some were taken.
        """
        ...


class Connection:
    """Carries envelopes to and from one peer.

    Its end is its reader's end, which may know better than a writer that fails why the other side ended the stream.

    Mirrors: gossip/comm/conn.go, connection.
    """

    def __init__(
        self,
        info: ConnectionInfo,
        stream: FrameStream,
        *,
        capacity: int,
        metrics: Metrics,
        channel: Channel | None = None,
    ) -> None:
        """Take over a stream.

        Args:
            info: Who proved to be at the other end.
            stream: The stream, past its handshake.
            capacity: How many envelopes may wait for the writer.
            metrics: Told what was sent.
            channel: The connection below, when we dialled it; it is closed with this one.
        """
        self.info = info
        self.is_outgoing = channel is not None
        self.closed_by_us = False
        self.own_loop = OwnLoop()
        self._stream = stream
        self._channel = channel
        self._capacity = capacity
        self._metrics = metrics
        self._outbox: deque[bytes] = deque()
        self._sends_at_once = True
        self._queued = Flag()
        self._room = Flag()
        self._unanswered = Quota(capacity)
        self._flushed = Flag()
        self._flushed.set()
        self.is_open = True
        self.is_delivering = False
        """Whether what came waits for those whom it is for."""
        self.was_heard = False
        """Whether something came since this was last made False."""
        self._ended = Flag()
        self._reading: asyncio.Timeout | None = None
        self._leaves_by_s = 0.0
        self._is_leaving = False
        self._why = ""
        self._write_error: GossipError | None = None

    def __repr__(self) -> str:
        return f"<Connection {'to' if self.is_outgoing else 'from'} {self.info}>"

    @property
    def queued(self) -> int:
        """How many envelopes wait for the writer."""
        return len(self._outbox)

    @property
    def is_hearing(self) -> bool:
        """Whether something comes, or came lately."""
        return self.was_heard or self._stream.is_receiving

    @property
    def is_flushed(self) -> bool:
        """Whether everything that was queued has been handed to the network, or dropped."""
        return self._flushed.is_set()

    def ending(self) -> GossipError:
        """Why it takes nothing any more, for those who counted on it."""
        if self.closed_by_us:
            return ClosedError(f"the connection with {self.info} was closed")
        return StreamBrokenError(f"the connection with {self.info} was lost: {self._why or 'the peer closed it'}")

    def send_nowait(self, frame: bytes) -> None:
        """Queue one encoded envelope; a lone one leaves at once, which saves its way through the writer.

        Raises:
            QueueFullError: The outbox is full; nothing was queued.
            ClosedError: The connection is closed; nothing was queued.
        """
        if len(self._outbox) >= self._capacity:
            raise QueueFullError(f"{len(self._outbox)} messages wait for {self.info}")
        self.answer_nowait(frame)

    def answer_nowait(self, frame: bytes) -> None:
        """Queue an envelope that always has room.

        For two things that are bounded elsewhere: the first answer to a message, since who asks for many is held up by
        :meth:`answerable`; and what waited for a dial, of which there is at most an outbox full.

        Raises:
            ClosedError: The connection is closed; nothing was queued.
        """
        if not self.is_open:
            raise ClosedError(f"the connection with {self.info} is closed")
        if self._sends_at_once and self._flushed.is_set() and self._stream.send_nowait(frame):
            self._sends_at_once = False
            self.own_loop.loop.call_soon(self._send_at_once_again)
            self._metrics.messages_sent(1)
            return
        if not self._outbox:
            self._queued.set()
            self._flushed.clear()
        self._outbox.append(frame)

    async def send(self, frame: bytes) -> None:
        """Queue one encoded envelope, waiting for room.

        Raises:
            ClosedError: The connection is closed, or was while waiting; nothing was queued.

        Cancellation: nothing was queued.
        """
        while len(self._outbox) >= self._capacity:
            self._room.clear()
            await self._room.wait()
        self.send_nowait(frame)

    def ask_nowait(self, frame: bytes) -> None:
        """Queue one encoded envelope that the other side is to answer; say so with :meth:`answered` when it has.

        No more are unanswered at once than the outbox holds. With any number of them under way, two peers that ask each
        other would both be held up by :meth:`answerable`, and neither would read the other's answers.

        Raises:
            QueueFullError: The outbox is full, or as many as it holds are unanswered; nothing was queued.
            ClosedError: The connection is closed; nothing was queued.
        """
        if not self._unanswered.take_nowait():
            raise QueueFullError(f"{self._capacity} messages wait for an answer of {self.info}")
        try:
            self.send_nowait(frame)
        except GossipError:
            self._unanswered.give_back()
            raise

    async def ask(self, frame: bytes) -> None:
        """Do the same, waiting until there is room and fewer are unanswered.

        Raises:
            ClosedError: The connection is closed, or was while waiting; nothing was queued.

        Cancellation: nothing was queued.
        """
        await self._unanswered.take()
        try:
            await self.send(frame)
        except BaseException:
            self._unanswered.give_back()
            raise

    def answered(self) -> None:
        """Note that one was answered, or that nobody waits for its answer any more."""
        self._unanswered.give_back()

    @property
    def is_answerable(self) -> bool:
        """Whether fewer envelopes wait than two outboxes hold; first answers are never refused, so this bounds them."""
        return len(self._outbox) < 2 * self._capacity

    async def answerable(self) -> None:
        """Wait until ``is_answerable`` holds.

        Cancellation: nothing changes.
        """
        while not self.is_answerable:
            self._room.clear()
            await self._room.wait()

    async def flush(self) -> None:
        """Wait until everything that is queued was handed to the network, or the connection ended.

        Cancellation: the writer goes on.
        """
        await self._flushed.wait()

    async def run(self, receiver: Receiver, early: list[bytes]) -> None:
        """Read and write until either side ends it; :meth:`release` it afterwards, whatever comes of it.

        Args:
            receiver: Takes what is read: without waiting first, where not much comes at once.
            early: What the other side sent right behind its ConnEstablish; it is emptied.

        Raises:
            GossipError: It broke, the other side refused us, or sent what it must not. Not when ``close`` ended it.

        Cancellation: nothing more is read or written.
        """
        try:
            async with asyncio.timeout(None) as self._reading:
                self._writer = self.own_loop.loop.create_task(self._write(), name=f"writer of {self!r}")
                if not self.closed_by_us:
                    await self._read(receiver, early)
        except TimeoutError:
            if self.closed_by_us:
                return
            if self._write_error is None:
                raise
            raise self._take_write_error() from None
        except GossipError as error:
            if self._is_leaving:
                return  # a Fabric peer ends with an error, EOF, when we end
            self._why = str(error)
            raise
        finally:
            self._reading = None
            self._shut()
            self._writer.cancel()

    async def release(self) -> None:
        """Let go of what lies below, once :meth:`run` has ended.

        Cancellation: it is cut.
        """
        try:
            await asyncio.wait([self._writer])
            if self._channel is not None:
                if self.closed_by_us:
                    await self._take_leave()
                await self._channel.close()
        finally:
            if self._channel is not None:
                self._channel.abort()
            del self._writer  # which refers back to this
            del self._stream, self._channel  # 14 KB, which whoever keeps a message that came by here would keep too
            self._ended.set()

    def close(self, leaves_by_s: float = 0.0) -> None:
        """End it now; envelopes that wait are dropped. May be called again.

        Args:
            leaves_by_s: How long the other side has to read what was sent, where we dialled, by the loop's clock; a
                second at least.
        """
        self.closed_by_us = True
        self._leaves_by_s = max(leaves_by_s, self.own_loop.loop.time() + LAST_WORD_S)
        self._shut()
        self._stop_reading(0)

    def leave(self, by_s: float) -> None:
        """Send nothing more, and go on reading until the other side has read everything and ends it, too.

        Args:
            by_s: When it ends all the same, whatever waits to be delivered, by the loop's clock.
        """
        if self._channel is None:
            self.close()  # a server's half ends when nobody serves it any more
        elif self.is_open:
            self.closed_by_us = self._is_leaving = True
            self._shut()
            self._queued.set()
            self._stop_reading(by_s)

    async def wait_ended(self) -> None:
        """Wait until everything is released.

        Cancellation: nothing changes.
        """
        await self._ended.wait()

    async def _read(self, receiver: Receiver, early: list[bytes]) -> None:
        if early:
            self.is_delivering = True
            await receiver.deliver(self, early)
            self.is_delivering = False
            early.clear()
        self._stream.offer_to(partial(receiver.deliver_nowait, self))
        while frames := await self._stream.receive():
            self.was_heard = self.is_delivering = True
            await receiver.deliver(self, frames)
            self.is_delivering = False
            del frames  # a hundred MiB, perhaps, until the peer says something else

    async def _take_leave(self) -> None:
        """End the stream and wait until the other side does: closed before it has read everything, TCP drops it."""
        with suppress(GossipError, TimeoutError):
            async with asyncio.timeout_at(self._leaves_by_s):
                if not self._is_leaving:
                    await self._stream.end()
                while await self._stream.receive():
                    pass

    def _send_at_once_again(self) -> None:
        self._sends_at_once = True

    def _shut(self) -> None:
        self.is_open = False
        self._outbox.clear()
        self._room.set()
        self._unanswered.end()
        self._flushed.set()

    def _stop_reading(self, at_s: float) -> None:
        if self._reading is not None and not self._reading.expired():
            self._reading.reschedule(at_s)

    def _take_write_error(self) -> GossipError:
        """Why writing failed, which is kept no longer: it holds the frames that it came through, and they hold this."""
        error, self._write_error = self._write_error, None
        assert error is not None
        return error

    def _fail(self, error: GossipError) -> None:
        logger.debug("Writing to %s failed: %s", self.info, error)
        self._why = str(error)
        self._write_error = error.with_traceback(None)
        self._shut()
        self._stop_reading(self.own_loop.loop.time() + LAST_WORD_S)

    async def _write(self) -> None:
        try:
            while True:
                await self._queued.wait()
                self._queued.clear()
                if self._is_leaving:
                    with suppress(GossipError):  # it has ended it; what it sent before is still to be read
                        await self._stream.end()
                    return
                self._sends_at_once = await self._hand_over() == 1
                if not self._outbox:
                    self._flushed.set()
        except GossipError as error:
            self._fail(error)
        except Exception as error:
            logger.exception("Writing to %s failed", self.info)
            self._fail(StreamBrokenError(f"writing to {self.info} failed: {error}"))

    async def _hand_over(self) -> int:
        """Send everything that is queued, and return how many; here, so that nobody keeps them until there are more."""
        frames, stream = list(self._outbox), self._stream
        self._outbox.clear()
        self._room.set()
        try:
            await stream.send(frames)
        except asyncio.CancelledError:
            stream.abort()  # a part of a message may have left
            raise
        self._metrics.messages_sent(len(frames))
        return len(frames)
