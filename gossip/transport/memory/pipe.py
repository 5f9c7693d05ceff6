"""One direction of a stream in memory: whole messages in order, bounded, as slow as the line that they cross."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from gossip.errors import FrameTooLargeError, RefusedByPeerError, StreamBrokenError

PREFIX_BYTES = 5
"""What gRPC adds to a message; counted, so that empty messages do not pass the bound."""


@dataclass(slots=True, eq=False)
class Line:
    """What a message meets between two endpoints, either way; read whenever one leaves or arrives."""

    delay_s: float = 0.0
    bytes_per_s: float = inf
    is_cut: bool = False
    _under_way: dict[asyncio.Future[None], None] = field(default_factory=dict)
    """A change is what each waits for who is on a round trip, in whatever event loop."""

    @property
    def is_instant(self) -> bool:
        """Nothing keeps a message from arriving in the moment in which it is sent."""
        return self.delay_s == 0 and self.bytes_per_s == inf

    async def round_trip(self, broken: asyncio.Future[str] | None = None) -> None:
        """Wait for as long as a question and its answer take, or until it is broken.

        Cancellation: nothing is left behind.
        """
        loop = asyncio.get_running_loop()
        asked_at_s = loop.time()
        await asyncio.sleep(0)
        while (left_s := asked_at_s + 2 * self.delay_s - loop.time()) > 0 and not (broken and broken.done()):
            change = loop.create_future()
            self._under_way[change] = None
            ends = (change, broken) if broken else (change,)
            try:
                await asyncio.wait(ends, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._under_way.pop(change, None)

    def changed(self) -> None:
        """Let who is on a round trip see how long it takes now."""
        while self._under_way:
            self._under_way.popitem()[0].set_result(None)


@dataclass(frozen=True, slots=True)
class Ending:
    """The sender's last word: ``refusal`` is None for status OK."""

    refusal: RefusedByPeerError | None


@dataclass(frozen=True, slots=True)
class _InFlight:
    sent_at_s: float
    item: bytes | Ending


