"""A received message, and the way back to its sender."""

from collections.abc import Callable

from gossip.api.peer import ConnectionInfo
from gossip.comm.connections.connection import Connection
from gossip.errors import InvalidArgumentError
from gossip.messages import GossipMessage
from gossip.types import PkiId
from gossip.wire.acks import encode_ack
from gossip.wire.signed import SignedMessage, noop_sign

Find = Callable[[PkiId], Connection | None]
"""Tells the connection that leads to a peer now."""


class Received:
    """Implements :class:`gossip.api.comm.ReceivedMessage`.

    The way back is the connection that the message came by, or the one that took its place.

    Mirrors: gossip/comm/msg.go, ReceivedMessageImpl.
    """

    __slots__ = ("_connection", "_find", "_is_acked", "_signed")

    def __init__(self, signed: SignedMessage, connection: Connection, find: Find) -> None:
        self._signed = signed
        self._connection = connection
        self._find = find
        self._is_acked = False

    def __repr__(self) -> str:
        return f"<Received {self._signed.kind.name} from {self._connection.info}>"

    def get_gossip_message(self) -> SignedMessage:
        """The message, with the exact bytes it came in."""
        return self._signed

    def get_connection_info(self) -> ConnectionInfo:
        """Who sent it."""
        return self._connection.info

    async def respond(self, message: GossipMessage) -> None:
        """Send ``message`` back, unsigned.

        Raises:
            OutOfOrderError: Called in another event loop; nothing was sent.
            ClosedError: The peer is not connected any more; nothing was sent.
            InvalidMessageError: ``message`` cannot be encoded; nothing was sent.

        Cancellation: nothing was sent.
        """
        self._connection.own_loop.check()
        await self._way_back().send(noop_sign(message).envelope)

    async def ack(self, error: str | None = None) -> None:
        """Acknowledge the message, or refuse it with a text; a first answer waits for no peer that takes no answers.

        A second one does, and one to a message whose nonce is 0: who asks for no answers is read on however many wait.

        Raises:
            OutOfOrderError: Called in another event loop; nothing was sent.
            ClosedError: The peer is not connected any more; nothing was sent.
            InvalidMessageError: ``error`` is not text that UTF-8 can hold; nothing was sent.
            InvalidArgumentError: ``error`` is empty, which on the wire acknowledges; nothing was sent.

        Cancellation: while waiting for room nothing was sent.
        """
        self._connection.own_loop.check()
        if error == "":
            raise InvalidArgumentError("error", "must not be empty, which on the wire acknowledges; None does that")
        frame = encode_ack(self._signed.nonce, "" if error is None else error)
        if self._is_acked or not self._signed.nonce:
            await self._way_back().send(frame)
        else:
            self._way_back().answer_nowait(frame)
            self._is_acked = True

    def _way_back(self) -> Connection:
        if self._connection.is_open:
            return self._connection
        return self._find(self._connection.info.pki_id) or self._connection
