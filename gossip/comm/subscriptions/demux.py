"""Hands each message to every subscriber that wants it."""

import logging
import time
from asyncio import CancelledError
from collections.abc import Sequence

from gossip.api.comm import MessageAcceptor, ReceivedMessage
from gossip.comm.subscriptions.feed import Feed
from gossip.throttle import Throttle, and_more

logger = logging.getLogger("gossip.comm")

_FAILED = "A subscriber's acceptor failed on %s; the message is not delivered to it%s"


class Demux:
    """The subscriptions of one communication layer.

    Mirrors: gossip/comm/demux.go, ChannelDeMultiplexer.
    """

    def __init__(self, limit: int, limit_bytes: int) -> None:
        """Start without subscribers, each of which may hold so many messages, and so many bytes, unread."""
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._subscribers: dict[Feed[ReceivedMessage], MessageAcceptor] = {}
        self._to_ask: tuple[tuple[Feed[ReceivedMessage], MessageAcceptor], ...] = ()
        self._is_over = False
        self._throttle = Throttle()

    def __len__(self) -> int:
        return len(self._subscribers)

    def subscribe(self, acceptor: MessageAcceptor) -> Feed[ReceivedMessage]:
        """Receive what ``acceptor`` is True for, from now on; nothing any more after the end. Mirrors: AddChannel."""
        name = f"the subscription with {getattr(acceptor, '__qualname__', acceptor)}"
        feed = Feed[ReceivedMessage](self._limit, self._limit_bytes, on_close=self._forget, name=name)
        if self._is_over:
            feed.end()
        else:
            self._subscribers[feed] = acceptor
            self._changed()
        return feed

    @property
    def has_room(self) -> bool:
        """Whether every subscriber can take another message."""
        return all(feed.has_room for feed, _ in self._to_ask)

    def dispatch_nowait(self, message: ReceivedMessage, size_bytes: int) -> Sequence[Feed[ReceivedMessage]]:
        """Offer a message to every subscriber. Mirrors: DeMultiplex.

        Returns:
            Those that want it and are full, nearly always none; offer it to each of them again, waiting for room.
        """
        full: tuple[Feed[ReceivedMessage], ...] = ()
        for feed, acceptor in self._to_ask:
            try:
                is_wanted = acceptor(message)
            except (Exception, CancelledError):  # of a future that it asks, say: nobody is cancelled in here
                unsaid = self._throttle.admit(feed, time.monotonic())  # a peer may send as many messages as it likes
                if unsaid is not None:
                    logger.exception(_FAILED, message, and_more(unsaid))
                continue
            if is_wanted and not feed.offer_nowait(message, size_bytes):
                full += (feed,)
        return full

    def end(self) -> None:
        """End every subscription, those to come as well; may be called again. Mirrors: Close."""
        self._is_over = True
        for feed in self._subscribers:
            feed.end()
        self._subscribers.clear()
        self._changed()

    def _forget(self, feed: Feed[ReceivedMessage]) -> None:
        self._subscribers.pop(feed, None)
        self._changed()

    def _changed(self) -> None:
        self._to_ask = tuple(self._subscribers.items())
