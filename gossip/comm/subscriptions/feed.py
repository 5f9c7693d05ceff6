"""A bounded queue of events with one reader, which ends."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, Self, TypeVar

from gossip.comm.own_loop import OwnLoop
from gossip.comm.subscriptions.stall_watch import StallWatch
from gossip.errors import OutOfOrderError

T = TypeVar("T")


class Feed(Generic[T]):
    """Holds events until its reader takes them; implements :class:`gossip.api.comm.Subscription`.

    It is full when it holds ``limit`` events, or ``limit_bytes`` by the sizes that they were offered with. One event
    always fits an empty feed.
    """

    def __init__(
        self,
        limit: int,
        limit_bytes: int = 0,
        on_close: Callable[["Feed[T]"], None] | None = None,
        name: str = "a subscription",
    ) -> None:
        self._events: deque[tuple[T, int]] = deque()
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._on_close = on_close
        self._name = name
        self._own_loop = OwnLoop()
        self._ended = False
        self._reader: asyncio.Future[None] | None = None
        self._blocked: dict[asyncio.Future[None], tuple[T, int]] = {}
        self._stall_watch = StallWatch(self._own_loop.loop, name, self._events, self._blocked)

    def __len__(self) -> int:
        return len(self._events)

    def __repr__(self) -> str:
        return f"<{self._name}, {len(self)} unread{', ended' if self._ended else ''}>"

    @property
    def has_room(self) -> bool:
        """Whether the next event will be taken at once."""
        return self._ended or (not self._blocked and not self._is_full())

    def _is_full(self) -> bool:
        return len(self._events) >= self._limit or 0 < self._limit_bytes <= self._held_bytes

    def offer_nowait(self, event: T, size_bytes: int = 0) -> bool:
        """Add an event unless the feed is full, or others wait for room.

        Returns:
            Whether it was taken; an ended feed takes everything, and drops it.
        """
        if self._ended:
            return True
        events = self._events
        # _is_full and _wake, written out: this runs for every message and subscriber.
        if self._blocked or (events and (len(events) >= self._limit or 0 < self._limit_bytes <= self._held_bytes)):
            return False
        events.append((event, size_bytes))
        self._held_bytes += size_bytes
        if (reader := self._reader) is not None and not reader.done():
            reader.set_result(None)
        return True

    async def offer(self, event: T, size_bytes: int = 0) -> None:
        """Add an event, waiting for room; whoever waits longest comes first.

        Cancellation: it was not added, unless there was room by then.
        """
        if self.offer_nowait(event, size_bytes):
            return
        room = self._own_loop.loop.create_future()
        self._blocked[room] = event, size_bytes
        self._stall_watch.begin()
        try:
            await room
        finally:
            self._blocked.pop(room, None)

    def drop_oldest(self) -> None:
        """Make room for what is newer."""
        _, size_bytes = self._events.popleft()
        self._held_bytes -= size_bytes

    def end(self) -> None:
        """Take nothing more; the reader still gets what is there, and then the end."""
        self._ended = True
        if self._reader is not None:
            self._wake(self._reader)
        for room in self._blocked:
            self._wake(room)  # they are told that it took everything
        self._blocked.clear()
        self._stall_watch.end()

    def close(self) -> None:
        """End it and drop what was not read."""
        self._events.clear()
        self.end()
        if self._on_close is not None:
            self._on_close(self)
            self._on_close = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._events:
            if self._ended:
                raise StopAsyncIteration
            await self._wait_for_event()
        event, size_bytes = self._events.popleft()
        self._stall_watch.reads += 1
        self._held_bytes -= size_bytes
        if self._blocked:
            self._admit_blocked()
        return event

    async def _wait_for_event(self) -> None:
        if self._reader is not None:
            raise OutOfOrderError("another task is reading this subscription")
        self._own_loop.check()
        self._reader = self._own_loop.loop.create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _admit_blocked(self) -> None:
        """Add what the waiting offered, as far as there is room: only woken, they could be overtaken by others."""
        while self._blocked and not self._is_full():
            room = next(iter(self._blocked))
            event, size_bytes = self._blocked.pop(room)
            if not room.done():
                self._events.append((event, size_bytes))
                self._held_bytes += size_bytes
                room.set_result(None)

    @staticmethod
    def _wake(future: asyncio.Future[None]) -> None:
        if not future.done():
            future.set_result(None)