class Pipe:
    """Carries messages from one writer to one reader.

    A message enters when fewer than ``limit_bytes`` are under way or unread, so that at most that much and one message
    are held. Breaking off loses what is under way; what has arrived can still be read.
    """

    def __init__(self, line: Line, limit_bytes: int) -> None:
        self._line = line
        self._limit_bytes = limit_bytes
        self._loop = asyncio.get_running_loop()
        self._in_flight: deque[_InFlight] = deque()
        self._arrived: deque[bytes] = deque()
        self._held_bytes = 0
        self._line_free_at_s = -inf
        self._timer: asyncio.TimerHandle | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._drainer: asyncio.Future[None] | None = None
        self._is_ended = False
        self._ending: Ending | None = None
        self._broken_by: str | None = None
        self._oversized_bytes: int | None = None

    @property
    def holds_messages(self) -> bool:
        """Whether a message is under way or unread."""
        return self._held_bytes > 0

    @property
    def is_over(self) -> bool:
        """No message will ever arrive here again."""
        return self._broken_by is not None or self._ending is not None

    async def put(self, frames: Sequence[bytes]) -> None:
        """Send messages, each as soon as there is room for it.

        Raises:
            StreamBrokenError: The pipe was broken off or ended; what was not sent yet is not sent.

        Cancellation: some may have been sent.
        """
        self._check_open()
        for frame in frames:
            while self._held_bytes >= self._limit_bytes:
                self._writer = self._loop.create_future()
                try:
                    await self._writer
                finally:
                    self._writer = None
                self._check_open()
            self._held_bytes += len(frame) + PREFIX_BYTES
            self._depart(frame)

    def put_nowait(self, frame: bytes) -> bool:
        """Send a message, if there is room for it and the pipe is open."""
        if self._is_ended or self._broken_by is not None or self._held_bytes >= self._limit_bytes:
            return False
        self._held_bytes += len(frame) + PREFIX_BYTES
        self._depart(frame)
        return True

    def end(self, refusal: RefusedByPeerError | None = None) -> None:
        """Say the last word; it arrives behind everything that was sent.

        Raises:
            StreamBrokenError: The pipe was broken off.
        """
        if self._broken_by is not None:
            raise StreamBrokenError(self._broken_by)
        if not self._is_ended:
            self._is_ended = True
            self._depart(Ending(refusal))
            _wake(self._writer)

    async def take(self, max_frame_bytes: int) -> list[bytes]:
        """Wait for a message and return all that have arrived; empty after an ending with status OK.

        Raises:
            FrameTooLargeError: The next one is longer than ``max_frame_bytes``; it was dropped, and none follows.
            RefusedByPeerError: The ending was a refusal.
            StreamBrokenError: The pipe was broken off.

        Cancellation: nothing is lost.
        """
        while not self._arrived:
            if self._oversized_bytes is not None:
                raise FrameTooLargeError(self._oversized_bytes, max_frame_bytes)
            if self._ending is not None:
                return self._last_word(self._ending)
            if self._broken_by is not None:
                raise StreamBrokenError(self._broken_by)
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._take_arrived(max_frame_bytes)

    async def drain(self) -> None:
        """Wait until nothing is under way any more; what arrived may still wait for its reader.

        Cancellation: nothing is left behind.
        """
        while self._in_flight:
            self._drainer = self._loop.create_future()
            try:
                await self._drainer
            finally:
                self._drainer = None

    def break_off(self, why: str) -> None:
        """Lose what is under way, and end both sides' waiting; nothing happens to a pipe that is over already."""
        if self.is_over:
            return
        self._broken_by = why
        self._in_flight.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _wake(self._reader)
        _wake(self._writer)
        _wake(self._drainer)

    def discard(self, why: str) -> None:
        """Break off from the reader's end: what has arrived will not be read."""
        self.break_off(why)
        self._broken_by = self._broken_by or why
        self._ending = None
        self._arrived.clear()

    def line_changed(self) -> None:
        """Judge anew when the messages under way arrive."""
        if self._timer is not None:
            self._timer.cancel()
        self._deliver()

    def _check_open(self) -> None:
        if self._broken_by is not None:
            raise StreamBrokenError(self._broken_by)
        if self._is_ended:
            raise StreamBrokenError("the stream was ended")

    @staticmethod
    def _last_word(ending: Ending) -> list[bytes]:
        if ending.refusal is not None:
            raise ending.refusal
        return []

    def _take_arrived(self, max_frame_bytes: int) -> list[bytes]:
        frames: list[bytes] = []
        while self._arrived and len(self._arrived[0]) <= max_frame_bytes:
            frames.append(self._arrived.popleft())
        if not frames:
            self._oversized_bytes = len(self._arrived[0])
            self.discard("the other side refused a message that is too large")
            raise FrameTooLargeError(self._oversized_bytes, max_frame_bytes)
        self._held_bytes -= sum(map(len, frames)) + PREFIX_BYTES * len(frames)
        if self._held_bytes < self._limit_bytes:
            _wake(self._writer)
        return frames

    def _depart(self, item: bytes | Ending) -> None:
        if not self._in_flight and self._line.is_instant:
            self._arrive(item)
            return
        self._in_flight.append(_InFlight(self._loop.time(), item))
        if self._timer is None:
            self._deliver()

    def _deliver(self) -> None:
        """Let arrive what is due. One timer waits for the next, because timers for one moment would lose the order."""
        self._timer = None
        line = self._line
        while self._in_flight:
            first = self._in_flight[0]
            size_bytes = len(first.item) if isinstance(first.item, bytes) else 0
            sent_off_at_s = max(first.sent_at_s, self._line_free_at_s) + size_bytes / line.bytes_per_s
            due_at_s = sent_off_at_s + line.delay_s
            if due_at_s > self._loop.time():
                self._timer = self._loop.call_at(due_at_s, self._deliver)
                return
            self._line_free_at_s = sent_off_at_s
            self._in_flight.popleft()
            self._arrive(first.item)
        _wake(self._drainer)

    def _arrive(self, item: bytes | Ending) -> None:
        if isinstance(item, Ending):
            self._ending = item
        else:
            self._arrived.append(item)
        _wake(self._reader)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
